"""Proofs: marked messages to the shop's own team, which leave no trace."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest

import shop_days as days
from regulars import clock
from regulars.campaigns.trying.proofs import Proof, prove
from regulars.errors import WrongUse
from regulars.ledger import codes
from small_shop import SmallShop, at

DAY = "2026-02-01 10:00"
TWO = "[{send: email, template: win/one, subject: '{{ customer.first_name }}, {{ offer.percent }}', offer: {percent: 10, valid: 5 days}}, {send: 'sms, else email', template: win/two, subject: B, after: 5 days}]"  # fmt: skip  # noqa: E501  # one campaign


@pytest.fixture
def team(shop: SmallShop) -> SmallShop:
    """Ana has a mailbox, Mihai a phone; the campaign is a draft, with an offer and a text message."""
    shop.rules = shop.rules.replace("site:", "team: {ana: ana@casaverde.example, mihai: +40 700 000 100}\n  site:")
    shop.customer("real", first_name="Realperson", city="Cluj")
    shop.campaign("win", status="draft", messages=TWO)
    for name in ("one", "two"):
        shop.words(f"win/{name}", offer="{{ offer.code }} {{ customer.city }}")
    return shop


def proved(shop: SmallShop, name: str, **asked: str) -> list[Proof]:
    with shop.desk(looking=True) as desk, clock.frozen(at(DAY)):
        return prove(desk, "win", name, at(DAY), **asked)


def mails(shop: SmallShop) -> list[EmailMessage]:
    found = (shop.root / ".regulars" / "outbox").rglob("*.eml")
    return [message_from_bytes(path.read_bytes(), policy=policy.default) for path in found]  # type: ignore[misc]  # the policy makes them


def texts(shop: SmallShop) -> list[str]:
    return [path.read_text(encoding="utf-8") for path in (shop.root / ".regulars" / "outbox").rglob("*.txt")]


def test_every_message_goes_in_every_language_marked_as_a_test(team: SmallShop) -> None:
    told = proved(team, "ana")
    assert {(one.message, one.channel, one.language) for one in told} == {
        (name, "email", language) for name in ("one", "two") for language in ("ro", "ru", "en")
    }
    assert all(one.sent for one in told)
    assert {mail["To"] for mail in mails(team)} == {"ana@casaverde.example"}
    subjects = sorted(mail["Subject"] for mail in mails(team))
    assert subjects == ["[TEST] B"] * 3 + ["[TEST] Ioana, 10", "[TEST] Kate, 10", "[TEST] Олег, 10"]


def test_a_phone_gets_the_text_messages_and_is_told_of_the_others(team: SmallShop) -> None:
    first, *others = proved(team, "mihai")
    assert first.outcome == "it goes by email, and mihai has a phone number"
    assert {(one.message, one.channel, one.sent) for one in others} == {("two", "sms", True)}
    assert len(texts(team)) == 3
    assert all(text.startswith("To: +40700000100\n") and "\n\nTEST " in text for text in texts(team))


def test_nobody_real_is_in_it_unless_somebody_is_named(team: SmallShop) -> None:
    proved(team, "ana")
    assert not any("Realperson" in mail.as_string() or "Cluj" in mail.get_body(("plain",)).get_content().splitlines()[0] for mail in mails(team))  # fmt: skip  # noqa: E501  # one look
    proved(team, "ana", customer="real", message="one", language="ro")
    assert sum("Realperson" in mail["Subject"] for mail in mails(team)) == 1


def test_its_code_is_none_and_its_links_lead_to_no_message(team: SmallShop) -> None:
    proved(team, "ana", message="one", language="ro")
    (mail,) = mails(team)
    words = mail.get_body(("plain",)).get_content()
    assert "THISCODE" in words
    assert not codes.valid("THISCODE")
    token = words.split("u=")[1].split()[0]
    with team.desk(looking=True) as desk:
        identity = desk.links.message("unsubscribe", token)
    assert identity is not None
    assert days.rows(team, "message") == []


def test_it_leaves_no_trace(team: SmallShop) -> None:
    team.guards = "  frequency: {any: 1 per day}"
    proved(team, "ana", customer="real")
    for table in ("enrolment", "message", "code", "attempt", "run"):
        assert days.rows(team, table) == []
    team.campaign("win", messages=TWO)
    assert days.run(team, "win", DAY).send == {"email": 1}


def test_only_the_team_gets_proofs(team: SmallShop) -> None:
    with pytest.raises(WrongUse, match=r"`anna` is nobody of `shop\.team` in rules\.yaml\. Did you mean `ana`\?"):
        proved(team, "anna")


def test_rows_are_shown_without_a_customer_of_theirs(team: SmallShop) -> None:
    team.order("real", "2026-01-05 10:00:00", total=77)
    team.campaign("win", messages=TWO, audience="true", for_each="{row: orders}")
    team.words("win/one", offer="{{ row.total }} {{ row.customer_id }}")
    assert all(one.sent for one in proved(team, "ana", message="one"))
    shown = {tuple(mail.get_body(("plain",)).get_content().splitlines()[0].split()[-2:]) for mail in mails(team)}
    assert shown == {("12", "customer_id")}
