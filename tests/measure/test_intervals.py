from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.measure.lift.amounts import Amounts, welch
from regulars.measure.lift.rates import Rate, newcombe, wilson


@pytest.mark.parametrize(
    ("first", "second", "low", "high"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.0582, 0.8062),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((0, 10), (0, 10), -0.2775, 0.2775),
        ((10, 10), (0, 20), 0.6791, 1.0000),
        ((10, 10), (0, 10), 0.6075, 1.0000),
    ],
)
def test_the_difference_of_two_shares_is_the_one_newcombe_printed(first, second, low, high):
    found = newcombe(Rate(*first), Rate(*second))
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)  # table II of the paper, method 10


@pytest.mark.parametrize(
    ("successes", "people", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_a_single_share_has_the_published_score_interval(successes, people, low, high):
    assert wilson(Rate(successes, people)) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


def test_the_sleep_data_of_student_have_welchs_interval():
    first = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
    second = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]
    found = welch(_amounts(first), _amounts(second))
    assert found.low == pytest.approx(-3.3654832, abs=1e-7)  # R: t.test(extra ~ group, data = sleep)
    assert found.high == pytest.approx(0.2054832, abs=1e-7)
    assert not found.known


def test_groups_of_one_amount_each_differ_by_exactly_that():
    found = welch(Amounts(20, 5.0, 0.0), Amounts(30, 3.0, 0.0))
    assert (found.difference, found.low, found.high) == (2.0, 2.0, 2.0)


rates = st.integers(1, 5000).flatmap(lambda n: st.builds(Rate, st.integers(0, n), st.just(n)))


@given(rates, rates)
def test_a_difference_lies_in_its_interval_and_turns_with_its_groups(first, second):
    found, turned = newcombe(first, second), newcombe(second, first)
    assert -1 - 1e-12 <= found.low <= found.difference <= found.high <= 1 + 1e-12
    assert (turned.low, turned.high) == (pytest.approx(-found.high), pytest.approx(-found.low))


def _amounts(values: list[float]) -> Amounts:
    return Amounts.of_sums(len(values), sum(values), sum(value * value for value in values))
