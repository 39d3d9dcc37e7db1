"""T7, T8 and T9: a provider that is down, a wire that breaks in every way, and letters that poison a whole request."""

from __future__ import annotations

import time
from collections.abc import Mapping

from faults import letters
from faults.conclusion import concluded
from faults.databases import Server, count
from faults.figures import Result, timed
from faults.fleet import fleet
from faults.mishaps import Outage
from faults.peer import Peer, provider
from faults.stage import LATENCY, stage, where
from regulars.channels.contract import Channel, Outgoing, sending
from regulars.channels.sendgrid import SendGrid
from regulars.channels.transport import Transport
from regulars.channels.twilio import Twilio

SOON = 6.0
"""Seconds after the end of an outage until the first letter must be out."""
RATE = 2.0
"""Requests a second that a provider may be bothered with while it is down."""


def outage(
    server: Server | None,
    kind: Outage,
    *,
    people: int = 60_000,
    seconds: float = 60.0,
    workers: int = 4,
    batch: int = 200,
) -> Result:
    """T7: in the middle of the work the provider is gone for a while."""
    started = time.monotonic()
    with stage(people, server, weather={"latency": LATENCY}) as (laid, peer), fleet(laid, workers, batch=batch) as crew:
        crew.until(lambda: peer.figures()["different"] >= people // 20, 60)
        peer.weather(outage=kind)
        begun = time.time()
        time.sleep(seconds)
        peer.weather(outage="")
        over = time.time()
        emptied = crew.until_empty(600)
        crew.end()
        met = [(at, name) for at, _, name in peer.ask("/requests")]
        during = [at for at, name in met if name == kind and at > begun + 2.0]
        first = min((at for at, name in met if name == "well" and at >= over), default=over + 999) - over
        probes = sum(name == kind for _, name in met)
        bound = workers * batch + probes if kind == "503" else 0
        rate = len(during) / max(seconds - 2.0, 1.0)
        parameters = f"{seconds:g} s of {kind}, {people:,} messages, {workers} workers, {where(server)}"
        note = f"first letter {first:.1f} s after the end, {rate:.1f} requests/s meanwhile"
        passed = emptied and first <= SOON and rate <= RATE
        result = concluded("T7", parameters, laid, peer, bound=bound, passed=passed, note=note)
    return timed(result, started)


MEANT: Mapping[str, str] = {
    "well": "accepted",
    "reset_before": "ambiguous",
    "reset_after": "ambiguous",
    "cut": "ambiguous",
    "dribble": "ambiguous",
    "hang": "ambiguous",
    "garbage": "ambiguous",
    "500_before": "ambiguous",
    "500_after": "ambiguous",
    "502": "ambiguous",
    "503": "ambiguous",
    "504": "ambiguous",
    "429": "throttled",
    "400": "rejected",
    "413": "rejected",
    "401": "config",
    "403": "config",
    "404": "config",
    "302": "config",
}
"""What happens to a request, and what we must make of it (PROVIDERS 1.2)."""
DEADLINE = 1.5


def wire() -> Result:
    """T8: every fault of the wire and every status, through both channels."""
    started = time.monotonic()
    wrong: list[str] = []
    slowest = 0.0
    with provider() as peer:
        for channel, message in _channels(peer):
            for mishap, meant in MEANT.items():
                peer.weather(script=[mishap])
                began = time.monotonic()
                got = _asked(channel, message)
                slowest = max(slowest, time.monotonic() - began)
                wrong += [f"{channel.name} {mishap}: {got}"] if got != meant else []
            peer.weather(outage="refused")
            wrong += [f"{channel.name} refused: {got}"] if (got := _asked(channel, message)) != "notsent" else []
            peer.weather(outage="")
        # Nothing may have been asked twice.
        twice = len(peer.ask("/requests")) != 2 * len(MEANT)
    late = slowest > DEADLINE + 1.0
    parameters = f"{len(MEANT) + 1} faults of the wire, SendGrid and Twilio"
    note = f"classed wrongly: {', '.join(wrong) or 'none'}; slowest {slowest:.1f} s of {DEADLINE:g}"
    note += "; something was asked twice" if twice else ""
    return timed(Result("T8", parameters, not (wrong or twice or late), note=note), started)


def _channels(peer: Peer) -> list[tuple[Channel, Outgoing]]:
    quick = Transport(connect=0.5, total=DEADLINE)
    mail = Outgoing(
        "0" * 32, "1" * 32, "email", "ana@example.com", subject="Salut", html="<p>Salut</p>", text="Salut",
        sender="Casa Verde <salut@casaverde.example>",
    )  # fmt: skip
    text = Outgoing("0" * 32, "1" * 32, "sms", "+40700000001", text="Salut", sender="CasaVerde")
    return [
        (SendGrid(letters.SENDGRID_KEY, peer.url, quick), mail),
        (Twilio(letters.ACCOUNT, letters.TOKEN, peer.url, transport=Transport(connect=0.5, total=DEADLINE)), text),
    ]


def _asked(channel: Channel, message: Outgoing) -> str:
    with sending(channel) as send:
        return send([message])[0].outcome


def poison(server: Server | None, *, people: int = 18_000, every: int = 1_000, names_fields: bool = False) -> Result:
    """T9: one address in a thousand is refused, and with it the request of a thousand that it is in."""
    started = time.monotonic()
    weather = {"names_fields": names_fields}
    with stage(people, server, weather=weather, poisoned=every) as (laid, peer), fleet(laid, 1, batch=9_000) as crew:
        emptied = crew.until_empty(300)
        crew.end()
        bad, dead = people // every, count(laid, "state = 'dead'")
        refused = peer.figures()["met"].get("poison", 0)
        largest = max((n for _, n, _ in peer.ask("/requests")), default=0)
        named = "named" if names_fields else "not named"
        parameters = f"{bad} poisonous of {people:,}, {named}, requests of up to {largest:,}, {where(server)}"
        note = f"{dead} dead, {refused} refused requests, {refused / bad:.1f} for each"
        passed = emptied and dead == bad and refused <= 11 * bad
        result = concluded("T9", parameters, laid, peer, bound=0, passed=passed, note=note, again=False)
    return timed(result, started)
