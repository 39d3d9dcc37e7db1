"""Orders that arrive after messages: told by the files, the seed and what was heard, and by nothing else."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest

from regulars import sample
from regulars.errors import WrongUse
from regulars.sample import Arrived, Heard, tables

DAY = date(2026, 11, 21)
TOMORROW = DAY + timedelta(days=1)


Seen = Callable[[Path], duckdb.DuckDBPyConnection]

LAST_ORDERS = """
  select customer_id from orders where customer_id is not null
  group by all having max(ordered_at) {} order by 1 limit 2000
"""


@pytest.fixture(scope="session")
def heard(look: duckdb.DuckDBPyConnection) -> list[Heard]:
    """A code of 20 per cent to those who stayed away, one in ten held out; a referral code to others."""
    away, present = (
        [row[0] for row in look.execute(LAST_ORDERS.format(when)).fetchall()]
        for when in ("< '2026-05-25'", "> '2026-08-25'")
    )
    arms = ["holdout" if place % 10 == 0 else "treated" for place in range(len(away))]
    return [
        *(Heard(who, "winback", arm, DAY, code=f"CODE{who}", percent=20) for who, arm in zip(away, arms, strict=True)),
        *(Heard(who, "referral", "treated", DAY, referral_code=f"FRIEND{who}") for who in present),
    ]


@pytest.fixture(scope="session")
def later(shop: Path, heard: list[Heard], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Arrived]:
    """The shop two weeks after everybody was told, and what has arrived. Read it, do not write to it."""
    folder = tmp_path_factory.mktemp("later")
    shutil.copytree(shop, folder, dirs_exist_ok=True)
    return folder, sample.arrive(folder, DAY, 14, heard)


def new_orders(folder: Path, after: date = DAY) -> list[dict[str, str]]:
    columns = tables.read(folder, "orders")
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    return [row for row in rows if row["ordered_at"][:10] > after.isoformat()]


def test_the_same_was_heard_so_the_same_arrives(shop: Path, tmp_path: Path, heard: list[Heard]) -> None:
    for name, told in (("one", heard), ("other", heard[::-1])):
        shutil.copytree(shop, tmp_path / name)
        sample.arrive(tmp_path / name, DAY, 3, told)
    for table in tables.COLUMNS:
        assert tables.path(tmp_path / "one", table).read_bytes() == tables.path(tmp_path / "other", table).read_bytes()


def test_day_by_day_is_the_same_as_all_at_once(shop: Path, tmp_path: Path, heard: list[Heard]) -> None:
    shutil.copytree(shop, tmp_path / "at once")
    shutil.copytree(shop, tmp_path / "by day")
    sample.arrive(tmp_path / "at once", DAY, 2, heard)
    for ahead in range(2):
        sample.arrive(tmp_path / "by day", DAY + timedelta(days=ahead), 1, heard)
    for table in tables.COLUMNS:
        at_once, by_day = (tables.path(tmp_path / name, table).read_text() for name in ("at once", "by day"))
        assert at_once == by_day


def test_orders_arrive_on_the_days_after_the_day_at_about_the_usual_rate(living: Path) -> None:
    arrived = sample.arrive(living, DAY, 7, [])
    days = {order["ordered_at"][:10] for order in new_orders(living)}
    assert days == {(DAY + timedelta(days=ahead)).isoformat() for ahead in range(1, 8)}
    week_before = len(new_orders(living, DAY - timedelta(days=8))) - arrived.orders
    assert 0.6 * week_before < arrived.orders < 1.6 * week_before
    assert (arrived.with_code, arrived.with_referral) == (0, 0)


def test_what_is_there_stays_as_it_is(shop: Path, living: Path, heard: list[Heard]) -> None:
    sample.arrive(living, DAY, 2, heard)
    for table in tables.COLUMNS:
        before, after = (tables.path(folder, table).read_text() for folder in (shop, living))
        assert after.startswith(before)


def test_what_was_heard_brings_orders_and_the_holdout_stays_as_it_was(
    shop: Path, tmp_path: Path, heard: list[Heard]
) -> None:
    orders = {}
    for name, told in (("silence", []), ("spoken", heard)):
        shutil.copytree(shop, tmp_path / name)
        sample.arrive(tmp_path / name, DAY, 1, told)
        orders[name] = {order["customer_id"] for order in new_orders(tmp_path / name)}
    held = {message.customer_id for message in heard if message.arm == "holdout"}
    assert orders["silence"] < orders["spoken"]
    assert orders["silence"] & held == orders["spoken"] & held


def test_two_weeks_of_orders_show_the_difference_a_campaign_made(
    later: tuple[Path, Arrived], heard: list[Heard]
) -> None:
    folder, _ = later
    came = {order["customer_id"] for order in new_orders(folder)}
    arms = {
        arm: [m.customer_id for m in heard if (m.campaign, m.arm) == ("winback", arm)] for arm in ("treated", "holdout")
    }
    share = {arm: sum(who in came for who in people) / len(people) for arm, people in arms.items()}
    assert share["treated"] > 2 * share["holdout"]
    assert share["treated"] > 0.05


def test_codes_are_used_once_by_their_holder_in_about_six_orders_of_ten(
    later: tuple[Path, Arrived], heard: list[Heard]
) -> None:
    folder, arrived = later
    holder = {message.code: message.customer_id for message in heard if message.code and message.arm != "holdout"}
    orders = new_orders(folder)
    carrying = [order for order in orders if order["coupon_code"] in holder]
    assert arrived.orders == len(orders)
    assert arrived.with_code == len(carrying) == len({order["coupon_code"] for order in carrying})
    assert all(holder[order["coupon_code"]] == order["customer_id"] for order in carrying)
    first_orders = {order["customer_id"] for order in orders if order["customer_id"] in set(holder.values())}
    assert 0.45 < len(carrying) / len(first_orders) < 0.8


def test_a_code_takes_its_per_cent_off_the_lines(later: tuple[Path, Arrived], seen: Seen) -> None:
    folder, _ = later
    lines = dict(
        seen(folder)
        .execute("select order_id, sum(quantity::int * price::decimal(14, 2)) from order_lines group by 1")
        .fetchall()
    )
    carrying = [order for order in new_orders(folder) if order["coupon_code"].startswith("CODE")]
    assert carrying
    for order in carrying:
        assert float(order["discount"]) == pytest.approx(float(lines[order["order_id"]]) * 0.2, abs=0.01)
        assert float(order["total"]) + float(order["discount"]) == pytest.approx(float(lines[order["order_id"]]))


@pytest.mark.parametrize(
    ("offer", "taken_off"),
    [({"percent": 15}, 1500), ({"amount": 25}, 2500), ({"amount": 250}, 10000), ({}, 0)],
)
def test_an_offer_never_takes_off_more_than_there_is(offer: dict, taken_off: int) -> None:
    assert Heard("10001", "birthday", "treated", DAY, code="X", **offer).taken_off(10000) == taken_off


def test_a_code_is_not_used_after_its_last_day() -> None:
    message = Heard("10001", "winback", "treated", DAY, code="X", percent=10, valid_until=TOMORROW)
    assert [message.redeems_on(DAY + timedelta(days=ahead)) for ahead in (-1, 0, 1, 2)] == [False, True, True, False]


def test_friends_are_new_customers_who_order_with_the_advocates_code(shop: Path, later: tuple[Path, Arrived]) -> None:
    folder, arrived = later
    before = set(tables.read(shop, "customers")["customer_id"])
    customers = tables.read(folder, "customers")
    signed_up = dict(zip(customers["customer_id"], customers["signed_up"], strict=True))
    friends = [order for order in new_orders(folder) if order["coupon_code"].startswith("FRIEND")]
    assert 5 <= arrived.with_referral == len(friends) <= 100
    assert {order["customer_id"] for order in friends} == set(signed_up) - before
    assert all(signed_up[order["customer_id"]] == order["ordered_at"][:10] for order in friends)
    assert len(set(customers["customer_id"])) == len(customers["customer_id"])


def test_days_that_have_passed_do_not_come_again(living: Path) -> None:
    sample.arrive(living, DAY, 1, [])
    with pytest.raises(WrongUse, match="have arrived already"):
        sample.arrive(living, DAY, 2, [])


def test_every_order_has_lines_and_ids_go_on(later: tuple[Path, Arrived], seen: Seen) -> None:
    look = seen(later[0])
    bare = "select count(*) from orders anti join order_lines using (order_id, ordered_at)"
    assert look.execute(bare).fetchone() == (0,)
    for table, key in (("orders", "order_id"), ("order_lines", "line_id")):
        running = f"count(distinct {key}) = count(*) and max({key}::int) - min({key}::int) + 1 = count(*)"
        assert look.execute(f"select {running} from {table}").fetchone() == (True,)
