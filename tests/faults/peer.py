"""The test's end of the fake provider: start it, tell it what to do, read its books."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from faults import letters
from faults.processes import environment


class Peer:
    """A running fake provider. `url` is what the workers are told."""

    def __init__(self, port: int, control: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._control = control

    def ask(self, path: str, **told: Any) -> Any:
        """A question to its control port."""
        connection = http.client.HTTPConnection("127.0.0.1", self._control, timeout=300)
        try:
            connection.request("POST", path, json.dumps(told))
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()

    def weather(self, **told: Any) -> None:
        """Change how requests are met: see `mishaps.Weather`."""
        self.ask("/weather", **told)

    def truth(self) -> dict[str, list[tuple[float, str, str]]]:
        """Message id → (when, request, attempt) of each time it was taken."""
        return {
            mid: [(at, request, attempt) for at, request, attempt in times] for mid, times in self.ask("/truth").items()
        }

    def figures(self) -> dict[str, Any]:
        """Counts, and `key`, which its posts are verified with."""
        found: dict[str, Any] = self.ask("/figures")
        return found

    def settings(self) -> dict[str, str]:
        """The environment of a shop that sends through it."""
        return {
            "SENDGRID_API_KEY": letters.SENDGRID_KEY,
            "REGULARS_SENDGRID_URL": self.url,
            "REGULARS_SENDGRID_WEBHOOK_KEY": self.figures()["key"],
            "TWILIO_ACCOUNT_SID": letters.ACCOUNT,
            "TWILIO_AUTH_TOKEN": letters.TOKEN,
            "TWILIO_MESSAGING_SERVICE_SID": letters.SERVICE,
            "REGULARS_TWILIO_URL": self.url,
            "REGULARS_PUBLIC_URL": "https://letters.example.com",
        }


@contextmanager
def provider(**weather: Any) -> Iterator[Peer]:
    """A fake provider in its own process."""
    command = [sys.executable, "-m", "faults.provider"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, env=environment()) as process:
        try:
            assert process.stdout
            ports = json.loads(process.stdout.readline())
            peer = Peer(ports["port"], ports["control"])
            if weather:
                peer.weather(**weather)
            yield peer
        finally:
            process.kill()
