"""Sends that are heard back: strays, halts, breakers, rate limits, tallies, links. Transitions are append only."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def _moment(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(), nullable=False)


def upgrade() -> None:
    op.add_column("message", sa.Column("company", sa.Integer(), nullable=False, server_default="0"))
    doubt = sa.text("state IN ('ambiguous', 'unsent')")
    op.create_index("message_in_doubt", "message", ["channel", "sent_at"], sqlite_where=doubt, postgresql_where=doubt)
    op.add_column("event", sa.Column("attempt_id", sa.String(), nullable=False, server_default=""))
    op.add_column("event", sa.Column("machine", sa.Boolean(), nullable=False, server_default=sa.false()))
    for name in ("verdict", "link"):
        op.add_column("event", sa.Column(name, sa.String(), nullable=False, server_default=""))
    unjudged = sa.text("verdict = 'unjudged'")
    op.create_index("event_unjudged", "event", ["received_at"], sqlite_where=unjudged, postgresql_where=unjudged)
    names = ("key", "provider", "message_id", "attempt_id", "same", "kind", "address_hash", "why")
    rest = ("detail", "verdict", "link", "provider_id")
    op.create_table(
        "stray",
        *(_text(name) for name in (*names, *rest)),
        sa.Column("machine", sa.Boolean(), nullable=False),
        _moment("at"),
        _moment("received_at"),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index("stray_message", "stray", ["message_id"])
    op.create_index("stray_same", "stray", ["same"])
    _stops()
    op.create_table(
        "tally",
        _text("campaign"),
        _text("kind"),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("campaign", "kind"),
    )
    op.create_table(
        "link",
        sa.Column("number", sa.Integer(), nullable=False),
        _text("url"),
        _moment("first_used_at"),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("url"),
    )
    op.create_table(
        "cursor",
        _text("name"),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.add_column("suppression", sa.Column("after_transition", sa.BigInteger(), nullable=True))
    _append_only()
    _suppressed_after()


def _stops() -> None:
    op.create_table(
        "halt",
        sa.Column("id", sa.String(32), nullable=False),
        _text("scope"),
        _text("reason"),
        _moment("at"),
        _moment("lifted_at", nullable=True),
        _text("lifted_by"),
        sa.PrimaryKeyConstraint("id"),
    )
    force = sa.text("lifted_at IS NULL")
    op.create_index("halt_in_force", "halt", ["scope"], sqlite_where=force, postgresql_where=force)
    op.create_table(
        "breaker",
        _text("account"),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("batch", sa.Integer(), nullable=False),
        _moment("open_until", nullable=True),
        sa.PrimaryKeyConstraint("account"),
    )
    op.create_table(
        "bucket",
        _text("account"),
        sa.Column("tokens", sa.Float(), nullable=False),
        _moment("filled_at"),
        sa.PrimaryKeyConstraint("account"),
    )


def _append_only() -> None:
    """What was written down about a message can be added to, never changed or taken away."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION transition_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'transition is append only'; END $$"
        )
        op.execute(
            "CREATE TRIGGER transition_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON transition "
            "FOR EACH STATEMENT EXECUTE FUNCTION transition_is_append_only()"
        )
        return
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER transition_no_{verb.lower()} BEFORE {verb} ON transition "
            "BEGIN SELECT RAISE(ABORT, 'transition is append only'); END"
        )


def _suppressed_after() -> None:
    """A suppression notes how far the transitions had come: no intent to send there may stand behind it."""
    last = "(SELECT coalesce(max(id), 0) FROM transition)"
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION suppression_after() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN NEW.after_transition := {last}; RETURN NEW; END $$"
        )
        op.execute(
            "CREATE TRIGGER suppression_after BEFORE INSERT ON suppression "
            "FOR EACH ROW EXECUTE FUNCTION suppression_after()"
        )
        return
    op.execute(
        "CREATE TRIGGER suppression_after AFTER INSERT ON suppression BEGIN "
        f"UPDATE suppression SET after_transition = {last} "
        "WHERE address_hash = NEW.address_hash AND channel = NEW.channel; END"
    )
