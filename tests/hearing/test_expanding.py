"""Events move messages up by rank, whatever their order, and settle what was in doubt."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, select
from sqlmodel import col
from what_was_sent import NOW, event, hear, lay, post, reason, states, strays

from regulars import clock
from regulars.campaigns import hearing
from regulars.ledger import halts, ids, intake
from regulars.ledger.inbox import CURSOR, Inbox, Post
from regulars.ledger.store import Ledger
from regulars.ledger.tables import Message


def test_an_event_settles_what_was_in_doubt(ledger: Ledger, inbox: Inbox) -> None:
    for state in ("sending", "ambiguous", "unsent"):
        letters = lay(ledger, 3, state=state)
        told = zip(letters, ("processed", "delivered", "deferred"), strict=True)
        hear(ledger, inbox, *(event(letter, word) for letter, word in told))
        assert states(ledger, letters) == ["accepted", "delivered", "accepted"]


def test_states_only_rise(ledger: Ledger, inbox: Inbox) -> None:
    [letter] = lay(ledger)
    hear(ledger, inbox, event(letter, "open", 90))
    hear(ledger, inbox, event(letter, "delivered", 60))
    hear(ledger, inbox, event(letter, "processed", 50))
    assert states(ledger, [letter]) == ["opened"]


def test_what_was_planned_again_and_left_after_all_is_never_sent_again(ledger: Ledger, inbox: Inbox) -> None:
    for state in ("planned", "claimed", "expired", "suppressed", "dead"):
        [letter] = lay(ledger, state=state, planned_again=True)
        hear(ledger, inbox, event(letter, "delivered"))
        statement = select(Message.state, Message.attempt_id, Message.sent_at, Message.claim_token)
        with ledger.reading() as connection:
            row = connection.execute(statement.where(col(Message.id) == letter.id)).one()
        assert row == ("delivered", letter.attempt, NOW, "")


def test_an_event_of_an_attempt_that_never_carried_the_message_moves_nothing(ledger: Ledger, inbox: Inbox) -> None:
    [letter], [other] = lay(ledger, state="planned", planned_again=True), lay(ledger)
    hear(ledger, inbox, event(letter, "delivered", regulars_att=other.attempt))
    assert states(ledger, [letter]) == ["planned"]
    assert strays(ledger) == ["unknown-attempt"]


def test_an_event_for_another_address_is_never_applied(ledger: Ledger, inbox: Inbox) -> None:
    [letter] = lay(ledger)
    hear(ledger, inbox, event(letter, "spamreport", email="somebody.else@example.com"))
    assert states(ledger, [letter]) == ["sending"]
    assert strays(ledger) == ["other-address"]
    assert not reason(ledger, letter)


def test_the_same_post_twice_is_one(ledger: Ledger, inbox: Inbox) -> None:
    [letter] = lay(ledger)
    told = post(event(letter, "delivered"))
    assert [inbox.keep([told]), inbox.keep([told])] == [1, 0]
    assert hearing.expand_all(ledger, inbox).new == 1
    assert hearing.expand_all(ledger, inbox).posts == 0


def test_a_repeated_event_with_another_id_of_the_provider_is_one(ledger: Ledger, inbox: Inbox) -> None:
    [letter] = lay(ledger)
    assert hear(ledger, inbox, event(letter, "delivered"), event(letter, "delivered")).new == 1
    assert hear(ledger, inbox, event(letter, "delivered")).new == 0


def test_an_event_that_comes_before_our_own_commit_is_applied_afterwards(ledger: Ledger, inbox: Inbox) -> None:
    [letter] = lay(ledger)
    early = event(letter, "bounce", type="bounce")
    with ledger.writing() as connection:
        kept = connection.execute(select(Message.__table__)).mappings().one()
        connection.execute(delete(Message))
    hear(ledger, inbox, early)
    assert strays(ledger) == ["unknown-message"]
    with ledger.writing() as connection:
        connection.execute(Message.__table__.insert().values(**kept))
    hearing.expand_all(ledger, inbox)
    assert (states(ledger, [letter]), reason(ledger, letter), strays(ledger)) == (["bounced"], "bounced", [])


def test_an_attempt_that_this_ledger_has_forgotten_halts_it_once(ledger: Ledger, inbox: Inbox) -> None:
    [letter] = lay(ledger)
    lost = event(letter, "delivered", regulars_mid=ids.one(), regulars_att=ids.one())
    assert hear(ledger, inbox, lost).halted == ["ledger"]
    with ledger.writing() as connection:
        assert halts.in_force(connection) == {"ledger": "restored"}
        halts.lift(connection, "ledger", "the operator", clock.now())
    assert hear(ledger, inbox, {**lost, "event": "open"}).halted == []


def test_the_mail_of_another_ledger_halts_nothing(ledger: Ledger, inbox: Inbox) -> None:
    [letter] = lay(ledger)
    theirs = event(letter, "open", regulars_mid=ids.one(), regulars_att=ids.one(), regulars_led=ids.one())
    heard = hear(ledger, inbox, theirs, {"event": "open", "email": "a@example.com", "timestamp": 1_790_000_000})
    assert (heard.halted, heard.strays, heard.foreign) == ([], 1, 1)


def test_an_older_copy_of_the_ledger_reads_again_what_it_has_forgotten(ledger: Ledger, inbox: Inbox) -> None:
    [letter] = lay(ledger)
    hear(ledger, inbox, event(letter, "delivered"))
    with ledger.writing() as connection:
        position = intake.position(connection, CURSOR)
        assert intake.advance(connection, CURSOR, position, 0)
        connection.execute(Message.__table__.update().values(state="sending"))
    assert hearing.expand_all(ledger, inbox).posts == 1
    assert states(ledger, [letter]) == ["delivered"]


def test_a_post_that_cannot_be_read_does_not_stand_in_the_way(ledger: Ledger, inbox: Inbox) -> None:
    [letter] = lay(ledger)
    broken = [Post("sendgrid", "1", b"\xff[["), Post("nobody", "2", b""), Post("twilio-status", "3", b"a=1&a=2", "%")]
    odd = [{"email": "\ud800", "regulars_mid": letter.id}, {**event(letter, "open"), "timestamp": "soon"}]
    inbox.keep([*broken, post(*odd, event(letter, "delivered", url={"a": [1]}, useragent=7, reason=["x"]))])
    assert hearing.expand_all(ledger, inbox).unreadable >= 4
    assert states(ledger, [letter]) == ["delivered"]


def test_posts_are_kept_for_three_days_and_never_thrown_away_unread(ledger: Ledger, inbox: Inbox) -> None:
    [letter] = lay(ledger)
    inbox.keep([post(event(letter, "delivered"))])
    with clock.frozen(clock.now() + timedelta(days=4)):
        assert hearing.tidy(ledger, inbox) == 0
        hearing.expand_all(ledger, inbox)
        assert hearing.backlog(ledger, inbox) == 0
        assert hearing.tidy(ledger, inbox) == 1


def test_the_provider_s_id_is_kept_where_its_answer_was_lost(ledger: Ledger, inbox: Inbox) -> None:
    lay(ledger, state="ambiguous")
    [letter] = lay(ledger, state="ambiguous")
    hear(ledger, inbox, event(letter, "processed"))
    with ledger.reading() as connection:
        statement = select(Message.provider_id).where(col(Message.id) == letter.id)
        assert connection.execute(statement).scalar_one() == "14c5d75ce93"
