"""What a column must be: by what `source` maps it to, by `types`, and by the type it has where it lives."""

from __future__ import annotations

import re
from collections.abc import Iterable

from regulars.errors import SourceError
from regulars.lang.model import Kind, Rules
from regulars.lang.written import Written
from regulars.people import mapped
from regulars.people.engine import text

KIND_OF: tuple[tuple[str, Kind], ...] = (
    (r"varchar|uuid|enum.*|string", "text"),
    (r"(u?(tiny|small|big|huge)int|u?integer|float|double|decimal.*|u?int\d+|float\d+)!?", "number"),
    (r"date", "date"),
    (r"timestamp.*|datetime", "time"),
    (r"boolean", "yes_no"),
)
YES, NO = ("true", "yes", "t", "y", "1", "da"), ("false", "no", "f", "n", "0", "nu")
"""How shops spell it."""
DAY = r"^\d{4}-\d{2}-\d{2}"
ZONED = r"(Z|[+-]\d{2}(:?\d{2})?)$"


def kind_of(type_name: str) -> Kind | None:
    """The kind of a column of a DuckDB or Ibis type; None for lists, structs and the like, which no rule can read."""
    lowered = type_name.lower()
    return next((kind for pattern, kind in KIND_OF if re.fullmatch(pattern, lowered)), None)


def fixed(rules: Rules, table: str, owner: str | None) -> dict[str, Kind]:
    """Columns of `table` whose kind the mapping or `types` says. `owner`: the column that names the customer."""
    kinds: dict[str, Kind] = {str(column): kind for column, kind in rules.source.types.items() if "." not in column}
    kinds |= {
        column.split(".", 1)[1]: kind for column, kind in rules.source.types.items() if column.startswith(f"{table}.")
    }
    if table == "customers":
        customer = rules.source.customer
        for meaning, column in customer.mapped().items():
            kinds[column] = "date" if meaning == "birthday" else "text"
        for consent in (customer.consent.email, customer.consent.sms):
            if consent:
                kinds[str(consent)] = "yes_no"
    elif table == "orders":
        order = rules.source.order
        kinds |= {
            str(order.id): "text",
            str(order.customer): "text",
            str(order.at): "time",
            str(order.amount): "number",
        }
        if order.code:
            kinds[str(order.code)] = "text"
    else:
        if owner:
            kinds[owner] = "text"
        origin = rules.source.tables.get(Written(table))
        if origin and origin.at:
            kinds.setdefault(str(origin.at), "time")
        if origin and origin.id:
            kinds.setdefault(str(origin.id), "text")
        kinds.update(dict.fromkeys((str(column) for of, column in mapped.columns(rules) if of == table), "text"))
    return kinds


def money(rules: Rules, table: str) -> frozenset[str]:
    """Columns of `table` that hold money and stay decimal."""
    return frozenset({str(rules.source.order.amount)} if table == "orders" else ())


def differ_by_more_than_case(table: str, columns: Iterable[str]) -> None:
    """Raise SourceError where two columns have one name: DuckDB does not tell capitals from small letters."""
    met: set[str] = set()
    for column in columns:
        if column.lower() in met:
            raise SourceError(
                f"{table} has two columns named `{column}`.",
                "Each column needs a name of its own, whatever its capitals.",
            )
        met.add(column.lower())


def listed(words: Iterable[str]) -> str:
    """`words` as literals of SQL with commas between."""
    return ", ".join(text(word) for word in words)


def from_text(column: str, kind: Kind, zone: str, *, decimal: bool) -> str:
    """DuckDB's SQL for the text `column` (quoted) as what it must be; unknown where it is not.

    Times with a zone become times of `zone`, without one.
    """
    value = f"nullif(trim({column}), '')"
    if kind == "number":
        number = f"try_cast({value} as double)"
        return f"try_cast({value} as decimal(18, 2))" if decimal else f"case when isfinite({number}) then {number} end"
    if kind == "date":
        return f"try_cast(case when regexp_matches({value}, '{DAY}') then left({value}, 10) end as date)"
    if kind == "time":
        moment = f"timezone({text(zone)}, try_cast({value} as timestamptz))"
        return (
            f"case when not regexp_matches({value}, '{DAY}') then null "
            f"when regexp_matches({value}, '{ZONED}') and length({value}) > 16 then {moment} "
            f"else try_cast({value} as timestamp) end"
        )
    if kind == "yes_no":
        spelt = f"lower({value})"
        return f"case when {spelt} in ({listed(YES)}) then true when {spelt} in ({listed(NO)}) then false end"
    return value
