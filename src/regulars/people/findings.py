"""What is wrong with the shop's data: counted, placed, and told without a word of its content."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from regulars.lang.problems import Position, Problem
from regulars.lang.written import Written
from regulars.people.engine import name, text
from regulars.people.source import Source
from regulars.people.traits import CUSTOMER, NEGATIVE, ROWS


def unreadable(source: Source) -> list[Problem]:
    """Values that are not what their column holds, with the place of the first."""
    order = source.rules.source.order
    found = []
    for table, one in source.unreadable:
        vital = table == "orders" and one.column in (str(order.at), str(order.amount))
        what = {"date": "days", "time": "times", "number": "numbers", "yes_no": "yes or no"}.get(one.kind, one.kind)
        form = {"date": "2026-08-27", "time": "2026-08-27 14:30", "number": "1200.50", "yes_no": "yes or no"}.get(
            one.kind, ""
        )
        found.append(
            Problem(
                Position(one.file, one.line, one.column_number),
                "unreadable-value",
                f"{one.values:,} {'value' if one.values == 1 else 'values'} of `{one.column}` cannot be read as {what}; the first is in this line, column {one.column_number}.",
                f"write {form}" + ("" if vital else "; until then they are unknown"),
                "error" if vital else "warning",
            )
        )
    return found


def of_rows(source: Source, customers: str, orders: str) -> list[Problem]:
    """Findings over relations in DuckDB: `customers` (rows of the table) and `orders` (a row per customer, see `traits`)."""
    asked: tuple[Callable[[Source, str, str], list[Problem]], ...] = (_empty, _customers, _orders)
    return [problem for ask in asked for problem in ask(source, customers, orders)]


def orders_by_customer(source: Source) -> str:
    """The relation `of_rows` wants, straight from the files: what `check` looks at without counting any trait."""
    order = source.rules.source.order
    customer, amount = name(str(order.customer)), name(str(order.amount))
    return f"(select {customer} as {CUSTOMER}, count(*) as {ROWS}, count(*) filter (where {amount} < 0) as {NEGATIVE} from orders group by 1)"


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
        f"select (select count(*) from {customers} where coalesce(trim({key}), '') = ''), "
        f"(select count(*) from (select 1 from {customers} where coalesce(trim({key}), '') <> '' group by {key} having count(*) > 1))",
    )
    found = []
    if without:
        found.append(
            Problem(
                _place(source, "customers"),
                "customer-without-id",
                f"{without:,} rows of `customers` have no id and are left out.",
                "",
                "warning",
            )
        )
    if twice:
        position = _second_row(source, key) or _place(source, "customers")
        found.append(
            Problem(
                position,
                "same-customer-twice",
                f"{twice:,} customer {'id stands' if twice == 1 else 'ids stand'} in more than one row of `customers`.",
                "one row per customer: merge them, or say in a `sql:` table which row counts",
            )
        )
    return found


def _second_row(source: Source, key: str) -> Position | None:
    """The line of the first id that was there before, for a single CSV file."""
    origin = source.rules.source.tables[Written("customers")]
    if not source.in_files or not origin.file or not str(origin.file).lower().endswith((".csv", ".tsv")):
        return None
    copies = sorted((source.root / ".regulars" / "tables").glob("customers-*.parquet"))
    if len(copies) != 1 or "*" in str(origin.file):
        return None
    row = _one(
        source,
        f"select min(nth) from (select file_row_number as nth, row_number() over (partition by {key} order by file_row_number) as again "
        f"from read_parquet({text(str(copies[0]))}, file_row_number = true) where {key} is not null) where again > 1",
    )
    return Position(str(origin.file), int(row[0]) + 2) if row and row[0] is not None else None


def _orders(source: Source, customers: str, orders: str) -> list[Problem]:
    key = name(str(source.rules.source.customer.id))
    nobody, strangers, negative = _one(
        source,
        f"""select coalesce(sum({ROWS}) filter (where coalesce(trim({CUSTOMER}), '') = ''), 0),
                   coalesce(sum({ROWS}) filter (where coalesce(trim({CUSTOMER}), '') <> '' and not exists (select 1 from {customers} c where c.{key} = o.{CUSTOMER})), 0),
                   coalesce(sum({NEGATIVE}), 0) from {orders} o""",
    )
    found = []
    if nobody or strangers:
        parts = [f"{nobody:,} {'order names' if nobody == 1 else 'orders name'} no customer"] * bool(nobody) + [
            f"{strangers:,} {'names' if strangers == 1 else 'name'} one who is not in `customers`"
        ] * bool(strangers)
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
                f"{negative:,} {'order has' if negative == 1 else 'orders have'} a negative amount, which lowers what is summed.",
                "if these are refunds, leave them out by `order.counts`",
                "warning",
            )
        )
    return found
