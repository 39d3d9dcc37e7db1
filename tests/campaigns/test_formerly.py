"""Renamed campaigns go on where they stood, and new ones say that they are new."""

from __future__ import annotations

import pytest
from sqlalchemy import text

import shop_days as days
from regulars.campaigns import running
from regulars.campaigns.planning.plan import plan
from small_shop import SmallShop

ONE, TWO, LATER = "2026-02-01 10:00", "2026-02-02 10:00", "2026-02-06 10:00"
LETTERS = "[{send: email, template: old/one, subject: S}, {send: email, template: old/two, subject: S, after: 5 days}]"


@pytest.fixture
def inside(shop: SmallShop) -> SmallShop:
    """Twenty people are inside `old`, some of them held out."""
    for number in range(20):
        shop.customer(f"c{number:02}")
    shop.campaign("old", messages=LETTERS, holdout="40%")
    days.run(shop, "old", ONE)
    days.send(shop, ONE)
    return shop


def renamed(shop: SmallShop, formerly: str = "old", **keys: str) -> None:
    """The file is called `new` from now on."""
    (shop.root / "campaigns/old.yaml").unlink()
    said = {"formerly": formerly} if formerly else {}
    shop.campaign("new", words=False, **({"messages": LETTERS, "holdout": "40%"} | said | keys))


def arms(shop: SmallShop) -> dict[str, str]:
    return {row["customer_id"]: row["arm"] for row in days.rows(shop, "enrolment")}


def planned(shop: SmallShop, when: str, name: str = "new"):
    with shop.desk(looking=True) as desk:
        return plan(desk, [name], days.at(when))["campaigns"][0]


def test_nobody_enters_again_and_follow_ups_go_on(inside: SmallShop) -> None:
    treated = list(arms(inside).values()).count("treated")
    renamed(inside)
    assert planned(inside, TWO)["withheld"] == {"already-enrolled": 20}
    assert planned(inside, TWO)["inside"] == treated
    assert {row["campaign"] for row in days.rows(inside, "enrolment")} == {"old"}
    assert days.run(inside, "new", TWO).withheld == {"already-enrolled": 20}
    for table in ("enrolment", "message", "run"):
        assert {row["campaign"] for row in days.rows(inside, table)} == {"new"}
    assert days.advance(inside, LATER).written == treated
    assert days.run(inside, "new", TWO).enter == 0


def test_advance_alone_renames_too(inside: SmallShop) -> None:
    renamed(inside)
    assert days.advance(inside, LATER).written == list(arms(inside).values()).count("treated")


def test_arms_are_drawn_as_under_the_first_name(inside: SmallShop) -> None:
    with days.opened(inside, TWO) as (desk, moment):
        for number in range(20, 60):
            inside.customer(f"c{number:02}")
        inside.write()
        running.select(desk, "old", moment)
        drawn = dict(desk.connection.execute("select customer_id, arm from regulars_selected").fetchall())
    renamed(inside)
    days.run(inside, "new", TWO)
    assert arms(inside) == drawn
    # The line may go once the ledger knows, and the file may be renamed once more.
    renamed_again = (inside.root / "campaigns/new.yaml").read_text().replace("formerly: old", "formerly: new")
    (inside.root / "campaigns/new.yaml").unlink()
    inside.campaign("newest", renamed_again)
    for number in range(60, 90):
        inside.customer(f"c{number:02}")
    days.run(inside, "newest", LATER)
    inside.campaign("other", messages=LETTERS, holdout="40%", formerly="none", words=False)
    with days.opened(inside, LATER) as (desk, moment):
        assert running.select(desk, "newest", moment).enter == 0
        salt = desk.ledger.salt("arms")
        expected = desk.connection.execute(
            f"select customer_id, hash_share('{salt}|campaign old|' || customer_id) < 0.4 from regulars_selected"
        ).fetchall()
    assert {customer: arm == "holdout" for customer, arm in arms(inside).items()} == dict(expected)


def test_a_new_campaign_beside_a_vanished_one_waits_for_a_word(inside: SmallShop) -> None:
    renamed(inside, formerly="")
    stopped = days.run(inside, "new", TWO).stopped
    for word in ("`old` is gone", "formerly: old", "formerly: none"):
        assert word in stopped
    assert planned(inside, TWO)["stopped"] == stopped
    assert len(days.rows(inside, "enrolment")) == 20
    renamed_none = (inside.root / "campaigns/new.yaml").read_text() + "formerly: none\n"
    (inside.root / "campaigns/new.yaml").write_text(renamed_none)
    assert days.run(inside, "new", TWO).enter > 0


def test_others_run_while_one_is_gone_and_nothing_waits_once_it_is_over(inside: SmallShop) -> None:
    inside.campaign("other")
    days.run(inside, "other", TWO)
    (inside.root / "campaigns/old.yaml").unlink()
    assert days.run(inside, "other", LATER).stopped == ""
    with days.opened(inside, LATER) as (desk, _), desk.ledger.writing() as connection:
        connection.execute(text("update enrolment set ended_at = entered_at where campaign = 'old'"))
    inside.campaign("new", words=False, messages=LETTERS)
    assert days.run(inside, "new", LATER).stopped == ""


def test_entries_for_one_occasion_under_both_names_stay_two(inside: SmallShop) -> None:
    inside.campaign("new", words=False, messages=LETTERS, holdout="40%")
    days.run(inside, "new", ONE)
    renamed(inside)
    assert days.run(inside, "new", TWO).withheld == {"already-enrolled": 20}
    occasions = {row["occasion"] for row in days.rows(inside, "enrolment")}
    assert (len(days.rows(inside, "enrolment")), occasions) == (40, {"1", "1 of old"})


@pytest.mark.parametrize("ledger", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_who_is_in_the_audience_is_remembered_under_the_new_name(
    shop: SmallShop, ledger: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    if ledger == "postgresql":
        monkeypatch.setenv("REGULARS_LEDGER", request.getfixturevalue("postgres_url"))
    shop.customer("ana")
    shop.customer("ion")
    shop.order("ana", "2026-01-05 10:00:00")
    keys = {"audience": "orders >= 1", "repeat": "on entry"}
    shop.campaign("old", **keys)
    days.run(shop, "old", ONE)
    (shop.root / "campaigns/old.yaml").unlink()
    shop.campaign("new", **keys, formerly="old")
    shop.order("ion", "2026-02-01 12:00:00")
    assert days.run(shop, "new", TWO).withheld == {"not-entering": 1}
    assert [row["customer_id"] for row in days.rows(shop, "enrolment")] == ["ion"]
    assert days.run(shop, "new", LATER).withheld == {"not-entering": 2}
