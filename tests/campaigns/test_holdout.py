"""Who is held out: by a hash, the same for ever, independent between campaigns."""

from __future__ import annotations

import shop_days as days
from regulars.campaigns.reach import Reach
from small_shop import SmallShop

DAY = "2026-02-01 10:00"
MANY = 10_000


def arms(shop: SmallShop, campaign: str, people: int = MANY) -> list[str]:
    """The arm of each of so many ids in a campaign."""
    with days.opened(shop, DAY) as (desk, moment):
        arm = Reach(desk, campaign, desk.campaign(campaign).messages[0], moment)._arm()
        ids = f"(select 'c' || range as customer_id from range({people}))"
        found = desk.connection.execute(f"select {arm} from {ids} order by customer_id").fetchall()
    return [one for (one,) in found]


def held(found: list[str], arm: str = "holdout") -> set[int]:
    return {place for place, one in enumerate(found) if one == arm}


def test_a_larger_holdout_keeps_those_of_the_smaller_one(shop: SmallShop) -> None:
    shop.campaign("hello", holdout="5%")
    small = held(arms(shop, "hello"))
    shop.campaign("hello", holdout="10%")
    large = held(arms(shop, "hello"))
    assert 400 < len(small) < 600
    assert 880 < len(large) < 1120
    assert small < large


def test_holdouts_of_two_campaigns_and_of_the_shop_are_independent(shop: SmallShop) -> None:
    shop.campaign("hello", holdout="20%")
    shop.campaign("other", holdout="20%")
    hello, other = held(arms(shop, "hello")), held(arms(shop, "other"))
    # 2,000 each of 10,000: 400 in both, give or take 5 standard deviations of 18.
    assert 310 < len(hello & other) < 490
    shop.guards = "  holdout: 20%"
    of_shop = held(arms(shop, "hello"), "shop-holdout")
    assert of_shop == held(arms(shop, "other"), "shop-holdout")
    assert 310 < len(of_shop & hello) < 490


def test_who_is_held_out_enters_without_a_message_and_converts_all_the_same(shop: SmallShop) -> None:
    shop.customer("ana")
    shop.campaign("hello", holdout="100%")
    selected = days.run(shop, "hello", DAY)
    assert (selected.send, selected.holdout, selected.enter) == ({}, 1, 1)
    (entry,) = days.rows(shop, "enrolment")
    assert (entry["arm"], entry["end_reason"]) == ("holdout", "held out")
    assert days.rows(shop, "message") == []


def test_a_plan_before_the_first_run_draws_the_same_arms(shop: SmallShop) -> None:
    for number in range(40):
        shop.customer(f"c{number}")
    shop.campaign("hello", holdout="50%")
    with shop.desk(looking=True) as desk:
        from regulars.campaigns.select import Selector
        from small_shop import at

        table = Selector(desk, "hello", at(DAY)).run(desk.snapshot(at(DAY)), "looked")
        planned = {
            row[0]
            for row in desk.connection.execute(f"select customer_id from {table} where reason = 'holdout'").fetchall()
        }
        assert not desk.ledger.exists
    days.run(shop, "hello", DAY)
    assert 5 < len(planned) < 35
    assert {row["customer_id"] for row in days.rows(shop, "enrolment") if row["arm"] == "holdout"} == planned


def test_who_is_inside_stays_in_their_arm_when_the_holdout_grows(shop: SmallShop) -> None:
    shop.customer("ana")
    two = (
        "[{send: email, template: hello/one, subject: A}, {send: email, template: hello/two, subject: B, after: 1 day}]"
    )
    shop.campaign("hello", messages=two)
    days.run(shop, "hello", DAY)
    days.send(shop, DAY)
    shop.campaign("hello", messages=two, holdout="100%")
    days.advance(shop, "2026-02-02 10:00")
    days.send(shop, "2026-02-02 10:00")
    assert days.states(shop) == {"ana": "one accepted, two accepted"}
