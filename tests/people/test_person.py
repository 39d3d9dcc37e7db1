"""One person's row, counted alone, is the row that counting everybody gives them."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from snapshots_of import Opened, lay

from regulars.lang.written import Written
from regulars.people.person import PERSON, PersonTaker, asks_everybody, needed

SOURCE = """tables:
    customers: {file: data/customers.csv, at: since}
    orders: data/orders.csv
    points: {file: data/points.csv, customer: id, at: earned_at}
  types: {points: number, expires_on: date, discount: number}
  timezone: UTC"""
TRAITS = """
spent: {from: orders, value: sum(total)}
last_order: {from: orders, value: max(at)}
share: {from: orders, value: avg(discount > 0)}
recent: {from: orders, value: count(*), last: 9 days}
dear: {from: orders, value: count(*), where: total > 50}
points_left: {from: points, value: sum(points), where: expires_on >= today}
average: spent / orders
"""
SEGMENTS = """
mood:
  - cold: days_since(last_order) > 15
  - heard: messages_30d > 0
  - rest: otherwise
vip: spent >= 100 and mood <> 'cold'
"""
WHO = ("a", "b", "c'c", "d")
FACTS = pa.table({"customer_id": ["a", "d"], "messages_30d": [2, 1]})
ORDER = st.tuples(
    st.sampled_from([*WHO, "", "nobody"]), st.integers(1, 40), st.integers(-5, 120), st.sampled_from(["", "0", "5"])
)
POINT = st.tuples(st.sampled_from(WHO), st.integers(1, 40), st.integers(-10, 50))


def january(day):
    return f"2026-01-{day:02}" if day <= 31 else f"2026-02-{day - 31:02}"


def shop_of(root, orders, points, born):
    rows = [f"{n},{who},{january(day)} 22:30,{total},{cut}" for n, (who, day, total, cut) in enumerate(orders)]
    lay(
        root,
        source=SOURCE,
        traits=TRAITS,
        segments=SEGMENTS,
        customers="id,birthday,consent,city,since\n" + "".join(f"{who},,yes,,{january(day)}\n" for who, day in born),
        orders="\n".join(["order_id,customer,at,total,discount", *rows]) + "\n",
    )
    earned = [f"{who},{january(day)} 22:30,{n},{january(day)}" for who, day, n in points]
    (root / "data/points.csv").write_text("\n".join(["id,earned_at,points,expires_on", *earned]) + "\n")
    return root


def alone(opened, customer, kept=None, day=None):
    """The row of `customer`, counted without anybody else's."""
    vocabulary = opened.vocabulary
    taker = PersonTaker(opened.root, opened.source, vocabulary, day, customer=customer)
    relation = taker.lay(FACTS, kept).relation
    assert relation == PERSON
    return opened.source.connection.execute(f"select * from {relation}").to_arrow_table().to_pylist()


@settings(max_examples=15, deadline=None)
@given(
    st.lists(ORDER, max_size=12),
    st.lists(POINT, max_size=5),
    st.tuples(*(st.tuples(st.just(who), st.sampled_from([1, 31, 35])) for who in WHO)),
)
def test_the_row_of_one_is_their_row_among_all(tmp_path_factory, orders, points, born):
    root = shop_of(tmp_path_factory.mktemp("person"), [("b", 20, 1, "5"), *orders], points, born)
    opened = Opened(root)
    snapshot = opened.snapshot(facts=lambda: FACTS)
    everybody = {row["id"]: row for row in pq.read_table(snapshot.path).to_pylist()}
    for customer in WHO:
        expected = [everybody[customer]] if customer in everybody else []
        assert alone(opened, customer, day=snapshot.day) == expected
        assert alone(opened, customer, snapshot.people, snapshot.day) == expected


@pytest.fixture
def opened(tmp_path):
    lay(
        tmp_path,
        traits=TRAITS.split("points_left", maxsplit=1)[0] + "rank: quintile(orders)\n",
        segments="top: rank = 5\nvip: spent > 1",
    )
    return Opened(tmp_path)


def test_only_what_is_asked_for_is_counted(opened):
    vip = opened.vocabulary.condition(Written("vip and city = 'Iași'"))
    few = needed(opened.vocabulary, [vip])
    assert [one.name for one in few.counted] == ["spent"]
    assert [one.name for one in few.derived] == ["vip"]


def test_what_looks_at_everybody_is_known(opened):
    conditions = {name: opened.vocabulary.condition(Written(name)) for name in ("vip", "top")}
    assert not asks_everybody(needed(opened.vocabulary, [conditions["vip"]]))
    assert asks_everybody(needed(opened.vocabulary, [conditions["top"]]))
