from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

from regulars.measure.lift import NotComparable, compare, proportion

EXACT = 1e-9


def shares(control: tuple[int, int], treatment: tuple[int, int]):
    """compare() of groups in which so many of so many did it."""
    return compare(*([1] * did + [0] * (people - did) for did, people in (control, treatment)))


def spent(people: int, rate: float, seed: int, mean: float = 3.0):
    draw = np.random.default_rng(seed)
    return (draw.random(people) < rate) * draw.lognormal(mean, 1.0, people).round(2)


@pytest.mark.parametrize(
    ("control", "treatment"),
    [((41, 905), (540, 8140)), ((0, 50), (5, 450)), ((17, 420), (99, 1084)), ((9, 10), (1, 12))],
)
def test_shares_have_the_interval_of_statsmodels(control, treatment):
    found = shares(control, treatment)
    low, high = confint_proportions_2indep(*treatment, *control, method="newcomb", compare="diff")
    assert found.interval == (pytest.approx(low, abs=EXACT), pytest.approx(high, abs=EXACT))
    level = 1 - found.p_value
    ends = [proportion_confint(*arm, alpha=1 - level, method="wilson") for arm in (treatment, control)]
    p, q = treatment[0] / treatment[1], control[0] / control[1]
    reach = np.hypot(p - ends[0][0], ends[1][1] - q) if p > q else np.hypot(ends[0][1] - p, q - ends[1][0])
    assert reach == pytest.approx(abs(p - q), abs=EXACT), "at its p-value the interval just touches zero"


def test_amounts_have_the_interval_and_the_p_value_of_scipy_and_statsmodels():
    control, treatment = spent(900, 0.2, 1), spent(8000, 0.25, 2)
    found = compare(control, treatment)
    theirs = stats.ttest_ind(treatment, control, equal_var=False)
    interval = theirs.confidence_interval()
    assert found.difference == pytest.approx(treatment.mean() - control.mean(), abs=EXACT)
    assert found.interval == (pytest.approx(interval.low, abs=EXACT), pytest.approx(interval.high, abs=EXACT))
    assert found.p_value == pytest.approx(theirs.pvalue, abs=EXACT)
    means = CompareMeans(DescrStatsW(treatment), DescrStatsW(control))
    assert found.interval == pytest.approx(means.tconfint_diff(usevar="unequal"), abs=EXACT)


def test_winsorised_amounts_are_cut_where_scipys_quantile_of_both_groups_lies():
    control, treatment = spent(900, 0.2, 1), spent(900, 0.25, 2)
    found = compare(control, treatment)
    some = np.concatenate([control, treatment])
    assert found.ceiling == np.quantile(some[some > 0], 0.99, method="inverted_cdf")
    theirs = stats.ttest_ind(treatment.clip(max=found.ceiling), control.clip(max=found.ceiling), equal_var=False)
    assert found.winsorised.p_value == pytest.approx(theirs.pvalue, abs=EXACT), "equal groups are steady already"


def test_cuped_has_the_theta_of_a_regression_over_everybody():
    before = spent(900, 0.4, 3), spent(8000, 0.4, 4)
    after = before[0] * 0.5 + spent(900, 0.2, 5), before[1] * 0.5 + spent(8000, 0.25, 6)
    found = compare(*after, pre_control=before[0], pre_treatment=before[1])
    theta = stats.linregress(np.concatenate(before), np.concatenate(after)).slope
    theirs = stats.ttest_ind(after[1] - theta * before[1], after[0] - theta * before[0], equal_var=False)
    assert found.cuped.p_value == pytest.approx(theirs.pvalue, abs=EXACT)
    assert found.cuped.interval == pytest.approx(tuple(theirs.confidence_interval()), abs=EXACT)
    assert found.cuped.reach < found.plain.reach


def test_the_proportion_of_amounts_is_fiellers():
    control, treatment = spent(900, 0.2, 1), spent(8000, 0.25, 2)
    low, high = compare(control, treatment).relative.interval
    errors = control.var(ddof=1) / control.size, treatment.var(ddof=1) / treatment.size
    freedom = stats.ttest_ind(treatment, control, equal_var=False).df
    for end in (low, high):  # Fieller: at either end the ratio is just t standard errors away
        apart = treatment.mean() - (1 + end) * control.mean()
        assert abs(apart) / np.sqrt(errors[1] + (1 + end) ** 2 * errors[0]) == pytest.approx(
            stats.t.ppf(0.975, freedom)
        )


def test_an_issue_of_a_marketer_is_told_as_a_marketer_would():
    control, treatment = [1] * 47 + [0] * 858, [1] * 496 + [0] * 7644
    found = compare(control, treatment, days=4.3)
    assert str(found) == (
        "With 8,140 and 905 customers you can see differences of 2.6 points or more; you saw 0.9 ± 1.5: "
        "not known yet, about 32 more days."
    )
    assert not found.known


def test_a_difference_smaller_than_what_can_be_seen_is_a_sign_and_nothing_more():
    found = shares((300, 10_000), (360, 10_000))
    assert found.plain.significant
    assert found.difference < found.power.detectable
    assert not found.known
    assert "a sign, smaller than what can be relied on, so not known yet" in str(found)


def test_money_of_a_handful_of_buyers_is_never_known():
    few, many = [0.0] * 995 + [20.0] * 5, [0.0] * 8000 + [20.0] * 1000
    found = compare(few, many)
    assert found.steadiest.known
    assert not found.known
    assert "a sign, of too few buyers, so not known yet" in str(found)


def test_groups_of_another_size_than_declared_are_not_told():
    found = compare([0, 1] * 400, [0, 1] * 4000, shares=(0.1, 0.9))
    theirs = stats.chisquare([800, 8000], [880, 7920])
    assert found.proportion.p_value == pytest.approx(theirs.pvalue, abs=EXACT)
    assert found.proportion.holds
    lost = compare([0, 1] * 300, [0, 1] * 4000, shares=(0.1, 0.9))
    assert not lost.known
    assert str(lost).startswith("Not told: 600 of 8,600 are held out, 7.0 % instead of the 10.0 % declared.")


def test_three_arms_have_a_proportion_too():
    theirs = stats.chisquare([100, 220, 180], [125, 187.5, 187.5])
    assert proportion([100, 220, 180], [2, 3, 3]).p_value == pytest.approx(theirs.pvalue, abs=EXACT)


def test_people_who_were_not_drawn_by_lot_are_refused_unless_by_name():
    with pytest.raises(NotComparable, match="not drawn by lot"):
        compare([0, 1, 1], [1, 1, 1], randomised=False)
    found = compare([0, 1] * 50, [1, 1, 1, 0] * 50, randomised=False, observational=True)
    assert "says how they differ, not what made the difference" in str(found)
    assert not found.known


def test_groups_that_spent_differently_before_were_not_drawn_by_lot():
    good, average = spent(500, 0.9, 1, 4.0), spent(5000, 0.3, 2)
    with pytest.raises(NotComparable, match="differed before anything was sent"):
        compare(average, good, pre_control=average, pre_treatment=good)
    assert compare(average, good, pre_control=average, pre_treatment=good, observational=True).observational


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"control": []}, "fewer than two people in the control"),
        ({"treatment": [1.0, float("nan")]}, "1 values of the treatment are no numbers"),
        ({"treatment": [0.0, float("inf")]}, "no numbers"),
        ({"control": ["many", "few"]}, "not a list of numbers"),
        ({"control": [[0, 1], [1, 0]]}, "2 dimensions"),
        ({"control": [0, 1, 1], "treatment": [0, 19.9, 5]}, "One group has only 0 and 1"),
        ({"control": [0, 5.5], "treatment": [1, 0], "kind": "rate"}, "A share needs 0 or 1"),
        ({"pre_control": [1, 2]}, "Only one group has what it spent before"),
        ({"pre_control": [1, 2], "pre_treatment": [1, 2, 3]}, "of other people"),
        ({"alpha": 5}, "shares between 0 and 1"),
    ],
)
def test_what_cannot_be_compared_is_refused_in_a_sentence(wrong, says):
    with pytest.raises(ValueError, match=says):
        compare(**{"control": [0, 1], "treatment": [1, 0]} | wrong)


groups = st.tuples(st.integers(2, 400), st.floats(0, 1)).map(lambda one: (round(one[0] * one[1]), one[0]))


@settings(max_examples=40, deadline=None)
@given(groups, groups, st.booleans())
def test_whatever_the_groups_what_is_said_hangs_together(control, treatment, sequential):
    arms = [[1] * did + [0] * (people - did) for did, people in (control, treatment)]
    found = compare(*arms, sequential=sequential)
    low, high = found.interval
    assert low <= found.difference <= high
    assert (found.p_value < 0.05) == found.plain.significant
    if found.relative.bounded:
        assert (found.relative.interval[0] > 0) == (low > 0)
        assert (found.relative.interval[1] < 0) == (high < 0)
    assert not (found.known and abs(found.difference) < found.power.detectable)
    turned = compare(*reversed(arms), sequential=sequential)
    assert turned.interval == (pytest.approx(-high), pytest.approx(-low))
