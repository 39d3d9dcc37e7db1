"""What became of an attempt: what the provider answered, or that nobody came back to say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import ColumnElement, Connection, literal_column, select, update
from sqlmodel import col

from regulars.ledger import bulk, moves
from regulars.ledger.moves import Change
from regulars.ledger.store import Ledger
from regulars.ledger.tables import Attempt, Message

THROTTLED = (timedelta(seconds=1), timedelta(seconds=60))
NOT_SENT = (timedelta(seconds=1), timedelta(minutes=5))
CONFIG = (timedelta(minutes=5), timedelta(minutes=5))
"""How long a message waits after an attempt that provably did not send it: the first time, doubled with each attempt,
and at most."""
HALVINGS = 11
"""A batch of 1,000 is halved ten times until one is alone: refused more often, it was alone."""
CHUNK = 10_000
LEASE_OVER = "lease over"
_HELD: ColumnElement[bool] = literal_column("state IN ('claimed', 'sending')")


class Answered(Protocol):
    """What a provider said about one message (`channels.contract.Answer`)."""

    @property
    def message_id(self) -> str: ...
    @property
    def outcome(self) -> str:
        """`accepted`, `rejected`, `throttled`, `notsent`, `config` or `ambiguous`."""

    @property
    def provider_id(self) -> str: ...
    @property
    def http_status(self) -> int | None: ...
    @property
    def reason(self) -> str: ...
    @property
    def retry_after(self) -> float | None:
        """Seconds the provider asks us to wait."""


def record(
    ledger: Ledger, attempt_id: str, answers: Sequence[Answered], at: datetime, *, alone: bool | None = None
) -> dict[str, str]:
    """Write down what the provider answered; the new state of each message that was still this attempt's.

    A refused message that was alone in its request is `dead`, one of several is planned again, to be sent in a smaller
    company. `alone` says which it was; None: alone if the attempt carried one message.
    """
    if not answers:
        return {}
    with ledger.writing() as connection:
        held = _of_attempt(connection, attempt_id)
        if alone is None:
            carried = select(col(Attempt.messages)).where(col(Attempt.id) == attempt_id)
            alone = connection.execute(carried).scalar() == 1
        changes = [
            _change(answer, *held[answer.message_id], at, alone=alone)
            for answer in answers
            if answer.message_id in held
        ]
        changes = [replace(change, attempt_id=attempt_id) for change in changes]
        moves.leave(connection, changes, at, "answer")
        _finish(connection, [attempt_id], _outcome(answers), at, answers)
    return {change.message_id: change.after for change in changes}


def release(ledger: Ledger, at: datetime) -> int:
    """Take messages from workers whose lease is over at `at`; how many.

    What was only claimed is planned again. What was being sent may have left: it becomes `ambiguous`, and only
    evidence from the provider settles it.
    """
    released = 0
    while True:
        with ledger.writing() as connection:
            changes = _abandoned(connection, at)
            moves.leave(connection, changes, at, LEASE_OVER)
            attempts = {change.attempt_id for change in changes if change.attempt_id}
            _finish(connection, sorted(attempts), "ambiguous", at)
        released += len(changes)
        if len(changes) < CHUNK:
            return released


def _of_attempt(connection: Connection, attempt_id: str) -> dict[str, tuple[str, int]]:
    statement = (
        select(col(Message.id), col(Message.state), col(Message.tries))
        .where(
            col(Message.attempt_id) == attempt_id,
            col(Message.attempt_id) != literal_column("''"),
            col(Message.state).in_(("sending", "ambiguous")),
        )
        .order_by(col(Message.id))
        .with_for_update()
    )
    return {row.id: (row.state, row.tries) for row in connection.execute(statement)}


def _abandoned(connection: Connection, at: datetime) -> list[Change]:
    statement = (
        select(col(Message.id), col(Message.state), col(Message.attempt_id))
        .where(_HELD, col(Message.lease_until) <= at)
        .limit(CHUNK)
        .with_for_update(skip_locked=True)
    )
    return [
        Change(row.id, row.state, "planned")
        if row.state == "claimed"
        else Change(row.id, row.state, "ambiguous", LEASE_OVER, row.attempt_id)
        for row in connection.execute(statement)
    ]


def _change(answer: Answered, state: str, tries: int, at: datetime, *, alone: bool) -> Change:
    said = answer.reason or answer.outcome
    match answer.outcome:
        case "accepted":
            return Change(answer.message_id, state, "accepted", provider_id=answer.provider_id)
        case "rejected" if alone or tries >= HALVINGS:
            return Change(answer.message_id, state, "dead", said)
        case "rejected":
            return Change(answer.message_id, state, "planned", said, not_before=at)
        case "throttled" | "notsent" | "config":
            return Change(answer.message_id, state, "planned", said, not_before=at + _wait(answer, tries))
        case _:
            return Change(answer.message_id, state, "ambiguous", said)


def _wait(answer: Answered, tries: int) -> timedelta:
    if answer.retry_after is not None:
        return timedelta(seconds=answer.retry_after)
    first, longest = {"throttled": THROTTLED, "notsent": NOT_SENT}.get(answer.outcome, CONFIG)
    return min(first * float(2 ** min(tries, 16)), longest)


def _outcome(answers: Sequence[Answered]) -> str:
    """One word for the whole attempt: the one that binds most."""
    said = {answer.outcome for answer in answers}
    order = ("ambiguous", "accepted", "rejected", "throttled", "notsent", "config")
    return next(outcome for outcome in (*order, *said) if outcome in said)


def _finish(
    connection: Connection, attempts: Sequence[str], state: str, at: datetime, answers: Sequence[Answered] = ()
) -> None:
    status = next((answer.http_status for answer in answers if answer.http_status is not None), None)
    statement = (
        update(Attempt)
        .where(bulk.among(connection, col(Attempt.id), "ids"), col(Attempt.state).in_(("intent", "ambiguous")))
        .values(state=state, finished_at=at, http_status=status)
    )
    if attempts:
        connection.execute(statement, {"ids": bulk.listed(connection, attempts)})
