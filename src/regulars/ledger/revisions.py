"""The ledger's schema, brought up to date by Alembic. A ledger that is up to date never loads Alembic."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from regulars.errors import ProjectError

HEAD = "0004"
"""The newest migration. A test holds it to what `migrations/` says."""
KNOWN = ("0001", "0002", "0003", "0004")
"""All migrations of this version of Regulars, in order."""

_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtext('regulars.schema'))"


def revision(connection: Connection) -> str:
    """The migration this ledger stands at; empty for a database without a ledger."""
    if not inspect(connection).has_table("alembic_version"):
        return ""
    return str(connection.execute(text("SELECT max(version_num) FROM alembic_version")).scalar() or "")


def is_current(connection: Connection) -> bool:
    """Whether the ledger has the schema of this version of Regulars; False for one that does not exist yet.

    Raises ProjectError for one that a newer version wrote.
    """
    stands_at = revision(connection)
    if stands_at and stands_at not in KNOWN:
        raise ProjectError("The ledger was written by a newer Regulars.", "Upgrade Regulars to at least that version.")
    return stands_at == HEAD


def upgrade(connection: Connection) -> None:
    """Bring the ledger to `HEAD`, in the caller's transaction; of several processes one does it, the others wait."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(_ONE_AT_A_TIME))
    if is_current(connection):
        return
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
