"""What a code counts for in a budget: what it may take off at most, and what is to be expected of it.

`at_most`: an amount as it is; a percentage of the shop's average order. `expected`: that times the share of codes that
are usually used. Both in hundredths of the shop's currency; what is expected is rounded up.

The share is (used + 1) / (run out + 1), over codes whose time is over: of the campaign, once 100 of its codes have run
out, else of the shop. One code more than there were, and used: without any history a code counts in full, and a
budget is never taken for empty because nobody has had the time to use anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from regulars.campaigns.desk import Desk
from regulars.ledger import usual
from regulars.ledger.budgets import Rate
from regulars.people.engine import text

if TYPE_CHECKING:
    from regulars.campaigns.offers import Terms

AT_MOST, EXPECTED = "at_most", "expected"
"""Columns of decisions and letters: whole hundredths; 0 where no code is given."""


def rate(desk: Desk, campaign: str, at: datetime) -> Rate:
    """What codes of a campaign are counted by at `at`."""
    whole = desk.everybody
    share = usual.redeemed(whole.ledger, desk.names_of(campaign), at)
    return Rate(float(whole.order_totals(at).average_order), (share.used + 1) / (share.over + 1))


def columns(terms: Mapping[str, Terms], gives: str, by: Rate) -> str:
    """SQL of the two columns of each row. `terms`: see `Letters.terms`; `gives` is the SQL of who is given a code."""
    each = {variant: _full(own, by) for variant, own in terms.items()}
    ways = " ".join(f"when {text(variant)} then {full}" for variant, full in each.items())
    full = each.get("", f"case variant {ways} else 0 end")
    most = f"case when {gives} then cast(round({full}) as bigint) else 0 end"
    return f"{most} as {AT_MOST}, cast(ceil(round({most} * {by.share!r}, 6)) as bigint) as {EXPECTED}"


def _full(terms: Terms, by: Rate) -> str:
    """SQL of what one code of these terms takes off at most; 0 where it takes nothing off that can be counted."""
    if terms.offer.kind == "percent":
        return f"{terms.value} * {by.average_order!r}"
    return f"{terms.value} * 100" if terms.offer.kind == "amount" else "0"
