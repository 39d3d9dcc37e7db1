"""The same rules over PostgreSQL, by a role that may only read, give the same people as over files."""

import secrets
from datetime import date, datetime
from decimal import Decimal

import pyarrow.parquet as pq
import pytest
from snapshots_of import Opened, lay

pytestmark = pytest.mark.postgres
SECRET = "Ionescu"

TABLES = """
create schema "Magazin";
create table "Magazin".customers (
  id bigint, birthday date, consent text, city text, "Größe" int, "Net Worth" numeric,
  seen timestamptz, born_at timestamp,
  tags text[], extra jsonb, network inet, score real);
insert into "Magazin".customers values
  (1, '1990-02-28', 'yes', 'Iași', 170, 10.5, '2026-01-05 23:30+00', '2026-01-05 23:30', '{a}', '{}', '10.0.0.1', 0.5),
  (2, '1988-02-29', 'NU', null, null, null, null, null, null, null, null, null),
  (3, null, 'perhaps', '', 180, 0, '2026-03-29 00:30+00', '2026-03-29 00:30', null, null, null, -1.25),
  (9007199254740993, '2000-12-31', null, 'Cluj', 160, 99999999.99, null, null, null, null, null, null);
create table orders (
  order_id uuid primary key, customer bigint, at timestamptz not null, total numeric(12,2), discount float8,
  code char(8), paid bool, n smallint);
insert into orders select md5(i::text)::uuid, (array[1, 1, 1, 3, 9007199254740993, 3, 1, null, 77])[1 + i % 9],
    timestamptz '2026-01-01 21:30+00' + i * interval '7 hours',
    (i * 13 % 101) - 3 + i / 100.0, case when i % 4 = 0 then null else i % 5 end,
    case when i % 3 = 0 then 'WELCOME' end, case when i % 5 > 0 then i % 2 = 0 end, i % 7
  from generate_series(1, 60) i;
create table points (id bigint, points int, earned_at timestamp, expires_on date, kind text);
insert into points select (array[1, 3, 3])[1 + i % 3], i * 10 - 30,
    timestamp '2026-01-20 22:30' + i / 2 * interval '1 hour',
    date '2026-01-29' + i, case when i % 2 = 0 then 'bonus' end from generate_series(1, 9) i;
create role ROLE login password 'PASSWORD';
alter role ROLE set default_transaction_read_only = on;
grant usage on schema "Magazin" to ROLE;
grant select on all tables in schema "Magazin", public to ROLE;
"""
SOURCE = """connect: "CONNECT"
  timezone: America/New_York
  tables:
    customers: CUSTOMERS
    orders: ORDERS
    points: {POINTS, customer: id, at: earned_at}
  types: {Größe: number}"""
TRAITS = """
spent: {from: orders, value: sum(total)}
average: {from: orders, value: avg(total)}
median_of: {from: orders, value: max(discount)}
share: {from: orders, value: avg(discount > 0)}
paid_share: {from: orders, value: avg(paid)}
first_order: {from: orders, value: min(at)}
last_order: {from: orders, value: max(at)}
codes: {from: orders, value: count(distinct code)}
ratio: {from: orders, value: sum(total / discount)}
known: {from: orders, value: count(discount), where: paid is not true}
not_paid: {from: orders, value: count(*), where: not paid}
recent: {from: orders, value: count(*), last: 9 days}
hours: {from: orders, value: count(*), last: 36 hours}
evening: {from: orders, value: count(*), where: "days_since(at) between 3 and 20 and n in (1, 2, 3)"}
latest_big: {from: orders, value: max(case when total > 50 then at end)}
rounded: {from: orders, value: "sum(round(total / 7, 1) + floor(discount) + ceil(-total) + abs(n - 4))"}
picked: {from: orders, value: "min(least(total, discount, n))", where: "code like 'W%' or greatest(n, discount) > 4"}
year_sum: {from: orders, value: sum(year(at) + month(at))}
around: {from: points, value: min(days_until_anniversary(expires_on) + days_since_anniversary(earned_at))}
left: {from: points, value: sum(points), where: expires_on >= today}
bonus: {from: points, value: count(*), where: "upper(trim(kind)) = 'BONUS' and length(kind) = 5", last: 10 days}
last_earned: {from: points, value: max(earned_at)}
first_code: {from: orders, value: first(trim(code))}
last_total: {from: orders, value: last(total)}
last_big: {from: orders, value: last(discount), where: total > 20, last: 9 days}
first_paid: {from: orders, value: first(paid)}
last_at: {from: orders, value: last(at)}
half: {from: orders, value: first(total / 2), where: n > 3}
at_once: {from: points, value: first(points)}
at_once_again: {from: points, value: last(points)}
last_end: {from: points, value: last(expires_on), where: kind = 'bonus'}
per_order: spent / orders
fifth: quintile(spent, orders >= 1)
age_days: days_until_anniversary(birthday)
"""
SEGMENTS = """
kind:
  - rich: fifth >= 4 and per_order > 20
  - late: days_since(last_order) > 10
  - tall: Größe >= 170
  - rest: otherwise
blank: city is null
"""


@pytest.fixture(scope="module")
def shop_database(postgres_server):
    """(address of the read-only role, address of the owner) of a database of a shop."""
    import psycopg

    name, role, password = f"s{secrets.token_hex(5)}", f"r{secrets.token_hex(5)}", secrets.token_hex(8)
    with psycopg.connect(postgres_server.get_uri("postgres"), autocommit=True) as connection:
        connection.execute(f"create database {name}")
        connection.execute(f"revoke temporary on database {name} from public")
    owner = postgres_server.get_uri(name)
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute(TABLES.replace("ROLE", role).replace("PASSWORD", password))
    yield owner.replace("postgres:@", f"{role}:{password}@"), owner
    with psycopg.connect(postgres_server.get_uri("postgres"), autocommit=True) as connection:
        connection.execute(f"drop database {name} with (force)")
        connection.execute(f"drop role {role}")


def source(connect, customers, orders, points):
    text = SOURCE.replace("CONNECT", connect).replace("CUSTOMERS", customers)
    return text.replace("ORDERS", orders).replace("POINTS", points)


IN_DATABASE = ('"Magazin.customers"', "orders", "table: points")


def rows(root, day="2026-01-12"):
    snapshot = Opened(root).snapshot(day)
    found = {row["id"]: row for row in pq.read_table(snapshot.path).to_pylist()}
    return {key: {column: plain(value) for column, value in row.items()} for key, row in found.items()}


def plain(value):
    """Numbers of one size are one number, whatever type an engine counts in."""
    if isinstance(value, Decimal | float | int) and not isinstance(value, bool):
        return round(float(value), 6)
    return value


@pytest.mark.parametrize("day", ["2026-01-12", "2026-01-25", "2025-01-01"])
@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_a_read_only_role_gives_the_same_people_as_files(tmp_path, shop_database, monkeypatch, day, form):
    read_only, owner = shop_database
    monkeypatch.setenv("SHOP_DB", read_only)
    there = lay(tmp_path / "there", source=source("${SHOP_DB}", *IN_DATABASE), traits=TRAITS, segments=SEGMENTS)
    files = (f"data/customers.{form}", f"data/orders.{form}", f"file: data/points.{form}")
    project = {"traits": TRAITS, "segments": SEGMENTS, "customers": None, "orders": None}
    here = lay(tmp_path / "here", source=source("duckdb://", *files), **project)
    copy_out(owner, here, form)
    assert rows(there, day) == rows(here, day)
    assert set(rows(there, day)) == {"1", "2", "3", "9007199254740993"}


def copy_out(owner, root, form):
    """The database's tables as files; in CSV times are written with their zone where they have one."""
    import duckdb
    import ibis

    database = ibis.connect(owner)
    connection = duckdb.connect()
    connection.execute("set timezone = 'UTC'")
    for table, schema in (("customers", "Magazin"), ("orders", "public"), ("points", "public")):
        found = database.table(table, database=schema)
        if "order_id" in found.columns:
            found = found.mutate(order_id=found.order_id.cast("string"))
        arrow = found.drop(*[c for c in ("tags", "extra", "network") if c in found.columns]).to_pyarrow()
        connection.register("arrow", arrow)
        connection.execute(f"copy (select * from arrow) to '{root}/data/{table}.{form}'")


def test_figures_of_one_person_are_what_the_shop_would_say(tmp_path, shop_database, monkeypatch):
    monkeypatch.setenv("SHOP_DB", shop_database[0])
    root = lay(tmp_path, source=source("${SHOP_DB}", *IN_DATABASE), traits=TRAITS, segments=SEGMENTS)
    found = rows(root)
    nobody = found["2"]
    assert (nobody["orders"], nobody["spent"]) == (0, 0)
    assert (nobody["first_order"], nobody["per_order"], nobody["fifth"]) == (None, None, None)
    assert found["1"]["seen"] == datetime(2026, 1, 6, 1, 30)
    assert found["1"]["born_at"] == datetime(2026, 1, 6, 6, 30), (
        "naive times are New York's, shown by Bucharest's clock"
    )
    assert [found[key]["consent"] for key in ("1", "2", "3")] == [True, False, None]
    assert found["1"]["birthday"] == date(1990, 2, 28)


def test_queries_are_tables_too_and_need_no_temporary_view(tmp_path, shop_database, monkeypatch):
    monkeypatch.setenv("SHOP_DB", shop_database[0])
    queries = (
        "{sql: 'select * from \"Magazin\".customers'}",
        "{sql: 'select * from orders where total is not null'}",
        "sql: 'select * from points'",
    )
    asked = lay(tmp_path / "asked", source=source("${SHOP_DB}", *queries), traits=TRAITS, segments=SEGMENTS)
    plain_ = lay(tmp_path / "plain", source=source("${SHOP_DB}", *IN_DATABASE), traits=TRAITS, segments=SEGMENTS)
    assert rows(asked) == rows(plain_)


def test_each_table_is_asked_once(tmp_path, shop_database, monkeypatch):
    from regulars.people.database import Database

    monkeypatch.setenv("SHOP_DB", shop_database[0])
    asked = []
    fetch = Database.fetch
    monkeypatch.setattr(Database, "fetch", lambda self, one: asked.append(one) or fetch(self, one))
    opened = Opened(lay(tmp_path, source=source("${SHOP_DB}", *IN_DATABASE), traits=TRAITS, segments=SEGMENTS))
    opened.snapshot("2026-01-12")
    assert len([one for one in asked if "id" in one.columns or "regulars_customer" in one.columns]) == 3


def test_texts_that_cannot_be_read_are_counted_and_unknown(tmp_path, shop_database, monkeypatch):
    monkeypatch.setenv("SHOP_DB", shop_database[0])
    query = (
        '{sql: "select id, consent, '
        "case id when 1 then '1990-02-30' when 2 then ' 1988-02-29 ' else '' end as birthday, "
        '0 as \\"Größe\\" from \\"Magazin\\".customers"}'
    )
    root = lay(tmp_path, source=source("${SHOP_DB}", query, *IN_DATABASE[1:]))
    opened = Opened(root)
    told = [(one.code, one.sentence) for one in opened.snapshot("2026-01-12").findings]
    assert ("unreadable-value", "1 value of `birthday` in `customers` cannot be read as days.") in told
    assert ("unreadable-value", "1 value of `consent` in `customers` cannot be read as yes or no.") in told
    assert [row["birthday"] for row in rows(root).values()].count(date(1988, 2, 29)) == 1


@pytest.mark.parametrize(
    ("connect", "words"),
    [
        ("postgresql://reader:hunter2secret@127.0.0.1:9/shop", "(postgresql) cannot be reached (OperationalError)"),
        ("${NO_SUCH_ADDRESS}", "wants the environment variable NO_SUCH_ADDRESS, which is not set"),
        ("postgresql://reader:${NO_SUCH_PASSWORD}@127.0.0.1/shop", "environment variable NO_SUCH_PASSWORD"),
        ("hunter2secret", "cannot be reached"),
    ],
)
def test_a_database_that_cannot_be_reached_is_told_once_without_its_address(tmp_path, connect, words):
    (found,) = Opened(lay(tmp_path, source=source(connect, *IN_DATABASE))).problems
    assert found[0] == "cannot-reach-source"
    assert found[1] == "rules.yaml:10:13"
    assert words in found[2]
    assert "hunter2secret" not in str(found)


def test_a_refused_login_is_told_without_the_address(tmp_path, shop_database):
    address = shop_database[0].replace("//r", "//hunter2secret", 1)
    (found,) = Opened(lay(tmp_path, source=source(address, *IN_DATABASE))).problems
    assert "cannot be reached (OperationalError)" in found[2]
    assert "hunter2secret" not in str(found)


@pytest.mark.parametrize("table", ["nothing", "{sql: 'select * from nothing'}", "{sql: 'selec'}"])
def test_a_table_that_is_not_there_is_told_at_its_place(tmp_path, shop_database, monkeypatch, table):
    monkeypatch.setenv("SHOP_DB", shop_database[0])
    found = Opened(lay(tmp_path, source=source("${SHOP_DB}", IN_DATABASE[0], table, IN_DATABASE[2]))).problems
    assert [one[0] for one in found] == ["cannot-read-table"]
    assert "The database refuses it" in found[0][2]


def test_a_value_that_no_rule_can_compute_with_is_told_without_it(tmp_path, shop_database, monkeypatch):
    from regulars.errors import SourceError

    monkeypatch.setenv("SHOP_DB", shop_database[0])
    query = '{sql: "select o.*, 1 / (extract(day from at) * 0) as bad from orders o"}'
    tables = source("${SHOP_DB}", IN_DATABASE[0], query, IN_DATABASE[2])
    root = lay(tmp_path, source=tables, traits="b: {from: orders, value: sum(bad)}")
    with pytest.raises(SourceError, match="The database could not answer") as told:
        Opened(root).snapshot()
    assert "zero" not in str(told.value)
