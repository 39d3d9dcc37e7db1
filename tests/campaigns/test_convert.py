"""Which order earned which message's credit."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regulars import clock
from regulars.campaigns import running
from regulars.campaigns.convert import Converted, convert
from regulars.campaigns.deliver import deliver
from regulars.ledger import pools
from small_shop import SmallShop, at

SENT = at("2026-02-01 10:00")
OFFER = "[{send: email, template: gift/one, subject: Salut, offer: {percent: 10, valid: 7 days}}]"


@pytest.fixture
def gifts(shop: SmallShop) -> SmallShop:
    """Ana and Ion are about to get a code; what converts is an order within 14 days."""
    shop.customer("ana")
    shop.customer("ion")
    shop.campaign("gift", messages=OFFER)
    shop.words("gift/one", offer="{{ offer.code }}")
    return shop


def send(shop: SmallShop, campaign: str = "gift", when: Any = SENT) -> None:
    with shop.desk() as desk, clock.frozen(when):
        selected = running.select(desk, campaign, when)
        for chunk in range(selected.chunks):
            running.enrol(desk, selected.run_id, chunk)
        running.finish(desk, selected.run_id)
        deliver(desk, "email", 100, when, "test")


def converted(shop: SmallShop, when: str = "2026-02-28 10:00") -> Converted:
    with shop.desk() as desk, clock.frozen(at(when)):
        return convert(desk, at(when))


def rows(shop: SmallShop, sql: str) -> list[tuple[Any, ...]]:
    with shop.desk(looking=True) as desk, desk.ledger.reading() as connection:
        return [tuple(row) for row in connection.exec_driver_sql(sql)]


def code_of(shop: SmallShop, customer: str) -> str:
    ((code,),) = rows(shop, f"select code from code where customer_id = '{customer}'")
    return str(code)


def credited_orders(shop: SmallShop) -> list[tuple[Any, ...]]:
    return rows(shop, "select order_id, campaign, customer_id, evidence, amount from conversion order by order_id")


@pytest.mark.parametrize("typed", ["{}", "  {}  ", "lower", "dashes"])
def test_a_code_is_recognised_however_it_was_typed(gifts: SmallShop, typed: str) -> None:
    send(gifts)
    code = code_of(gifts, "ana")
    written = {"lower": code.lower(), "dashes": f"{code[:4]}-{code[4:8]} {code[8:]}"}.get(typed, typed.format(code))
    gifts.order("ana", "2026-02-03 10:00:00", total=120.5, coupon_code=written)
    found = converted(gifts)
    assert (found.by_evidence, found.revenue) == ({"code": 1}, Decimal("120.50"))


def test_a_code_used_by_somebody_else_credits_the_message_it_belongs_to(gifts: SmallShop) -> None:
    send(gifts)
    order = gifts.order("ion", "2026-02-03 10:00:00", total=80, coupon_code=code_of(gifts, "ana"))
    converted(gifts)
    assert credited_orders(gifts) == [(order, "gift", "ana", "code", 80)]


def test_an_order_in_the_window_is_credited_and_one_after_it_is_not(gifts: SmallShop) -> None:
    send(gifts)
    inside = gifts.order("ana", "2026-02-15 09:59:00", total=50)
    gifts.order("ion", "2026-02-15 10:01:00", total=70)
    converted(gifts)
    assert credited_orders(gifts) == [(inside, "gift", "ana", "window", 50)]


def test_an_order_before_the_message_earns_nothing(gifts: SmallShop) -> None:
    gifts.order("ana", "2026-02-01 09:59:59")
    send(gifts)
    assert converted(gifts).orders == 0


def test_the_last_message_before_the_order_gets_the_credit(gifts: SmallShop) -> None:
    gifts.campaign("later")
    send(gifts)
    send(gifts, "later", at("2026-02-03 10:00"))
    between = gifts.order("ana", "2026-02-02 12:00:00")
    after = gifts.order("ana", "2026-02-04 12:00:00")
    converted(gifts)
    assert [(row[0], row[1]) for row in credited_orders(gifts)] == [(between, "gift"), (after, "later")]


def test_a_code_is_stronger_evidence_than_a_later_message(gifts: SmallShop) -> None:
    gifts.campaign("later")
    send(gifts)
    send(gifts, "later", at("2026-02-03 10:00"))
    gifts.order("ana", "2026-02-04 12:00:00", coupon_code=code_of(gifts, "ana"))
    converted(gifts)
    assert [row[1] for row in credited_orders(gifts)] == ["gift"]


def test_running_again_credits_nothing_twice(gifts: SmallShop) -> None:
    send(gifts)
    gifts.order("ana", "2026-02-03 10:00:00")
    assert converted(gifts).orders == 1
    assert converted(gifts) == Converted()
    assert len(credited_orders(gifts)) == 1


def test_orders_are_credited_alike_whether_they_arrive_together_or_one_by_one(gifts: SmallShop) -> None:
    gifts.campaign("later")
    send(gifts)
    send(gifts, "later", at("2026-02-03 10:00"))
    gifts.order("ana", "2026-02-05 12:00:00")
    gifts.order("ion", "2026-02-02 12:00:00", coupon_code=code_of(gifts, "ana"))
    gifts.order("ana", "2026-02-02 13:00:00")
    late = gifts.orders.pop(1)
    converted(gifts)
    gifts.orders.insert(0, late)
    converted(gifts)
    one_by_one = credited_orders(gifts)
    with gifts.desk() as desk, desk.ledger.writing() as connection:
        connection.exec_driver_sql("delete from conversion")
    converted(gifts)
    assert credited_orders(gifts) == one_by_one


def test_a_cancelled_order_does_not_count_even_when_it_is_cancelled_later(gifts: SmallShop) -> None:
    gifts.rules = gifts.rules.replace("code: coupon_code}", "code: coupon_code, counts: \"status <> 'cancelled'\"}")
    send(gifts)
    gifts.order("ion", "2026-02-03 10:00:00", status="cancelled")
    gifts.order("ana", "2026-02-03 10:00:00")
    assert converted(gifts).orders == 1
    gifts.orders[-1]["status"] = "cancelled"
    assert converted(gifts).withdrawn == 1
    assert credited_orders(gifts) == []
    assert rows(gifts, "select count(*) from outcome") == [(0,)]


def test_credit_stays_when_the_shop_no_longer_exports_the_order(gifts: SmallShop) -> None:
    send(gifts)
    gifts.order("ana", "2026-02-03 10:00:00")
    converted(gifts)
    gifts.orders.clear()
    assert converted(gifts).withdrawn == 0
    assert len(credited_orders(gifts)) == 1


def test_what_a_holdout_orders_is_an_outcome_and_no_conversion(shop: SmallShop) -> None:
    shop.customer("ana")
    shop.campaign("gift", holdout="100%")
    send(shop)
    shop.order("ana", "2026-02-03 10:00:00", total=90)
    assert converted(shop).orders == 0
    assert rows(shop, "select arm, orders, revenue from outcome join enrolment on id = enrolment_id") == [
        ("holdout", 1, 90)
    ]


@pytest.fixture
def invited(shop: SmallShop) -> SmallShop:
    """Ana has a code for friends; Ion has never ordered."""
    shop.customer("ana")
    shop.order("ana", "2025-12-01 10:00:00")
    shop.customer("ion", phone="+40700000002")
    shop.campaign("invite", audience="orders >= 1", conversion="{of: referral, within: 60 days}")
    shop.words("invite/one", offer="{{ referral.code }}")
    send(shop, "invite")
    return shop


def friend_code(shop: SmallShop) -> str:
    ((code,),) = rows(shop, "select code from referral_code where customer_id = 'ana'")
    return str(code)


def test_a_friends_first_order_is_recorded_for_both(invited: SmallShop) -> None:
    order = invited.order("ion", "2026-02-10 10:00:00", total=60, coupon_code=friend_code(invited).lower())
    found = converted(invited)
    assert (found.referrals, found.by_evidence) == (1, {"referral": 1})
    assert rows(invited, "select friend_id, advocate_id, order_id from referral") == [("ion", "ana", order)]
    assert credited_orders(invited) == [(order, "invite", "ana", "referral", 60)]


def test_a_friends_second_order_gives_nothing(invited: SmallShop) -> None:
    invited.order("ion", "2026-02-10 10:00:00", coupon_code=friend_code(invited))
    invited.order("ion", "2026-02-11 10:00:00", coupon_code=friend_code(invited))
    assert converted(invited).referrals == 1
    assert len(credited_orders(invited)) == 1
    assert rows(invited, "select orders from outcome") == [(1,)]


def test_somebody_who_had_ordered_before_is_no_friend_brought(invited: SmallShop) -> None:
    invited.order("ion", "2024-01-10 10:00:00")
    invited.order("ion", "2026-02-10 10:00:00", coupon_code=friend_code(invited))
    assert converted(invited) == Converted()


def test_nobody_brings_themselves(invited: SmallShop) -> None:
    invited.order("ana", "2026-02-10 10:00:00", coupon_code=friend_code(invited))
    assert converted(invited) == Converted()


def test_an_earlier_order_that_arrives_late_takes_the_friend_back(invited: SmallShop) -> None:
    invited.order("ion", "2026-02-10 10:00:00", coupon_code=friend_code(invited))
    assert converted(invited).referrals == 1
    invited.order("ion", "2026-02-09 10:00:00")
    assert converted(invited).withdrawn == 1
    assert rows(invited, "select state, reason from referral") == [("refused", "already_customer")]
    assert credited_orders(invited) == []


def test_a_project_without_entries_converts_nothing(shop: SmallShop) -> None:
    shop.customer("ana")
    shop.campaign("gift")
    with shop.desk() as desk:
        assert convert(desk, SENT + timedelta(days=1)) == Converted()


def test_converting_as_of_an_earlier_day_forgets_nothing(gifts: SmallShop) -> None:
    send(gifts)
    gifts.order("ana", "2026-02-10 10:00:00")
    converted(gifts)
    assert converted(gifts, "2026-02-05 10:00") == Converted()
    assert rows(gifts, "select count(*) from outcome") == [(1,)]
    assert len(credited_orders(gifts)) == 1


@given(
    bought=st.lists(
        st.tuples(
            st.sampled_from(["ana", "ion", "kate"]),
            st.integers(0, 40),
            st.decimals("0.01", "999.99", places=2),
            st.sampled_from(["", "ana", "ion", "made up", "friend of ana"]),
        ),
        max_size=12,
    )
)
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_more_is_credited_than_was_earned_and_no_order_twice(sent_once: SmallShop, bought: list[Any]) -> None:
    sent_once.orders.clear()
    with sent_once.desk() as desk, desk.ledger.writing() as connection:
        for table in ("conversion", "outcome", "referral"):
            connection.exec_driver_sql(f"delete from {table}")
    codes = dict(rows(sent_once, "select customer_id, code from code"))
    for customer, hours, total, whose in bought:
        code = codes.get(whose, whose)
        moment = f"{SENT.replace(tzinfo=None) + timedelta(hours=12 * hours - 24):%Y-%m-%d %H:%M:%S}"
        sent_once.order(customer, moment, total=total, coupon_code=code)
    first, again = converted(sent_once), converted(sent_once)
    assert first.revenue <= sum((row[2] for row in bought), Decimal(0))
    assert first.orders == sum(first.by_evidence.values()) == len(credited_orders(sent_once)) <= len(bought)
    assert again == Converted()


@pytest.fixture
def sent_once(gifts: SmallShop) -> SmallShop:
    gifts.customer("kate")
    send(gifts)
    return gifts


@pytest.fixture
def vips(gifts: SmallShop) -> SmallShop:
    """Ana alone is sent the code VIPDAY, twice, two days apart; Ion never."""
    shared = OFFER.replace("percent: 10", "code: VIPDAY, percent: 10")
    for name in ("early", "late"):
        gifts.campaign(name, audience="first_name = 'Ana'", messages=shared.replace("gift/one", f"{name}/one"))
        gifts.words(f"{name}/one", offer="{{ offer.code }}")
    send(gifts, "early")
    send(gifts, "late", at("2026-02-03 10:00"))
    return gifts


def test_a_shared_code_credits_the_latest_message_that_gave_it_to_this_customer(vips: SmallShop) -> None:
    before = vips.order("ana", "2026-02-02 10:00:00", coupon_code="vip-day")
    after = vips.order("ana", "2026-02-04 10:00:00", coupon_code="VIPDAY")
    converted(vips)
    assert [row[:4] for row in credited_orders(vips)] == [
        (before, "early", "ana", "code"),
        (after, "late", "ana", "code"),
    ]


def test_a_strangers_order_with_a_shared_code_is_counted_and_credited_to_nobody(vips: SmallShop) -> None:
    vips.order("ion", "2026-02-04 10:00:00", coupon_code="VIPDAY")
    vips.order("ana", "2026-01-31 10:00:00", coupon_code="VIPDAY")
    found = converted(vips)
    assert (found.orders, found.by_strangers) == (0, 1)
    assert credited_orders(vips) == []


def test_a_code_of_the_shops_own_is_recognised_however_it_was_typed(gifts: SmallShop) -> None:
    pooled = OFFER.replace("valid: 7 days", "valid: 7 days, codes: pool")
    gifts.campaign("gift", messages=pooled)
    with gifts.desk() as desk, desk.ledger.writing() as connection:
        pools.add(connection, "gift", ["Iarna-01", "Iarna-02"], SENT)
    send(gifts)
    code = code_of(gifts, "ana")
    assert code.startswith("Iarna-")
    gifts.order("ana", "2026-02-03 10:00:00", coupon_code=code.lower().replace("-", " "))
    assert converted(gifts).by_evidence == {"code": 1}
