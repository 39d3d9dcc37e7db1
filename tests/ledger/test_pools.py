"""Pools of codes, and codes that many people share."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from ledger_people import NOW, enrolments, messages, offers
from sqlalchemy import text

from regulars.ledger import outbox, pools
from regulars.ledger.store import Ledger

TEN = [f"WIN{number:02}" for number in range(10)]


def brought(ledger: Ledger, codes: list[str], pool: str = "winback") -> pools.Imported:
    with ledger.writing() as connection:
        return pools.add(connection, pool, codes, NOW)


def taken(ledger: Ledger, wanted: int, pool: str = "winback") -> list[str]:
    with ledger.writing() as connection:
        return pools.take(connection, pool, wanted, NOW)


def numbers(ledger: Ledger, statement: str) -> list[tuple]:
    with ledger.reading() as connection:
        return [tuple(row) for row in connection.execute(text(statement))]


def test_a_code_is_in_one_pool_and_counted_once(ledger: Ledger):
    assert brought(ledger, ["A1", "A2", "A1"]) == (2, 1, 0)
    assert brought(ledger, ["A2", "A3"], "other") == (1, 0, 1)
    with ledger.reading() as connection:
        assert pools.stock(connection) == [("other", 1, 0), ("winback", 2, 0)]


def test_a_code_that_somebody_was_given_enters_no_pool(ledger: Ledger):
    people = enrolments(1)
    issued = offers(people, ["A1"])
    with ledger.writing() as connection:
        outbox.enrol(connection, people, messages(people, issued), issued)
    assert brought(ledger, ["A1", "A2"]) == (1, 0, 1)


def test_a_pool_gives_what_it_has_and_no_more(ledger: Ledger):
    brought(ledger, TEN)
    first, second, third = taken(ledger, 4), taken(ledger, 100), taken(ledger, 1)
    assert (len(first), len(second), third) == (4, 6, [])
    assert sorted(first + second) == TEN
    assert pools.free(ledger, "winback") == 0


def test_a_transaction_that_fails_leaves_the_codes_in_the_pool(ledger: Ledger):
    brought(ledger, TEN)

    def fail() -> None:
        with ledger.writing() as connection:
            pools.take(connection, "winback", 4, NOW)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert pools.free(ledger, "winback") == 10


@pytest.mark.postgres
def test_who_takes_while_another_holds_codes_gets_others_and_does_not_wait(postgres_url: str, tmp_path: Path):
    with Ledger.open(postgres_url, tmp_path) as ledger, Ledger.open(postgres_url, tmp_path) as other:
        brought(ledger, TEN)
        got: list[str] = []
        with ledger.writing() as connection:
            mine = pools.take(connection, "winback", 6, NOW)
            thread = threading.Thread(target=lambda: got.extend(taken(other, 6)))
            thread.start()
            thread.join(20)
        assert (len(mine), len(got)) == (6, 4)
        assert sorted(mine + got) == TEN


TAKER = """
import sys
from datetime import datetime
from pathlib import Path
from regulars.ledger import pools
from regulars.ledger.store import Ledger

with Ledger.open(sys.argv[1], Path(sys.argv[2])) as ledger:
    while True:
        with ledger.writing() as connection:
            got = pools.take(connection, "winback", 7, datetime.fromisoformat("2026-08-27T07:00:00+00:00"))
        if not got:
            break
        print(*got, sep="\\n")
"""


def test_two_processes_never_get_the_same_code(ledger: Ledger, ledger_url: str, tmp_path: Path):
    brought(ledger, [f"CODE{number:04}" for number in range(300)])
    command = [sys.executable, "-c", TAKER, ledger_url, str(tmp_path)]
    takers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    got = [taker.communicate(timeout=120)[0].split() for taker in takers]
    assert [taker.returncode for taker in takers] == [0, 0]
    assert len(got[0]) + len(got[1]) == len({*got[0], *got[1]}) == 300


def from_pool(ledger: Ledger, people: pa.Table) -> pa.Array:
    """Enrol `people` with codes of the pool."""
    with ledger.writing() as connection:
        issued = offers(people, pools.take(connection, "winback", people.num_rows, NOW))
        return outbox.enrol(connection, people, messages(people, issued), issued, from_pool=True)


def test_a_code_goes_back_where_somebody_had_entered_meanwhile(ledger: Ledger):
    brought(ledger, TEN)
    assert len(from_pool(ledger, enrolments(3))) == 3
    assert len(from_pool(ledger, enrolments(4))) == 1
    assert pools.free(ledger, "winback") == 6
    assert numbers(ledger, "SELECT count(*), count(DISTINCT customer_id), count(DISTINCT code) FROM code") == [
        (4, 4, 4)
    ]


def test_a_follow_up_that_was_written_before_gives_its_code_back(ledger: Ledger):
    brought(ledger, TEN)
    people = enrolments(2)
    from_pool(ledger, people)
    for _ in range(2):
        with ledger.writing() as connection:
            issued = offers(people, pools.take(connection, "winback", 2, NOW), "second")
            outbox.add_messages(connection, messages(people, issued, "second"), issued, from_pool=True)
    assert pools.free(ledger, "winback") == 6
    assert numbers(ledger, "SELECT message_name, count(*) FROM code GROUP BY 1 ORDER BY 1") == [
        ("first", 2),
        ("second", 2),
    ]


def shared(people: pa.Table, name: str = "first") -> pa.Table:
    issued = offers(people, ["VIPDAY"] * people.num_rows, name)
    return issued.append_column("shared", pa.repeat(True, people.num_rows))


def test_everybody_has_the_shared_code_and_it_is_never_drawn_anew(ledger: Ledger):
    people = enrolments(150)
    issued = shared(people)
    with ledger.writing() as connection:
        assert len(outbox.enrol(connection, people, messages(people, issued), issued)) == 150
    assert numbers(ledger, "SELECT count(*), count(DISTINCT code), count(DISTINCT customer_id) FROM code") == [
        (150, 1, 150)
    ]
    assert numbers(ledger, "SELECT count(*) FROM message WHERE context LIKE '%VIPDAY%'") == [(150,)]


def test_a_follow_up_written_twice_has_its_shared_code_once(ledger: Ledger):
    people = enrolments(3)
    first = offers(people)
    with ledger.writing() as connection:
        outbox.enrol(connection, people, messages(people, first), first)
    written = []
    for take in (people.slice(0, 2), people):
        with ledger.writing() as connection:
            issued = shared(take, "second")
            written.append(len(outbox.add_messages(connection, messages(take, issued, "second"), issued)))
    assert written == [2, 1]
    assert numbers(ledger, "SELECT count(*) FROM code WHERE shared AND message_name = 'second'") == [(3,)]


def test_a_made_code_that_somebody_has_is_still_drawn_anew_beside_shared_ones(ledger: Ledger):
    people = enrolments(2)
    issued = shared(people)
    with ledger.writing() as connection:
        outbox.enrol(connection, people, messages(people, issued), issued)
    others = enrolments(2, "birthday")
    drawn = offers(others, ["VIPDAY", "VIPDAY"])
    with ledger.writing() as connection:
        outbox.enrol(connection, others, messages(others, drawn), drawn)
    alone = numbers(ledger, "SELECT code FROM code WHERE NOT shared")
    assert len(set(alone)) == 2
    assert pc.sum(pa.array([code == "VIPDAY" for (code,) in alone])).as_py() == 1
