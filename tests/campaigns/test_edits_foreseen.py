"""A plan says who came into an audience and who left it since its last run: by themselves, or by an edit."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

import pytest

from regulars import clock
from regulars.campaigns import running
from regulars.campaigns.planning.comparison import Comparison
from regulars.campaigns.planning.plan import plan
from small_shop import RULES, SmallShop, at

BEFORE, NOON = at("2026-02-01 12:00"), at("2026-02-02 12:00")
OLD_ORDER = {"ends": "2025-08-05 10:00:00", "over": "2025-06-01 10:00:00", "fresh": "2026-01-05 10:00:00"}
"""Lapsed (more than 180 days) from 2 February on, since long ago, and not at all."""


def live(shop: SmallShop, moment: datetime = BEFORE, campaign: str = "winback") -> running.Selected:
    """One run of a campaign, up to the end."""
    with shop.desk() as desk, clock.frozen(moment):
        selected = running.select(desk, campaign, moment)
        for chunk in range(selected.chunks):
            running.enrol(desk, selected.run_id, chunk)
        running.finish(desk, selected.run_id)
    return selected


def compared(shop: SmallShop, moment: datetime = NOON, campaign: str = "winback", against: str = "") -> Comparison:
    with shop.desk(looking=True) as desk, clock.frozen(moment):
        return plan(desk, [campaign], moment, against)["campaigns"][0]["compared"]


def moves(found: Comparison) -> dict[str, int]:
    """`+edit` and the like → people."""
    return {f"{'+' if one['entered'] else '-'}{one['by']}": one["people"] for one in found["moved"]}


def reasons(found: Comparison, which: str) -> list[tuple[int, str]]:
    (moved,) = (one for one in found["moved"] if f"{'+' if one['entered'] else '-'}{one['by']}" == which)
    return [(one["people"], one["says"]) for one in moved["reasons"]]


@pytest.fixture
def lapsing(shop: SmallShop) -> SmallShop:
    """Ana becomes lapsed on 2 February, Ion has been for long, Eva has not; the campaign writes to the lapsed."""
    for name, when in (("ana", "ends"), ("ion", "over"), ("eva", "fresh")):
        shop.customer(name)
        shop.order(name, OLD_ORDER[when])
    shop.campaign("winback", audience="lifecycle = 'lapsed'", repeat="every 90 days")
    return shop


def test_a_campaign_that_never_ran_is_compared_with_nothing(lapsing: SmallShop) -> None:
    found = compared(lapsing)
    assert (found["since"], found["audience"], found["moved"], found["note"]) == ("", None, [], "")


def test_who_comes_by_themselves_is_told_with_what_they_became(lapsing: SmallShop) -> None:
    live(lapsing)
    found = compared(lapsing)
    assert (found["audience"], found["entered"], found["left"]) == (1, 1, 0)
    assert moves(found) == {"+themselves": 1}
    assert reasons(found, "+themselves") == [(1, "became 'lapsed' (days_since(last_order) passed 180)")]
    assert (found["edited"], found["changes"], found["note"]) == ([], [], "")


@pytest.mark.parametrize("counted", ["max(ordered_at)}", "max(ordered_at), where: total > 0}"])
def test_who_ordered_since_left_by_themselves(lapsing: SmallShop, counted: str) -> None:
    """Whether a trait tells the newest order, or the orders themselves must be asked."""
    lapsing.rules = RULES.replace("max(ordered_at)}", counted)
    live(lapsing)
    lapsing.order("ion", "2026-02-01 18:00:00")
    assert reasons(compared(lapsing), "-themselves") == [(1, "ordered")]


def test_an_edited_step_of_a_segment_is_told_with_its_line_and_whom_it_moves(lapsing: SmallShop) -> None:
    lapsing.customer("old")
    lapsing.order("old", "2025-08-20 10:00:00")
    live(lapsing)
    lapsing.rules = RULES.replace("days_since(last_order) > 180", "days_since(last_order) > 150")
    found = compared(lapsing)
    assert moves(found) == {"+themselves": 1, "+edit": 1}
    (change,) = found["changes"]
    line = lapsing.rules.splitlines().index("    - lapsed: days_since(last_order) > 150") + 1
    assert change == {
        "file": "rules.yaml", "line": line, "name": "lapsed", "says": "days_since(last_order) > 180 → > 150",
    }  # fmt: skip


def test_an_edited_audience_is_told_with_its_line(lapsing: SmallShop) -> None:
    live(lapsing)
    lapsing.campaign("winback", audience="lifecycle in ('lapsed', 'active')", repeat="every 90 days")
    found = compared(lapsing)
    assert moves(found) == {"+themselves": 1, "+edit": 1}
    assert found["edited"] == [3]
    assert [(one["line"], one["says"]) for one in found["changes"]] == [
        (3, "lifecycle = 'lapsed' → in ('lapsed', 'active')")
    ]


def test_an_edit_that_takes_people_out_says_so(lapsing: SmallShop) -> None:
    live(lapsing)
    lapsing.rules = RULES.replace("> 180", "> 400")
    found = compared(lapsing)
    assert moves(found) == {"-edit": 1}
    assert found["left"] == 1


def test_a_counted_trait_that_changed_moves_people_by_the_edit(lapsing: SmallShop) -> None:
    lapsing.order("eva", "2025-01-05 10:00:00", total=500)
    lapsing.campaign("winback", audience="spent >= 300")
    live(lapsing)
    lapsing.rules = RULES.replace("value: sum(total)}", "value: sum(total), last: 365 days}")
    found = compared(lapsing)
    assert moves(found) == {"-edit": 1}
    assert [one["says"] for one in found["changes"]] == [
        "sum(total) from orders → sum(total) from orders last 365 days"
    ]


def test_names_that_are_gone_from_the_rules_are_still_asked(lapsing: SmallShop) -> None:
    lapsing.rules = RULES + "audiences: {rich: spent >= 50}\n"
    lapsing.campaign("winback", audience="rich")
    live(lapsing)
    lapsing.rules = RULES
    lapsing.campaign("winback", audience="spent >= 500")
    found = compared(lapsing)
    assert moves(found) == {"-edit": 3}
    assert {one["name"]: one["says"] for one in found["changes"]}["rich"] == "was deleted"


def test_somebody_new_and_somebody_who_is_gone_are_told_as_such(lapsing: SmallShop) -> None:
    live(lapsing)
    lapsing.customers = [one for one in lapsing.customers if one["customer_id"] != "ion"]
    lapsing.customer("new")
    lapsing.order("new", OLD_ORDER["over"])
    found = compared(lapsing)
    assert reasons(found, "-themselves") == [(1, "no longer among the customers")]
    assert (1, "new among the customers") in reasons(found, "+themselves")


def test_a_birthday_that_is_over_is_nobodys_edit(shop: SmallShop) -> None:
    shop.customer("ana", birthday="1990-01-31")
    shop.customer("ion", birthday="1990-02-02")
    shop.campaign("birthday", schedule="yearly on birthday at 10:00")
    live(shop, at("2026-01-31 12:00"), "birthday")
    found = compared(shop, campaign="birthday")
    assert reasons(found, "+themselves") == [(1, "their birthday has come")]
    assert reasons(found, "-themselves") == [(1, "their birthday is over")]


def test_rules_of_a_run_that_cannot_be_read_any_more_leave_the_split_out(lapsing: SmallShop) -> None:
    live(lapsing)
    with lapsing.desk() as desk, desk.ledger.writing() as connection:
        connection.exec_driver_sql("update edition set files = replace(files, 'traits:', 'trates:')")
    lapsing.rules = RULES.replace("> 180", "> 150")
    found = compared(lapsing)
    assert moves(found) == {"+": 1}
    assert "cannot be read by this version" in found["note"]


def test_without_its_decision_log_the_people_of_the_last_run_are_those_of_its_snapshot(lapsing: SmallShop) -> None:
    live(lapsing)
    for log in (lapsing.root / ".regulars" / "decisions").iterdir():
        log.unlink()
    assert moves(compared(lapsing)) == {"+themselves": 1}
    for kept in (lapsing.root / ".regulars" / "snapshots").glob("2026-02-01-*"):
        kept.unlink()
    found = compared(lapsing)
    assert (found["audience"], found["moved"]) == (1, [])
    assert "not kept" in found["note"]


def test_a_renamed_campaign_is_compared_with_what_it_was(lapsing: SmallShop) -> None:
    live(lapsing)
    (lapsing.root / "campaigns" / "winback.yaml").unlink()
    lapsing.campaign("return", audience="lifecycle = 'lapsed'", formerly="winback")
    assert moves(compared(lapsing, campaign="return")) == {"+themselves": 1}


AUDIENCES = (
    "lifecycle = 'lapsed'", "lifecycle in ('lapsed', 'prospect')", "orders >= 2 and not lifecycle = 'active'", "rich",
    "spent > 150 or city = 'Iași'", "average_order < 120", "rank >= 4", "not rich and orders > 0",
)  # fmt: skip
EDITS = (
    ("> 180", "> 90"), ("> 180", ">= 300"), ("value: sum(total)", "value: max(total)"),
    ("value: count(*)}", "value: count(*), last: 200 days}"), ("spent / orders", "spent / (orders + 1)"),
    ("rich: spent >= 200", "rich: spent >= 100"), ("quintile(spent, orders >= 1)", "quintile(spent)"),
    ("    - prospect: orders = 0\n", ""),
)  # fmt: skip
MADE = (
    RULES.replace("segments:", "  rank: quintile(spent, orders >= 1)\nsegments:") + "audiences:\n  rich: spent >= 200\n"
)


@pytest.mark.parametrize("seed", range(12))
def test_the_split_is_what_running_both_sets_of_rules_gives(shop: SmallShop, seed: int) -> None:
    drawn = random.Random(seed)
    shop.rules = MADE
    _town(shop, drawn)
    first, second = drawn.sample(AUDIENCES, 2)
    shop.campaign("winback", audience=first)
    live(shop)
    then = _audience(shop, BEFORE)
    _day_goes_by(shop, drawn)
    old_rules_now = _audience(shop, NOON)
    for before, after in drawn.sample(EDITS, drawn.randrange(1, 3)):
        shop.rules = shop.rules.replace(before, after)
    shop.campaign("winback", audience=drawn.choice([first, second]))
    now = _audience(shop, NOON)
    expected = {
        "+themselves": len((now - then) & old_rules_now),
        "+edit": len(now - then - old_rules_now),
        "-themselves": len(then - now - old_rules_now),
        "-edit": len((then - now) & old_rules_now),
    }
    found = compared(shop)
    assert moves(found) == {which: people for which, people in expected.items() if people}
    assert (found["audience"], found["entered"], found["left"]) == (len(then), len(now - then), len(then - now))


def _town(shop: SmallShop, drawn: random.Random) -> None:
    for number in range(60):
        name = shop.customer(f"c{number:02}", city=drawn.choice(["Iași", "Cluj-Napoca", ""]))
        for _ in range(drawn.randrange(4)):
            day = BEFORE - timedelta(days=drawn.randrange(1, 400))
            shop.order(name, f"{day:%Y-%m-%d} 10:00:00", total=drawn.randrange(20, 300))


def _day_goes_by(shop: SmallShop, drawn: random.Random) -> None:
    for one in drawn.sample(shop.customers, 6):
        shop.order(one["customer_id"], "2026-02-01 18:00:00", total=drawn.randrange(20, 300))


def _audience(shop: SmallShop, moment: datetime) -> set[Any]:
    """Who is in the audience of `winback` by the files as they are, from nothing."""
    with shop.desk(looking=True) as desk:
        from regulars.people.formulas import Formula

        snapshot = desk.snapshot(moment)
        holds = Formula(snapshot.day, {})(desk.condition(desk.campaign("winback").audience).tree)
        rows = desk.connection.execute(f"select customer_id from {snapshot.relation} where {holds}").fetchall()
        return {row[0] for row in rows}
