"""Follow-ups: what falls due inside a campaign, between its runs.

A later message is not planned ahead. It is decided about when it falls due, so that an edited file, an order, a
withdrawn consent or a new language counts up to that moment. `after` counts from the moment the message above was due,
sent or not, in calendar days of the customer. What cannot reach somebody is settled by a row that says why, and what
comes after it goes on; only a full cap waits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from regulars.campaigns.desk import Desk
from regulars.campaigns.enrol import CHUNK
from regulars.campaigns.exits import EXIT, exited
from regulars.campaigns.letters import Letters
from regulars.campaigns.local_time import later, zones
from regulars.campaigns.reach import Reach
from regulars.campaigns.running import enriched
from regulars.lang.model import Message
from regulars.ledger import entries, outbox
from regulars.ledger.outbox import TOO_LATE
from regulars.ledger.tables import FINAL
from regulars.people.engine import name as quoted
from regulars.people.engine import text
from regulars.people.formulas import Formula
from regulars.people.snapshot import Snapshot


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
        """(follow-ups written, entries ended)."""
        names = [str(message.name) for message in self.desk.campaign(self.name).messages]
        running = entries.running(self.desk.ledger, self.name, names)
        if running.num_rows == 0:
            return 0, 0
        gone = exited(self.desk, self.name, running.select(["customer_id", "entered_at"]), self.at)
        ended = self._end(running, names, gone)
        written = 0
        for place, message in enumerate(self.desk.campaign(self.name).messages[1:], 1):
            above = running.filter(pc.equal(running["name"], names[place - 1]))
            written += self._write(message, above.filter(_not_in(above["customer_id"], gone)))
        return written, ended

    def _end(self, running: pa.Table, names: Sequence[str], gone: set[str]) -> int:
        """End entries whose last message is settled, and those of customers who left and have none on its way."""
        settled = pc.is_in(running["state"], value_set=pa.array(FINAL))
        # What stood at a message that the campaign no longer has has nothing to go on from.
        last = pc.invert(pc.is_in(running["name"], value_set=pa.array(names[:-1], pa.string())))
        left = pc.invert(_not_in(running["customer_id"], gone))
        exits = pc.and_(left, pc.or_(settled, pc.is_null(running["name"])))
        finished = pc.and_(pc.and_(settled, last), pc.invert(exits))
        ended = 0
        for reason, over in (("finished", finished), (EXIT, exits)):
            ids = running.filter(over)["enrolment_id"]
            ended += len(ids)
            for start in range(0, len(ids), CHUNK):
                with self.desk.ledger.writing() as connection:
                    entries.end(connection, ids.slice(start, CHUNK).to_pylist(), self.at, reason)
        return ended

    def _write(self, message: Message, above: pa.Table) -> int:
        """Decide about `message` for those whose message above was due long enough ago."""
        if above.num_rows == 0:
            return 0
        snapshot = self.desk.snapshot(self.at)
        if not self._due(message, above, snapshot):
            return 0
        letters = Letters(self.desk, self.name, message)
        rows = self._decided(letters, snapshot)
        return sum(self._chunk(letters, rows.slice(start, CHUNK)) for start in range(0, rows.num_rows, CHUNK))

    def _due(self, message: Message, above: pa.Table, snapshot: Snapshot) -> int:
        """Leave in `regulars_following` those for whom it is time; how many they are."""
        reach, formula = Reach(self.desk, self.name, message, self.at), Formula(snapshot.day, {})
        when = formula(self.desk.condition(message.when).tree) if message.when is not None else "true"
        due = later("above_due", message.after.length, "zone") if message.after else "above_due"
        until = f"timezone({text(self.desk.zone)}, e.old_until - interval 1 second)"
        reach.keep("regulars_entries_above", above)
        self.desk.connection.execute(
            f"""create or replace temp table regulars_following as
                with people as (
                  select {quoted(snapshot.id_column)} as customer_id, {reach.contact()},
                         coalesce({when}, false) as when_holds
                  from {snapshot.relation}
                ), met as (
                  select e.enrolment_id, e.customer_id, e.due_at as above_due, e.offer_step,
                         e.old_code, e.old_kind, e.old_value, strftime({until}, '%Y-%m-%d') as old_day,
                         s.* exclude (customer_id, when_holds, consent_email, consent_sms),
                         {"coalesce(s.when_holds, false)" if message.when is not None else "true"} as when_holds,
                         coalesce(s.consent_email, false) as consent_email,
                         coalesce(s.consent_sms, false) as consent_sms,
                         coalesce(z.name, {text(self.desk.zone)}) as zone
                  from regulars_entries_above e left join people s on s.customer_id = e.customer_id
                  left join {zones(self.desk)} z on z.name = trim(s.timezone)
                )
                select *, {due} as due_at, '' as occasion, false as already from met where {due} <= {reach.now}"""
        )
        return int((self.desk.connection.execute("select count(*) from regulars_following").fetchone() or (0,))[0])

    def _decided(self, letters: Letters, snapshot: Snapshot) -> pa.Table:
        """Letters for `regulars_following`: a row each for those who get it, and for those who never will and why.

        Who is only capped has none, and is decided about again until it is too late.
        """
        reach = Reach(self.desk, self.name, letters.message, self.at, inside=True)
        reach.prepare("regulars_following")
        judged = reach.judgement("regulars_following", ", enrolment_id, old_code, old_kind, old_value, old_day")
        columns = {
            row[0] for row in self.desk.connection.execute(f"describe select * from {snapshot.relation}").fetchall()
        }
        return self.desk.arrow(
            f"""with decided as (
                  select *, case when not when_holds then 'skipped' when expires_at <= {reach.now} then 'expired'
                                 when reason is null then 'planned' when reason <> 'frequency' then 'suppressed'
                            end as state
                  from ({judged})
                )
                select d.* replace (coalesce(d.channel, {text(reach.channels[0])}) as channel),
                       case state when 'skipped' then 'when' when 'expired' then {text(TOO_LATE)}
                                  else coalesce(reason, '') end as why{letters.customer_columns("s", columns)}
                from decided d left join {snapshot.relation} s on s.{quoted(snapshot.id_column)} = d.customer_id
                where state is not null order by d.customer_id"""
        )

    def _chunk(self, letters: Letters, rows: pa.Table) -> int:
        """One transaction: messages, and their codes."""
        rows = enriched(self.desk, letters.campaign, self.name, rows, letters, self.at)
        messages, codes = letters.build(rows, self.at)
        with self.desk.ledger.writing() as connection:
            return len(outbox.add_messages(connection, messages, codes))


def _not_in(column: pa.ChunkedArray, gone: set[str]) -> pa.ChunkedArray:
    return pc.invert(pc.is_in(column, value_set=pa.array(sorted(gone), pa.string())))
