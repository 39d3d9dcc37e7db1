"""Answers in a simulation: invented, at a rate and with scores that are declared, and the same in every simulation.

Where the shop has asked enough people, both are those of its own ledger, which is only read. Nobody redeems a code: a
redemption is an order, and one that nobody placed would stand in everybody's traits and in every sum.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal, TypedDict

import pyarrow as pa

from regulars.campaigns.desk import Desk
from regulars.lang.project import Project
from regulars.lang.surveys import PATIENCE_DAYS, SCALES
from regulars.ledger import answered, rehearsed
from regulars.settings import Settings

RATE = 0.2
"""The share of the asked who answer, where neither anybody nor the shop's history says another."""
ENOUGH = 50
"""So many were asked, or answered, and history is believed."""

Source = Literal["asked", "history", "assumed"]
"""Who says so: whoever simulates, the shop's ledger, or nobody."""
_SCORES = pa.schema(
    [("survey", pa.string()), ("question", pa.string()), ("score", pa.int64()), ("low", pa.float64()),
     ("high", pa.float64())]
)  # fmt: skip


class Answering(TypedDict):
    """What a simulation assumed of answers."""

    rate: float
    rate_of: Source
    scores_of: dict[str, Source]
    """Survey → where its scores come from; empty where no live campaign asks anything."""


@dataclass(frozen=True)
class Habits:
    """How people answer. `scores` has for each survey and question the share of draws (low to high) of each score."""

    told: Answering
    asks: pa.Table
    """campaign, name, survey, question (texts) of what live campaigns ask."""
    scores: pa.Table

    def answer(self, desk: Desk, since: datetime, until: datetime) -> int:
        """Answer, an hour after each was sent, the questions that went out after `since` and up to `until`.

        How many questions were answered. Who answers what is drawn by their id, the message and its day.
        """
        if not self.asks.num_rows:
            return 0
        sent = rehearsed.sent(desk.ledger, since, until)
        drawn = desk.arrow(
            """with asked as (
                 select s.*, a.survey, a.question,
                        concat_ws('|', s.campaign, s.name, s.customer_id, s.local_day) as draw
                 from sent s join asks a using (campaign, name)
               )
               select d.id as message_id, d.customer_id, d.campaign, d.enrolment_id, d.survey, d.question, c.score,
                      d.sent_at + interval 1 hour as "at"
               from asked d join scores c on c.survey = d.survey and c.question = d.question
                and hash_share('score|' || d.question || '|' || d.draw) >= c.low
                and hash_share('score|' || d.question || '|' || d.draw) < c.high
               where hash_share('answers|' || d.draw) < (select rate from rates)
               order by d.customer_id, d.id, d.question""",
            sent=sent,
            asks=self.asks,
            scores=self.scores,
            rates=pa.table({"rate": [self.told["rate"]]}),
        )
        return rehearsed.answer(desk.ledger, drawn)


def habits(root: Path, project: Project, rate: float | None, at: datetime) -> Habits:
    """How people are to answer what the live campaigns of `project`, which lies in `root`, ask; history as of `at`.

    `rate` is what whoever simulates says (0 to 1), None: as history has it. The ledger is read where anything asks.
    """
    asks = [
        {"campaign": name, "name": str(message.name), "survey": str(message.survey), "question": question}
        for name, campaign in project.campaigns.items()
        if campaign.status == "live"
        for message in campaign.messages
        if message.survey is not None
        for question in SCALES[message.survey].questions
    ]
    columns = ("campaign", "name", "survey", "question")
    table = pa.Table.from_pylist(asks, pa.schema([(one, pa.string()) for one in columns]))
    if not asks:
        return Habits({"rate": RATE if rate is None else rate, "rate_of": "assumed", "scores_of": {}}, table, _none())
    known = _history(root, table, at)
    own = known.share if known.asked >= ENOUGH else None
    told: Answering = {
        "rate": rate if rate is not None else RATE if own is None else own,
        "rate_of": "asked" if rate is not None else "assumed" if own is None else "history",
        "scores_of": {},
    }
    rows: list[dict[str, object]] = []
    for survey in dict.fromkeys(str(one["survey"]) for one in asks):
        given = {q: known.given.get((survey, q), {}) for q in SCALES[survey].questions}
        believed = all(sum(one.values()) >= ENOUGH for one in given.values())
        told["scores_of"][survey] = "history" if believed else "assumed"
        for question, counts in given.items():
            rows += _shares(survey, question, counts if believed else dict.fromkeys(SCALES[survey].scores, 1))
    return Habits(told, table, pa.Table.from_pylist(rows, _SCORES))


def _none() -> pa.Table:
    return _SCORES.empty_table()


def _history(root: Path, asks: pa.Table, at: datetime) -> answered.Usual:
    from regulars.ledger.store import Ledger

    ledger = Ledger.look(Settings.of(root).ledger, root / ".regulars")
    pairs = {(row["campaign"], row["name"]) for row in asks.to_pylist()}
    return answered.usual(ledger, pairs, at - timedelta(days=PATIENCE_DAYS))


def _shares(survey: str, question: str, counts: dict[int, int]) -> list[dict[str, object]]:
    """The stretch from 0 to 1 of each score, the worst first."""
    rows: list[dict[str, object]] = []
    total, before = sum(counts.values()), 0
    for score, number in sorted(counts.items()):
        low, high = before / total, (before + number) / total
        rows.append({"survey": survey, "question": question, "score": score, "low": low, "high": high})
        before += number
    return rows
