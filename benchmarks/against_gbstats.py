"""Our `compare` beside PyPI's `gbstats`, where both have the same statistic: how far they agree.

gbstats wants numpy below 2, so it has an environment of its own, outside of the repository, and imports ours from here:

    python -m venv /somewhere/gbenv && /somewhere/gbenv/bin/pip install gbstats
    PYTHONPATH=src /somewhere/gbenv/bin/python benchmarks/against_gbstats.py

It has no Newcombe interval: shares are compared there as means of 0 and 1 (Welch), which `kind="money"` is here; and
its relative interval is the delta method's, where ours is Fieller's, so those only come near each other.
"""

from __future__ import annotations

import numpy as np
from gbstats.frequentist.tests import FrequentistConfig, SequentialConfig, SequentialTwoSidedTTest, TwoSidedTTest
from gbstats.models.statistics import RegressionAdjustedStatistic, SampleMeanStatistic, compute_theta
from gbstats.utils import check_srm

from regulars.measure.lift import compare, proportion


def main() -> None:
    """Print a line per statistic: the largest relative difference of anything the two have in common."""
    draw = np.random.default_rng(20261129)
    before = [spent(draw, 905, 0.4), spent(draw, 8140, 0.4)]
    money = [0.5 * one + spent(draw, one.size, rate) for one, rate in zip(before, (0.06, 0.09), strict=True)]
    shares = [(draw.random(905) < 0.06).astype(float), (draw.random(8140) < 0.08).astype(float)]
    for name, arms in (("amounts", money), ("shares, as means", shares)):
        theirs = TwoSidedTTest(*map(mean, arms), FrequentistConfig(difference_type="absolute")).compute_result()
        tell(f"Welch, {name}", compare(*arms, kind="money").plain, theirs)
        config = SequentialConfig(difference_type="absolute")
        always = SequentialTwoSidedTTest(*map(mean, arms), config).compute_result()
        tell(f"always valid, {name}", compare(*arms, kind="money", sequential=True).plain, always)
    tell("CUPED", compare(*money, pre_control=before[0], pre_treatment=before[1]).cuped, adjusted(money, before))
    ours, theirs_srm = proportion([905, 8140], [0.1, 0.9]).p_value, check_srm([905, 8140], [0.1, 0.9])
    print(f"{'sample-ratio mismatch':32} {abs(ours - theirs_srm) / theirs_srm:.1e}")
    relative = compare(*money).relative
    delta = TwoSidedTTest(*map(mean, money), FrequentistConfig(difference_type="relative")).compute_result()
    print(
        f"relative: ours {relative.value:.4f} ({relative.interval[0]:.4f} to {relative.interval[1]:.4f}), theirs "
        f"{delta.expected:.4f} ({delta.ci[0]:.4f} to {delta.ci[1]:.4f})"
    )


def spent(draw, people, rate):
    """An amount per person, nothing for most."""
    return (draw.random(people) < rate) * draw.lognormal(3, 1, people)


def mean(values):
    """As gbstats takes an arm."""
    return SampleMeanStatistic(n=values.size, sum=values.sum(), sum_squares=(values**2).sum())


def adjusted(now, before):
    """gbstats' CUPED of control and treatment."""
    arms = [
        RegressionAdjustedStatistic(
            n=one.size,
            post_statistic=mean(one),
            pre_statistic=mean(then),
            post_pre_sum_of_products=(one * then).sum(),
            theta=0,
        )
        for one, then in zip(now, before, strict=True)
    ]
    theta = compute_theta(*arms)
    for one in arms:
        one.theta = theta
    return TwoSidedTTest(*arms, FrequentistConfig(difference_type="absolute")).compute_result()


def tell(name, ours, theirs):
    """The largest relative difference of the estimate, both ends and the p-value."""
    pairs = [
        (ours.difference, theirs.expected),
        (ours.interval[0], theirs.ci[0]),
        (ours.interval[1], theirs.ci[1]),
        (ours.p_value, theirs.p_value),
    ]
    print(f"{name:32} {max(abs(a - b) / abs(b) for a, b in pairs):.1e}   p {ours.p_value:.4g}")


if __name__ == "__main__":
    main()
