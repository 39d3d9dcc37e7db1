"""Facts, consent, referrals, events and templates: what the ledger tells about people."""

from __future__ import annotations

import threading
from datetime import timedelta
from decimal import Decimal
from hashlib import sha256
from pathlib import Path

import pyarrow as pa
import pytest
from ledger_people import NOW, SECOND, enrolments, messages, offers
from sqlalchemy import select, update
from sqlmodel import Session, col

from regulars.ledger import answered, bulk, consent, events, facts, outbox, referrals, templates
from regulars.ledger.crossing import MOMENT, MONEY
from regulars.ledger.events import News
from regulars.ledger.store import Ledger
from regulars.ledger.tables import Conversion, Enrolment, Message, Outcome, Referral

DAY = timedelta(days=1)
TODAY = NOW.date()


def sent(ledger: Ledger, n: int) -> list[str]:
    """Send to the first `n` customers; the ids of their messages, in the customers' order."""
    people = enrolments(n)
    issued = offers(people)
    written = messages(people, issued)
    with ledger.writing() as connection:
        outbox.enrol(connection, people, written, issued)
    held = outbox.claim(ledger, "email", n, NOW, "w")
    outbox.intend(ledger, held, [row.id for row in held.rows], NOW, "w")
    return written["id"].to_pylist()


def by_customer(table: pa.Table) -> dict:
    return {row.pop("customer_id"): row for row in table.to_pylist()}


def converted(ledger: Ledger, enrolment_id: str, customer_id: str, order_id: str = "o1") -> None:
    row = Conversion(
        order_id=order_id,
        campaign="winback",
        enrolment_id=enrolment_id,
        message_id="m",
        customer_id=customer_id,
        arm="treated",
        evidence="code",
        amount=Decimal("99.90"),
        currency="RON",
        at=NOW,
        recorded_at=NOW,
    )
    with ledger.writing() as connection, Session(connection) as session:
        session.add(row)
        session.flush()


def test_confirmed_is_whoever_said_yes_to_e_mail_last(ledger: Ledger):
    said = [
        ("yes", "email", True, ""), ("back", "email", True, ""), ("back", "email", False, ""), ("sms", "sms", True, ""),
        ("topic", "email", True, "news"), ("again", "email", False, ""), ("again", "email", True, ""),
    ]  # fmt: skip
    with ledger.writing() as connection:
        for second, (customer, channel, given, topic) in enumerate(said):
            at = NOW + second * SECOND
            consent.record(connection, customer, channel, at, given=given, source="double opt-in", topic=topic)
    known = by_customer(facts.contact_facts(ledger, TODAY, NOW + DAY))
    assert {customer for customer, row in known.items() if row["confirmed"]} == {"yes", "again"}
    assert facts.contact_facts(ledger, TODAY, NOW).num_rows == 0, "nothing of this was said then"


def test_contact_facts_count_what_happened_in_thirty_days(ledger: Ledger):
    first, second = sent(ledger, 2)
    with ledger.writing() as connection:
        news = [News("1", "sendgrid", first, "opened", NOW), News("2", "sendgrid", first, "opened", NOW + SECOND)]
        news += [News("3", "sendgrid", first, "clicked", NOW), News("4", "sendgrid", second, "delivered", NOW)]
        events.record(connection, news, NOW)
        rows = {"friend_id": ["f"], "advocate_id": ["c7"], "code": ["X"], "order_id": ["o9"]}
        rows |= {"amount": pa.array([Decimal(10)], MONEY), "at": pa.array([NOW], MOMENT)}
        rows |= {"id": ["r"], "state": ["paid"]} | dict.fromkeys(("recorded_at", "changed_at", "paid_at"), rows["at"])
        bulk.insert(connection, Referral, pa.table(rows))
    converted(ledger, "e", "c1")
    known = by_customer(facts.contact_facts(ledger, TODAY, NOW + DAY))
    nothing = dict.fromkeys(["messages_30d", "opens_30d", "clicks_30d", "conversions_30d", "referrals"], 0)
    nothing |= {"confirmed": False} | dict.fromkeys(answered.LATEST.names[1:])
    assert known == {
        "c0": nothing | {"last_contacted": NOW, "messages_30d": 1, "opens_30d": 1, "clicks_30d": 1},
        "c1": nothing | {"last_contacted": NOW, "messages_30d": 1, "conversions_30d": 1},
        "c7": nothing | {"last_contacted": None, "referrals": 1},
    }
    later = by_customer(facts.contact_facts(ledger, TODAY + 31 * DAY, NOW + 31 * DAY))
    assert later["c0"] == nothing | {"last_contacted": NOW}
    assert facts.contact_facts(ledger, TODAY, NOW).num_rows == 0, "nothing of this was known then"


def test_answers_are_known_by_survey_the_newest_first_and_scanners_never(ledger: Ledger):
    first, second = sent(ledger, 2)
    with ledger.writing() as connection:
        answered.record(connection, first, "cli", {"recommend": 6, "buy_again": 5}, NOW)
        answered.record(connection, second, "nps", {"recommend": 9}, NOW, comment="Well.")
        answered.record(connection, second, "nps", {"recommend": 3}, NOW + SECOND)
        answered.record(connection, "0" * 32, "nps", {"recommend": 3}, NOW)
    known = by_customer(facts.contact_facts(ledger, TODAY, NOW + DAY))
    assert (known["c0"]["cli"], known["c0"]["nps"], known["c0"]["last_answer"]) == (5.5, None, 5.5)
    newest = {"nps": 3, "nps_at": NOW + SECOND, "last_answer": 3.0, "last_answer_at": NOW + SECOND, "csat": None}
    assert {name: known["c1"][name] for name in newest} == newest
    with ledger.writing() as connection:
        answered.record(connection, second, "nps", {"recommend": 0}, NOW + DAY, machine=True)
        assert answered.given(connection, second)["recommend"].comment == "Well."
    later = by_customer(facts.contact_facts(ledger, TODAY, NOW + 2 * DAY))
    assert later["c1"]["nps"] is None, "what a scanner wrote over is unknown, and is nobody's nought"
    assert answered.latest(ledger, NOW).num_rows == 0, "nothing of this was said then"


def test_how_people_usually_answer_is_counted_and_scanners_never(ledger: Ledger):
    messages = sent(ledger, 4)
    with ledger.writing() as connection:
        for message, score in zip(messages, (9, 9, 2), strict=False):
            answered.record(connection, message, "nps", {"recommend": score}, NOW)
        answered.record(connection, messages[3], "nps", {"recommend": 0}, NOW, machine=True)
        campaign, name = connection.execute(select(col(Message.campaign), col(Message.name))).first() or ("", "")
    usual = answered.usual(ledger, {(campaign, name)}, NOW + DAY)
    assert (usual.asked, usual.share) == (4, 0.75)
    assert usual.given == {("nps", "recommend"): {9: 2, 2: 1}}
    assert answered.usual(ledger, {(campaign, "another")}, NOW + DAY).asked == 0


@pytest.mark.parametrize("way", ["told", "told_webhook"])
def test_each_way_of_telling_of_an_answer_is_settled_alone_and_once(ledger: Ledger, way: answered.Way):
    first, *_ = sent(ledger, 2)
    with ledger.writing() as connection:
        answered.record(connection, first, "cli", {"recommend": 2, "buy_again": 1}, NOW)
        assert answered.settle(connection, way, [first], "", "intent") == {first}
        assert answered.settle(connection, way, [first], "", "intent") == set()
    other: answered.Way = "told" if way == "told_webhook" else "told_webhook"
    assert answered.perhaps_untold(ledger, way, NOW + DAY) == ["c0"]
    assert answered.perhaps_untold(ledger, other, NOW + DAY) == []


def test_facts_of_an_empty_ledger_have_their_columns(ledger: Ledger):
    assert facts.contact_facts(ledger, TODAY, NOW).schema == facts.CONTACT
    assert facts.sent_days(ledger, TODAY).schema == facts.SENT_DAYS
    assert facts.earlier_entries(ledger, "winback").schema.field("occasions").type == pa.list_(pa.string())


def test_messages_that_will_be_sent_count_against_a_day_and_those_withheld_do_not(ledger: Ledger):
    people = enrolments(3)
    with ledger.writing() as connection:
        written = messages(people, offers(people))
        outbox.enrol(connection, people, written, offers(people))
        withheld = update(Message).where(col(Message.customer_id) == "c2").values(state="suppressed")
        connection.execute(withheld)
    counted = facts.sent_days(ledger, TODAY).to_pylist()
    expected = {"channel": "email", "local_day": "2026-08-27", "campaign": "winback", "n": 1}
    assert sorted(counted, key=lambda row: row["customer_id"]) == [
        {"customer_id": "c0", **expected},
        {"customer_id": "c1", **expected},
    ]
    assert facts.sent_days(ledger, TODAY + DAY).num_rows == 0


def test_earlier_entries_tell_how_the_latest_one_ended(ledger: Ledger):
    older = enrolments(2, occasion="1").set_column(5, "entered_at", pa.array([NOW - DAY] * 2, MOMENT))
    older = older.append_column("ended_at", pa.array([NOW] * 2, MOMENT))
    newer = enrolments(1, occasion="2").append_column("offer_step", pa.array([2]))
    with ledger.writing() as connection:
        bulk.insert(connection, Enrolment, newer)
        bulk.insert(connection, Enrolment, older)
        bulk.insert(connection, Enrolment, enrolments(5, campaign="birthday"))
    converted(ledger, newer["id"][0].as_py(), "c0")
    known = by_customer(facts.earlier_entries(ledger, "winback"))
    assert sorted(known["c0"].pop("occasions")) == ["1", "2"]
    assert known == {
        "c0": {
            "entries": 2,
            "last_entered": NOW,
            "last_due": NOW,
            "running": True,
            "last_step": 2,
            "last_arm": "treated",
            "last_converted": True,
        },
        "c1": {
            "entries": 1,
            "last_entered": NOW - DAY,
            "last_due": NOW,
            "running": False,
            "last_step": 0,
            "last_arm": "treated",
            "last_converted": False,
            "occasions": ["1"],
        },
    }


def test_who_ordered_in_the_window_has_converted_whoever_got_the_credit(ledger: Ledger):
    people = enrolments(2)
    outcomes = {
        "enrolment_id": people["id"].slice(0, 1),
        "orders": pa.array([1], pa.int64()),
        "revenue": pa.array(["9.90"]).cast(pa.decimal128(14, 2)),
        "first_at": pa.array([NOW], MOMENT),
        "updated_at": pa.array([NOW], MOMENT),
    }
    with ledger.writing() as connection:
        bulk.insert(connection, Enrolment, people)
        bulk.insert(connection, Outcome, pa.table(outcomes))
    known = by_customer(facts.earlier_entries(ledger, "winback"))
    assert {who: row["last_converted"] for who, row in known.items()} == {"c0": True, "c1": False}


def test_an_address_is_remembered_as_the_hash_that_sql_can_make_too():
    made = consent.address_hash("5a17", " Ana@Example.com ")
    assert made == sha256(b"5a17|ana@example.com").hexdigest()


def test_the_last_word_counts_for_each_customer_and_channel(ledger: Ledger):
    with ledger.writing() as connection:
        for channel, at, given in [("email", NOW, False), ("email", NOW - DAY, True), ("sms", NOW, True)]:
            consent.record(connection, "c1", channel, at, given=given, source="test")
    words = {row["channel"]: row["given"] for row in consent.words(ledger).to_pylist()}
    assert words == {"email": False, "sms": True}


def test_an_address_is_suppressed_once_and_the_first_reason_stays(ledger: Ledger):
    with ledger.writing() as connection:
        assert consent.suppress(connection, "h", "email", "bounced", NOW)
        assert not consent.suppress(connection, "h", "email", "complained", NOW)
    assert consent.suppressions(ledger).to_pylist() == [{"address_hash": "h", "channel": "email", "reason": "bounced"}]


def test_an_advocates_code_stays_for_ever_also_when_several_ask_at_once(
    ledger: Ledger, ledger_url: str, tmp_path: Path
):
    people = pa.array([f"c{i}" for i in range(150)] + ["c0"])
    answers = []

    def ask() -> None:
        with Ledger.open(ledger_url, tmp_path) as mine, mine.writing() as connection:
            answers.append(by_customer(referrals.codes_for(connection, people, NOW)))

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 3
    assert answers[0] == answers[1] == answers[2]
    assert len(answers[0]) == len({row["code"] for row in answers[0].values()}) == 150


def state_of(ledger: Ledger, message_id: str) -> str:
    one = pa.schema([("state", pa.string())])
    rows = ledger.arrow("SELECT state FROM message WHERE id = :id", {"id": message_id}, schema=one)
    return rows["state"][0].as_py()


def test_news_only_raise_a_state_and_the_same_news_again_change_nothing(ledger: Ledger):
    (message_id,) = sent(ledger, 1)
    for kind, state in [("clicked", "clicked"), ("delivered", "clicked"), ("opened", "clicked")]:
        with ledger.writing() as connection:
            news = [News(kind, "sendgrid", message_id, kind, NOW)] * 2
            assert events.record(connection, news, NOW) == 1
            assert events.record(connection, news, NOW) == 0
        assert state_of(ledger, message_id) == state


def test_news_about_a_message_that_never_left_are_kept_and_move_nothing(ledger: Ledger):
    people = enrolments(1)
    written = messages(people, offers(people))
    with ledger.writing() as connection:
        outbox.enrol(connection, people, written, offers(people))
        message_id = written["id"][0].as_py()
        news = [News("1", "sendgrid", message_id, "opened", NOW), News("2", "sendgrid", "unknown", "opened", NOW)]
        assert events.record(connection, news, NOW) == 2
    assert state_of(ledger, message_id) == "planned"


def test_a_version_of_the_words_is_kept_once(ledger: Ledger):
    with ledger.writing() as connection:
        templates.keep(connection, "v1", "winback/first", '{"files": {}}', NOW)
        templates.keep(connection, "v1", "winback/first", "other", NOW)
        assert templates.kept(connection, "v1") == '{"files": {}}'
        assert templates.kept(connection, "v2") == ""
