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


def _stages() -> None:
    """Who stands where in each ladder, since when."""


def _variants() -> None:
    """Which wording somebody got, and trials of wordings."""
    op.add_column("message", sa.Column("variant", sa.String(), nullable=False, server_default=""))
    several = sa.text("variant <> ''")
    index = ["campaign", "name", "variant"]
    op.create_index("message_variant", "message", index, sqlite_where=several, postgresql_where=several)
    names = ("campaign", "message", "variants", "winner", "counts", "sentence")
    op.create_table(
        "trial",
        *(sa.Column(name, sa.String(), nullable=False) for name in names),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("campaign", "message", "variants"),
    )
