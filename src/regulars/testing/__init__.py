"""For tests of whoever builds on Regulars: a clock that stands still, channels and providers that only pretend.

Everything here is public. The providers are real HTTP servers on the loopback address; nothing leaves the machine.
Names are loaded when they are first used: pytest imports this package in every project that has Regulars installed.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from regulars.clock import frozen
    from regulars.testing.channel_promises import Promise, Trial, channel_contract, crowd, example
    from regulars.testing.fake_channel import FakeChannel
    from regulars.testing.fake_provider import Arrival, FakeProvider, Reaction, Request
    from regulars.testing.fake_sendgrid import FakeSendGrid
    from regulars.testing.fake_twilio import FakeTwilio
    from regulars.testing.strict_requests import sendgrid_faults, twilio_faults

__all__ = [
    "Arrival",
    "FakeChannel",
    "FakeProvider",
    "FakeSendGrid",
    "FakeTwilio",
    "Promise",
    "Reaction",
    "Request",
    "Trial",
    "channel_contract",
    "crowd",
    "example",
    "frozen",
    "sendgrid_faults",
    "twilio_faults",
]

_HOME = {
    "clock": ("frozen",),
    "testing.channel_promises": ("Promise", "Trial", "channel_contract", "crowd", "example"),
    "testing.fake_channel": ("FakeChannel",),
    "testing.fake_provider": ("Arrival", "FakeProvider", "Reaction", "Request"),
    "testing.fake_sendgrid": ("FakeSendGrid",),
    "testing.fake_twilio": ("FakeTwilio",),
    "testing.strict_requests": ("sendgrid_faults", "twilio_faults"),
}
"""Module → the names it gives."""


def __getattr__(name: str) -> Any:
    for module, names in _HOME.items():
        if name in names:
            return getattr(import_module(f"regulars.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
