"""Rows of a small ledger, and what a project says of its campaigns."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from sqlalchemy import delete
from sqlmodel import Session, SQLModel

from regulars.lang.model import Campaign
from regulars.ledger.store import Ledger
from regulars.ledger.tables import Code, Conversion, Enrolment, Message, Outcome, Redemption

NOON = datetime(2026, 8, 27, 9, tzinfo=UTC)


def entry(number: int, campaign: str, customer: str, arm: str = "treated", *, days_ago: float = 5) -> Enrolment:
    at = NOON - timedelta(days=days_ago)
    return Enrolment(
        id=f"e{number}",
        campaign=campaign,
        customer_id=customer,
        occasion=str(number),
        arm=arm,
        entered_at=at,
        due_at=at,
        entered_on=f"{at:%Y-%m-%d}",
    )


def outcome(number: int, orders: int, revenue: str) -> Outcome:
    return Outcome(enrolment_id=f"e{number}", orders=orders, revenue=Decimal(revenue), first_at=NOON, updated_at=NOON)


def message(
    number: int, campaign: str, name: str, state: str, *, channel: str = "email", days_ago: float = 5
) -> Message:
    at = NOON - timedelta(days=days_ago)
    return Message(
        id=f"m{number}{name}",
        enrolment_id=f"e{number}",
        campaign=campaign,
        name=name,
        customer_id=f"c{number}",
        channel=channel,
        language="en",
        template=f"{campaign}/{name}",
        template_hash="",
        address=f"c{number}@example.com",
        address_hash=f"h{number}",
        context="{}",
        state=state,
        due_at=at,
        not_before=at,
        expires_at=NOON,
        local_day="2026-08-22",
    )


def conversion(
    order: str, campaign: str, message_id: str, amount: str, evidence: str = "code", *, currency: str = "RON"
) -> Conversion:
    return Conversion(
        order_id=order,
        campaign=campaign,
        enrolment_id="e1",
        message_id=message_id,
        customer_id="c1",
        arm="treated",
        evidence=evidence,
        amount=Decimal(amount),
        currency=currency,
        at=NOON,
        recorded_at=NOON,
    )


def code(number: int, campaign: str, *, days_left: float, ended: bool = False) -> Code:
    return Code(
        code=f"CODE{number}",
        enrolment_id=f"e{number}",
        message_name="first",
        campaign=campaign,
        customer_id=f"c{number}",
        kind="percent",
        value=Decimal(10),
        currency="RON",
        issued_at=NOON,
        valid_until=NOON + timedelta(days=days_left),
        ended_at=NOON if ended else None,
    )


def redemption(order: str, number: int, campaign: str, standing: str = "used", *, message: str = "first") -> Redemption:
    """Of the code of the entry `number`."""
    return Redemption(
        order_id=order,
        code=f"CODE{number}",
        campaign=campaign,
        enrolment_id=f"e{number}",
        message_name=message,
        customer_id=f"c{number}",
        standing=standing,
        amount=Decimal(90),
        discount=Decimal(10),
        at=NOON,
    )


def campaign_of(title: str, *, within: str = "14 days", of: str = "order") -> Campaign:
    return Campaign.model_validate(
        {
            "title": title,
            "audience": "orders >= 1",
            "schedule": "daily at 10:00",
            "messages": [{"send": "email", "template": "any/first", "subject": "Hello"}],
            "conversion": {"of": of, "within": within},
        }
    )


def refill(ledger: Ledger, rows: list[SQLModel]) -> Ledger:
    """The ledger with these rows and no others."""
    with ledger.writing() as connection, Session(bind=connection) as session:
        for table in (Enrolment, Message, Conversion, Outcome, Code, Redemption):
            connection.execute(delete(table))
        session.add_all(rows)
        session.commit()
    return ledger
