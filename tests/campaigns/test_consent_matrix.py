"""Whose word counts: the shop's column, what somebody said to us, what providers closed, by purpose of the campaign."""

from __future__ import annotations

from itertools import product

import pytest

from regulars import clock
from regulars.campaigns import deliver, running
from regulars.campaigns.desk import Desk
from regulars.ledger import consent, outbox
from regulars.people import engine
from small_shop import SmallShop, at

MONDAY = at("2026-02-02 10:00")
SHOP = ("yes", "no")
SAID = (None, True, False)
STOPPED = (False, True)
CASES = list(product(SHOP, SAID, STOPPED))


def reason(shop: str, said: bool | None, *, stopped: bool, service: bool, double: bool) -> str | None:
    """What must come out: their own word over the shop's, a suppression over both, a service over consent."""
    agrees = said if said is not None else shop == "yes" and not double
    if not (agrees or service):
        return "no-consent"
    return "suppressed" if stopped else None


def name(number: int) -> str:
    return f"p{number}"


def say(desk: Desk) -> None:
    """Everything that was said and closed, case by case."""
    salt = desk.ledger.salt("addresses")
    with desk.ledger.writing() as connection:
        for number, (_, said, stopped) in enumerate(CASES):
            if said is not None:
                consent.record(connection, name(number), "email", MONDAY, given=said, source="preference page")
            if stopped:
                hashed = consent.address_hash(salt, f"{name(number)}@example.com")
                consent.suppress(connection, hashed, "email", "bounced", MONDAY)


def people(shop: SmallShop) -> None:
    for number, (column, _, _) in enumerate(CASES):
        shop.customer(name(number), email_consent=column)


@pytest.mark.parametrize("double", [False, True])
@pytest.mark.parametrize("service", [False, True])
def test_whose_word_counts_when_a_campaign_selects(shop: SmallShop, *, service: bool, double: bool) -> None:
    people(shop)
    shop.guards = "  double_opt_in: [email]" if double else ""
    shop.campaign("hello", purpose="service" if service else "marketing")
    with shop.desk() as desk, clock.frozen(MONDAY):
        say(desk)
        running.select(desk, "hello", MONDAY)
        found = engine.arrow(desk.connection, "select customer_id, reason from regulars_selected").to_pylist()
    expected = {
        name(number): reason(column, said, stopped=stopped, service=service, double=double)
        for number, (column, said, stopped) in enumerate(CASES)
    }
    assert {one["customer_id"]: one["reason"] for one in found} == expected


@pytest.mark.parametrize("service", [False, True])
def test_whose_word_counts_at_the_last_moment(shop: SmallShop, *, service: bool) -> None:
    for number in range(len(CASES)):
        shop.customer(name(number))
    shop.campaign("hello", purpose="service" if service else "marketing")
    with shop.desk() as desk, clock.frozen(MONDAY):
        selected = running.select(desk, "hello", MONDAY)
        running.enrol(desk, selected.run_id, 0)
        claim = outbox.claim(desk.ledger, "email", 100, MONDAY, "w")
        assert claim is not None
        say(desk)
        topics = {"hello": None if service else ""}
        intent = outbox.intend(desk.ledger, claim, [row.id for row in claim.rows], MONDAY, "w", topics=topics)
        sent = {row.customer_id for row in claim.rows if row.id in intent.ids}
    # The shop's column was asked a moment before: here only what was said and closed since can stop it.
    assert sent == {
        name(number)
        for number, (_, said, stopped) in enumerate(CASES)
        if reason("yes", said, stopped=stopped, service=service, double=False) is None
    }


def test_what_was_planned_before_double_opt_in_is_not_sent_without_a_word(shop: SmallShop) -> None:
    shop.customer("ana")
    shop.customer("ion")
    shop.campaign("hello")
    with shop.desk() as desk, clock.frozen(MONDAY):
        selected = running.select(desk, "hello", MONDAY)
        running.enrol(desk, selected.run_id, 0)
        with desk.ledger.writing() as connection:
            consent.record(connection, "ion", "email", MONDAY, given=True, source="double opt-in")
    shop.guards = "  double_opt_in: [email]"
    with shop.desk() as desk, clock.frozen(MONDAY):
        assert deliver.deliver(desk, "email", 10, MONDAY, "w").counts == {"accepted": 1, "suppressed": 1}
