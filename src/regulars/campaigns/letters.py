"""Letters: rows of messages with the variables of their templates, and the codes they give, built in bulk.

A relation of letters has a row per person: `enrolment_id`, `customer_id`, `channel`, `language`, `address`, `zone`,
`offer_step`, `due_at`, `not_before`, `expires_at` (aware), `local_day`, `when_holds`, and a column `of_NAME` for every
name of a customer that the template reads.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import pyarrow as pa
import pyarrow.compute as pc

from regulars.campaigns.desk import Desk
from regulars.campaigns.offers import AS_BEFORE, Terms
from regulars.lang.model import Campaign, Message
from regulars.ledger import codes, ids
from regulars.people.engine import name as quoted
from regulars.people.engine import text

OF = "of_"
NO_CODES = pa.table({name: pa.array([], pa.string()) for name in ("code", "enrolment_id", "message_name")})
BLANK = "THISCODE"
OWN_CODE = "own_code"
"""Column of an advocate's own code, where the template reads `referral`."""


@dataclass(frozen=True)
class Letters:
    """The letters of one message of a campaign."""

    desk: Desk
    campaign_name: str
    message: Message

    @property
    def campaign(self) -> Campaign:
        """What the campaign's file says."""
        return self.desk.campaign(self.campaign_name)

    @cached_property
    def reads(self) -> dict[str, set[str]]:
        """What the template and its subjects read: {"customer": {"first_name"}, "offer": {"code"}}."""
        return self.desk.read_by(
            str(self.message.template), [str(subject) for subject in self.message.subject.values()]
        )

    def customer_columns(self, relation: str, available: set[str]) -> str:
        """SQL that selects, from `relation`, the columns that the template reads of a customer, as `of_NAME`."""
        names = sorted((self.reads.get("customer") or set()) & available)
        return "".join(f", {relation}.{quoted(one)} as {quoted(OF + one)}" for one in names)

    @property
    def offer(self) -> Terms | None:
        """The offer it gives, if it gives one of its own."""
        offer = self.campaign.offer_of(self.message)
        return Terms(offer, self.desk.zone) if offer else None

    def build(self, letters: pa.Table, issued_at: datetime) -> tuple[pa.Table, pa.Table]:
        """(messages, codes) as Arrow, with the columns of the ledger's tables, for a relation of letters.

        Follow-ups bring `state` and `why` (decided already), and the offer that their entry has: `old_kind`,
        `old_value`, `old_code`, `old_day`. A message that is not planned keeps no address and no variables.
        """
        n = letters.num_rows
        letters = letters.append_column("message_id", ids.draw(n))
        if self.offer:
            letters = letters.append_column("fresh_code", pa.array(codes.draw(n), pa.string()))
        if "state" not in letters.column_names:
            holds = letters["when_holds"]
            letters = letters.append_column("state", pc.if_else(holds, "planned", "skipped"))
            letters = letters.append_column("why", pc.if_else(holds, "", "when"))
        return self._messages(letters), self._codes(letters, issued_at)

    def _messages(self, letters: pa.Table) -> pa.Table:
        salt, template = text(self.desk.ledger.salt("addresses")), text(str(self.message.template))
        return self.desk.arrow(
            f"""select message_id as id, enrolment_id, {text(self.campaign_name)} as campaign,
                       {text(str(self.message.name))} as name, customer_id, channel, coalesce(language, '') as language,
                       {template} as template, '' as template_hash,
                       case state when 'planned' then address else '' end as address,
                       case state when 'planned' then sha256({salt} || '|' || lower(trim(address))) else '' end
                         as address_hash,
                       case state when 'planned' then {self._context(letters)} else '{{}}' end as context,
                       state, why as reason, due_at, not_before, expires_at, local_day
                from letters""",
            letters=letters,
        )

    def _codes(self, letters: pa.Table, issued_at: datetime) -> pa.Table:
        if not self.offer:
            return NO_CODES
        return self.desk.arrow(
            f"""select fresh_code as code, enrolment_id, {text(str(self.message.name))} as message_name,
                       {text(self.campaign_name)} as campaign, customer_id, {text(self.offer.offer.kind)} as kind,
                       {self.offer.value} as value, {text(str(self.desk.rules.shop.currency))} as currency,
                       timestamptz {text(issued_at.isoformat())} as issued_at, {self.offer.ends} as valid_until
                from letters where state = 'planned'""",
            letters=letters,
        )

    def _context(self, letters: pa.Table) -> str:
        """The variables of the template as JSON: no more of a person than the words read."""
        own = [one for one in letters.column_names if one.startswith(OF)]
        parts = []
        if own:
            fields = ", ".join(f"{quoted(one.removeprefix(OF))} := {quoted(one)}" for one in own)
            parts.append(f"customer := struct_pack({fields})")
        if self.offer:
            parts.append(f"offer := {self.offer.context('fresh_code')}")
        elif "old_code" in letters.column_names and "offer" in self.reads:
            parts.append(f"offer := {AS_BEFORE}")
        if OWN_CODE in letters.column_names:
            link = f"replace({text(self.desk.links.referral(BLANK))}, {text(BLANK)}, {OWN_CODE})"
            parts.append(f"referral := struct_pack(code := {OWN_CODE}, link := {link})")
        return f"cast(to_json(struct_pack({', '.join(parts)})) as varchar)" if parts else "'{}'"
