"""Simulate: every day of a stretch of the shop's history, with its real orders, and a ledger that is thrown away.

The ledger starts empty: whoever the rules would reach on the first day is reached on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from regulars import clock
from regulars.campaigns.convert import convert_arriving
from regulars.campaigns.desk import Desk
from regulars.campaigns.reach import country_of
from regulars.campaigns.trying.answering import Answering, habits
from regulars.campaigns.trying.rehearsal import EVENING, Day, hurry, live_day, rehearsing
from regulars.campaigns.trying.simulated import Simulation, summed
from regulars.errors import WrongUse
from regulars.lang.project import Project
from regulars.people import addresses

LONGEST = 731
"""Days: two years."""


def simulate(
    root: Path,
    first: date,
    days: int,
    campaigns: Sequence[str] = (),
    told: Callable[[date], None] = lambda _: None,
    answer_rate: float | None = None,
) -> Simulation:
    """Live through `days` days from `first` on with `campaigns` (default: all that are live) of the project in `root`.

    Nothing of the project is touched, and nothing is rendered or sent. `told` hears of each day when it is over.
    `answer_rate` is the share (0 to 1) of the asked who answer a survey; None: as in the shop's ledger.
    Raises WrongUse for a campaign that does not exist or a stretch that has no sense.
    """
    if not 1 <= days <= LONGEST:
        raise WrongUse(f"{days} days cannot be simulated.", f"From 1 to {LONGEST}.")
    with lived_days(root, first, days, campaigns, told, answer_rate) as (desk, lived, assumed):
        return summed(desk, lived, _evening(desk, lived[-1].day), assumed)


@contextmanager
def lived_days(
    root: Path,
    first: date,
    days: int,
    campaigns: Sequence[str] = (),
    told: Callable[[date], None] = lambda _: None,
    answer_rate: float | None = None,
) -> Iterator[tuple[Desk, list[Day], Answering]]:
    """The days, lived, the desk with the ledger they left, gone at the end, and how people answered. As `simulate`."""
    with rehearsing(root, lambda project: _only(project, campaigns)) as desk:
        for name in campaigns:
            desk.campaign(name)
        hurry(desk)
        desk.logs = False
        desk.look_at_rows(_evening(desk, first + timedelta(days=days - 1)))
        _know_addresses(desk, first)
        answers = habits(root, desk.project, answer_rate, clock.now())
        lived: list[Day] = []
        for number in range(days):
            day = first + timedelta(days=number)
            lived.append(live_day(desk, day, list(desk.project.campaigns)))
            answers.answer(desk, _evening(desk, day - timedelta(days=1)), _evening(desk, day))
            _credit(desk, day)
            told(day)
        yield desk, lived, answers.told


def _only(project: Project, campaigns: Sequence[str]) -> Project:
    """The project with every other campaign paused: it neither sends nor goes first."""
    if not campaigns:
        return project
    known = {
        name: one if name in campaigns else one.model_copy(update={"status": "paused"})
        for name, one in project.campaigns.items()
    }
    return replace(project, campaigns=known)


def _know_addresses(desk: Desk, day: date) -> None:
    """Read the addresses of everybody at once, rather than of those who are new in an audience, run by run."""
    mapped, sends = desk.rules.source.customer.mapped(), [one.messages for one in desk.project.campaigns.values()]
    columns = (f"{one if one in mapped else 'cast(null as varchar)'} as {one}" for one in ("email", "phone", "country"))
    channels = {channel for messages in sends for message in messages for channel in message.send.channels}
    people = f"(select {', '.join(columns)} from {desk.snapshot(_evening(desk, day)).relation})"
    addresses.prepare(desk.connection, desk.folder, people, country_of(desk), tuple(channels))


def _credit(desk: Desk, day: date) -> None:
    """The orders that history really holds, of one day, matched to what would have been sent."""
    at = _evening(desk, day)
    with clock.frozen(at):
        convert_arriving(desk, _evening(desk, day - timedelta(days=1)), at)


def _evening(desk: Desk, day: date) -> datetime:
    return datetime.combine(day, EVENING, ZoneInfo(desk.zone))
