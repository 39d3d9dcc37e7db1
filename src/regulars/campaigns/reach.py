"""Whether a message can reach somebody now, on which channel, in which language, and when: set-based, in DuckDB.

Consent and addresses, suppression, words, the holdout, frequency caps, quiet hours. First messages and follow-ups are
judged by the same query.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import pyarrow as pa

from regulars.campaigns import formerly, frequency
from regulars.campaigns.desk import Desk
from regulars.campaigns.local_time import after_quiet, later, quiet_hours
from regulars.campaigns.variants import Wordings
from regulars.lang.model import Campaign, Message
from regulars.lang.scalars import Channel
from regulars.people import addresses, engine
from regulars.people.engine import text
from regulars.people.formulas import Formula
from regulars.words.daily import of_day

SHOP = "shop"


@dataclass
class Reach:
    """Judges one message of a campaign at one moment, over a DuckDB relation of people.

    The relation has `customer_id`, the columns of `contact`, `zone`, `due_at`, `occasion`, `offer_step`, `already` and
    `when_holds`. Where entries are about a row, `contact` asks for its columns as "row.COLUMN" beside the snapshot's.
    """

    desk: Desk
    name: str
    message: Message
    at: datetime
    inside: bool = False
    """Whether these people have entered already: a follow-up asks no more who is held out."""
    _forgets: bool = True
    """Whether anybody was ever forgotten: a hash of every id is not made for nothing."""

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
        """SQL of the columns needed to reach somebody, from a snapshot; `template` is the one they get."""
        customer = self.desk.rules.source.customer
        has = set(customer.mapped())
        parts = [
            f"{prefix + name if name in has else 'cast(null as varchar)'} as {name}"
            for name in ("email", "phone", "country", "language", "timezone")
        ]
        for channel, column in consent_columns(self.desk).items():
            parts.append(
                f"{f'coalesce({prefix}{engine.name(column)}, false)' if column else 'false'} as consent_{channel}"
            )
        said = {"template": self.template, "offer_off": self.without_offer}
        said |= {"variant": self.wordings.variant, "in_test": self.wordings.among}
        return ", ".join([*parts, *(f"{sql} as {name}" for name, sql in said.items())])

    @cached_property
    def wordings(self) -> Wordings:
        """Who gets which of the message's variants."""
        return Wordings(self.desk, self.name, self.message, self.at)

    @property
    def template(self) -> str:
        """SQL, over a snapshot, of the template each person gets: the first step of the ladder that holds.

        Of a first message on this day; of a follow-up `{date}` is still in it.
        """
        return self.wordings.said({variant: self._template(way) for variant, way in self.message.ways.items()})

    def _template(self, message: Message) -> str:
        formula, day = Formula(self.desk.day(self.at), {}), self.desk.day(self.at)
        arms, last = [], ""
        for step in message.template.steps:
            name = text(str(step.name) if self.inside else of_day(str(step.name), day))
            if step.otherwise:
                last = name
                break
            arms.append(f"when {formula(self.desk.condition_of(self.campaign, step.condition).tree)} then {name}")
        return f"case {' '.join(arms)} else {last} end" if arms else last

    @property
    def without_offer(self) -> str:
        """SQL, over a snapshot: whether they get the message, and not what it gives."""
        return self.wordings.said({variant: self._without_offer(way) for variant, way in self.message.ways.items()})

    def _without_offer(self, message: Message) -> str:
        offer = self.campaign.offer_of(message)
        if offer is None or offer.unless is None:
            return "false"
        unless = self.desk.condition_of(self.campaign, offer.unless)
        return f"coalesce({Formula(self.desk.day(self.at), {})(unless.tree)}, false)"

    def prepare(self, people: str, taken: Sequence[str] = (), asked: str = "not already") -> None:
        """Lay what the ledger, the addresses and the words say about the people in relation `people`.

        `taken`: the decision tables of campaigns with precedence (see `frequency.lay`). `asked`: a condition on
        `people`, of whom the caps are asked after; those who have entered already are refused before.
        """
        from regulars.ledger import consent, forgotten

        desk = self.desk
        addresses.prepare(desk.connection, desk.folder, people, country_of(desk), self.channels)
        self.keep("regulars_spoken", consent.words(desk.ledger, str(self.campaign.topic or "")))
        suppressed = consent.suppressions(desk.ledger)
        self._forgets = forgotten.CHANNEL in suppressed["channel"].unique().to_pylist()
        self.keep("regulars_suppressed", suppressed)
        frequency.lay(desk, self.at, taken, f"select customer_id from {people} where {asked}")
        self.keep("regulars_spelt", self._languages(people))

    def keep(self, name: str, rows: pa.Table) -> None:
        """Leave `rows` in DuckDB as table `name`."""
        self.desk.keep(name, rows)

    def _languages(self, people: str) -> pa.Table:
        """For each template and language people have, and each channel, the language they would really get."""
        wanted = self.desk.connection.execute(
            f"select distinct template, coalesce(language, '') from {people}"
        ).fetchall()
        words = self.desk.words_of(self.name)
        rows = [
            (channel, template, language, words.language(template, channel, language) or "")
            for channel in self.channels
            for template, language in wanted
        ]
        return pa.table(
            {
                name: pa.array([row[i] for row in rows], pa.string())
                for i, name in enumerate(("channel", "template", "wanted", "language"))
            }
        )

    def judgement(self, people: str, extra: str = "") -> str:
        """The query: everybody in `people` with `reason` (null: reached) and how.

        Columns: customer_id, reason, arm, channel, language, template, address, zone, occasion, offer_step, due_at,
        not_before, expires_at, local_day (ISO), when_holds, offer_off, variant, held (for quiet hours), and what
        `extra` names: columns of `people`, or of a step on the way (`room` the caps leave; `room_all` once campaigns
        with precedence have sent theirs).
        """
        quiet = {channel: hours for channel, hours in quiet_hours(self.desk).items() if channel in self.channels}
        return f"""
        with met as ({self._met(people)}), chosen as ({self._chosen()}), placed as (
          select *, {_pick(self.channels, "address")} as address, {_pick(self.channels, "spelt")} as language_used,
                 {after_quiet(quiet, "starts")} as not_before,
                 {later("due_at", self.campaign.send_within, "zone")} as expires_at, {self._arm()} as arm
          from chosen
        ), dated as (
          select *, cast(timezone(zone, not_before) as date) as local_date from placed
        ), capped as (
          select *, {self._room()} as room, {self._room("_all")} as room_all
          from dated c left join lateral (
            select {frequency.used(self.desk)} from regulars_days s where s.customer_id = c.customer_id
          ) u on true
        )
        select customer_id, case {" ".join(f"when {test} then {text(why)}" for why, test in _TESTS)} end as reason,
               arm, channel, language_used as language, template, address, zone, occasion, offer_step,
               due_at, not_before, expires_at, strftime(local_date, '%Y-%m-%d') as local_day, when_holds, offer_off,
               variant, not_before > starts as held{extra}
        from capped"""

    def _met(self, people: str) -> str:
        """What is known of each channel: does the customer agree, the address, whether it is stopped, the language."""
        columns = ", ".join(self._reach(channel) for channel in self.channels)
        joins = " ".join(self._joins(channel) for channel in self.channels)
        return f"select p.*, {columns}, {self._forgotten()} as is_forgotten from {people} p {joins}"

    def _forgotten(self) -> str:
        """Whether they asked to be forgotten (see `ledger.forgotten`)."""
        from regulars.ledger import forgotten

        if not self._forgets:
            return "false"
        salt, channel = self.desk.ledger.salt(forgotten.SALT), forgotten.CHANNEL
        hashed = f"sha256({text(f'{salt}|{channel}|')} || p.customer_id)"
        return f"""exists (select 1 from regulars_suppressed u
                           where u.channel = {text(channel)} and u.address_hash = {hashed})"""

    def _chosen(self) -> str:
        """The first channel that everything lets through, and how far the others come."""
        far = {
            "agrees": "agrees_{0}",
            "addressed": "agrees_{0} and address_{0} <> ''",
            "open_to": "agrees_{0} and address_{0} <> '' and not stopped_{0}",
        }
        reached = ", ".join(
            f"({' or '.join(f'({test.format(channel)})' for channel in self.channels)}) as {name}"
            for name, test in far.items()
        )
        arms = " ".join(
            f"when {far['open_to'].format(channel)} and spelt_{channel} <> '' then {text(channel)}"
            for channel in self.channels
        )
        starts = f"greatest({self.now}, due_at) as starts"
        return f"select *, {reached}, case {arms} end as channel, {starts} from met"

    def _reach(self, channel: Channel) -> str:
        salt = self.desk.ledger.salt("addresses")
        hashed = f"sha256({text(salt)} || '|' || lower(trim(a_{channel}.address)))"
        agrees = "true" if self.campaign.is_service else f"coalesce(w_{channel}.given, consent_{channel})"
        return f"""{agrees} as agrees_{channel},
                   coalesce(a_{channel}.address, '') as address_{channel},
                   coalesce(s_{channel}.language, '') as spelt_{channel},
                   exists (select 1 from regulars_suppressed u
                           where u.channel = {text(channel)} and u.address_hash = {hashed}) as stopped_{channel}"""

    def _joins(self, channel: Channel) -> str:
        raw, country = ("email", "''") if channel == "email" else ("phone", "coalesce(p.country, '')")
        w, a, s, of_channel = f"w_{channel}", f"a_{channel}", f"s_{channel}", f"channel = {text(channel)}"
        return f"""
          left join regulars_spoken {w} on {w}.{of_channel} and {w}.customer_id = p.customer_id
          left join regulars_addresses {a} on {a}.{of_channel} and {a}.raw = p.{raw} and {a}.country = {country}
          left join regulars_spelt {s} on {s}.{of_channel} and {s}.template = p.template
            and {s}.wanted = coalesce(p.language, '')"""

    def _room(self, suffix: str = "") -> str:
        """How many more messages the caps let through; no cap holds back a service."""
        return str(frequency.ROOM) if self.campaign.is_service else frequency.room(self.desk, suffix)

    def _arm(self) -> str:
        """By a hash of campaign and customer: stable, and independent between campaigns. Who is inside stays so."""
        if self.inside or self.campaign.is_service:
            return "'treated'"
        salt, drawn = self.desk.ledger.salt("arms"), formerly.drawn_as(self.desk, self.name)
        shop, own = self.desk.rules.guards.holdout.fraction, self.campaign.holdout.fraction
        return f"""case when hash_share({text(f"{salt}|{SHOP}|")} || customer_id) < {shop} then 'shop-holdout'
                        when hash_share({text(f"{salt}|campaign {drawn}|")} || customer_id) < {own} then 'holdout'
                        else 'treated' end"""


FORGOTTEN = "forgotten"
_TESTS = (
    (FORGOTTEN, "is_forgotten"),
    ("already-enrolled", "already"),
    ("no-consent", "not agrees"),
    ("no-address", "not addressed"),
    ("suppressed", "not open_to"),
    ("no-words", "channel is null"),
    ("holdout", "arm <> 'treated'"),
    ("when", "not when_holds"),
    ("frequency", "room <= 0"),
    ("lost-priority", "room_all <= 0"),
    ("quiet-hours", "not_before >= expires_at"),
)
"""Why somebody of the audience is not sent a message, in the order it is looked for: one reason each.

People are held out only once everything else would let a message reach them, so that the arms differ in nothing else.
"""


def _pick(channels: tuple[Channel, ...], column: str) -> str:
    return (
        "case "
        + " ".join(f"when channel = {text(channel)} then {column}_{channel}" for channel in channels)
        + " else '' end"
    )


def consent_columns(desk: Desk) -> dict[Channel, str]:
    """Channel → the column of the shop's that is consent to it; empty where only the customer's own word is."""
    guarded, given = desk.rules.guards.double_opt_in, desk.rules.source.customer.consent
    columns: dict[Channel, str] = {"email": str(given.email or ""), "sms": str(given.sms or "")}
    return columns | dict.fromkeys(guarded, "")


def country_of(desk: Desk) -> str:
    """The country whose clocks the shop's zone is: how phones without a prefix are read."""
    from babel.core import get_global

    return str(get_global("zone_territories").get(desk.zone, ""))
