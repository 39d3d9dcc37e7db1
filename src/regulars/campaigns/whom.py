"""Whom somebody means: a customer by their id, their e-mail address or their phone, however it is spelt."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from regulars.campaigns.desk import Desk
from regulars.errors import WrongUse
from regulars.people import engine
from regulars.people.engine import text

PHONE = re.compile(r"\+?[\d ().\-/]{7,}")
NATIONAL_DIGITS = 9
"""The end of a phone number, the same with and without its country's prefix."""
MOST = 10
FOUND = "regulars_whom"


@dataclass(frozen=True)
class Somebody:
    """A customer, found. The addresses as the shop wrote them; empty where it has none."""

    customer: str
    name: str = ""
    email: str = ""
    phone: str = ""
    country: str = ""


def find(desk: Desk, who: str) -> list[Somebody]:
    """The customers with this id, e-mail address or phone, the one with the id first and alone.

    Looks at the shop's own rows, of whatever day; raises WrongUse where there is nobody.
    """
    who = " ".join(who.split())
    found = [Somebody(*(str(cell or "").strip() for cell in row)) for row in _rows(desk, who)]
    named = [one for one in found if one.customer == who]
    if not found:
        raise WrongUse(
            "There is no customer with this id or address.",
            f"Ids are those of the column `{desk.rules.source.customer.id}`.",
        )
    return named[:1] or sorted(found, key=lambda one: one.customer)


def _rows(desk: Desk, who: str) -> list[tuple[Any, ...]]:
    mapped = desk.rules.source.customer.mapped()
    parts = {name: mapped.get(name, "") for name in ("id", "first_name", "last_name", "email", "phone", "country")}
    digits = re.sub(r"\D", "", who)[-NATIONAL_DIGITS:] if PHONE.fullmatch(who) else ""
    if not desk.source.in_files:
        arrived = desk.source.fetch(_asked(desk, parts, who, digits))
        engine.keep(desk.connection, FOUND, arrived)
        return desk.connection.execute(
            _chosen({name: name if column else "" for name, column in parts.items()}, FOUND)
        ).fetchall()
    tests = [f"{engine.name(parts['id'])} = {text(who)}"]
    if parts["email"]:
        tests.append(f"lower(trim({engine.name(parts['email'])})) = {text(who.lower())}")
    if parts["phone"] and digits:
        tests.append(f"ends_with(regexp_replace({engine.name(parts['phone'])}, '\\D', '', 'g'), {text(digits)})")
    return desk.connection.execute(f"{_chosen(parts, 'customers')} where {' or '.join(tests)} limit {MOST}").fetchall()


def _chosen(parts: dict[str, str], relation: str) -> str:
    cell = {name: f"cast({engine.name(column)} as varchar)" if column else "''" for name, column in parts.items()}
    name = f"trim(coalesce({cell['first_name']}, '') || ' ' || coalesce({cell['last_name']}, ''))"
    return f"select {cell['id']}, {name}, {cell['email']}, {cell['phone']}, {cell['country']} from {relation}"


def _asked(desk: Desk, parts: dict[str, str], who: str, digits: str) -> Any:
    """The same question to a database."""
    rows = desk.source.expression("customers")
    test = rows[parts["id"]] == who
    if parts["email"]:
        test |= rows[parts["email"]].strip().lower() == who.lower()
    if parts["phone"] and digits:
        test |= rows[parts["phone"]].re_replace(r"[^0-9]", "").endswith(digits)
    return rows.filter(test).limit(MOST).select(**{name: rows[column] for name, column in parts.items() if column})
