"""A shop of a handful of invented people, for tests that fit on one screen.

    shop = SmallShop(tmp_path)
    shop.customer("ana", birthday="1990-02-28")
    shop.order("ana", "2026-01-05 10:00:00", total=120)
    shop.campaign("hello", audience="orders >= 1")
    with shop.desk() as desk:
        ...

Times of orders are the shop's own (Europe/Bucharest, `source.timezone` the same) unless `rules` says otherwise.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from regulars.campaigns.desk import Desk

ZONE = "Europe/Bucharest"
CUSTOMER = (
    *("customer_id", "first_name", "last_name", "email", "phone", "country", "language", "timezone", "birthday"),
    *("city", "signed_up", "email_consent", "sms_consent"),
)
ORDER = ("order_id", "customer_id", "ordered_at", "total", "discount", "coupon_code", "status")

RULES = """
shop:
  name: Casa Verde
  currency: RON
  timezone: Europe/Bucharest
  languages: [ro, ru, en]
  from: {email: "Casa Verde <salut@casaverde.example>", reply_to: ajutor@casaverde.example, sms: CasaVerde}
  address: "Str. Lungă 7, Cluj-Napoca"
  site: https://casaverde.example
source:
  tables: {customers: data/customers.csv, orders: data/orders.csv}
  types: {discount: number, signed_up: date}
  customer:
    id: customer_id
    first_name: first_name
    last_name: last_name
    email: email
    phone: phone
    country: country
    language: language
    timezone: timezone
    birthday: birthday
    consent: {email: email_consent, sms: sms_consent}
  order: {id: order_id, customer: customer_id, at: ordered_at, amount: total, code: coupon_code}
traits:
  orders: {from: orders, value: count(*)}
  spent: {from: orders, value: sum(total)}
  first_order: {from: orders, value: min(ordered_at)}
  last_order: {from: orders, value: max(ordered_at)}
  average_order: spent / orders
segments:
  lifecycle:
    - prospect: orders = 0
    - lapsed: days_since(last_order) > 180
    - active: otherwise
"""

HTML = """<!doctype html><html lang="{language}"><body><p>{hello} {{{{ customer.first_name }}}}</p>{offer}
<p>{{{{ shop.address }}}} <a href="{{{{ links.unsubscribe }}}}">stop</a></p></body></html>
"""
HELLO = {"ro": "Bună", "ru": "Здравствуйте", "en": "Hello"}


@dataclass
class SmallShop:
    """Files of a project in `root`, written when a desk is opened. `guards` and `rules` are YAML text.

    A file whose text has not changed stays as it is: the engine then need not read it again.
    """

    root: Path
    rules: str = RULES
    guards: str = ""
    customers: list[dict[str, Any]] = field(default_factory=list)
    orders: list[dict[str, Any]] = field(default_factory=list)
    _numbers: Any = field(default_factory=lambda: count(1))

    def customer(self, customer_id: str, **facts: Any) -> str:
        """Somebody who may be written to on both channels, unless `facts` say otherwise. Returns the id."""
        known = {
            "customer_id": customer_id,
            "first_name": customer_id.title(),
            "email": f"{customer_id}@example.com",
            "phone": "+40700000001",
            "country": "RO",
            "language": "ro",
            "timezone": ZONE,
            "signed_up": "2020-01-01",
            "email_consent": "yes",
            "sms_consent": "yes",
        }
        self.customers.append(known | facts)
        return customer_id

    def order(self, customer_id: str, at: str, total: float = 100, **facts: Any) -> str:
        """An order at `at` (`2026-01-05 10:00:00`, the shop's clock). Returns its id."""
        order_id = f"o{next(self._numbers)}"
        self.orders.append(
            {
                "order_id": order_id,
                "customer_id": customer_id,
                "ordered_at": at,
                "total": total,
                "discount": 0,
                "status": "paid",
            }
            | facts
        )
        return order_id

    def campaign(self, name: str, text: str = "", *, words: bool = True, **keys: str) -> None:
        """A live campaign: `text` whole, or by keys, such as audience="orders >= 1", holdout="10%"."""
        body = {
            "title": name.title(),
            "status": "live",
            "audience": "orders >= 0",
            "schedule": "daily at 10:00",
            "messages": f"[{{send: email, template: {name}/one, subject: Salut}}]",
        }
        lines = text or "\n".join(f"{key}: {value}" for key, value in (body | keys).items())
        self._write(f"campaigns/{name}.yaml", lines + "\n")
        if words and not text:
            for number in ("one", "two", "three"):
                self.words(f"{name}/{number}")

    def words(self, template: str, *, offer: str = "", languages: tuple[str, ...] = ("ro", "ru", "en")) -> None:
        """Templates of all three kinds; `offer` is what stands below the greeting, such as `{{ offer.code }}`."""
        for language in languages:
            hello = HELLO.get(language, "Hello")
            self._write(
                f"templates/{template}.{language}.html", HTML.format(language=language, hello=hello, offer=offer)
            )
            self._write(
                f"templates/{template}.{language}.txt",
                f"{hello} {{{{ customer.first_name }}}} {offer}\n{{{{ shop.address }}}}\n{{{{ links.unsubscribe }}}}\n",
            )
            self._write(f"templates/{template}.{language}.sms", f"{hello} {{{{ customer.first_name }}}} {offer}\n")

    def desk(self, *, looking: bool = False) -> Desk:
        """Write the files and open the project."""
        self.write()
        return Desk.open(self.root, looking=looking)

    def write(self) -> None:
        """Write rules and data; campaigns and words are written as they are added."""
        self._write("rules.yaml", self.rules + (f"\nguards:\n{self.guards}\n" if self.guards else ""))
        (self.root / "campaigns").mkdir(parents=True, exist_ok=True)
        self._csv("data/customers.csv", CUSTOMER, self.customers)
        self._csv("data/orders.csv", ORDER, self.orders)

    def _write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")

    def _csv(self, name: str, columns: tuple[str, ...], rows: list[dict[str, Any]]) -> None:
        more = [column for row in rows for column in row if column not in columns]
        text = io.StringIO()
        writer = csv.DictWriter(text, [*columns, *dict.fromkeys(more)])
        writer.writeheader()
        writer.writerows(rows)
        path, lines = self.root / name, text.getvalue().encode()
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_bytes() != lines:
            path.write_bytes(lines)


def at(text: str, zone: str = ZONE) -> datetime:
    """`2026-08-27 10:00` by the clocks of `zone`, aware."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))
