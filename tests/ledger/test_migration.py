"""A ledger of the first version, with people in it, becomes one of this version: everything kept, keys as now."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError

from regulars.ledger import engine, revisions
from regulars.ledger.store import Ledger

FIRST = """
INSERT INTO enrolment (id, campaign, customer_id, occasion, arm, entered_at, due_at, run_id, offer_step, end_reason)
VALUES ('e1', 'winback', 'c1', '1', 'treated', :at, :at, 'r1', 2, '');
INSERT INTO code (code, enrolment_id, message_name, campaign, customer_id, kind, value, currency, issued_at,
                  valid_until)
VALUES ('AAAA', 'e1', 'first', 'winback', 'c1', 'percent', 12.5, 'RON', :at, :at),
       ('BBBB', 'e1', 'second', 'winback', 'c1', 'amount', 25, 'RON', :at, :at);
INSERT INTO consent (id, customer_id, channel, given, source, wording, at)
VALUES ('k1', 'c1', 'email', :no, 'unsubscribe link', 'stop', :at);
"""
AT = datetime.fromisoformat("2026-08-27 07:00:00")


@pytest.fixture
def first_ledger(ledger_url: str, tmp_path: Path) -> str:
    """The address of a ledger as the first version left it, with one customer in it."""
    from alembic import command
    from alembic.config import Config

    where = engine.address(ledger_url, tmp_path)
    opened = engine.connected(where)
    if opened.dialect.name == "sqlite":
        engine.prepare_file(opened, Path(str(where.database)))
    config = Config()
    config.set_main_option("script_location", str(Path(revisions.__file__).parent / "migrations"))
    at: Any = f"{AT:%Y-%m-%d %H:%M:%S.%f}" + ("" if opened.dialect.name == "sqlite" else "+00")
    with opened.connect().execution_options(**{engine.WRITING: True}) as connection, connection.begin():
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        for statement in FIRST.split(";\n"):
            if statement.strip():
                wanted = {"at": at, "no": False}
                bound = {name: value for name, value in wanted.items() if f":{name}" in statement}
                connection.execute(text(statement), bound)
    opened.dispose()
    return ledger_url


def rows(ledger: Ledger, statement: str) -> list[dict[str, Any]]:
    with ledger.reading() as connection:
        return [dict(row) for row in connection.execute(text(statement)).mappings()]


def test_everything_is_kept_and_what_is_new_stands_empty(first_ledger: str, tmp_path: Path):
    with Ledger.open(first_ledger, tmp_path) as ledger:
        codes = rows(ledger, "SELECT code, message_name, kind, value, shared, gift, issued_at FROM code ORDER BY code")
        assert [(row["code"], row["message_name"], row["kind"], float(row["value"])) for row in codes] == [
            ("AAAA", "first", "percent", 12.5),
            ("BBBB", "second", "amount", 25),
        ]
        assert {(bool(row["shared"]), row["gift"], str(row["issued_at"])[:16]) for row in codes} == {
            (False, "", "2026-08-27 07:00")
        }
        (entry,) = rows(ledger, "SELECT id, customer_id, offer_step, row_ids FROM enrolment")
        assert entry == {"id": "e1", "customer_id": "c1", "offer_step": 2, "row_ids": ""}
        (word,) = rows(ledger, "SELECT customer_id, given, wording, topic FROM consent")
        assert (word["customer_id"], bool(word["given"]), word["wording"], word["topic"]) == ("c1", False, "stop", "")


def test_the_keys_are_those_of_the_models(first_ledger: str, tmp_path: Path):
    with Ledger.open(first_ledger, tmp_path) as ledger, ledger.reading() as connection:
        looked = inspect(connection)
        key = looked.get_pk_constraint("code")["constrained_columns"]
        assert sorted(key) == ["code", "enrolment_id", "message_name"]
        indexes = {index["name"]: bool(index["unique"]) for index in looked.get_indexes("code")}
        assert indexes == {"code_counted": False, "code_enrolment": False, "code_unique": True}
        assert {"pool_code", "edition", "approval", "membership"} <= set(looked.get_table_names())


def test_a_shared_code_has_many_owners_now_and_any_other_still_one(first_ledger: str, tmp_path: Path):
    again = "INSERT INTO code (code, enrolment_id, message_name, campaign, customer_id, kind, value, currency, issued_at, valid_until, shared, gift, holder_only) SELECT :code, :entry, message_name, campaign, customer_id, kind, value, currency, issued_at, valid_until, :shared, gift, holder_only FROM code WHERE code = 'AAAA' LIMIT 1"  # fmt: skip  # noqa: E501  # one statement
    with Ledger.open(first_ledger, tmp_path) as ledger:
        with ledger.writing() as connection:
            for entry in ("e2", "e3"):
                connection.execute(text(again), {"code": "VIPDAY", "entry": entry, "shared": True})
        with pytest.raises(DBAPIError), ledger.writing() as connection:
            connection.execute(text(again), {"code": "AAAA", "entry": "e2", "shared": False})
        assert len(rows(ledger, "SELECT code FROM code WHERE code = 'VIPDAY'")) == 2


def test_it_stays_readable_to_who_only_looks(first_ledger: str, tmp_path: Path):
    Ledger.open(first_ledger, tmp_path).close()
    with Ledger.look(first_ledger, tmp_path) as ledger:
        assert rows(ledger, "SELECT count(*) AS n FROM code") == [{"n": 2}]
