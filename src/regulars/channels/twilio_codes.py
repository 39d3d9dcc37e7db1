"""What Twilio's error codes mean when a message is created. Twilio may change them: a code that is not here means what
its HTTP status means."""

from __future__ import annotations

from dataclasses import dataclass

from regulars.channels.contract import AddressVerdict, Outcome

LATER = 900.0
"""Seconds to wait for a queue that holds ten hours of messages."""


@dataclass(frozen=True, slots=True)
class Code:
    """What one code means."""

    outcome: Outcome
    meaning: str
    address: AddressVerdict = ""
    retry_after: float | None = None


CODES: dict[int, Code] = {
    10001: Code("config", "the account is not active"),
    14107: Code("throttled", "too many messages"),
    20003: Code("config", "the credentials are wrong"),
    20005: Code("config", "the account is not active"),
    20006: Code("config", "the credentials may not do this"),
    20404: Code("config", "the account was not found"),
    20429: Code("throttled", "too many requests"),
    21211: Code("rejected", "not a valid number", "unusable"),
    21212: Code("rejected", "the sender is not valid"),
    21408: Code("rejected", "this country is not enabled for the account"),
    21602: Code("rejected", "no text"),
    21603: Code("config", "no sender"),
    21604: Code("rejected", "no number"),
    21605: Code("rejected", "too long"),
    21606: Code("rejected", "the sender cannot send SMS"),
    21608: Code("config", "the account is on trial and reaches verified numbers only"),
    21609: Code("config", "REGULARS_PUBLIC_URL is no address that Twilio can call"),
    21610: Code("rejected", "the recipient has opted out", "opted-out"),
    21611: Code("throttled", "the sender's queue is full", retry_after=LATER),
    21612: Code("rejected", "the number cannot be reached from this sender"),
    21614: Code("rejected", "not a mobile number", "unusable"),
    21617: Code("rejected", "too long"),
    21619: Code("rejected", "no text"),
    21635: Code("rejected", "not a mobile number", "unusable"),
    21701: Code("config", "the messaging service does not exist"),
    21703: Code("config", "the messaging service has no sender"),
    21704: Code("config", "the messaging service has no number"),
    21705: Code("config", "the messaging service is not valid"),
    63017: Code("throttled", "too many messages of the account"),
}
"""Codes of a refused message."""
