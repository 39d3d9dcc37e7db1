"""Offers and holdouts are edited while codes are out and people are inside."""

from __future__ import annotations

import json

from edits import FIRST, SECOND, THIRD, letter, one_after_another, win

import shop_days as days
from small_shop import SmallShop


def codes(shop: SmallShop) -> dict[str, str]:
    """Customer → kind, value and end of their codes."""
    found = days.rows(shop, "code", "customer_id, kind, value, valid_until", "issued_at, customer_id")
    told: dict[str, list[str]] = {}
    for row in found:
        told.setdefault(row["customer_id"], []).append(f"{row['kind']} {row['value']:g} to {row['valid_until'][:10]}")
    return {customer: ", ".join(said) for customer, said in told.items()}


def test_codes_that_are_out_keep_their_terms_and_new_ones_have_the_new(shop: SmallShop) -> None:
    shop.customer("ana")
    win(shop, letter("one", "offer: {percent: 10, valid: 5 days}"))
    days.live(shop, FIRST, "win")
    shop.customer("ion")
    win(shop, letter("one", "offer: {amount: 25, valid: 9 days}"))
    days.live(shop, SECOND, "win")
    assert codes(shop) == {"ana": "percent 10 to 2026-02-06", "ion": "amount 25 to 2026-02-11"}


def test_a_follow_up_that_shows_the_offer_shows_the_terms_that_are_out(shop: SmallShop) -> None:
    shop.customer("ana")
    win(shop, letter("one", "offer: {percent: 10, valid: 5 days}"), letter("two", "after: 1 day"))
    days.live(shop, FIRST, "win")
    win(shop, letter("one", "offer: {percent: 30, valid: 9 days}"), letter("two", "after: 1 day"))
    shop.words("win/two", offer="{{ offer.code }} {{ offer.percent }}")
    days.live(shop, SECOND)
    first, second = (json.loads(row["context"]) for row in days.rows(shop, "message", "context", "due_at"))
    assert second["offer"]["percent"] == "10"
    (code,) = days.rows(shop, "code")
    assert second["offer"]["code"] == code["code"]
    assert first["offer"]["valid_until"] == second["offer"]["valid_until"] == "2026-02-06"


def test_a_letter_that_waits_for_the_morning_keeps_the_code_it_was_given(shop: SmallShop) -> None:
    shop.customer("ana")
    shop.guards = '  quiet_hours: {email: "21:00-09:00"}'
    win(shop, letter("one", "offer: {percent: 10, valid: 5 days}"))
    days.live(shop, "2026-02-01 22:00", "win")
    win(shop, letter("one", "offer: {percent: 30, valid: 9 days}"))
    days.live(shop, "2026-02-02 09:00")
    (row,) = days.rows(shop, "message")
    assert (row["state"], json.loads(row["context"])["offer"]["percent"]) == ("accepted", "10")


# --- the holdout


def crowd(shop: SmallShop, people: int) -> None:
    for number in range(people):
        shop.customer(f"c{number}", phone=f"+4070000{number:04}")


def arms(shop: SmallShop) -> dict[str, str]:
    return {row["customer_id"]: row["arm"] for row in days.rows(shop, "enrolment", "customer_id, arm", "entered_at")}


def test_a_larger_holdout_keeps_everybody_in_the_arm_they_are_in(shop: SmallShop) -> None:
    crowd(shop, 200)
    one_after_another(shop, "1 day", holdout="5%")
    days.live(shop, FIRST, "win")
    before = arms(shop)
    held = {customer for customer, arm in before.items() if arm == "holdout"}
    assert 0 < len(held) < 30
    one_after_another(shop, "1 day", holdout="10%")
    days.live(shop, SECOND, "win")
    assert arms(shop) == before, "those inside keep their arm, and nobody enters twice"
    sent = [row["customer_id"] for row in days.rows(shop, "message") if row["name"] == "two"]
    assert set(sent) == set(before) - held


def test_who_comes_again_after_the_holdout_grew_is_held_out_if_they_were(shop: SmallShop) -> None:
    crowd(shop, 200)
    shop.campaign("win", holdout="5%", repeat="every run")
    days.live(shop, FIRST, "win")
    held = {customer for customer, arm in arms(shop).items() if arm == "holdout"}
    shop.campaign("win", holdout="10%", repeat="every run")
    days.live(shop, THIRD, "win")
    later = days.rows(shop, "enrolment", "customer_id, arm", "entered_at")[len(shop.customers) :]
    again = {row["customer_id"] for row in later if row["arm"] == "holdout"}
    assert held < again
