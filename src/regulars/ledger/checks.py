"""What must always hold in a ledger, looked up: `regulars doctor --ledger`, and every test that breaks something.

The numbers are those of the invariants that the promise about sending rests on. What only the provider knows (that it
got each message once, I2, and that our books agree with its own, I4) is checked as far as its events tell.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, inspect, text

from regulars.ledger.columns import Moment
from regulars.ledger.events import RANKS
from regulars.ledger.store import Ledger
from regulars.ledger.tables import STATES

SHOWN = 5
"""So many ids are named of each kind of violation."""
LEASE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Violation:
    """Something that must not be."""

    invariant: str
    """`I1` … `I9`."""
    sentence: str
    number: int
    """How many rows it is true of."""
    ids: tuple[str, ...]
    """Some of them: ids of messages, or names."""

    def __str__(self) -> str:
        return (
            f"{self.invariant}  {self.number:,} {self.sentence} ({', '.join(self.ids)}{' …' * (self.number > SHOWN)})"
        )


def violations(ledger: Ledger, *, lease: timedelta = LEASE) -> list[Violation]:
    """Everything in `ledger` that must not be; empty where it is sound. Reads all of it: minutes for a large one."""
    present = ledger.present()
    with ledger.reading() as connection:
        found = [*_asked(connection, present - 2 * lease)]
        found += _schema(connection)
    return sorted(found, key=lambda one: one.invariant)


def _asked(connection: Connection, over: datetime) -> Iterator[Violation]:
    for invariant, sentence, statement in QUESTIONS:
        asked = text(statement)
        if ":over" in statement:
            asked = asked.bindparams(bindparam("over", over, type_=Moment()))
        rows = connection.execute(asked).all()
        if rows:
            yield Violation(invariant, sentence, len(rows), tuple(str(row[0]) for row in rows[:SHOWN]))


def _schema(connection: Connection) -> Iterator[Violation]:
    """I9 stands on unique keys: they must be there."""
    looked = inspect(connection)
    for table, key in (("enrolment", ["campaign", "customer_id", "occasion"]), ("message", ["enrolment_id", "name"])):
        if key not in [one["column_names"] for one in looked.get_unique_constraints(table)]:
            yield Violation("I9", "unique keys are missing", 1, (table,))


def _rank(column: str) -> str:
    cases = " ".join(f"WHEN '{state}' THEN {rank}" for state, rank in RANKS.items())
    return f"CASE {column} {cases} END"


def _texts(values: tuple[str, ...]) -> str:
    return ", ".join(f"'{value}'" for value in values)


# In doubt and out of it again: what was ambiguous may be proven unsent, and `unsent` may be planned again.
_LAST = "SELECT max(id) FROM transition AS later WHERE later.message_id = message.id"
QUESTIONS: tuple[tuple[str, str, str], ...] = (
    (
        "I1",
        "messages have more than one attempt that may have sent them",
        """SELECT message_id FROM transition GROUP BY message_id
           HAVING sum(CASE WHEN after = 'sending' THEN 1 ELSE 0 END)
                - sum(CASE WHEN before IN ('sending', 'ambiguous') AND after IN ('planned', 'unsent')
                           THEN 1 ELSE 0 END) > 1""",
    ),
    (
        "I2",
        "messages were taken by the provider from more than one attempt",
        """SELECT message_id FROM event WHERE attempt_id <> '' AND kind <> 'dropped'
           GROUP BY message_id HAVING count(DISTINCT attempt_id) > 1""",
    ),
    (
        "I3",
        "messages are held although the lease is long over",
        "SELECT id FROM message WHERE state IN ('claimed', 'sending') AND lease_until < :over",
    ),
    ("I3", "messages are in no known state", f"SELECT id FROM message WHERE state NOT IN ({_texts(STATES)})"),
    (
        "I4",
        "messages count as sent without an intent, or word of the provider",
        """SELECT id FROM message WHERE state IN ('accepted', 'delivered', 'opened', 'clicked', 'bounced')
           AND NOT EXISTS (SELECT 1 FROM transition WHERE message_id = message.id AND after = 'sending')
           AND NOT EXISTS (SELECT 1 FROM event WHERE message_id = message.id)
           AND NOT EXISTS (SELECT 1 FROM transition WHERE message_id = message.id AND before IN ('claimed', 'ambiguous')
                           AND after = 'accepted')""",
    ),
    (
        "I5",
        "messages are in doubt although their attempt is not",
        """SELECT message.id FROM message JOIN attempt ON attempt.id = message.attempt_id
           WHERE message.state = 'ambiguous' AND attempt.state <> 'ambiguous'""",
    ),
    (
        "I6",
        "messages were about to be sent to an address after it was suppressed",
        """SELECT message.id FROM suppression
           JOIN message ON message.address_hash = suppression.address_hash AND message.channel = suppression.channel
           JOIN transition ON transition.message_id = message.id
           WHERE transition.after = 'sending' AND transition.id > suppression.after_transition""",
    ),
    (
        "I7",
        "messages went back in rank",
        f"""SELECT message_id FROM transition WHERE before NOT IN ('sending', 'ambiguous', 'unsent')
            AND {_rank("after")} < {_rank("before")}""",
    ),
    (
        "I8",
        "messages are not in the state that their transitions lead to",
        f"""SELECT message.id FROM message LEFT JOIN transition ON transition.id = ({_LAST})
            WHERE coalesce(transition.after, 'planned') <> message.state""",
    ),
    (
        "I8",
        "messages have transitions that do not follow each other",
        """SELECT message_id FROM (
             SELECT message_id, before, lag(after) OVER (PARTITION BY message_id ORDER BY id) AS earlier
             FROM transition) AS one
           WHERE before <> coalesce(earlier, 'planned')""",
    ),
    (
        "I9",
        "entries have one message twice",
        """SELECT min(message.id) FROM message JOIN enrolment ON enrolment.id = message.enrolment_id
           GROUP BY enrolment.campaign, enrolment.customer_id, enrolment.occasion, message.name HAVING count(*) > 1""",
    ),
)
"""Invariant, what the rows are that are found, and how they are found."""
