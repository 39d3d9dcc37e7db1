"""The product with a mistake in it, in one worker alone. A harness that lets one pass is worth nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from unittest import mock

from sqlalchemy import Pool, event, text
from sqlalchemy.engine import Engine

from regulars.channels.transport import Lost, Transport
from regulars.ledger import ids, outbox, receipts
from regulars.ledger.store import Ledger


def apply(name: str) -> None:
    """Make the mistake `name`; nothing for the empty name."""
    if name:
        MUTANTS[name]()


def requeue_on_lease() -> None:
    """What was being sent by a worker that never came back is planned again: at least once, as most outboxes do."""
    over = "state IN ('claimed', 'sending') AND lease_until <= :at"
    written = (
        "INSERT INTO transition (message_id, before, after, at, cause, attempt_id) "
        f"SELECT id, state, 'planned', :at, 'lease over', '' FROM message WHERE {over}"
    )
    requeued = (
        "UPDATE message SET state = 'planned', claim_token = '', attempt_id = '', lease_until = NULL, sent_at = NULL "
        f"WHERE {over}"
    )

    def release(ledger: Ledger, at: datetime, *_: Any, **__: Any) -> int:
        bound = at if ledger.dialect == "postgresql" else at.strftime("%Y-%m-%d %H:%M:%S.%f")
        with ledger.writing() as connection:
            for statement in (written, requeued):
                done = connection.execute(text(statement), {"at": bound})
        return int(done.rowcount)

    outbox.release = receipts.release = release  # type: ignore[assignment]


def intent_after_send() -> None:
    """The intent is committed when the answer is there, so that nothing is known of what left before a crash."""
    intend, record = outbox.intend_all, outbox.record_all
    begun: dict[tuple[str, ...], tuple[Any, Any]] = {}

    def later(ledger: Ledger, *arguments: Any, **named: Any) -> outbox.Intents:
        with mock.patch.object(ledger, "writing", side_effect=lambda: _undone(ledger)):
            intents = intend(ledger, *arguments, **named)
        begun[tuple(intents.requests)] = (arguments, named)
        return intents

    def first(ledger: Ledger, attempts: Any, *answers: Any, **named: Any) -> dict[str, str]:
        drawn, (arguments, options) = next((ids, how) for ids, how in begun.items() if set(ids) & set(attempts))
        one = ids.one
        left = list(drawn)
        with mock.patch.object(ids, "one", side_effect=lambda: left.pop(0) if left else one()):
            intend(ledger, *arguments, **options)
        return record(ledger, attempts, *answers, **named)

    outbox.intend_all, outbox.record_all = later, first


@contextmanager
def _undone(ledger: Ledger) -> Iterator[Any]:
    with ledger._transaction() as connection:
        yield connection
        connection.get_transaction().rollback()


def no_fencing() -> None:
    """A worker takes what it once claimed, whoever has it now."""
    intend = outbox.intend_all
    steal = "UPDATE message SET state = 'claimed', claim_token = :token WHERE id = :id"

    def stealing(ledger: Ledger, held: outbox.Claim, requests: Any, *arguments: Any, **named: Any) -> outbox.Intents:
        wanted = [one for request in requests for one in request]
        with ledger.writing() as connection:
            connection.execute(text(steal), [{"token": held.token, "id": one} for one in wanted])
        return intend(ledger, held, requests, *arguments, **named)

    outbox.intend_all = stealing


def not_durable() -> None:
    """Commits are answered before they are on the disk."""

    def off(connection: Any, *_: Any) -> None:
        if "psycopg" in type(connection).__module__:
            connection.execute("SET synchronous_commit = off")
        else:
            connection.execute("PRAGMA synchronous = OFF")

    def never_on(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> tuple[str, Any]:
        return statement.replace("synchronous_commit = on", "synchronous_commit = off"), parameters

    event.listen(Pool, "checkout", off)
    event.listen(Engine, "before_cursor_execute", never_on, retval=True)


def one_address_twice() -> None:
    """The second letter of a request goes to the first one's address."""
    post = Transport.post

    async def doubled(self: Transport, url: str, *, headers: Any, body: bytes, until: float) -> Any:
        asked = json.loads(body)
        people = asked.get("personalizations", [])
        if len(people) > 1:
            people[1]["to"] = people[0]["to"]
        return await post(self, url, headers=headers, body=json.dumps(asked).encode(), until=until)

    Transport.post = doubled


def retry_in_transport() -> None:
    """A lost answer or a 500 is asked for again, as the providers' own clients do."""
    post = Transport.post

    async def again(self: Transport, *arguments: Any, **named: Any) -> Any:
        reply = await post(self, *arguments, **named)
        lost = reply.outcome == "ambiguous" if isinstance(reply, Lost) else reply.status >= 500
        return await post(self, *arguments, **named) if lost else reply

    Transport.post = again


MUTANTS: dict[str, Callable[[], None]] = {
    mutant.__name__: mutant
    for mutant in (requeue_on_lease, intent_after_send, no_fencing, not_durable, one_address_twice, retry_in_transport)
}
