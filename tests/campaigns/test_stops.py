"""What stops a run before anything is written: the last day, and an audience out of the usual."""

from __future__ import annotations

import pytest

import shop_days as days
from regulars.campaigns import running
from regulars.campaigns.planning.plan import plan
from small_shop import SmallShop

LAST, NEXT = "2026-02-10 23:50", "2026-02-11 00:10"
DAYS = [f"2026-02-0{day} 10:00" for day in range(1, 8)]


def test_nobody_enters_after_the_last_day_and_those_inside_go_on(shop: SmallShop) -> None:
    shop.customer("ana")
    two = "{send: email, template: hello/two, subject: S, after: 3 days}"
    keys = {"messages": f"[{{send: email, template: hello/one, subject: S}}, {two}]", "ends": "2026-02-10"}
    shop.campaign("hello", **keys)
    assert days.run(shop, "hello", LAST).enter == 1
    days.send(shop, LAST)
    shop.customer("ion")
    stopped = days.run(shop, "hello", NEXT).stopped
    assert "its last day was 2026-02-10" in stopped
    with days.opened(shop, NEXT) as (desk, moment):
        assert running.due(desk, moment) == []
        assert plan(desk, ["hello"], moment)["campaigns"][0]["stopped"] == stopped
    assert days.advance(shop, "2026-02-14 10:00").written == 1
    shop.campaign("hello", **(keys | {"ends": "2026-02-11"}))
    assert days.run(shop, "hello", NEXT).enter == 1


def crowd(shop: SmallShop, people: int) -> None:
    shop.customers.clear()
    for number in range(people):
        shop.customer(f"c{number:03}")


CROWDS = [
    ([30, 40, 30], 120, ""),
    ([30, 40, 30], 121, "121 people in the audience, more than three times the 40"),
    ([100, 30, 30, 30, 30, 30], 91, "more than three times the 30"),
    ([1, 2, 1], 19, ""),
    ([0, 0], 20, "more than three times the 0"),
    ([30], 0, "nobody in the audience"),
    ([30, 0, 30], 0, ""),
    ([5], 0, ""),
    ([], 500, ""),
]


@pytest.mark.parametrize(("past", "now", "said"), CROWDS)
def test_an_audience_out_of_the_usual_stops_and_says_the_way_out(
    shop: SmallShop, past: list[int], now: int, said: str
) -> None:
    from regulars.campaigns import unusual
    from regulars.ledger import runs

    shop.campaign("hello")
    with days.opened(shop, DAYS[0]) as (desk, moment):
        for number, audience in enumerate(past):
            with desk.ledger.writing() as connection:
                facts = {"as_of": moment, "fingerprint": "", "snapshot": "", "counts": {}}
                runs.begin(connection, f"{number:032}", "hello", audience=audience, **facts)
                runs.finish(connection, f"{number:032}", moment)
        stopped = unusual.audience(desk, "hello", {"audience": now})
    assert said in stopped
    assert bool(stopped) is bool(said)
    assert ("expect: {audience:" in stopped) is bool(said)


def test_it_goes_on_once_somebody_says_what_they_expect(shop: SmallShop) -> None:
    crowd(shop, 6)
    shop.campaign("hello", repeat="every run")
    days.run(shop, "hello", DAYS[0])
    crowd(shop, 25)
    assert days.run(shop, "hello", DAYS[1]).stopped
    assert len(days.rows(shop, "enrolment")) == 6
    shop.campaign("hello", repeat="every run", expect="{audience: {max: 30}}")
    assert days.run(shop, "hello", DAYS[1]).enter == 19
    shop.campaign("hello", repeat="every run")
    assert not days.run(shop, "hello", DAYS[2]).stopped
