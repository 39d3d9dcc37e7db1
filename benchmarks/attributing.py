"""Attribution of a large ledger's messages against ten times as many orders, against a hand-written DuckDB query.

Both ways begin with the same two things, the ledger's SQLite file and the orders in Parquet, and end with the same rows
of `touch`, `conversion` and `outcome` committed to the ledger. By hand that is Python's sqlite3, one DuckDB statement
for each table, and `executemany` in one transaction; it knows no posted orders, friends, forgotten people or earlier
credit. Beside it stands the query alone, over messages that lie in memory, with nothing read or written.

    python -m benchmarks.attributing WAY ROOT MESSAGES     prints {"seconds": …, "gigabytes": …, …} as JSON
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from benchmarks.big_shop import AT, DRAWN, TABLES
from benchmarks.child import peak
from benchmarks.figures import Figure, median, paired

TARGET, MEMORY = 1.5, 4.0
ORDERS_EACH = 10
NOW = "2026-08-27 07:00:00.000000"
MADE = ("touch", "conversion", "outcome")
COLUMNS = {
    "touch": "order_id, message_id, enrolment_id, campaign, customer_id, evidence, sent_at, touched_at, amount, "
    "currency, at, recorded_at",
    "conversion": "order_id, campaign, enrolment_id, message_id, customer_id, arm, evidence, amount, currency, at, "
    "recorded_at",
    "outcome": "enrolment_id, orders, revenue, first_at, updated_at",
}
RULES = """
shop:
  name: Casa Verde
  currency: RON
  timezone: Europe/Bucharest
  languages: [ro]
  from: {email: "Casa Verde <salut@casaverde.example>"}
  address: "Str. Lungă 7, Cluj-Napoca"
  site: https://casaverde.example
source:
  timezone: UTC
  tables: {customers: data/customers.parquet, orders: data/orders.parquet}
  customer: {id: customer_id, email: email, consent: {email: agrees}}
  order:
    id: order_id
    customer: customer_id
    at: ordered_at
    amount: total
    code: coupon_code
    counts: "status <> 'cancelled'"
traits:
  orders: {from: orders, value: count(*)}
"""
CAMPAIGN = """
title: News
status: draft
audience: orders >= 1
schedule: daily at 10:00
messages: [{send: email, template: news/one, subject: Salut}]
"""
# A message to each customer in the year before, a fifth with a code, a tenth clicked.
FILL = """
with recursive n(i) as (select 0 union all select i + 1 from n where i + 1 < {n}),
m as (select i, printf('%032x', i) as id, cast(10000000 + (i * 7919) % {n} as text) as customer,
             strftime('%Y-%m-%d %H:%M:%f000', '2026-08-20 07:00:00',
                      '-' || ((i * 104729) % 31536000) || ' seconds') as at
      from n)
"""
FILLED = (
    """insert into enrolment (id, campaign, customer_id, occasion, arm, entered_at, due_at, run_id, offer_step,
                              ended_at, end_reason, row_ids)
       {fill} select id, 'news', customer, id, iif(i % 10 = 9, 'holdout', 'treated'), at, at, '', 0, at, 'finished', ''
       from m""",
    """insert into message (id, enrolment_id, campaign, name, customer_id, channel, language, template, template_hash,
                            address, address_hash, context, state, reason, due_at, not_before, expires_at, local_day,
                            claim_token, attempt_id, tries, provider_id, sent_at, company)
       {fill} select id, id, 'news', 'one', customer, 'email', 'ro', 'news/one', '', 'person.' || i || '@example.com',
              'hash-' || i, '{{}}', iif(i % 10 = 0, 'clicked', 'delivered'), '', at, at, at, substr(at, 1, 10), '',
              '', 1, 'p' || i, at, 0 from m""",
    """insert into code (code, enrolment_id, message_name, campaign, customer_id, kind, value, currency, issued_at,
                         valid_until, shared, gift)
       {fill} select 'CODE' || i, id, 'one', 'news', customer, 'percent', 10, 'RON', at, at, 0, ''
       from m where i % 5 = 0""",
    """insert into event (key, provider, message_id, kind, at, received_at, detail, attempt_id, machine, verdict, link)
       {fill} select 'k' || i, 'bench', id, 'clicked', strftime('%Y-%m-%d %H:%M:%f000', at, '+1 hour'), at,
              '', '', 0, '', ''
       from m where i % 10 = 0""",
)


def measure(folder: Path, messages: int, pairs: int) -> Iterator[Figure]:
    """Ratio, memory, and the bare query."""
    root = folder / f"attribution-{messages}"
    said: dict[str, list[dict[str, Any]]] = {"ours": [], "by_hand": []}
    _child("lay", root, messages)

    def once(way: str) -> float:
        _fresh(root)
        said[way].append(_child(way, root, messages))
        return float(said[way][-1]["seconds"])

    ratio, mine, other = paired(lambda: once("ours"), lambda: once("by_hand"), pairs)
    if (made := said["ours"][0]["made"]) != said["by_hand"][0]["made"]:
        raise AssertionError(f"the two ways differ: {made}, by hand {said['by_hand'][0]['made']}")
    again = _child("ours", root, messages)
    bare = _child("bare", root, messages)
    cpu = median([one["cpu"] for one in said["ours"]]) / median([one["cpu"] for one in said["by_hand"]])
    size = f"{messages:,} messages, {messages * ORDERS_EACH:,} orders"
    yield Figure(
        f"attribution of {size}",
        ratio,
        TARGET,
        "reading the ledger's rows through Python; then the scan of the orders, and the commits",
        detail=f"{mine:.1f} s, by hand {other:.1f} s; {cpu:.2f} × its CPU; {made}; "
        f"again, with nothing new, {again['seconds']:.1f} s; the bare query, with nothing read or written, "
        f"{bare['seconds']:.1f} s",
    )
    highest = max(one["gigabytes"] for one in [*said["ours"], again])
    yield Figure("  its memory at most", highest, MEMORY, "entries and messages as Arrow and in DuckDB at once", "GB")


def _child(way: str, root: Path, messages: int) -> dict[str, Any]:
    arguments = [sys.executable, "-m", "benchmarks.attributing", way, str(root), str(messages)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("REGULARS_")}
    done = subprocess.run(arguments, capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _ledger(root: Path) -> Path:
    return root / ".regulars" / "ledger.sqlite"


def _fresh(root: Path) -> None:
    """The ledger as it was laid."""
    for kept in (root / ".regulars").glob("ledger.sqlite*"):
        kept.unlink()
    shutil.copy(root / "laid.sqlite", _ledger(root))


def lay(root: Path, messages: int) -> dict[str, Any]:
    """The shop and its ledger, unless they are there."""
    from regulars.ledger.store import Ledger

    if (root / "laid.sqlite").exists():
        return {}
    for name in ("data", "campaigns", "templates", ".regulars"):
        (root / name).mkdir(parents=True)
    (root / "rules.yaml").write_text(RULES, encoding="utf-8")
    (root / "campaigns" / "news.yaml").write_text(CAMPAIGN, encoding="utf-8")
    connection = duckdb.connect(config={"memory_limit": "3GB", "temp_directory": str(root / "tmp")})
    for statement in (TABLES[0], TABLES[2]):
        connection.execute(statement.format(n=messages, **DRAWN))
    coded = f"case when i % 40 = 0 then 'code-' || (i // 8) % {messages} when reduced and i % 3 = 0 then 'VARA15' end"
    tables = {
        "customers": "select customer_id, 'a@example.com' as email, true as agrees from people",
        "orders": f"""select order_id, customer_id, ordered_at, whole as total, {coded} as coupon_code,
                             case when status_share < 0.03 then 'cancelled' else 'delivered' end as status
                      from drawn""",
    }
    for name, rows in tables.items():
        connection.execute(f"copy ({rows}) to '{root / 'data' / name}.parquet' (format parquet)")
    connection.close()
    with Ledger.open("", root / ".regulars"):
        pass
    with closing(sqlite3.connect(_ledger(root))) as ledger:
        for statement in FILLED:
            ledger.execute(statement.format(fill=FILL.format(n=messages)))
            ledger.commit()
        ledger.execute("pragma wal_checkpoint(truncate)")
    shutil.copy(_ledger(root), root / "laid.sqlite")
    return {}


def ours(root: Path, messages: int) -> dict[str, Any]:  # noqa: ARG001  # the same signature for all ways
    """`convert`, from opening the project to the last commit."""
    import ibis.backends.duckdb  # noqa: F401  # loaded before the clock starts

    from regulars import clock
    from regulars.campaigns.convert import convert
    from regulars.campaigns.desk import Desk
    from regulars.ledger import store  # noqa: F401  # loaded before the clock starts

    with clock.frozen(AT):
        started, spent = time.perf_counter(), time.process_time()
        with Desk.open(root) as desk:
            convert(desk, AT)
        times = {"seconds": time.perf_counter() - started, "cpu": time.process_time() - spent}
    return times | {"made": _made(root)}


def by_hand(root: Path, messages: int) -> dict[str, Any]:  # noqa: ARG001  # the same signature for all ways
    """What somebody would write who knows the tables."""
    started, spent = time.perf_counter(), time.process_time()
    connection = duckdb.connect(config={"memory_limit": "3GB", "temp_directory": str(root / "tmp")})
    with closing(sqlite3.connect(_ledger(root))) as ledger:
        _read(connection, ledger)
        for table, statement in _queries(root).items():
            rows = connection.execute(statement)
            ledger.execute("begin immediate") if not ledger.in_transaction else None
            places = ", ".join("?" * len(rows.description))
            while chunk := rows.fetchmany(100_000):
                ledger.executemany(f"insert into {table} ({COLUMNS[table]}) values ({places})", chunk)
        ledger.commit()
    times = {"seconds": time.perf_counter() - started, "cpu": time.process_time() - spent}
    return times | {"made": _made(root)}


def bare(root: Path, messages: int) -> dict[str, Any]:  # noqa: ARG001  # the same signature for all ways
    """The queries alone, into DuckDB's own memory."""
    connection = duckdb.connect(config={"memory_limit": "3GB", "temp_directory": str(root / "tmp")})
    with closing(sqlite3.connect(_ledger(root))) as ledger:
        _read(connection, ledger)
    started, spent = time.perf_counter(), time.process_time()
    for table, statement in _queries(root).items():
        connection.execute(f"create temp table {table} as {statement}")
    return {"seconds": time.perf_counter() - started, "cpu": time.process_time() - spent}


def _read(connection: duckdb.DuckDBPyConnection, ledger: sqlite3.Connection) -> None:
    """The ledger's rows as tables of DuckDB."""
    states = "('sending', 'accepted', 'delivered', 'opened', 'clicked', 'bounced', 'ambiguous')"
    asked = {
        "sent": (
            f"""select m.id, m.enrolment_id, m.name, m.state, m.campaign, m.customer_id, m.sent_at, e.entered_at
                from message m join enrolment e on e.id = m.enrolment_id where m.state in {states}""",
            ("message_id", "enrolment_id", "name", "state", "campaign", "customer_id", "sent_at", "entered_at"),
        ),
        "entered": ("select id, customer_id, entered_at from enrolment", ("enrolment_id", "customer_id", "entered_at")),
        "codes": ("select code, enrolment_id, message_name from code", ("code", "enrolment_id", "message_name")),
        "clicks": (
            "select message_id, at from event where kind = 'clicked' and not machine and verdict <> 'unjudged'",
            ("message_id", "clicked_at"),
        ),
    }
    for table, (statement, names) in asked.items():
        chunks = []
        cursor = ledger.execute(statement)
        while rows := cursor.fetchmany(100_000):
            chunks.append(pa.table(dict(zip(names, map(pa.array, zip(*rows, strict=True)), strict=True))))
        arriving = pa.concat_tables(chunks)
        connection.register("arriving", arriving)
        typed = [f"cast({name} as timestamp) as {name}" if name.endswith("_at") else name for name in names]
        connection.execute(f"create temp table {table} as select {', '.join(typed)} from arriving")
        connection.unregister("arriving")


def _queries(root: Path) -> dict[str, str]:
    """Table → its rows."""
    window = "interval 14 days"
    orders = f"""(select order_id, customer_id, ordered_at as "at", total as amount,
                         upper(replace(coupon_code, '-', '')) as code
                  from '{root / "data" / "orders.parquet"}'
                  where status <> 'cancelled' and ordered_at <= timestamp '{NOW}')"""
    touches = f"""
      with o as (from {orders}), found as (
        select order_id, m.message_id, 0 as strength, m.sent_at as touched_at, "at", amount
        from o join codes c using (code) join sent m on m.enrolment_id = c.enrolment_id and m.name = c.message_name
        where o.at >= m.sent_at and o.at > (select min(entered_at) from entered)
        union all
        select order_id, m.message_id, case when max(clicked_at) is null then 3 else 2 end,
               coalesce(max(clicked_at), any_value(m.sent_at)), any_value("at"), any_value(amount)
        from o join sent m on m.customer_id = o.customer_id and o.at between m.sent_at and m.entered_at + {window}
        left join clicks c on c.message_id = m.message_id and clicked_at between m.sent_at and o.at
        group by order_id, m.message_id
      )
      select order_id, message_id, m.enrolment_id, m.campaign, m.customer_id, strength, m.sent_at, touched_at, amount,
             "at"
      from (select order_id, message_id, min(strength) as strength, arg_min(touched_at, strength) as touched_at,
                   any_value(amount) as amount, any_value("at") as "at" from found group by order_id, message_id)
      join sent m using (message_id)"""
    evidence = "['code', 'referral', 'click', 'window'][strength + 1]"
    text = "strftime({}, '%Y-%m-%d %H:%M:%S.%f')"
    moment = {name: text.format(f'"{name}"') for name in ("sent_at", "touched_at", "at")}
    return {
        "touch": f"""select order_id, message_id, enrolment_id, campaign, customer_id, {evidence}, {moment["sent_at"]},
                            {moment["touched_at"]}, cast(amount as double), 'RON', {moment["at"]}, '{NOW}'
                     from ({touches})""",
        "conversion": f"""select order_id, campaign, enrolment_id, message_id, customer_id, 'treated', {evidence},
                                 cast(amount as double), 'RON', {moment["at"]}, '{NOW}' from ({touches})
                          qualify row_number() over (
                            partition by order_id order by strength, touched_at desc, message_id desc) = 1""",
        "outcome": f"""select enrolment_id, count(*), cast(sum(amount) as double), {text.format('min("at")')}, '{NOW}'
                       from {orders} o join entered e
                         on e.customer_id = o.customer_id and o.at > entered_at and o.at <= entered_at + {window}
                       group by enrolment_id""",
    }


def _made(root: Path) -> str:
    """How many rows of each table there are now, and what the orders are worth."""
    with closing(sqlite3.connect(_ledger(root))) as ledger:
        told = [f"{ledger.execute(f'select count(*) from {table}').fetchone()[0]:,} {table}" for table in MADE]
        (worth,) = ledger.execute("select cast(round(sum(amount)) as integer) from conversion").fetchone()
        kinds = ledger.execute("select evidence, count(*) from touch group by evidence order by evidence").fetchall()
    return ", ".join([*told, f"{worth:,} RON", *(f"{n:,} by {kind}" for kind, n in kinds)])


WAYS: dict[str, Callable[[Path, int], dict[str, Any]]] = {"lay": lay, "ours": ours, "by_hand": by_hand, "bare": bare}


def main() -> None:
    """Do what the arguments say."""
    way, root, messages = sys.argv[1:]
    said = WAYS[way](Path(root), int(messages))
    print(json.dumps(said | {"gigabytes": peak()}))


if __name__ == "__main__":
    main()
