"""Runs that take codes from a pool, and codes that a checkout learns of before a message leaves."""

from __future__ import annotations

import csv
import json

import pytest

import shop_days as days
from regulars.campaigns import code_files, running
from regulars.campaigns.planning import plan
from regulars.errors import Stopped
from regulars.ledger import pools
from small_shop import SmallShop, at

DAY = "2026-02-01 10:00"
POOL = "[{send: email, template: win/one, subject: S, offer: {percent: 10, valid: 7 days, codes: pool}}]"
LEDGERS = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]


@pytest.fixture(params=LEDGERS)
def three(shop: SmallShop, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> SmallShop:
    """Three customers and a campaign whose codes come from its pool, which is empty."""
    if request.param == "postgresql":
        monkeypatch.setenv("REGULARS_LEDGER", request.getfixturevalue("postgres_url"))
    for name in ("ana", "ion", "kate"):
        shop.customer(name)
    shop.campaign("win", messages=POOL)
    shop.words("win/one", offer="{{ offer.code }}")
    return shop


def fill(shop: SmallShop, number: int, pool: str = "win", first: int = 0) -> list[str]:
    brought = [f"W{place:03}" for place in range(first, first + number)]
    with shop.desk() as desk, desk.ledger.writing() as connection:
        pools.add(connection, pool, brought, at(DAY))
    return brought


def free(shop: SmallShop, pool: str = "win") -> int:
    with shop.desk() as desk:
        return pools.free(desk.ledger, pool)


def test_everybody_gets_a_code_of_the_pool_and_nobody_the_same(three: SmallShop) -> None:
    brought = fill(three, 5)
    days.run(three, "win", DAY)
    given = [row["code"] for row in days.rows(three, "code", "code")]
    assert len(set(given)) == 3
    assert set(given) <= set(brought)
    letters = {json.loads(row["context"])["offer"]["code"] for row in days.rows(three, "message", "context")}
    assert letters == set(given)
    assert free(three) == 2
    assert days.send(three, DAY) == {"accepted": 3}


def test_a_pool_too_short_for_the_run_stops_it_before_it_starts(three: SmallShop) -> None:
    fill(three, 2)
    selected = days.run(three, "win", DAY)
    assert selected.stopped == (
        "pool `win` has 2 codes and 3 people would need one: regulars codes import FILE --pool win"
    )
    assert days.rows(three, "enrolment") == []
    assert free(three) == 2


def test_the_plan_says_how_many_codes_are_left_and_what_would_stop_it(three: SmallShop) -> None:
    fill(three, 2)
    with days.opened(three, DAY) as (desk, moment):
        (one,) = plan.plan(desk, ["win"], moment)["campaigns"]
    assert one["pools"] == {"win": 2}
    assert one["stopped"].startswith("pool `win` has 2 codes and 3 people")
    assert free(three) == 2


def test_a_part_that_finds_the_pool_empty_writes_nothing_and_says_so(three: SmallShop) -> None:
    fill(three, 3)
    with days.opened(three, DAY) as (desk, moment):
        selected = running.select(desk, "win", moment)
        with desk.ledger.writing() as connection:
            pools.take(connection, "win", 1, moment)
        with pytest.raises(Stopped, match="Pool `win` has run out of codes: this part of the run needs 3, and 2 are"):
            running.enrol(desk, selected.run_id, 0)
    assert days.rows(three, "enrolment") == days.rows(three, "message") == days.rows(three, "code") == []
    assert free(three) == 2
    fill(three, 1, first=10)
    assert days.run(three, "win", DAY).enter == 3


def test_a_part_that_is_run_twice_takes_its_codes_once(three: SmallShop) -> None:
    fill(three, 9)
    with days.opened(three, DAY) as (desk, moment):
        selected = running.select(desk, "win", moment)
        assert [running.enrol(desk, selected.run_id, 0).new for _ in range(2)] == [3, 0]
    assert free(three) == 6


def test_who_gets_the_message_without_its_offer_needs_no_code(three: SmallShop) -> None:
    three.order("ana", "2026-01-05 10:00:00")
    fill(three, 2)
    three.campaign("win", messages=POOL.replace("codes: pool", "codes: pool, unless: orders >= 1"))
    three.words("win/one", offer="{% if offer is defined %}{{ offer.code }}{% endif %}")
    assert days.run(three, "win", DAY).stopped == ""
    assert free(three) == 0


TWO = "[{send: email, template: win/one, subject: A}, {send: email, template: win/two, subject: B, after: 5 days, offer: {percent: 15, valid: 5 days, codes: pool spring}}]"  # fmt: skip  # noqa: E501  # one campaign


def test_a_follow_up_without_a_code_waits_for_one_until_it_is_too_late(three: SmallShop) -> None:
    fill(three, 1, "spring")
    three.campaign("win", messages=TWO, send_within="2 days")
    three.words("win/two", offer="{{ offer.code }}")
    days.run(three, "win", DAY)
    told = []
    for day in ("2026-02-06 10:00", "2026-02-06 11:00", "2026-02-07 10:00", "2026-02-09 10:00"):
        if day == "2026-02-07 10:00":
            fill(three, 1, "spring", first=50)
        advanced = days.advance(three, day)
        told.append((advanced.written, advanced.waiting))
    assert told == [(1, 2), (0, 2), (1, 1), (1, 0)]
    told = sorted(row["state"] for row in days.rows(three, "message", "state, name") if row["name"] == "two")
    assert told == ["expired", "planned", "planned"]
    assert free(three, "spring") == 0


def table(shop: SmallShop, name: str) -> list[dict[str, str]]:
    with (shop.root / ".regulars" / "codes" / f"{name}.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_the_codes_of_a_run_lie_in_a_file_before_anything_is_sent(three: SmallShop) -> None:
    three.campaign("win", messages=POOL.replace("codes: pool", "next_time: [15]"))
    selected = days.run(three, "win", DAY)
    laid = table(three, f"win-{selected.run_id}")
    assert {row["code"] for row in laid} == {row["code"] for row in days.rows(three, "code", "code")}
    assert {(row["kind"], row["value"], row["valid_until"]) for row in laid} == {
        ("percent", "10.00", "2026-02-08T22:00:00Z")
    }
    assert not {"ana", "ion", "kate"} & {word for row in laid for word in row.values()}


def test_the_codes_of_follow_ups_lie_in_a_file_of_their_day(three: SmallShop) -> None:
    three.campaign("win", messages=TWO.replace(", codes: pool spring", ""))
    three.words("win/two", offer="{{ offer.code }}")
    days.run(three, "win", DAY)
    days.advance(three, "2026-02-06 10:00")
    assert len(table(three, "win-2026-02-06")) == 3


def test_codes_of_a_pool_are_in_no_file_the_checkout_knows_them(three: SmallShop) -> None:
    fill(three, 3)
    days.run(three, "win", DAY)
    assert not (three.root / ".regulars" / "codes").exists()


def test_an_export_has_the_terms_of_made_and_shared_codes_and_no_customer(three: SmallShop) -> None:
    fill(three, 3)
    days.run(three, "win", DAY)
    shared = POOL.replace("codes: pool", "code: VIPDAY").replace("percent: 10", "gift: CEAI-TEI")
    three.campaign("vip", messages=shared.replace("win/one", "vip/one"))
    three.words("vip/one", offer="{{ offer.code }}")
    days.run(three, "vip", DAY)
    target = three.root / "codes.csv"
    with three.desk(looking=True) as desk:
        assert code_files.export(desk, target) == 1
        assert code_files.export(desk, three.root / "none.csv", since=at("2026-02-02 00:00")) == 0
    assert target.read_text().splitlines() == [
        "code,campaign,kind,value,currency,gift,valid_until",
        "VIPDAY,vip,gift,0.00,RON,CEAI-TEI,2026-02-08T22:00:00Z",
    ]


def test_an_export_tells_when_a_later_offer_ended_a_code(three: SmallShop) -> None:
    two = TWO.replace(", codes: pool spring", "").replace(
        "subject: A", "subject: A, offer: {amount: 5, valid: 30 days}"
    )
    three.campaign("win", messages=two)
    three.words("win/two", offer="{{ offer.code }}")
    days.run(three, "win", DAY)
    days.send(three, DAY)
    days.advance(three, "2026-02-06 10:00")
    days.send(three, "2026-02-06 10:00")
    target = three.root / "codes.csv"
    with three.desk(looking=True) as desk:
        assert code_files.export(desk, target, since=at("2026-02-06 00:00")) == 6
    with target.open(encoding="utf-8") as file:
        ends = sorted((row["kind"], row["valid_until"]) for row in csv.DictReader(file))
    assert ends == [("amount", "2026-02-06T08:00:00Z")] * 3 + [("percent", "2026-02-11T22:00:00Z")] * 3
