"""BigQuery, Snowflake and ClickHouse cannot run here: what is asked of them is held against their grammar.

Every query of a snapshot, of new orders and of a campaign's rows is caught before it leaves, written in the dialect by
Ibis and parsed in it by sqlglot: one statement that only reads, with functions that the database has.
"""

from datetime import UTC, date, datetime

import ibis
import pyarrow as pa
import pytest
import sqlglot
from snapshots_of import Opened, lay
from sqlglot import exp

from regulars.lang.expressions import AGGREGATES, FUNCTIONS
from regulars.lang.written import Written
from regulars.people import order_search, orders
from regulars.people.database import Database
from regulars.people.rows import OPERATIONS
from regulars.people.traits import Counting
from regulars.people.walked import Walk

SOURCE = """connect: "DIALECT://warehouse"
  timezone: America/New_York
  tables:
    customers: customers
    orders: orders
    points: {table: points, customer: id, at: earned_at, id: batch}"""
COUNTS = "counts: \"lower(code) <> 'test' or code is null\""
TYPED = {
    "customers": {
        "id": "int64",
        "birthday": "date",
        "consent": "string",
        "city": "!string",
        "seen": "timestamp('UTC')",
    },
    "orders": {
        "order_id": "string",
        "customer": "int64",
        "at": "timestamp('UTC')",
        "total": "decimal(12, 2)",
        "discount": "float64",
        "code": "string",
        "paid": "boolean",
        "n": "!int16",
    },
    "points": {"id": "int64", "points": "int32", "earned_at": "timestamp", "expires_on": "date", "batch": "string"},
}
AS_TEXT = {
    "customers": {"id": "string", "birthday": "string", "consent": "string", "city": "string", "seen": "timestamp"},
    "orders": TYPED["orders"] | {"at": "string", "total": "string"},
    "points": TYPED["points"],
}
TRAITS = """
spent: {from: orders, value: sum(total)}
average: {from: orders, value: avg(total), where: paid}
paid_share: {from: orders, value: avg(paid)}
ever_paid: {from: orders, value: max(paid)}
last_order: {from: orders, value: max(at), last: 9 days}
codes: {from: orders, value: count(distinct code), where: "code not in ('A', 'B') and not n = 3"}
ratio: {from: orders, value: "sum(total / (discount - 1) + -n * 2)", last: 36 hours}
known: {from: orders, value: count(discount), where: days_since(at) between 3 and 20}
picked: {from: orders, value: "min(least(total, discount, n))", where: "code like 'W%' or greatest(n, discount) <= 4"}
rounded: {from: orders, value: "sum(round(total / 7, 1) + floor(discount) + ceil(total) + abs(n) + round(total, n))"}
words: {from: orders, value: "max(length(trim(code)))", where: "upper(code) <> lower(code) and length(code) > 3"}
cased: {from: orders, value: "sum(case when n > 3 then total when paid then n else coalesce(discount, total) end)"}
latest: {from: orders, value: max(case when total > 50 then at end), where: at >= '2026-01-02 10:00'}
months: {from: orders, value: sum(year(at) + month(at)), where: at < today}
first_code: {from: orders, value: first(code)}
last_big: {from: orders, value: last(discount), where: total > 20, last: 9 days}
first_paid: {from: orders, value: first(paid)}
half: {from: orders, value: last(total / 2)}
around: {from: points, value: min(days_until_anniversary(expires_on) + days_since_anniversary(earned_at))}
left: {from: points, value: sum(points), where: days_until(expires_on) >= 0}
first_points: {from: points, value: first(points)}
per_order: spent / orders
"""
HAS = {
    "bigquery": {"ieee_divide"},
    "snowflake": set(),
    "clickhouse": {
        "isNotNull", "isNull", "lengthUTF8", "lowerUTF8", "upperUTF8", "match", "parseDateTimeBestEffort", "toDate",
        "toDate32OrNull", "toDateTime64", "toDayOfMonth", "toMonth", "toNullable", "toString", "toTimeZone", "toYear",
        "has", "uniqExact",
    },
}  # fmt: skip  # a list
"""Functions of the database that sqlglot does not know by itself, as the makers' manuals have them."""
WRITING = (exp.DDL, exp.DML, exp.Command, exp.Drop, exp.Alter)


class Warehouse:
    """Stands where Ibis's connection would, and knows the columns of the shop's tables."""

    def __init__(self, name, tables):
        self.name, self.tables = name, tables

    def table(self, name, database=None):
        assert database is None
        return ibis.table(self.tables[name], name=name)


@pytest.fixture(params=["bigquery", "snowflake", "clickhouse"])
def dialect(request):
    return request.param


@pytest.fixture(params=[TYPED, AS_TEXT], ids=["typed", "as text"])
def asked(request, dialect, tmp_path, monkeypatch):
    """(dialect, every query that was asked of the shop's database)."""
    found = []

    def fetch(_database, expression):
        found.append(ibis.to_sql(expression, dialect=dialect))
        return pa.Table.from_pylist([{}], expression.schema().to_pyarrow())

    monkeypatch.setattr(Database, "backend", Warehouse(dialect, request.param))
    monkeypatch.setattr(Database, "fetch", fetch)
    root = lay(tmp_path, source=SOURCE.replace("DIALECT", dialect), traits=TRAITS, customers=None, orders=None)
    rules = root / "rules.yaml"
    rules.write_text(rules.read_text().replace("amount: total}", f"amount: total, code: code, {COUNTS}}}"))
    opened = Opened(root)
    assert not opened.problems
    opened.snapshot("2026-02-28")
    counting = Counting(opened.vocabulary, date(2026, 2, 28))
    orders.totals(counting, 1)
    order_search.had(counting, ["1"])
    orders.placed(counting, datetime(2026, 2, 27, tzinfo=UTC), datetime(2026, 2, 28, tzinfo=UTC), ["1"])
    where = opened.vocabulary.row_condition("points", Written("days_since(earned_at) <= 3 and points > 0"))
    Walk(counting, "points").matching(where, "walked")
    Walk(counting, "points").named(["b1"], "named")
    return dialect, [str(sql) for sql in found]


def parsed(asked):
    dialect, queries = asked
    return [tree for sql in queries for tree in sqlglot.parse(sql, read=dialect)]


def test_every_query_is_one_statement_that_only_reads(asked):
    trees = parsed(asked)
    assert len(trees) == len(asked[1]) >= 8
    assert all(isinstance(tree, exp.Query) for tree in trees)
    assert not [node for tree in trees for node in tree.walk() if isinstance(node, WRITING)]


def test_every_function_is_one_that_the_database_has(asked):
    unknown = {node.name for tree in parsed(asked) for node in tree.walk() if isinstance(node, exp.Anonymous)}
    assert unknown <= HAS[asked[0]]
    assert not any("timezone(" in sql.replace("CONVERT_TIMEZONE(", "") for sql in asked[1]), "DuckDB's alone"


def test_nothing_is_divided_by_zero(asked):
    divided = [node for tree in parsed(asked) for node in tree.walk() if isinstance(node, exp.Div)]
    divisors = [node.expression for node in divided]
    divisors += [
        node.expressions[1]
        for tree in parsed(asked)
        for node in tree.walk()
        if isinstance(node, exp.Anonymous) and node.name == "ieee_divide"
    ]
    assert divisors
    assert all(isinstance(one.unnest(), exp.Nullif) for one in divisors)


def test_different_values_are_counted_exactly(asked):
    text = "".join("".join(asked[1]).split())
    assert "uniqExactIf(" in text if asked[0] == "clickhouse" else "COUNT(DISTINCT" in text
    assert "uniqIf(" not in text
    assert "APPROX" not in text.upper()


def test_what_the_database_would_read_otherwise_is_spelt_its_way(asked):
    text = "\n".join(asked[1])
    if asked[0] == "snowflake":
        assert r"\v" not in text, "Snowflake would take the letter v off"
    if asked[0] == "clickhouse":
        assert "bool_or" not in text
        assert " lower(" not in text.lower().replace("lowerutf8", "")
        assert 'toNullable("t0"."n")' in text


def test_these_rules_use_every_operation_of_the_language(tmp_path, monkeypatch):
    monkeypatch.setattr(Database, "backend", Warehouse("bigquery", TYPED))
    source = SOURCE.replace("DIALECT", "bigquery")
    opened = Opened(lay(tmp_path, source=source, traits=TRAITS, customers=None, orders=None))
    trees = [one.value.tree for one in opened.vocabulary.counted]
    trees += [one.where.tree for one in opened.vocabulary.counted if one.where]
    used = {node.op for tree in trees for node in tree.walk()}
    assert {*FUNCTIONS, *AGGREGATES, *OPERATIONS, "case", "today", "date"} - used == {"is_null", "or"} - used
