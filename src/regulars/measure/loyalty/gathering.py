"""The loyalty figures of a project, gathered from its orders, its people and its ledger."""

from __future__ import annotations

from datetime import datetime

from regulars.campaigns.desk import Desk
from regulars.lang.written import Written
from regulars.measure.loyalty import asked as ledgers
from regulars.measure.loyalty import flows
from regulars.measure.loyalty import segment as segments
from regulars.measure.loyalty.monthly import divided, figures_of
from regulars.measure.loyalty.shapes import Loyalty, Mentioned, MonthFigures, ProgrammeFigures, SegmentAsked
from regulars.people.engine import name as quoted
from regulars.people.expected import OF_SPEND
from regulars.people.formulas import Formula
from regulars.people.months import orders, products
from regulars.people.months.calendar import Cuts, months
from regulars.people.months.mentions import mentions
from regulars.people.months.orders import OrderMonths
from regulars.people.snapshot import Snapshot
from regulars.people.traits import Counting

MONTHS = 12
NO_LINES = "no table says what was bought: `source.line` in rules.yaml names it"
NO_LOSS = "it needs customers of a year ago, and some of them lost since"
NO_MODEL = "no rule or campaign reads `expected_spend_365d`, so no model was fitted"


def gather(desk: Desk, at: datetime, segment: str = "", number: int = MONTHS) -> Loyalty:
    """The figures of the last `number` months up to the day of `at`; of everybody, or of a `segment` (see `segment`).

    Adds nothing that `totals.loyalty` gives. Raises WrongUse for a segment that is no condition.
    """
    condition = Written(segments.condition(desk, segment))
    asked = [desk.condition(one.members) for one in desk.rules.programmes.values()]
    asked += [segments.typed(desk, condition)] if segment else []
    snapshot = desk.snapshot_for(at, asked)
    found, whose = Loyalty(), ""
    if segment:
        people = segments.lay(desk, snapshot, condition)
        found["segment"] = SegmentAsked(condition=condition, as_of=snapshot.day.isoformat(), people=people)
        whose = segments.MEMBERS
    found["months"] = by_month(desk, snapshot, number, whose)
    last = found["months"][-1]["to_date"]
    for name in ("lifetime_value", "lifetime_value_simple", "upsell_ratio"):
        found[name] = last[name]
    found["lifetime_value_expected"] = _expected(desk, snapshot, whose)
    found["unknown"] = _unknown(desk, snapshot, found)
    counting = Counting(desk.vocabulary, snapshot.day)
    if desk.rules.source.mention is not None and not segment:
        since = months(snapshot.day, number)[0].start
        found["mentions"] = [
            Mentioned(week=one.week.isoformat(), tone=one.tone, mentions=one.mentions)
            for one in mentions(counting, since)
        ]
    by_month_kept = flows.totals(desk, snapshot.day)
    if desk.rules.programmes:
        found["programmes"] = _programmes(desk, snapshot, whose, {} if segment else by_month_kept)
    if not segment:
        found["stages"] = flows.stages(desk, snapshot.day, by_month_kept)
    return found


def by_month(desk: Desk, snapshot: Snapshot, number: int, whose: str = "") -> list[MonthFigures]:
    """The months up to the day of `snapshot`, oldest first."""
    counting, cuts = Counting(desk.vocabulary, snapshot.day), Cuts(months(snapshot.day, number))
    orders.lay(counting, cuts, snapshot)
    sums = OrderMonths(counting, cuts, whose).count()
    breadths: list[products.Breadth | None] = [None] * number
    if desk.rules.source.line is not None:
        products.lay(counting, cuts)
        breadths = [*products.breadths(counting, cuts, whose)]
    answers, codes = ledgers.answers(desk, cuts.months, whose), ledgers.codes(desk, cuts.months, whose)
    return [figures_of(*month) for month in zip(sums, breadths, answers, codes, strict=True)]


def _expected(desk: Desk, snapshot: Snapshot, whose: str) -> float | None:
    """What a customer who has ordered is expected to spend in the coming year, on average; None without a model."""
    if snapshot.expected is None or snapshot.expected.because(OF_SPEND):
        return None
    among = f"semi join {whose} w on w.customer_id = s.{quoted(snapshot.id_column)}" if whose else ""
    row = desk.connection.execute(f"select avg(s.{OF_SPEND}) from {snapshot.relation} s {among}").fetchone()
    return None if row is None or row[0] is None else round(float(row[0]), 2)


def _unknown(desk: Desk, snapshot: Snapshot, found: Loyalty) -> dict[str, str]:
    refused = snapshot.expected.because(OF_SPEND) if snapshot.expected is not None else NO_MODEL
    reasons = {
        "lifetime_value_expected": refused or "nobody of them has ordered",
        "lifetime_value_simple": NO_LOSS,
        "upsell_ratio": "nobody has bought exactly one type of product" if desk.rules.source.line else NO_LINES,
        "lifetime_value": "nobody has ordered",
    }
    return {name: why for name, why in reasons.items() if found.get(name) is None}


def _programmes(desk: Desk, snapshot: Snapshot, whose: str, kept: flows.Totals) -> dict[str, ProgrammeFigures]:
    """Every programme, as it stands in the snapshot: one scan for all of them."""
    chosen, formula = ["count(*)"], Formula(snapshot.day, {})
    for programme in desk.rules.programmes.values():
        chosen.append(f"count(*) filter (where {formula(desk.condition(programme.members).tree)})")
        sums = (programme.issued, programme.redeemed)
        chosen += ["null" if trait is None else f"coalesce(sum({quoted(str(trait))}), 0)" for trait in sums]
    among = f"semi join {whose} w on w.customer_id = s.{quoted(snapshot.id_column)}" if whose else ""
    row = desk.connection.execute(f"select {', '.join(chosen)} from {snapshot.relation} s {among}").fetchone()
    everybody, *counts = row or (0,)
    return {
        str(name): _programme(int(everybody), flows.participation(kept, str(name)), *counts[3 * place : 3 * place + 3])
        for place, name in enumerate(desk.rules.programmes)
    }


def _programme(
    everybody: int, by_month: dict[str, float], members: int, issued: float | None, redeemed: float | None
) -> ProgrammeFigures:
    rate = float(redeemed) / float(issued) if issued and redeemed is not None else None
    return ProgrammeFigures(
        members=members,
        participation=divided(members, everybody),
        by_month=by_month,
        issued=None if issued is None else float(issued),
        redeemed=None if redeemed is None else float(redeemed),
        redemption_rate=rate,
    )
