"""A tiny engine in the place of `regulars.campaigns`, for flows that run in other processes too.

It keeps everything in `.regulars/standin/`: `planned` (a number), `calls` (one a line), and `broken`, the name of a
function that fails, with how.
"""

import sys
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType, SimpleNamespace

from regulars.errors import OutsideError

LEAKING = "could not read 'Ana Pop,ana@example.com,+40700000001'"


@dataclass
class Desk:
    root: Path

    @classmethod
    def open(cls, root, *, looking=False):
        return cls(root)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    @property
    def folder(self):
        folder = self.root / ".regulars" / "standin"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def called(self, call):
        with (self.folder / "calls").open("a") as file:
            file.write(f"{call}\n")
        broken = self.folder / "broken"
        if broken.exists() and call.startswith(name := broken.read_text().split()[0]):
            how = broken.read_text().split()[1]
            if how == "once":
                broken.unlink()
            if how == "bug":
                raise ValueError(LEAKING)
            raise OutsideError(f"{name} failed.", "Try again.")

    def snapshot(self, moment):
        self.called("segment")
        return SimpleNamespace(path=Path("2026-08-27-abc.parquet"))

    def planned(self, change=0):
        file = self.folder / "planned"
        number = int(file.read_text() or 0) if file.exists() else 0
        file.write_text(str(number + change))
        return number


@dataclass
class Selected:
    run_id: str
    campaign: str
    enter: int = 2500
    chunks: int = 3
    send: dict = field(default_factory=lambda: {"email": 2500})
    withheld: dict = field(default_factory=lambda: {"no-consent": 40})
    holdout: int = 60
    audience: int = 2600
    stopped: str = ""


def select(desk, campaign, at):
    desk.called(f"select {campaign} {at:%Y-%m-%d}")
    stopped = "2,600 in the audience, at most 2,000 expected" if campaign == "discount" else ""
    return Selected("r1", campaign, stopped=stopped)


def enrol(desk, run_id, chunk):
    desk.called(f"enrol {chunk}")
    people = (1000, 1000, 500)[chunk]
    desk.planned(people)
    return SimpleNamespace(new=people, already=0, withheld=0)


def finish(desk, run_id):
    desk.called("finish")


def drain(desk, worker, stop, *, channels, most):
    (channel,) = channels
    claimed = min(most, desk.planned()) if channel == "email" else 0
    desk.called(f"deliver {channel} {claimed}")
    desk.planned(-claimed)
    return SimpleNamespace(claimed=claimed, counts={"accepted": claimed} if claimed else {}, free_at=None)


def settle(desk, at):
    return SimpleNamespace(accepted=0, unsent=0)


def advance(desk, at, decide):
    desk.called("advance")
    desk.planned(3)
    return SimpleNamespace(written=3, ended=1, waiting=0, withheld=0)


def convert(desk, at):
    desk.called("convert")
    return SimpleNamespace(orders=7, by_evidence={"code": 5, "window": 2}, referrals=1, revenue="812.50")


MEASURED = {
    "regulars.measure.loyalty.goals": {"keep": lambda desk, at: None},
    "regulars.measure.trials": {"decide": None},
}
"""What tasks ask of above the engine, which would ask the engine."""


def modules():
    package = ModuleType("regulars.campaigns")
    package.__path__ = []
    parts = {
        "desk": {"Desk": Desk},
        "running": {"select": select, "enrol": enrol, "finish": finish},
        "draining": {"drain": drain, "name": lambda: "standin:1"},
        "reconcile": {"settle": settle},
        "followups": {"advance": advance},
        "stages": {"keep": lambda desk, at: 0},
        "telling": {"tell": lambda desk, at: None},
        "convert": {"convert": convert},
        "counting": {"count": lambda desk, at: desk.called("count")},
    }
    found = {"regulars.campaigns": package}
    for name, functions in parts.items():
        module = ModuleType(f"regulars.campaigns.{name}")
        vars(module).update(functions)
        setattr(package, name, module)
        found[module.__name__] = module
    for name, functions in MEASURED.items():
        found[name] = ModuleType(name)
        vars(found[name]).update(functions)
    return found


def install():
    sys.modules.update(modules())
