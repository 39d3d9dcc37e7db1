"""Tables of the ledger that a campaign may walk with `for_each`."""

from __future__ import annotations

from regulars.lang.expressions import Field

REFERRALS, FRIENDS = "referrals", "friends"
LEDGER_TABLES: dict[str, dict[str, Field]] = {
    name: {
        "referral_id": Field("text"),
        "customer_id": Field("text"),
        "ordered_at": Field("time"),
        "pending": Field("yes_no"),
        "paid": Field("yes_no"),
        "taken_back": Field("yes_no"),
        "refused": Field("yes_no"),
        "reason": Field("text"),
        "paid_at": Field("time"),
        "friends": Field("number"),
        "kind": Field("text"),
        "value": Field("number"),
        "gift": Field("text"),
        "code": Field("text"),
        "valid_until": Field("date"),
    }
    for name in (REFERRALS, FRIENDS)
}
"""Tables of the ledger that a campaign may walk, with their columns: a row for each friend who came with a code.

The rows of `referrals` are the advocates', those of `friends` the friends' own. Neither names the other person: what
one of them orders is no business of the other's.
"""
LEDGER_ROW = {"customer": "customer_id", "at": "ordered_at", "id": "referral_id"}
"""Their columns of whom a row is, when it happened and what makes it one."""
