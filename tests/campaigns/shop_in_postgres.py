"""A small shop whose tables stand in PostgreSQL rather than in files."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql

from small_shop import CUSTOMER, ORDER, SmallShop

KINDS = {
    "birthday": "date",
    "signed_up": "date",
    "email_consent": "boolean",
    "sms_consent": "boolean",
    "ordered_at": "timestamp",
    "total": "numeric(12, 2)",
    "discount": "numeric(12, 2)",
}
FILES = "tables: {customers: data/customers.csv, orders: data/orders.csv}"


def move(shop: SmallShop, url: str) -> None:
    """Lay the shop's customers and orders in the database at `url`, and let its rules read them there."""
    shop.write()
    with psycopg.connect(url) as connection:
        for table, columns, rows in (("customers", CUSTOMER, shop.customers), ("orders", ORDER, shop.orders)):
            described = ", ".join(f"{column} {KINDS.get(column, 'text')}" for column in columns)
            connection.execute(sql.SQL(f"create table {table} ({described})"))
            for row in rows:
                _insert(connection, table, row)
    place = f'connect: "{url}"\n  tables: {{customers: {{table: customers}}, orders: {{table: orders}}}}'
    shop.rules = shop.rules.replace(FILES, place)


def _insert(connection: psycopg.Connection[Any], table: str, row: dict[str, Any]) -> None:
    names, marks = ", ".join(row), ", ".join(["%s"] * len(row))
    values = [None if value == "" else value for value in row.values()]
    statement = sql.SQL(f"insert into {table} ({names}) values ({marks})")
    connection.execute(statement, values)
