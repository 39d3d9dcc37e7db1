"""What customers answered to the surveys of messages: recorded from the pages, read in bulk for rules and campaigns.

One row for each message and question: who changes their mind replaces what they said. An answer that a mail scanner
gave (`machine`) stays beside, and counts nowhere.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import pyarrow as pa
from sqlalchemy import Boolean, Connection, bindparam, func, select, text, update
from sqlalchemy.orm import Mapped
from sqlmodel import col

from regulars.ledger import bulk, forgotten, ids
from regulars.ledger.columns import Moment
from regulars.ledger.crossing import MOMENT
from regulars.ledger.store import Ledger
from regulars.ledger.tables import SENT, Answer, Message

LATEST = pa.schema(
    [
        ("customer_id", pa.string()),
        ("nps", pa.int64()),
        ("nps_at", MOMENT),
        ("csat", pa.int64()),
        ("csat_at", MOMENT),
        ("cli", pa.float64()),
        ("cli_at", MOMENT),
        ("last_answer", pa.float64()),
        ("last_answer_at", MOMENT),
    ]
)
OF_ENTRIES = pa.schema(
    [
        ("enrolment_id", pa.string()),
        ("asked_state", pa.string()),
        ("asked_at", MOMENT),
        ("answer", pa.float64()),
        ("answered_at", MOMENT),
    ]
)

# All questions of a message together are one answer: their mean, as old as the newest of them.
_LATEST = """
WITH given AS (
    SELECT customer_id, survey, message_id, avg(CAST(score AS double precision)) AS score, max(at) AS at
    FROM answer WHERE NOT machine AND at < :until
    GROUP BY customer_id, survey, message_id
), ranked AS (
    SELECT customer_id, survey, score, at,
           row_number() OVER (PARTITION BY customer_id, survey ORDER BY at DESC, message_id DESC) AS of_survey,
           row_number() OVER (PARTITION BY customer_id ORDER BY at DESC, message_id DESC) AS of_all
    FROM given
)
SELECT customer_id,
       CAST(max(CASE WHEN survey = 'nps' THEN score END) AS INTEGER), max(CASE WHEN survey = 'nps' THEN at END),
       CAST(max(CASE WHEN survey = 'csat' THEN score END) AS INTEGER), max(CASE WHEN survey = 'csat' THEN at END),
       max(CASE WHEN survey = 'cli' THEN score END), max(CASE WHEN survey = 'cli' THEN at END),
       max(CASE WHEN of_all = 1 THEN score END), max(at)
FROM ranked WHERE of_survey = 1
GROUP BY customer_id
"""

_OF_ENTRIES = """
SELECT message.enrolment_id, message.state, message.due_at,
       avg(CAST(answer.score AS double precision)), max(answer.at)
FROM message JOIN enrolment ON enrolment.id = message.enrolment_id
LEFT JOIN answer ON answer.message_id = message.id AND NOT answer.machine AND answer.at <= :until
WHERE enrolment.campaign IN (:campaign, :former) AND enrolment.ended_at IS NULL AND message.name = :name
GROUP BY message.enrolment_id, message.id, message.state, message.due_at
"""


_UNTOLD = """
SELECT answer.message_id, min(answer.survey), answer.enrolment_id, answer.customer_id, enrolment.occasion,
       enrolment.row_ids, avg(CAST(answer.score AS double precision)), max(answer.at), max(answer.comment)
FROM answer JOIN enrolment ON enrolment.id = answer.enrolment_id
JOIN message ON message.id = answer.message_id
WHERE answer.at > :since AND answer.campaign IN (:campaign, :former) AND NOT answer.machine AND message.name = :name
GROUP BY answer.message_id, answer.enrolment_id, answer.customer_id, enrolment.occasion, enrolment.row_ids
HAVING max(answer.{way}) = '' AND max(answer.at) <= :until
"""
UNTOLD = pa.schema(
    [
        ("message_id", pa.string()),
        ("survey", pa.string()),
        ("enrolment_id", pa.string()),
        ("customer_id", pa.string()),
        ("occasion", pa.string()),
        ("row_ids", pa.string()),
        ("answer", pa.float64()),
        ("at", MOMENT),
        ("comment", pa.string()),
    ]
)
Way = Literal["told", "told_webhook"]
"""How the shop hears of an answer, by the column that says what became of it: by e-mail, or by webhook."""
UNWANTED = "no"
"""In such a column: nobody wants to hear of this answer, unless it changes."""

_REPLIES = {
    "answer": "SELECT enrolment_id, 'answer', min(at) FROM answer WHERE NOT machine GROUP BY enrolment_id",
    "click": """SELECT message.enrolment_id, 'click', min(event.at)
                FROM event JOIN message ON message.id = event.message_id
                WHERE event.kind = 'clicked' AND NOT event.machine AND event.verdict <> 'unjudged'
                GROUP BY message.enrolment_id""",
}
REPLIES = pa.schema([("enrolment_id", pa.string()), ("of", pa.string()), ("at", MOMENT)])

_COLUMNS = (
    "id", "customer_id", "campaign", "enrolment_id", "message_id", "survey", "question", "score", "comment", "at",
    "machine", "told", "told_webhook",
)  # fmt: skip
_REPLACE = text(
    f"""INSERT INTO answer ({", ".join(_COLUMNS)}) VALUES ({", ".join(f":{one}" for one in _COLUMNS)})
        ON CONFLICT (message_id, question) DO UPDATE SET survey = excluded.survey, score = excluded.score,
          comment = excluded.comment, at = excluded.at, machine = excluded.machine,
          told = CASE answer.told WHEN '{UNWANTED}' THEN '' ELSE answer.told END,
          told_webhook = CASE answer.told_webhook WHEN '{UNWANTED}' THEN '' ELSE answer.told_webhook END"""
).bindparams(bindparam("at", type_=Moment()), bindparam("machine", type_=Boolean()))


_ANSWERED = select(col(Answer.message_id)).where(~col(Answer.machine)).distinct().subquery()


@dataclass(frozen=True, slots=True)
class Usual:
    """How people have answered."""

    asked: int
    """Messages with a question that went out."""
    share: float
    """Of these, those that were answered."""
    given: Mapping[tuple[str, str], dict[int, int]]
    """Survey and question → score → answers."""


@dataclass(frozen=True, slots=True)
class Said:
    """One answer to one question, as it stands."""

    score: int
    comment: str
    at: datetime
    machine: bool


def latest(ledger: Ledger, until: datetime) -> pa.Table:
    """The newest answers of every customer who gave one before `until`: columns of `LATEST`.

    `nps` and `csat` are scores; `cli` the mean of those of its three questions that were answered; `last_answer` is
    the newest of all, on the scale of its survey. Null where a survey was not answered.
    """
    return ledger.arrow(_LATEST, {"until": until}, schema=LATEST)


def of_entries(ledger: Ledger, campaign: str, former: str, name: str, until: datetime) -> pa.Table:
    """What running entries of a campaign answered to its message `name` up to `until`: columns of `OF_ENTRIES`.

    `asked_state` and `asked_at` are the message's state and when it was due; `answer` the score, or the mean of
    several questions, null without an answer.
    """
    asked = {"campaign": campaign, "former": former, "name": name, "until": until}
    return ledger.arrow(_OF_ENTRIES, asked, schema=OF_ENTRIES)


def usual(ledger: Ledger, asking: Collection[tuple[str, str]], until: datetime) -> Usual:
    """How people answered the messages `asking` (campaign, name) that went out before `until`; scores of everybody."""
    numbers = select(col(Message.campaign), col(Message.name), func.count(), func.count(col(_ANSWERED.c.message_id)))
    numbers = numbers.outerjoin(_ANSWERED, _ANSWERED.c.message_id == col(Message.id))
    numbers = numbers.where(col(Message.state).in_(SENT), col(Message.sent_at) < until)
    scores = select(col(Answer.survey), col(Answer.question), col(Answer.score), func.count())
    scores = scores.where(~col(Answer.machine)).group_by("survey", "question", "score")
    with ledger.reading() as connection:
        counted = connection.execute(numbers.group_by(col(Message.campaign), col(Message.name))).all()
        spread = connection.execute(scores).all()
    sent = sum(row[2] for row in counted if (row[0], row[1]) in asking)
    answers = sum(row[3] for row in counted if (row[0], row[1]) in asking)
    given: dict[tuple[str, str], dict[int, int]] = {}
    for survey, question, score, number in spread:
        given.setdefault((survey, question), {})[score] = number
    return Usual(sent, answers / sent if sent else 0.0, given)


def asked(connection: Connection, message_id: str) -> str:
    """The survey of a message, as it was sent; empty where it asks nothing, or there is no such message."""
    context = connection.execute(select(col(Message.context)).where(col(Message.id) == message_id)).scalar()
    survey = json.loads(context or "{}").get("survey", "")
    return survey if isinstance(survey, str) else ""


def given(connection: Connection, message_id: str) -> dict[str, Said]:
    """Question → what was answered to it in this message; scanners' answers too."""
    own = (Answer.question, Answer.score, Answer.comment, Answer.at, Answer.machine)
    found = connection.execute(select(*(col(one) for one in own)).where(col(Answer.message_id) == message_id))
    return {question: Said(*rest) for question, *rest in found}


def record(
    connection: Connection,
    message_id: str,
    survey: str,
    scores: Mapping[str, int],
    at: datetime,
    *,
    comment: str | None = None,
    machine: bool = False,
) -> None:
    """Write down `scores` (question → score) given to a message, in the place of what was said to them before.

    `comment` stands beside the first question; None leaves the one there is. Nothing happens where the ledger does not
    know the message.
    """
    own = (Message.customer_id, Message.campaign, Message.enrolment_id)
    asked = connection.execute(select(*(col(one) for one in own)).where(col(Message.id) == message_id)).first()
    if asked is None or asked.customer_id.startswith(forgotten.PSEUDONYM):
        return
    before = given(connection, message_id)
    rows = []
    for place, (question, score) in enumerate(scores.items()):
        kept = before[question].comment if question in before else ""
        rows.append(
            {
                "id": ids.one(), "message_id": message_id, "survey": survey, "question": question, "score": score,
                "comment": kept if comment is None or place else comment, "at": at, "machine": machine,
                "told": "", "told_webhook": "",
                **dict(zip(("customer_id", "campaign", "enrolment_id"), asked, strict=True)),
            }
        )  # fmt: skip
    if rows:
        connection.execute(_REPLACE, rows)


def replies(ledger: Ledger, of: Iterable[str]) -> pa.Table:
    """When each entry first answered (`answer`) or clicked (`click`), as far as these are asked `of`: `REPLIES`."""
    asked = [_REPLIES[one] for one in sorted(of)]
    return ledger.arrow(" UNION ALL ".join(asked), schema=REPLIES) if asked else REPLIES.empty_table()


def untold(
    ledger: Ledger, way: Way, campaign: str, former: str, name: str, since: datetime, until: datetime
) -> pa.Table:
    """Answers to the message `name` of a campaign that the shop has not heard of in this `way`: columns of `UNTOLD`.

    Those given after `since` whose last word is not after `until`.
    """
    asked = {"campaign": campaign, "former": former, "name": name, "since": since, "until": until}
    return ledger.arrow(_UNTOLD.format(way=way), asked, schema=UNTOLD)


def perhaps_untold(ledger: Ledger, way: Way, before: datetime) -> list[str]:
    """Customers whose answer, from before that moment, was to be told so, and may not have reached whom it was for."""
    left = _column(way).in_(("intent", "ambiguous", "rejected")), col(Answer.at) < before
    with ledger.reading() as connection:
        return list(connection.execute(select(col(Answer.customer_id)).where(*left).distinct()).scalars())


def settle(connection: Connection, way: Way, message_ids: Sequence[str], before: str, after: str) -> set[str]:
    """Put `after` in the place of `before` in the column `way` of these answers; the messages where it stood so."""
    told = _column(way)
    statement = (
        update(Answer)
        .where(bulk.among(connection, col(Answer.message_id), "ids"), told == before)
        .values({told: after})
        .returning(col(Answer.message_id))
    )
    return set(connection.execute(statement, {"ids": bulk.listed(connection, list(message_ids))}).scalars())


def _column(way: Way) -> Mapped[str]:
    return col(Answer.told if way == "told" else Answer.told_webhook)
