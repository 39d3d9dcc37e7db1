"""Events and workers meet: whoever commits first wins, and nothing is sent twice."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import select
from sqlmodel import col
from what_was_sent import NOW, event, hear, lay, post, reason, states

from regulars.campaigns import hearing
from regulars.ledger import outbox
from regulars.ledger.inbox import Inbox
from regulars.ledger.store import Ledger
from regulars.ledger.tables import Enrolment, Event, Message


def test_a_worker_whose_message_proved_to_have_left_may_not_send_it(ledger: Ledger, inbox: Inbox) -> None:
    letters = lay(ledger, 2, state="planned", planned_again=True)
    with ledger.writing() as connection:
        for letter in letters:
            entry = {"id": letter.id, "campaign": "winback", "customer_id": letter.customer, "occasion": "1"}
            entry |= {"arm": "treated", "entered_at": NOW, "due_at": NOW, "run_id": "", "offer_step": 0}
            connection.execute(Enrolment.__table__.insert().values(**entry, end_reason="", row_ids=""))
    claim = outbox.claim(ledger, "email", 10, NOW, "a worker")
    assert claim is not None
    hear(ledger, inbox, event(letters[0], "delivered"))
    intent = outbox.intend(ledger, claim, [letter.id for letter in letters], NOW, "a worker")
    assert intent.ids == {letters[1].id}
    assert states(ledger, letters) == ["delivered", "sending"]


def test_the_answer_of_a_provider_that_comes_after_its_event_changes_nothing(ledger: Ledger, inbox: Inbox) -> None:
    from regulars.channels.contract import Answer

    [letter] = lay(ledger)
    hear(ledger, inbox, event(letter, "delivered"))
    outbox.record(ledger, letter.attempt, [Answer(letter.id, "ambiguous")], NOW)
    assert states(ledger, [letter]) == ["delivered"]


def test_several_who_expand_at_once_expand_each_post_once(ledger: Ledger, inbox: Inbox) -> None:
    letters = lay(ledger, 60)
    inbox.keep([post(event(letter, word)) for letter in letters for word in ("processed", "bounce")])
    heard: list[hearing.Heard] = []
    threads = [threading.Thread(target=lambda: heard.append(hearing.expand_all(ledger, inbox))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(heard), sum(one.posts for one in heard), sum(one.new for one in heard)) == (4, 120, 120)
    assert set(states(ledger, letters)) == {"bounced"}


def test_a_chunk_that_fails_leaves_no_trace_and_is_read_again(
    ledger: Ledger, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    from regulars.ledger import verdicts

    [letter] = lay(ledger)
    inbox.keep([post(event(letter, "spamreport"))])
    with monkeypatch.context() as broken:
        broken.setattr(verdicts, "carry_out", lambda *_: (_ for _ in ()).throw(OSError("gone")))
        with pytest.raises(OSError, match="gone"):
            hearing.expand_all(ledger, inbox)
    with ledger.reading() as connection:
        assert connection.execute(select(Event)).all() == []
        assert connection.execute(select(col(Message.state))).scalar() == "sending"
    hearing.expand_all(ledger, inbox)
    assert reason(ledger, letter) == "complaint"
