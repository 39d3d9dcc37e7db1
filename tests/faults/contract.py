"""T18 and T19: how fast a large outbox is planned and claimed, and whether requests are as providers want them."""

from __future__ import annotations

import json
import os
import tempfile
import time
from pathlib import Path
from typing import Any

from faults.databases import Server
from faults.figures import Result, timed
from faults.laying import lay
from faults.processes import TESTS
from faults.stage import stage, where
from faults.worker import work_off
from regulars import clock
from regulars.ledger import outbox
from regulars.testing.strict_requests import sendgrid_faults, twilio_faults

FASTEST_PLAN = 20_000
"""Messages planned a second, at least."""
SLOWEST_CLAIM = 0.020
"""Seconds of the 95th of 100 claims of ten messages, at most."""


def volume(server: Server | None, *, people: int = 1_000_000) -> Result:
    """T18: plan, then claim. The history of ten million rows is measured by `make bench`."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="faults", ignore_cleanup_errors=True) as folder:
        database = server.create() if server else ""
        laid = lay(Path(folder) / "shop", people, {}, ledger=server.url(database) if server else "", planned=False)
        with laid.desk() as desk:
            from faults.laying import plan

            began = time.monotonic()
            planned = plan(desk, clock.now())
            rate = planned / (time.monotonic() - began)
            waits = sorted(_claim(desk.ledger) for _ in range(100))
        if server:
            server.drop(database)
    note = f"planned {rate:,.0f}/s, claims p95 {waits[94] * 1000:.1f} ms"
    passed = planned == people and rate >= FASTEST_PLAN and waits[94] <= SLOWEST_CLAIM
    return timed(Result("T18", f"{people:,} messages, {where(server)}", passed, note=note), started)


def _claim(ledger: Any) -> float:
    began = time.monotonic()
    outbox.claim(ledger, "email", 10, clock.now(), "w")
    return time.monotonic() - began


def requests(*, people: int = 3_000) -> Result:
    """T19: requests against our own checker, and against the providers' descriptions where they are at hand."""
    started = time.monotonic()
    wrong: set[str] = set()
    checked = 0
    for channel, provider in (("email", "sendgrid"), ("sms", "twilio")):
        with stage(people, None, channel=channel) as (laid, peer):
            with laid.desk() as desk:
                work_off(desk, channel, 200, "w")
            kept = peer.ask("/kept")[provider]
            wrong |= set(peer.figures()["complaints"])
        checked += len(kept)
        for asked in kept:
            wrong |= set(sendgrid_faults(asked) if provider == "sendgrid" else twilio_faults(asked))
            wrong |= _against_description(asked) if provider == "sendgrid" else set()
    described = "and SendGrid's description" if _description() else "(SendGrid's description is not at hand)"
    note = f"{checked} requests by our checker {described}; wrong: {', '.join(sorted(wrong)[:3]) or 'nothing'}"
    return timed(Result("T19", f"{2 * people:,} messages", checked > 0 and not wrong, note=note), started)


def _description() -> Path | None:
    shared = Path(os.environ.get("REGULARS_SHARED") or TESTS.parents[1] / "shared")
    file = shared / "specs" / "tsg_mail_v3.json"
    return file if file.exists() else None


def _against_description(asked: Any) -> set[str]:
    file = _description()
    if file is None:
        return set()
    import jsonschema

    told = json.loads(file.read_text(encoding="utf-8"))
    body = told["components"]["requestBodies"]["PostMailSend"]["content"]["application/json"]["schema"]
    validator = jsonschema.Draft202012Validator({**body, "components": told["components"]})
    return {f"{'.'.join(map(str, error.absolute_path))}: {error.validator}" for error in validator.iter_errors(asked)}
