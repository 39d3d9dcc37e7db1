"""Enrolling many people with a code and a message each: ours against bare `executemany` (SQLite) or COPY (PostgreSQL).

Both write the same rows into the same tables, in transactions of 10,000 people, chunk by chunk in turn, each into its
own fresh ledger. Ours starts from Arrow tables, as campaigns make them; the bare one from tuples that lie ready.
Then more people are enrolled while another process makes small writes and measures how long it waits.
`benchmarks.entering` runs it, beside the whole path of a run.
"""

from __future__ import annotations

import json
import multiprocessing
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

import pyarrow as pa

from regulars.ledger import codes, consent, crossing, ids, outbox
from regulars.ledger.store import Ledger
from regulars.ledger.tables import Code, Enrolment, Message

CHUNK = 10_000
NOW = datetime(2026, 8, 27, 7, 0, tzinfo=UTC)
MORE = 200_000
"""People enrolled beside another writer."""
TARGET = 1.5
PATIENCE = 1.0
TABLES = (Enrolment, Message, Code)
Chunk = tuple[pa.Table, pa.Table, pa.Table]


def chunk_of(start: int, n: int) -> Chunk:
    """Entries, messages and codes of the customers `start` … `start + n`, in the order of their ids."""
    customers = pa.array([f"customer-{start + i:08d}" for i in range(n)])
    own, drawn = ids.draw(n), pa.array(codes.draw(n))
    moment = _all(n, pa.scalar(NOW, crossing.MOMENT))
    later = _all(n, pa.scalar(NOW + timedelta(days=14), crossing.MOMENT))
    shared = {"campaign": _all(n, "winback"), "customer_id": customers}
    enrolments = {"id": own, **shared, "occasion": _all(n, "1"), "arm": _all(n, "treated")}
    enrolments |= {"entered_at": moment, "due_at": moment, "run_id": _all(n, "0" * 32)}
    messages = {"id": ids.draw(n), "enrolment_id": own, **shared, "name": _all(n, "first"), "channel": _all(n, "email")}
    messages |= {"language": _all(n, "ro"), "template": _all(n, "winback/first"), "template_hash": _all(n, "")}
    messages |= {"address": pa.array([f"person.{start + i}@example.com" for i in range(n)])}
    messages |= {"address_hash": pa.array([f"{start + i:064x}" for i in range(n)])}
    messages |= {"context": pa.array([_context(code) for code in drawn.to_pylist()])}
    messages |= {"due_at": moment, "not_before": moment, "expires_at": later, "local_day": _all(n, "2026-08-27")}
    issued = {"code": drawn, "enrolment_id": own, "message_name": _all(n, "first"), **shared}
    issued |= {"kind": _all(n, "percent"), "value": _all(n, pa.scalar(Decimal("10.00"), crossing.MONEY))}
    issued |= {"currency": _all(n, "RON"), "issued_at": moment, "valid_until": later}
    return pa.table(enrolments), pa.table(messages), pa.table(issued)


def _all(n: int, value: Any) -> pa.Array:
    return pa.repeat(value, n)


def _context(code: str) -> str:
    offer = {"kind": "percent", "percent": 10, "value": 10, "code": code, "valid_until": "2026-09-10"}
    return json.dumps({"customer": {"first_name": "Ștefan", "language": "ro"}, "offer": offer}, ensure_ascii=False)


def ours(ledger: Ledger, chunk: Chunk) -> float:
    """Seconds from Arrow tables to committed."""
    started = time.perf_counter()
    with ledger.writing() as connection:
        new = outbox.enrol(connection, *chunk)
    seconds = time.perf_counter() - started
    if len(new) != chunk[0].num_rows:
        raise AssertionError("somebody was left out")
    return seconds


def bare_sqlite(ledger: Ledger, chunk: Chunk) -> float:
    """Seconds from tuples to committed."""
    ready = [(table, crossing.fitted(table, rows)) for table, rows in zip(TABLES, chunk, strict=True)]
    lists = [(_insert(table, rows), list(crossing.tuples(rows))) for table, rows in ready]
    connection = ledger.engine.raw_connection()
    driver: Any = connection.driver_connection
    started = time.perf_counter()
    driver.execute("BEGIN IMMEDIATE")
    for statement, rows in lists:
        driver.executemany(statement, rows)
    driver.commit()
    seconds = time.perf_counter() - started
    connection.close()
    return seconds


def _insert(table: Any, rows: pa.Table) -> str:
    places = ", ".join("?" * rows.num_columns)
    return f'INSERT INTO "{crossing.name_of(table)}" ({", ".join(rows.column_names)}) VALUES ({places})'


def bare_postgresql(ledger: Ledger, chunk: Chunk) -> float:
    """Seconds from tuples to committed."""
    ready = [(table, crossing.fitted(table, rows)) for table, rows in zip(TABLES, chunk, strict=True)]
    lists = [
        (table, rows, list(zip(*(column.to_pylist() for column in rows.columns), strict=True))) for table, rows in ready
    ]
    connection = ledger.engine.raw_connection()
    driver: Any = connection.driver_connection
    started = time.perf_counter()
    with driver.cursor() as cursor:
        for table, rows, tuples in lists:
            with cursor.copy(f'COPY "{crossing.name_of(table)}" ({", ".join(rows.column_names)}) FROM STDIN') as copy:
                for row in tuples:
                    copy.write_row(row)
    driver.commit()
    seconds = time.perf_counter() - started
    connection.close()
    return seconds


def other_writer(url: str, folder: Path, begun: Event, over: Event, waits: Any) -> None:
    """Small writes, 20 a second: how long they wait for their turn, and how long until they are committed."""
    turn, whole, n = 0.0, 0.0, 0
    with Ledger.open(url, folder) as ledger:
        begun.set()
        while not over.is_set():
            started = time.perf_counter()
            with ledger.writing() as connection:
                turn = max(turn, time.perf_counter() - started)
                consent.suppress(connection, f"{n:064x}", "email", "test", NOW)
            whole, n = max(whole, time.perf_counter() - started), n + 1
            time.sleep(0.05)
    waits.put((turn, whole, n))


def compare(people: int, first: Ledger, second: Ledger, bare: Callable[[Ledger, Chunk], float]) -> tuple[float, float]:
    """Seconds of ours and of the bare way, over the same chunks."""
    totals = [0.0, 0.0]
    for start in range(0, people, CHUNK):
        chunk = chunk_of(start, min(CHUNK, people - start))
        totals[0] += ours(first, chunk)
        totals[1] += bare(second, chunk)
    return totals[0], totals[1]


def disturbed(people: int, ledger: Ledger, url: str, more: int = MORE) -> tuple[float, float, float, int]:
    """Enrol more people, chunk after chunk without a pause, beside another writer.

    The slowest chunk, the writer's longest wait for its turn, its longest write with the commit, and its writes.
    """
    chunks = [chunk_of(people + start, CHUNK) for start in range(0, more, CHUNK)]
    begun, over, waits = multiprocessing.Event(), multiprocessing.Event(), multiprocessing.Queue()
    args = (url, ledger.folder, begun, over, waits)
    writer = multiprocessing.Process(target=other_writer, args=args)
    writer.start()
    if not begun.wait(60):
        raise RuntimeError("the other writer did not come")
    slowest = max(ours(ledger, chunk) for chunk in chunks)
    over.set()
    turn, whole, n = waits.get()
    writer.join()
    return slowest, turn, whole, n
