"""What offers cost and may still cost: orders by code, codes that are out, budgets.

Liability = the value of the codes that are out × the share of codes that is used. The value of a percentage is that of
the shop's average order; gifts and free deliveries, whose worth only the shop knows, count nothing. The share is that
of codes whose time is over: the campaign's own once 100 of them are, else the shop's; codes that are over cost nothing
any more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Literal, TypedDict

from regulars.campaigns.budgets.told import Left
from regulars.ledger import usual
from regulars.ledger.liability import Out, Redeemed, Sums
from regulars.measure.wording import count, money, percent, plural


class Uses(TypedDict):
    """Orders that carried a code, and what it took off."""

    orders: int
    discount: float


class OfferFigures(TypedDict):
    """What the offers of one campaign, or of all, came to."""

    out: int
    """Codes that can still be used, and were not."""
    if_all_redeem: float
    """What they would take off."""
    share: float | None
    """Of codes whose time is over how many were used; null while none is over."""
    share_of: Literal["campaign", "shop", ""]
    """Whose share it is; empty: nobody's is known."""
    liability: float | None
    """`if_all_redeem` times the share; null without one."""
    redeemed: dict[str, Uses]
    """By where an order stands: `used`, `late`, `again`, `not theirs`, `too early` (see `campaigns.redeeming`)."""
    budgets: list[Left]
    withheld: int
    """Who was withheld from it by its last run because a budget was used up."""


def offers(
    sums: Sums, names: Sequence[str], budgets: Sequence[Left], average_order: Decimal, *, shop: bool = False
) -> OfferFigures:
    """The figures of the campaign that has these `names`; of all of them for the `shop`.

    `average_order` is the shop's.
    """
    out = [row for row in sums.out if shop or row.campaign in names]
    worth = sum((_value(row, average_order) * row.codes for row in out), Decimal())
    share = usual.share(sums.over, () if shop else names)
    of = "" if share.fraction is None else "campaign" if share.own else "shop"
    return OfferFigures(
        out=sum(row.codes for row in out),
        if_all_redeem=round(float(worth), 2),
        share=share.fraction,
        share_of=of,  # type: ignore[typeddict-item]  # one of the three
        liability=None if share.fraction is None else round(float(worth) * share.fraction, 2),
        redeemed=_uses(row for row in sums.redeemed if shop or row.campaign in names),
        budgets=list(budgets),
        withheld=sum(people for name, people in sums.withheld.items() if shop or name in names),
    )


def told(figures: OfferFigures, currency: str) -> list[str]:
    """The figures as lines for a reader; none where there is nothing to tell."""
    lines = []
    if figures["redeemed"]:
        lines.append(" · ".join(_used(figures["redeemed"], currency)))
    if figures["out"]:
        lines.append(_liability(figures, currency))
    for budget in figures["budgets"]:
        left = f"left of {budget['says']}: {money(float(budget['left']), currency)}"
        lines.append(f"{left}{', by what orders took off' if budget['kind'] == 'redeemed' else ''}")
    if figures["withheld"]:
        people = plural(figures["withheld"], "person", "people")
        lines.append(f"{people} withheld at the last run: budget")
    return lines


def _liability(figures: OfferFigures, currency: str) -> str:
    told = f"{plural(figures['out'], 'code')} out, {money(figures['if_all_redeem'], currency)} if all redeem"
    if figures["share"] is None or figures["liability"] is None:
        return f"{told}; how many do is not known yet: no code has run out"
    whose = "so far" if figures["share_of"] == "campaign" else "as the shop's usually do"
    return f"{told}, {money(figures['liability'], currency)} if {percent(figures['share'])} do, {whose}"


def _used(redeemed: Mapping[str, Uses], currency: str) -> Iterable[str]:
    for standing, uses in redeemed.items():
        apart = "" if standing == "used" else f" {standing}"
        yield f"{count(uses['orders'])} redeemed{apart}, {money(uses['discount'], currency)} off"


def _uses(rows: Iterable[Redeemed]) -> dict[str, Uses]:
    found: dict[str, Uses] = {}
    for row in sorted(rows, key=lambda row: (row.standing != "used", row.standing)):
        known = found.setdefault(row.standing, Uses(orders=0, discount=0.0))
        known["orders"] += row.orders
        known["discount"] = round(known["discount"] + float(row.discount), 2)
    return found


def _value(row: Out, average_order: Decimal) -> Decimal:
    return {"amount": row.value, "percent": average_order * row.value / 100}.get(row.kind, Decimal())
