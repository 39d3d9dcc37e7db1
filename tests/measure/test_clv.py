"""Expected value: published estimates, a general optimiser, numerical integration, and what is refused."""

from __future__ import annotations

import csv
import os
import subprocess
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.optimize import check_grad, minimize
from scipy.special import betaln, gammaln
from scipy.stats import beta

from buyers import Truth, amounts, buyers
from regulars.errors import NotIdentified, WrongUse
from regulars.measure.clv import BGNBD, GammaGamma, fit_bgnbd, fit_gamma_gamma
from regulars.worth.cells import cells
from regulars.worth.gamma_gamma import Spending
from regulars.worth.likelihood import Buying

CDNOW = BGNBD(0.243, 4.414, 0.793, 2.426, -9582.4)
"""Fader, Hardie and Lee (2005), table 2; times in weeks."""
WHERE = "import importlib.util as u; print(u.find_spec('lifetimes').submodule_search_locations[0])"


@pytest.fixture(scope="module")
def cdnow():
    """The CDNOW sample that the package lifetimes brings: (x, t_x, T) and the mean amount of repeat orders."""
    python, here = os.environ.get("REGULARS_LIFETIMES_PYTHON"), find_spec("lifetimes")
    if here is not None and here.submodule_search_locations:
        folder = here.submodule_search_locations[0]
    elif python:
        folder = subprocess.run([python, "-c", WHERE], capture_output=True, text=True, check=True).stdout.strip()
    else:
        pytest.skip("the CDNOW sample comes with lifetimes: REGULARS_LIFETIMES_PYTHON names a Python that has it")
    file = Path(folder) / "datasets" / "cdnow_customers_summary_with_transactions.csv"
    with file.open(encoding="utf-8") as lines:
        rows = [[float(row[name]) for name in ("x", "t_x", "T", "zbar")] for row in csv.DictReader(lines)]
    return np.array(rows).T


@pytest.fixture(scope="module")
def some():
    return buyers(1_500)


def plain_bgnbd(at, x, recency, age):
    """Equation 6 of the paper, as it stands there."""
    r, alpha, a, b = np.exp(at)
    gone = np.exp(
        betaln(a + 1, b + np.maximum(x, 1) - 1) - betaln(a, b) - (r + x) * np.log(alpha + recency) + (r + x) * 5
    )
    stays = np.exp(betaln(a, b + x) - betaln(a, b) - (r + x) * np.log(alpha + age) + (r + x) * 5)
    both = np.log(stays + (x > 0) * gone) - (r + x) * 5
    return -(gammaln(r + x) - gammaln(r) + r * np.log(alpha) + both).sum()


def plain_gamma_gamma(at, x, own):
    p, q, v = np.exp(at)
    shape = p * x + q
    of_each = gammaln(shape) - gammaln(p * x) - gammaln(q) + q * np.log(v) + (p * x - 1) * np.log(own)
    return -(of_each + p * x * np.log(x) - shape * np.log(v + x * own)).sum()


def by_simplex(plain, starts, *data):
    options = {"maxiter": 4_000, "maxfev": 4_000, "xatol": 1e-6, "fatol": 1e-8}
    found = [minimize(plain, start, args=data, method="Nelder-Mead", options=options) for start in starts]
    best = min(found, key=lambda one: one.fun)
    return np.exp(best.x), -best.fun


def test_the_published_estimates_of_bg_nbd_are_reached(cdnow):
    found = fit_bgnbd(*cdnow[:3])
    assert [found.r, found.alpha, found.a, found.b] == pytest.approx([0.243, 4.414, 0.793, 2.426], abs=0.0005)
    assert found.log_likelihood == pytest.approx(CDNOW.log_likelihood, abs=0.05)


def test_the_published_estimates_of_gamma_gamma_are_reached(cdnow):
    found = fit_gamma_gamma(cdnow[0], cdnow[3])
    assert [found.p, found.q, found.v] == pytest.approx([6.25, 3.74, 15.44], rel=0.0015)


def test_the_published_forecast_of_customer_1516_is_reached():
    # Fader, Hardie and Lee's note on the spreadsheet: x = 2, t_x = 30.43, T = 38.86 gives 1.226 orders in 39 weeks.
    assert CDNOW.expected_orders(39, 2, 30.43, 38.86) == pytest.approx(1.226, abs=0.001)


def test_bg_nbd_agrees_with_a_general_optimiser(some):
    found = fit_bgnbd(*some)
    others, likely = by_simplex(plain_bgnbd, [(0, 3, 0, 1), (-1, 2, -1, 0), (0.5, 4, 1, 2)], *some)
    assert [found.r, found.alpha, found.a, found.b] == pytest.approx(list(others), rel=1e-3)
    assert found.log_likelihood == pytest.approx(likely, abs=1e-4)


def test_gamma_gamma_agrees_with_a_general_optimiser(some):
    x, own = some[0], amounts(some[0])
    found = fit_gamma_gamma(x, own)
    others, likely = by_simplex(plain_gamma_gamma, [(1, 1, 2), (2, 2, 3)], x[x > 0], own[x > 0])
    assert [found.p, found.q, found.v] == pytest.approx(list(others), rel=1e-3)
    assert found.log_likelihood == pytest.approx(likely, abs=1e-4)


def test_parameters_that_customers_were_drawn_by_are_found_again():
    truth = Truth()
    x, recency, age = buyers(60_000, truth, seed=5)
    orders, spend = fit_bgnbd(x, recency, age), fit_gamma_gamma(x, amounts(x, truth))
    assert [orders.r, orders.alpha, orders.a, orders.b] == pytest.approx([0.8, 40, 0.9, 2.5], rel=0.06)
    assert [spend.p, spend.q, spend.v] == pytest.approx([6, 4, 15], rel=0.06)


def test_customers_who_are_alike_may_come_as_one_with_a_weight(some):
    alike = cells(*some)
    assert len(alike.weights) < alike.customers == 1_500
    one, other = fit_bgnbd(*some), fit_bgnbd(*alike.columns, weights=alike.weights)
    assert (one.r, one.b, one.log_likelihood, one.customers) == pytest.approx(
        (other.r, other.b, other.log_likelihood, other.customers)
    )


def test_the_unit_of_time_and_of_money_changes_nothing_else(some):
    x, recency, age = some
    days, weeks = fit_bgnbd(x, recency, age), fit_bgnbd(x, recency / 7, age / 7)
    assert (weeks.r, weeks.alpha * 7, weeks.a, weeks.b) == pytest.approx((days.r, days.alpha, days.a, days.b), rel=1e-4)
    assert weeks.expected_orders(10, 3, 20, 30) == pytest.approx(days.expected_orders(70, 3, 140, 210), rel=1e-4)
    own = amounts(x)
    assert fit_gamma_gamma(x, own * 100).mean == pytest.approx(fit_gamma_gamma(x, own).mean * 100, rel=1e-4)


@pytest.mark.parametrize("slope", [Buying(cells(*buyers(300))), Spending(cells(np.arange(1, 50), np.arange(3, 52)))])
def test_the_slope_is_that_of_the_likelihood(slope):
    for at in np.random.default_rng(4).normal(0, 1, (5, 4 if isinstance(slope, Buying) else 3)):
        assert check_grad(lambda x: slope(x)[0], lambda x: slope(x)[1], at) < 1e-5


@pytest.mark.parametrize(
    ("a", "b"), [(0.793, 2.4), (1 - 5e-5, 2.5), (1.0, 2.5), (1 + 2e-4, 2.5), (4.0, 2.5), (0.4, 0.6), (0.4, 0.3)]
)
@pytest.mark.parametrize(("x", "recency", "age"), [(0, 0, 10), (1, 5, 400), (7, 300, 301), (250, 700, 720)])
def test_expected_orders_are_those_of_numerical_integration(a, b, x, recency, age):
    model, horizon = BGNBD(0.6, 60.0, a, b, 0.0), 365
    power, rest = model.r + x, model.alpha + age

    def of_those_who_leave_with(chance):
        return (1 - (rest / (rest + chance * horizon)) ** power) / chance

    # Over the quantiles of the chance to leave, whose density has no bounds near 0 and 1.
    by_sum, _ = quad(lambda share: of_those_who_leave_with(beta.ppf(share, a, b + x)), 0, 1, limit=200)
    expected = by_sum * model.p_alive(x, recency, age)
    assert model.expected_orders(horizon, x, recency, age) == pytest.approx(float(expected), rel=1e-5)


histories = st.tuples(st.integers(0, 5_000), st.integers(0, 4_000), st.integers(0, 4_000)).map(
    lambda one: (one[0], one[1] if one[0] else 0, one[1] + one[2])
)


@given(histories, st.floats(0.01, 50), st.floats(0.1, 5_000), st.floats(0.01, 20), st.floats(0.05, 200))
def test_chances_are_chances_and_more_time_brings_more_orders(history, r, alpha, a, b):
    model = BGNBD(r, alpha, a, b, 0.0)
    alive, soon, later = (
        model.p_alive(*history), model.expected_orders(30, *history), model.expected_orders(365, *history)
    )  # fmt: skip
    assert 0 <= model.p_order(30, *history) <= alive <= 1
    assert -1e-9 <= soon <= later * (1 + 1e-6) + 1e-9
    assert model.p_order(30, *history) <= soon * (1 + 1e-6) + 1e-9, "an expectation is no less than the chance of one"


def test_spend_lies_between_everybodys_mean_and_ones_own():
    model = GammaGamma(6.0, 4.0, 15.0, 0.0)
    assert (model.mean, model.expected_spend(0, 0)) == (30, 30)
    assert 30 < model.expected_spend(1, 90) < model.expected_spend(20, 90) < 90


def test_few_repeaters_are_refused_with_their_number():
    x, recency, age = buyers(350)
    with pytest.raises(NotIdentified, match=rf"{(x > 0).sum()} customers have ordered again.* asks for 300"):
        fit_bgnbd(x, recency, age)
    with pytest.raises(NotIdentified, match="have paid for a repeat order"):
        fit_gamma_gamma(x, amounts(x))


def nobody_leaves(seed):
    return buyers(3_000, Truth(a=1e-9, b=1.0), seed=seed)


def everybody_leaves_alike(seed):
    return buyers(3_000, Truth(a=5_000, b=1.0), seed=seed)


def all_are_alike(seed):
    return buyers(3_000, Truth(r=500, alpha=30_000, a=200, b=800), seed=seed)


def on_one_day(_seed):
    return np.full(400, 3.0), np.full(400, 50.0), np.full(400, 90.0)


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("shop", [nobody_leaves, everybody_leaves_alike, all_are_alike, on_one_day])
def test_orders_that_do_not_tell_the_model_are_refused(shop, seed):
    with pytest.raises(NotIdentified, match=r"^(Nobody seems to have left|The orders (do not|hardly) tell)"):
        fit_bgnbd(*shop(seed))


def test_amounts_that_do_not_tell_the_model_are_refused(some):
    x = some[0]
    with pytest.raises(NotIdentified):
        fit_gamma_gamma(x, np.full(len(x), 25.0))
    with pytest.raises(NotIdentified, match="has no end"):
        fit_gamma_gamma(x, amounts(x, Truth(q=0.7)))


@pytest.mark.parametrize(
    ("x", "recency", "age"),
    [([1.5], [1], [2]), ([1], [3], [2]), ([0], [1], [2]), ([-1], [0], [2]), ([1], [1], [np.nan])],
)
def test_numbers_no_customer_can_have_are_refused(x, recency, age):
    with pytest.raises(WrongUse):
        fit_bgnbd(x, recency, age)
