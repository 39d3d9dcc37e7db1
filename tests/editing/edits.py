"""What the tests of edits share: a campaign of several letters, and what left on a day."""

from __future__ import annotations

from collections.abc import Callable

import shop_days as days
from small_shop import SmallShop

Plan = Callable[[str, str], str]
"""The fixture `plan`."""
FIRST, SECOND, THIRD, FOURTH = (f"2026-02-0{day} 10:00" for day in (1, 2, 3, 4))
"""10:00 of four days of February, by the shop's clock."""
LETTERS = ("one", "two", "three")


def letter(name: str, say: str = "", send: str = "email") -> str:
    """A message of `win` in YAML; `say` is what more it says, such as `after: 1 day`."""
    return f"{{send: {send}, template: win/{name}, subject: S{', ' if say else ''}{say}}}"


def win(shop: SmallShop, *messages: str, **keys: str) -> None:
    """The campaign `win` with these messages (see `letter`); written again it is an edit."""
    shop.campaign("win", messages=f"[{', '.join(messages)}]", **keys)


def one_after_another(shop: SmallShop, *after: str, **keys: str) -> None:
    """The campaign `win`: the letter `one`, then `two`, `three` … each so long after the one above."""
    later = [letter(name, f"after: {say}") for name, say in zip(LETTERS[1:], after, strict=False)]
    win(shop, letter("one"), *later, **keys)


def got(shop: SmallShop) -> dict[str, str]:
    """What left, by customer, in the order it left: `one 1 Feb, two 2 Feb`, by UTC's days."""
    told: dict[str, list[str]] = {}
    sent = days.rows(shop, "message", "customer_id, name, sent_at", "customer_id, sent_at")
    for row in sent:
        if row["sent_at"]:
            day = f"{int(row['sent_at'][8:10])} {('Jan', 'Feb', 'Mar')[int(row['sent_at'][5:7]) - 1]}"
            told.setdefault(row["customer_id"], []).append(f"{row['name']} {day}")
    return {customer: ", ".join(said) for customer, said in told.items()}
