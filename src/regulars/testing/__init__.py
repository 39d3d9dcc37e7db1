"""For tests of whoever builds on Regulars: a clock that stands still, channels and providers that only pretend.

Everything here is public. The providers are real HTTP servers on the loopback address; nothing leaves the machine.
"""

from regulars.clock import frozen
from regulars.testing.channel_contract import Promise, Trial, channel_contract, example
from regulars.testing.fake_channel import FakeChannel
from regulars.testing.fake_provider import Arrival, FakeProvider, Reaction, Request
from regulars.testing.fake_sendgrid import FakeSendGrid
from regulars.testing.fake_twilio import FakeTwilio

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
    "example",
    "frozen",
]
