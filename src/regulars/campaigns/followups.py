"""Follow-ups: what falls due inside a campaign, between its runs.

A later message is not planned ahead. It is decided about when it falls due, so that an edited file, an order, a
withdrawn consent or a new language counts up to that moment. `after` counts from the moment the message above was due,
sent or not, in calendar days of the customer.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from regulars.campaigns.desk import Desk
from regulars.campaigns.enrol import CHUNK
from regulars.campaigns.exits import EXIT, exited
from regulars.campaigns.letters import Letters
from regulars.campaigns.local_time import interval, zones
from regulars.campaigns.reach import Reach
from regulars.campaigns.running import enriched
from regulars.lang.model import Message
from regulars.ledger import entries, outbox
from regulars.ledger.tables import FINAL
from regulars.people.engine import name as quoted
from regulars.people.engine import text
from regulars.people.formulas import Formula
from regulars.people.snapshot import Snapshot

SETTLED = ("no-consent", "no-address", "suppressed", "no-words", "quiet-hours", "holdout")
"""Reasons that settle a follow-up: it is not sent, and what comes after it goes on. Only a full cap waits."""


@dataclass(frozen=True)
class Advanced:
    """What one pass wrote: follow-ups, sent or left out for a reason, and entries that ended."""

    written: int = 0
    ended: int = 0


def advance(desk: Desk, at: datetime) -> Advanced:
    """Write the follow-ups of all live campaigns that fell due by `at`, and end the entries that are over."""
    written = ended = 0
    for name, campaign in desk.project.campaigns.items():
        if campaign.status != "live":
            continue
        # A second message may already be due behind a first one that was left out.
        for _ in campaign.messages:
            one = _Pass(desk, name, at)
            more, over = one.run()
            written, ended = written + more, ended + over
            if not more:
                break
    return Advanced(written, ended)


@dataclass
class _Pass:
    """One look at one campaign."""

    desk: Desk
    name: str
    at: datetime

    def run(self) -> tuple[int, int]:
        running = entries.running(self.desk.ledger, self.name)
        if running.num_rows == 0:
            return 0, 0
        messages = self.desk.campaign(self.name).messages
        names = [str(message.name) for message in messages]
        gone = exited(self.desk, self.name, running.select(["customer_id", "entered_at"]), self.at)
        over = self._over(running, names[-1], gone)
        ended = self._end(over, gone)
        written = 0
        for place, message in enumerate(messages[1:], 1):
            above = self.desk.arrow(f"select * from running where name = {text(names[place - 1])}", running=running)
            still = above.filter(_not_in(above["customer_id"], gone))
            written += self._write(message, still)
        return written, ended

    def _over(self, running: pa.Table, last: str, gone: set[str]) -> pa.Table:
        """Entries whose last message is settled, and those of customers who left."""
        settled = ", ".join(text(state) for state in FINAL)
        left = pa.table({"customer_id": pa.array(sorted(gone), pa.string())})
        return self.desk.arrow(
            f"""select enrolment_id, customer_id, customer_id in (select customer_id from gone) as has_left from running
                where (name = {text(last)} and state in ({settled})) or (customer_id in (select customer_id from gone) and (name is null or state in ({settled})))""",
            running=running, gone=left,
        )  # fmt: skip

    def _end(self, over: pa.Table, gone: set[str]) -> int:
        if over.num_rows == 0:
            return 0
        with self.desk.ledger.writing() as connection:
            for reason, has_left in (("finished", False), (EXIT, True)):
                ids = [
                    one
                    for one, left in zip(over["enrolment_id"].to_pylist(), over["has_left"].to_pylist(), strict=True)
                    if left is has_left
                ]
                entries.end(connection, ids, self.at, reason)
        return int(over.num_rows)

    def _write(self, message: Message, above: pa.Table) -> int:
        """Decide about `message` for those whose message above was due long enough ago."""
        if above.num_rows == 0:
            return 0
        snapshot = self.desk.snapshot(self.at)
        if not self._due(message, above, snapshot):
            return 0
        reach = Reach(self.desk, self.name, message, self.at)
        reach.prepare("regulars_following")
        decided = f"""select j.*, expires_at <= {reach.now} as late from ({reach.judgement("regulars_following", extra=", enrolment_id, old_code, old_kind, old_value, old_day")}) j"""
        letters = Letters(self.desk, self.name, message)
        columns = {
            row[0] for row in self.desk.connection.execute(f"describe select * from {snapshot.relation}").fetchall()
        }
        # What cannot reach them is settled by a row that says why; what is only capped waits until it is too late.
        rows = self.desk.arrow(
            f"""select d.* replace (coalesce(d.channel, {text(message.send.channels[0])}) as channel, coalesce(d.address, '') as address, coalesce(d.language, '') as language),
                       case when not d.when_holds then 'skipped' when d.late then 'expired' when d.reason in ({", ".join(text(one) for one in SETTLED)}) then 'suppressed' else 'planned' end as state,
                       case when not d.when_holds then 'when' when d.late then 'send_within is over' else coalesce(d.reason, '') end as why
                       {letters.customer_columns("s", columns)}
                from ({decided}) d left join {snapshot.relation} s on s.{quoted(snapshot.id_column)} = d.customer_id
                where d.reason is null or d.late or not d.when_holds or d.reason in ({", ".join(text(one) for one in SETTLED)}) order by d.customer_id"""
        )
        return sum(self._chunk(letters, rows.slice(start, CHUNK)) for start in range(0, rows.num_rows, CHUNK))

    def _due(self, message: Message, above: pa.Table, snapshot: Snapshot) -> int:
        """Leave in `following` those for whom it is time; how many they are."""
        reach, formula = Reach(self.desk, self.name, message, self.at), Formula(snapshot.day, {})
        when = formula(self.desk.condition(message.when).tree) if message.when is not None else "true"
        zone = f"coalesce(z.name, {text(self.desk.zone)})"
        after = interval(message.after) if message.after else "interval '0 day'"
        reach.keep("regulars_entries_above", above)
        self.desk.connection.execute(
            f"""create or replace temp table regulars_following as
                with met as (
                  select e.enrolment_id, e.customer_id, e.due_at as above_due, e.offer_step, e.old_code, e.old_kind, e.old_value,
                         strftime(timezone({text(self.desk.zone)}, e.old_until - interval 1 second), '%Y-%m-%d') as old_day,
                         s.* exclude (customer_id)
                  from regulars_entries_above e left join (
                    select {quoted(snapshot.id_column)} as customer_id, {reach.contact()}, coalesce({when}, false) as when_holds from {snapshot.relation}
                  ) s on s.customer_id = e.customer_id
                )
                select m.* exclude (when_holds, consent_email, consent_sms), coalesce(when_holds, false) as when_holds,
                       coalesce(consent_email, false) as consent_email, coalesce(consent_sms, false) as consent_sms,
                       {zone} as zone, timezone({zone}, timezone({zone}, above_due) + {after}) as due_at, '' as occasion, false as already
                from met m left join {zones(self.desk)} z on z.name = trim(m.timezone)
                where timezone({zone}, timezone({zone}, above_due) + {after}) <= {reach.now}"""
        )
        return int((self.desk.connection.execute("select count(*) from regulars_following").fetchone() or (0,))[0])

    def _chunk(self, letters: Letters, rows: pa.Table) -> int:
        """One transaction: messages, their codes, and the end of the codes they replace."""
        rows = enriched(self.desk, letters.campaign, self.name, rows, letters, self.at)
        messages, codes = letters.build(rows, self.at)
        with self.desk.ledger.writing() as connection:
            if codes.num_rows:
                entries.end_codes(connection, codes["enrolment_id"].to_pylist(), self.at)
            return len(outbox.add_messages(connection, messages, codes))


def _not_in(column: pa.ChunkedArray, gone: set[str]) -> pa.Array:
    import pyarrow.compute as pc

    return pc.invert(pc.is_in(column, value_set=pa.array(sorted(gone), pa.string())))
