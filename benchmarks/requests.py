"""What a message costs on its way into a request to SendGrid, without the wire: `python -m benchmarks.requests`.

The letters are the sample shop's, rendered for invented people. Nothing is sent.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import orjson

from benchmarks.figures import Figure, median
from benchmarks.rendering import ROOT, SHOP, SUBJECT, context
from regulars.campaigns.rendering import parts
from regulars.channels.batches import requests
from regulars.channels.contract import Outgoing
from regulars.channels.objections import objection
from regulars.channels.sendgrid import SendGrid, request
from regulars.words.render import Words

PEOPLE, ROUNDS = 1_000, 7
ALONE = 40.0
"""µs that a request of its own may cost."""


def letters(people: int = PEOPLE) -> list[Outgoing]:
    """A letter of `discount/due` for each of so many people, as delivery hands it over."""
    words = Words(ROOT, ["ro", "ru", "en"], "ro", SHOP)
    return [_letter(words, number) for number in range(people)]


def measure(rounds: int = ROUNDS) -> Iterator[Figure]:
    """Looking for objections, dealing out, and writing requests of many and of one; µs per message."""
    outgoing = letters()
    dealt = requests(outgoing, SendGrid.batch, {})
    told = f"{len(dealt)} requests of {PEOPLE:,} messages"
    same = "the letter's own length"

    def figure(name: str, work: Callable[[], object], target: float | None, bound: str, detail: str = "") -> Figure:
        return Figure(name, median([_seconds(work) for _ in range(rounds)]) / PEOPLE * 1e6, target, bound, "µs", detail)

    yield figure(
        "  what no provider should be asked", lambda: [objection(one, "email") for one in outgoing], None, same
    )
    yield figure("  which messages share a request", lambda: requests(outgoing, SendGrid.batch, {}), None, same, told)
    yield figure(
        "  requests of many", lambda: [orjson.dumps(request(*shared)) for shared in dealt], None, "their holes"
    )
    yield figure("  requests of one", lambda: [orjson.dumps(request(one)) for one in outgoing], ALONE, same)


def _letter(words: Words, number: int) -> Outgoing:
    email = words.email_parts("discount/due", "ro", context(number), SUBJECT)
    return Outgoing(
        f"{number:032x}", "a" * 32, "email", f"customer{number}@example.com", subject=email.subject,
        html=email.html.text, text=email.text.text, sender="Casa Verde <salut@example.org>",
        headers={"List-Unsubscribe": f"<https://example.org/u/{number:032x}>"},
        html_parts=parts(email.html), text_parts=parts(email.text), ledger_id="l" * 32, same="s" * 32,
    )  # fmt: skip


def _seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


if __name__ == "__main__":
    for one in measure():
        print(one)  # this is the answer
