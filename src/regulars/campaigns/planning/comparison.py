"""Who came into an audience and who left it since its last run: by themselves, or because somebody edited the rules.

The audience of the last run is what its decision log says. Today's data is asked by both sets of rules at once: whom
only one of them would take was moved by the edit, everybody else moved by themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TypedDict
from zoneinfo import ZoneInfo

from regulars.campaigns.desk import Desk
from regulars.campaigns.planning import changes, reasons
from regulars.campaigns.planning.changes import Change
from regulars.campaigns.planning.editions import Earlier, decisions, seen
from regulars.campaigns.planning.leaves import Leaf, leaves
from regulars.campaigns.planning.reasons import Moved
from regulars.lang.expressions import ROW, Expression
from regulars.people.engine import name as quoted
from regulars.people.engine import text
from regulars.people.formulas import Formula
from regulars.people.snapshot import Snapshot

MOVED = "regulars_moved"
"""DuckDB: a row per person who came or left. See `Compared.lay`."""
LOST = "who was in its audience then is not kept any more"


class Comparison(TypedDict):
    """A campaign's audience against the one before. People are counted once."""

    since: str
    """When the last run was (ISO); empty: there was none, or it is compared with a revision."""
    against: str
    """The git revision it is compared with; empty: with the last run."""
    audience: int | None
    """How many there were; None: unknown."""
    entered: int
    left: int
    moved: list[Moved]
    """Who came (first) and who left, by themselves (first) and by an edit; those of nobody are left out."""
    edited: list[int]
    """Lines of the campaign's file that differ."""
    changes: list[Change]
    """The texts its audience reads that differ."""
    note: str
    """What could not be compared, and why."""


@dataclass(frozen=True)
class Compared:
    """One campaign, its decisions in the DuckDB table `table`, and what it is compared with."""

    desk: Desk
    name: str
    at: datetime
    earlier: Earlier
    snapshot: Snapshot
    both: str
    """The relation with the columns of both sets of rules."""
    table: str

    def told(self, revision: str = "") -> Comparison:
        """Compare. `revision`: against what it is compared, where that is not the last run."""
        run = self.earlier.run
        empty: Comparison = {
            "since": run.as_of.isoformat() if run else "",
            "against": revision,
            "audience": None,
            "entered": 0,
            "left": 0,
            "moved": [],
            "edited": self._edited,
            "changes": self._changes,
            "note": self.earlier.note,
        }
        before = self._before(revision)
        if before is None:
            lost = LOST if run and not self.earlier.note else self.earlier.note
            return empty | {"audience": run.audience if run else None, "note": lost}
        audience, entered, left = self._lay(before)
        note = self.earlier.note or ("" if self._splits else _not_split(self._reads_rows))
        moved = reasons.of(self, MOVED) if entered or left else []
        return empty | {"audience": audience, "entered": entered, "left": left, "moved": moved, "note": note}

    @cached_property
    def old(self) -> Expression | None:
        """The audience as it was written then, about customers; None where it cannot be asked of the data of today."""
        earlier = self.earlier
        if not (earlier.project and earlier.rules and earlier.campaign) or self._reads_rows:
            return None
        return earlier.rules.condition(earlier.project.campaigns[earlier.campaign].audience)

    @cached_property
    def tests(self) -> list[Leaf]:
        """The tests the audience was made of then."""
        derived = self.earlier.rules.vocabulary.derived if self.earlier.rules else ()
        return leaves(self.old, {one.name: one for one in derived}) if self.old else []

    @cached_property
    def then(self) -> str:
        """The people of the last run as it saw them, as SQL: `customer_id`, and `was`, what each test said."""
        run = self.earlier.run
        kept = seen(self.desk, run) if run else None
        if kept is None or run is None or not self.tests:
            return ""
        relation = f"read_parquet({text(str(kept))})"
        columns = {row[0] for row in self.desk.connection.execute(f"describe select * from {relation}").fetchall()}
        if not {name for leaf in self.tests for name in leaf.tree.names} <= columns:
            return ""
        formula = Formula(self.desk.day(run.as_of), {})
        held = ", ".join(f"({formula(leaf.tree)})" for leaf in self.tests)
        return f"select {quoted(self.snapshot.id_column)} as customer_id, [{held}]::boolean[] as was from {relation}"

    @cached_property
    def newest_order(self) -> str:
        """The column of `both` with the time of somebody's newest order; empty where no trait counts just that."""
        order = self.desk.rules.source.order
        for one in self.desk.vocabulary.counted:
            tree = one.value.tree
            newest = tree.op == "max" and (tree.args[0].op, tree.args[0].value) == ("column", str(order.at))
            if one.table == "orders" and newest and one.where is None and one.last is None:
                return one.name
        return ""

    @property
    def _last_run_here(self) -> str:
        """When the last run was, by the shop's clock, as SQL."""
        run = self.earlier.run
        local = (run.as_of if run else self.at).astimezone(ZoneInfo(self.desk.zone)).replace(tzinfo=None)
        return f"timestamp {text(local.isoformat(sep=' '))}"

    @property
    def _splits(self) -> bool:
        """Whether it can be told who was moved by an edit."""
        return self.old is not None

    @property
    def _reads_rows(self) -> bool:
        """Whether who is in the audience depends on rows, by a condition or by which rows are walked."""
        campaign, earlier = self.desk.campaign(self.name), self.earlier
        was = earlier.project.campaigns.get(earlier.campaign) if earlier.project else None
        if was is not None and str(was.for_each) != str(campaign.for_each):
            return True
        return any(one is not None and f"{ROW}." in one.audience for one in (campaign, was) if one and one.row)

    def _before(self, revision: str) -> str | None:
        """Who was in the audience, as SQL: `customer_id`; None where nobody knows."""
        key = quoted(self.snapshot.id_column)
        if revision:
            if self.old is None or self.earlier.rules is None:
                return None
            holds = Formula(self.snapshot.day, {})(self.earlier.rules.tree(self.old.tree))
            return f"select {key} as customer_id from {self.both} where ({holds}) and {self._is_due}"
        run = self.earlier.run
        if run is None:
            return None
        if log := decisions(self.desk, run):
            return f"select distinct customer_id from read_parquet({text(str(log))})"
        kept = seen(self.desk, run)
        if kept is None or self.old is None or not self.then:
            return None
        holds = Formula(self.desk.day(run.as_of), {})(self.old.tree)
        return f"select {key} as customer_id from read_parquet({text(str(kept))}) where ({holds})"

    @property
    def _is_due(self) -> str:
        """SQL: whether somebody's day has come, for what is due on a day of their own."""
        campaign = self.desk.campaign(self.name)
        if campaign.for_each is not None:
            return f"{quoted(self.snapshot.id_column)} in (select customer_id from {self.table})"
        if campaign.schedule.kind != "yearly":
            return "true"
        day, within = (f"date {text(self.snapshot.day.isoformat())}", campaign.send_within.delta.days)
        came = f"last_anniversary(cast({quoted(campaign.schedule.column)} as date), {day})"
        return f"coalesce(datediff('day', {came}, {day}) <= {within}, false)"

    def _lay(self, before: str) -> tuple[int, int, int]:
        """Lay `MOVED`; (how many there were, how many came, how many left).

        Columns: customer_id, entered, by_edit (null: cannot be told), here (among the customers), known (then),
        ordered (since, where `newest_order` tells), and lists over the tests: held (now, by the rules of then), became
        (the segment's value now), was (then).
        """
        formula, rules = Formula(self.snapshot.day, {}), self.earlier.rules
        campaign, old, new, held, became = (self.desk.campaign(self.name), "null", "null", "", "")
        if self.old is not None and rules is not None:
            old = formula(rules.tree(self.old.tree))
            new = formula(self.desk.condition(campaign.audience, campaign.row).tree)
            held = ", ".join(f"({formula(rules.tree(leaf.tree))})" for leaf in self.tests)
            became = ", ".join(
                quoted(rules.columns.get(leaf.ladder.name, leaf.ladder.name)) if leaf.ladder else "null"
                for leaf in self.tests
            )
        known = f"left join (select *, true as known from ({self.then})) t using (customer_id)" if self.then else ""
        then = "t.was, coalesce(t.known, false) as known" if self.then else "null::boolean[] as was, null as known"
        key = quoted(self.snapshot.id_column)
        newest = self.newest_order
        ordered = f"coalesce({quoted(newest)} > {self._last_run_here}, false)" if newest else "false"
        self.desk.connection.execute(
            f"""create or replace temp table {MOVED} as
                with now as (select distinct customer_id, true as there from {self.table}),
                before as (select customer_id, true as there from ({before})),
                moved as (
                  select customer_id, n.there is not null as entered
                  from now n full join before b using (customer_id) where n.there is null or b.there is null
                ), asked as (
                  select {key} as customer_id, true as here, coalesce({old}, false) as old_holds,
                         coalesce({new}, false) as new_holds, [{held}]::boolean[] as held,
                         [{became}]::varchar[] as became, {ordered} as ordered
                  from {self.both} where {key} in (select customer_id from moved)
                )
                select m.customer_id, m.entered, coalesce(a.here, false) as here, a.held, a.became, a.ordered, {then},
                       {"null" if self.old is None else _BY_EDIT} as by_edit
                from moved m left join asked a using (customer_id) {known}"""
        )
        row = self.desk.connection.execute(
            f"""select (select count(*) from ({before})), count(*) filter (where entered),
                       count(*) filter (where not entered) from {MOVED}"""
        ).fetchone() or (0, 0, 0)
        return int(row[0]), int(row[1]), int(row[2])

    @property
    def _changes(self) -> list[Change]:
        earlier = self.earlier
        if earlier.project is None or earlier.rules is None or not earlier.campaign:
            return []
        before = (earlier.project, earlier.campaign, earlier.rules.vocabulary)
        return changes.of_audience(self.name, before, (self.desk.project, self.desk.vocabulary))

    @property
    def _edited(self) -> list[int]:
        earlier, desk = self.earlier, self.desk
        if earlier.project is None or not earlier.campaign:
            return []
        was = earlier.project.documents[earlier.project.campaign_file(earlier.campaign)].source.text
        return changes.lines(was, desk.project.documents[desk.project.campaign_file(self.name)].source.text)


_BY_EDIT = "if(entered, not coalesce(a.old_holds, false), coalesce(a.old_holds and not a.new_holds, false))"


def _not_split(reads_rows: bool) -> str:
    return "it goes by rows: who came by an edit is not told apart" if reads_rows else ""
