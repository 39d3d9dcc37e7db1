"""A person whose every text can be told from all others, written into every table of a ledger, and a neighbour."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from ledger_people import NOW
from sqlalchemy import Connection, insert, text
from sqlmodel import SQLModel

from regulars.ledger import forgotten, ids
from regulars.ledger.consent import address_hash
from regulars.ledger.held import HELD
from regulars.ledger.store import Ledger

MARK = "zq7x"
"""In every text that is the person's."""
WHO = f"{MARK}-id"
EMAIL = f"{MARK}-name@example.com"
PHONE = "+40700117733"
OTHER = "neighbour"


def _person(whose: str, email: str, code: str, salt: str, n: int) -> dict[str, list[dict[str, Any]]]:
    entry, letter = f"{n}" * 32, f"{n + 1}" * 32
    person, money = {"customer_id": whose}, {"amount": Decimal("120.50"), "at": NOW, "recorded_at": NOW}
    hashed = address_hash(salt, email)
    states = ("clicked", "planned", "claimed", "ambiguous")
    message = {
        "enrolment_id": entry, "campaign": "hello", **person, "channel": "email", "language": "ro",
        "template": "hello/one", "template_hash": "", "address": email, "address_hash": hashed,
        "context": f'{{"customer": {{"first_name": "{whose}"}}}}', "due_at": NOW, "not_before": NOW,
        "expires_at": NOW, "local_day": "2026-08-27", "sent_at": NOW,
    }  # fmt: skip
    return {
        "enrolment": [
            {"id": entry, "campaign": "hello", **person, "occasion": f"{whose}-basket", "arm": "treated",
             "entered_at": NOW, "due_at": NOW, "row_ids": f'["{whose}-row"]'},
        ],
        "message": [
            message | {"id": letter if state == "clicked" else ids.one(), "name": state, "state": state}
            for state in states
        ],
        "code": [
            {"code": code, "enrolment_id": entry, "message_name": "clicked", "campaign": "hello", **person,
             "kind": "percent", "value": Decimal(10), "currency": "RON", "issued_at": NOW, "valid_until": NOW},
            {"code": "SALE", "enrolment_id": entry, "message_name": "ambiguous", "campaign": "hello", **person,
             "kind": "percent", "value": Decimal(10), "currency": "RON", "issued_at": NOW, "valid_until": NOW,
             "shared": True},
        ],
        "conversion": [
            {"order_id": f"{whose}-order", "campaign": "hello", "enrolment_id": entry, "message_id": letter, **person,
             "arm": "treated", "evidence": "code", "currency": "RON", **money},
        ],
        "touch": [
            {"order_id": f"{whose}-order", "message_id": letter, "enrolment_id": entry, "campaign": "hello", **person,
             "evidence": "code", "currency": "RON", "sent_at": NOW, "touched_at": NOW, **money},
        ],
        "posted_order": [
            {"order_id": f"{whose}-order", **person, "at": NOW, "amount": Decimal("120.50"), "currency": "RON",
             "code": code, "counts": True, "posted_at": NOW},
        ],
        "redemption": [
            {"order_id": f"{whose}-basket", "code": code, "campaign": "hello", "enrolment_id": entry,
             "message_name": "clicked", **person, "standing": "used", "amount": Decimal(90), "discount": Decimal(10),
             "at": NOW},
            {"order_id": f"somebodys-{n}", "code": code, "campaign": "hello", "enrolment_id": entry,
             "message_name": "clicked", "customer_id": "somebody", "standing": "not theirs", "amount": Decimal(90),
             "discount": Decimal(10), "at": NOW},
        ],
        "answer": [
            {"id": ids.one(), **person, "campaign": "hello", "enrolment_id": entry, "message_id": letter,
             "survey": "nps", "question": "recommend", "score": 3, "comment": f"{whose} waited", "at": NOW},
        ],
        "referral_code": [{"code": f"{whose}-own", **person, "created_at": NOW}],
        "referral": [
            {"friend_id": f"friend-of-{n}", "advocate_id": whose, "code": f"{whose}-own", "order_id": f"o{n}", **money,
             "id": ids.one(), "changed_at": NOW, "state": "paid", "reward_code": f"{whose}-reward"},
            {"friend_id": whose, "advocate_id": "somebody", "code": "THEIRS", "order_id": f"{whose}-first", **money,
             "id": ids.one(), "changed_at": NOW},
        ],
        "consent": [
            {"id": ids.one(), **person, "channel": "email", "given": True, "source": "double opt-in",
             "wording": f"{whose} says yes", "at": NOW},
        ],
        "membership": [{"campaign": "hello", **person, "since": NOW}],
        "stage": [{**person, "ladder": "lifecycle", "since": "2026-08-27", "value": "lapsed", "before": "active"}],
        "suppression": [{"address_hash": hashed, "channel": "email", "reason": "bounced", "at": NOW}],
        "event": [
            {"key": f"k{n}", "provider": "sendgrid", "message_id": letter, "kind": "bounced", "at": NOW,
             "received_at": NOW, "detail": f"550 <{email}> unknown"},
        ],
        "stray": [
            {"key": f"s{n}", "provider": "sendgrid", "message_id": "x", "attempt_id": "", "same": whose,
             "kind": "opened", "at": NOW, "received_at": NOW, "address_hash": hashed, "why": "unknown-message"},
        ],
        "outcome": [
            {"enrolment_id": entry, "orders": 1, "revenue": Decimal("120.50"), "first_at": NOW, "updated_at": NOW},
        ],
        "transition": [{"message_id": letter, "before": "", "after": "planned", "at": NOW, "cause": "enrolled"}],
        "link": [{"url": f"https://shop.example/?to={email}", "first_used_at": NOW}],
    }  # fmt: skip


def fill(ledger: Ledger) -> None:
    """Write both into every table that holds people."""
    salt = ledger.salt(forgotten.SALT)
    people = (
        _person(WHO, EMAIL, f"{MARK}CODE".upper(), salt, 1),
        _person(OTHER, f"{OTHER}@example.com", "OTHERCODE", salt, 4),
    )
    with ledger.writing() as connection:
        for rows in people:
            for name, some in rows.items():
                for row in some:
                    connection.execute(insert(_model(name)).values(**_model(name)(**row).model_dump(exclude_none=True)))
    assert set(people[0]) == {name for name, holding in HELD.items() if holding.whose}


def _model(name: str) -> type[SQLModel]:
    return next(one for one in SQLModel.__subclasses__() if getattr(one, "__tablename__", "") == name)


def dump(connection: Connection) -> str:
    """Every row of every table as text."""
    return "\n".join(
        f"{name} {tuple(row)}"
        for name in SQLModel.metadata.tables
        for row in connection.execute(text(f"SELECT * FROM {name}"))
    )
