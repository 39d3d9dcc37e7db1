"""Friends who came with somebody's code: who counts, who is refused and why, what is paid and taken back."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from friends_shop import BEGAN, FriendsShop
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from regulars import clock
from regulars.campaigns import running
from regulars.campaigns.convert import convert
from regulars.campaigns.desk import Desk
from regulars.measure.figures import figures
from regulars.measure.text import text
from small_shop import at

Laying = Callable[..., FriendsShop]


@pytest.fixture
def laid(tmp_path: Path) -> Laying:
    """Makes a shop in which everybody named has a code; `people` are there besides."""

    def lay(people: Sequence[dict[str, str]] = (), **said: object) -> FriendsShop:
        shop = FriendsShop(tmp_path, **said)  # type: ignore[arg-type]  # what FriendsShop takes
        for one in people:
            shop.customer(**one)
        shop.begin()
        return shop

    return lay


def test_a_friend_is_pending_until_the_order_cannot_come_back_and_then_paid_once(laid: Laying) -> None:
    shop = laid()
    shop.brings("ana", "bob")
    assert shop.converted("2026-03-02").friends.recorded == 1
    assert (shop.states, shop.rewards) == ({"bob": "pending"}, [])
    shop.converted("2026-03-14")
    assert shop.states == {"bob": "pending"}
    assert [shop.converted(day).friends.paid for day in ("2026-03-15", "2026-03-16", "2026-04-16")] == [1, 0, 0]
    assert (shop.states, shop.rewards) == ({"bob": "paid"}, [("ana", 50)])
    assert shop.rows("select campaign, place, friend_kind, friend_value, currency from referral") == [
        ("invite", 1, "percent", 15, "RON")
    ]


def test_the_reward_is_a_code_that_the_checkout_is_told_of_and_holds_for_a_year(laid: Laying) -> None:
    shop = laid()
    shop.brings("ana", "bob")
    shop.converted("2026-03-20")
    ((code, until),) = shop.rows("select code, valid_until from code")
    (file,) = (shop.root / ".regulars/codes").iterdir()
    assert file.read_text().splitlines()[1] == f"{code},invite,amount,50.00,RON,,2027-03-20T22:00:00Z"
    assert str(until).startswith("2027-03-20 22:00")


def test_a_refund_within_the_return_period_leaves_nothing_behind(laid: Laying) -> None:
    shop = laid()
    shop.brings("ana", "bob")
    shop.converted("2026-03-02")
    shop.orders[0]["status"] = "refunded"
    shop.converted("2026-03-20")
    assert (shop.states, shop.rewards) == ({}, [])


def test_a_refund_later_on_takes_the_reward_back_if_it_is_unused(laid: Laying) -> None:
    shop = laid()
    shop.brings("ana", "bob")
    shop.converted("2026-03-20")
    shop.orders[0]["status"] = "refunded"
    assert shop.converted("2026-03-25").friends.taken_back == 1
    assert (shop.states, shop.rewards) == ({"bob": "taken_back"}, [])
    told = next((shop.root / ".regulars/codes").iterdir()).read_text().splitlines()
    assert told[-1].endswith("2026-03-25T08:00:00Z"), "the checkout is told when the code ended"


def test_what_was_spent_is_known_and_its_code_is_not_ended(laid: Laying) -> None:
    shop = laid()
    shop.brings("ana", "bob")
    shop.converted("2026-03-20")
    ((code,),) = shop.rows("select reward_code from referral")
    shop.order("ana", "2026-03-21 10:00:00", total=200, coupon_code=code)
    shop.converted("2026-03-22")
    shop.orders[0]["status"] = "refunded"
    shop.converted("2026-03-25")
    assert shop.rows("select state, spent_amount from referral") == [("taken_back", 200)]
    assert shop.rewards == [("ana", 50)]


def test_an_order_with_a_reward_is_a_use_of_its_code(laid: Laying) -> None:
    shop = laid()
    shop.brings("ana", "bob")
    shop.converted("2026-03-20")
    ((code,),) = shop.rows("select reward_code from referral")
    shop.order("ana", "2026-03-21 10:00:00", total=200, coupon_code=code)
    shop.converted("2026-03-22")
    found = shop.rows("select customer_id, standing, discount from redemption where code <> ''")
    assert ("ana", "used", 50) in found


def test_a_friend_whose_next_order_counts_is_paid_for_after_all_and_never_twice(laid: Laying) -> None:
    shop = laid()
    shop.brings("ana", "bob")
    shop.converted("2026-03-20")
    shop.orders[0]["status"] = "refunded"
    shop.brings("ana", "bob", "2026-03-21 10:00:00")
    shop.converted("2026-03-25")
    assert (shop.states, shop.rewards) == ({"bob": "pending"}, [])
    shop.converted("2026-04-10")
    assert (shop.states, shop.rewards) == ({"bob": "paid"}, [("ana", 50)])


def test_the_reward_grows_with_the_number_of_friends(laid: Laying) -> None:
    shop = laid(programme="{tiers: {1: {amount: 10}, 3: {gift: MUG}, 4: {percent: 30}}}")
    for n in range(5):
        shop.brings("ana", f"f{n}", f"2026-03-0{n + 1} 10:00:00")
    shop.converted("2026-04-01")
    found = shop.rows("select friend_id, reward_kind, reward_value, reward_gift from referral order by friend_id")
    assert found == [
        ("f0", "amount", 10, ""), ("f1", "amount", 10, ""), ("f2", "gift", 0, "MUG"), ("f3", "percent", 30, ""),
        ("f4", "percent", 30, ""),
    ]  # fmt: skip


ONESELF = {
    "dots and a tag": ({"email": "ana.popa+shop@gmail.com"}, {"email": "AnaPopa@googlemail.com"}),
    "a tag": ({"email": "ana@example.com"}, {"email": "Ana+two@example.com"}),
    "a phone written otherwise": ({"phone": "0700 000 999"}, {"phone": "+40 700 000 999"}),
    "a household": ({"home": "Str. Lungă 7, ap. 2"}, {"home": "str lunga 7 ap 2"}),
}


def test_nobody_brings_themselves_under_another_name(laid: Laying) -> None:
    people: list[dict[str, str]] = [{"customer_id": "other", "home": ""}]
    for n, (known, again) in enumerate(ONESELF.values()):
        people += [{"customer_id": f"known{n}", "home": ""} | known, {"customer_id": f"twin{n}", "home": ""} | again]
    shop = laid(people)
    shop.rules = shop.rules.replace("birthday: birthday", "birthday: birthday\n    household: home")
    for n in range(len(ONESELF)):
        shop.brings(f"known{n}", f"twin{n}")
    shop.brings("known0", "other")
    shop.converted("2026-03-20")
    found_out = {f"twin{n}": "oneself" for n in range(len(ONESELF))} | {"other": "paid"}
    assert shop.states == found_out
    for row in shop.customers:
        row.update(email=f"{row['customer_id']}@example.org", phone="", home="")
    shop.converted("2026-03-21")
    assert shop.states == found_out, "who was found out stays so, whatever they write now"


def test_an_address_that_a_crowd_shares_says_nothing(laid: Laying) -> None:
    shop = laid([{"customer_id": f"c{n}", "email": "none@example.com"} for n in range(12)])
    shop.brings("c1", "c2")
    shop.converted("2026-03-02")
    assert shop.states == {"c2": "pending"}


def test_a_customer_of_before_is_no_friend_even_with_a_new_account(laid: Laying) -> None:
    shop = laid([{"customer_id": "old"}, {"customer_id": "renamed", "email": "old+1@example.com"}])
    shop.order("old", "2025-01-05 10:00:00")
    shop.brings("ana", "old")
    shop.brings("ana", "renamed")
    shop.converted("2026-03-20")
    assert shop.states == {"old": "already_customer", "renamed": "already_customer"}


@pytest.mark.parametrize("length", [2, 3, 5])
def test_a_circle_of_any_length_is_refused_and_who_hangs_on_it_is_not(laid: Laying, length: int) -> None:
    ring = [f"r{n}" for n in range(length)]
    shop = laid(advocates=ring)
    for day, (advocate, friend) in enumerate(pairwise([*ring, ring[0]]), 1):
        shop.brings(advocate, friend, f"2026-03-{day:02} 10:00:00")
    shop.brings(ring[0], "outside", "2026-03-09 10:00:00")
    shop.converted("2026-04-20")
    assert shop.states == dict.fromkeys(ring, "circle") | {"outside": "paid"}
    assert shop.rewards == [(ring[0], 50)]


def test_too_many_too_fast_are_refused(laid: Laying) -> None:
    shop = laid(programme="{advocate: {amount: 50}, at_most: 2 per 7 days}")
    for n, day in enumerate((1, 2, 3, 20)):
        shop.brings("ana", f"f{n}", f"2026-03-{day:02} 10:00:00")
    shop.converted("2026-04-20")
    assert shop.states == {"f0": "paid", "f1": "paid", "f2": "too_many", "f3": "paid"}


def test_without_a_programme_friends_count_and_nobody_is_rewarded_later_either(laid: Laying) -> None:
    shop = laid(programme="")
    shop.brings("ana", "bob")
    shop.converted("2026-03-20")
    shop.campaign("invite", audience="orders >= 99", referral="{advocate: {amount: 50}}")
    shop.converted("2026-03-25")
    assert (shop.states, shop.rewards) == ({"bob": "paid"}, [])


def test_refused_friends_earn_no_message_its_credit(laid: Laying) -> None:
    shop = laid()
    shop.brings("ana", "ana")
    found = shop.converted("2026-03-02")
    assert (found.referrals, found.by_evidence, found.friends.refused) == (0, {}, {"oneself": 1})


def test_the_report_says_what_friends_brought_and_cost(laid: Laying) -> None:
    shop = laid()
    shop.brings("ana", "bob", total=85)
    shop.brings("ana", "cyd", "2026-04-01 10:00:00", total=40)
    shop.brings("ion", "ion")
    shop.converted("2026-04-02")
    ((code,),) = shop.rows("select reward_code from referral where reward_code <> ''")
    shop.order("ana", "2026-04-03 10:00:00", coupon_code=code)
    shop.converted("2026-04-04")
    with shop.desk(looking=True) as desk:
        told = figures(desk.ledger, currency="RON", now=at("2026-04-04 10:00"))
    assert told["referrals"] == 2
    assert told["friends"] == {
        "pending": 1, "paid": 1, "taken_back": 0, "refused": {"oneself": 1}, "revenue": 125.0, "rewards": 1,
        "spent": 1, "cost": 50.0, "discount": 15.0,
    }  # fmt: skip
    assert "1 pending · 1 paid · 1 refused: oneself" in " ".join(text(told).split())


def test_each_side_hears_of_it_when_it_is_theirs(laid: Laying) -> None:
    shop = laid()
    for name, table in (("thanks", "referrals"), ("hello", "friends")):
        shop.campaign(name, for_each=f"{{row: {table}, where: paid}}", purpose="service")
        shop.words(f"{name}/one", offer="{{ row.kind }} {{ row.value | number }} {{ row.code }} {{ row.friends }}")
    shop.brings("ana", "bob")
    shop.converted("2026-03-02")
    assert told(shop, "2026-03-03") == {}
    shop.converted("2026-03-20")
    ((reward,),) = shop.rows("select reward_code from referral")
    assert told(shop, "2026-03-20") == {"ana": f"amount 50 {reward} 1", "bob": f"percent 15 {shop.codes['ana']} 1"}
    assert told(shop, "2026-03-21") == {}, "once"


def told(shop: FriendsShop, day: str) -> dict[str, str]:
    """Who enters on `day`, and what their letter says of the row."""
    moment = at(f"{day} 12:00")
    with shop.desk() as desk, clock.frozen(moment):
        for name in ("thanks", "hello"):
            selected = running.select(desk, name, moment)
            for chunk in range(selected.chunks):
                running.enrol(desk, selected.run_id, chunk)
    found = shop.rows(f"select customer_id, context from message where due_at >= '{moment.astimezone(UTC):%Y-%m-%d}'")
    rows = {who: json.loads(context)["row"] for who, context in found}
    return {who: f"{row['kind']} {row['value']:g} {row['code']} {row['friends']:g}" for who, row in rows.items()}


# Whatever arrives in whatever order.

PEOPLE = ("p0", "p1", "p2", "p3", "p4")
DAYS = ("2026-03-10", "2026-04-05", "2026-06-01")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> tuple[Desk, dict[str, str]]:
    """A desk on five people with codes of their own, whose orders are laid in DuckDB and not read from a file."""
    shop = FriendsShop(
        tmp_path_factory.mktemp("friends"),
        PEOPLE,
        "{advocate: {amount: 50}, tiers: {2: {amount: 60}}, at_most: 2 per 7 days}",
    )
    shop.order("p0", "2020-01-01 10:00:00")
    shop.begin()
    opened = shop.desk()
    assert opened.vocabulary
    opened.connection.execute("create table laid as select * from orders where false")
    opened.connection.execute("create or replace view orders as select * from laid")
    return opened, shop.codes


ORDERS = st.lists(
    st.tuples(st.sampled_from(PEOPLE), st.integers(0, 20), st.sampled_from((*PEOPLE, "")), st.booleans()),
    max_size=9,
)


def live(desk: Desk, codes: dict[str, str], orders: Sequence[tuple[int, tuple[str, int, str, bool]]], days: list[int]):  # type: ignore[no-untyped-def]  # two small sets
    """Let orders, then the refunds of those that have one, become known in this order; days[n] of them by run n."""
    with desk.ledger.writing() as connection:
        for table in ("referral", "code"):
            connection.exec_driver_sql(f"delete from {table}")
    events = [("order", n, one) for n, one in orders] + [("refund", n, one) for n, one in orders if one[3]]
    desk.connection.execute("delete from laid")
    for run, day in enumerate(DAYS):
        some = events[: days[run]] if run < 2 else events
        events = events[len(some) :]
        for what, n, (who, after, code, _) in some:
            if what == "refund":
                desk.connection.execute("update laid set status = 'refunded' where order_id = ?", [f"o{n}"])
                continue
            placed = (BEGAN + timedelta(days=1 + after)).replace(tzinfo=None)
            desk.connection.execute(
                "insert into laid (order_id, customer_id, ordered_at, total, coupon_code, status)"
                " values (?, ?, ?, 100, ?, 'paid')",
                [f"o{n}", who, placed, codes.get(code)],
            )
        moment = BEGAN.fromisoformat(f"{day}T10:00:00+03:00")
        with clock.frozen(moment):
            convert(desk, moment)
        paid, rewards = standing(desk)
        assert_fair(paid, rewards)
    with desk.ledger.reading() as connection:
        found = connection.exec_driver_sql("select friend_id, advocate_id, state, reason from referral").fetchall()
    return {tuple(row) for row in found if row[2] != "taken_back"}, {who for who, _ in rewards}


def standing(desk: Desk) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """Friend → advocate of those who are paid; (friend, advocate) of each reward that is good."""
    with desk.ledger.reading() as connection:
        paid = connection.exec_driver_sql("select friend_id, advocate_id from referral where state = 'paid'").fetchall()
        good = connection.exec_driver_sql(
            "select r.friend_id, c.customer_id from code c join referral r on r.id = c.enrolment_id "
            "where c.ended_at is null"
        ).fetchall()
    return {row[0]: row[1] for row in paid}, [(row[0], row[1]) for row in good]


def assert_fair(paid: dict[str, str], rewards: list[tuple[str, str]]) -> None:
    """Each friend is paid for once at most, and nobody for themselves, over however many others."""
    assert sorted(rewards) == sorted(paid.items())
    for friend, advocate in paid.items():
        met, here = {friend}, advocate
        while here in paid and here not in met:
            met.add(here)
            here = paid[here]
        assert here != friend


@settings(max_examples=4, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(ORDERS, st.data())
def test_the_order_of_arrival_changes_nothing(
    desk: tuple[Desk, dict[str, str]], orders: list[tuple[str, int, str, bool]], data: st.DataObject
) -> None:
    numbered = list(enumerate(orders))
    ends = []
    for _ in range(2):
        shuffled = data.draw(st.permutations(numbered))
        days = data.draw(st.lists(st.integers(0, 6), min_size=2, max_size=2))
        ends.append(live(*desk, shuffled, days))
    assert ends[0] == ends[1]
