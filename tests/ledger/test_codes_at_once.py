"""Eight that give codes at once, out of one pool and within the same budgets: nothing twice, never too much.

Each has a ledger, and so connections, of its own. At full size:
`REGULARS_TRIES=10000 pytest tests/ledger/test_codes_at_once.py`.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ledger_people import NOW, enrolments, messages, offers
from sqlalchemy import text

from regulars.ledger import budgets, codes, outbox, pools
from regulars.ledger.budgets import Limit, Rate
from regulars.ledger.store import Ledger

TRIES = int(os.environ.get("REGULARS_TRIES", "160"))
GIVERS = 8
PEOPLE = 4 * TRIES
NO_RATE = Rate(100.0, 1.0)
DAY = timedelta(days=1)
OWN = Limit("campaign winback", "discount", "2026-08", NOW - DAY, 40 * PEOPLE, ("winback",))
SHOP = Limit("shop", "redeemed", "2026", NOW - DAY, 60 * PEOPLE)


def part(random: Random) -> tuple[pa.Table, pa.Table]:
    """Some people, most of whom others ask for too, and what each would be given."""
    chosen = sorted(random.sample(range(PEOPLE), random.randint(1, 6)))
    rows = enrolments(len(chosen)).set_column(2, "customer_id", pa.array([f"c{one}" for one in chosen]))
    most = [random.choice([100, 150, 250]) for _ in chosen]
    worth = pa.table({"expected": pa.array([one // 2 for one in most]), "at_most": pa.array(most)})
    return rows, worth


def give(ledger: Ledger, rows: pa.Table, worth: pa.Table, limits: list[Limit], *, from_pool: bool) -> int:
    """Enrol those who fit, each with a code; how many were new."""
    with ledger.writing() as connection:
        counted = budgets.hold(connection, limits, lambda: NO_RATE)
        fits = budgets.fitting(counted, worth)
        rows, worth = rows.filter(fits), worth.filter(fits)
        drawn = pools.take(connection, "winback", rows.num_rows, NOW) if from_pool else codes.draw(rows.num_rows)
        rows, worth = rows.slice(0, len(drawn)), worth.slice(0, len(drawn))
        if not rows.num_rows:
            return 0
        issued = offers(rows, list(drawn))
        for name in worth.column_names:
            issued = issued.append_column(name, worth[name])
        new = outbox.enrol(connection, rows, messages(rows, issued), issued, from_pool=from_pool)
        kept = issued.filter(pc.is_in(issued["enrolment_id"], value_set=new))
        budgets.count(connection, limits, kept)
        return len(new)


def giver(url: str, folder: str, number: int, tries: int) -> int:
    """One of the eight; how many it gave a code."""
    random = Random(number)
    with Ledger.open(url, Path(folder)) as ledger:
        return sum(
            give(ledger, *part(random), [OWN, SHOP], from_pool=random.random() < 0.5) for _ in range(tries)
        )  # fmt: skip


def one(ledger: Ledger, sql: str) -> tuple:
    with ledger.reading() as connection:
        return tuple(connection.execute(text(sql)).one())


@pytest.mark.postgres
def test_eight_at_once_give_no_code_twice_and_never_more_than_there_is(postgres_url: str, tmp_path: Path):
    with Ledger.open(postgres_url, tmp_path) as ledger:
        with ledger.writing() as connection:
            pools.add(connection, "winback", [f"P{number:06}" for number in range(PEOPLE // 4)], NOW)
        with ThreadPoolExecutor(GIVERS) as eight:
            wanted = ((postgres_url, str(tmp_path), number, TRIES // GIVERS) for number in range(GIVERS))
            given = sum(eight.map(giver, *zip(*wanted, strict=True)))
        people, different, expected, at_most = one(
            ledger, "SELECT count(*), count(DISTINCT code), sum(expected), sum(at_most) FROM code"
        )
        assert people == different == given
        assert one(ledger, "SELECT count(*), count(DISTINCT customer_id) FROM enrolment") == (given, given)
        assert one(ledger, "SELECT counted FROM budget WHERE scope <> 'shop'") == (expected,)
        assert one(ledger, "SELECT counted FROM budget WHERE scope = 'shop'") == (at_most,)
        # The smaller one is used up but for less than somebody would have needed.
        assert SHOP.amount - 250 < at_most <= SHOP.amount
        assert expected <= OWN.amount
        taken = "SELECT count(*) FROM pool_code WHERE taken_at IS NOT NULL"
        assert one(ledger, taken) == one(ledger, "SELECT count(*) FROM code WHERE code LIKE 'P______'")


CHUNKS = st.lists(st.lists(st.integers(0, 90), min_size=1, max_size=6), max_size=8)


@settings(max_examples=60)
@given(CHUNKS, st.integers(0, 600), st.integers(0, 300), st.randoms())
def test_whatever_the_order_of_parts_no_budget_is_overdrawn(parts, discount, redeemed, random):
    limits = {Limit("shop", "discount", "2026", None, discount): 0, Limit("shop", "redeemed", "all", None, redeemed): 0}
    random.shuffle(parts)
    for some in parts:
        worth = pa.table({"expected": pa.array([value // 2 for value in some]), "at_most": pa.array(some)})
        served = worth.filter(budgets.fitting(limits, worth))
        assert budgets.all_fit(limits, served)
        assert served.num_rows or not budgets.all_fit(limits, worth.slice(0, 1))
        for limit, used in limits.items():
            limits[limit] = used + sum(served[budgets.COLUMNS[limit.kind]].to_pylist())
            assert limits[limit] <= limit.amount
        # Who is given nothing is never kept from it.
        assert sum(value == 0 for value in some) == sum(value == 0 for value in served["at_most"].to_pylist())


def test_what_nobody_will_use_is_given_back_and_the_sum_stays_that_of_the_codes(ledger: Ledger):
    rows = enrolments(6)
    worth = pa.table({"expected": pa.array([50] * 6), "at_most": pa.array([100] * 6)})
    limits = [OWN, Limit("campaign winback", "redeemed", "all", None, 10_000, ("winback",))]
    assert give(ledger, rows, worth, limits, from_pool=False) == 6
    with ledger.writing() as connection:
        entry = {name: f"SELECT id FROM enrolment WHERE customer_id = '{name}'" for name in ("c0", "c1", "c2")}
        set_ = "UPDATE message SET state = '{}' WHERE enrolment_id = ({})"
        connection.execute(text(set_.format("dead", entry["c0"])))
        connection.execute(
            text(
                f"""INSERT INTO redemption SELECT 'o1', code, campaign, enrolment_id, message_name, customer_id, 'late',
                    90, 0.37, valid_until FROM code WHERE enrolment_id = ({entry["c1"]})"""
            )
        )
    for at, expected, redeemed in ((NOW + DAY, 250, 437), (NOW + 17 * DAY, 250, 37)):
        with ledger.reading() as connection:
            foreseen = [budgets.counted_now(connection, limit, NO_RATE, at) for limit in limits]
        with ledger.writing() as connection:
            budgets.settle(connection, limits, NO_RATE, at)
        assert foreseen == [expected, redeemed]
        with ledger.reading() as connection:
            assert [budgets.kept(connection, limit) for limit in limits] == [expected, redeemed]


def test_who_comes_first_takes_first_and_after_the_last_that_fits_nobody():
    limit = {Limit("shop", "discount", "all", None, 100): 30}
    worth = pa.table({"expected": pa.array([40, 0, 40, 10, 0]), "at_most": pa.array([40, 0, 40, 10, 0])})
    assert budgets.fitting(limit, worth).to_pylist() == [True, True, False, False, True]
