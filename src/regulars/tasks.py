"""The engine as Prefect tasks: what the flows in `flows/` are written with.

A task takes names, ids, folders and times as text, never people, and works on thousands of people at once. Each may be
run again: what a campaign wrote is unique in the ledger, and what was sent is guarded by its claim. So a retry here
never sends twice; whether a *message* is tried again is decided by the outbox alone.
"""

from __future__ import annotations

import logging
import re
import traceback
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from datetime import datetime
from itertools import count
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

from prefect import Task, task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.runtime import flow_run

from regulars import clock
from regulars.errors import OutsideError, RegularsError, Stopped

if TYPE_CHECKING:
    from regulars.campaigns.convert import Converted
    from regulars.campaigns.deliver import Delivered
    from regulars.campaigns.desk import Desk
    from regulars.campaigns.enrol import Enrolled
    from regulars.campaigns.followups import Advanced
    from regulars.campaigns.running import Selected

CHANNELS = ("email", "sms")
MESSAGES = 10_000
"""Messages a `deliver` task sends, about. What is in flight at one time is far less (`campaigns.waves`)."""
RETRIES = 2
WAIT_SECONDS = [10, 60]

story = logging.getLogger("regulars.story")
"""What people read on stderr and in Prefect's log: numbers and names of campaigns."""


class UnexpectedError(RegularsError):
    """A mistake of ours, or of a step of the shop's; the particulars are in the log file."""


def _outside_failed(_task: Task[Any, Any], _run: TaskRun, state: State[Any]) -> bool:
    """Whether trying again can help: the outside world failed, not the project and not the code."""
    error = state.result(raise_on_failure=False)
    return isinstance(error, OutsideError)


_stubborn: dict[str, Any] = {
    "retries": RETRIES,
    "retry_delay_seconds": WAIT_SECONDS,
    "retry_condition_fn": _outside_failed,
    "cache_policy": NO_CACHE,  # the same question has another answer a minute later
}


@task(name="segment", task_run_name="segment", **_stubborn)
def segment(project: str, at: str = "") -> str:
    """Find out who is who: one snapshot of all customers for every campaign of the day. Returns its file's name.

    Who moved in a ladder since the last look is written down, once a day, and where a figure with a new goal stands.
    """
    from regulars.campaigns import stages
    from regulars.measure.loyalty import goals

    with _desk(project, at) as (desk, moment):
        moved = stages.keep(desk, moment)
        goals.keep(desk, moment)
        if moved:
            story.info("%s people moved in a ladder since the last look", f"{moved:,}")
        return str(desk.snapshot(moment).path.name)


@task(name="select", task_run_name="select {campaign}", **_stubborn)
def select(project: str, campaign: str, at: str = "") -> Selected:
    """Decide who gets it and who does not, each with the reason kept; the shop's own steps add their columns.

    Raises Stopped where the numbers are not what the campaign expects (`expect`).
    """
    from regulars.campaigns import running

    with _desk(project, at) as (desk, moment):
        selected = running.select(desk, campaign, moment)
    if selected.stopped:
        raise Stopped(f"`{campaign}` was stopped before anything was sent: {selected.stopped}")
    story.info("%s: %s in the audience, %s enter", campaign, f"{selected.audience:,}", f"{selected.enter:,}")
    return selected


@task(name="enrol", task_run_name="enrol {selected.campaign} {part}/{selected.chunks}", **_stubborn)
def enrol(project: str, selected: Selected, part: int, at: str = "") -> Enrolled:
    """Write one chunk of entries with their codes and messages, in one transaction. `part` counts from 1."""
    from regulars.campaigns import running

    with _desk(project, at) as (desk, _):
        enrolled = running.enrol(desk, selected.run_id, part - 1)
    story.info("%s: chunk %s of %s enrolled", selected.campaign, part, selected.chunks)
    if enrolled.withheld:
        story.warning("%s: %s withheld: others have used up a budget since", selected.campaign, enrolled.withheld)
    return enrolled


@task(name="finish", task_run_name="finish {selected.campaign}", **_stubborn)
def finish(project: str, selected: Selected, at: str = "") -> None:
    """Close the run in the ledger."""
    from regulars.campaigns import running

    with _desk(project, at) as (desk, _):
        running.finish(desk, selected.run_id)


@task(name="deliver", task_run_name="deliver {channel} {part}", **_stubborn)
def deliver(project: str, channel: str, part: int, at: str = "") -> Delivered:
    """Claim, render and send what is due on one channel, and write down the answers; about 10,000 messages of it."""
    from regulars.campaigns import draining

    with _desk(project, at) as (desk, _):
        worker = f"{draining.name()}:{part}"
        return draining.drain(desk, worker, Event(), channels=[channel], most=MESSAGES)


@task(name="advance", task_run_name="advance", **_stubborn)
def advance(project: str, at: str = "") -> Advanced:
    """Settle what is in doubt as far as the providers tell, write the follow-ups that fell due, end what is over."""
    from regulars.campaigns import followups, reconcile, telling
    from regulars.measure import trials

    with _desk(project, at) as (desk, moment):
        settled = reconcile.settle(desk, moment)
        advanced = followups.advance(desk, moment, trials.decide)
        telling.tell(desk, moment)
    if settled.accepted or settled.unsent:
        story.info("in doubt before: %s are with the provider, %s were not sent", settled.accepted, settled.unsent)
    if advanced.waiting:
        story.warning("%s follow-ups wait for a code: their pool is empty, see `regulars codes`", advanced.waiting)
    if advanced.withheld:
        story.warning("%s follow-ups wait: no budget is left for what they give", advanced.withheld)
    return advanced


@task(name="convert", task_run_name="convert", **_stubborn)
def convert(project: str, at: str = "") -> Converted:
    """Match new orders to the messages that earned them."""
    from regulars.campaigns import convert as conversions
    from regulars.campaigns import counting

    with _desk(project, at) as (desk, moment):
        converted = conversions.convert(desk, moment)
        counting.count(desk, moment)
        return converted


def deliver_all(project: str, at: str = "") -> dict[str, int]:
    """Deliver chunk after chunk until nothing is due on any channel. Returns state → messages."""
    states: Counter[str] = Counter()
    for channel in CHANNELS:
        for part in count(1):
            delivered = deliver(project, channel, part, at)
            states.update(delivered.counts)
            if delivered.counts:
                story.info("%s: %s", channel, ", ".join(f"{n:,} {state}" for state, n in delivered.counts.items()))
            if delivered.free_at:
                story.warning("%s: the provider is not asked at the moment; what is left waits", channel)
            if delivered.claimed < MESSAGES:
                break
    return dict(states)


def record(key: str, title: str, figures: Mapping[str, int | str]) -> None:
    """Lay down what a run did as a table in Prefect's UI. `figures` is what → how many."""
    rows = [{"what": what, "number": number} for what, number in figures.items()]
    create_table_artifact(rows, key=re.sub(r"[^a-z0-9]+", "-", key.lower()).strip("-"), description=title)


def run_name() -> str:
    """What a run is called in Prefect's UI: `winback 2026-08-27`; without a campaign `2026-08-27 10:05`."""
    moment = _moment(flow_run.parameters.get("at") or "")
    campaign = flow_run.parameters.get("campaign")
    return f"{campaign} {moment:%Y-%m-%d}" if campaign else f"{moment:%Y-%m-%d %H:%M}"


def _moment(at: str) -> datetime:
    return datetime.fromisoformat(at) if at else clock.now()


@contextmanager
def _desk(project: str, at: str) -> Iterator[tuple[Desk, datetime]]:
    """The engine, opened for one task. What goes wrong inside leaves as an error of ours, without people in it."""
    root, moment = Path(project).resolve(), _moment(at)
    with _masked(root), clock.frozen(moment) if at else nullcontext():
        from regulars.campaigns.desk import Desk

        with Desk.open(root) as desk:
            yield desk, moment


@contextmanager
def _masked(root: Path) -> Iterator[None]:
    try:
        yield
    except RegularsError:
        raise
    except Exception as error:  # noqa: BLE001  # whatever it is, it may hold a person and must not leave as it is
        log = root / ".regulars" / "logs" / "errors.log"
        _write_down(error, log)
        raise UnexpectedError(f"An unexpected {type(error).__name__}.", f"Where it happened is in {log}.") from None


def _write_down(error: Exception, log: Path) -> None:
    """Append where it happened. Of the message only a first line without quoted words, addresses and numbers stays."""
    lines = str(error).splitlines() or [""]
    sentence = re.sub(r"'[^']*'|\"[^\"]*\"|\S+@\S+|\+?\d[\d ()./-]{4,}", "…", lines[0])
    log.parent.mkdir(parents=True, exist_ok=True)
    log.touch(0o600)
    with log.open("a", encoding="utf-8") as file:
        frames = "".join(traceback.format_tb(error.__traceback__))
        file.write(f"{clock.now():%Y-%m-%d %H:%M:%S} UTC\n{frames}{type(error).__name__}: {sentence}\n\n")
