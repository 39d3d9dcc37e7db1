"""What became of an attempt: what the provider answered, or that nobody came back to say."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import ColumnElement, Connection, Integer, String, literal_column, select, update
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
    """`record_all` for one attempt. `alone`: each message was alone in its request, whatever the attempt says."""
    return record_all(ledger, {attempt_id: answers}, at, alone=alone)


def record_all(
    ledger: Ledger,
    attempts: Mapping[str, Sequence[Answered]],
    at: datetime,
    *,
    alone: bool | None = None,
    also: Also | None = None,
) -> dict[str, str]:
    """Write down what the provider answered to each attempt; the new state of each message that was still theirs.

    A refused message that was alone in its request is `dead`; of several all are planned again, to travel in half the
    company, and one that the provider pointed at alone. `also` is called in the same transaction with those states.
    """
    attempts = {attempt_id: answers for attempt_id, answers in attempts.items() if answers}
    if not attempts:
        return {}
    with ledger.writing() as connection:
        held = _of_attempts(connection, list(attempts))
        changes = [
            replace(_change(answer, held[answer.message_id], at, alone=alone), attempt_id=attempt_id)
            for attempt_id, answers in attempts.items()
            for answer in answers
            if answer.message_id in held and held[answer.message_id].attempt_id == attempt_id
        ]
        moves.leave(connection, changes, at, "answer")
        _finish_all(connection, attempts, at)
        states = {change.message_id: change.after for change in changes}
        if also:
            also(connection, states)
    return states


Also = Callable[[Connection, Mapping[str, str]], None]
"""What else is to be written with the new states (message id → state)."""


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
            _give_up(connection, sorted(attempts), at)
        released += len(changes)
        if len(changes) < CHUNK:
            return released


@dataclass(frozen=True, slots=True)
class _Held:
    """A message of an attempt, as it is found."""

    attempt_id: str
    state: str
    tries: int
    company: int
    """How many messages its request carried."""


def _of_attempts(connection: Connection, attempt_ids: Sequence[str]) -> dict[str, _Held]:
    statement = (
        select(col(Message.id), col(Message.attempt_id), col(Message.state), col(Message.tries), col(Attempt.messages))
        .join(Attempt, col(Attempt.id) == col(Message.attempt_id))
        .where(
            bulk.among(connection, col(Message.attempt_id), "ids"),
            col(Message.attempt_id) != literal_column("''"),
            col(Message.state).in_(("sending", "ambiguous")),
        )
        .order_by(col(Message.id))
        .with_for_update(of=Message)
    )
    found = connection.execute(statement, {"ids": bulk.listed(connection, list(attempt_ids))})
    return {row[0]: _Held(*row[1:]) for row in found}


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


def _change(answer: Answered, held: _Held, at: datetime, *, alone: bool | None) -> Change:
    said = answer.reason or answer.outcome
    alone = held.company == 1 if alone is None else alone
    match answer.outcome:
        case "accepted":
            return Change(answer.message_id, held.state, "accepted", provider_id=answer.provider_id)
        case "rejected" if alone:
            return Change(answer.message_id, held.state, "dead", said)
        case "rejected":
            company = 1 if getattr(answer, "blamed", False) else -(-held.company // 2)
            return Change(answer.message_id, held.state, "planned", said, not_before=at, company=company)
        case "throttled" | "notsent" | "config":
            wait = _wait(answer, held.tries)
            return Change(answer.message_id, held.state, "planned", said, not_before=at + wait)
        case _:
            return Change(answer.message_id, held.state, "ambiguous", said)


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


def _finish_all(connection: Connection, attempts: Mapping[str, Sequence[Answered]], at: datetime) -> None:
    """Close each attempt with one word and the HTTP status of its answers."""
    said = bulk.rowset(connection, "said", {"id": String(), "state": String(), "status": Integer()})
    statement = (
        update(Attempt)
        .where(col(Attempt.id) == said.c.id, col(Attempt.state).in_(("intent", "ambiguous")))
        .values(state=said.c.state, finished_at=at, http_status=said.c.status)
    )
    rows = [
        {
            "id": attempt_id,
            "state": _outcome(answers),
            "status": next((answer.http_status for answer in answers if answer.http_status is not None), None),
        }
        for attempt_id, answers in attempts.items()
    ]
    connection.execute(statement, {"said": bulk.json_of(connection, rows)})


def _give_up(connection: Connection, attempts: Sequence[str], at: datetime) -> None:
    """Nobody came back to say what became of these attempts."""
    statement = (
        update(Attempt)
        .where(bulk.among(connection, col(Attempt.id), "ids"), col(Attempt.state).in_(("intent", "ambiguous")))
        .values(state="ambiguous", finished_at=at)
    )
    if attempts:
        connection.execute(statement, {"ids": bulk.listed(connection, attempts)})
