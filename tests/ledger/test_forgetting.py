"""A person is taken out of every table; what is counted stays, and nothing of theirs goes out any more."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path

import pytest
import sqlalchemy as sa
from ledger_people import NOW, enrolments, messages, offers
from marked import EMAIL, MARK, OTHER, PHONE, WHO, dump, fill
from sqlalchemy import text
from sqlmodel import SQLModel

from regulars import ledger as package
from regulars.ledger import consent, entered, erasure, forgotten, outbox
from regulars.ledger.held import BESIDE, HELD
from regulars.ledger.store import Ledger

COUNTED = {
    "enrolment": "count(*), count(distinct customer_id)",
    "message": "count(*), count(distinct customer_id), count(distinct enrolment_id)",
    "code": "count(*), sum(value), count(distinct customer_id)",
    "conversion": "count(*), sum(amount), count(distinct customer_id)",
    "referral": "count(*), sum(amount), count(distinct advocate_id), count(distinct friend_id)",
    "outcome": "count(*), sum(revenue)",
    "event": "count(*), count(distinct message_id)",
    "transition": "count(*)",
}


def known(ledger: Ledger) -> erasure.Known:
    return erasure.known(ledger, WHO, {"email": EMAIL, "sms": PHONE})


def figures(ledger: Ledger) -> dict[str, tuple[object, ...]]:
    with ledger.reading() as connection:
        return {
            name: tuple(connection.execute(text(f"SELECT {what} FROM {name}")).one()) for name, what in COUNTED.items()
        }


def test_every_table_and_every_column_with_text_has_an_answer() -> None:
    assert set(HELD) == set(SQLModel.metadata.tables)
    for name, table in SQLModel.metadata.tables.items():
        texts = {one.name for one in table.columns if isinstance(one.type, sa.String | sa.JSON)}
        answered = set(HELD[name].becomes) | set(HELD[name].nobody)
        assert HELD[name].deleted or texts <= answered, f"{name}: {texts - answered}"
        assert not set(HELD[name].becomes) & set(HELD[name].nobody), name


def test_nothing_that_names_the_person_is_left_in_any_table(ledger: Ledger) -> None:
    fill(ledger)
    erasure.forget(ledger, known(ledger), NOW)
    with ledger.reading() as connection:
        left = dump(connection)
    assert MARK not in left.lower()
    assert PHONE not in left
    assert left.count(OTHER) > 20


def test_the_file_and_its_log_keep_no_byte_of_them(tmp_path: Path) -> None:
    with Ledger.open("", tmp_path) as ledger:
        fill(ledger)
        before = b"".join(file.read_bytes() for file in tmp_path.iterdir())
        erasure.forget(ledger, known(ledger), NOW)
        assert erasure.scrub(ledger)
        after = b"".join(file.read_bytes() for file in tmp_path.iterdir()).lower()
    assert MARK.encode() in before
    assert MARK.encode() not in after
    assert OTHER.encode() in after


def test_what_is_counted_stays(ledger: Ledger) -> None:
    fill(ledger)
    before = figures(ledger)
    told = erasure.forget(ledger, known(ledger), NOW)
    after = figures(ledger)
    # Two messages were let go, each with its line in the history.
    assert after == before | {"transition": (before["transition"][0] + 2,)}
    assert (told["message"], told["conversion"], told["consent"]) == (4, 1, 1)


def test_what_was_planned_never_goes_out_and_what_may_have_left_stays_to_be_settled(ledger: Ledger) -> None:
    fill(ledger)
    erasure.forget(ledger, known(ledger), NOW)
    with ledger.reading() as connection:
        rows = connection.execute(
            text("SELECT name, state, reason, address_hash <> '' FROM message WHERE customer_id LIKE 'forgotten-%'")
        ).all()
    assert {(name, state, reason, bool(hashed)) for name, state, reason, hashed in rows} == {
        ("clicked", "clicked", "", False),
        ("planned", "suppressed", "forgotten", False),
        ("claimed", "suppressed", "forgotten", False),
        ("ambiguous", "ambiguous", "", True),
    }


def test_forgetting_twice_changes_nothing(ledger: Ledger) -> None:
    fill(ledger)
    erasure.forget(ledger, known(ledger), NOW)
    with ledger.reading() as connection:
        once = dump(connection)
    again = erasure.forget(ledger, known(ledger), NOW)
    with ledger.reading() as connection:
        twice = dump(connection)
    assert _but_pulse(once) == _but_pulse(twice)
    assert set(again) == {"suppression"}


def _but_pulse(rows: str) -> list[str]:
    return [row for row in rows.splitlines() if not row.startswith("pulse")]


def test_the_hashes_that_stay_stop_every_address_and_the_id(ledger: Ledger) -> None:
    fill(ledger)
    erasure.forget(ledger, known(ledger), NOW)
    salt = ledger.salt(forgotten.SALT)
    for channel, address in (("email", EMAIL), ("sms", PHONE)):
        stopped = entered.suppressed(ledger, consent.address_hash(salt, address), channel)
        assert stopped is not None
        assert stopped[0] == "forgotten"
    assert forgotten.is_forgotten(ledger, WHO) == NOW
    assert forgotten.is_forgotten(ledger, OTHER) is None


def test_a_run_that_decided_before_cannot_write_them_down_again(ledger: Ledger) -> None:
    fill(ledger)
    entries = enrolments(2, campaign="later")
    gone = erasure.known(ledger, "c0", {})
    erasure.forget(ledger, gone, NOW)
    issued = offers(entries)
    with ledger.writing() as connection:
        new = outbox.enrol(connection, entries, messages(entries, issued), issued)
    assert new.to_pylist() == entries["id"].to_pylist()[1:]
    with ledger.reading() as connection:
        assert "'c0'" not in dump(connection)


def test_a_follow_up_that_was_decided_before_is_not_written(ledger: Ledger) -> None:
    entries = enrolments(2)
    first, second = offers(entries), offers(entries, name="second")
    with ledger.writing() as connection:
        outbox.enrol(connection, entries, messages(entries, first), first)
    erasure.forget(ledger, erasure.known(ledger, "c0", {}), NOW)
    with ledger.writing() as connection:
        new = outbox.add_messages(connection, messages(entries, second, name="second"), second)
    assert len(new) == 1
    with ledger.reading() as connection:
        assert "'c0'" not in dump(connection)


def test_a_worker_that_holds_the_message_finds_it_gone(ledger: Ledger) -> None:
    entries = enrolments(1)
    issued = offers(entries)
    with ledger.writing() as connection:
        outbox.enrol(connection, entries, messages(entries, issued), issued)
    claim = outbox.claim(ledger, "email", 10, NOW, "w")
    assert claim is not None
    erasure.forget(ledger, erasure.known(ledger, "c0", {}), NOW)
    intent = outbox.intend(ledger, claim, [row.id for row in claim.rows], NOW, "w")
    assert not intent.ids


def test_who_is_meant_is_found_by_the_ledger_alone(ledger: Ledger) -> None:
    fill(ledger)
    assert erasure.customers_at(ledger, WHO, {}) == [WHO]
    assert erasure.customers_at(ledger, "?", {"email": EMAIL.upper()}) == [WHO]
    assert erasure.customers_at(ledger, "?", {"email": "nobody@example.com"}) == []


@pytest.mark.parametrize("name", [name for name, holding in HELD.items() if holding.whose])
def test_what_is_held_is_told_table_by_table(name: str, tmp_path: Path) -> None:
    with Ledger.open("", tmp_path) as ledger:
        fill(ledger)
        told = erasure.holdings(ledger, known(ledger))
    assert told[name]
    assert not any(OTHER in str(row) for row in told[name])


def test_a_table_outside_the_models_needs_an_answer_too() -> None:
    found: set[str] = set()
    for module in pkgutil.walk_packages(package.__path__, "regulars.ledger."):
        if "migrations" not in module.name:
            parts = vars(importlib.import_module(module.name)).values()
            found |= {name for one in parts if isinstance(one, sa.MetaData) for name in one.tables}
            found |= {one.name for one in parts if isinstance(one, sa.Table)}
    assert found <= {*HELD, *BESIDE}, found - {*HELD, *BESIDE}
