"""A snapshot is used again while what it is made of stands, by as many processes as like."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pyarrow as pa
from snapshots_of import CUSTOMERS, ORDERS, Opened, lay

from regulars.people import traits
from regulars.people.snapshot import KEPT_DAYS

HERE = Path(__file__).parent
FACTS = pa.table({"customer_id": ["a"], "messages_30d": [1]})


def counted(monkeypatch):
    """How often the source was counted, as a list that grows."""
    calls = []
    load = traits.Counting.load
    monkeypatch.setattr(traits.Counting, "load", lambda self: calls.append(1) or load(self))
    return calls


def test_it_is_used_again_while_files_and_rules_stand(tmp_path, monkeypatch):
    calls = counted(monkeypatch)
    root = lay(tmp_path)
    first = Opened(root).snapshot()
    again = Opened(root).snapshot()
    assert (len(calls), first.path, first.newest_order) == (1, again.path, again.newest_order)
    Opened(root).snapshot("2026-01-30")
    assert len(calls) == 2


def test_a_changed_file_or_trait_is_counted_anew_and_a_changed_ladder_only_derived(tmp_path, monkeypatch):
    calls = counted(monkeypatch)
    paths = {Opened(lay(tmp_path)).snapshot().path}
    paths.add(Opened(lay(tmp_path, segments="more: orders > 1")).snapshot().path)
    assert (len(calls), len(paths)) == (1, 2)
    paths.add(Opened(lay(tmp_path, traits="t: {from: orders, value: sum(total)}")).snapshot().path)
    assert (len(calls), len(paths)) == (2, 3)
    paths.add(Opened(lay(tmp_path, orders=ORDERS + "9,b,2026-01-05,1,0\n")).snapshot().path)
    assert (len(calls), len(paths)) == (3, 4)


def test_a_ledger_that_has_moved_is_joined_anew_without_counting(tmp_path, monkeypatch):
    calls = counted(monkeypatch)
    root = lay(tmp_path, segments="heard: messages_30d > 0")
    one = Opened(root).snapshot(facts=lambda: FACTS, version="1")
    two = Opened(root).snapshot(facts=lambda: FACTS, version="2")
    assert (len(calls), one.path == two.path) == (1, False)


def test_fresh_counts_and_derives_anew(tmp_path, monkeypatch):
    calls = counted(monkeypatch)
    root = lay(tmp_path)
    before = Opened(root).snapshot().path.stat().st_mtime_ns
    after = Opened(root).snapshot(fresh=True).path.stat().st_mtime_ns
    assert len(calls) == 2
    assert after > before


def test_findings_are_told_again_from_what_was_kept(tmp_path):
    root = lay(tmp_path, orders=ORDERS + "3,zz,2026-01-05,1,0\n")
    assert [one.code for one in Opened(root).snapshot().findings] == ["order-without-customer"]
    assert [one.code for one in Opened(root).snapshot().findings] == ["order-without-customer"]


def test_snapshots_older_than_30_days_go(tmp_path):
    root = lay(tmp_path)
    old = Opened(root).snapshot("2026-01-30").path
    old_time = time.time() - (KEPT_DAYS * 86_400 + 60)
    os.utime(old, (old_time, old_time))
    new = Opened(root).snapshot("2026-01-31").path
    assert not old.exists()
    assert new.exists()


def test_processes_at_the_same_moment_all_succeed_and_leave_no_scraps(tmp_path):
    root = lay(tmp_path, customers=CUSTOMERS, orders=ORDERS)
    program = (
        "import sys; from pathlib import Path; from snapshots_of import Opened; "
        "print(Opened(Path(sys.argv[1])).snapshot().customers)"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", program, str(root)], cwd=HERE, stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    assert [(one.communicate()[0].strip(), one.returncode) for one in running] == [("2", 0)] * 3
    assert not list((root / ".regulars").rglob("*.partial"))
