"""Letters: rows of messages with the variables of their templates, and the codes they give, built in bulk.

A relation of letters has a row per person: `enrolment_id`, `customer_id`, `channel`, `language`, `address`, `zone`,
`template`, `offer_step`, `due_at`, `not_before`, `expires_at` (aware), `local_day`, `when_holds`, a column `of_NAME`
for every name of a customer that the words read, and where the entry is about rows "row.NAME", or `rows`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from regulars.campaigns import dated
from regulars.campaigns.budgets import worth
from regulars.campaigns.desk import Desk
from regulars.campaigns.offers import AS_BEFORE, Terms
from regulars.lang.expressions import ROW
from regulars.lang.model import Campaign, Message, Offer
from regulars.ledger import codes, ids, trials
from regulars.people.engine import name as quoted
from regulars.people.engine import text

if TYPE_CHECKING:
    from sqlalchemy import Connection

OF = "of_"
NO_CODES = pa.table({name: pa.array([], pa.string()) for name in ("code", "enrolment_id", "message_name")})
BLANK = "THISCODE"
ROWS = "rows"
"""Column with all rows of an entry that is about several: a list of structs."""
OFFER_OFF = "offer_off"
"""Column: whether the letter goes without what the message gives (`unless`)."""
SURVEY = "survey"
"""What a message asks, among its variables: kept with it, since its links are good for as long as it is."""
OWN_CODE = "own_code"
"""Column of an advocate's own code, where the template reads `referral`."""


@dataclass(frozen=True)
class Letters:
    """The letters of one message of a campaign."""

    desk: Desk
    campaign_name: str
    message: Message
    days: tuple[date, ...] = ()
    """The days of templates with `{date}`, where they are known: no other day's words are read."""
    variant: str = ""
    """The variant that `message` is."""
    read: dict[str, set[str]] | None = None
    """What all variants read together."""

    @property
    def campaign(self) -> Campaign:
        """What the campaign's file says."""
        return self.desk.campaign(self.campaign_name)

    @cached_property
    def reads(self) -> dict[str, set[str]]:
        """What the templates, subjects and preview texts read: {"customer": {"first_name"}, "offer": {"code"}}.

        Of a ladder, and of variants, all templates together: what one reads, everybody's letter brings along.
        """
        if self.read is not None:
            return self.read
        found: dict[str, set[str]] = {}
        for way in self.message.ways.values():
            lines = [str(text) for text in (*way.subject.values(), *way.preview_text.values())]
            for template in dated.templates(self.desk, way, self.days):
                for root, names in self.desk.read_by(template, lines).items():
                    found.setdefault(root, set()).update(names)
        return found

    @cached_property
    def ways(self) -> dict[str, Letters]:
        """The letters of each variant; nothing where there is one wording alone."""
        if not self.message.variants:
            return {}
        return {
            variant: replace(self, message=way, variant=variant, read=self.reads)
            for variant, way in self.message.ways.items()
        }

    def customer_columns(self, relation: str, available: set[str]) -> str:
        """SQL that selects, from `relation`, the columns that the template reads of a customer, as `of_NAME`."""
        names = sorted((self.reads.get("customer") or set()) & available)
        return "".join(f", {relation}.{quoted(one)} as {quoted(OF + one)}" for one in names)

    @property
    def offer(self) -> Terms | None:
        """The offer it gives, if it gives one of its own; of variants that of one that gives any."""
        if self.ways:
            return next(iter(self.terms.values()), None)
        offer = self.campaign.offer_of(self.message)
        return Terms(offer, self.desk.zone) if offer else None

    @property
    def terms(self) -> dict[str, Terms]:
        """What it gives, by variant; where there is one wording alone under an empty name."""
        ways = self.ways or {"": self}
        return {variant: way.offer for variant, way in ways.items() if way.offer is not None}

    @property
    def pool(self) -> str:
        """The pool its codes are taken from; empty where they are made, or one is shared."""
        offer = self.campaign.offer_of(self.message)
        return (offer.codes.name or self.campaign_name) if offer and offer.codes else ""

    def gives(self, letters: pa.Table) -> pa.Array:
        """Which of these people are given a code (bools): whose message goes, and its offer with it."""
        n = letters.num_rows
        if self.offer is None:
            return pa.repeat(pa.scalar(False), n)
        column = "state" if "state" in letters.column_names else "when_holds"
        goes = pc.equal(letters["state"], "planned") if column == "state" else letters["when_holds"]
        if OFFER_OFF in letters.column_names:
            goes = pc.and_(goes, pc.invert(pc.fill_null(letters[OFFER_OFF], False)))
        if self.ways:
            giving = pa.array(list(self.terms), pa.string())
            goes = pc.and_(goes, pc.is_in(letters["variant"], value_set=giving))
        return pa.chunked_array([goes]).combine_chunks() if isinstance(goes, pa.Array) else goes.combine_chunks()

    def build(
        self, letters: pa.Table, issued_at: datetime, draw: Callable[[int], Sequence[str]] = codes.draw
    ) -> tuple[pa.Table, pa.Table]:
        """(messages, codes) as Arrow, with the columns of the ledger's tables, for a relation of letters.

        Follow-ups bring `state` and `why` (decided already), and the offer that their entry has: `old_kind`,
        `old_value`, `old_gift`, `old_code`, `old_day`. A message that is not planned keeps no address and no variables.
        `draw` gives as many codes as people are given one each.
        """
        if self.ways:
            return self._of_variants(letters, issued_at, draw)
        n = letters.num_rows
        letters = letters.append_column("message_id", ids.draw(n))
        if self.offer:
            letters = letters.append_column("fresh_code", self._fresh(letters, self.offer.offer, draw))
        if "state" not in letters.column_names:
            holds = letters["when_holds"]
            letters = letters.append_column("state", pc.if_else(holds, "planned", "skipped"))
            letters = letters.append_column("why", pc.if_else(holds, "", "when"))
        return self._messages(letters), self._codes(letters, issued_at)

    def _of_variants(
        self, letters: pa.Table, issued_at: datetime, draw: Callable[[int], Sequence[str]]
    ) -> tuple[pa.Table, pa.Table]:
        built = [
            way.build(letters.filter(pc.equal(letters["variant"], variant)), issued_at, draw)
            for variant, way in self.ways.items()
        ]
        codes = [given for way, (_, given) in zip(self.ways.values(), built, strict=True) if way.offer is not None]
        return pa.concat_tables(messages for messages, _ in built), pa.concat_tables(codes) if codes else NO_CODES

    def begin_test(self, connection: Connection, messages: pa.Table) -> None:
        """Where the message has a test and some of `messages` (see `build`) go, it has begun now at the latest."""
        if self.message.test is not None:
            due = pc.min(messages.filter(pc.equal(messages["state"], "planned"))["due_at"]).as_py()
            if due is not None:
                variants = map(str, self.message.variants)
                trials.begin(connection, self.campaign_name, str(self.message.name), variants, due)

    def _fresh(self, letters: pa.Table, offer: Offer, draw: Callable[[int], Sequence[str]]) -> pa.Array:
        """The code each person is given; null where none."""
        gives = self.gives(letters)
        if offer.code is not None:
            return pc.if_else(gives, str(offer.code), pa.scalar(None, pa.string()))
        drawn = pa.array(draw(pc.sum(gives).as_py() or 0), pa.string())
        return pc.replace_with_mask(pa.nulls(letters.num_rows, pa.string()), gives, drawn)

    def _messages(self, letters: pa.Table) -> pa.Table:
        salt = text(self.desk.ledger.salt("addresses"))
        return self.desk.arrow(
            f"""select message_id as id, enrolment_id, {text(self.campaign_name)} as campaign,
                       {text(str(self.message.name))} as name, customer_id, channel, coalesce(language, '') as language,
                       template, '' as template_hash,
                       case state when 'planned' then address else '' end as address,
                       case state when 'planned' then sha256({salt} || '|' || lower(trim(address))) else '' end
                         as address_hash,
                       case state when 'planned' then {self._context(letters)} else '{{}}' end as context,
                       state, why as reason, due_at, not_before, expires_at, local_day,
                       {text(self.variant)} as variant
                from letters""",
            letters=letters,
        )

    def _codes(self, letters: pa.Table, issued_at: datetime) -> pa.Table:
        if not self.offer:
            return NO_CODES
        counted = [one for one in (worth.EXPECTED, worth.AT_MOST) if one in letters.column_names]
        return self.desk.arrow(
            f"""select fresh_code as code, enrolment_id, {text(str(self.message.name))} as message_name,
                       {text(self.campaign_name)} as campaign, customer_id, {text(self.offer.offer.kind)} as kind,
                       {self.offer.value} as value, {self.offer.gift} as gift,
                       {text(str(self.desk.rules.shop.currency))} as currency,
                       {"true" if self.offer.offer.code is not None else "false"} as shared,
                       {"true" if self.offer.offer.redeem == "holder" else "false"} as holder_only,
                       {"".join(f"{one}, " for one in counted)}
                       timestamptz {text(issued_at.isoformat())} as issued_at, {self.offer.ends} as valid_until
                from letters where fresh_code is not null""",
            letters=letters,
        )

    def _context(self, letters: pa.Table) -> str:
        """The variables of the template as JSON: no more of a person than the words read."""
        own = [one for one in letters.column_names if one.startswith(OF)]
        parts = []
        if own:
            fields = ", ".join(f"{quoted(one.removeprefix(OF))} := {quoted(one)}" for one in own)
            parts.append(f"customer := struct_pack({fields})")
        parts += self._rows(letters)
        if self.offer:
            terms = self.offer.context("fresh_code")
            parts.append(f"offer := case when fresh_code is not null then {terms} end")
        elif "old_code" in letters.column_names and "offer" in self.reads:
            parts.append(f"offer := {AS_BEFORE}")
        if OWN_CODE in letters.column_names:
            link = f"replace({text(self.desk.links.referral(BLANK))}, {text(BLANK)}, {OWN_CODE})"
            parts.append(f"referral := struct_pack(code := {OWN_CODE}, link := {link})")
        if self.message.survey is not None:
            parts.append(f"{SURVEY} := {text(self.message.survey)}")
        return f"cast(to_json(struct_pack({', '.join(parts)})) as varchar)" if parts else "'{}'"

    def row_columns(self, available: Sequence[str]) -> list[str]:
        """Of the columns "row.NAME" that there are those that the words read."""
        reads = self.reads.get(ROW, set())
        return [one for one in available if one.startswith(f"{ROW}.") and one.removeprefix(f"{ROW}.") in reads]

    @property
    def reads_rows(self) -> bool:
        """Whether the words read the rows of an entry that is about several."""
        return ROWS in self.reads and self.campaign.for_each is not None and self.campaign.for_each.together

    def _rows(self, letters: pa.Table) -> list[str]:
        """`row`, or `rows`, as far as the words read them."""
        parts = []
        if own := self.row_columns(letters.column_names):
            fields = ", ".join(f"{quoted(one.removeprefix(f'{ROW}.'))} := {quoted(one)}" for one in own)
            parts.append(f'"row" := struct_pack({fields})')
        if self.reads_rows and ROWS in letters.column_names:
            there = {field.name for field in letters.schema.field(ROWS).type.value_type}
            fields = ", ".join(f"{quoted(one)} := one.{quoted(one)}" for one in sorted(self.reads[ROWS] & there))
            whole = f"struct_pack({fields})" if fields else "true"
            parts.append(f"rows := list_transform(rows, lambda one: {whole})")
        return parts
