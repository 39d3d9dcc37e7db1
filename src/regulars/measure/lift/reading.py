"""The lift of a campaign, and of the whole shop, from what the ledger and the orders add up to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from regulars.lang.model import Campaign
from regulars.ledger.arms import FirstEntries
from regulars.measure.lift.amounts import Pairs
from regulars.measure.lift.campaigns import Outcomes, compared
from regulars.measure.shapes import Lift


@dataclass(frozen=True, slots=True)
class Spending:
    """What the shop's own orders add up to, by campaign and arm (`treated`, `holdout`)."""

    pairs: dict[tuple[str, str], Pairs] = field(default_factory=dict)
    """Revenue within the window, and what the same people spent before, both winsorised."""
    shop: dict[str, Outcomes] = field(default_factory=dict)
    """Everybody the shop could have written to since it first held somebody out, by arm: all their orders since."""


def of_campaign(
    name: str,
    written: Campaign | None,
    rows: Sequence[FirstEntries],
    spent: Spending,
    currency: str,
    now: datetime,
) -> Lift:
    """The lift of campaign `name`, of which the project says `written`; `rows` are its own."""
    arms = {row.arm: replace(_outcomes(row), pairs=spent.pairs.get((name, row.arm))) for row in rows}
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


def of_shop(spent: Spending, share: float, currency: str, now: datetime) -> Lift | None:
    """The lift of everything the shop sends; None where nobody is held out of it."""
    if "holdout" not in spent.shop:
        return None
    treated, holdout = spent.shop.get("treated", Outcomes()), spent.shop["holdout"]
    return compared(treated, holdout, currency, share=share, now=now)


def _outcomes(row: FirstEntries) -> Outcomes:
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
    )
