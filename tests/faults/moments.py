"""Moments of a worker's life at which it dies or falls asleep, exactly there.

Random kills find what nobody thought of; these find what everybody should think of, in every run of the tests.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping
from itertools import count
from typing import Any

from regulars.channels.sendgrid import SendGrid
from regulars.channels.twilio import Twilio
from regulars.ledger import outbox

SIGNALS = {"kill": signal.SIGKILL, "stop": signal.SIGSTOP}
PLACES: dict[str, tuple[Any, str]] = {
    "claim": (outbox, "claim"),
    "intend": (outbox, "intend_all"),
    "send": (SendGrid, "send"),
    "text": (Twilio, "send"),
    "record": (outbox, "record_all"),
}


def arm(moments: Mapping[str, str]) -> None:
    """`{"before record": "kill 3"}`: be killed just before the third `outbox.record_all`. Or `after`, or `stop`."""
    for moment, what in moments.items():
        when, place = moment.split()
        name, number = what.split()
        owner, attribute = PLACES[place]
        setattr(owner, attribute, _wrapped(getattr(owner, attribute), when, SIGNALS[name], int(number)))


def _wrapped(call: Callable[..., Any], when: str, number: signal.Signals, nth: int) -> Callable[..., Any]:
    counted = count(1)

    def wrapped(*arguments: Any, **named: Any) -> Any:
        now = next(counted) == nth
        if now and when == "before":
            os.kill(os.getpid(), number)
        answer = call(*arguments, **named)
        if now and when == "after":
            os.kill(os.getpid(), number)
        return answer

    return wrapped
