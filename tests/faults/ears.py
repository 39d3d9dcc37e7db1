"""The provider reports: its signed posts reach the ledger, and what was in doubt is settled by them."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from faults import checks
from faults.databases import count, rows
from faults.laying import Laid
from faults.peer import Peer
from faults.processes import environment
from faults.worker import work_off
from regulars import clock
from regulars.campaigns import hearing, reconcile
from regulars.channels import sendgrid_events, twilio_callbacks
from regulars.ledger.inbox import Inbox, Post

BUSY = {"copies": [1, 5], "shuffle": True}
"""Each event one to five times, in any order, each copy with an id of its own."""
LATER = timedelta(hours=3)
"""After so long whoever was never heard of, while his neighbours were, was never sent to."""
WEB = "from pathlib import Path; from regulars.web.listening import listen; listen(Path('.'), '127.0.0.1', 0)"


@dataclass(frozen=True)
class Settled:
    """What the provider's events made of messages in doubt."""

    sent: int
    absent: int
    left: int
    wrong: int
    """Called unsent although the provider has them."""
    seconds: float

    @property
    def well(self) -> bool:
        return not (self.left or self.wrong)


def settle(laid: Laid, peer: Peer, *, through_web: bool = False, **habits: Any) -> Settled:
    """Hand all events over, and settle what was in doubt by them; some hours later also by silence."""
    before = count(laid, "state = 'ambiguous'")
    began = time.monotonic()
    if through_web:
        with web(laid) as url:
            told = peer.ask("/report", url=url, **{**BUSY, **habits})
            if set(told) - {"200"}:
                raise RuntimeError(f"the web app answered {told}")
            _wait_until_expanded(laid, peer)
    else:
        hand_over(laid, peer, **habits)
    seconds = time.monotonic() - began
    sent = before - count(laid, "state = 'ambiguous'")
    with laid.desk() as desk:
        reconcile.settle(desk, clock.now() + LATER)
    truth = peer.truth()
    unsent = [mid for (mid,) in rows(laid, "SELECT id FROM message WHERE state = 'unsent'")]
    left = count(laid, "state = 'ambiguous'")
    return Settled(sent, len(unsent), left, sum(mid in truth for mid in unsent), seconds)


def hand_over(laid: Laid, peer: Peer, **habits: Any) -> None:
    """The provider's posts, straight into the inbox; as the web app would keep them, and then expanded."""
    with laid.desk() as desk, Inbox.open(desk.settings.ledger, desk.folder) as inbox:
        inbox.keep([_post(told) for told in peer.ask("/events", **{**BUSY, **habits})])
        hearing.expand(desk)


def send_again(laid: Laid, peer: Peer) -> None:
    """An operator lets everything go out again that is proven unsent; the provider is well by now."""
    peer.weather(chances={}, latency=[0, 0], outage="")
    with laid.desk() as desk:
        reconcile.requeue(desk, clock.now())
        for _ in range(20):
            # The first letter after a failure goes alone, to see whether the provider is well.
            work_off(desk, laid.channel, 1_000, "after")
            if not count(laid, checks.UNDER_WAY):
                break
            time.sleep(0.5)


def _post(told: dict[str, Any]) -> Post:
    body = told["body"].encode("latin-1")
    if told["provider"] == "sendgrid":
        return Post("sendgrid", sendgrid_events.digest(body), body)
    query = told["url"].partition("?")[2]
    return Post("twilio-status", twilio_callbacks.digest(body, query), body, query)


def _wait_until_expanded(laid: Laid, peer: Peer, patience: float = 60.0) -> None:
    """Until nobody is in doubt whom the provider has, and the number of events stands still."""
    deadline, truth, before = time.monotonic() + patience, peer.truth(), -1
    while time.monotonic() < deadline:
        now = count(laid, "1 = 1", "event")
        doubtful = rows(laid, "SELECT id FROM message WHERE state = 'ambiguous'")
        if now == before and not any(mid in truth for (mid,) in doubtful):
            return
        before = now
        time.sleep(1.0)


@contextmanager
def web(laid: Laid) -> Iterator[str]:
    """`regulars web` on the project, in a process of its own; its address."""
    settings = {**environment(), **laid.environment}
    command = [sys.executable, "-c", WEB]
    with subprocess.Popen(command, cwd=laid.root, env=settings, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr
            found = re.search(r"http://[\d.:]+", process.stderr.readline())
            if not found:
                raise RuntimeError(f"the web app did not start: {process.stderr.read()[-500:]}")
            yield found[0]
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
