"""A grocer's year: the known figures of 2,469 households, through `regulars segments`."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from real_projects import census, laid

pytestmark = [pytest.mark.real, pytest.mark.xdist_group("complete_journey")]


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path]:
    folder = tmp_path_factory.mktemp("journey")
    output = folder / "households.parquet"
    return census(laid("complete_journey", folder), "2017-12-31", output), output


def totals(output: Path, sums: str) -> tuple[Any, ...]:
    return duckdb.sql(f"select {sums} from '{output}'").fetchone()


def test_every_row_and_basket_and_cent_is_counted(counted: tuple[dict[str, Any], Path]) -> None:
    told, output = counted
    assert (told["as_of"], told["customers"]) == ("2017-12-31", 2469)
    assert told["segments"]["with_orders"] == {"in": 2469, "out": 0}
    found = totals(output, "count(*), sum(product_rows), sum(orders), sum(spent)")
    assert found == (2469, 1_469_307, 155_848, Decimal("4596039.58"))


def test_discounts_are_a_share_of_the_value_on_the_shelf(counted: tuple[dict[str, Any], Path]) -> None:
    discounts, share = totals(counted[1], "sum(discounts), round(100 * sum(discounts) / sum(shelf_value), 4)")
    assert (discounts, share) == (Decimal("822553.19"), 15.2544)


def test_households_fall_where_they_are_known_to_fall(counted: tuple[dict[str, Any], Path]) -> None:
    segments = counted[0]["segments"]
    assert segments["over_a_fifth_discounted"]["in"] == 493
    assert segments["never_a_discount"]["in"] == 5
    assert segments["gone_90_days"]["in"] == 142
    assert segments["repeat"]["in"] == 2438


def test_the_grocers_ladders_give_everybody_one_step(counted: tuple[dict[str, Any], Path]) -> None:
    segments = counted[0]["segments"]
    assert segments["lifecycle"] == {
        "prospect": 0, "lost": 56, "lapsed": 86, "new": 6, "at_risk": 139, "evaluating": 5, "active": 2177,
    }  # fmt: skip
    assert segments["loyalty_type"] == {"discount": 493, "reward": 165, "price": 324, "value": 1487}


def test_those_who_redeemed_had_been_the_better_customers_all_along(counted: tuple[dict[str, Any], Path]) -> None:
    told, output = counted
    assert told["segments"]["coupons"] == {"redeemed": 410, "mailed": 1149, "never_mailed": 910}
    assert totals(output, "sum(mailings), sum(redemptions)") == (6589, 2102)
    spent = duckdb.sql(f"select coupons, round(avg(spent), 2) from '{output}' group by 1").fetchall()
    assert dict(spent) == {"redeemed": 3889.74, "mailed": 2142.67, "never_mailed": 592.66}


def test_read_as_local_time_the_last_evening_falls_into_the_next_year(tmp_path: Path) -> None:
    root = laid("complete_journey", tmp_path)
    rules = root / "rules.yaml"
    rules.write_text(
        rules.read_text(encoding="utf-8").replace("  timezone: UTC ", "  # timezone: UTC "), encoding="utf-8"
    )
    output = tmp_path / "households.parquet"
    told = census(root, "2017-12-31", output)
    assert told["segments"]["gone_90_days"]["in"] == 143
    (rows,) = totals(output, "sum(product_rows)")
    assert 1_469_307 - rows == 534


def test_yesterdays_evening_in_new_york_is_not_today(counted: tuple[dict[str, Any], Path]) -> None:
    latest = totals(counted[1], "max(last_order)")[0]
    assert (latest.year, latest.month, latest.day) == (2017, 12, 31)
