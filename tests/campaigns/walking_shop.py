"""A small shop with deliveries and price drops that campaigns walk."""

from __future__ import annotations

import csv
from typing import Any

from small_shop import SmallShop

TABLES = """source:
  tables:
    customers: data/customers.csv
    orders: data/orders.csv
    deliveries: {file: data/deliveries.csv, customer: customer_id, at: delivered_at, id: parcel_id}
    due: {file: data/due.csv, customer: customer_id, at: due_on, id: due_id}
"""
DELIVERY = ("parcel_id", "customer_id", "delivered_at", "product", "returned")
DUE = ("due_id", "customer_id", "due_on", "product")


def walking(shop: SmallShop) -> SmallShop:
    """The shop with a table of deliveries (what has happened) and one of products that are due (what is to come)."""
    files = "source:\n  tables: {customers: data/customers.csv, orders: data/orders.csv}\n"
    assert files in shop.rules
    shop.rules = shop.rules.replace(files, TABLES).replace("signed_up: date}", "signed_up: date, due_on: date}")
    deliveries(shop)
    due(shop)
    return shop


def deliveries(shop: SmallShop, *rows: tuple[str, str, str]) -> None:
    """All deliveries: (parcel, customer, when); a fourth value is the product, a fifth whether it came back."""
    _csv(shop, "deliveries", DELIVERY, [(*row, *("tea", "no")[len(row) - 3 :]) for row in rows])


def due(shop: SmallShop, *rows: tuple[Any, ...]) -> None:
    """All that is due: (id, customer, day, product)."""
    _csv(shop, "due", DUE, rows)


def _csv(shop: SmallShop, name: str, columns: tuple[str, ...], rows: Any) -> None:
    path = shop.root / f"data/{name}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(rows)
