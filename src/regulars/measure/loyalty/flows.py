"""Ladders over time, as the ledger kept them: how many stood where month by month, and who moved of late."""

from __future__ import annotations

from datetime import date, timedelta

from regulars.campaigns.desk import Desk
from regulars.campaigns.stages import PROGRAMME
from regulars.ledger import stages as kept
from regulars.measure.loyalty.shapes import Flow, StageFigures

DAYS = 30
"""Days of flows that are told, today among them."""
Totals = dict[str, dict[str, dict[str, int]]]
"""Ladder, audience or `programme NAME` → month → value → people."""


def totals(desk: Desk, today: date) -> Totals:
    """People by value on the last kept day of each month."""
    found: Totals = {}
    for day, ladder, value, people in kept.totals(desk.ledger, today.isoformat()):
        found.setdefault(ladder, {}).setdefault(day[:7], {})[value] = people
    return found


def stages(desk: Desk, today: date, by_month: Totals) -> dict[str, StageFigures]:
    """Every ladder of the rules of which anything was kept, values in the ladder's order."""
    first = kept.first_days(desk.ledger)
    since = (today - timedelta(days=DAYS - 1)).isoformat()
    moved: dict[str, dict[tuple[str, str], Flow]] = {}
    for ladder, before, after, by_edit, people in kept.flows(desk.ledger, since, today.isoformat()):
        flow = moved.setdefault(ladder, {}).setdefault(
            (before, after), Flow(before=before, after=after, people=0, by_edit=0)
        )
        flow["by_edit" if by_edit else "people"] += people
    return {
        str(name): StageFigures(
            since=first[str(name)],
            months={month: _ordered(found, segment.values) for month, found in by_month.get(str(name), {}).items()},
            flow_days=min(DAYS, (today - date.fromisoformat(first[str(name)])).days + 1),
            flows=sorted(moved.get(str(name), {}).values(), key=lambda one: -(one["people"] + one["by_edit"])),
        )
        for name, segment in desk.rules.segments.items()
        if segment.steps and str(name) in by_month
    }


def participation(by_month: Totals, programme: str) -> dict[str, float]:
    """Month → members / customers on the last kept day of it."""
    return {
        month: found.get("in", 0) / everybody
        for month, found in by_month.get(PROGRAMME + programme, {}).items()
        if (everybody := sum(found.values()))
    }


def _ordered(found: dict[str, int], values: list[str]) -> dict[str, int]:
    """In the order of the ladder; values that it no longer has come last."""
    return {value: found.get(value, 0) for value in values} | {v: n for v, n in found.items() if v not in values}
