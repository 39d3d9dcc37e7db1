"""Whether this installation is fit to send: what `regulars doctor` looks at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from regulars.campaigns import told_ways
from regulars.campaigns.desk import Desk
from regulars.channels import notices
from regulars.channels.registry import is_live
from regulars.ledger import answered, breakers, doubt, halts, waiting, witness

Level = Literal["ok", "warning", "error"]
LATE = timedelta(hours=1)
"""Messages that wait so long after they were due deserve a look."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that was looked at: how it stands, and what to do about it."""

    level: Level
    about: str
    """`ledger`, `email`, `links` …"""
    sentence: str
    way_out: str = ""


def examine(desk: Desk, at: datetime) -> list[Finding]:
    """Look at everything but the customers: settings, ledger, providers, what waits and what is in doubt."""
    return [
        *_ledger(desk),
        *_channels(desk),
        *_links(desk),
        *_stops(desk),
        *_providers(desk),
        *_doubt(desk),
        *_late(desk, at),
        *_webhooks(desk),
        *_untold(desk, at),
    ]


def _ledger(desk: Desk) -> Iterator[Finding]:
    ledger = desk.ledger
    if not ledger.exists:
        yield Finding("ok", "ledger", "there is none yet; the first run makes it")
        return
    yield Finding("ok", "ledger", f"{ledger.dialect}, {waiting.durability(ledger)}")
    if witness.is_restored(ledger, desk.folder):
        yield Finding(
            "error", "ledger", "it is an older copy of itself: it does not know what was sent since",
            "let the providers' events come in, then regulars reconcile --recovered",
        )  # fmt: skip


def _channels(desk: Desk) -> Iterator[Finding]:
    settings = desk.settings
    for kind, name in (("email", "SendGrid"), ("sms", "Twilio")):
        live = is_live(kind, settings)  # type: ignore[arg-type]  # these two kinds
        yield Finding("ok", kind, f"live, through {name}" if live else "into the folder .regulars/outbox")
        if live and kind == "email" and not settings.sendgrid_webhook_key:
            yield Finding(
                "warning", kind, "nothing is heard back: bounces, complaints and doubts are never settled",
                "set REGULARS_SENDGRID_WEBHOOK_KEY, see docs/how-to/webhooks.md",
            )  # fmt: skip
        if live and not settings.public_url:
            yield Finding(
                "warning", kind, "its links lead nowhere of ours, and Twilio and SendGrid cannot reach us",
                "set REGULARS_PUBLIC_URL and run regulars web, see docs/how-to/web.md",
            )  # fmt: skip


def _links(desk: Desk) -> Iterator[Finding]:
    if desk.settings.secret_key.get_secret_value():
        yield Finding("ok", "links", "signed with REGULARS_SECRET_KEY")
        return
    live = desk.settings.public_url
    yield Finding(
        "warning" if live else "ok", "links", "signed with a key that lies in .regulars/secret alone",
        "set REGULARS_SECRET_KEY: without that file old links would not be known again" if live else "",
    )  # fmt: skip


def _stops(desk: Desk) -> Iterator[Finding]:
    with desk.ledger.reading() as connection:
        stopped = halts.in_force(connection)
    for scope, reason in stopped.items():
        way_out = "regulars reconcile --recovered" if scope == halts.LEDGER else f"regulars reconcile --lift '{scope}'"
        yield Finding("error", "halted", f"{scope}: {reason}", way_out)


def _providers(desk: Desk) -> Iterator[Finding]:
    with desk.ledger.reading() as connection:
        failing = breakers.failing(connection)
    for account, failures in failing.items():
        yield Finding(
            "warning", account, f"it is down, failures in a row: {failures:,}; one message is tried every few seconds",
            "nothing, if the provider is down: what waits goes out when it is back",
        )  # fmt: skip


def _doubt(desk: Desk) -> Iterator[Finding]:
    for row in doubt.counted(desk.ledger).to_pylist():
        yield Finding(
            "warning", "in doubt", f"{row['messages']:,} {row['channel']} of {row['campaign']}: {row['reason']}",
            "regulars reconcile" if row["state"] == "ambiguous" else "regulars reconcile --requeue sends them again",
        )  # fmt: skip


def _late(desk: Desk, at: datetime) -> Iterator[Finding]:
    for channel, (number, oldest) in waiting.due(desk.ledger, at - LATE).items():
        yield Finding(
            "warning", channel, f"{number:,} messages are due since {oldest:%Y-%m-%d %H:%M} UTC",
            "regulars deliver sends them; regulars up does so by itself",
        )  # fmt: skip


def _untold(desk: Desk, at: datetime) -> Iterator[Finding]:
    whom: dict[answered.Way, str] = {"told": "the team", "told_webhook": "their webhook"}
    for way, name in whom.items():
        customers = sorted(answered.perhaps_untold(desk.ledger, way, at - LATE))
        if customers:
            some = ", ".join(f"#{customer}" for customer in customers[:5])
            yield Finding(
                "warning", "answers", f"{len(customers):,} may not have reached {name}, and are not told again: {some}",
                f"regulars why {customers[0]} shows what they answered",
            )  # fmt: skip


def _webhooks(desk: Desk) -> Iterator[Finding]:
    """Whether each webhook that a live campaign names can be told of answers."""
    asked = {str(way.told.webhook): way.campaign for way in told_ways.of_live(desk) if way.kind == "webhook"}
    for name, campaign in sorted(asked.items()):
        if lack := notices.lacking(name, desk.settings):
            sentence = f"{lack.sentence} Answers to {campaign} are told to nobody there"
            yield Finding("error", "webhook", sentence, lack.way_out)
        else:
            posted = desk.settings.channel != "folder"
            where = "told of answers, signed" if posted else "into the folder .regulars/outbox"
            yield Finding("ok", "webhook", f"{name}: {where}")
