"""The rows that the sums of cohorts are made of: what each entry did, and what hangs on it.

Of some cohorts, which are looked up by the index of entries, or of all that is in the ledger.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import pyarrow as pa
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    Subquery,
    and_,
    case,
    cast,
    exists,
    func,
    literal_column,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import aliased
from sqlmodel import SQLModel, col

from regulars.ledger import bulk
from regulars.ledger.accounts import ARMS, hundredths
from regulars.ledger.budgets import NEVER
from regulars.ledger.cohorts import changes
from regulars.ledger.cohorts.changes import Day
from regulars.ledger.crossing import MOMENT, MONEY
from regulars.ledger.tables import Code, Conversion, Enrolment, Message, Outcome, Redemption, Referral, Touch

_TEXT, _NUMBER = pa.string(), pa.int64()
_COHORT = [(name, _TEXT) for name in Day._fields]
ENTRIES = pa.schema(
    [
        *_COHORT,
        *((name, _TEXT) for name in ("arm", "customer_id")),
        ("entered_at", MOMENT),
        ("orders", _NUMBER),
        ("revenue", MONEY),
        *((name, pa.bool_()) for name in ("first", "first_of_arm", "first_converted")),
    ]
)
MESSAGES = pa.schema(
    [
        *_COHORT,
        *((name, _TEXT) for name in ("name", "channel", "variant", "state")),
        ("messages", _NUMBER),
        ("due", MOMENT),
        ("converted", _NUMBER),
        ("revenue", _NUMBER),
    ]
)
CREDITS = pa.schema(
    [
        *_COHORT,
        *((name, _TEXT) for name in ("message", "evidence", "currency")),
        ("orders", pa.float64()),
        ("revenue", _NUMBER),
    ]
)
CODES = pa.schema(
    [
        *_COHORT,
        *((name, _TEXT) for name in ("issued", "kind")),
        ("value", MONEY),
        ("valid_until", MOMENT),
        *((name, pa.bool_()) for name in ("shared", "ended")),
        *((name, _NUMBER) for name in ("codes", "sent", "out", "redeemed")),
    ]
)
"""`issued`: ten minutes of Greenwich's clock, `2026-08-27 07:0`."""
_TEN_MINUTES = 15
"""Characters of a moment up to the tens of its minutes."""


class Rows:
    """Reads the rows of some cohorts; of everything, where none are named."""

    def __init__(self, connection: Connection, days: Collection[Day] | None) -> None:
        self._connection = connection
        self._days = days
        self._bound = {} if days is None else {changes.ASKED: changes.bound(connection, days)}

    def entries(self) -> pa.Table:
        """Every entry, what it did in its window, and whether it was its customer's first: columns of `ENTRIES`."""
        same = and_(_EARLIER.campaign == _ENTRY.campaign, _EARLIER.customer_id == _ENTRY.customer_id, _before())
        among = _EARLIER.arm.in_(ARMS)
        of_arm = _EARLIER.arm == _ENTRY.arm
        did = aliased(Outcome)
        bought = exists().where(same, of_arm, col(did.enrolment_id) == _EARLIER.id, col(did.orders) > 0)
        orders = func.coalesce(col(Outcome.orders), 0)
        statement = self._from_entries(
            _ENTRY.campaign,
            _ENTRY.entered_on,
            _ENTRY.arm,
            _ENTRY.customer_id,
            _ENTRY.entered_at,
            orders,
            func.coalesce(col(Outcome.revenue), 0),
            case((_ENTRY.arm.in_(ARMS) & ~exists().where(same, among), 1), else_=0),
            case((~exists().where(same, of_arm), 1), else_=0),
            case((and_(orders > 0, ~bought), 1), else_=0),
        ).join(Outcome, col(Outcome.enrolment_id) == _ENTRY.id, isouter=True)
        return self._read(statement, ENTRIES)

    def messages(self) -> pa.Table:
        """Messages by name, channel, variant and state, with what entries did whose message has variants."""
        kind = (col(Message.campaign), _day(), *map(col, (Message.name, Message.channel, Message.variant)))
        state = col(Message.state)
        did = and_(col(Outcome.enrolment_id) == col(Message.enrolment_id), col(Message.variant) != literal_column("''"))
        sums = (
            func.count(),
            func.min(col(Message.due_at)),
            func.count(case((col(Outcome.orders) > 0, 1))),
            hundredths(col(Outcome.revenue)),
        )
        statement = self._hanging_on(Message, *kind, state, *sums).join(Outcome, did, isouter=True)
        return self._read(statement.group_by(*kind, state), MESSAGES)

    def credits(self, credit: str) -> pa.Table:
        """Credited orders by the message's name, evidence and currency; see `accounts.credits_to` for `credit`."""
        if credit == "last":
            source: Any = Conversion.__table__  # type: ignore[attr-defined]  # SQLModel adds it to table classes
            number: Any = func.count()
            revenue: Any = hundredths(source.c.amount)
            statement = self._hanging_on(Conversion, *self._credited(source), number, revenue)
        else:
            source = self._shares(first=credit == "first")
            number, revenue = func.sum(source.c.orders), func.sum(source.c.share)
            same = source.c.enrolment_id == _ENTRY.id
            statement = select(*self._credited(source), number, revenue).select_from(source)
            statement = statement.join(_ENTRIES, same, isouter=self._days is None)
        statement = statement.join(Message, col(Message.id) == source.c.message_id, isouter=True)
        return self._read(statement.group_by(*self._credited(source)), CREDITS)

    def codes(self) -> pa.Table:
        """Codes by when they were given, what they give and until when: columns of `CODES`."""
        return self._counted(self._hanging_on(Code, *self._kinds(), *_SUMS))

    def rewards(self) -> pa.Table:
        """The same of what advocates were given for their friends, which hangs on no entry."""
        given = col(Code.enrolment_id).in_(select(col(Referral.id)).where(col(Referral.reward_code) != ""))
        nowhere: Any = literal_column("''")
        return self._counted(select(*self._kinds(nowhere), *_SUMS).select_from(Code).where(given))

    def _kinds(self, day: Any = None) -> tuple[Any, ...]:
        given: Any = col(Code.issued_at)
        if self._connection.dialect.name == "postgresql":
            given = func.to_char(func.timezone("UTC", given), "YYYY-MM-DD HH24:MI")
        return (
            col(Code.campaign),
            _day() if day is None else day,
            func.substr(given, 1, _TEN_MINUTES),
            col(Code.kind),
            col(Code.value),
            col(Code.valid_until),
            col(Code.shared),
            case((col(Code.ended_at).is_(None), 0), else_=1),
        )

    def _counted(self, statement: Select[Any]) -> pa.Table:
        carrier = and_(col(Message.enrolment_id) == col(Code.enrolment_id), col(Message.name) == col(Code.message_name))
        # By their place: PostgreSQL takes two parameters of the same value for two expressions.
        places: Any = (literal_column(str(place)) for place in range(1, len(CODES) - len(_SUMS) + 1))
        return self._read(statement.join(Message, carrier, isouter=True).group_by(*places), CODES)

    def _credited(self, source: Any) -> tuple[Any, ...]:
        name = func.coalesce(col(Message.name), literal_column("''"))
        return source.c.campaign, _day(), name, source.c.evidence, source.c.currency

    def _shares(self, *, first: bool) -> Subquery:
        """Every touch with its part of its order; where nothing is known of touches, the credit that was given."""
        touched = self._ours(Touch)
        others = aliased(Touch)
        of_order = col(others.order_id) == touched.c.order_id
        sooner = or_(
            col(others.sent_at) < touched.c.sent_at,
            and_(col(others.sent_at) == touched.c.sent_at, col(others.message_id) <= touched.c.message_id),
        )
        place = select(func.count()).select_from(others).where(of_order, sooner).scalar_subquery()
        among = select(func.count()).select_from(others).where(of_order).scalar_subquery()
        names = ("campaign", "enrolment_id", "message_id", "evidence", "currency", "amount")
        several = select(*(touched.c[name] for name in names), place.label("place"), among.label("among"))
        given, one = self._ours(Conversion), literal_column("1", BigInteger)
        alone = select(*(given.c[name] for name in names), one.label("place"), one.label("among")).where(
            ~exists().where(col(Touch.order_id) == given.c.order_id)
        )
        parts = union_all(several, alone).subquery("parts")
        whole = cast(func.round(parts.c.amount * literal_column("100")), BigInteger)
        of: Any = literal_column("1", BigInteger) if first else parts.c.among
        # What rounding leaves goes to the next one, so that nothing is lost.
        share = whole * parts.c.place // of - whole * (parts.c.place - 1) // of
        kept = (parts.c[name] for name in names)
        statement = select(*kept, (literal_column("1.0") / of).label("orders"), share.label("share"))
        return statement.where(parts.c.place <= of).subquery("shares")

    def _ours(self, table: type[SQLModel]) -> Subquery:
        columns = table.__table__.c  # type: ignore[attr-defined]  # SQLModel adds it to table classes
        if self._days is None:
            return select(*columns).subquery()
        entry = aliased(Enrolment)
        asked = changes.listed(self._connection)
        same = and_(col(entry.campaign) == asked.c.campaign, col(entry.entered_on) == asked.c.entered_on)
        joined = select(*columns).select_from(asked).join(entry, same)
        return joined.join(table, columns.enrolment_id == col(entry.id)).subquery()

    def _from_entries(self, *columns: Any) -> Select[Any]:
        if self._days is None:
            return select(*columns).select_from(_ENTRIES)
        asked = changes.listed(self._connection)
        same = and_(_ENTRY.campaign == asked.c.campaign, _ENTRY.entered_on == asked.c.entered_on)
        return select(*columns).select_from(asked).join(_ENTRIES, same)

    def _hanging_on(self, table: type[SQLModel], *columns: Any) -> Select[Any]:
        """Rows of `table`, with the entries they hang on."""
        same = table.__table__.c.enrolment_id == _ENTRY.id  # type: ignore[attr-defined]  # as above
        if self._days is None:
            return select(*columns).select_from(table).join(_ENTRIES, same, isouter=True)
        return self._from_entries(*columns).join(table, same)

    def _read(self, statement: Select[Any], schema: pa.Schema) -> pa.Table:
        return bulk.read(self._connection, statement, self._bound, schema=schema)


_ENTRIES = Enrolment.__table__.alias("entry")  # type: ignore[attr-defined]  # SQLModel adds it to table classes
_ENTRY = _ENTRIES.c
_EARLIER = Enrolment.__table__.alias("earlier").c  # type: ignore[attr-defined]  # as above


def _before() -> ColumnElement[bool]:
    same_moment = and_(_EARLIER.entered_at == _ENTRY.entered_at, _EARLIER.id < _ENTRY.id)
    return or_(_EARLIER.entered_at < _ENTRY.entered_at, same_moment)


def _day() -> ColumnElement[str]:
    """The cohort's day; empty for what hangs on no entry."""
    return func.coalesce(_ENTRY.entered_on, literal_column("''"))


_OWN = col(Redemption.enrolment_id) == col(Code.enrolment_id), col(Redemption.message_name) == col(Code.message_name)
_CARRIED = exists().where(*_OWN)
_USED = exists().where(*_OWN, col(Redemption.standing) == "used")
_WENT = or_(col(Message.id).is_(None), col(Message.state).not_in(NEVER))
_SUMS = (
    func.count(),
    func.count(case((_WENT, 1))),
    func.count(case((and_(_WENT, ~_CARRIED), 1))),
    func.count(case((_USED, 1))),
)
