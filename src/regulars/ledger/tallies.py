"""How many messages of a campaign were delivered, complained of, filtered: what makes a campaign stop by itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import col

from regulars.ledger import bulk, halts
from regulars.ledger.events import Known, News
from regulars.ledger.tables import Event, Tally

DELIVERED, COMPLAINED, BOUNCED, FILTERED = "delivered", "complained", "bounced", "filtered"
ENOUGH = 1_000
"""Of fewer messages a rate says nothing."""
COMPLAINTS, UNEASY, CAUGHT = 0.003, 0.001, 0.01
"""Complaints per delivered message at which a campaign stops, and at which it is told; filtered ones per message that
came to a carrier, above which it stops."""


@dataclass(frozen=True, slots=True)
class Rate:
    """A campaign that too many people complain of, or carriers take for spam."""

    campaign: str
    sentence: str
    stops: bool


def kind_of(item: News) -> str:
    """What an event counts as; empty: nothing."""
    if item.verdict == FILTERED:
        return FILTERED
    return item.kind if item.kind in (DELIVERED, COMPLAINED, BOUNCED) else ""


def count(connection: Connection, fresh: Sequence[News], known: Mapping[str, Known]) -> set[str]:
    """Add events that are not recorded yet, each message once; the campaigns whose rates rose."""
    counted = {(item.message_id, kind_of(item)) for item in fresh if item.message_id and kind_of(item)}
    if not counted:
        return set()
    new = counted - _counted(connection, {message_id for message_id, _ in counted})
    sums = Counter((known[message_id].campaign, kind) for message_id, kind in new)
    if sums:
        insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(Tally)
        statement = insert.on_conflict_do_update(
            index_elements=["campaign", "kind"], set_={"n": col(Tally.n) + insert.excluded.n}
        )
        rows = [{"campaign": campaign, "kind": kind, "n": n} for (campaign, kind), n in sorted(sums.items())]
        connection.execute(statement, rows)
    return {campaign for campaign, kind in sums if kind in (COMPLAINED, FILTERED)}


def stop(connection: Connection, campaigns: Iterable[str], at: datetime) -> list[Rate]:
    """Halt those of `campaigns` whose rates ask for it; which, and which should be looked at."""
    tallies: dict[str, dict[str, int]] = {}
    statement = select(col(Tally.campaign), col(Tally.kind), col(Tally.n)).where(
        bulk.among(connection, col(Tally.campaign), "campaigns")
    )
    for campaign, kind, n in connection.execute(statement, {"campaigns": bulk.listed(connection, sorted(campaigns))}):
        tallies.setdefault(campaign, {})[kind] = n
    rates = [rate for campaign, numbers in tallies.items() for rate in _rates(campaign, numbers)]
    for rate in rates:
        if rate.stops:
            halts.raise_halt(connection, halts.campaign(rate.campaign), rate.sentence, at)
    return rates


def _rates(campaign: str, numbers: Mapping[str, int]) -> Iterable[Rate]:
    delivered, complained, filtered = (numbers.get(kind, 0) for kind in (DELIVERED, COMPLAINED, FILTERED))
    if delivered >= ENOUGH and complained >= UNEASY * delivered:
        share = f"{complained:,} of {delivered:,} delivered messages were called spam ({complained / delivered:.2%})"
        yield Rate(campaign, share, complained >= COMPLAINTS * delivered)
    carried = delivered + filtered
    if carried >= ENOUGH and filtered > CAUGHT * carried:
        yield Rate(campaign, f"carriers took {filtered:,} of {carried:,} messages for spam", stops=True)


def _counted(connection: Connection, message_ids: set[str]) -> set[tuple[str, str]]:
    statement = (
        select(col(Event.message_id), col(Event.kind), col(Event.verdict))
        .where(bulk.among(connection, col(Event.message_id), "ids"))
        .distinct()
    )
    rows = connection.execute(statement, {"ids": bulk.listed(connection, sorted(message_ids))})
    return {(row.message_id, FILTERED if row.verdict == FILTERED else row.kind) for row in rows}
