"""`first(x)` and `last(x)`: the value of somebody's first or last row by the table's `at`, where it is known.

Rows of one moment follow the table's id, and the value itself after that, so that every backend picks the same one.
DuckDB has an aggregate for it; elsewhere it is spelt otherwise, needs rights, or gives another type, and rows are
numbered instead, which every database can.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

_PLACE = "regulars_place_"


@dataclass(frozen=True)
class Pick:
    """One such trait. `value`, `at`, `id` are Ibis columns of the rows, `where` which of them are asked (None: all)."""

    name: str
    last: bool
    value: Any
    at: Any
    id: Any | None
    where: Any | None

    @property
    def eligible(self) -> Any:
        """Rows whose value and moment are known, and that are asked."""
        known = self.value.notnull() & self.at.notnull()
        return known if self.where is None else known & self.where

    @property
    def order(self) -> list[Any]:
        """What comes first, for the aggregate."""
        keys = [self.at, *([] if self.id is None else [self.id]), self.value]
        return [key.desc() if self.last else key.asc() for key in keys]

    @property
    def aggregated(self) -> Any:
        """The value, by DuckDB's own aggregate."""
        return self.value.first(where=self.eligible, order_by=self.order)

    def place(self, customer: Any) -> Any:
        """1 for the row that is picked of each customer, by a window; rows that are not asked come last."""
        import ibis

        others = ibis.ifelse(self.eligible, 0, 1)
        return ibis.row_number().over(group_by=customer, order_by=[others, *self.order]) + 1

    @property
    def columns(self) -> tuple[str, str]:
        """The names of the columns that `numbered` adds: the value, and whether its row is the one."""
        return f"{_PLACE}{self.name}", f"{_PLACE}{self.name}_picked"


def numbered(rows: Any, customer: str, picks: list[Pick]) -> Any:
    """`rows` with two columns for each pick, which `picked` reads."""
    if not picks:
        return rows
    added: dict[str, Any] = {}
    for pick in picks:
        value, chosen = pick.columns
        added |= {value: pick.value, chosen: (pick.place(rows[customer]) == 1) & pick.eligible}
    return rows.mutate(**added)


def picked(rows: Any, pick: Pick) -> Any:
    """The value of the row that was picked: an aggregate over one row, of the value's own type."""
    value, chosen = pick.columns
    found = rows[value]
    if found.type().is_boolean():
        return found.cast("int32").max(where=rows[chosen]) == 1
    return found.max(where=rows[chosen])
