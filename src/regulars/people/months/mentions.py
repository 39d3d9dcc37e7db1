"""What is said about the shop elsewhere, counted by week and tone."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from regulars.people.engine import text
from regulars.people.traits import Counting

_FOUND = "regulars_mentions"


class Mentions(NamedTuple):
    """Rows of one week, which begins on a Monday, in one tone (as written; empty: none is given)."""

    week: date
    tone: str
    mentions: int


def mentions(counting: Counting, since: date) -> list[Mentions]:
    """By week and tone, from the week of `since` up to the day; none where the shop maps no table."""
    source, mapped = counting.source, counting.source.rules.source.mention
    if mapped is None:
        return []
    rows = counting.until_day_ends(str(mapped.table))
    at = rows[source.time_column(str(mapped.table)) or ""]
    rows = rows.filter(at.notnull())
    tone = {"tone": rows[str(mapped.tone)]} if mapped.tone is not None else {}
    is_day = at.type().is_date()
    source.keep(_FOUND, rows.select(at=at, **tone))
    shop, zone = str(source.rules.shop.timezone), source.zone
    local = (
        '"at"' if is_day or shop == zone else f'timezone({text(shop)}, timezone({text(zone)}, cast("at" as timestamp)))'
    )
    said = "coalesce(lower(trim(tone)), '')" if tone else "''"
    found = source.connection.execute(
        f"""select week, spoken, count(*) from
              (select cast(date_trunc('week', {local}) as date) as week, {said} as spoken from {_FOUND})
            where week >= date_trunc('week', date '{since}') group by week, spoken order by week, spoken"""
    ).fetchall()
    return [Mentions(*row) for row in found]
