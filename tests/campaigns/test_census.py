"""Who is who, counted: what each step of a ladder took, and what the steps before it took from it."""

from __future__ import annotations

import pytest
import shop_in_postgres

from regulars.campaigns.census import Census, Step, census
from regulars.cli.tables import of_segments
from small_shop import SmallShop, at

NOON = at("2026-02-02 12:00")
SEGMENTS = """  value:
    - big: spent >= 500
    - average: average_order >= 100
    - many: orders >= 2
    - small: otherwise
audiences:
  dear: average_order > 400
"""


@pytest.fixture
def four(shop: SmallShop) -> SmallShop:
    """Ana spent much at once, Ion often; Kate bought little; nobody knows anything of Ruth's average order."""
    shop.rules += SEGMENTS
    for who, totals in {"ana": [600], "ion": [300, 300], "kate": [10], "ruth": []}.items():
        shop.customer(who)
        for total in totals:
            shop.order(who, "2026-01-05 10:00:00", total=total)
    return shop


def counted(shop: SmallShop) -> Census:
    with shop.desk(looking=True) as desk:
        return census(desk, NOON)


def step(found: Census, ladder: str, value: str) -> Step:
    return next(one for one in found["steps"][ladder] if one["value"] == value)


def test_each_step_says_whom_earlier_steps_took_from_it(four: SmallShop) -> None:
    found = counted(four)
    assert found["segments"]["value"] == {"big": 2, "average": 0, "many": 0, "small": 2}
    assert step(found, "value", "average")["taken"] == {"big": 2}
    assert step(found, "value", "many")["taken"] == {"big": 1}
    assert step(found, "value", "small")["taken"] == {}


def test_the_last_step_says_of_how_many_a_value_is_unknown(four: SmallShop) -> None:
    small = step(counted(four), "value", "small")
    assert (small["condition"], small["people"], small["unknown"]) == ("otherwise", 2, 1)


def test_a_plain_segment_says_who_is_out_because_a_value_is_unknown(four: SmallShop) -> None:
    found = counted(four)
    assert (found["segments"]["dear"], found["unknown"]) == ({"in": 1, "out": 3}, {"dear": 1})


def test_everybody_is_counted_once_by_each_ladder(four: SmallShop) -> None:
    found = counted(four)
    for ladder, steps in found["steps"].items():
        assert sum(one["people"] for one in steps) == 4
        assert {one["value"]: one["people"] for one in steps} == found["segments"][ladder]


def test_a_step_may_ask_for_a_fifth(four: SmallShop) -> None:
    four.rules = four.rules.replace("- big: spent >= 500", "- big: quintile(spent, orders >= 1) = 3")
    found = counted(four)
    assert found["segments"]["value"]["big"] == 2
    assert step(found, "value", "small")["unknown"] == 1


def test_rules_without_segments_count_customers(shop: SmallShop) -> None:
    shop.rules = shop.rules[: shop.rules.index("segments:")]
    shop.customer("ana")
    nothing = {"segments": {}, "steps": {}, "unknown": {}, "unforeseen": []}
    assert counted(shop) == {"as_of": "2026-02-02", "customers": 1} | nothing


def test_the_text_tells_it_beside_the_numbers(four: SmallShop) -> None:
    told = of_segments(counted(four)).splitlines()
    at_value = told.index(next(line for line in told if line.startswith("value")))
    assert [" ".join(line.split()) for line in told[at_value : at_value + 5]] == [
        "value 4 also true, but taken by an earlier step",
        "big 2 50.0%",
        "average 0 0.0% 2: big 2",
        "many 0 0.0% 1: big 1",
        "small 2 50.0% otherwise; 1 of them because a value is unknown",
    ]
    assert "out 3 75.0% 1 of them because a value is unknown" in " ".join(told[-1].split())


@pytest.mark.postgres
def test_a_database_gives_the_same_counts(four: SmallShop, postgres_url: str) -> None:
    in_files = counted(four)
    shop_in_postgres.move(four, postgres_url)
    assert counted(four) == in_files
