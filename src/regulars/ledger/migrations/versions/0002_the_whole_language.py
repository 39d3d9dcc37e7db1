"""Rows and topics, shared codes and pools, editions, approvals, memberships."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def _moment(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(), nullable=False)


def upgrade() -> None:
    op.add_column("enrolment", sa.Column("row_ids", sa.String(), nullable=False, server_default=""))
    op.add_column("consent", sa.Column("topic", sa.String(), nullable=False, server_default=""))
    _codes()
    op.create_table(
        "pool_code",
        sa.Column("code", sa.String(32), nullable=False),
        _text("pool"),
        _moment("imported_at"),
        _moment("taken_at", nullable=True),
        sa.PrimaryKeyConstraint("code"),
    )
    free = sa.text("taken_at IS NULL")
    op.create_index("pool_code_free", "pool_code", ["pool"], sqlite_where=free, postgresql_where=free)
    op.create_table(
        "edition",
        _text("fingerprint"),
        _text("files"),
        _moment("first_used_at"),
        sa.PrimaryKeyConstraint("fingerprint"),
    )
    op.create_table(
        "approval",
        sa.Column("id", sa.String(32), nullable=False),
        _text("fingerprint"),
        _text("campaign"),
        _text("name"),
        sa.Column("people", sa.Integer(), nullable=False),
        _moment("at"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "membership",
        _text("campaign"),
        _text("customer_id"),
        _moment("since"),
        sa.Column("waiting", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("campaign", "customer_id"),
    )


def _codes() -> None:
    """A shared code has many owners, so the code alone names no row any more."""
    key = ["code", "enrolment_id", "message_name"]
    name = "code_pkey"  # as PostgreSQL called it
    with op.batch_alter_table("code", naming_convention={"pk": name}) as table:
        table.add_column(sa.Column("shared", sa.Boolean(), nullable=False, server_default=sa.false()))
        table.add_column(sa.Column("gift", sa.String(), nullable=False, server_default=""))
        table.drop_constraint(name, type_="primary")
        table.create_primary_key(name, key)
    alone = sa.text("NOT shared")
    op.create_index("code_unique", "code", ["code"], unique=True, sqlite_where=alone, postgresql_where=alone)
