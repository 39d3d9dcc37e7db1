"""`compare`: two groups of people, as plain lists or arrays, and everything that can be said of their difference."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf
from typing import Any

from regulars.measure.lift import amounts, estimates, rates, samples, sequential, told
from regulars.measure.lift.amounts import WINSORISED_AT, Amounts
from regulars.measure.lift.estimates import Estimate, Relative
from regulars.measure.lift.proportion import LEAST, Proportion, proportion
from regulars.measure.lift.rates import POWER, Floats
from regulars.measure.lift.refusal import DIFFERENT_BEFORE, NOT_BY_LOT, NotComparable
from regulars.measure.lift.samples import Kind


@dataclass(frozen=True, slots=True)
class Power:
    """What these numbers can show, and how long it would take to know about the difference they have shown."""

    detectable: float
    """The smallest true difference that is seen with a chance of `at`; infinite where none would be."""
    at: float
    more_days: float | None
    """At the pace of these people, if the difference stays; None where the pace is not told, or nothing is lacking."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Treatment against control. Printed, it is the sentence a report would say."""

    kind: Kind
    people: tuple[int, int]
    """Control, treatment."""
    buyers: tuple[int, int]
    """How many of them did anything."""
    plain: Estimate
    """Newcombe's for shares, Welch's for money: what the attributes below give."""
    winsorised: Estimate | None
    """Money: with the largest amounts cut to `ceiling`, the smaller arm's variance steadied (`amounts.steadied`)."""
    ceiling: float
    cuped: Estimate | None
    """Without what each person's spending before foretold; where that is given."""
    steadiest: Estimate
    """What decides: for money winsorised, by CUPED too where that is possible (what was spent before winsorised at its
    own quantile); for shares the plain one."""
    proportion: Proportion | None
    """Whether the arms are as large as declared; None where nothing was declared."""
    observational: bool
    days: float | None = None
    unit: str = ""

    @property
    def difference(self) -> float:
        """Treatment minus control: a fraction, or an amount per person."""
        return self.plain.difference

    @property
    def interval(self) -> tuple[float, float]:
        """In which the true difference lies."""
        return self.plain.interval

    @property
    def p_value(self) -> float:
        """Below 0.05 exactly where the 95 % interval leaves out zero."""
        return self.plain.p_value

    @property
    def relative(self) -> Relative:
        """How much more in proportion."""
        return self.plain.relative

    @property
    def power(self) -> Power:
        """What could be seen."""
        longer = self.steadiest.longer()
        more = self.days * (longer - 1) if self.days is not None and not self.known else None
        return Power(self.steadiest.detectable, POWER, more)

    @property
    def known(self) -> bool:
        """Whether the difference, and that the treatment made it, can be told. Never below power."""
        drawn = not self.observational and (self.proportion is None or self.proportion.holds)
        enough = self.kind == "rate" or min(self.buyers) >= amounts.BUYERS
        return drawn and enough and self.steadiest.known

    @property
    def sentence(self) -> str:
        """What can be said, in a sentence or two."""
        found, power = self.steadiest, self.power
        if self.proportion is not None and not self.proportion.holds:
            return told.out_of_proportion(self.proportion)
        if self.observational:
            return told.observed(found, self.kind, self.unit)
        both = (self.people[1], self.people[0])
        return told.seen(found, both, self.kind, self.unit, known=self.known, more_days=power.more_days)

    def __str__(self) -> str:
        return self.sentence


def compare(
    control: Iterable[Any],
    treatment: Iterable[Any],
    *,
    pre_control: Iterable[Any] | None = None,
    pre_treatment: Iterable[Any] | None = None,
    randomised: bool = True,
    observational: bool = False,
    kind: Kind | None = None,
    alpha: float = 0.05,
    winsorise: float = WINSORISED_AT,
    shares: tuple[float, float] | None = None,
    days: float | None = None,
    unit: str = "",
    sequential: bool = False,
    tuned_for: float = sequential.TUNED_FOR,
) -> Comparison:
    """Compare what two groups did: one number per person, 0/1 for a share or an amount (0 for whoever spent nothing).

    `pre_control`, `pre_treatment`: what the same people spent before, in the same order; they make the interval
    shorter (`.cuped`), and groups that differed then are refused. `shares`: what was declared for control and
    treatment, such as (0.1, 0.9). `days`: how long it took these people to come in; then `.power` says how many days
    more. `unit`: behind amounts, such as `RON`. `sequential`: intervals that hold however often one looks, tightest at
    `tuned_for` people of both groups together, which must be settled before the first look. `kind` is found out where
    it is not said.

    Raises NotComparable, which is a ValueError: for people not drawn by lot (`randomised=False`, or by what they did
    before) unless asked for by name as `observational`, and for what is not a number per person.
    """
    if not 0 < alpha < 1 or not 0 < winsorise <= 1:
        raise NotComparable("`alpha` and `winsorise` are shares between 0 and 1.", "The usual ones are 0.05 and 0.99.")
    if not randomised and not observational:
        raise NotComparable(*NOT_BY_LOT)
    values = samples.read(control, "control"), samples.read(treatment, "treatment")
    before = _before(values, pre_control, pre_treatment)
    if before is not None and not observational:
        _alike(before)
    ways = _Ways(values, before, 1 - alpha, tuned_for if sequential else None, winsorise)
    found_kind = samples.kind_of(*values, kind)
    ceiling = samples.ceiling(*values, winsorise) if found_kind == "money" else inf
    plain = ways.rates() if found_kind == "rate" else ways.amounts()
    winsorised = ways.winsorised(ceiling) if found_kind == "money" else None
    cuped = ways.cuped() if before is not None else None
    both = ways.winsorised(ceiling, adjusted=True) if winsorised is not None and before is not None else winsorised
    return Comparison(
        kind=found_kind,
        people=(values[0].size, values[1].size),
        buyers=(int((values[0] != 0).sum()), int((values[1] != 0).sum())),
        plain=plain,
        winsorised=winsorised,
        ceiling=ceiling,
        cuped=cuped,
        steadiest=both or plain,
        proportion=proportion((values[0].size, values[1].size), shares) if shares else None,
        observational=observational,
        days=days,
        unit=unit,
    )


@dataclass(frozen=True, slots=True)
class _Ways:
    """The ways to compare these two arms (control, treatment)."""

    values: tuple[Floats, Floats]
    before: tuple[Floats, Floats] | None
    level: float
    tuned_for: float | None
    winsorise: float

    def rates(self) -> Estimate:
        control, treatment = (samples.rate_of(arm) for arm in self.values)
        if self.tuned_for is None:
            return estimates.of_rates(control, treatment, self.level)
        arms = sequential.smoothed(control), sequential.smoothed(treatment)
        return estimates.at_every_look(*arms, self.level, self.tuned_for, "Shares")

    def amounts(self) -> Estimate:
        control, treatment = (samples.amounts_of(arm) for arm in self.values)
        return self._means(control, treatment, "Welch's interval (1947)")

    def winsorised(self, ceiling: float, *, adjusted: bool = False) -> Estimate:
        cut = self.values[0].clip(max=ceiling), self.values[1].clip(max=ceiling)
        if adjusted and self.before is not None:
            top = samples.ceiling(*self.before, self.winsorise)
            arms = _without(cut, (self.before[0].clip(max=top), self.before[1].clip(max=top)))
        else:
            arms = samples.amounts_of(cut[0]), samples.amounts_of(cut[1])
        control, treatment = amounts.steadied(*arms)
        name = f"Welch's interval of amounts up to {ceiling:,.2f}{', by CUPED' if adjusted else ''}, steadied"
        return self._means(control, treatment, name)

    def cuped(self) -> Estimate:
        control, treatment = _without(self.values, self.before or self.values)
        return self._means(control, treatment, "CUPED (Deng et al. 2013), Welch's interval")

    def _means(self, control: Amounts, treatment: Amounts, method: str) -> Estimate:
        if self.tuned_for is None:
            return estimates.of_amounts(control, treatment, self.level, method)
        return estimates.at_every_look(control, treatment, self.level, self.tuned_for, method)


def _without(values: tuple[Floats, Floats], before: tuple[Floats, Floats]) -> tuple[Amounts, Amounts]:
    pairs = [samples.pairs_of(now, then) for now, then in zip(values, before, strict=True)]
    return amounts.cuped(pairs[0], pairs[1])[:2]


def _before(
    values: tuple[Floats, Floats], control: Iterable[Any] | None, treatment: Iterable[Any] | None
) -> tuple[Floats, Floats] | None:
    if control is None and treatment is None:
        return None
    if control is None or treatment is None:
        raise NotComparable("Only one group has what it spent before.", "Give it for both, or for neither.")
    before = samples.read(control, "control before"), samples.read(treatment, "treatment before")
    if any(one.size != other.size for one, other in zip(values, before, strict=True)):
        raise NotComparable("What was spent before is of other people.", "One number for each, in the same order.")
    return before


def _alike(before: tuple[Floats, Floats]) -> None:
    """Raises NotComparable where the groups differed before, in how many had bought or in how much they spent."""
    buyers = [samples.rate_of((arm != 0).astype(float)) for arm in before]
    ceiling = samples.ceiling(*before)
    spent = amounts.steadied(*(samples.amounts_of(arm.clip(max=ceiling)) for arm in before))
    # Two tests, so each at half of it.
    if min(rates.p_value(*buyers), amounts.p_value(*spent)) < LEAST / 2:
        raise NotComparable(*DIFFERENT_BEFORE)
