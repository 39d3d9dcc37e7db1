"""Whether a message can reach somebody now, on which channel, in which language, and when: set-based, in DuckDB.

Consent and addresses, suppression, words, the holdout, frequency caps, quiet hours. First messages and follow-ups are
judged by the same query.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import pyarrow as pa

from regulars.campaigns.desk import Desk
from regulars.lang.model import Campaign, Message
from regulars.lang.scalars import Cap, Channel, Duration, QuietHours
from regulars.people import addresses, engine
from regulars.people.engine import text

SHOP = "shop"
REASONS = (
    "already-enrolled",
    "no-consent",
    "no-address",
    "suppressed",
    "no-words",
    "holdout",
    "frequency",
    "lost-priority",
    "quiet-hours",
)
"""Why somebody of the audience is not sent a message, in the order they are looked for.

People are held out only once everything else would let a message reach them, so that the arms differ in nothing else.
"""
NOBODY = "(select '' as customer_id where false)"
LOOK_BACK = timedelta(days=40)
"""Longer than any window of a frequency cap that makes sense, and a margin for zones."""


@dataclass
class Reach:
    """Judges one message of a campaign at one moment, over a DuckDB relation of people.

    The relation has `customer_id`, the columns of `contact`, `zone`, `due_at`, `occasion`, `offer_step`, `already`, `when_holds`.
    """

    desk: Desk
    name: str
    message: Message
    at: datetime

    @property
    def campaign(self) -> Campaign:
        """What the campaign's file says."""
        return self.desk.campaign(self.name)

    @property
    def now(self) -> str:
        """The moment, as SQL."""
        return f"timestamptz {text(self.at.isoformat())}"

    @property
    def channels(self) -> tuple[Channel, ...]:
        """The channels the message may take, the preferred one first."""
        return self.message.send.channels

    def contact(self, prefix: str = "") -> str:
        """SQL of the columns needed to reach somebody, from a snapshot."""
        customer = self.desk.rules.source.customer
        has = set(customer.mapped())
        parts = [
            f"{prefix + name if name in has else 'cast(null as varchar)'} as {name}"
            for name in ("email", "phone", "country", "language", "timezone")
        ]
        for channel, column in (("email", customer.consent.email), ("sms", customer.consent.sms)):
            parts.append(
                f"{f'coalesce({prefix}{engine.name(str(column))}, false)' if column else 'false'} as consent_{channel}"
            )
        return ", ".join(parts)

    def prepare(self, people: str) -> None:
        """Lay what the ledger, the addresses and the words say about the people in relation `people`."""
        from regulars.ledger import consent, facts

        desk = self.desk
        addresses.prepare(desk.connection, desk.folder / "addresses.parquet", people, _country(desk), self.channels)
        self.keep("regulars_spoken", consent.words(desk.ledger))
        self.keep("regulars_suppressed", consent.suppressions(desk.ledger))
        self.keep("regulars_sent_days", facts.sent_days(desk.ledger, (self.at - LOOK_BACK).date()))
        self.keep("regulars_spelt", self._languages(people))

    def keep(self, name: str, rows: pa.Table) -> None:
        """Leave `rows` in DuckDB as table `name`."""
        self.desk.connection.register("regulars_arriving", rows)
        self.desk.connection.execute(f"create or replace temp table {name} as select * from regulars_arriving")
        self.desk.connection.unregister("regulars_arriving")

    def _languages(self, people: str) -> pa.Table:
        """For each language people have, and each channel, the language they would really get."""
        wanted = [
            row[0]
            for row in self.desk.connection.execute(f"select distinct coalesce(language, '') from {people}").fetchall()
        ]
        template = str(self.message.template)
        rows = [
            (channel, language, self.desk.words.language(template, channel, language) or "")
            for channel in self.channels
            for language in wanted
        ]
        return pa.table(
            {
                name: pa.array([row[i] for row in rows], pa.string())
                for i, name in enumerate(("channel", "wanted", "language"))
            }
        )

    def judgement(self, people: str, earlier: str = NOBODY, extra: str = "") -> str:
        """The query: everybody in `people` with `reason` (null: reached) and how. `earlier`: people whom campaigns before this one take.

        Columns: customer_id, reason, arm, channel, language, address, zone, occasion, offer_step, due_at, not_before, expires_at,
        local_day (ISO), when_holds, held (for quiet hours), and those of `people` that `extra` names.
        """
        salt = self.desk.ledger.salt("addresses")
        channels = self.channels
        return f"""
        with met as (
          select p.*, {", ".join(self._reach(channel, salt) for channel in channels)} from {people} p {" ".join(self._joins(channel) for channel in channels)}
        ), chosen as (
          select *, {" or ".join(f"agrees_{one}" for one in channels)} as agrees,
                 {" or ".join(f"(agrees_{one} and address_{one} <> '')" for one in channels)} as addressed,
                 {" or ".join(f"(agrees_{one} and address_{one} <> '' and not stopped_{one})" for one in channels)} as open_to,
                 case {" ".join(f"when agrees_{one} and address_{one} <> '' and not stopped_{one} and spelt_{one} <> '' then {text(one)}" for one in channels)} end as channel
          from met
        ), placed as (
          select *, {_pick(channels, "address")} as address, {_pick(channels, "spelt")} as language_used, {self._not_before()} as not_before,
                 due_at + {interval(self.campaign.send_within)} as expires_at, {self._arm()} as arm
          from chosen
        ), counted as (
          select p.*, cast(timezone(zone, not_before) as date) as local_date, coalesce(l.campaigns, 0) as campaigns_before
          from placed p left join (select customer_id, count(*) as campaigns from {earlier} group by 1) l using (customer_id)
        ), capped as (
          select c.*, {self._room()} as room from counted c left join lateral (select {self._used()} from regulars_sent_days s where s.customer_id = c.customer_id) u on true
        )
        select customer_id,
               case when already then 'already-enrolled' when not agrees then 'no-consent' when not addressed then 'no-address' when not open_to then 'suppressed'
                    when channel is null then 'no-words' when arm <> 'treated' then 'holdout' when room <= 0 then 'frequency'
                    when room - campaigns_before <= 0 then 'lost-priority' when not_before >= expires_at then 'quiet-hours' end as reason,
               arm, channel, language_used as language, address, zone, occasion, offer_step, due_at, not_before, expires_at,
               strftime(local_date, '%Y-%m-%d') as local_day, when_holds, not_before > greatest({self.now}, due_at) as held{extra}
        from capped"""

    def _reach(self, channel: Channel, salt: str) -> str:
        hashed = f"sha256({text(salt)} || '|' || lower(trim(a_{channel}.address)))"
        return f"""coalesce(w_{channel}.given, consent_{channel}) as agrees_{channel}, coalesce(a_{channel}.address, '') as address_{channel},
                   coalesce(s_{channel}.language, '') as spelt_{channel},
                   exists (select 1 from regulars_suppressed u where u.channel = {text(channel)} and u.address_hash = {hashed}) as stopped_{channel}"""

    def _joins(self, channel: Channel) -> str:
        column, country = ("email", "''") if channel == "email" else ("phone", "coalesce(p.country, '')")
        return f"""left join regulars_spoken w_{channel} on w_{channel}.customer_id = p.customer_id and w_{channel}.channel = {text(channel)}
                   left join regulars_addresses a_{channel} on a_{channel}.channel = {text(channel)} and a_{channel}.raw = p.{column} and a_{channel}.country = {country}
                   left join regulars_spelt s_{channel} on s_{channel}.channel = {text(channel)} and s_{channel}.wanted = coalesce(p.language, '')"""

    def _arm(self) -> str:
        """By a hash of campaign and customer: stable, and independent between campaigns."""
        salt = self.desk.ledger.salt("arms")
        shop, own = self.desk.rules.guards.holdout.fraction, self.campaign.holdout.fraction
        return f"""case when hash_share({text(f"{salt}|{SHOP}|")} || customer_id) < {shop} then 'shop-holdout'
                        when hash_share({text(f"{salt}|campaign {self.name}|")} || customer_id) < {own} then 'holdout' else 'treated' end"""

    def _not_before(self) -> str:
        """Now, or the end of the quiet hours by the customer's clock; daylight saving is the zone's business."""
        quiet = self.desk.rules.guards.quiet_hours
        start = f"greatest({self.now}, due_at)"
        arms = [
            f"when channel = {text(channel)} then {after_quiet(hours, start)}"
            for channel, hours in (("email", quiet.email), ("sms", quiet.sms))
            if hours
        ]
        return f"case {' '.join(arms)} else {start} end" if arms else start

    def _used(self) -> str:
        """What the customer got, and will get, in the days each cap looks at."""
        parts = []
        for scope, cap in caps(self.desk).items():
            only = "" if scope == "any" else f" and s.channel = {text(scope)}"
            parts.append(
                f"coalesce(sum(s.n) filter (where cast(s.local_day as date) > c.local_date - {cap.days}{only}), 0) as used_{scope}"
            )
        return ", ".join(parts) or "0 as used_none"

    def _room(self) -> str:
        parts = [
            f"{cap.messages} - used_any"
            if scope == "any"
            else f"case when channel = {text(scope)} then {cap.messages} - used_{scope} else 1000000 end"
            for scope, cap in caps(self.desk).items()
        ]
        return f"least({', '.join([*parts, '1000000'])})"


def after_quiet(hours: QuietHours, moment: str) -> str:
    """SQL: `moment`, or when it falls into quiet `hours` of `zone`, their end."""
    local, start, end = (
        f"timezone(zone, {moment})",
        f"time {text(hours.start.isoformat())}",
        f"time {text(hours.end.isoformat())}",
    )
    clock = f"cast({local} as time)"
    if hours.start < hours.end:
        return f"case when {clock} >= {start} and {clock} < {end} then timezone(zone, cast({local} as date) + {end}) else {moment} end"
    return f"""case when {clock} >= {start} then timezone(zone, cast({local} as date) + 1 + {end})
                    when {clock} < {end} then timezone(zone, cast({local} as date) + {end}) else {moment} end"""


def caps(desk: Desk) -> dict[str, Cap]:
    """The frequency caps that are set, by scope: `any`, `email`, `sms`."""
    frequency = desk.rules.guards.frequency
    return {
        scope: cap for scope, cap in (("any", frequency.any), ("email", frequency.email), ("sms", frequency.sms)) if cap
    }


def interval(duration: Duration) -> str:
    """A length of time as SQL."""
    return f"interval {text(f'{duration.amount} {duration.unit}s')}"


def zones(desk: Desk) -> str:
    """The table of all zone names; a customer whose zone is none of them lives by the shop's clock."""
    desk.connection.execute("create temp table if not exists regulars_zones as select name from pg_timezone_names()")
    return "regulars_zones"


def _pick(channels: tuple[Channel, ...], column: str) -> str:
    return (
        "case "
        + " ".join(f"when channel = {text(channel)} then {column}_{channel}" for channel in channels)
        + " else '' end"
    )


def _country(desk: Desk) -> str:
    """The country whose clocks the shop's zone is: how phones without a prefix are read."""
    from babel.core import get_global

    return str(get_global("zone_territories").get(desk.zone, ""))
