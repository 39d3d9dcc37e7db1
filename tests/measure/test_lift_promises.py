"""The promises of lift at a smaller size, by the same simulations as `python -m benchmarks lift`."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

from regulars.measure.lift import compare

# Not by its name: a folder of these tests is called `benchmarks` too.
SPEC = importlib.util.spec_from_file_location("promises", Path(__file__).parents[2] / "benchmarks" / "promises.py")
promises = sys.modules["promises"] = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(promises)
Shop = promises.Shop
CAMPAIGNS = 4_000


@pytest.fixture
def draw():
    return np.random.default_rng(4)


@pytest.mark.parametrize("share", [0.002, 0.05, 0.2])
@pytest.mark.parametrize("effect", [1.0, 1.33])
def test_the_interval_of_shares_covers_the_truth_in_95_of_100_campaigns(draw, share, effect):
    assert 4.0 <= promises.of_rates(draw, share, 30, 0.1, effect, CAMPAIGNS).whole <= 6.0


@pytest.mark.parametrize(("share", "people"), [(0.01, (8140, 905)), (0.05, (8140, 905)), (0.2, (2000, 2000))])
def test_a_difference_announced_as_visible_is_seen_in_80_of_100_campaigns(draw, share, people):
    assert promises.power(draw, share, people, CAMPAIGNS) == pytest.approx(80, abs=2)


def test_welchs_interval_holds_with_300_buyers_and_fails_with_10(draw):
    basket = Shop(0.05, 1.0)
    assert promises.of_money(draw, basket, promises.sizes(0.05, 300, 0.1), 2000)[0].whole < 7
    assert promises.of_money(draw, basket, promises.sizes(0.05, 10, 0.1), 2000)[0].whole > 8


@pytest.mark.parametrize("spread", [1.0, 2.0])
@pytest.mark.parametrize("buyers", [5, 30, 100])
def test_the_steadied_interval_never_misses_more_than_5_of_100(draw, spread, buyers):
    found = promises.of_money(draw, Shop(0.05, spread), promises.sizes(0.05, buyers, 0.1), 2000)[1]
    assert found.whole < 6


def test_looking_daily_at_the_sequence_finds_nothing_where_there_is_nothing(draw):
    always, plain = promises.daily(draw, 0.05, (90, 10), CAMPAIGNS)
    assert always < 6
    assert plain > 20, "looked at daily, the plain interval is fooled"


def test_looking_daily_at_money_finds_nothing_either(draw):
    always, plain = promises.daily_money(draw, Shop(0.05, 1.0), (200, 200), 500)
    assert always < 5 < plain


def test_what_was_spent_before_makes_the_interval_shorter_and_no_less_true(draw):
    found, length = promises.of_cuped(draw, (900, 900), 500)
    assert found.whole < 8
    assert length < 0.85


def test_without_an_effect_hardly_anything_is_called_known(draw):
    """Significant 5 times in 100; known, which asks for 80 % power too, less than once."""
    found = [compare(*(draw.random(n) < 0.06 for n in (905, 8140))) for _ in range(150)]
    assert sum(one.known for one in found) <= 4
