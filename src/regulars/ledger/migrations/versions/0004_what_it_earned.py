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
    """What became of a friend's first order. Friends of before count as they did, and nobody is rewarded for them."""
    texts = ("reason", "campaign", "currency", "friend_kind", "reward_code", "reward_kind", "reward_gift")
    sums = ("friend_value", "reward_value", "spent_amount")
    moments = ("changed_at", "paid_at", "ended_at", "reward_until", "spent_at")
    op.add_column("referral", sa.Column("id", sa.String(32), nullable=False, server_default=""))
    op.add_column("referral", sa.Column("state", sa.String(), nullable=False, server_default="paid"))
    op.add_column("referral", sa.Column("place", sa.Integer(), nullable=False, server_default="0"))
    for name in texts:
        op.add_column("referral", sa.Column(name, sa.String(), nullable=False, server_default=""))
    amount = sa.Numeric(14, 2).with_variant(sa.REAL(), "sqlite")
    for name in sums:
        op.add_column("referral", sa.Column(name, amount, nullable=False, server_default="0"))
    for name in moments:
        op.add_column("referral", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    drawn = {"sqlite": "lower(hex(randomblob(16)))", "postgresql": "replace(gen_random_uuid()::text, '-', '')"}
    op.execute(
        f"UPDATE referral SET id = {drawn[op.get_bind().dialect.name]}, changed_at = recorded_at, paid_at = recorded_at"
    )
    with op.batch_alter_table("referral") as table:
        table.alter_column("changed_at", existing_type=sa.DateTime(timezone=True), nullable=False)
    op.create_index("referral_id", "referral", ["id"], unique=True)


def _attribution() -> None:
    """Every touch of an order, and orders that were posted."""


def _surveys() -> None:
    """Answers."""


def _stages() -> None:
    """Who stands where in each ladder, since when."""


def _variants() -> None:
    """Which wording somebody got."""
