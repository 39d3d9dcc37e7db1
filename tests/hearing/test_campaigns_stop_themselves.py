"""A campaign that people complain of, or that carriers take for spam, stops by itself."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from signing import encoded, status_form
from sqlalchemy import select
from test_addresses import call_back
from what_was_sent import Letter, event, hear, lay

from regulars import clock
from regulars.campaigns import hearing
from regulars.channels import twilio_callbacks
from regulars.ledger import halts
from regulars.ledger.inbox import Inbox, Post
from regulars.ledger.store import Ledger
from regulars.ledger.tables import Tally


def halted(ledger: Ledger) -> dict[str, str]:
    with ledger.reading() as connection:
        return halts.in_force(connection)


def delivered(ledger: Ledger, inbox: Inbox, letters: Sequence[Letter]) -> hearing.Heard:
    return hear(ledger, inbox, *(event(letter, "delivered") for letter in letters))


@pytest.mark.parametrize(
    ("sent", "complaints", "stops", "warns"),
    [(1_000, 3, True, True), (1_000, 2, False, True), (999, 30, False, False), (1_100, 1, False, False)],
)
def test_a_campaign_stops_at_three_complaints_of_a_thousand_delivered(
    ledger: Ledger, inbox: Inbox, sent: int, complaints: int, stops: bool, warns: bool
) -> None:
    letters = lay(ledger, sent)
    delivered(ledger, inbox, letters)
    told = [event(letter, "spamreport") for letter in letters[:complaints]]
    # Told twice, each counts once.
    heard = [hear(ledger, inbox, one, one, {**one, "timestamp": one["timestamp"] + 9}) for one in told]
    assert ("campaign winback" in halted(ledger)) is stops
    assert any(one.warnings or one.halted for one in heard) is warns
    assert sum(len(one.halted) for one in heard) == stops


def test_the_reason_holds_the_figures_and_the_halt_stays_until_it_is_lifted(ledger: Ledger, inbox: Inbox) -> None:
    letters = lay(ledger, 1_000)
    delivered(ledger, inbox, letters)
    hear(ledger, inbox, *(event(letter, "spamreport") for letter in letters[:4]))
    assert halted(ledger) == {"campaign winback": "4 of 1,000 delivered messages were called spam (0.40%)"}
    with ledger.writing() as connection:
        assert halts.lift(connection, "campaign winback", "the operator", clock.now())
    assert halted(ledger) == {}
    hear(ledger, inbox, event(letters[0], "spamreport"))
    assert halted(ledger) == {}
    hear(ledger, inbox, event(letters[5], "spamreport"))
    assert "5 of 1,000" in halted(ledger)["campaign winback"]


def test_another_campaign_goes_on(ledger: Ledger, inbox: Inbox) -> None:
    bad, good = lay(ledger, 1_000), lay(ledger, 1_000, campaign="welcome")
    delivered(ledger, inbox, bad)
    delivered(ledger, inbox, good)
    hear(ledger, inbox, *(event(letter, "spamreport") for letter in bad[:3]), event(good[0], "spamreport"))
    assert list(halted(ledger)) == ["campaign winback"]


def test_a_campaign_that_carriers_take_for_spam_stops(ledger: Ledger, inbox: Inbox) -> None:
    letters = lay(ledger, 1_000, channel="sms")
    posts = []
    for number, letter in enumerate(letters):
        form = status_form(letter.address, "delivered") if number >= 10 else filtered(letter)
        query = f"m={letter.id}&a={letter.attempt}"
        posts.append(Post("twilio-status", twilio_callbacks.digest(encoded(form), query), encoded(form), query))
    inbox.keep(posts)
    hearing.expand_all(ledger, inbox)
    assert halted(ledger) == {}
    [one] = lay(ledger, channel="sms")
    assert call_back(ledger, inbox, one, "undelivered", ErrorCode="30007").halted == ["campaign winback"]
    assert "11 of 1,001" in halted(ledger)["campaign winback"]


def filtered(letter: Letter) -> dict[str, str]:
    return status_form(letter.address, "undelivered", ErrorCode="30007")


def test_tallies_count_each_message_once(ledger: Ledger, inbox: Inbox) -> None:
    letters = lay(ledger, 3)
    for _ in range(2):
        delivered(ledger, inbox, letters)
    hear(ledger, inbox, event(letters[0], "bounce", 70, type="bounce"), event(letters[0], "bounce", 80, type="blocked"))
    with ledger.reading() as connection:
        found = connection.execute(select(Tally.kind, Tally.n)).all()
    assert sorted(found) == [("bounced", 1), ("delivered", 3)]
