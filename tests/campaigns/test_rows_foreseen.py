"""What a plan says of campaigns that go by rows, and of those who come in: compared as far as can be, never guessed."""

from __future__ import annotations

from pathlib import Path

import pytest

from regulars import clock
from regulars.campaigns import running
from regulars.campaigns.planning.comparison import Comparison
from regulars.campaigns.planning.plan import plan
from regulars.cli.plan_text import of_plan
from small_shop import RULES, SmallShop, at

YESTERDAY, NOON = at("2026-02-01 12:00"), at("2026-02-02 12:00")
CARE = """title: How does it grow?
status: live
for_each: {row: deliveries, where: days_since(delivered_at) <= 12}
audience: orders >= 0
schedule: daily at 10:00
messages: [{send: email, template: care/one, subject: Salut}]
"""
ROWS = "parcel_id,customer_id,delivered_at\np1,ana,2026-01-31\np2,ion,2026-01-20\n"


def run(shop: SmallShop, campaign: str) -> None:
    with shop.desk() as desk, clock.frozen(YESTERDAY):
        selected = running.select(desk, campaign, YESTERDAY)
        for chunk in range(selected.chunks):
            running.enrol(desk, selected.run_id, chunk)
        running.finish(desk, selected.run_id)


def compared(shop: SmallShop, campaign: str) -> Comparison:
    with shop.desk(looking=True) as desk, clock.frozen(NOON):
        return plan(desk, [campaign], NOON)["campaigns"][0]["compared"]


@pytest.fixture
def parcels(shop: SmallShop) -> SmallShop:
    """Ana got a parcel the day before yesterday, Ion twelve days before; Eva will get hers."""
    table = "deliveries: {file: data/deliveries.csv, customer: customer_id, at: delivered_at, id: parcel_id}"
    shop.rules = RULES.replace("orders: data/orders.csv}", f"orders: data/orders.csv, {table}}}")
    for name in ("ana", "ion", "eva"):
        shop.customer(name)
    shop.campaign("care", CARE)
    shop.words("care/one")
    _deliver(shop.root, ROWS)
    return shop


def _deliver(root: Path, rows: str) -> None:
    (root / "data").mkdir(parents=True, exist_ok=True)
    (root / "data" / "deliveries.csv").write_text(rows, encoding="utf-8")


def test_rows_that_came_and_went_move_people_by_themselves(parcels: SmallShop) -> None:
    run(parcels, "care")
    _deliver(parcels.root, f"{ROWS}p3,eva,2026-02-01\n")
    found = compared(parcels, "care")
    told = {(one["entered"], one["by"]): [reason["says"] for reason in one["reasons"]] for one in found["moved"]}
    assert told == {
        (True, "themselves"): ["new rows of deliveries"],
        (False, "themselves"): ["no more rows of deliveries"],
    }


def test_rows_are_not_called_people(parcels: SmallShop) -> None:
    _deliver(parcels.root, f"{ROWS}p3,ana,2026-02-01\n")
    with parcels.desk(looking=True) as desk, clock.frozen(NOON):
        told = of_plan(plan(desk, ["care"], NOON), desk)
    assert "audience 2 rows" in " ".join(told.split())
    assert "2 people" not in told


def test_edited_rows_are_counted_and_not_guessed_about(parcels: SmallShop) -> None:
    run(parcels, "care")
    parcels.campaign("care", CARE.replace("<= 12", "<= 5"))
    found = compared(parcels, "care")
    assert (found["entered"], found["left"]) == (0, 1)
    assert [one["by"] for one in found["moved"]] == [""]
    assert "not told apart" in found["note"]
    assert [one["says"] for one in found["changes"]] == ["days_since(delivered_at) <= 12 → <= 5"]


def test_a_campaign_about_coming_in_is_planned_like_any_other(parcels: SmallShop) -> None:
    parcels.campaign("ten", audience="orders >= 1", repeat="on entry")
    run(parcels, "ten")
    parcels.order("ana", "2026-02-02 08:00:00")
    found = compared(parcels, "ten")
    assert [(one["by"], one["people"], one["reasons"][0]["says"]) for one in found["moved"]] == [
        ("themselves", 1, "orders reached 1")
    ]
