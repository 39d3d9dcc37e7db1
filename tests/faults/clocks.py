"""T15: clocks that are an hour wrong, the nights when clocks are changed, and the 29th of February."""

from __future__ import annotations

import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from faults.conclusion import concluded
from faults.databases import Server, count, rows, write
from faults.figures import Result, timed
from faults.fleet import fleet
from faults.laying import Laid, lay
from faults.peer import provider
from faults.stage import LATENCY, stage, where
from faults.worker import work_off
from regulars import clock
from small_shop import ZONE

HOUR = 3_600.0
NIGHTS = (
    datetime(2026, 10, 24, 22, 30),
    datetime(2027, 3, 27, 22, 30),
    datetime(2028, 2, 28, 22, 30),
    datetime(2028, 2, 29, 22, 30),
)
"""By the shop's clocks: before they are put back, before they are put forward, and around a leap day."""
QUIET = '  quiet_hours: {email: "21:00-08:00"}'
"""From nine in the evening to eight in the morning nobody is written to."""


def wrong_clocks(server: Server | None, *, people: int = 4_000, batch: int = 100) -> Result:
    """One worker's clock is an hour ahead, another's an hour behind; two are right."""
    started = time.monotonic()
    with stage(people, server, weather={"latency": LATENCY}) as (laid, peer), fleet(laid, 2, batch=batch) as crew:
        waiting = people // 10
        _not_before(laid, waiting, clock.now() + timedelta(minutes=30))
        crew.workers += [crew.start(shift=HOUR), crew.start(shift=-HOUR)]
        emptied = crew.until(lambda: count(laid, "state IN ('planned', 'claimed', 'sending')") <= waiting, 120)
        time.sleep(1.0)
        crew.end()
        over = count(laid, "cause = 'lease over'", "transition")
        truth = peer.truth()
        later = [mid for (mid,) in rows(laid, "SELECT id FROM message WHERE not_before > due_at")]
        early = sum(mid in truth for mid in later)
        parameters = f"clocks of workers 1 h ahead and behind, {people:,} messages, {where(server)}"
        note = f"{early} of {waiting} sent before their hour, {over} leases taken from somebody"
        passed = emptied and not over and not early
        result = concluded("T15", parameters, laid, peer, bound=0, passed=passed, note=note, again=False)
    return timed(result, started)


def _not_before(laid: Laid, number: int, moment: datetime) -> None:
    at = moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f") + ("+00" if laid.ledger else "")
    write(
        laid,
        [f"UPDATE message SET not_before = '{at}' WHERE id IN (SELECT id FROM message ORDER BY id LIMIT {number})"],
    )


def nights(*, people: int = 30) -> Result:
    """Letters of the evening wait for the morning, also where the night is an hour longer or shorter."""
    started = time.monotonic()
    wrong: list[str] = []
    for evening in NIGHTS:
        local = evening.replace(tzinfo=ZoneInfo(ZONE))
        with tempfile.TemporaryDirectory(prefix="faults") as folder, provider() as peer:
            laid = lay(Path(folder) / "shop", people, peer.settings(), at=local, guards=QUIET)
            day = evening.date() + timedelta(days=1)
            eight = datetime(day.year, day.month, day.day, 8, tzinfo=ZoneInfo(ZONE)).astimezone(UTC)
            moment = local.astimezone(UTC)
            while moment < eight:
                sent = _sent_at(laid, moment)
                wrong += [f"{sent} sent at {moment.astimezone(ZoneInfo(ZONE)):%Y-%m-%d %H:%M}"] if sent else []
                moment += timedelta(minutes=30)
            if (sent := _sent_at(laid, eight + timedelta(minutes=1))) != people:
                wrong.append(f"{sent} of {people} sent on the morning of {day}")
    note = "; ".join(wrong) or "nobody was written to before eight, everybody after"
    return timed(Result("T15", f"{len(NIGHTS)} nights of changed clocks and leap days", not wrong, note=note), started)


def _sent_at(laid: Laid, moment: datetime) -> int:
    """How many letters are out after working at a moment."""
    with laid.desk() as desk, clock.frozen(moment):
        work_off(desk, "email", 1_000, "w")
    return count(laid, "state = 'accepted'")
