"""An audience that grew or vanished by accident stops a run until somebody says that it is right."""

from __future__ import annotations

from typing import Any

from regulars.campaigns.desk import Desk
from regulars.campaigns.select import counted_as
from regulars.ledger import runs

TIMES = 3
RUNS = 5
MANY = 20
"""Fewer people than this surprise nobody: of a handful each day is three times another."""


def audience(desk: Desk, campaign: str, counts: dict[str, Any]) -> str:
    """Why the audience of this run is out of the usual; empty where it is usual, or `expect: {audience: …}` is said.

    More than three times the largest of the last five runs is, and nobody where there always was somebody. The first
    run has nothing to be compared with.
    """
    if desk.campaign(campaign).expect.audience is not None:
        return ""
    names, people = desk.names_of(campaign), int(counts["audience"])
    largest = max((run.audience for run in runs.latest(desk.ledger, *names, n=RUNS, finished=True)), default=None)
    if largest is None:
        return ""
    if people >= MANY and people > TIMES * largest:
        noun = counted_as(desk.campaign(campaign))
        return (
            f"{people:,} {noun} in the audience, more than three times the {largest:,} that were the most in its last "
            f"{RUNS} runs. If that is right, write   expect: {{audience: {{max: {_round(people)}}}}}"
        )
    if people == 0 and largest >= MANY and not runs.was_ever_empty(desk.ledger, *names):
        return (
            f"nobody in the audience, and never fewer than one in all its runs (lately {largest:,}). "
            "If that is right, write   expect: {audience: {min: 0}}"
        )
    return ""


def _round(people: int) -> int:
    """A limit that leaves a little room: the next round number."""
    step = int(10 ** (len(str(people)) - 1))
    return (people // step + 1) * step
