"""Variants: who gets which wording of a message, and who waits until one is known to be the best.

Everybody is drawn by a hash of campaign, message, variant and customer, keyed by the ledger's salt for arms. Each
variant has a draw of its own, and the one with the smallest weighted draw is theirs (rendezvous hashing with weights:
Schindelhauer and Schomaker 2005): a variant that is added takes people from all others alike, and moves nobody between
these.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import NamedTuple, Protocol

from regulars.campaigns import formerly
from regulars.campaigns.desk import Desk
from regulars.lang.model import Message
from regulars.ledger import trials
from regulars.ledger.trials import Kept, Tried
from regulars.people.engine import name as quoted
from regulars.people.engine import text
from regulars.people.formulas import Formula

AWHILE = timedelta(minutes=1)


class Ruling(NamedTuple):
    """What can be said of a trial whose time has come."""

    winner: str
    """The variant that is known to be better than every other one; empty where none is."""
    sentence: str
    """Why, with the figures."""


class Decide(Protocol):
    """What tells whether one of some variants is better than the others. Statistics are not of this layer."""

    def __call__(self, tried: Mapping[str, Tried], did: str) -> Ruling:
        """The ruling on what was `tried`, the first variant first; `did` says in a word what it is judged by."""


def shares(message: Message) -> dict[str, float]:
    """Variant → the share of people who are drawn for it; together 1."""
    said = {str(name): one.share.fraction for name, one in message.variants.items() if one.share is not None}
    silent = len(message.variants) - len(said)
    rest = (1 - sum(said.values())) / silent if silent else 0.0
    return {str(name): said.get(str(name), rest) for name in message.variants}


@dataclass(frozen=True)
class Wordings:
    """The variants of one message of a campaign at one moment, as SQL over a snapshot."""

    desk: Desk
    campaign: str
    message: Message
    at: datetime

    @cached_property
    def trial(self) -> Kept | None:
        """The test of these variants; None where there is none, or it has not begun."""
        if self.message.test is None:
            return None
        names = list(dict.fromkeys(self.desk.names_of(self.campaign)))
        return trials.found(self.desk.ledger, names, str(self.message.name), map(str, self.message.variants))

    @property
    def over(self) -> datetime | None:
        """When the test is over for those who wait, as of now; None where there is none, or nobody waits any more."""
        test, trial = self.message.test, self.trial
        if test is None or (trial is not None and trial.ended_at is not None):
            return None
        return (trial.started_at if trial is not None else self.at) + test.length.delta

    @property
    def same_for_all(self) -> str | None:
        """The variant that everybody gets from now on, because a test has been settled; None where all are drawn."""
        test, trial = self.message.test, self.trial
        if test is None or trial is None or trial.ended_at is None:
            return None
        if trial.winner:
            return trial.winner
        return str(next(iter(self.message.variants))) if test.unclear == "first" else None

    @property
    def variant(self) -> str:
        """SQL of the variant each person gets; an empty text where there is one wording alone."""
        if not self.message.variants:
            return "''"
        if (same := self.same_for_all) is not None:
            return text(same)
        draws = [
            f"{{'draw': -ln(greatest({self._drawn(name)}, 1e-16)) / {share!r}, 'variant': {text(name)}}}"
            for name, share in shares(self.message).items()
            if share > 0
        ]
        return f"list_sort([{', '.join(draws)}])[1].variant"

    def said(self, of: Mapping[str, str]) -> str:
        """SQL of what differs by variant: `of` gives the SQL for each."""
        different = dict.fromkeys(of.values())
        if len(different) < 2:
            return next(iter(different))
        arms = " ".join(f"when {text(variant)} then {sql}" for variant, sql in of.items())
        return f"case {self.variant} {arms} end"

    @property
    def waits(self) -> str:
        """SQL: whether somebody waits for the end of the test; of a first message, whether they still have to."""
        return "false" if self.over is None else f"not ({self.among})"

    @property
    def among(self) -> str:
        """SQL: whether a test is tried on them."""
        test = self.message.test
        if test is None:
            return "true"
        if test.condition is None:
            fraction = test.share.fraction if test.share is not None else 0.0
            return f"{self._drawn('test', what='test')} < {fraction!r}"
        row = self.desk.campaign(self.campaign).row
        tree = self.desk.condition(test.condition, row).tree
        return f"coalesce({Formula(self.desk.day(self.at), {})(tree)}, false)"

    def due(self, own: str, among: str, zone: str) -> str:
        """SQL of when the message is due that would be due at `own`: for who waits, not before the test is over.

        Where nobody was tried so far, each waits as long as the test takes. `among` and `zone` are SQL.
        """
        test, trial = self.message.test, self.trial
        if test is None:
            return own
        if trial is None:
            from regulars.campaigns.local_time import later

            waited = later(own, test.length, zone)
        else:
            # While nobody has settled what is over, everybody goes on waiting.
            over = trial.ended_at or max(trial.started_at + test.length.delta, self.at + AWHILE)
            waited = f"greatest({own}, timestamptz {text(over.isoformat())})"
        return f"case when {own} is null or {among} then {own} else {waited} end"

    def _drawn(self, name: str, what: str = "variant") -> str:
        """SQL: a share from 0 to 1, another one for each name."""
        salt, campaign = self.desk.ledger.salt("arms"), formerly.drawn_as(self.desk, self.campaign)
        customer = quoted(str(self.desk.rules.source.customer.id))
        key = text(f"{salt}|{what} {campaign} {self.message.name} {name}|")
        return f"hash_share({key} || cast({customer} as varchar))"


def nobody_answers(tried: Mapping[str, Tried], did: str) -> Ruling:  # noqa: ARG001  # as `Decide` has it
    """The ruling of a simulation: nobody reads what is sent there, so nothing can be better."""
    return Ruling("", f"Nobody {did}: it was a simulation.")


def settle(desk: Desk, campaign: str, at: datetime, decide: Decide) -> None:
    """Settle the tests of a campaign whose time has come at `at`. Whoever comes second finds them settled."""
    for message in desk.campaign(campaign).messages:
        _settle(desk, campaign, message, at, decide)


def _settle(desk: Desk, campaign: str, message: Message, at: datetime, decide: Decide) -> None:
    test, trial = message.test, Wordings(desk, campaign, message, at).trial
    if test is None or trial is None or trial.ended_at is not None:
        return
    over = trial.started_at + test.length.delta
    if over > at:
        return
    name, variants, clicks = str(message.name), [str(one) for one in message.variants], test.by == "clicks"
    tried = trials.tried(desk.ledger, campaign, name, variants, trial.started_at, by_clicks=clicks)
    ruling = decide(tried, "clicked" if clicks else "converted")
    with desk.ledger.writing() as connection:
        trials.settle(connection, campaign, name, tried, over, ruling.winner, ruling.sentence)
