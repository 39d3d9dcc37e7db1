"""What events say of addresses: whom we write to no more, at once, and who said yes again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from signing import SID, encoded, inbound_form, status_form
from sqlalchemy import select
from what_was_sent import NOW, Letter, event, hear, lay, reason, states

from regulars import clock
from regulars.campaigns import hearing
from regulars.channels import twilio_callbacks
from regulars.ledger import consent, halts
from regulars.ledger.inbox import Inbox, Post
from regulars.ledger.store import Ledger
from regulars.ledger.tables import ConsentRecord

DAY = 86_400


def write(ledger: Ledger, inbox: Inbox, sender: str, words: str, number: int = 0, **more: str) -> None:
    """Somebody writes a text message to us."""
    body = encoded(inbound_form(sender, words, f"SM{number:032x}", **more))
    inbox.keep([Post("twilio-inbound", twilio_callbacks.digest(body, ""), body)])
    hearing.expand_all(ledger, inbox)


def call_back(ledger: Ledger, inbox: Inbox, letter: Letter, status: str, **more: str) -> hearing.Heard:
    """Twilio tells what became of a text message."""
    body = encoded(status_form(letter.address, status, **more))
    query = f"m={letter.id}&a={letter.attempt}&l={letter.ledger}&k=k1"
    inbox.keep([Post("twilio-status", twilio_callbacks.digest(body, query), body, query)])
    return hearing.expand_all(ledger, inbox)


SAID_BY_EMAIL: list[tuple[str, dict[str, Any], str]] = [
    ("bounce", {"type": "bounce"}, "bounced"),
    ("spamreport", {}, "complaint"),
    ("unsubscribe", {}, "opted-out"),
    ("group_unsubscribe", {"asm_group_id": 7}, "opted-out"),
    ("dropped", {"reason": "Bounced Address"}, "bounced"),
    ("dropped", {"reason": "Spam Reporting Address"}, "complaint"),
    ("dropped", {"reason": "Unsubscribed Address"}, "opted-out"),
    ("dropped", {"reason": "Spam Content (if Spam Checker app enabled)"}, ""),
    ("bounce", {"type": "blocked"}, ""),
    ("deferred", {}, ""),
]
SAID_BY_SMS = [
    ("queued", "", "accepted", ""),
    ("sent", "", "accepted", ""),
    ("delivered", "", "delivered", ""),
    ("read", "", "opened", ""),
    ("undelivered", "30003", "failed", ""),
    ("undelivered", "30005", "failed", "unusable"),
    ("undelivered", "30006", "failed", "unusable"),
    ("failed", "21614", "failed", "unusable"),
    ("failed", "21610", "failed", "opted-out"),
    ("failed", "99999", "failed", ""),
    ("receiving", "", "sending", ""),
]


def test_an_event_suppresses_its_address_at_once(ledger: Ledger, inbox: Inbox) -> None:
    letters = lay(ledger, len(SAID_BY_EMAIL))
    told = zip(letters, SAID_BY_EMAIL, strict=True)
    hear(ledger, inbox, *(event(letter, word, **more) for letter, (word, more, _) in told))
    assert [reason(ledger, letter) for letter in letters] == [why for _, _, why in SAID_BY_EMAIL]


def test_who_unsubscribes_at_the_provider_s_has_said_no_to_us(ledger: Ledger, inbox: Inbox) -> None:
    [letter] = lay(ledger, customers=["ana"])
    for _ in range(2):
        hear(ledger, inbox, event(letter, "group_unsubscribe", asm_group_id=7))
    with ledger.reading() as connection:
        said = connection.execute(select(ConsentRecord.customer_id, ConsentRecord.given, ConsentRecord.source)).all()
    assert said == [("ana", False, "provider: sendgrid")]


def test_who_comes_back_is_written_to_again_whichever_word_came_first(ledger: Ledger, inbox: Inbox) -> None:
    first, second = lay(ledger, 2)
    for letter, order in ((first, 1), (second, -1)):
        said = [event(letter, "group_unsubscribe", 100), event(letter, "group_resubscribe", 200)]
        for word in said[::order]:
            hear(ledger, inbox, word)
        assert reason(ledger, letter) == ""
    said = {row["customer_id"]: row["given"] for row in consent.words(ledger).to_pylist()}
    assert said == {first.customer: True, second.customer: True}


def test_a_yes_takes_back_a_no_and_never_a_complaint(ledger: Ledger, inbox: Inbox) -> None:
    [letter] = lay(ledger)
    hear(ledger, inbox, event(letter, "spamreport", 100), event(letter, "group_resubscribe", 200))
    assert reason(ledger, letter) == "complaint"


def test_a_weaker_reason_never_takes_the_place_of_a_stronger_one(ledger: Ledger, inbox: Inbox) -> None:
    [letter] = lay(ledger)
    for word in ("spamreport", "bounce", "unsubscribe"):
        hear(ledger, inbox, event(letter, word, type="bounce"))
    assert reason(ledger, letter) == "complaint"


def test_three_soft_bounces_in_thirty_days_suppress(ledger: Ledger, inbox: Inbox) -> None:
    for who, days, why in (("ion", (0, 10, 20), "unusable"), ("ana", (0, 20, 40), ""), ("dan", (0, 10), "")):
        letters = lay(ledger, len(days), addresses=[f"{who}@example.com"] * len(days), customers=[who] * len(days))
        for letter, day in reversed(list(zip(letters, days, strict=True))):
            for _ in range(2):
                hear(ledger, inbox, event(letter, "bounce", day * DAY, type="blocked"))
        assert reason(ledger, letters[0]) == why


def test_stop_closes_the_number_whoever_of_several_customers_has_it(ledger: Ledger, inbox: Inbox) -> None:
    number = "+40700000009"
    letters = lay(ledger, 2, channel="sms", addresses=[number] * 2, customers=["ana", "ion"])
    write(ledger, inbox, number, "Vă rog, nu mai vreau mesaje")
    with ledger.reading() as connection:
        objected = dict(consent.objections(connection, [letter.id for letter in letters]))
    assert objected == {letter.id: "opted-out" for letter in letters}


def test_start_opens_what_stop_has_closed_and_an_old_stop_told_again_does_not_close_it(
    ledger: Ledger, inbox: Inbox
) -> None:
    [letter] = lay(ledger, channel="sms")
    for number, words, why in ((1, "STOP", "opted-out"), (2, "START", ""), (1, "STOP", ""), (3, "stop", "opted-out")):
        write(ledger, inbox, letter.address, words, number)
        assert reason(ledger, letter, "sms") == why
    later = clock.now() + timedelta(days=5)
    with clock.frozen(later):
        hearing.tidy(ledger, inbox)
        write(ledger, inbox, letter.address, "START", 2)
    assert reason(ledger, letter, "sms") == "opted-out"


def test_twilio_s_own_finding_counts_before_ours(ledger: Ledger, inbox: Inbox) -> None:
    [letter] = lay(ledger, channel="sms")
    write(ledger, inbox, letter.address, "Basta", OptOutType="STOP")
    assert reason(ledger, letter, "sms") == "opted-out"


def test_a_status_moves_the_message_and_its_code_may_close_the_number(ledger: Ledger, inbox: Inbox) -> None:
    letters = lay(ledger, len(SAID_BY_SMS), channel="sms")
    for letter, (status, code, _, _) in zip(letters, SAID_BY_SMS, strict=True):
        call_back(ledger, inbox, letter, status, **({"ErrorCode": code} if code else {}))
    ended = zip(states(ledger, letters), [reason(ledger, letter, "sms") for letter in letters], strict=True)
    assert list(ended) == [(state, why) for _, _, state, why in SAID_BY_SMS]


def test_three_times_out_of_reach_close_a_number(ledger: Ledger, inbox: Inbox) -> None:
    letters = lay(ledger, 3, channel="sms", addresses=["+40700000009"] * 3, customers=["ion"] * 3)
    for letter in letters:
        assert reason(ledger, letter, "sms") == ""
        call_back(ledger, inbox, letter, "undelivered", ErrorCode="30003")
    assert reason(ledger, letters[0], "sms") == "unusable"


def test_a_sender_that_is_not_registered_halts_its_channel(ledger: Ledger, inbox: Inbox) -> None:
    [letter] = lay(ledger, channel="sms")
    assert call_back(ledger, inbox, letter, "undelivered", ErrorCode="30034").halted == ["channel sms"]
    with ledger.reading() as connection:
        assert "30034" in halts.in_force(connection)["channel sms"]


def test_an_event_shows_neither_the_number_nor_the_words_of_who_wrote() -> None:
    reading = twilio_callbacks.read_inbound(encoded(inbound_form("+40700000009", "Stop, please")), NOW)
    assert "40700000009" not in repr(reading)
    assert "please" not in repr(reading)
    [told] = twilio_callbacks.read_inbound(encoded(inbound_form("+40700000009", "stop")), NOW).events
    assert (told.provider_id, told.message_id, told.detail) == (SID, "", "said by text message")
