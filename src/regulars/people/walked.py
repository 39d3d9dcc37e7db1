"""The rows of one table, one by one: what a campaign walks with `for_each`. Only those that are asked for travel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa

from regulars.lang.expressions import ROW, Expression, Node
from regulars.people import engine
from regulars.people.source import cannot_compute
from regulars.people.traits import Counting

ASKED_AT_ONCE = 10_000
"""Rows named in one question: a database refuses a list without end."""
_ARRIVED, _NAMED = "regulars_rows_arrived", "regulars_rows_named"


@dataclass(frozen=True)
class Walk:
    """The rows of `table` as of the day of `counting`."""

    counting: Counting
    table: str

    @property
    def columns(self) -> list[str]:
        """The columns of the table, as conditions and templates name them."""
        return [f"{ROW}.{column}" for column in self.counting.source.fields(self.table)]

    def matching(self, where: Expression | None, into: str, customer: str = "") -> None:
        """Leave in DuckDB, as `into`, the rows for which `where` holds: of `customer`, or of everybody.

        Columns: customer_id, row_id (text), nth (the place among the rows of this customer, by the table's `at`, from
        1), and `columns`, with times by the shop's clock. Rows of nobody, and rows without an id, are left out.
        """
        rows = self._rows(where)
        if where is not None:
            rows = rows.filter(self.counting.compiler(rows, self.table)(where.tree))
        if customer:
            rows = rows.filter(rows[self._owner] == customer)
        if self.counting.source.is_here(self.table):
            self._lay(f"({self.counting.source.sql(rows)})", into)
        else:
            self._fetched(self.counting.fetch(rows), into)

    def named(self, ids: Sequence[str], into: str) -> None:
        """The same for the rows with these ids, as they are now; a row that is gone, or does not count, is missing."""
        source, rows = self.counting.source, self.counting.counting_rows(self.table)
        if source.is_here(self.table):
            source.connection.register(_NAMED, pa.table({"id": pa.array(ids, pa.string())}))
            self._lay(f"({source.sql(rows)})", into, f"{engine.name(self._id)} in (select id from {_NAMED})")
            source.connection.unregister(_NAMED)
            return
        slices = [list(ids[start : start + ASKED_AT_ONCE]) for start in range(0, len(ids), ASKED_AT_ONCE)]
        found = [self.counting.fetch(rows.filter(rows[self._id].isin(some))) for some in slices]
        self._fetched(pa.concat_tables(found) if found else rows.schema().to_pyarrow().empty_table(), into)

    def _rows(self, where: Expression | None) -> Any:
        """Rows that `where` takes for something of the past count once they have happened, as in traits.

        `days_since(dropped_on) <= 1` holds for tomorrow's prices too, by the letter; and whoever looks at a day of last
        month must not see what came after it.
        """
        at = self.counting.source.time_column(self.table)
        past = self.table == "orders" or (where is not None and at is not None and _of_the_past(where.tree, at))
        return self.counting.until_day_ends(self.table) if past else self.counting.counting_rows(self.table)

    def _fetched(self, arrived: pa.Table, into: str) -> None:
        self.counting.source.connection.register(_ARRIVED, arrived)
        self._lay(_ARRIVED, into)
        self.counting.source.connection.unregister(_ARRIVED)

    def _lay(self, relation: str, into: str, which: str = "true") -> None:
        """The rows of `relation` made alike: times by the shop's clock, one row to an id."""
        source = self.counting.source
        columns = ", ".join(
            f"{self._by_the_shops_clock(column, known.kind)} as {engine.name(f'{ROW}.{column}')}"
            for column, known in source.fields(self.table).items()
        )
        owner, key, at = engine.name(self._owner), engine.name(self._id), source.time_column(self.table)
        order = ", ".join([*([f"{engine.name(at)} nulls last"] if at else []), key])
        try:
            source.connection.execute(
                f"""create or replace temp table {engine.name(into)} as
                    with once as (
                      select * from {relation} t where {which} and {key} <> '' and {owner} <> ''
                      qualify row_number() over (partition by {owner}, {key} order by {order}, t) = 1
                    )
                    select {owner} as customer_id, {key} as row_id,
                           row_number() over (partition by {owner} order by {order}) as nth, {columns}
                    from once"""
            )
        except duckdb.Error as error:
            raise cannot_compute(error) from None

    def _by_the_shops_clock(self, column: str, kind: str) -> str:
        zone, value = self.counting.source.zone, engine.name(column)
        if kind != "time" or zone == self._shop_zone:
            return value
        moment = f"timezone({engine.text(zone)}, cast({value} as timestamp))"
        return f"timezone({engine.text(self._shop_zone)}, {moment})"

    @property
    def _shop_zone(self) -> str:
        return str(self.counting.source.rules.shop.timezone)

    @property
    def _owner(self) -> str:
        return self.counting.source.customer_column(self.table) or ""

    @property
    def _id(self) -> str:
        return self.counting.source.id_column(self.table) or ""


def _of_the_past(tree: Node, column: str) -> bool:
    """Whether a condition reads `column` as a day that is over, and in no other way."""
    reads = [node for node in tree.walk() if node.op == "column" and node.value == column]
    since = [
        arg
        for node in tree.walk()
        if node.op in ("days_since", "days_since_anniversary")
        for arg in node.args
        if arg.op == "column" and arg.value == column
    ]
    return bool(reads) and len(reads) == len(since)
