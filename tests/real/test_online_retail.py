"""A wholesaler's invoice lines: customers, orders and scores out of one file, and nobody who can be written to."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from real_projects import census, laid, regulars

pytestmark = [pytest.mark.real, pytest.mark.xdist_group("online_retail")]

CAMPAIGN = """
title: Win back the lapsed
status: live
audience: lifecycle = 'lapsed'
schedule: daily at 10:00
messages:
  - send: email
    template: winback/first
    subject: We have not seen you for a while
"""
LETTER = "Hello! {{ shop.address }} {{ links.unsubscribe }}"


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path]:
    folder = tmp_path_factory.mktemp("retail")
    output = folder / "customers.parquet"
    return census(laid("online_retail", folder), "2011-12-09", output), output


def one(output: Path, sql: str) -> tuple[Any, ...]:
    return duckdb.sql(sql.format(customers=f"'{output}'")).fetchone()


def test_orders_are_what_was_bought_by_somebody_and_not_cancelled(counted: tuple[dict[str, Any], Path]) -> None:
    told, output = counted
    assert told["as_of"] == "2011-12-09"
    assert told["segments"]["buyers"] == {"in": 4338, "out": 34}
    found = one(output, "select sum(sold_lines), sum(orders), sum(spent) from {customers}")
    assert found == (397_884, 18_532, Decimal("8911407.90"))


def test_repeaters_and_the_long_gone_are_as_many_as_known(counted: tuple[dict[str, Any], Path]) -> None:
    segments = counted[0]["segments"]
    assert (segments["repeat"]["in"], segments["gone_90_days"]["in"]) == (2845, 1449)
    assert segments["lifecycle"] == {"prospect": 34, "lapsed": 1449, "evaluating": 646, "active": 2243}


def test_quintiles_are_those_of_the_textbook(counted: tuple[dict[str, Any], Path]) -> None:
    segments = counted[0]["segments"]
    scores = {name: list(segments[f"{name}_score"].values()) for name in ("recency", "frequency", "monetary")}
    assert scores == {
        "recency": [861, 866, 863, 880, 868, 34],
        "frequency": [1493, 835, 508, 802, 700, 34],
        "monetary": [868, 867, 868, 867, 868, 34],
    }


def test_a_customer_number_is_text_and_not_a_fraction(counted: tuple[dict[str, Any], Path]) -> None:
    odd = "count(*) filter (not regexp_matches(customer_id, '^[0-9]{{5}}$'))"
    kind, odd = one(counted[1], f"select any_value(typeof(customer_id)), {odd} from {{customers}}")
    assert (kind, odd) == ("VARCHAR", 0)


def test_a_huge_order_given_back_minutes_later_still_ranks_its_buyer_fourth(
    counted: tuple[dict[str, Any], Path],
) -> None:
    spenders = "select customer_id, spent, kept, row_number() over (order by spent desc) as place from {customers}"
    place, spent, kept = one(
        counted[1], f"select place, spent, round(kept, 2) from ({spenders}) where customer_id = '16446'"
    )
    assert (place, spent, kept) == (4, Decimal("168472.50"), 2.9)
    assert counted[0]["segments"]["gave_nearly_all_back"]["in"] == 23


def test_a_campaign_that_can_reach_nobody_is_refused_before_it_runs(tmp_path: Path) -> None:
    root = laid("online_retail", tmp_path)
    _write(root, CAMPAIGN)
    told = regulars(root, "check")
    assert told.returncode == 1
    assert "Nobody can be reached by email: rules.yaml does not say which column holds `email`." in told.stdout


def test_an_empty_column_of_addresses_reaches_nobody_and_plan_says_why(tmp_path: Path) -> None:
    root = laid("online_retail", tmp_path)
    _write(root, CAMPAIGN)
    rules = (root / "rules.yaml").read_text(encoding="utf-8")
    rules = rules.replace("as country\n", "as country, cast(null as varchar) as email\n")
    rules = rules.replace("{id: customer_id, country: country}", "{id: customer_id, country: country, email: email}")
    (root / "rules.yaml").write_text(rules, encoding="utf-8")
    told = regulars(root, "plan", "--as-of", "2011-12-09", "--format", "json")
    assert told.returncode == 0, told.stderr
    (winback,) = json.loads(told.stdout)["campaigns"]
    assert (winback["audience"], winback["send"], winback["withheld"]) == (1449, {}, {"no-consent": 1449})


def _write(root: Path, campaign: str) -> None:
    (root / "campaigns").mkdir()
    (root / "campaigns" / "winback.yaml").write_text(campaign, encoding="utf-8")
    (root / "templates" / "winback").mkdir(parents=True)
    for suffix, words in (("html", f"<!doctype html><p>{LETTER}</p>"), ("txt", LETTER)):
        (root / "templates" / "winback" / f"first.en.{suffix}").write_text(words, encoding="utf-8")
