"""When a message is due, as SQL: counted from the message above, from entering, or from a day of the row.

Days that are counted from entering or from the row end at the clock time of the campaign's schedule (the shop's clock,
or `their time`), unless the message names a time of its own, which is always the customer's. Where the schedule has no
clock time they keep the time of day. Hours and minutes are exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time

from regulars.campaigns.local_time import interval, later
from regulars.lang.expressions import ROW
from regulars.lang.model import Campaign, Message
from regulars.lang.scalars import Duration, Schedule
from regulars.people.engine import name as quoted
from regulars.people.engine import text

UNKNOWN = "cast(null as timestamptz)"


@dataclass(frozen=True)
class Moments:
    """The SQL of moments over a relation whose rows have the zone of their customer in `zone`.

    Where entries are about a row, the relation has its columns as "row.COLUMN": days, and times of the shop's clock.
    """

    schedule: Schedule
    shop_zone: str
    zone: str = "zone"
    """SQL of the customer's time zone."""

    def due(self, message: Message, above: str, entered: str, answered: str = UNKNOWN) -> str:
        """When `message` is due (with a zone): `above`, `entered` and `answered` are SQL of moments.

        `above` is when the message above was due, or of a first message its entry; `entered` when the entry began.
        Unknown where the column it counts from is, and without an answer where it counts from that.
        """
        if message.before is not None:
            origin = self._of_row(message.before.column)
            return self._counted(origin, message.before.length, "-", message.before.at)
        if message.after is None:
            return above
        length, clock = message.after.length, message.after.at
        if message.after.column:
            return self._counted(self._of_row(message.after.column), length, "+", clock)
        if message.after.origin and not message.waits_for_answer:
            return self._counted(entered, length, "+", clock, self._clock_zone if clock is None else self.zone)
        reached = later(answered if message.waits_for_answer else above, length, self.zone)
        return reached if clock is None else self._at(f"cast(timezone({self.zone}, {reached}) as date)", clock)

    def possible(self, campaign: Campaign, entry: str, now: str) -> str:
        """SQL: whether any message of an entry that begins at `entry` is not too late at `now`."""
        above, tests = entry, []
        for message in campaign.messages:
            above = self.due(message, above, entry)
            tests.append(f"coalesce({later(f'({above})', campaign.send_within, self.zone)} > {now}, true)")
        return f"({' or '.join(dict.fromkeys(tests))})"

    def _of_row(self, column: str) -> str:
        """The moment that a column of the row names; of a day its beginning."""
        return f"timezone({text(self.shop_zone)}, cast({quoted(f'{ROW}.{column}')} as timestamp))"

    def _counted(self, origin: str, length: Duration, sign: str, clock: time | None, calendar: str = "") -> str:
        """A length of time from (`+`) or before (`-`) a moment; days are of the zone `calendar`, or the shop's."""
        calendar = calendar or text(self.shop_zone)
        if length.unit != "day":
            reached = f"({origin} {sign} {interval(length)})"
            return reached if clock is None else self._at(f"cast(timezone({self.zone}, {reached}) as date)", clock)
        reached = f"(timezone({calendar}, {origin}) {sign} {interval(length)})"
        if clock is not None:
            return self._at(f"cast({reached} as date)", clock)
        if self.schedule.kind in ("every", "cron"):
            return f"timezone({calendar}, {reached})"
        return f"timezone({self._clock_zone}, cast({reached} as date) + time {text(self.schedule.at.isoformat())})"

    def _at(self, day: str, clock: time) -> str:
        """A time of the customer's clock on a day."""
        return f"timezone({self.zone}, {day} + time {text(clock.isoformat())})"

    @property
    def _clock_zone(self) -> str:
        """Whose clock the schedule names."""
        return self.zone if self.schedule.their_time else text(self.shop_zone)
