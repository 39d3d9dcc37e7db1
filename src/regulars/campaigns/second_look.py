"""The second look: what changed between planning a message and sending it.

Its campaign may be paused, its customer may have ordered, withdrawn consent or gone to bed; another campaign may have
filled the day. Who is on the wrong side of any of these is not sent to, or later.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from regulars.campaigns import frequency
from regulars.campaigns.desk import Desk
from regulars.campaigns.exits import EXIT, exited
from regulars.campaigns.local_time import after_quiet, next_quiet, quiet_hours, zones
from regulars.campaigns.reach import consent_columns
from regulars.campaigns.rendering import DELETED, has_message
from regulars.campaigns.select import in_line
from regulars.campaigns.topics import services, topics
from regulars.ledger import contacts
from regulars.ledger.outbox import ClaimedMessage, Connection, Move
from regulars.people.engine import name as quoted
from regulars.people.engine import text

if TYPE_CHECKING:
    from sqlalchemy import Connection

_ASKED = pa.schema([(name, pa.string()) for name in ("id", "customer_id", "channel", "topic")])
WAIT = timedelta(minutes=10)
"""How long a message of a paused campaign waits before somebody asks again."""


@dataclass(frozen=True)
class _Seen:
    """What the shop's data and the customer's clock say about one message now."""

    agrees: bool
    day: date
    """The customer's."""
    free_at: datetime
    """Now, or the end of quiet hours."""
    tomorrow: datetime
    """When a full day may be over: the beginning of the customer's next one, after its quiet hours."""
    quiet_at: datetime | None
    """When the next quiet hours of its channel begin."""


class SecondLook:
    """Looks at claimed messages (1,000 at most) at one moment."""

    def __init__(self, desk: Desk, rows: Sequence[ClaimedMessage], at: datetime) -> None:
        self._desk = desk
        self._rows = {row.id: row for row in rows}
        self._at = at
        self._seen = self._look()

    def moves(self) -> list[Move]:
        """The messages that are not to be sent now, and what becomes of them; one reason each."""
        waiting = self._waiting()
        left = self._left(row for row in self._rows.values() if row.id not in waiting)
        found = list(waiting.values())
        for row in self._rows.values():
            seen = self._seen[row.id]
            if row.id in waiting:
                continue
            if row.id in left:
                found.append(row.moved("suppressed", EXIT))
            elif not has_message(self._desk, row.campaign, row.name, row.variant):
                found.append(row.moved("suppressed", DELETED))
            elif not seen.agrees:
                found.append(row.moved("suppressed", "no-consent"))
            elif seen.free_at > self._at:
                found.append(self._later(row, "quiet-hours", seen.free_at))
        return found

    def valid_until(self, message_id: str) -> datetime:
        """When a message must have arrived: before `send_within` is over, and before the customer's next night."""
        expires_at, quiet_at = self._rows[message_id].expires_at, self._seen[message_id].quiet_at
        return min(expires_at, quiet_at) if quiet_at else expires_at

    def over_the_cap(self, connection: Connection, message_ids: Sequence[str]) -> list[Move]:
        """Of messages that are about to be sent those that would break a frequency cap (see `outbox.LastLook`).

        The others count, from now on, against the day it is for their customers.
        """
        rows = [self._rows[message_id] for message_id in message_ids]
        full = self._full(connection, rows)
        days = {
            row.id: self._seen[row.id].day.isoformat()
            for row in rows
            if row.id not in full and self._seen[row.id].day.isoformat() != row.local_day
        }
        contacts.count_on(connection, days)
        return [self._later(row, "frequency", self._seen[row.id].tomorrow) for row in rows if row.id in full]

    def _full(self, connection: Connection, rows: Sequence[ClaimedMessage]) -> set[str]:
        caps, free = frequency.caps(self._desk), services(self._desk)
        rows = [row for row in rows if row.campaign not in free]
        if not caps or not rows:
            return set()
        contacts.alone(connection)
        since = min(self._seen[row.id].day for row in rows) - timedelta(days=frequency.longest(caps))
        sent = contacts.seen_by(connection, [row.customer_id for row in rows], since)
        got: dict[str, list[tuple[str, date]]] = {}
        for customer, channel, day, campaign in zip(
            *(sent[name].to_pylist() for name in ("customer_id", "channel", "local_day", "campaign")), strict=True
        ):
            if campaign not in free:
                got.setdefault(customer, []).append((channel, date.fromisoformat(day)))
        full = set()
        for row in sorted(rows, key=lambda row: (in_line(self._desk, row.campaign), row.due_at)):
            mine, day = got.setdefault(row.customer_id, []), self._seen[row.id].day
            if frequency.is_full(caps, mine, row.channel, day):
                full.add(row.id)
            else:
                mine.append((row.channel, day))
        return full

    def _later(self, row: ClaimedMessage, reason: str, moment: datetime) -> Move:
        """Planned again for `moment`; when that is too late there is no other time."""
        if moment >= row.expires_at:
            return row.moved("expired", reason)
        return row.moved("planned", reason, not_before=moment, local_day=self._day_of(row, moment))

    def _day_of(self, row: ClaimedMessage, moment: datetime) -> str:
        """The end of quiet hours is on the customer's day or the next; `tomorrow` always on the next."""
        seen = self._seen[row.id]
        return (seen.day + timedelta(days=1) if moment >= seen.tomorrow else seen.day).isoformat()

    def _waiting(self) -> dict[str, Move]:
        """Messages of campaigns that are paused, or gone."""
        campaigns = self._desk.project.campaigns
        live = {name for name, campaign in campaigns.items() if campaign.status == "live"}
        return {
            row.id: row.moved("planned", "paused", not_before=self._at + WAIT)
            for row in self._rows.values()
            if row.campaign not in live
        }

    def _left(self, rows: Iterable[ClaimedMessage]) -> set[str]:
        """Messages of customers for whom their campaign's `exit` holds."""
        by_campaign: dict[str, list[ClaimedMessage]] = {}
        for row in rows:
            by_campaign.setdefault(row.campaign, []).append(row)
        left: set[str] = set()
        for campaign, mine in by_campaign.items():
            names = ("enrolment_id", "customer_id", "entered_at", "occasion")
            inside = {name: [getattr(row, name) for row in mine] for name in names}
            gone = exited(self._desk, campaign, pa.table(inside | {"row_ids": [""] * len(mine)}), self._at)
            left |= {row.id for row in mine if row.enrolment_id in gone}
        return left

    def _look(self) -> dict[str, _Seen]:
        desk, columns = self._desk, self._desk.rules.source.customer
        snapshot = desk.people(self._at)
        said = " ".join(
            f"when {text(channel)} then s.{quoted(column)}"
            for channel, column in consent_columns(desk).items()
            if column
        )
        shop_says = f"case r.channel {said} end" if said else "false"
        zone = f"coalesce(z.name, {text(desk.zone)})" if columns.timezone else text(desk.zone)
        zoned = f"left join {zones(desk)} z on z.name = trim(s.timezone)" if columns.timezone else ""
        now, quiet = f"timestamptz {text(self._at.isoformat())}", quiet_hours(desk)
        rows = self._rows.values()
        asked = {name: [getattr(row, name) for row in rows] for name in ("id", "customer_id", "channel")}
        about = topics(desk)
        asked["topic"] = [about.get(row.campaign, "") for row in rows]
        found = desk.arrow(
            f"""with met as (
                  select r.id, r.channel, {zone} as zone,
                         r.topic is null or coalesce(w.given, {shop_says}, false) as agrees
                  from asked r left join {snapshot.relation} s on s.{quoted(snapshot.id_column)} = r.customer_id
                  left join spoken w on w.customer_id = r.customer_id and w.channel = r.channel and w.topic = r.topic
                  {zoned}
                ), places as (
                  select distinct zone, channel from met
                ), dated as (
                  select *, cast(timezone(zone, {now}) as date) as day from places
                ), morning as (
                  select *, timezone(zone, cast(day + 1 as timestamp)) as midnight from dated
                ), clocks as (
                  select zone, channel, day, {after_quiet(quiet, now)} as free_at,
                         {after_quiet(quiet, "midnight")} as tomorrow, {next_quiet(quiet, now)} as quiet_at
                  from morning
                )
                select id, agrees, day, free_at, tomorrow, quiet_at from met join clocks using (zone, channel)""",
            asked=pa.table(asked, schema=_ASKED),
            spoken=_spoken(desk, {*asked["topic"]} - {None}, sorted({*asked["customer_id"]})),
        )  # fmt: skip
        seen = [_objects(found[own.name]) for own in fields(_Seen)]
        return dict(zip(found["id"].to_pylist(), map(_Seen, *seen), strict=True))


def _objects(values: pa.ChunkedArray) -> list[Any]:
    """The values as Python objects. They are few, of many rows: each is made once."""
    told = values.combine_chunks().dictionary_encode(null_encoding="encode")
    different = told.dictionary.to_pylist()
    return [different[place] for place in told.indices.to_pylist()]


def _spoken(desk: Desk, about: Iterable[str | None], customers: Sequence[str]) -> pa.Table:
    """What counts of what these people said, for each of these topics: columns of `consent.words`, and `topic`."""
    from regulars.ledger import consent

    found = []
    for topic in sorted(str(one) for one in about) or [""]:
        words = consent.words_of(desk.ledger, customers, topic)
        found.append(words.append_column("topic", pa.array([topic] * words.num_rows, pa.string())))
    return pa.concat_tables(found)
