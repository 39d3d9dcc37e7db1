"""A rehearsal: a project tried in a folder that is thrown away afterwards, with nothing of the real one touched.

The rules, campaigns and words are the project's own. The ledger, the snapshots and the copies of tables are the
rehearsal's; nothing is rendered, and every message counts as accepted.
"""

from __future__ import annotations

import glob
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from functools import cached_property, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pyarrow as pa
from pydantic import SecretStr

from regulars import clock
from regulars.campaigns import followups, running
from regulars.campaigns import stages as stage_days
from regulars.campaigns.deliver import deliver
from regulars.campaigns.desk import Desk, ProblemsFoundError
from regulars.campaigns.foresight import Foresight
from regulars.campaigns.running import Selected
from regulars.campaigns.variants import nobody_answers
from regulars.channels.contract import Answer, Outgoing
from regulars.lang.campaign import ORDERED
from regulars.lang.expressions import Expression
from regulars.lang.model import Campaign, Offer, Rules
from regulars.lang.project import Project, load
from regulars.lang.scalars import Schedule
from regulars.lang.written import Written
from regulars.ledger import rehearsed, stages
from regulars.people import orders
from regulars.people.engine import text
from regulars.people.orders import Totals
from regulars.people.passing import PassingDay
from regulars.people.snapshot import Snapshot
from regulars.people.traits import Counting
from regulars.settings import Settings

if TYPE_CHECKING:
    from regulars.ledger.store import Ledger

OWN = (".regulars", ".env", ".git")
"""What of a project's folder a rehearsal never sees."""
SALTS = {"arms": "0" * 32, "addresses": "1" * 32}
"""Not secret, and always the same: a rehearsal draws the same people into the same arms every time."""
NOON, EVENING = time(12), time(20)
SMALL = 100_000
"""Customers and orders that one thread of DuckDB counts sooner than several."""
ORDERS = "regulars_rehearsed_orders"
AHEAD = timedelta(days=100)
AT_ONCE = 10_000


@dataclass
class RehearsalDesk(Desk):
    """A desk whose people are counted once a day, as of the end of it: what the ledger knows is that of the morning.

    The shop's rows are looked at for what is wrong with them once: at the first day asked for (`look_at_rows`).
    """

    exports_codes: bool = False
    logs: bool = True
    """Whether runs leave their decision log."""
    foresight: Foresight = field(default_factory=lambda: Foresight(keeps=True))
    _day: date = date.min
    _of_day: Snapshot | None = None
    _looked: bool = False
    _orders: tuple[datetime, datetime] | None = None
    """From when to when orders are in DuckDB."""

    def snapshot(self, moment: datetime, *, fresh: bool = False) -> Snapshot:
        """The day's people, instead of those of the day before."""
        day = self.day(moment)
        if self._of_day is None or day != self._day or fresh:
            self.forget_day()
            if not self._looked:
                self.look_at_rows(moment)
            taker = PassingDay(self.root, self.source, self.vocabulary, day)
            heard = partial(stages.known, self.ledger, day, moment, self.entered) if self.reads_ledger else None
            self._of_day, self._day = taker.lay(heard), day
            if self.entered and stage_days.keep(self, moment):
                self._of_day = taker.lay(heard)  # who came to a step today is known today
        return self._of_day

    def snapshot_for(self, moment: datetime, asked: Iterable[Expression]) -> Snapshot:  # noqa: ARG002  # as of `Desk`
        """The same: a day has one."""
        return self.snapshot(moment)

    def look_at_rows(self, moment: datetime) -> None:
        """Raise ProblemsFoundError when something is wrong with the rows of up to the day of `moment`."""
        self._snapshot(moment, reads_ledger=False)
        self._looked = True

    def order_totals(self, moment: datetime) -> Totals:
        """What all orders that count add up to, up to the end of the day of `moment`."""
        return orders.totals(Counting(self.vocabulary, self.day(moment)), self.snapshot(moment).customers)

    def people(self, moment: datetime) -> Snapshot:
        """The same: a day has one."""
        return self.snapshot(moment)

    def placed(self, since: datetime, until: datetime, customers: Sequence[str] | None = None) -> pa.Table:
        """Orders of that time, asked of the source once for many days: history does not change meanwhile."""
        if self._orders is None or since < self._orders[0] or until > self._orders[1]:
            first = min(since, self._orders[0]) if self._orders else since
            last = max(until, self._orders[1] if self._orders else until) + AHEAD
            self.connection.register("regulars_arriving", super().placed(first, last))
            self.connection.execute(f"create or replace temp table {ORDERS} as select * from regulars_arriving")
            self.connection.unregister("regulars_arriving")
            self._orders = first, last
        of_that_time = f"""select * from {ORDERS} where "at" > timestamptz {text(since.isoformat())}
                           and "at" <= timestamptz {text(until.isoformat())}"""
        if customers is None:
            return self.arrow(of_that_time).cast(orders.ORDERS)
        asked = pa.table({"customer_id": pa.array(customers, pa.string())})
        return self.arrow(f"{of_that_time} and customer_id in (from asked)", asked=asked).cast(orders.ORDERS)

    def forget_day(self) -> None:
        """Count people anew when next asked."""
        self._of_day = None
        self.foresight.forget()

    @cached_property
    def ledger(self) -> Ledger:
        """A ledger of this rehearsal alone. It never waits for the disk: nobody needs it after a crash."""
        from regulars.ledger.store import Ledger

        ledger = Ledger.open("", self.folder)
        connection = ledger.engine.raw_connection()
        connection.cursor().execute("PRAGMA synchronous = OFF")
        connection.close()
        return ledger


@dataclass
class Accepting:
    """A channel that takes everything and sends nothing."""

    name: str = "rehearsal"
    batch: int = AT_ONCE
    idempotency_key: bool = True
    proof_of_absence: bool = True

    async def send(self, messages: Sequence[Outgoing]) -> list[Answer]:
        """Accepted, every one."""
        return [Answer(message.message_id, "accepted") for message in messages]

    async def close(self) -> None:
        """Nothing is held open."""


@contextmanager
def rehearsing(root: Path, changed: Callable[[Project], Project] = lambda project: project) -> Iterator[RehearsalDesk]:
    """The project in `root`, opened in a folder of its own that is gone afterwards.

    `changed` may give the project other tables, limits or holdouts. Raises ProblemsFoundError when the project's files
    have errors.
    """
    with TemporaryDirectory(prefix="regulars-", ignore_cleanup_errors=True) as scratch:
        folder = Path(scratch)
        for entry in root.resolve().iterdir():
            if entry.name not in OWN:
                (folder / entry.name).symlink_to(entry, target_is_directory=entry.is_dir())
        project, problems = load(folder)
        if project is None or problems.errors:
            raise ProblemsFoundError(problems)
        (folder / ".regulars").mkdir()
        (folder / ".regulars" / "salts.json").write_text(json.dumps(SALTS), encoding="utf-8")
        wordless = {name: _alone(one) for name, one in project.campaigns.items()}
        rules = _unasked(_where_they_are(project.rules, root.resolve()))
        project = changed(replace(project, rules=rules, campaigns=wordless))
        with RehearsalDesk(folder, project, _harmless(root), problems) as desk:
            yield desk


def _alone(campaign: Campaign) -> Campaign:
    """A campaign that needs nobody: the shop's steps only add words, and codes of a pool are in the real ledger."""
    messages = [one.model_copy(update={"offer": _made(one.offer)}) for one in campaign.messages]
    return campaign.model_copy(update={"enrich": [], "messages": messages, "offer": _made(campaign.offer)})


def _made(offer: Offer | None) -> Offer | None:
    return offer.model_copy(update={"codes": None}) if offer is not None else None


def _unasked(rules: Rules) -> Rules:
    """The rules with every plan approved, and the shop's column as consent: nobody is there to confirm anything."""
    return rules.model_copy(update={"guards": rules.guards.model_copy(update={"approval": None, "double_opt_in": []})})


def hurry(desk: Desk) -> None:
    """Let one thread count a small shop: its rows fit a few of DuckDB's blocks, and several would only meet."""
    if _rows(desk) < SMALL:
        desk.connection.execute("set threads = 1")


def _rows(desk: Desk) -> int:
    """Customers and orders together; those of a database are not counted."""
    if not desk.source.in_files:
        return SMALL
    found = desk.connection.execute(
        "select (select count(*) from customers) + (select count(*) from orders)"
    ).fetchone()
    return int((found or (SMALL,))[0])


def _where_they_are(rules: Rules, root: Path) -> Rules:
    """The rules with the files of their tables named from `root`: some may stand outside the project."""
    tables = {
        name: table.model_copy(update={"file": Written(f"{glob.escape(str(root))}/{table.file}", table.file.position)})
        if table.file is not None and not Path(table.file).is_absolute()
        else table
        for name, table in rules.source.tables.items()
    }
    return rules.model_copy(update={"source": rules.source.model_copy(update={"tables": tables})})


def _harmless(root: Path) -> Settings:
    """The project's settings without its ledger and without any provider."""
    nothing = SecretStr("")
    return Settings.of(root).model_copy(
        update={
            "ledger": "",
            "channel": "folder",
            "secret_key": SecretStr("rehearsal"),
            "sendgrid_api_key": nothing,
            "twilio_account_sid": "",
            "twilio_auth_token": nothing,
            "tell_url": {},
            "tell_secret": {},
        }
    )


@dataclass(frozen=True)
class Day:
    """What one day came to."""

    day: date
    runs: list[Selected] = field(default_factory=list)
    """In the order they ran; a run that its limits stopped says so in `stopped`."""


def live_day(desk: RehearsalDesk, day: date, campaigns: Sequence[str]) -> Day:
    """Live through `day` (the shop's): every run, follow-up and delivery of `campaigns`, each at its time.

    What is scheduled every few minutes runs once, with the first of the others and by noon: people are counted as of
    the end of the day anyway.
    """
    noon = datetime.combine(day, NOON, ZoneInfo(desk.zone))
    due = {name: desk.campaign(name).schedule for name in running.due(desk, noon) if name in campaigns}
    early = min([NOON, *(time_of(schedule) for schedule in due.values())])
    at_time: dict[time, list[str]] = {EVENING: []}
    for name, schedule in due.items():
        at_time.setdefault(early if schedule.kind == "every" else time_of(schedule), []).append(name)
    runs: list[Selected] = []
    for at, names in sorted(at_time.items()):
        moment = datetime.combine(day, at, ZoneInfo(desk.zone))
        with clock.frozen(moment):
            _deliver(desk, moment)  # what had to wait since an earlier hour
            runs += [_run(desk, name, moment) for name in names]
            if at in (min(at_time), max(at_time)):
                followups.advance(desk, moment, nobody_answers)
            _accept(desk, moment)
            _deliver(desk, moment)
    return Day(day, runs)


def _accept(desk: Desk, at: datetime) -> None:
    """Send what was planned at this very moment: a second look at it would see what the first one saw.

    Only a condition for `exit` may hold of somebody who has just entered; those messages are delivered.
    """
    alike = {
        name: one
        for name, one in desk.project.campaigns.items()
        if one.status == "live" and (one.exit is None or one.exit.strip() == ORDERED)
    }
    rehearsed.accept(desk.ledger, alike, {name for name, one in alike.items() if len(one.messages) == 1}, at)


def _deliver(desk: Desk, at: datetime) -> None:
    for channel in rehearsed.waiting(desk.ledger, at):
        while deliver(desk, channel, AT_ONCE, at, "rehearsal", blank=Accepting()).claimed == AT_ONCE:
            pass


def time_of(schedule: Schedule) -> time:
    """When on a day a schedule runs, as a rehearsal takes it."""
    return NOON if schedule.kind in ("every", "cron") else schedule.at


def _run(desk: RehearsalDesk, name: str, moment: datetime) -> Selected:
    selected = running.select(desk, name, moment) if desk.logs else running.run_in_memory(desk, name, moment)
    if desk.logs and not selected.stopped:
        for chunk in range(selected.chunks):
            running.enrol(desk, selected.run_id, chunk)
        running.finish(desk, selected.run_id)
    # What it took is in the ledger: campaigns behind it in line need not ask again whom it would take.
    desk.foresight.campaigns.add(name)
    return selected
