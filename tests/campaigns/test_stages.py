"""Stages are kept day by day: who moved, on which day, by themselves or by an edit, in both databases."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import text

from regulars import clock
from regulars.campaigns import stages
from regulars.campaigns.held.forget import forget
from regulars.campaigns.held.whose import whose
from regulars.campaigns.trying.simulate import simulate
from regulars.ledger import stages as kept
from small_shop import RULES, SmallShop, at

EDITED = RULES.replace("days_since(last_order) > 180", "days_since(last_order) > 100")


BOTH = pytest.mark.parametrize("peopled", [False, pytest.param(True, marks=pytest.mark.postgres)], indirect=True)


@pytest.fixture
def peopled(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallShop:
    """On 10 March eva is a prospect and the others active; ana has been quiet for 178 days, ion for 110."""
    if getattr(request, "param", False):
        monkeypatch.setenv("REGULARS_LEDGER", str(request.getfixturevalue("postgres_url")))
    shop = SmallShop(tmp_path / "shop")
    for customer in ("ana", "ion", "eva"):
        shop.customer(customer, signed_up="2025-01-01")
    shop.order("ana", "2025-09-13 10:00:00")
    shop.order("ion", "2025-11-20 10:00:00")
    return shop


def look(shop: SmallShop, day: str) -> int:
    with shop.desk() as desk, clock.frozen(at(f"{day} 09:00")):
        return stages.keep(desk, at(f"{day} 09:00"))


def rows(shop: SmallShop, table: str = "stage", columns: str = "customer_id, since, before, value, until") -> list[str]:
    with shop.desk() as desk, desk.ledger.reading() as connection:
        found = connection.execute(text(f"SELECT {columns} FROM {table} ORDER BY 1, 2"))
        return [" ".join(map(str, row)) for row in found]


def flows(shop: SmallShop) -> list[str]:
    return rows(shop, "stage_flow", "day, before, after, by_edit, people")


@BOTH
def test_only_changes_are_written_and_flows_add_up_to_the_totals(peopled: SmallShop) -> None:
    assert look(peopled, "2026-03-10") == 0
    assert rows(peopled) == ["ana   active ", "eva   prospect ", "ion   active "]
    assert flows(peopled) == [], "whoever was there when it began has not moved"
    peopled.order("eva", "2026-03-12 08:00:00")
    peopled.customer("dan", signed_up="2026-03-12")
    assert look(peopled, "2026-03-13") == 3
    assert look(peopled, "2026-03-13") == 0
    assert rows(peopled) == [
        "ana   active 2026-03-13",
        "ana 2026-03-13 active lapsed ",
        "dan 2026-03-13  prospect ",
        "eva   prospect 2026-03-13",
        "eva 2026-03-13 prospect active ",
        "ion   active ",
    ]
    assert sorted(one.replace("False", "0") for one in flows(peopled)) == [
        "2026-03-13  prospect 0 1",
        "2026-03-13 active lapsed 0 1",
        "2026-03-13 prospect active 0 1",
    ]
    totals = [one for one in rows(peopled, "stage_total", "day, value, people") if one.startswith("2026-03-13")]
    assert totals == ["2026-03-13 active 2", "2026-03-13 lapsed 1", "2026-03-13 prospect 1"]


@BOTH
def test_a_day_moves_somebody_once_and_back_again_is_not_at_all(peopled: SmallShop) -> None:
    look(peopled, "2026-03-10")
    look(peopled, "2026-03-13")
    assert rows(peopled)[1] == "ana 2026-03-13 active lapsed "
    peopled.order("ana", "2026-03-13 08:00:00")
    assert look(peopled, "2026-03-13") == 1
    assert [one for one in rows(peopled) if one.startswith("ana")] == ["ana   active "]
    assert flows(peopled) == []


@BOTH
def test_people_moved_by_an_edit_are_marked_and_entered_nothing(peopled: SmallShop) -> None:
    look(peopled, "2026-03-10")
    peopled.rules = EDITED
    peopled.campaign("hello", audience="days_since(entered_lapsed) <= 7 or orders = 0")
    look(peopled, "2026-03-13")
    # By the new rules both would have been lapsed on the 10th: the edit moved them, though ana passed 180 days too.
    assert [one.replace("True", "1") for one in flows(peopled)] == ["2026-03-13 active lapsed 1 2"]
    with peopled.desk() as desk:
        found = desk.snapshot(at("2026-03-13 10:00"))
        came = desk.connection.execute(f"select customer_id, entered_lapsed from {found.relation}").fetchall()
    assert dict(came) == {"ana": None, "ion": None, "eva": None}


def test_the_day_somebody_came_to_a_step_is_a_trait(peopled: SmallShop) -> None:
    look(peopled, "2026-03-10")
    look(peopled, "2026-03-13")
    peopled.campaign("back", audience="days_since(entered_lapsed) between 1 and 7")
    with peopled.desk() as desk:
        assert desk.entered == {"entered_lapsed": ("lifecycle", "lapsed")}
        found = desk.snapshot(at("2026-03-15 10:00"))
        came = f"select customer_id, entered_lapsed from {found.relation} where entered_lapsed is not null"
        assert desk.connection.execute(came).fetchall() == [("ana", date(2026, 3, 13))]
        earlier = desk.snapshot(at("2026-03-12 10:00"))
        asked = f"select count(entered_lapsed) from {earlier.relation}"
        assert desk.connection.execute(asked).fetchone() == (0,), "nobody had come by then"


def test_a_day_that_is_over_is_left_alone(peopled: SmallShop) -> None:
    look(peopled, "2026-03-13")
    before = rows(peopled), flows(peopled), rows(peopled, "stage_run", "ladder, day")
    assert look(peopled, "2026-03-01") == 0
    assert (rows(peopled), flows(peopled), rows(peopled, "stage_run", "ladder, day")) == before


def test_whoever_leaves_the_shop_goes_nowhere_and_may_come_back(peopled: SmallShop) -> None:
    look(peopled, "2026-03-10")
    ion = peopled.customers.pop(1)
    look(peopled, "2026-03-11")
    peopled.customers.append(ion)
    look(peopled, "2026-03-12")
    assert [one for one in rows(peopled) if one.startswith("ion")] == [
        "ion   active 2026-03-11",
        "ion 2026-03-11 active  2026-03-12",
        "ion 2026-03-12  active ",
    ]


def test_flows_of_a_day_are_those_of_its_stages_after_a_run_that_was_killed(peopled: SmallShop) -> None:
    look(peopled, "2026-03-10")
    look(peopled, "2026-03-13")
    whole = flows(peopled)
    with peopled.desk() as desk, desk.ledger.writing() as connection:
        connection.execute(text("DELETE FROM stage_flow"))
        connection.execute(text("UPDATE stage_run SET day = '2026-03-10'"))
    look(peopled, "2026-03-14")
    assert flows(peopled) == whole


def test_whoever_is_forgotten_is_not_written_down_again(peopled: SmallShop) -> None:
    look(peopled, "2026-03-10")
    with peopled.desk() as desk:
        forget(desk, whose(desk, "ana"), at("2026-03-11 09:00"))
    look(peopled, "2026-03-13")
    assert not [one for one in rows(peopled) if one.startswith("ana")]


def test_only_what_is_asked_for_is_looked_up(peopled: SmallShop) -> None:
    with peopled.desk() as desk:
        assert {*desk.vocabulary.entered} == {"entered_prospect", "entered_lapsed", "entered_active"}
        assert (desk.entered, desk.reads_ledger) == ({}, False)
        moment = at("2026-03-13 10:00")
        assert kept.known(desk.ledger, desk.day(moment), moment, {}).num_rows == 0


def test_a_simulated_day_knows_who_came_to_a_step(peopled: SmallShop) -> None:
    peopled.campaign("back", audience="days_since(entered_lapsed) <= 2", send_within="1 day")
    peopled.write()
    told = simulate(peopled.root, date(2026, 3, 10), 6)
    (back,) = told["campaigns"]
    assert back["entered"] == 1, "ana, on 13 March; nobody on the first day"
