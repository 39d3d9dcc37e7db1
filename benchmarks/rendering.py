"""Rendering against bare Jinja2 of the same templates: `python benchmarks/rendering.py`.

Ours: sandbox, strict variables, escaping, inlined CSS, output cap, skeleton and holes. Bare: `Environment(autoescape)`
with our filters and nothing else, the same files, CSS left where it is. Interleaved rounds, the median of the ratios.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader

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


def ratio(ours: Callable[[dict[str, Any]], object], theirs: Callable[[dict[str, Any]], object]) -> tuple[float, float]:
    """Our time over theirs, and ours in µs; medians over interleaved rounds."""
    people = [context(number) for number in range(TIMES)]
    ratios, times = [], []
    for _ in range(ROUNDS):
        spent = []
        for render in (ours, theirs):
            start = time.perf_counter()
            for person in people:
                render(person)
            spent.append(time.perf_counter() - start)
        ratios.append(spent[0] / spent[1])
        times.append(spent[0] / TIMES * 1e6)
    return statistics.median(ratios), statistics.median(times)


def figure(name: str, measured: tuple[float, float], bound: str) -> None:
    """One line."""
    print(f"{name:<44} {measured[0]:5.2f} x   target <= {TARGET} x   {measured[1]:6.1f} us   bound by {bound}")


def main() -> None:
    """Print one line per figure."""
    words = Words(ROOT, ["ro", "ru", "en"], "ro", SHOP)
    html, plain = bare(autoescape=True), bare(autoescape=False)
    letter, text = html.get_template("discount/due.ro.html"), plain.get_template("discount/due.ro.txt")
    subject, message = plain.from_string(SUBJECT), plain.get_template("discount/due.ro.sms")

    def their_email(person: dict[str, Any]) -> None:
        variables = {**person, "shop": SHOP}
        subject.render(variables)
        letter.render(variables)
        text.render(variables)

    whole = ratio(lambda person: words.email("discount/due", "ro", person, SUBJECT), their_email)
    figure("e-mail: subject, HTML inlined, plain text", whole, "the template's own code, the same in both")
    apart = ratio(lambda person: words.email_parts("discount/due", "ro", person, SUBJECT), their_email)
    figure("the same taken apart, not put together", apart, "the template's own code, the same in both")
    short = ratio(
        lambda person: words.sms("discount/due", "ro", person), lambda person: message.render({**person, "shop": SHOP})
    )
    figure("SMS", short, "fixed cost per message on a text of 130 characters")
    sms = words.sms("discount/due", "ro", context(1))
    start = time.perf_counter()
    for _ in range(20_000):
        segments(sms)
    print(f"{'SMS segments counted':<44} {20_000 / (time.perf_counter() - start):,.0f} texts/s")


if __name__ == "__main__":
    sys.exit(main())
