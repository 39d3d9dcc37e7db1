"""Expected value on real orders: what the models say of a day, against what came in the thirty days after it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pytest
from real_projects import laid

from regulars.campaigns.desk import Desk
from regulars.people.snapshot import Snapshot, SnapshotTaker
from regulars.people.vocabulary import EXPECTED

pytestmark = [pytest.mark.real]

CAME = """
    select household_id, count(distinct day) as days
    from (select *, cast(bought_at at time zone 'UTC' at time zone 'America/New_York' as date) as day from orders)
    where day between date '2017-07-01' and date '2017-07-30' group by 1"""
"""Days with an order, of each household in the month that nobody knew of on 30 June."""


@contextmanager
def asked(name: str, folder: Path, day: str) -> Iterator[tuple[Desk, Snapshot]]:
    """The day's snapshot of a real project, with the models asked."""
    root = laid(name, folder)
    (root / "campaigns").mkdir(exist_ok=True)
    with Desk.open(root, looking=True) as desk:
        desk.vocabulary.forecasts = frozenset(EXPECTED)
        yield desk, SnapshotTaker(root, desk.source, desk.vocabulary, date.fromisoformat(day)).take(None)


def test_half_a_year_of_the_grocer_foretells_the_month_after_it(tmp_path: Path) -> None:
    with asked("complete_journey", tmp_path, "2017-06-30") as (desk, snapshot):
        (found,) = desk.arrow(
            f"""select count(*) as buyers, avg(p_alive) as alive, sum(p_next_30d) as likely,
                       sum(expected_orders_30d) as orders, count(days) as came, cast(sum(days) as bigint) as days
                from {snapshot.relation} left join ({CAME}) using (household_id) where p_alive is not null"""
        ).to_pylist()
        assert snapshot.expected is not None
        found |= snapshot.expected.orders or {}
    assert [found[name] for name in ("r", "alpha", "a", "b")] == pytest.approx([1.400, 9.349, 0.01244, 7.347], rel=2e-3)
    assert (found["buyers"], round(found["alive"], 3)) == (2393, 0.984)
    assert (found["came"], found["days"]) == (2049, 10_696)
    assert (round(found["likely"]), round(found["orders"])) == (2038, 10_546)


def test_the_wholesalers_customers_never_seem_to_leave_and_get_no_numbers(tmp_path: Path) -> None:
    with asked("online_retail", tmp_path, "2011-12-09") as (desk, snapshot):
        assert snapshot.expected is not None
        (sentence,) = snapshot.expected.unforeseen(EXPECTED)
        (row,) = desk.arrow(f"select count(p_alive) as n, count(*) as all from {snapshot.relation}").to_pylist()
        spend = snapshot.expected.spend or {}
    assert "Nobody seems to have left for good" in sentence
    assert row == {"n": 0, "all": 4372}
    assert [round(spend[name], 2) for name in "pqv"] == [2.10, 3.45, 485.89]
