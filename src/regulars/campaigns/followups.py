"""Follow-ups: what falls due inside a campaign, between its runs.

A later message is not planned ahead. It is decided about when it falls due, so that an edited file, an order, a
withdrawn consent, a new language or another day of the row counts up to that moment; and so is a first message that is
due by a time of its own. `after` counts from the moment the message above was due, sent or not, in calendar days of the
customer. Nothing is decided about before the message above it is. What cannot reach somebody is settled by a row that
says why, and what comes after it goes on; only a full cap waits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from regulars.campaigns import code_files, formerly, offers, pool_codes, replies, variants
from regulars.campaigns.budgets.fitting import Held, priced, settle
from regulars.campaigns.budgets.limits import concerning
from regulars.campaigns.desk import Desk
from regulars.campaigns.enrol import CHUNK, with_own_codes
from regulars.campaigns.exits import EXIT, exited
from regulars.campaigns.inside import ENTRY, ROWS, known_of, row_columns
from regulars.campaigns.letters import Letters
from regulars.campaigns.local_time import zones
from regulars.campaigns.moments import UNKNOWN, Moments
from regulars.campaigns.reach import Reach
from regulars.campaigns.running import enriched
from regulars.campaigns.variants import Decide
from regulars.lang.campaign import DATE
from regulars.lang.model import Message
from regulars.ledger import entries, outbox, referrals
from regulars.ledger.outbox import TOO_LATE
from regulars.ledger.tables import FINAL
from regulars.people.engine import name as quoted
from regulars.people.engine import text
from regulars.people.formulas import Formula
from regulars.people.snapshot import Snapshot

NO_DAY = "no-day"
"""Why a message is left out whose day of the row is unknown."""
NO_ANSWER = "no-answer"
"""Why a message is left out that waited for an answer, and nobody answered."""
OFFER_OVER = "offer-over"
"""Why a message is left out that would give what nobody can use any more."""
OLD_OFFER = ("old_code", "old_kind", "old_value", "old_gift", "old_day")


@dataclass(frozen=True)
class Advanced:
    """What one pass wrote: follow-ups, sent or left out for a reason, and entries that ended."""

    written: int = 0
    ended: int = 0
    waiting: int = 0
    """Follow-ups that are due and wait for a code, because their pool has none left."""
    withheld: int = 0
    """Follow-ups that are due and wait, because no budget is left for what they give."""


def advance(desk: Desk, at: datetime, decide: Decide | None = None) -> Advanced:
    """Write the follow-ups of all live campaigns that fell due by `at`, and end the entries that are over.

    `decide` settles tests whose time has come; without it who waits for one goes on waiting.
    """
    written = ended = waiting = withheld = 0
    for name, campaign in desk.project.campaigns.items():
        if campaign.status != "live":
            continue
        formerly.settle(desk, name)
        if decide is not None:
            variants.settle(desk, name, at, decide)
        # A second message may already be due behind a first one that was left out.
        for _ in campaign.messages:
            one = _Pass(desk, name, at)
            more, over = one.run()
            written, ended = written + more, ended + over
            if not more:
                break
        waiting, withheld = waiting + one.waiting, withheld + one.withheld
    return Advanced(written, ended, waiting, withheld)


def _near(message: Message, above: pa.Table, at: datetime) -> pa.Table:
    """Without those for whom it cannot be time yet: by somebody's calendar a length is at most a day shorter."""
    if message.after is None or message.after.origin:
        return above
    latest = at - message.after.length.delta + timedelta(days=1, hours=2)
    return above.filter(pc.fill_null(pc.less_equal(above["due_at"], pa.scalar(latest, above["due_at"].type)), True))


@dataclass
class _Pass:
    """One look at one campaign."""

    desk: Desk
    name: str
    at: datetime
    waiting: int = 0
    """For whom the pool had no code."""
    withheld: int = 0
    """For whom no budget was left."""

    def run(self) -> tuple[int, int]:
        """(messages written, entries ended)."""
        messages = self.desk.campaign(self.name).messages
        names = [str(message.name) for message in messages]
        running = entries.running(self.desk.ledger, self.name, names)
        if running.num_rows == 0:
            return 0, 0
        gone = pa.array(sorted(exited(self.desk, self.name, running, self.at)), pa.string())
        left = pc.is_in(running["enrolment_id"], value_set=gone)
        place = _standing(running["name"], names)
        ended = self._end(running, left, pc.equal(place, len(names) - 1))
        written = 0
        for number, message in enumerate(messages):
            above = running.filter(pc.and_(pc.equal(place, number - 1), pc.invert(left)))
            written += self._write(message, above)
        return written, ended

    def _end(self, running: pa.Table, left: pa.ChunkedArray, last: pa.ChunkedArray) -> int:
        """End entries whose last message is settled, and those of customers who left and have none on its way."""
        settled = pc.is_in(running["state"], value_set=pa.array(FINAL))
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
        """Decide about `message` for those for whom it is time; `above` are all who stand right before it."""
        above = _near(message, above, self.at)
        above = replies.joined(self.desk, self.name, message, above, self.at) if above.num_rows else above
        if above.num_rows == 0:
            return 0
        snapshot = self.desk.snapshot(self.at)
        days = self._due(message, above, snapshot)
        if not days:
            return 0
        letters = Letters(self.desk, self.name, message, days)
        if concerning(self.desk, self.name, self.desk.campaign(self.name).offers_of(message), self.at):
            settle(self.desk, self.name, self.at)
        rows = self._decided(letters, snapshot)
        return sum(self._chunk(letters, rows.slice(start, CHUNK)) for start in range(0, rows.num_rows, CHUNK))

    def _due(self, message: Message, above: pa.Table, snapshot: Snapshot) -> tuple[date, ...]:
        """Leave in `regulars_following` those for whom it is time; the shop's days on which it was, none for nobody."""
        reach = Reach(self.desk, self.name, message, self.at, inside=True)
        moments = Moments(reach.campaign.schedule, self.desk.zone)
        holds = "coalesce(k.when_holds, false)" if message.when is not None else "true"
        reach.keep("regulars_entries_above", above)
        self.desk.connection.execute(
            f"""create or replace temp table regulars_following as
                with known as ({self._known(reach, above, snapshot)}), met as (
                  select e.enrolment_id, e.customer_id, e.occasion, e.entry_due, e.offer_step,
                         coalesce(e.due_at, e.entry_due) as above_due, {self._answered(above)} as answered_at,
                         {_old_offer(self.desk.zone)},
                         k.* exclude (enrolment_id) replace (
                           {holds} as when_holds,
                           coalesce(k.consent_email, false) as consent_email,
                           coalesce(k.consent_sms, false) as consent_sms,
                           coalesce(k.template, {text(str(message.template.names[-1]))}) as template,
                           coalesce(k.variant, {text(next(iter(message.ways)))}) as variant,
                           coalesce(k.in_test, true) as in_test),
                         coalesce(z.name, {text(self.desk.zone)}) as zone
                  from regulars_entries_above e left join known k using (enrolment_id)
                  left join {zones(self.desk)} z on z.name = trim(k.timezone)
                ), planned as (
                  select *, {moments.due(message, "above_due", "entry_due", "answered_at")} as in_line from met
                ), timed as (
                  select * exclude (in_line), {reach.wordings.due("in_line", "in_test", "zone")} as own_due from planned
                ), dated as (
                  select * exclude (own_due), coalesce(own_due, above_due) as due_at, own_due is null as no_day
                  from timed
                )
                select * replace (replace(template, {text(DATE)}, {self._day("due_at")}) as template), false as already
                from dated where due_at <= {reach.now}"""
        )
        days = f"select distinct {self._day('due_at')} from regulars_following order by 1"
        return tuple(date.fromisoformat(row[0]) for row in self.desk.connection.execute(days).fetchall())

    def _answered(self, above: pa.Table) -> str:
        """SQL: when they answered the survey above the message."""
        return "e.answered_at" if "answered_at" in above.column_names else UNKNOWN

    def _known(self, reach: Reach, above: pa.Table, snapshot: Snapshot) -> str:
        """SQL: what the shop's data say now of those who stand `above` a message, by entry."""
        campaign, formula = reach.campaign, Formula(snapshot.day, {})
        when = reach.message.when
        holds = formula(self.desk.condition_of(campaign, when).tree) if when is not None else "true"
        own = [quoted(one) for one in row_columns(self.desk, self.name)]
        if campaign.for_each is not None and not own:
            own = [f"{quoted(ROWS)} as rows"]
        columns = ", ".join([reach.contact(), f"coalesce({holds}, false) as when_holds", *own])
        return f"""select {quoted(ENTRY)} as enrolment_id, {columns}
                   from {known_of(self.desk, self.name, above, snapshot, self.at)}"""

    def _day(self, moment: str) -> str:
        """SQL: the shop's day of a moment, ISO."""
        return f"strftime(timezone({text(self.desk.zone)}, {moment}), '%Y-%m-%d')"

    def _decided(self, letters: Letters, snapshot: Snapshot) -> pa.Table:
        """Letters for `regulars_following`: a row each for those who get it, and for those who never will and why.

        Who is only capped has none, and is decided about again until it is too late.
        """
        reach = Reach(self.desk, self.name, letters.message, self.at, inside=True)
        reach.prepare("regulars_following")
        kept = ["enrolment_id", "no_day", *OLD_OFFER, *letters.row_columns(row_columns(self.desk, self.name))]
        kept += ["rows"] if letters.reads_rows else []
        over = _over(letters, self.desk.zone, self.at)
        unknown = NO_ANSWER if letters.message.waits_for_answer else NO_DAY
        judged = reach.judgement("regulars_following", "".join(f", {quoted(one)}" for one in kept))
        columns = {
            row[0] for row in self.desk.connection.execute(f"describe select * from {snapshot.relation}").fetchall()
        }
        told = self.desk.arrow(
            f"""with decided as (
                  select *, case when no_day or not when_holds then 'skipped'
                                 when expires_at <= {reach.now} then 'expired'
                                 when {over} then 'suppressed'
                                 when reason is null then 'planned' when reason <> 'frequency' then 'suppressed'
                            end as state
                  from ({judged})
                )
                select d.* exclude (no_day) replace (coalesce(d.channel, {text(reach.channels[0])}) as channel),
                       case when no_day then {text(unknown)} when state = 'skipped' then 'when'
                            when state = 'expired' then {text(TOO_LATE)}
                            when {over} then {text(OFFER_OVER)} else coalesce(reason, '') end as why
                       {letters.customer_columns("s", columns)}
                from decided d left join {snapshot.relation} s on s.{quoted(snapshot.id_column)} = d.customer_id
                where state is not null order by d.customer_id"""
        )
        return priced(letters, told, self.at)

    def _chunk(self, letters: Letters, rows: pa.Table) -> int:
        """One transaction: messages, and their codes."""
        rows = enriched(self.desk, letters.campaign, self.name, rows, letters, self.at)
        # What needs nothing of the ledger is made before its one writer's turn.
        invites = "referral" in letters.reads
        built = None if invites or letters.pool else letters.build(rows, self.at)
        with self.desk.ledger.writing() as connection:
            held = Held(self.desk, connection, letters, self.at)
            if (fits := held.following(rows)) is not None:
                self.withheld += fits.false_count
                rows, built = rows.filter(fits), None
            if invites:
                own = referrals.codes_for(connection, rows["customer_id"].combine_chunks(), self.at)
                rows = with_own_codes(self.desk, rows, own)
                name = f"{self.name}-{self.desk.day(self.at)}"
                code_files.lay_own(self.desk, connection, name, own["customer_id"], self.at)
            if letters.pool:
                asked = rows.num_rows
                rows, draw = pool_codes.first_served(connection, letters, rows, self.at)
                self.waiting += asked - rows.num_rows
                built = letters.build(rows, self.at, draw)
            built = built or letters.build(rows, self.at)
            letters.begin_test(connection, built[0])
            new = outbox.add_messages(connection, *built, from_pool=bool(letters.pool))
            held.count(_given(built, new))
            if letters.offer is not None and not letters.pool:
                name = f"{self.name}-{self.desk.day(self.at)}"
                entered = rows["enrolment_id"].combine_chunks()
                code_files.lay(self.desk, connection, name, entered, str(letters.message.name))
            return len(new)


def _over(letters: Letters, zone: str, at: datetime) -> str:
    """SQL: whether the letter would give what nobody can use any more."""
    campaign, ways = letters.campaign, letters.message.ways
    ended = [text(variant) for variant, way in ways.items() if offers.over(campaign.offer_of(way), zone, at)]
    return f"(variant in ({', '.join(ended)}) and not offer_off)" if ended else "false"


def _given(built: tuple[pa.Table, pa.Table], new: pa.Array) -> pa.Table:
    """Of messages and their codes the codes of those messages (ids) that are new."""
    messages, issued = built
    return issued.filter(pc.is_in(issued["enrolment_id"], value_set=_entries_of(messages, new)))


def _entries_of(messages: pa.Table, ids: pa.Array) -> pa.Array:
    return messages.filter(pc.is_in(messages["id"], value_set=ids))["enrolment_id"].combine_chunks()


def _standing(names: pa.ChunkedArray, messages: Sequence[str]) -> pa.ChunkedArray:
    """The place of each entry's latest message among the campaign's `messages`; -1 where it has none yet.

    Who stands at a message that the campaign no longer has stands at the first: they go on from when it was due, and
    a message that was only given another name does not go out again.
    """
    places = pc.fill_null(pc.index_in(names, value_set=pa.array(messages, pa.string())), 0)
    return pc.if_else(pc.is_null(names), -1, places)


def _old_offer(zone: str) -> str:
    """SQL: the offer of an entry as it was given, with its last day by the clock of `zone`."""
    until = f"timezone({text(zone)}, e.old_until - interval 1 second)"
    columns = (f"strftime({until}, '%Y-%m-%d') as old_day" if one == "old_day" else f"e.{one}" for one in OLD_OFFER)
    return ", ".join(columns)
