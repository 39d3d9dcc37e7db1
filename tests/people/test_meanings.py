"""What rules mean: no rows, unknown values, days of the shop's zone, quintiles, names."""

from datetime import datetime

import pyarrow as pa
import pytest
from snapshots_of import FILES, ORDERS, Opened, lay, people_of

UTC_FILES = "timezone: UTC\n  " + FILES
HEAD = "order_id,customer,at,total,discount\n"


def orders(*times, customer="a"):
    return HEAD + "".join(f"{n},{customer},{at},10,0\n" for n, at in enumerate(times))


def test_over_no_rows_counts_and_sums_are_zero_and_the_rest_unknown(tmp_path):
    traits = """
n: {from: orders, value: count(discount)}
kinds: {from: orders, value: count(distinct discount)}
total_sum: {from: orders, value: sum(total)}
mean: {from: orders, value: avg(total)}
least_of: {from: orders, value: min(total)}
last_at: {from: orders, value: max(at)}
mean_by: total_sum / orders
"""
    nobody = people_of(lay(tmp_path, traits=traits))["b"]
    assert [nobody[name] for name in ("orders", "n", "kinds", "total_sum")] == [0, 0, 0, 0]
    assert [nobody[name] for name in ("mean", "least_of", "last_at", "mean_by")] == [None] * 4


def test_what_is_unknown_is_not_in_a_plain_segment_and_falls_through_a_ladder(tmp_path):
    segments = """
rich: total_sum / orders > 5
poor: not total_sum / orders > 5
kind:
  - high: total_sum / orders > 5
  - low: total_sum / orders <= 5
  - unknown: otherwise
"""
    found = people_of(lay(tmp_path, traits="total_sum: {from: orders, value: sum(total)}", segments=segments))
    assert [found["a"][name] for name in ("rich", "poor", "kind")] == [True, False, "high"]
    assert [found["b"][name] for name in ("rich", "poor", "kind")] == [False, False, "unknown"]


@pytest.mark.parametrize(
    ("values", "fifths"),
    [
        ([1, 2, 3, 4, 5], [1, 2, 3, 4, 5]),
        ([7, 7, 7], [1, 1, 1]),
        ([9], [1]),
        ([1, 1, 1, 1, 9], [1, 1, 1, 1, 5]),
        ([1, 2], [1, 5]),
        ([None, 1, 2], [None, 1, 5]),
    ],
)
def test_quintiles_count_the_cut_points_below(tmp_path, values, fifths):
    customers = "id,birthday,consent,city,worth\n" + "".join(
        f"c{n},,yes,,{'' if value is None else value}\n" for n, value in enumerate(values)
    )
    root = lay(tmp_path, customers=customers + "x,,no,,1000\n", traits="fifth: quintile(worth, consent)")
    found = people_of(root)
    assert [found[f"c{n}"]["fifth"] for n in range(len(values))] == fifths
    assert found["x"]["fifth"] is None, "not one of those of whom it is asked"


def test_last_counts_calendar_days_of_the_shop(tmp_path):
    # The shop's 29 January begins on the 28th at 22:00 UTC.
    raw = orders("2026-01-28 21:59:59", "2026-01-28 22:00:00", "2026-01-31 21:59:59", "2026-01-31 22:00:00")
    root = lay(tmp_path, source=UTC_FILES, orders=raw, traits="recent: {from: orders, value: count(*), last: 2 days}")
    found = people_of(root, "2026-01-31")["a"]
    assert (found["recent"], found["orders"]) == (2, 3)


def test_days_change_by_the_shops_clock_across_daylight_saving(tmp_path):
    # Bucharest goes from +2 to +3 on 29 March 2026.
    raw = orders("2026-03-28 22:30", "2026-03-29 20:30", "2026-03-29 21:30")
    traits = "first: {from: orders, value: min(at)}\nsunday: {from: orders, value: count(*), where: days_since(at) = 1}"
    found = people_of(lay(tmp_path, source=UTC_FILES, orders=raw, traits=traits), "2026-03-30")["a"]
    assert (found["orders"], found["sunday"]) == (3, 2)
    assert found["first"] == datetime(2026, 3, 29, 0, 30)


def test_times_with_a_zone_are_the_same_moments(tmp_path):
    raw = orders("2026-01-05T23:30:00+01:00", "2026-01-05T22:30:00Z", "2026-01-06 00:30")
    found = people_of(lay(tmp_path, orders=raw, traits="days: {from: orders, value: count(distinct at)}"))
    assert found["a"]["days"] == 1


def test_a_computed_time_is_shown_by_the_shops_clock_once(tmp_path):
    traits = "late: {from: orders, value: max(case when total > 5 then at end)}"
    found = people_of(lay(tmp_path, source=UTC_FILES, orders=orders("2026-01-05 10:00"), traits=traits))
    assert found["a"]["late"] == datetime(2026, 1, 5, 12, 0)


def test_a_past_day_knows_nothing_of_later_orders(tmp_path):
    traits = "last: {from: orders, value: max(at)}\nago: days_since(last)"
    root = lay(tmp_path, traits=traits)
    assert people_of(root, "2026-01-06")["a"]["orders"] == 1
    assert people_of(root, "2026-01-06")["a"]["ago"] == 1
    assert people_of(root, "2026-01-04")["a"]["orders"] == 0


@pytest.mark.parametrize(
    ("day", "since", "until"),
    [("2026-02-28", 0, 0), ("2024-02-28", 365, 1), ("2024-02-29", 0, 0), ("2026-03-01", 1, 364)],
)
def test_29_february_is_kept_on_the_28th_in_common_years(tmp_path, day, since, until):
    customers = "id,birthday,consent,city\na,2000-02-29,yes,\n"
    traits = "since: days_since_anniversary(birthday)\nuntil: days_until_anniversary(birthday)"
    found = people_of(lay(tmp_path, customers=customers, traits=traits), day)["a"]
    assert (found["since"], found["until"]) == (since, until)


def test_traits_are_made_in_any_order_and_circles_are_told(tmp_path):
    found = people_of(lay(tmp_path / "a", traits="c: b * 2\nb: A + 1\na: orders + 1"))
    assert found["a"]["c"] == 8
    (problem, *_) = Opened(lay(tmp_path / "b", traits="x: z + 1\ny: x + 1\nz: y + 1")).problems
    assert problem[0] == "circle"
    assert "x → z → y → x" in problem[2]


def test_what_the_ledger_knows_is_a_trait(tmp_path):
    root = lay(tmp_path, segments="heard: messages_30d >= 2 and days_since(last_contacted) <= 3")
    moment = pa.array([datetime(2026, 1, 30, 22, 30)], pa.timestamp("us", tz="UTC"))
    facts = pa.table({"customer_id": ["a"], "messages_30d": [2], "last_contacted": moment})
    found = people_of(root, facts=lambda: facts, version="1")
    assert (found["a"]["heard"], found["b"]["heard"]) == (True, False)
    assert found["a"]["last_contacted"] == datetime(2026, 1, 31, 0, 30)
    assert (found["b"]["messages_30d"], found["b"]["last_contacted"], found["a"]["referrals"]) == (0, None, 0)


@pytest.mark.parametrize(
    ("traits", "words"),
    [
        ("referrals: {from: orders, value: count(*)}", "already what the ledger knows"),
        ("city: {from: orders, value: count(*)}", "already a column of `customers`"),
        ("stadt: orders + 1", "already a column of `customers` (`Stadt`)"),
    ],
)
def test_a_name_means_one_thing(tmp_path, traits, words):
    customers = "id,birthday,consent,city,Stadt\na,,yes,x,y\n"
    (found,) = Opened(lay(tmp_path, customers=customers, traits=traits)).problems
    assert found[:2] == ("name-taken", "rules.yaml:15:3")
    assert words in found[2]


def test_a_column_named_like_what_the_ledger_knows_is_warned_of_and_left_out(tmp_path):
    opened = Opened(lay(tmp_path, customers="id,birthday,consent,city,Referrals\na,,yes,x,9\n"))
    (found,) = [one for one in opened.found if one.code == "name-taken"]
    assert (found.level, found.position.line) == ("warning", 10)
    assert people_of(tmp_path)["a"]["referrals"] == 0


def test_a_mapped_name_hides_the_column_of_that_name(tmp_path):
    customers = "id,birthday,consent,Birthday of\na,1990-01-01,yes,1980-05-05\n"
    root = lay(tmp_path, customers=customers)
    rules = (root / "rules.yaml").read_text().replace("birthday: birthday", "birthday: Birthday of")
    (root / "rules.yaml").write_text(rules)
    assert people_of(root)["a"]["birthday"].isoformat() == "1980-05-05"


def test_columns_have_capitals_umlauts_and_spaces(tmp_path):
    customers = "id,birthday,consent,Größe,Net Worth,Stadt\na,,yes,170,5,Bern\n"
    root = lay(tmp_path, customers=customers, traits="t: Größe + 1", segments="here: Stadt = 'Bern'")
    found = people_of(root)["a"]
    assert (found["t"], found["here"], found["Net Worth"]) == (171, True, 5)


def test_one_customer_with_many_tables_is_counted_once(tmp_path):
    lines = "{file: data/orders.csv, customer: customer, at: at}"
    source = f"tables: {{customers: data/customers.csv, orders: data/orders.csv, lines: {lines}}}"
    found = people_of(lay(tmp_path, source=source, orders=ORDERS, traits="lines: {from: lines, value: count(*)}"))
    assert (len(found), found["a"]["orders"], found["a"]["lines"]) == (2, 2, 2)


TIMELINE = """order_id,customer,at,total,discount
3,a,2026-01-05 10:00,30,
1,a,2026-01-05 10:00,10,
2,a,2026-01-04 09:00,,4
4,a,2026-01-06 10:00,40,1
5,a,2026-01-06 10:00,50,
6,a,,60,9
7,b,2026-01-31 23:59,70,
"""


@pytest.mark.parametrize(
    ("value", "day", "found"),
    [
        ("value: first(total)", "2026-01-31", 10),
        ("value: last(total)", "2026-01-31", 50),
        ("value: first(discount)", "2026-01-31", 4),
        ("value: last(discount)", "2026-01-31", 1),
        ("value: last(total)", "2026-01-05", 30),
        ("value: first(total), where: total > 10", "2026-01-31", 30),
        ("value: 'last(total * 2)', where: total < 50", "2026-01-31", 80),
        ("value: first(total), last: 25 days", "2026-01-31", 40),
        ("value: first(at)", "2026-01-31", datetime(2026, 1, 4, 9)),
        ("value: first(total), where: total > 100", "2026-01-31", None),
    ],
)
def test_first_and_last_are_by_the_time_and_know_their_value(tmp_path, value, day, found):
    root = lay(tmp_path, traits=f"picked: {{from: orders, {value}}}", orders=TIMELINE)
    assert people_of(root, day)["a"]["picked"] == found


def test_at_one_moment_the_value_decides_where_no_id_does(tmp_path):
    points = "id,earned,points\na,2026-01-05 10:00,7\na,2026-01-05 10:00,3\na,2026-01-05 10:00,5\n"
    (tmp_path / "data").mkdir()
    (tmp_path / "data/points.csv").write_text(points)
    tables = FILES.replace("}", ", points: {file: data/points.csv, customer: id, at: earned}}")
    traits = "lowest: {from: points, value: first(points)}\nhighest: {from: points, value: last(points)}"
    person = people_of(lay(tmp_path, source=tables, traits=traits))["a"]
    assert (person["lowest"], person["highest"]) == (3, 7)
