"""Rendering against bare Jinja2 of the same templates: `python -m benchmarks rendering`.

Ours: sandbox, strict variables, escaping, inlined CSS, output cap, skeleton and holes. Bare: `Environment(autoescape)`
with our filters and nothing else, the same files, CSS left where it is. Interleaved rounds, the median of the ratios.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader

from benchmarks.figures import Figure
from regulars.words.filters import filters_for
from regulars.words.render import Words
from regulars.words.sms import segments

ROOT = Path(__file__).resolve().parents[1]
SHOP = {
    "name": "Casa Verde",
    "currency": "RON",
    "timezone": "Europe/Bucharest",
    "address": "Str. Lungă 7, Cluj-Napoca",
    "site": "https://casaverde.example",
}
LINKS = {
    "shop": "https://casaverde.example",
    "unsubscribe": "https://casaverde.example/u/AZLwxbGifD2OT1prfI2eDw.Usubvys76MBnpNJXCClDkQ",
    "preferences": "https://casaverde.example/p/AZLwxbGifD2OT1prfI2eDw.Usubvys76MBnpNJXCClDkQ",
}
SUBJECT = "{{ customer.first_name }}, −{{ offer.percent }}% la ce îți place"
TARGET = 1.3
ROUNDS, TIMES = 31, 200


def context(number: int) -> dict[str, Any]:
    """An invented customer, each with another name and code, every seventh without a name."""
    goods = [{"product": f"Ceai {n}", "category": "ceai", "price": f"{n}.50"} for n in range(11, 11 + number % 4)]
    return {
        "customer": {"first_name": f"Ana-{number}" if number % 7 else None, "recommended": goods},
        "offer": {"kind": "percent", "percent": 10, "code": f"W4R9TNX{number:04d}", "valid_until": "2026-12-05"},
        "links": LINKS,
    }


def bare(autoescape: bool) -> Environment:
    """Jinja2 as its documentation shows it."""
    environment = Environment(
        loader=FileSystemLoader(ROOT / "templates"), autoescape=autoescape, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= filters_for("ro", "RON", "Europe/Bucharest")
    return environment


def ratio(
    ours: Callable[[dict[str, Any]], object], theirs: Callable[[dict[str, Any]], object], rounds: int
) -> tuple[float, float]:
    """Our time over theirs, and ours in µs; medians over interleaved rounds."""
    people = [context(number) for number in range(TIMES)]
    ratios, times = [], []
    for _ in range(rounds):
        spent = []
        for render in (ours, theirs):
            start = time.perf_counter()
            for person in people:
                render(person)
            spent.append(time.perf_counter() - start)
        ratios.append(spent[0] / spent[1])
        times.append(spent[0] / TIMES * 1e6)
    return statistics.median(ratios), statistics.median(times)


def figure(name: str, measured: tuple[float, float], bound: str) -> Figure:
    """A ratio, with our time beside it."""
    return Figure(name, measured[0], TARGET, bound, detail=f"{measured[1]:.1f} µs")


def measure(rounds: int = ROUNDS) -> Iterator[Figure]:
    """An e-mail, the same without putting it together, a text message, and how fast texts are counted."""
    words = Words(ROOT, ["ro", "ru", "en"], "ro", SHOP)
    html, plain = bare(autoescape=True), bare(autoescape=False)
    letter, text = html.get_template("discount/due.ro.html"), plain.get_template("discount/due.ro.txt")
    subject, message = plain.from_string(SUBJECT), plain.get_template("discount/due.ro.sms")

    def their_email(person: dict[str, Any]) -> None:
        variables = {**person, "shop": SHOP}
        subject.render(variables)
        letter.render(variables)
        text.render(variables)

    def their_sms(person: dict[str, Any]) -> None:
        message.render({**person, "shop": SHOP})

    same = "the template's own code, the same in both"
    whole = ratio(lambda person: words.email("discount/due", "ro", person, SUBJECT), their_email, rounds)
    yield figure("rendering an e-mail: subject, HTML inlined, plain text", whole, same)
    apart = ratio(lambda person: words.email_parts("discount/due", "ro", person, SUBJECT), their_email, rounds)
    yield figure("  the same taken apart, not put together", apart, same)
    short = ratio(lambda person: words.sms("discount/due", "ro", person), their_sms, rounds)
    yield figure("  a text message", short, "the fixed cost of a message, on 130 characters")
    sms = words.sms("discount/due", "ro", context(1))
    start = time.perf_counter()
    for _ in range(20_000):
        segments(sms)
    yield Figure(
        "  counting the segments of one", (time.perf_counter() - start) / 20_000 * 1e6, None, "one pass over it", "µs"
    )
