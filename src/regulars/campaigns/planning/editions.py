"""The rules an edit is compared with: those of a campaign's last run, or those of a git revision."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from regulars.campaigns.desk import Desk
from regulars.campaigns.planning import revisions
from regulars.lang.project import Project, load_texts
from regulars.ledger import editions, stages
from regulars.ledger.editions import LastRun
from regulars.people import two_editions
from regulars.people.snapshot import Snapshot, SnapshotTaker
from regulars.people.two_editions import EarlierRules
from regulars.people.vocabulary import LEDGER_FACTS, Counted

GONE = "the rules of its last run are not kept any more"
FOREIGN = "the rules of its last run cannot be read by this version of Regulars"
UNFIT = "the rules of its last run do not fit the data of today"
NEW = "this campaign is new"


@dataclass(frozen=True)
class Earlier:
    """What one campaign is compared with. `project` and `rules` are None where `note` says why they cannot be read."""

    project: Project | None = None
    rules: EarlierRules | None = None
    run: LastRun | None = None
    """The last run; None for a revision, and where there was none."""
    campaign: str = ""
    """What the campaign was called there; empty where it did not exist."""
    note: str = ""


@dataclass
class Editions:
    """Reads editions, each once, and types them over the data of today."""

    desk: Desk
    at: datetime
    revision: str = ""
    """Compare with this git revision instead of with the last runs."""
    _known: dict[str, tuple[Project | None, EarlierRules | None, str]] = field(default_factory=dict)

    def of(self, name: str) -> Earlier:
        """What campaign `name` is compared with. Raises WrongUse for a revision git does not know."""
        run = None
        if self.revision:
            project, rules, note = self._edition(self.revision)
        else:
            run = editions.last_run(self.desk.ledger, list(self.desk.names_of(name)), self.at)
            if run is None:
                return Earlier()
            project, rules, note = self._edition(run.fingerprint)
        names = project.campaigns if project else {}
        former = next((one for one in self.desk.names_of(name) if one in names), "")
        if rules and former and not names[former].row:
            rules.condition(names[former].audience)
        return Earlier(project, rules, run, former, note or ("" if former else NEW))

    @property
    def vanished(self) -> list[str]:
        """Campaigns of the revision that are gone."""
        old, _, _ = self._edition(self.revision) if self.revision else (None, None, "")
        here = {one for name in self.desk.project.campaigns for one in self.desk.names_of(name)}
        return [name for name in (old.campaigns if old else ()) if name not in here]

    def lay(self) -> tuple[Snapshot, str]:
        """Today's people, counted in one go with what the editions read so far count otherwise.

        Returns the snapshot, and a relation with its columns and theirs.
        """
        desk, at = self.desk, self.at
        for rules in self.rules:
            desk.vocabulary.forecasts |= rules.asked & desk.vocabulary.modelled
        if not self.counted and (desk.reads_ledger or not self._read_ledger):
            snapshot = desk.snapshot(at)
        else:
            day, version = desk.day(at), desk.ledger.version()
            reads = desk.reads_ledger or self._read_ledger
            taker = SnapshotTaker(
                desk.root, desk.source, desk.vocabulary, day, version if reads else "", also=self.counted
            )
            snapshot = taker.take((lambda: stages.known(desk.ledger, day, at, desk.entered)) if reads else None)
        return snapshot, two_editions.lay(desk.connection, snapshot, self.rules)

    @property
    def _read_ledger(self) -> bool:
        """Whether an edition reads what the ledger knows, for an audience that is asked about."""
        return any(rules.asked & LEDGER_FACTS.keys() for rules in self.rules)

    @property
    def counted(self) -> list[Counted]:
        """What the editions read so far count otherwise than the rules on disk."""
        return [one for _, rules, _ in self._known.values() if rules for one in rules.counted]

    @property
    def rules(self) -> list[EarlierRules]:
        """The rules of the editions read so far."""
        return [rules for _, rules, _ in self._known.values() if rules]

    def _edition(self, key: str) -> tuple[Project | None, EarlierRules | None, str]:
        if key not in self._known:
            self._known[key] = self._opened(key)
        return self._known[key]

    def _opened(self, key: str) -> tuple[Project | None, EarlierRules | None, str]:
        desk = self.desk
        if not self.revision and key == desk.project.fingerprint:
            # Nothing was edited: the rules on disk are those of the run.
            return (desk.project, EarlierRules(desk.rules, desk.vocabulary, self._mark), "")
        files = revisions.texts(desk.root, key) if self.revision else editions.files(desk.ledger, key)
        if not files:
            return None, None, GONE
        project, problems = load_texts(files, desk.root)
        if project is None or problems.errors:
            return None, None, self._of_revision(FOREIGN)
        rules = EarlierRules(project.rules, desk.vocabulary, self._mark)
        return (project, rules, "") if not rules.problems.errors else (project, None, self._of_revision(UNFIT))

    def _of_revision(self, note: str) -> str:
        return note.replace("the rules of its last run", f"the rules of {self.revision}") if self.revision else note

    @property
    def _mark(self) -> str:
        return f"before_{len(self._known)}"


def decisions(desk: Desk, run: LastRun) -> Path | None:
    """The decision log of a run: a row per person of its audience; None where it is gone."""
    return next(iter(sorted((desk.folder / "decisions").glob(f"*-{run.id}.parquet"))), None)


def seen(desk: Desk, run: LastRun) -> Path | None:
    """The snapshot that a run saw; None where it is gone."""
    kept = desk.root / ".regulars" / "snapshots" / Path(run.snapshot).name
    return kept if run.snapshot and kept.exists() else None
