"""A wholesaler's loyalty figures by month, against plain DuckDB over the same file."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from real_projects import laid, regulars

pytestmark = [pytest.mark.real, pytest.mark.xdist_group("online_retail")]

DAYS = 90
ORDERS = """
    select InvoiceNo as id, CustomerID as who, min(InvoiceDate) as placed,
           sum(cast(Quantity * UnitPrice as decimal(18, 2))) as paid
    from '{file}'
    where CustomerID is not null and InvoiceNo not like 'C%' and Quantity > 0 and UnitPrice > 0 group by all
"""
KINDS = """
    select count(*) filter (where kinds > 1) / count(*) filter (where kinds = 1) from
      (select CustomerID, count(distinct StockCode) as kinds from '{file}'
       where CustomerID is not null and InvoiceNo not like 'C%' and Quantity > 0 and UnitPrice > 0
         and InvoiceDate < date '{end}' group by 1)
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[dict[str, Any]], Path]:
    root = laid("online_retail", tmp_path_factory.mktemp("retail"))
    rules = root / "rules.yaml"
    text = rules.read_text(encoding="utf-8").replace(
        "  languages: [en]", f"  languages: [en]\n  customer_for: {DAYS} days"
    )
    text = text.replace(
        "  customer: {id:", "  line: {table: sales, type: product, order: invoice}\n  customer: {id:", 1
    )
    rules.write_text(text, encoding="utf-8")
    answered = regulars(root, "report", "--as-of", "2011-11-30", "--format", "json")
    assert answered.returncode == 0, answered.stderr
    return json.loads(answered.stdout)["loyalty"]["months"], root / "data" / "online_retail.parquet"


def test_the_months_are_those_that_plain_sql_counts(told: tuple[list[dict[str, Any]], Path]) -> None:
    months, file = told
    orders = ORDERS.format(file=file)

    def customers(day: date) -> set[str]:
        since = day - timedelta(days=DAYS)
        found = duckdb.sql(
            f"select distinct who from ({orders}) where placed >= date '{since}' and placed < date '{day}'"
        )
        return {row[0] for row in found.fetchall()}

    assert [month["month"] for month in months][-2:] == ["2011-10", "2011-11"]
    for month in months[-4:]:
        start = date.fromisoformat(month["month"] + "-01")
        end = date.fromisoformat(month["until"]) + timedelta(days=1)
        own = f"({orders}) where placed >= date '{start}' and placed < date '{end}'"
        number, buyers, revenue = duckdb.sql(f"select count(*), count(distinct who), sum(paid) from {own}").fetchone()
        assert (month["orders"], month["buyers"]) == (number, buyers)
        assert month["revenue"] == pytest.approx(float(revenue), abs=5), "lines are rounded there, orders here"
        before, after = customers(start), customers(end)
        assert (month["start"], month["end"], month["new"]) == (len(before), len(after), len(after - before))
        assert month["retention_rate"] == len(before & after) / len(before)
        assert month["churn_rate"] == len(before - after) / len(before | after)
        repeat = f"select count(*) filter (where n > 1) / count(*) from (select who, count(*) as n from ({orders}) where placed < date '{end}' group by 1)"  # noqa: E501  # one statement
        assert month["to_date"]["repeat_purchase_rate"] == duckdb.sql(repeat).fetchone()[0]
        assert month["to_date"]["upsell_ratio"] == duckdb.sql(KINDS.format(file=file, end=end)).fetchone()[0]
