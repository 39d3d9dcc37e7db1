"""The laid shop: the same every time, and with somebody in every corner that the rules and campaigns ask for."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import pytest

from regulars import sample
from regulars.sample import tables

DAY = date(2026, 11, 21)

# What rules.yaml says, in plain SQL.
STANDINGS = f"""
with kept as (
  select *, cast(ordered_at as timestamp)::date as day from orders where status not in ('cancelled', 'refunded')
), counted as (
  select customer_id, count(*) as orders, sum(total::decimal(14, 2)) as spent, min(day) as first, max(day) as last,
         avg((discount::decimal(14, 2) > 0)::int) as share
  from kept group by customer_id
), collected as (
  select customer_id, sum(points::int) as points from points where expires_on::date >= date '{DAY}' group by customer_id
)
select customers.*, coalesce(orders, 0) as orders, coalesce(spent, 0) as spent, first,
  date '{DAY}' - last as since,
  case when coalesce(orders, 0) = 0 then 'prospect'
       when orders = 1 and date '{DAY}' - first <= 30 then 'new'
       when since > 365 then 'lost' when since > 180 then 'lapsed' when since > 90 then 'at_risk'
       when orders = 1 then 'evaluating' else 'active' end as lifecycle,
  case when share >= 0.6 then 'discount' when spent / orders < 120 then 'price'
       when coalesce(points, 0) > 0 then 'reward' else 'value' end as loyalty_type
from customers left join counted using (customer_id) left join collected using (customer_id)
"""


@pytest.fixture(scope="module")
def standings(look: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    look.execute(f"create or replace table standings as {STANDINGS}")
    return look


def only(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    """The one number that `query` gives."""
    row = connection.execute(query).fetchone()
    assert row is not None
    return int(row[0])


def test_the_same_day_and_seed_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "other"):
        sample.lay(tmp_path / name, DAY, customers=1000)
    for table in tables.COLUMNS:
        assert tables.path(tmp_path / "one", table).read_bytes() == tables.path(tmp_path / "other", table).read_bytes()


@pytest.mark.parametrize("change", [{"seed": 8}, {"day": date(2026, 11, 22)}])
def test_another_day_or_seed_gives_another_shop(tmp_path: Path, change: dict) -> None:
    sample.lay(tmp_path / "one", DAY, customers=300)
    sample.lay(tmp_path / "other", **({"day": DAY, "customers": 300} | change))
    one, other = (tables.path(tmp_path / name, "orders").read_text() for name in ("one", "other"))
    assert one != other


def test_what_was_laid_is_what_was_counted(tmp_path: Path) -> None:
    laid = sample.lay(tmp_path, DAY, customers=500)
    rows = {table: len(tables.path(tmp_path, table).read_text().splitlines()) - 1 for table in tables.COLUMNS}
    assert rows == {
        "customers": laid.customers,
        "orders": laid.orders,
        "order_lines": laid.order_lines,
        "points": laid.points,
        "complaints": laid.complaints,
    }


def test_there_are_customers_and_orders_enough(look: duckdb.DuckDBPyConnection) -> None:
    assert only(look, "select count(*) from customers") >= 5000
    assert only(look, "select count(*) from orders") >= 40_000


@pytest.mark.parametrize("day", [DAY, date(2026, 3, 1), date(2028, 2, 29)])
def test_the_newest_order_is_of_the_morning_of_the_day(tmp_path: Path, day: date) -> None:
    sample.lay(tmp_path, day, customers=2000)
    orders = tables.read(tmp_path, "orders")
    assert f"{day} 04:00:00" <= max(orders["ordered_at"]) < f"{day} 06:30:00"


def test_ids_are_unique_and_lines_and_points_belong_to_somebody(look: duckdb.DuckDBPyConnection) -> None:
    keys = {"customers": "customer_id", "orders": "order_id", "order_lines": "line_id", "points": "batch_id"}
    keys["complaints"] = "complaint_id"
    for table, key in keys.items():
        assert only(look, f"select count(*) - count(distinct {key}) from {table}") == 0
    for table in ("orders", "order_lines", "points", "complaints"):
        missing = f"select count(*) from {table} anti join customers using (customer_id) where customer_id is not null"
        assert only(look, missing) == 0
    assert only(look, "select count(*) from order_lines anti join orders using (order_id, ordered_at)") == 0
    assert only(look, "select count(*) from orders anti join order_lines using (order_id)") == 0


def test_a_total_is_its_lines_less_the_discount(look: duckdb.DuckDBPyConnection) -> None:
    wrong = """
      select count(*) from orders join (
        select order_id, sum(quantity::int * price::decimal(14, 2)) as lines from order_lines group by order_id
      ) using (order_id), lateral (select total::decimal(14, 2) as paid, discount::decimal(14, 2) as off)
      where paid + off <> lines or paid <= 0"""
    assert only(look, wrong) == 0


def test_money_is_written_with_two_decimals(look: duckdb.DuckDBPyConnection) -> None:
    odd = r"select count(*) from orders where not regexp_full_match(total || ' ' || discount, '\d+\.\d\d \d+\.\d\d')"
    assert only(look, odd) == 0


@pytest.mark.parametrize("stage", ["prospect", "new", "lost", "lapsed", "at_risk", "evaluating", "active"])
def test_every_lifecycle_stage_is_well_populated(standings: duckdb.DuckDBPyConnection, stage: str) -> None:
    assert only(standings, f"select count(*) from standings where lifecycle = '{stage}'") >= 0.02 * 6000


@pytest.mark.parametrize("kind", ["discount", "price", "reward", "value"])
@pytest.mark.parametrize("stage", ["active", "at_risk", "lapsed"])
def test_every_loyalty_type_is_well_populated(standings: duckdb.DuckDBPyConnection, kind: str, stage: str) -> None:
    who = f"loyalty_type = '{kind}'"
    assert only(standings, f"select count(*) from standings where {who}") >= 0.02 * 6000
    assert only(standings, f"select count(*) from standings where {who} and lifecycle = '{stage}'") >= 50


@pytest.mark.parametrize(
    ("people", "fewest", "most"),
    [
        (f"date '{DAY}' - signed_up::date <= 2 and email_consent = 'yes' and email like '%_@_%'", 30, 60),
        ("since between 1 and 2", 40, 90),
        ("since = 0", 20, 80),
        (f"strftime(birthday::date, '%m-%d') = '{DAY:%m-%d}'", 8, 25),
        ("strftime(birthday::date, '%m-%d') = '02-29'", 8, 25),
        ("spent >= 5000 and lifecycle <> 'lost'", 200, 900),
        ("lifecycle = 'active' and orders >= 6", 500, 2500),
    ],
)
def test_every_campaign_has_an_audience(
    standings: duckdb.DuckDBPyConnection, people: str, fewest: int, most: int
) -> None:
    assert fewest <= only(standings, f"select count(*) from standings where {people}") <= most


def test_nobody_orders_before_signing_up(standings: duckdb.DuckDBPyConnection) -> None:
    assert only(standings, "select count(*) from standings where first < signed_up::date") == 0


def test_a_few_orders_lost_their_customer(look: duckdb.DuckDBPyConnection) -> None:
    assert 1 <= only(look, "select count(*) from orders where customer_id is null") <= 5


def test_december_sells_more_than_july(look: duckdb.DuckDBPyConnection) -> None:
    sold = "select count(*) from orders where ordered_at between '2025-{0}-01' and '2025-{0}-32'"
    assert only(look, sold.format("12")) > 1.5 * only(look, sold.format("07"))


def test_orders_carry_old_paper_codes_and_some_were_taken_back(look: duckdb.DuckDBPyConnection) -> None:
    assert only(look, "select count(*) from orders where coupon_code = 'TOAMNA10' and discount::double > 0") > 500
    assert only(look, "select count(*) from orders where coupon_code is not null and discount::double = 0") == 0
    for status in ("cancelled", "refunded"):
        assert only(look, f"select count(*) from orders where status = '{status}'") > 300


def test_about_forty_products_stand_on_seven_shelves(look: duckdb.DuckDBPyConnection) -> None:
    assert 35 <= only(look, "select count(distinct product) from order_lines") <= 45
    assert only(look, "select count(distinct category) from order_lines") == 7
    assert (
        only(
            look,
            "select count(*) from (select product from order_lines group by product, order_id having count(*) > 1)",
        )
        == 0
    )
