"""Orders month by month: one pass over them where they are, then one query over its result for all months."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from regulars.people import engine
from regulars.people.months.calendar import Cuts, Month, a_year_before
from regulars.people.snapshot import Snapshot
from regulars.people.traits import Counting

PARTS = "regulars_orders_by_part"
"""DuckDB: a row per customer (empty: nobody) and part of time: how many orders, what they add up to, the last one."""
_ROWS = "customer_id, part, orders, revenue, last"
_BITS, _PACKED = 6, 10
"""Counts of ten spans share a number, six bits each: nobody's part counts more than 2, and there are at most 31."""
KEPT = "-orders-by-month.parquet"


@dataclass(frozen=True)
class Sums:
    """Orders of some time. `revenue` in the shop's currency; `repeaters` of the `buyers` have two orders or more."""

    orders: int
    revenue: Decimal
    buyers: int
    repeaters: int


@dataclass(frozen=True)
class Standing:
    """Customers at the two ends of some time, by `shop.customer_for`. Whoever is new was none at the start."""

    start: int
    end: int
    new: int
    back: int
    """Of the new ones: those who had ordered before, and were no customers any more."""

    @property
    def left(self) -> int:
        """Those of the start who are none at the end."""
        return self.start + self.new - self.end


@dataclass(frozen=True)
class MonthOfOrders:
    """One month: its own orders, all up to its end, and the year up to its end."""

    month: Month
    own: Sums
    to_date: Sums
    standing: Standing
    year: Sums
    year_standing: Standing


def lay(counting: Counting, cuts: Cuts, snapshot: Snapshot) -> str:
    """Leave `PARTS` in DuckDB; it is kept beside the day's people, from where it comes the next time."""
    connection = counting.source.connection
    kept = snapshot.people.with_name(f"{snapshot.people.stem}-{len(cuts.months)}{KEPT}")
    if not (kept.exists() and kept.stat().st_mtime_ns >= snapshot.people.stat().st_mtime_ns):
        counting.source.keep(PARTS, parts(counting, cuts))
        partial = kept.with_suffix(".partial")
        connection.execute(f"copy (select {_ROWS} from {PARTS}) to {engine.text(str(partial))} (format parquet)")
        partial.replace(kept)
    connection.execute(
        f"create or replace temp table {PARTS} as select {_ROWS} from read_parquet({engine.text(str(kept))})"
    )
    return PARTS


def parts(counting: Counting, cuts: Cuts) -> Any:
    """The Ibis query of `PARTS`: the orders that count, up to the end of the day."""
    order = counting.source.rules.source.order
    rows = counting.until_day_ends("orders")
    at, customer = rows[str(order.at)], rows[str(order.customer)].fill_null("").name("customer_id")
    return rows.group_by([customer, cuts.part(counting, at).cast("int32").name("part")]).aggregate(
        orders=rows.count(), revenue=rows[str(order.amount)].sum(), last=at.max()
    )


@dataclass(frozen=True)
class OrderMonths:
    """Counts `PARTS`. `whose`: a DuckDB relation with the `customer_id` of those who are asked about; empty: all."""

    counting: Counting
    cuts: Cuts
    whose: str = ""

    @property
    def _rows(self) -> str:
        return f"(select * from {PARTS} {f'semi join {self.whose} using (customer_id)' if self.whose else ''})"

    def count(self) -> list[MonthOfOrders]:
        """Every month; `PARTS` lies in DuckDB."""
        asked = list(self._asked())
        tests = list(self._tests().items())
        bits = " + ".join(f"if({test}, {1 << place}, 0)" for place, (_, test) in enumerate(tests))
        standing = [f"at_bits & {1 << place} <> 0 as {name}" for place, (name, _) in enumerate(tests)]
        spans = list(self._spans())
        packs = [f"sum(least(orders, 2) * {self._weights(spans, first)}) as pack_{first}" for first in self._packs()]
        numbers = [
            f"(cast(pack_{place - place % _PACKED} as bigint) >> {_BITS * (place % _PACKED)}) & {(1 << _BITS) - 1} "
            f"as orders_{place}"
            for place in range(len(spans))
        ]
        people = f"""select first, {", ".join([*standing, *numbers])} from (
                       select min(part) as first, bit_or(cast({bits} as bigint)) as at_bits, {", ".join(packs)}
                       from {self._rows} where customer_id <> '' group by customer_id)"""
        wanted = ", ".join(f"count(*) filter (where {test})" for test in asked)
        amounts = ", ".join(
            f"coalesce(sum({column}) filter (where part between {first} and {last}), 0)"
            for first, last in self._spans()
            for column in ("orders", "revenue")
        )
        run = self.counting.source.connection.execute
        counts = map(int, run(f"select {wanted} from ({people})").fetchone() or ())
        by_part = f"select part, sum(orders) as orders, sum(revenue) as revenue from {self._rows} group by part"
        sums = iter(run(f"select {amounts} from ({by_part})").fetchone() or ())
        return [_read(month, counts, sums) for month in self.cuts.months]

    def _packs(self) -> range:
        return range(0, 3 * len(self.cuts.months), _PACKED)

    def _weights(self, spans: Sequence[tuple[int, int]], start: int) -> str:
        """SQL: for a row's part a number with a 1 in the digit of each span, from `start` on, that the part is in."""
        weights = [
            sum(
                1 << _BITS * digit
                for digit, (first, last) in enumerate(spans[start : start + _PACKED])
                if first <= part <= last
            )
            for part in range(len(self.cuts.days) + 1)
        ]
        return f"[{', '.join(f'{weight}::bigint' for weight in weights)}][part + 1]"

    def _spans(self) -> Iterator[tuple[int, int]]:
        """First and last part of each sum, in the order in which they are read."""
        for month in self.cuts.months:
            yield self.cuts.within(month.start, month.end)
            yield 0, self.cuts.until(month.end)
            yield self.cuts.within(a_year_before(month.end), month.end)

    def _tests(self) -> dict[str, str]:
        """Column → what must hold of one of somebody's parts."""
        days = sorted({edge for month in self.cuts.months for edge in self._edges(month)})
        return {_at(day): f"part <= {self.cuts.until(day)} and {self._recent(day)}" for day in days}

    def _asked(self) -> Iterator[str]:
        """Conditions over somebody's row, in the order in which their counts are read."""
        for place, month in enumerate(self.cuts.months):
            own, to_date, year = (f"orders_{3 * place + span}" for span in range(3))
            yield from (f"{own} >= 1", f"{own} >= 2", f"{to_date} >= 1", f"{to_date} >= 2")
            yield from _standing(month.start, month.end, self.cuts)
            yield from (f"{year} >= 1", f"{year} >= 2")
            yield from _standing(a_year_before(month.end), month.end, self.cuts)

    def _edges(self, month: Month) -> tuple[date, date, date]:
        return month.start, month.end, a_year_before(month.end)

    def _recent(self, day: date) -> str:
        """Whether the last order of a part was within `shop.customer_for` before `day`."""
        source = self.counting.source
        since = day - timedelta(days=max(1, source.rules.shop.customer_for.delta.days))
        if source.fields("orders")[str(source.rules.source.order.at)].kind == "date":
            return f"last >= date '{since}'"
        return f"last >= timestamp '{self.counting.in_source_zone(since)}'"


def _read(month: Month, counts: Iterator[int], sums: Iterator[Any]) -> MonthOfOrders:
    own, to_date = _sums(counts, sums), _sums(counts, sums)
    standing = _four(counts)
    return MonthOfOrders(month, own, to_date, standing, _sums(counts, sums), _four(counts))


def _sums(counts: Iterator[int], sums: Iterator[Any]) -> Sums:
    orders, revenue = int(next(sums)), Decimal(next(sums)).quantize(Decimal("0.01"))
    return Sums(orders, revenue, next(counts), next(counts))


def _four(counts: Iterator[int]) -> Standing:
    return Standing(next(counts), next(counts), next(counts), next(counts))


def _at(day: date) -> str:
    return f"at_{day:%Y%m%d}"


def _standing(start: date, end: date, cuts: Cuts) -> Iterator[str]:
    yield _at(start)
    yield _at(end)
    yield f"{_at(end)} and not {_at(start)}"
    yield f"{_at(end)} and not {_at(start)} and first <= {cuts.until(start)}"
