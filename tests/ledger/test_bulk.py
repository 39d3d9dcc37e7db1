"""Many rows at once: what goes in comes out, whatever it holds, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ledger_people import NOW, enrolments, offers
from sqlalchemy import select
from sqlmodel import Session

from regulars.ledger import bulk, crossing, ids, revisions
from regulars.ledger.crossing import MOMENT, RowsRefused
from regulars.ledger.store import Ledger
from regulars.ledger.tables import Code, Enrolment, Outcome, Template

TEMPLATE = crossing.schema(Template)


def stored(ledger: Ledger, table: type) -> list[dict]:
    return ledger.arrow(select(*crossing.columns(table)), schema=crossing.schema(table)).to_pylist()


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
SPECIAL = st.sampled_from(
    ["", "\\N", "\\.", "a\n\\.\nb", "NULL", "a\tb", 'say "da"', "x,y\r\nz", "ș Ж 🌱", "\\", "'; --"]
)
MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))
ROWS = st.lists(st.tuples(TEXT | SPECIAL, TEXT | SPECIAL, MOMENTS), min_size=1, max_size=8)


@pytest.mark.parametrize("many", [False, True], ids=["few", "many"])
def test_what_goes_in_comes_out(ledger: Ledger, many: bool, monkeypatch):
    if many:
        monkeypatch.setattr("regulars.ledger.postgres.FEW", 0)

    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(rows=ROWS, skip=st.booleans())
    def crosses(rows: list[tuple[str, str, datetime]], skip: bool) -> None:
        given_rows = [
            {"hash": key, "name": name, "files": files, "first_used_at": moment}
            for key, (name, files, moment) in zip(ids.draw(len(rows)).to_pylist(), rows, strict=True)
        ]
        with ledger.writing() as connection:
            table = pa.Table.from_pylist(given_rows, TEMPLATE)
            assert bulk.insert(connection, Template, table, skip_existing=skip) == len(rows)
        keys = [row["hash"] for row in given_rows]
        assert [row for row in stored(ledger, Template) if row["hash"] in keys] == given_rows

    crosses()


def test_moments_nulls_and_money_come_out_as_they_went_in(ledger: Ledger):
    ended = [None, datetime(2026, 8, 27, 7, 0, 0, 123456, UTC), datetime(2026, 3, 29, 1, 30, tzinfo=UTC)]
    people = enrolments(3).append_column("ended_at", pa.array(ended, MOMENT))
    values = [Decimal("0.29"), Decimal("25.00"), Decimal("999999999999.99")]
    issued = offers(people).set_column(6, "value", pa.array(values, crossing.MONEY))
    with ledger.writing() as connection:
        bulk.insert(connection, Enrolment, people)
        bulk.insert(connection, Code, issued)
    assert [row["ended_at"] for row in sorted(stored(ledger, Enrolment), key=lambda row: row["customer_id"])] == ended
    assert {row["code"]: row["value"] for row in stored(ledger, Code)} == dict(
        zip(issued["code"].to_pylist(), values, strict=True)
    )


def test_rows_written_in_bulk_are_what_the_orm_reads_and_the_other_way_round(ledger: Ledger):
    outcome = Outcome(enrolment_id="e", orders=2, revenue=Decimal("10.10"), first_at=NOW, updated_at=NOW)
    with ledger.writing() as connection, Session(connection) as session:
        session.add(outcome)
        session.flush()
        rows = bulk.read(connection, select(*crossing.columns(Outcome)), schema=crossing.schema(Outcome))
        assert rows.to_pylist() == [
            {"enrolment_id": "e", "orders": 2, "revenue": Decimal("10.10"), "first_at": NOW, "updated_at": NOW}
        ]
        bulk.insert(connection, Enrolment, enrolments(1))
        read = session.execute(select(Enrolment)).scalar_one()
        assert (read.entered_at, read.offer_step, read.ended_at) == (NOW, 0, None)


def test_a_time_without_a_zone_is_refused(ledger: Ledger):
    naive = enrolments(1).set_column(5, "entered_at", pa.array([NOW.replace(tzinfo=None)], pa.timestamp("us")))
    with ledger.writing() as connection, pytest.raises(ValueError, match="zone"):
        bulk.insert(connection, Enrolment, naive)


def test_a_time_of_another_zone_is_the_same_moment(ledger: Ledger):
    local = NOW.astimezone(timezone(timedelta(hours=3)))
    people = enrolments(1).set_column(5, "entered_at", pa.array([local], pa.timestamp("us", "+03:00")))
    with ledger.writing() as connection:
        bulk.insert(connection, Enrolment, people)
    assert stored(ledger, Enrolment)[0]["entered_at"] == NOW


def test_unknown_and_missing_columns_are_refused_by_name(ledger: Ledger):
    people = enrolments(1)
    with ledger.writing() as connection:
        with pytest.raises(ValueError, match="colour"):
            bulk.insert(connection, Enrolment, people.append_column("colour", pa.array(["red"])))
        with pytest.raises(ValueError, match="arm"):
            bulk.insert(connection, Enrolment, people.drop_columns(["arm"]))


@pytest.mark.parametrize("n", [3, 300])
def test_existing_rows_are_left_out_where_asked_and_refused_where_not(ledger: Ledger, n: int):
    first = enrolments(n)
    with ledger.writing() as connection:
        bulk.insert(connection, Enrolment, first.slice(0, n - 1))
    with ledger.writing() as connection:
        assert bulk.insert(connection, Enrolment, enrolments(n), skip_existing=True) == 1
        assert bulk.insert(connection, Enrolment, enrolments(n), skip_existing=True) == 0
    with pytest.raises(RowsRefused) as refused, ledger.writing() as connection:
        bulk.insert(connection, Enrolment, enrolments(1))
    assert "c0" not in str(refused.value), "no customer's id in an error"


def test_a_missing_required_value_is_refused_even_where_existing_rows_are_skipped(ledger: Ledger):
    people = enrolments(1).set_column(4, "arm", pa.array([None], pa.string()))
    with pytest.raises(RowsRefused), ledger.writing() as connection:
        bulk.insert(connection, Enrolment, people, skip_existing=True)


def test_existing_finds_each_value_once(ledger: Ledger, monkeypatch):
    monkeypatch.setattr(bulk, "SLICE", 2)
    with ledger.writing() as connection:
        bulk.insert(connection, Enrolment, enrolments(3))
        bulk.insert(connection, Enrolment, enrolments(3, campaign="birthday"))
        asked = pa.array(["c0", "c2", "c2", "nobody", "it's"])
        assert sorted(bulk.existing(connection, Enrolment, "customer_id", asked).to_pylist()) == ["c0", "c2"]


def test_an_empty_answer_keeps_its_schema(ledger: Ledger):
    wanted = pa.schema([("at", MOMENT), ("value", crossing.MONEY)])
    assert ledger.arrow("SELECT issued_at, value FROM code", schema=wanted).schema == wanted


def test_a_statement_takes_moments_by_name(ledger: Ledger):
    with ledger.writing() as connection:
        bulk.insert(connection, Enrolment, enrolments(2))
    count = pa.schema([("n", pa.int64())])
    for since, n in [(NOW, 2), (NOW + timedelta(microseconds=1), 0)]:
        found = ledger.arrow(
            "SELECT count(*) FROM enrolment WHERE entered_at >= :since", {"since": since}, schema=count
        )
        assert found["n"].to_pylist() == [n]


def test_the_migrations_make_what_the_models_say(ledger: Ledger):
    from alembic.autogenerate import compare_metadata
    from alembic.config import Config
    from alembic.migration import MigrationContext
    from alembic.script import ScriptDirectory
    from sqlmodel import SQLModel

    with ledger.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), SQLModel.metadata) == []
    config = Config()
    config.set_main_option("script_location", str(Path(revisions.__file__).parent / "migrations"))
    script = ScriptDirectory.from_config(config)
    assert script.get_current_head() == revisions.HEAD
    assert [step.revision for step in script.walk_revisions()][::-1] == list(revisions.KNOWN)
