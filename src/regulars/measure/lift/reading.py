"""The lift of a campaign, and of the whole shop, from what the ledger and the orders add up to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from regulars.lang.model import Campaign
from regulars.ledger.arms import FirstEntries, OfShop
from regulars.ledger.cohorts import told
from regulars.measure.lift.amounts import Pairs
from regulars.measure.lift.campaigns import Outcomes, compared
from regulars.measure.shapes import Lift


def of_campaign(written: Campaign | None, rows: Sequence[FirstEntries], currency: str, now: datetime) -> Lift:
    """The lift of a campaign, of which the project says `written`; `rows` are its own."""
    known = any(row.before[1] for row in rows)
    arms = {row.arm: _outcomes(row, before=known) for row in rows}
    # Who is sent nothing can neither answer nor click: there is nobody to compare with.
    apart = written is None or written.conversion.of in ("order", "referral")
    return compared(
        arms.get("treated", Outcomes()),
        arms.get("holdout", Outcomes()) if apart else Outcomes(),
        currency,
        did=done(written),
        share=written.holdout.fraction if written else None,
        now=None if written is None or written.schedule.kind == "once" else now,
    )


DID = {"order": "ordered", "referral": "brought a friend", "answer": "answered", "click": "clicked"}
"""What `conversion: {of: …}` counts, as people say it."""


def done(written: Campaign | None) -> str:
    """What somebody has done who converted, as a participle: `ordered`."""
    return DID[written.conversion.of] if written else DID["order"]


def of_shop(arms: Sequence[OfShop], share: float, currency: str, now: datetime) -> Lift | None:
    """The lift of everything the shop sends; None where nobody is held out of it.

    `arms`: everybody the shop could have written to since it first held somebody out; `share`: the part that was to be
    held out.
    """
    most = told.ceilings([one.spent for one in arms]) if arms else (None, None)
    found = {one.arm: _outcomes(told.arm_of_shop(one, most), before=most[0] is not None) for one in arms}
    if "holdout" not in found:
        return None
    lift = compared(found.get("treated", Outcomes()), found["holdout"], currency, share=share, now=now)
    hours = int((now - min(one.as_of for one in arms)).total_seconds() // 3600)
    if hours > 0:
        lift["sentence"] += f" Orders of the last {'hour' if hours == 1 else f'{hours} hours'} are not in it."
    return lift


def _outcomes(row: FirstEntries, *, before: bool) -> Outcomes:
    pairs = Pairs.of_sums(row.people, row.capped, row.capped_squares, row.before) if before else None
    return Outcomes(
        people=row.people,
        converted=row.converted,
        revenue=float(row.revenue),
        squares=row.squares,
        open=row.open,
        orders=row.orders,
        order_squares=row.order_squares,
        ceiling=row.ceiling,
        capped=row.capped,
        capped_squares=row.capped_squares,
        since=row.since,
        pairs=pairs,
    )
