"""Orders, products and mentions month by month, by hand and for every shop that hypothesis draws."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from regulars.people.months import orders, products
from regulars.people.months.calendar import Cuts, Month, a_year_before, months
from regulars.people.months.mentions import mentions
from regulars.people.months.orders import MonthOfOrders, OrderMonths, Standing, Sums
from regulars.people.traits import Counting
from small_shop import RULES, SmallShop, at


def counted(shop: SmallShop, day: str, number: int = 3) -> list[MonthOfOrders]:
    with shop.desk() as desk:
        moment = at(f"{day} 12:00")
        counting, cuts = Counting(desk.vocabulary, desk.day(moment)), Cuts(months(desk.day(moment), number))
        orders.lay(counting, cuts, desk.snapshot(moment))
        return OrderMonths(counting, cuts).count()


def test_the_last_month_ends_with_the_day_that_is_asked_about() -> None:
    assert months(date(2026, 3, 15), 2) == [
        Month(date(2026, 2, 1), date(2026, 3, 1)),
        Month(date(2026, 3, 1), date(2026, 3, 16)),
    ]
    assert [month.whole for month in months(date(2026, 3, 31), 2)] == [True, True]
    assert a_year_before(date(2028, 2, 29)) == date(2027, 2, 28)


def test_a_month_is_told_with_its_orders_its_customers_and_the_year_before(shop: SmallShop) -> None:
    for customer in ("ana", "ion", "eva"):
        shop.customer(customer)
    shop.order("ana", "2025-01-10 10:00:00", total=100)
    shop.order("ion", "2025-01-20 10:00:00", total=40)
    shop.order("ana", "2026-01-31 23:59:00", total=10.50)
    shop.order("eva", "2026-02-01 00:00:00", total=30)
    shop.order("eva", "2026-02-20 10:00:00", total=20)
    january, february = counted(shop, "2026-02-28", 2)
    assert january.own == Sums(1, Decimal("10.50"), 1, 0)
    assert january.to_date == Sums(3, Decimal("150.50"), 2, 1)
    # On 1 January both had ordered within a year; on 1 February ana alone, who ordered on the last evening.
    assert january.standing == Standing(start=2, end=1, new=0, back=0)
    assert january.standing.left == 1
    assert february.own == Sums(2, Decimal("50.00"), 1, 1)
    assert february.to_date == Sums(5, Decimal("200.50"), 3, 2)
    assert february.standing == Standing(start=1, end=2, new=1, back=0)
    assert february.year == Sums(3, Decimal("60.50"), 2, 1)
    assert february.year_standing == Standing(start=2, end=2, new=1, back=0)


def test_whoever_comes_back_after_a_year_is_new_and_known(shop: SmallShop) -> None:
    shop.customer("ana")
    shop.order("ana", "2024-01-10 10:00:00")
    shop.order("ana", "2026-02-10 10:00:00")
    assert counted(shop, "2026-02-28", 1)[0].standing == Standing(start=0, end=1, new=1, back=1)


def test_how_long_somebody_is_a_customer_is_the_shops_to_say(shop: SmallShop) -> None:
    shop.rules = RULES.replace("  site:", "  customer_for: 30 days\n  site:")
    shop.customer("ana")
    shop.order("ana", "2026-01-02 00:00:00")
    shop.order("ana", "2026-03-31 00:00:00")
    standing = [month.standing for month in counted(shop, "2026-03-31")]
    assert standing[0] == Standing(start=0, end=1, new=1, back=0), "2 January is the 30th day before 1 February"
    assert standing[1] == Standing(start=1, end=0, new=0, back=0)
    assert standing[2] == Standing(start=0, end=1, new=1, back=1)


def test_months_are_the_shops_wherever_the_data_was_written(shop: SmallShop) -> None:
    shop.rules = RULES.replace("source:\n", "source:\n  timezone: UTC\n")
    shop.customer("ana")
    shop.order("ana", "2026-01-31 22:30:00")  # half past midnight on 1 February in Bucharest
    january, february = counted(shop, "2026-02-10", 2)
    assert (january.own.orders, february.own.orders) == (0, 1)


def test_orders_that_do_not_count_and_orders_of_nobody_make_no_customers(shop: SmallShop) -> None:
    shop.rules = RULES.replace("code: coupon_code}", "code: coupon_code, counts: \"status <> 'cancelled'\"}")
    shop.customer("ana")
    shop.order("ana", "2026-02-10 10:00:00", status="cancelled")
    shop.order("", "2026-02-10 10:00:00", total=70)
    (month,) = counted(shop, "2026-02-28", 1)
    assert month.own == Sums(1, Decimal("70.00"), 0, 0)
    assert month.standing == Standing(0, 0, 0, 0)


LINES = """  tables:
    customers: data/customers.csv
    orders: data/orders.csv
    lines: {file: data/lines.csv, customer: customer_id, at: ordered_at}
    said: {file: data/said.csv, at: said_at}
  line: {table: lines, type: category, order: order_id}
  mention: {table: said, tone: tone}
"""
SPOKEN = """said_at,tone
2026-02-09 10:00:00,Good
2026-02-15 23:59:00,good
2026-02-16 00:00:00,bad
2026-02-16 08:00:00,
2026-03-05 08:00:00,good
"""


def with_lines(shop: SmallShop, lines: str) -> None:
    shop.rules = RULES.replace("  tables: {customers: data/customers.csv, orders: data/orders.csv}\n", LINES).replace(
        "code: coupon_code}", "code: coupon_code, counts: \"status <> 'cancelled'\"}"
    )
    shop.write()
    (shop.root / "data/lines.csv").write_text(f"order_id,customer_id,ordered_at,category\n{lines}", encoding="utf-8")
    (shop.root / "data/said.csv").write_text(SPOKEN, encoding="utf-8")


def test_the_breadth_of_what_is_bought_grows_by_types_of_orders_that_count(shop: SmallShop) -> None:
    for customer in ("ana", "ion"):
        shop.customer(customer)
    shop.order("ana", "2026-01-10 10:00:00")
    shop.order("ana", "2026-02-10 10:00:00")
    shop.order("ion", "2026-01-10 10:00:00")
    shop.order("ion", "2026-02-10 10:00:00", status="cancelled")
    lines = [
        "o1,ana,2026-01-10 10:00:00,tea",
        "o1,ana,2026-01-10 10:00:00,tea",
        "o2,ana,2026-02-10 10:00:00,coffee",
        "o3,ion,2026-01-10 10:00:00,tea",
        "o4,ion,2026-02-10 10:00:00,coffee",
    ]
    with_lines(shop, "\n".join(lines) + "\n")
    with shop.desk() as desk:
        counting, cuts = Counting(desk.vocabulary, date(2026, 2, 28)), Cuts(months(date(2026, 2, 28), 2))
        products.lay(counting, cuts)
        assert products.breadths(counting, cuts) == [(2, 0), (1, 1)]


def test_mentions_are_counted_by_week_and_tone_up_to_the_day(shop: SmallShop) -> None:
    with_lines(shop, "")
    with shop.desk() as desk:
        told = mentions(Counting(desk.vocabulary, date(2026, 2, 28)), date(2026, 2, 11))
    assert told == [
        (date(2026, 2, 9), "good", 2),
        (date(2026, 2, 16), "", 1),
        (date(2026, 2, 16), "bad", 1),
    ]


def by_hand(placed: list[tuple[str, datetime, int]], month: Month, days: int) -> MonthOfOrders:
    """The same, as somebody would count it on paper."""

    def sums(start: date, end: date) -> Sums:
        those = [(who, amount) for who, when, amount in placed if start <= when.date() < end]
        people = [who for who, _ in those]
        often = sum(people.count(who) > 1 for who in set(people))
        return Sums(
            len(those), Decimal(sum(amount for _, amount in those)).quantize(Decimal("0.01")), len(set(people)), often
        )

    def customers(day: date) -> set[str]:
        return {who for who, when, _ in placed if day - timedelta(days=days) <= when.date() < day}

    def standing(start: date, end: date) -> Standing:
        before, after = customers(start), customers(end)
        met = {who for who, when, _ in placed if when.date() < start}
        return Standing(len(before), len(after), len(after - before), len((after - before) & met))

    year = a_year_before(month.end)
    return MonthOfOrders(
        month,
        sums(month.start, month.end),
        sums(date(1990, 1, 1), month.end),
        standing(month.start, month.end),
        sums(year, month.end),
        standing(year, month.end),
    )


MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2026, 4, 30)).map(lambda when: when.replace(microsecond=0))
ORDERS = st.lists(st.tuples(st.sampled_from(["ana", "ion", "eva", "dan"]), MOMENTS, st.integers(1, 500)), max_size=25)


@settings(max_examples=8)
@given(placed=ORDERS, days=st.sampled_from([20, 90, 365, 400]), day=st.dates(date(2026, 1, 1), date(2026, 4, 15)))
def test_every_shop_is_counted_as_on_paper(placed: list[tuple[str, datetime, int]], days: int, day: date) -> None:
    with TemporaryDirectory() as folder:
        shop = SmallShop(Path(folder), RULES.replace("  site:", f"  customer_for: {days} days\n  site:"))
        shop.customer("ana")
        for who, when, amount in placed:
            shop.order(who, f"{when:%Y-%m-%d %H:%M:%S}", total=amount)
        found = counted(shop, day.isoformat())
    until = [one for one in placed if one[1].date() <= day]
    assert found == [by_hand(until, month, days) for month in months(day, 3)]
    for one in found:
        assert one.standing.start - one.standing.left == one.standing.end - one.standing.new, "who stayed, twice"
    for before, after in pairwise(found):
        assert before.standing.end == after.standing.start
        assert after.to_date.orders == before.to_date.orders + after.own.orders
