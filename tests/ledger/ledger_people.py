"""Invented people and their messages, as the tables that campaigns hand to the ledger."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pyarrow as pa

from regulars.ledger import codes, ids
from regulars.ledger.crossing import MOMENT, MONEY

NOW = datetime(2026, 8, 27, 7, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def enrolments(n: int, campaign: str = "winback", occasion: str = "1") -> pa.Table:
    """Customers `c0` … of one campaign."""
    return pa.table(
        {
            "id": ids.draw(n),
            "campaign": pa.repeat(campaign, n),
            "customer_id": pa.array([f"c{i}" for i in range(n)]),
            "occasion": pa.repeat(occasion, n),
            "arm": pa.repeat("treated", n),
            "entered_at": pa.repeat(pa.scalar(NOW, MOMENT), n),
            "due_at": pa.repeat(pa.scalar(NOW, MOMENT), n),
        }
    )


def messages(entries: pa.Table, issued: pa.Table, name: str = "first", channel: str = "email") -> pa.Table:
    """One message per entry, due now, with its code in the context."""
    n = entries.num_rows
    moment = pa.repeat(pa.scalar(NOW, MOMENT), n)
    people = entries["customer_id"].to_pylist()
    return pa.table(
        {
            "id": ids.draw(n),
            "enrolment_id": entries["id"],
            "campaign": entries["campaign"],
            "name": pa.repeat(name, n),
            "customer_id": entries["customer_id"],
            "channel": pa.repeat(channel, n),
            "language": pa.repeat("en", n),
            "template": pa.repeat("winback/first", n),
            "template_hash": pa.repeat("", n),
            "address": pa.array([f"{person}@example.com" for person in people], pa.string()),
            "address_hash": pa.array([f"hash-{person}" for person in people], pa.string()),
            "context": pa.array(
                [f'{{"offer": {{"code": "{code}"}}}}' for code in issued["code"].to_pylist()], pa.string()
            ),
            "due_at": moment,
            "not_before": moment,
            "expires_at": pa.repeat(pa.scalar(NOW + timedelta(days=2), MOMENT), n),
            "local_day": pa.repeat("2026-08-27", n),
        }
    )


def offers(entries: pa.Table, drawn: list[str] | None = None, name: str = "first") -> pa.Table:
    """One code per entry."""
    n = entries.num_rows
    return pa.table(
        {
            "code": pa.array(drawn or codes.draw(n), pa.string()),
            "enrolment_id": entries["id"],
            "message_name": pa.repeat(name, n),
            "campaign": entries["campaign"],
            "customer_id": entries["customer_id"],
            "kind": pa.repeat("percent", n),
            "value": pa.repeat(pa.scalar(Decimal("10.00"), MONEY), n),
            "currency": pa.repeat("RON", n),
            "issued_at": pa.repeat(pa.scalar(NOW, MOMENT), n),
            "valid_until": pa.repeat(pa.scalar(NOW + timedelta(days=14), MOMENT), n),
        }
    )
