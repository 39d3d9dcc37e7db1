"""Versions of the words that were ever used: same context + same version = same text, for ever."""

from __future__ import annotations

from datetime import datetime

import pyarrow as pa
from sqlalchemy import Connection, select
from sqlmodel import col

from regulars.ledger import bulk, crossing
from regulars.ledger.tables import Template


def keep(connection: Connection, version: str, name: str, files: str, at: datetime) -> None:
    """Keep a version of a template (`hash`, name, JSON of its files) that is about to be used; once is enough."""
    row = {"hash": [version], "name": [name], "files": [files], "first_used_at": pa.array([at], crossing.MOMENT)}
    bulk.insert(connection, Template, pa.table(row), skip_existing=True)


def kept(connection: Connection, version: str) -> str:
    """The files (JSON) of a version; empty when the ledger has never seen it."""
    return connection.execute(select(col(Template.files)).where(col(Template.hash) == version)).scalar() or ""
