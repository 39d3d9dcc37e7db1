"""Opening, looking, transactions, salts and versions."""

from __future__ import annotations

import multiprocessing
import subprocess
import sys
import threading
from pathlib import Path

import pyarrow as pa
import pytest
from ledger_people import NOW
from sqlalchemy import text

from regulars.errors import OutsideError, ProjectError, WrongUse
from regulars.ledger import consent, revisions
from regulars.ledger.store import Ledger

COUNT = pa.schema([("n", pa.int64())])


def suppressed(ledger: Ledger) -> int:
    return ledger.arrow("SELECT count(*) FROM suppression", schema=COUNT)["n"][0].as_py()


def suppress(ledger: Ledger, address: str) -> None:
    with ledger.writing() as connection:
        consent.suppress(connection, address, "email", "bounced", NOW)


def test_what_one_writes_another_reads(ledger: Ledger, ledger_url: str, tmp_path: Path):
    suppress(ledger, "a")
    with Ledger.look(ledger_url, tmp_path) as looking:
        assert suppressed(looking) == 1


def test_nothing_is_written_when_a_transaction_fails(ledger: Ledger):
    with pytest.raises(TypeError), ledger.writing() as connection:
        consent.suppress(connection, "a", "email", "bounced", NOW) + "broken"
    assert suppressed(ledger) == 0


def test_a_second_transaction_of_the_same_thread_is_refused_instead_of_waiting_for_itself(ledger: Ledger):
    with ledger.writing(), pytest.raises(RuntimeError, match="this thread"), ledger.writing():
        pass
    suppress(ledger, "a")


def test_a_look_at_a_ledger_that_does_not_exist_is_empty_and_creates_none(tmp_path: Path):
    with Ledger.look("", tmp_path) as looking:
        assert suppressed(looking) == 0
        assert not looking.exists
    assert list(tmp_path.iterdir()) == []


@pytest.mark.postgres
def test_a_look_at_a_database_without_a_ledger_is_empty_and_creates_none(postgres_url: str, tmp_path: Path):
    with Ledger.look(postgres_url, tmp_path) as looking:
        assert (suppressed(looking), looking.version()) == (0, "none")
    with Ledger.open(postgres_url, tmp_path) as opened, opened.reading() as connection:
        assert revisions.is_current(connection)


def test_a_look_refuses_to_write(ledger: Ledger, ledger_url: str, tmp_path: Path):
    with Ledger.look(ledger_url, tmp_path) as looking:
        with pytest.raises(RuntimeError), looking.writing():
            pass
        with pytest.raises(Exception, match=r"readonly|read-only"), looking.reading() as connection:
            connection.execute(text("DELETE FROM suppression"))


def test_a_look_changes_no_byte_of_the_ledger(tmp_path: Path):
    with Ledger.open("", tmp_path) as ledger:
        suppress(ledger, "a")
    before = (tmp_path / "ledger.sqlite").read_bytes()
    with Ledger.look("", tmp_path) as looking:
        assert suppressed(looking) == 1
        looking.salt("arms")
        looking.version()
    assert (tmp_path / "ledger.sqlite").read_bytes() == before


KILLED = """
import os, sys
from pathlib import Path
from datetime import UTC, datetime
from regulars.ledger import consent
from regulars.ledger.store import Ledger
ledger = Ledger.open("", Path(sys.argv[1]))
with ledger.writing() as connection:
    consent.suppress(connection, "committed", "email", "bounced", datetime.now(UTC))
with ledger.writing() as connection:
    consent.suppress(connection, "lost", "email", "bounced", datetime.now(UTC))
    os.kill(os.getpid(), 9)
"""


def test_a_look_at_what_a_killed_writer_left_sees_what_was_committed_and_changes_no_byte(tmp_path: Path):
    subprocess.run([sys.executable, "-c", KILLED, tmp_path], check=False)
    log = tmp_path / "ledger.sqlite-wal"
    before = (tmp_path / "ledger.sqlite").read_bytes(), log.read_bytes()
    assert before[1]
    with Ledger.look("", tmp_path) as looking:
        assert suppressed(looking) == 1
    assert ((tmp_path / "ledger.sqlite").read_bytes(), log.read_bytes()) == before


def test_a_ledger_of_an_older_regulars_is_not_looked_at(ledger: Ledger, ledger_url: str, tmp_path: Path, monkeypatch):
    monkeypatch.setattr(revisions, "HEAD", "9999")
    with pytest.raises(ProjectError, match="older"):
        Ledger.look(ledger_url, tmp_path)


def test_a_ledger_of_a_newer_regulars_is_not_opened(ledger: Ledger, ledger_url: str, tmp_path: Path):
    with ledger.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(ProjectError, match="newer"):
        Ledger.open(ledger_url, tmp_path)


def test_opening_a_ledger_that_is_up_to_date_does_not_load_alembic(tmp_path: Path):
    Ledger.open("", tmp_path).close()
    code = (
        "import sys; from pathlib import Path; from regulars.ledger.store import Ledger;"
        "Ledger.open('', Path(sys.argv[1])).close(); sys.exit('alembic' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code, tmp_path], check=False).returncode == 0


def test_a_salt_drawn_before_the_first_run_stays_when_the_ledger_is_made(ledger_url: str, tmp_path: Path):
    with Ledger.look(ledger_url, tmp_path) as looking:
        planned = looking.salt("arms")
        assert looking.salt("arms") == planned != looking.salt("addresses")
    assert (tmp_path / "salts.json").stat().st_mode & 0o777 == 0o600
    with Ledger.open(ledger_url, tmp_path) as ledger:
        assert ledger.salt("arms") == planned
    (tmp_path / "salts.json").unlink()
    with Ledger.look(ledger_url, tmp_path) as looking:
        assert looking.salt("arms") == planned
    assert len(planned) == 32


def test_the_version_changes_with_every_write_and_only_then(ledger: Ledger):
    first = ledger.version()
    assert ledger.version() == first
    suppress(ledger, "a")
    assert ledger.version() != first


def test_an_address_that_is_no_ledgers_is_refused_without_repeating_it(tmp_path: Path):
    for url in ("mysql://root:geheim@host/x", "sqlite://", "nonsense"):
        with pytest.raises(WrongUse) as refused:
            Ledger.open(url, tmp_path)
        assert "geheim" not in str(refused.value)


def test_a_database_that_cannot_be_reached_is_said_without_its_password(tmp_path: Path):
    with pytest.raises(OutsideError) as refused:
        Ledger.open("postgresql://someone:geheim@127.0.0.1:1/x", tmp_path)
    assert "geheim" not in str(refused.value)


def _open(folder: Path) -> None:
    with Ledger.open("", folder) as ledger:
        suppress(ledger, ledger.salt("arms"))


def test_a_ledger_opened_by_several_processes_at_once_is_made_once(tmp_path: Path):
    workers = [multiprocessing.get_context("spawn").Process(target=_open, args=(tmp_path,)) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0] * 3
    with Ledger.look("", tmp_path) as looking:
        assert suppressed(looking) == 1, "all of them saw the same salt"


def test_who_waits_to_write_is_not_passed_by_one_who_writes_again_and_again(tmp_path: Path):
    over = threading.Event()
    waits = 0

    def busy() -> None:
        nonlocal waits
        with Ledger.open("", tmp_path) as mine:
            while not over.wait(0):
                with mine.writing():
                    waits += 1
                    over.wait(0.05)

    with Ledger.open("", tmp_path) as ledger:
        writer = threading.Thread(target=busy)
        writer.start()
        while not waits:
            over.wait(0.001)
        passed = waits
        for n in range(5):
            suppress(ledger, str(n))
        passed = waits - passed
        over.set()
        writer.join()
    assert passed <= 10
