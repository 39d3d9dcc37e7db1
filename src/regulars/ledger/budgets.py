"""Budgets: how much offers may give away, kept under any number of runs at once.

There is a row for each budget and period. Whoever gives codes holds the rows of all budgets that concern them, in one
order, from before they look until their transaction is over: nobody gives on the strength of a sum that another is
about to change. The row is a sum that is kept; the codes say what it is the sum of (`code.expected`, `code.at_most`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import BigInteger, ColumnElement, Connection, and_, case, cast, exists, func, or_, select, text, update
from sqlmodel import col

from regulars.ledger import bulk
from regulars.ledger.tables import Budget, Code, Message, Redemption

Kind = Literal["discount", "redeemed"]
COLUMNS: dict[Kind, str] = {"discount": "expected", "redeemed": "at_most"}
"""Kind of budget → the column of a code that it adds up."""
SHOP = "shop"
NEVER = ("suppressed", "expired", "skipped", "dead", "dropped")
"""States in which a message has not gone and never will: nobody knows its code."""
WITHHELD = "budget"
"""Why somebody is not sent a message: what it gives does not fit into a budget any more."""
_ROW = "INSERT INTO budget (scope, kind, period, counted) VALUES (:scope, :kind, :period, 0) ON CONFLICT DO NOTHING"
GRACE = timedelta(days=2)
"""An order may reach us so much later than it was placed: only then an unused code is given back."""


@dataclass(frozen=True)
class Limit:
    """One budget in one of its periods. Money in hundredths of the shop's currency."""

    scope: str
    """`campaign NAME` or `shop`."""
    kind: Kind
    period: str
    begins: datetime | None
    """The first moment of the period; None: there is none."""
    amount: int
    campaigns: tuple[str, ...] = ()
    """Whose codes it counts; none: everybody's."""

    @property
    def key(self) -> tuple[str, str, str]:
        """Its row. Everybody holds several rows in the order of their keys."""
        return self.scope, self.kind, self.period

    def codes(self) -> ColumnElement[bool]:
        """Which codes were given in its period."""
        tests: list[ColumnElement[bool]] = [col(Code.issued_at) >= self.begins] if self.begins is not None else []
        if self.campaigns:
            tests.append(col(Code.campaign).in_(self.campaigns))
        return and_(col(Code.code) != "", *tests)


@dataclass(frozen=True)
class Rate:
    """What a code is counted as that was given before any budget was: see `campaigns.budgets.worth`."""

    average_order: float
    """In the shop's currency."""
    share: float
    """Of the codes that are used, from 0 to 1."""


def hold(connection: Connection, limits: Sequence[Limit], rate: Callable[[], Rate]) -> dict[Limit, int]:
    """Take the rows of `limits` for the rest of this transaction; how much each has counted.

    A row that is not there yet begins with the codes that were given in its period before, counted by `rate`.
    """
    counted = {}
    for limit in sorted(limits, key=lambda one: one.key):
        names = dict(zip(("scope", "kind", "period"), limit.key, strict=True))
        new = connection.execute(text(_ROW), names).rowcount
        found = connection.execute(select(col(Budget.counted)).where(*_row(limit)).with_for_update()).scalar_one()
        counted[limit] = _begin(connection, limit, rate()) if new else int(found)
    return counted


def all_fit(counted: dict[Limit, int], worth: pa.Table) -> bool:
    """Whether there is enough for everybody in `worth` (see `fitting`)."""
    return all((pc.sum(worth[COLUMNS[one.kind]]).as_py() or 0) <= one.amount - used for one, used in counted.items())


def fitting(counted: dict[Limit, int], worth: pa.Table) -> pa.Array:
    """Who fits: bools, a row for each of `worth` (columns `expected` and `at_most`, hundredths, in order of people).

    Those before take theirs first, and from the first one who does not fit on nobody gets any.
    """
    fits = pa.array([True] * worth.num_rows, pa.bool_())
    for limit, used in counted.items():
        asked = pc.cumulative_sum(worth[COLUMNS[limit.kind]].cast(pa.int64()))
        # Who is given nothing is nobody's expense.
        within = pc.or_(pc.less_equal(asked, max(limit.amount - used, 0)), pc.equal(worth["at_most"], 0))
        fits = pc.and_(fits, within)
    return fits.combine_chunks() if isinstance(fits, pa.ChunkedArray) else fits


def count(connection: Connection, limits: Sequence[Limit], given: pa.Table) -> None:
    """Count the codes `given` (columns `expected` and `at_most`) in the rows that this transaction holds."""
    for limit in limits if given.num_rows else ():
        more = pc.sum(given[COLUMNS[limit.kind]]).as_py() or 0
        connection.execute(update(Budget).where(*_row(limit)).values(counted=col(Budget.counted) + more))


def settle(connection: Connection, limits: Sequence[Limit], rate: Rate, at: datetime) -> None:
    """Give back what is not going to be used, count what orders took off, and add the rows up anew.

    Codes that somebody else is writing to at this moment stay for the next time.
    """
    hold(connection, limits, lambda: rate)
    for limit in sorted(limits, key=lambda one: one.key):
        _settle_codes(connection, limit, at)
        added = func.coalesce(select(_sum(limit.kind)).where(limit.codes(), _COUNTED).scalar_subquery(), 0)
        connection.execute(update(Budget).where(*_row(limit)).values(counted=added))


def counted_now(connection: Connection, limit: Limit, rate: Rate, at: datetime) -> int:
    """What `settle` would find, without changing anything: for who only looks."""
    settled = _settled(at)[COLUMNS[limit.kind]]
    value = case((_COUNTED, settled), (_unsent(), 0), else_=_estimated(rate)[COLUMNS[limit.kind]])
    return int(connection.execute(select(func.coalesce(func.sum(value), 0)).where(limit.codes())).scalar_one())


def kept(connection: Connection, limit: Limit) -> int | None:
    """What the row says; None where there is none yet."""
    return connection.execute(select(col(Budget.counted)).where(*_row(limit))).scalar()


_COUNTED = col(Code.expected).is_not(None)


def _row(limit: Limit) -> tuple[ColumnElement[bool], ...]:
    return col(Budget.scope) == limit.scope, col(Budget.kind) == limit.kind, col(Budget.period) == limit.period


def _sum(kind: Kind) -> Any:
    return cast(func.sum(getattr(Code, COLUMNS[kind])), BigInteger)


def _begin(connection: Connection, limit: Limit, rate: Rate) -> int:
    """A new row: codes that no budget counted yet are counted as if they had been given under it."""
    estimated = _estimated(rate)
    connection.execute(update(Code).where(limit.codes(), ~_COUNTED).values(**estimated))
    added = connection.execute(select(func.coalesce(_sum(limit.kind), 0)).where(limit.codes(), _COUNTED)).scalar_one()
    connection.execute(update(Budget).where(*_row(limit)).values(counted=int(added)))
    return int(added)


def _estimated(rate: Rate) -> dict[str, Any]:
    """What a code counts for that says nothing itself: a percentage of the average order, or an amount as it is."""
    value = col(Code.value)
    most = case((col(Code.kind) == "percent", value * rate.average_order), (col(Code.kind) == "amount", value * 100))
    full = func.coalesce(most, 0)
    return {"at_most": _whole(full), "expected": _whole(full * rate.share)}


def _whole(hundredths: Any) -> ColumnElement[int]:
    return cast(func.round(hundredths), BigInteger)


def _unsent() -> ColumnElement[bool]:
    return exists().where(
        col(Message.enrolment_id) == col(Code.enrolment_id),
        col(Message.name) == col(Code.message_name),
        col(Message.state).in_(NEVER),
    )


def _settled(at: datetime) -> dict[str, Any]:
    """Column → what it comes to at `at`."""
    theirs = (
        col(Redemption.enrolment_id) == col(Code.enrolment_id),
        col(Redemption.message_name) == col(Code.message_name),
    )
    taken_off = select(_whole(func.sum(col(Redemption.discount) * 100))).where(*theirs).scalar_subquery()
    ends = at - GRACE
    over = or_(col(Code.valid_until) < ends, and_(col(Code.ended_at).is_not(None), col(Code.ended_at) < ends))
    used = exists().where(*theirs)
    return {
        "expected": case((_unsent(), 0), else_=col(Code.expected)),
        "at_most": case((used, taken_off), (_unsent(), 0), (over, 0), else_=col(Code.at_most)),
    }


def _settle_codes(connection: Connection, limit: Limit, at: datetime) -> None:
    new = _settled(at)
    changed = or_(new["expected"] != col(Code.expected), new["at_most"] != col(Code.at_most))
    named = col(Code.enrolment_id) + "/" + col(Code.message_name)
    asked = select(col(Code.enrolment_id), named).where(limit.codes(), _COUNTED, changed)
    held = connection.execute(asked.with_for_update(skip_locked=True)).all()
    for start in range(0, len(held), bulk.SLICE):
        some = held[start : start + bulk.SLICE]
        # The entry is what the index knows; the row is what this transaction holds.
        entries, rows = (bulk.listed(connection, [row[place] for row in some]) for place in (0, 1))
        mine = bulk.among(connection, col(Code.enrolment_id), "entries"), bulk.among(connection, named, "rows")
        connection.execute(update(Code).where(*mine, _COUNTED).values(**new), {"entries": entries, "rows": rows})
