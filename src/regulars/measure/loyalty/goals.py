"""Goals: where each figure stands, where it is to stand, and where today's pace leads."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Literal, cast

from regulars.campaigns.desk import Desk
from regulars.lang.goals import FIGURES, LOWER_IS_BETTER, Goal, possible
from regulars.ledger import goals as kept
from regulars.ledger.goals import Start
from regulars.measure.loyalty.gathering import by_month
from regulars.measure.loyalty.shapes import GoalFigures, MonthFigures
from regulars.measure.wording import count, day, money, percent, signed

Standing = Literal["reached", "on course", "behind", "missed", "too early", "unknown"]
EARLY = 14
"""Days after which a pace is told."""
_TO_DATE = (
    *("repeat_purchase_rate", "purchase_frequency", "average_order"),
    *("lifetime_value", "upsell_ratio"),
)


def value(figure: str, months: Sequence[MonthFigures]) -> float | None:
    """The figure as goals follow it: what is added up to date as of today, all else of the last whole month.

    `months` end with that of today. None where it cannot be computed.
    """
    if figure == "customers":
        return float(months[-1]["end"])
    if figure in _TO_DATE:
        return cast("float | None", months[-1]["to_date"][figure])  # type: ignore[literal-required]  # a test tries all
    whole = [month for month in months if month["whole"]]
    if not whole:
        return None
    found = whole[-1][figure]  # type: ignore[literal-required]  # the same
    return cast("float | None", found["value"] if isinstance(found, dict) else found)


def keep(desk: Desk, at: datetime) -> None:
    """Write down where the figures of new goals stand on the day of `at`. Costs nothing where no goal is new."""
    begun = kept.starts(desk.ledger)
    new = [(str(name), goal) for name, goal in desk.rules.goals.items() if (str(name), str(goal)) not in begun]
    if not new:
        return
    months, today = by_month(desk, desk.snapshot(at), 2), desk.day(at).isoformat()
    with desk.ledger.writing() as connection:
        kept.begin(connection, [Start(name, str(goal), today, value(name, months)) for name, goal in new])


def standings(desk: Desk, months: Sequence[MonthFigures], today: date) -> list[GoalFigures]:
    """Every goal of the rules. One that no run has seen yet begins today."""
    begun, currency = kept.starts(desk.ledger), str(desk.rules.shop.currency)
    found = []
    for name, goal in desk.rules.goals.items():
        now = value(str(name), months)
        start = begun.get((str(name), str(goal))) or Start(str(name), str(goal), today.isoformat(), now)
        found.append(standing(str(name), goal, start, now, today, currency))
    return found


def standing(figure: str, goal: Goal, start: Start, now: float | None, today: date, currency: str = "") -> GoalFigures:
    """One goal today.

    The pace is a straight line: as much a day as since the goal was set. A goal is for the better by its direction:
    down where less is wanted than there was, or where less is better.
    """
    wanted, since = goal.wanted(figure, start.baseline), date.fromisoformat(start.since)
    days, left = (today - since).days, (goal.by - today).days
    pace = None
    if now is not None and start.baseline is not None and days >= EARLY and left > 0:
        pace = possible(figure, now + (now - start.baseline) / days * left)
    below = figure in LOWER_IS_BETTER or (wanted is not None and start.baseline is not None and wanted < start.baseline)
    stands = _stands(now, wanted, pace, left, below=below)
    return GoalFigures(
        figure=figure,
        goal=str(goal),
        since=start.since,
        by=goal.by.isoformat(),
        baseline=start.baseline,
        now=now,
        wanted=wanted,
        at_this_pace=pace,
        standing=stands,
        sentence=_sentence(figure, goal, (now, wanted, pace), stands, currency),
    )


def _stands(now: float | None, wanted: float | None, pace: float | None, left: int, *, below: bool) -> Standing:
    if now is None or wanted is None:
        return "unknown"
    if _met(now, wanted, below=below):
        return "reached"
    if left <= 0:
        return "missed"
    if pace is None:
        return "too early"
    return "on course" if _met(pace, wanted, below=below) else "behind"


def _met(value: float, wanted: float, *, below: bool) -> bool:
    return value <= wanted if below else value >= wanted


def _sentence(
    figure: str, goal: Goal, found: tuple[float | None, float | None, float | None], stands: Standing, currency: str
) -> str:
    now, wanted, pace = (None if one is None else shown(figure, one, currency) for one in found)
    until = day(goal.by.isoformat())
    if now is None:
        target = f"; {wanted} wanted by {until}" if wanted else f"; {goal} wanted"
        return f"not known yet{target}"
    if wanted is None:
        return f"{now} now; {goal} has nothing to count from: unknown or 0 at its start"
    told = f"{now} now, {wanted} wanted by {until}"
    if stands in ("reached", "missed"):
        return f"{told}: {stands}"
    if pace is None:
        return f"{told}; too early for a pace"
    return f"{told}; at today's pace {pace}: {stands}"


def shown(figure: str, number: float, currency: str = "") -> str:
    """A figure as people read it."""
    kind = FIGURES[figure]
    if kind == "share":
        return percent(number)
    if kind == "money":
        return money(number, currency)
    if kind == "people":
        return count(round(number))
    return signed(f"{number:+.0f}" if kind == "score" else f"{number:,.2f}")
