"""What is wrong with the shop's data: counted, placed, and told without a word of its content."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from regulars.lang.problems import Position, Problem
from regulars.lang.written import Written
from regulars.people.engine import name, text
from regulars.people.source import Source
from regulars.people.traits import CUSTOMER, NEGATIVE, ROWS

SPOKEN: dict[str, tuple[str, str]] = {
    "text": ("text", "letters"),
    "number": ("numbers", "1200.50"),
    "date": ("days", "2026-08-27"),
    "time": ("times", "2026-08-27 14:30"),
    "yes_no": ("yes or no", "yes or no"),
}
"""Kind → what it is called, and how it is written."""


def unreadable(source: Source) -> list[Problem]:
    """Values that are not what their column holds, with the place of the first."""
    order = source.rules.source.order
    found = []
    for table, one in source.unreadable():
        vital = table == "orders" and one.column in (str(order.at), str(order.amount))
        what, form = SPOKEN[one.kind]
        noun = "value" if one.values == 1 else "values"
        values = f"{one.values:,} {noun} of `{one.column}` in `{table}`"
        place = f"; the first is in this line, column {one.column_number}" if one.file else ""
        found.append(
            Problem(
                Position(one.file, max(one.line, 1), one.column_number) if one.file else _place(source, table),
                "unreadable-value",
                f"{values} cannot be read as {what}{place}.",
                f"write {form}" + ("" if vital else "; until then they are unknown"),
                "error" if vital else "warning",
            )
        )
    return found


def of_rows(source: Source, customers: str, orders: str) -> list[Problem]:
    """Findings over DuckDB's `customers` (rows of the table) and `orders` (a row per customer, see `traits`)."""
    asked: tuple[Callable[[Source, str, str], list[Problem]], ...] = (_empty, _customers, _orders)
    return [problem for ask in asked for problem in ask(source, customers, orders)]


def orders_by_customer(source: Source, counts: str = "true") -> str:
    """The relation `of_rows` wants, straight from the files: what `check` looks at without counting any trait.

    `counts` is SQL over a row of `orders`: whether it counts.
    """
    order = source.rules.source.order
    customer, amount = name(str(order.customer)), name(str(order.amount))
    negative = f"count(*) filter (where {amount} < 0 and ({counts})) as {NEGATIVE}"
    return f"(select {customer} as {CUSTOMER}, count(*) as {ROWS}, {negative} from orders group by 1)"


def _one(source: Source, sql: str) -> tuple[Any, ...]:
    return source.connection.execute(sql).fetchone() or ()


def _place(source: Source, table: str) -> Position:
    origin = source.rules.source.tables[Written(table)]
    where = origin.file or origin.table or origin.sql or Written(table)
    return where.at(0, len(where.split("\n", maxsplit=1)[0]))


def _empty(source: Source, customers: str, orders: str) -> list[Problem]:
    found = []
    if _one(source, f"select count(*) from {customers}")[0] == 0:
        found.append(
            Problem(
                _place(source, "customers"),
                "empty-table",
                "There is not one customer in `customers`.",
                "is it the right file?",
            )
        )
    if _one(source, f"select coalesce(sum({ROWS}), 0) from {orders}")[0] == 0:
        found.append(
            Problem(
                _place(source, "orders"),
                "empty-table",
                "There is not one order in `orders`.",
                "everybody counts as somebody who never ordered",
                "warning",
            )
        )
    return found


def _customers(source: Source, customers: str, _orders: str) -> list[Problem]:
    key = name(str(source.rules.source.customer.id))
    without, twice = _one(
        source,
        f"""select (select count(*) from {customers} where coalesce(trim({key}), '') = ''),
                   (select count(*) from (select 1 from {customers} where coalesce(trim({key}), '') <> ''
                                          group by {key} having count(*) > 1))""",
    )
    found = []
    if without:
        found.append(
            Problem(
                _place(source, "customers"),
                "customer-without-id",
                f"{without:,} {'row' if without == 1 else 'rows'} of `customers` "
                f"{'has no id and is' if without == 1 else 'have no id and are'} left out.",
                "",
                "warning",
            )
        )
    if twice:
        again = _second_row(source, key)
        position = again or _place(source, "customers")
        found.append(
            Problem(
                position,
                "same-customer-twice",
                f"{twice:,} customer {'id stands' if twice == 1 else 'ids stand'} in more than one row of `customers`"
                f"{'; the first stands here again' if again else ''}.",
                "one row per customer: merge them, or say in a `sql:` table which row counts",
            )
        )
    return found


def _second_row(source: Source, key: str) -> Position | None:
    """The line of the first id that was there before, where `customers` is CSV files."""
    if "customers" not in source.csv:
        return None
    table = source.csv["customers"]
    again = f"row_number() over (partition by {key} order by file_row_number)"
    (nth,) = _one(
        source,
        f"select min(nth) + 1 from (select file_row_number as nth, {again} as again "
        f"from read_parquet({text(str(table.prepare().copy))}, file_row_number = true) "
        f"where {key} is not null) where again > 1",
    )
    file, line = table.place(int(nth)) if nth else ("", 0)
    return Position(file, line) if line else None


def _orders(source: Source, customers: str, orders: str) -> list[Problem]:
    key = name(str(source.rules.source.customer.id))
    nameless = f"coalesce(trim({CUSTOMER}), '') = ''"
    stranger = f"not {nameless} and not exists (select 1 from {customers} c where c.{key} = o.{CUSTOMER})"
    nobody, strangers, negative = _one(
        source,
        f"""select coalesce(sum({ROWS}) filter (where {nameless}), 0),
                   coalesce(sum({ROWS}) filter (where {stranger}), 0),
                   coalesce(sum({NEGATIVE}), 0) from {orders} o""",
    )
    found = []
    if nobody or strangers:
        names = ["order names" if one == 1 else "orders name" for one in (nobody, strangers)]
        parts = [f"{nobody:,} {names[0]} no customer"] * bool(nobody)
        parts += [f"{strangers:,} {names[1]} somebody who is not in `customers`"] * bool(strangers)
        found.append(
            Problem(
                _place(source, "orders"),
                "order-without-customer",
                f"{' and '.join(parts)}.",
                "they are counted for nobody",
                "warning",
            )
        )
    if negative:
        found.append(
            Problem(
                _place(source, "orders"),
                "negative-amount",
                f"{negative:,} {'order has' if negative == 1 else 'orders have'} a negative amount, "
                "which lowers what is summed.",
                "if these are refunds, leave them out by `order.counts`",
                "warning",
            )
        )
    return found
