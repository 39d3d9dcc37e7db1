"""One way of comparing two arms, with everything that is told of it."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isfinite, isnan, sqrt

from scipy.special import ndtri

from regulars.measure.lift import amounts, arms, rates, sequential
from regulars.measure.lift.amounts import Amounts
from regulars.measure.lift.arms import Difference, Limits
from regulars.measure.lift.rates import POWER, Rate


@dataclass(frozen=True, slots=True)
class Relative:
    """How much more in proportion, as a fraction: 0.25 is a quarter more. Infinite ends are not known."""

    value: float
    interval: tuple[float, float]
    method: str = "MOVER (Donner & Zou 2012): with Wilson's limits for shares, for amounts it is Fieller's (1954)"

    @property
    def bounded(self) -> bool:
        """Whether there is a proportion, and both ends of its interval are known."""
        return all(map(isfinite, (self.value, *self.interval)))


@dataclass(frozen=True, slots=True)
class Estimate:
    """Treatment against control by one method. Shares are fractions, amounts in their own unit per person."""

    method: str
    control: float
    treatment: float
    difference: float
    """Treatment minus control."""
    interval: tuple[float, float]
    p_value: float
    """Below 1 - level exactly where the interval leaves out zero."""
    relative: Relative
    detectable: float
    """The smallest true difference that such numbers show with a chance of 80 %; infinite where none."""

    @property
    def significant(self) -> bool:
        """Whether the interval leaves out zero."""
        return self.interval[0] > 0 or self.interval[1] < 0

    @property
    def known(self) -> bool:
        """Significant, and not below what such numbers can be relied on to show.

        What is significant though smaller than that mostly looks larger than it is, and sometimes has the wrong sign:
        Gelman, A. and Carlin, J. (2014), Beyond power calculations, Perspectives on Psychological Science 9, 641-651.
        """
        return self.significant and abs(self.difference) >= self.detectable

    @property
    def reach(self) -> float:
        """Half the interval."""
        return (self.interval[1] - self.interval[0]) / 2

    def longer(self) -> float:
        """How many times as many people it takes until the difference, if it stays, is as large as what is seen."""
        if not self.difference or not isfinite(self.detectable):
            return inf
        return max((self.detectable / self.difference) ** 2, 1.0)


def of_rates(control: Rate, treatment: Rate, level: float) -> Estimate:
    """Newcombe's interval (1998), and the p-value that goes with it."""
    together = (control.successes + treatment.successes) / (control.people + treatment.people)
    return _estimate(
        "Newcombe's hybrid score interval (1998)",
        (rates.limits(treatment, level), rates.limits(control, level)),
        rates.p_value(treatment, control),
        rates.detectable(together, (int(treatment.people), int(control.people)), level),
    )


def of_amounts(control: Amounts, treatment: Amounts, level: float, method: str = "Welch's interval (1947)") -> Estimate:
    """Welch's interval and p-value."""
    flat = not control.error + treatment.error
    limits = (_at(treatment), _at(control)) if flat else amounts.both_limits(treatment, control, level)
    p_value = amounts.p_value(treatment, control)
    return _estimate(method, limits, p_value, amounts.detectable(treatment, control, level))


def at_every_look(control: Amounts, treatment: Amounts, level: float, tuned_for: float, method: str) -> Estimate:
    """An interval that holds however often one looks, and its always-valid p-value."""
    people, error = control.people + treatment.people, sqrt(control.error + treatment.error)
    limits = sequential.both_limits(treatment, control, level, tuned_for)
    apart = abs(treatment.mean - control.mean)
    p_value = sequential.p_value(apart / error, people, tuned_for) if error else float(not apart)
    seen = (float(sequential.multiple(people, level, tuned_for)) + float(ndtri(POWER))) * error
    return _estimate(f"{method}, at every look (Waudby-Smith et al. 2024)", limits, p_value, seen or inf)


def _at(arm: Amounts) -> Limits:
    return Limits(arm.mean, arm.mean, arm.mean)


def _estimate(method: str, limits: tuple[Limits, Limits], p_value: float, detectable: float) -> Estimate:
    treatment, control = limits
    found, ratio = arms.difference(treatment, control), arms.relative(treatment, control)
    return Estimate(
        method=method,
        control=float(control.value),
        treatment=float(treatment.value),
        difference=float(found.difference),
        interval=(float(found.low), float(found.high)),
        p_value=float(p_value),
        relative=_relative(ratio),
        detectable=float(detectable),
    )


def _relative(ratio: Difference) -> Relative:
    low, high = (end if not isnan(end) else open_end for end, open_end in ((ratio.low, -inf), (ratio.high, inf)))
    return Relative(float(ratio.difference), (float(low), float(high)))
