"""Twilio's error codes in status callbacks, as data. Twilio may change their meaning: an unknown one is soft."""

from __future__ import annotations

from typing import NamedTuple

from regulars.channels.heard import Verdict


class Meaning(NamedTuple):
    """What a code says of the number (or of the campaign, or of the account), and in a few words why."""

    verdict: Verdict
    why: str


CODES: dict[int, Meaning] = {
    21610: Meaning("opted-out", "the recipient has opted out"),
    21614: Meaning("unusable", "not a mobile number"),
    21211: Meaning("unusable", "not a valid number"),
    21635: Meaning("unusable", "not a mobile number"),
    30001: Meaning("", "the queue was full, or its time was over"),
    30002: Meaning("config", "the account is suspended"),
    30003: Meaning("soft", "the handset cannot be reached"),
    30004: Meaning("soft", "the recipient or the carrier blocks it"),
    30005: Meaning("unusable", "an unknown number"),
    30006: Meaning("unusable", "a landline, or a carrier out of reach"),
    30007: Meaning("filtered", "a carrier took it for spam"),
    30008: Meaning("soft", "the carrier gives no reason"),
    30032: Meaning("config", "the toll-free number is not verified"),
    30034: Meaning("config", "the sender is not registered (10DLC)"),
    30036: Meaning("", "its time was over"),
}
UNKNOWN = Meaning("soft", "a code that is not known here")


def meaning(code: int) -> Meaning:
    """What is to be made of a code; nothing of 0, which is none."""
    return CODES.get(code, UNKNOWN) if code else Meaning("", "")
