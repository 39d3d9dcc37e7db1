"""Somebody who does not exist, for proofs: values of the right kinds, and nobody's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from regulars import clock
from regulars.campaigns.desk import Desk
from regulars.lang.expressions import Field

NAMES = {"ro": ("Ioana", "Popa"), "ru": ("Олег", "Смирнов"), "en": ("Kate", "Miller")}
"""First and last name by language."""
NUMBER = 12


def customer_of(desk: Desk, like: Mapping[str, Any], language: str) -> dict[str, Any]:
    """Somebody with the values that `like` has. What the shop's own steps added stays: only they know what it is."""
    first, last = NAMES.get(language[:2], NAMES["en"])
    own = {"first_name": first, "last_name": last, "language": language, "timezone": desk.zone}
    return {name: own.get(name, _value(desk, name, desk.vocabulary.fields.get(name), like[name])) for name in like}


def row_of(desk: Desk, table: str, like: Mapping[str, Any]) -> dict[str, Any]:
    """A row of `table` with the columns that `like` has. Its texts stay, but for those that are a customer's too."""
    columns, people = desk.source.fields(table), desk.source.fields("customers")
    return {
        name: value if isinstance(value, str) and name not in people else _value(desk, name, columns.get(name), value)
        for name, value in like.items()
    }


def _value(desk: Desk, name: str, known: Field | None, real: Any) -> Any:
    if known is None:
        return real
    if known.values:
        return known.values[0]
    return {
        "number": NUMBER,
        "yes_no": True,
        "date": desk.day(clock.now()).isoformat(),
        "time": f"{desk.day(clock.now())} 10:00:00",
    }.get(known.kind, name)
