"""The people of the sample shop: invented, and as untidy as a real shop's customers.

Nobody can be reached by accident: addresses are at example.com and example.org, and phones come from ranges kept
for fiction where a country has one (United Kingdom: 020 7946 0xxx; North America: 555-01xx). Romania and Moldova
keep none, so their numbers lie in the lowest corner of a block, 0700 0xx xxx and 0600 00 xxx: obviously invented,
valid by libphonenumber, but not provably nobody's. Send them to the folder only. (The British fiction range for
mobiles, 07700 900xxx, is not used: libphonenumber calls it invalid.)
"""

from __future__ import annotations

from calendar import isleap
from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple, TypeVar

import numpy as np

from regulars.sample.names import TONGUES, plain

T = TypeVar("T")

TONGUE_SHARES = {"ro": 0.66, "ru": 0.16, "en": 0.12, "hu": 0.04, "de": 0.02}
COUNTRY_SHARES = {
    "ro": {"RO": 0.86, "MD": 0.08, "GB": 0.04, "US": 0.02},
    "ru": {"MD": 0.70, "RO": 0.27, "GB": 0.03},
    "en": {"GB": 0.45, "US": 0.20, "RO": 0.35},
    "hu": {"RO": 1.0},
    "de": {"RO": 1.0},
}
CITIES = {
    "RO": ("București", "Cluj-Napoca", "Iași", "Timișoara", "Brașov", "Sibiu", "Târgu Mureș", "Constanța", "Bistrița"),
    "MD": ("Chișinău", "Bălți", "Cahul", "Soroca"),
    "GB": ("London", "St Albans", "King's Lynn"),
    "US": ("New York", "Boston", "Philadelphia"),
}
ZONES = {"RO": "Europe/Bucharest", "MD": "Europe/Chisinau", "GB": "Europe/London", "US": "America/New_York"}
NO_ZONES = ("Europe/Bucuresti", "GMT+2h", "România")
AREAS = ("212", "215", "206", "617")

NO_PHONES = ("0700 12", "12345", "0700 abc", "nu am", "+40 700", "—")
NO_ADDRESSES = ("{local}", "{local} @example.com", "{local}..x@example.com", "{local}@example.com.", "@example.com")
"""Ways in which an address is broken: no @, a space, two dots, a dot at the end, nobody before the @."""


class Customer(NamedTuple):
    """A row of customers.csv."""

    customer_id: str
    first_name: str
    last_name: str
    email: str
    phone: str
    country: str
    city: str
    language: str
    timezone: str
    birthday: str
    signed_up: str
    email_consent: str
    sms_consent: str


def draw(
    rng: np.random.Generator, signed_up: Sequence[date], *, first_id: int = 10001, taken: set[str] | None = None
) -> list[Customer]:
    """One customer for each day of `signed_up`, numbered from `first_id`; `taken` are the addresses others have."""
    count = len(signed_up)
    taken = set() if taken is None else taken
    tongues = rng.choice(list(TONGUE_SHARES), size=count, p=list(TONGUE_SHARES.values()))
    birthdays = _birthdays(rng, count)
    people = [
        _customer(rng, str(tongue), taken)._replace(
            customer_id=str(first_id + place), birthday=birthday, signed_up=day.isoformat()
        )
        for place, (tongue, birthday, day) in enumerate(zip(tongues, birthdays, signed_up, strict=True))
    ]
    return _households(rng, _odd_zones(rng, people))


def _pick(rng: np.random.Generator, among: Sequence[T]) -> T:
    return among[int(rng.random() * len(among))]


def _weighted(rng: np.random.Generator, shares: dict[str, float]) -> str:
    drawn = rng.random()
    for name, share in shares.items():
        drawn -= share
        if drawn < 0:
            return name
    return next(iter(shares))


def _customer(rng: np.random.Generator, tongue: str, taken: set[str]) -> Customer:
    """Somebody who speaks `tongue`, still without an id and dates."""
    names = TONGUES[tongue]
    woman = rng.random() < 0.6
    first = _pick(rng, names.women if woman else names.men)
    last = names.surname(int(rng.random() * len(names.surnames)), woman)
    country = _weighted(rng, COUNTRY_SHARES[tongue])
    return Customer(
        customer_id="",
        first_name=_weighted(rng, {first: 0.97, "": 0.03}),
        last_name=_weighted(rng, {last: 0.99, "": 0.01}),
        email=_email(rng, f"{plain(first)}.{plain(last)}", taken),
        phone=_phone(rng, country),
        country=country,
        city=_pick(rng, CITIES[country]),
        language=_weighted(rng, {tongue: 0.92, "": 0.06, "en": 0.02}),
        timezone=_weighted(rng, {ZONES[country]: 0.86, "": 0.14}),
        birthday="",
        signed_up="",
        email_consent=_weighted(rng, {"yes": 0.82, "no": 0.10, "": 0.08}),
        sms_consent=_weighted(rng, {"yes": 0.50, "no": 0.30, "": 0.20}),
    )


def _email(rng: np.random.Generator, local: str, taken: set[str]) -> str:
    fate = rng.random()
    if fate < 0.03:
        return ""
    if fate < 0.05:
        return _pick(rng, NO_ADDRESSES).format(local=local)
    domain = _weighted(rng, {"example.com": 0.75, "example.org": 0.25})
    address, number = f"{local}@{domain}", 1
    while address in taken:
        number += 1
        address = f"{local}{number}@{domain}"
    taken.add(address)
    return address


def _phone(rng: np.random.Generator, country: str) -> str:
    fate = rng.random()
    if fate < 0.14:
        return ""
    if fate < 0.16:
        return _pick(rng, NO_PHONES)
    last = int(rng.integers(1000))
    match country:
        case "RO":
            digits = f"{int(rng.integers(100)):02d}{last:03d}"
            number = f"700 0{digits[:2]} {digits[2:]}"
            ways: tuple[str, ...] = (
                f"0{number}",
                f"0{number}".replace(" ", ""),
                f"+40{number}".replace(" ", ""),
                f"+40 {number}",
            )
        case "MD":
            ways = (f"0600 00 {last:03d}", f"060000{last:03d}", f"+373 600 00 {last:03d}", f"+37360000{last:03d}")
        case "GB":
            ways = (f"020 7946 0{last:03d}", f"+44 20 7946 0{last:03d}", f"+442079460{last:03d}")
        case _:
            area, line = _pick(rng, AREAS), f"01{last % 100:02d}"
            ways = (f"({area}) 555-{line}", f"+1 {area} 555 {line}", f"+1{area}555{line}")
    return _pick(rng, ways)


def _birthdays(rng: np.random.Generator, count: int) -> list[str]:
    """Spread evenly over the 366 days of the year, 29 February among them; one in twelve is unknown."""
    days = np.resize(rng.permutation(366), count)
    years = rng.integers(1940, 2006, size=count)
    known = rng.random(count) >= 1 / 12
    return [
        _birthday(int(day), int(year)) if is_known else ""
        for day, year, is_known in zip(days, years, known, strict=True)
    ]


def _birthday(day_of_leap_year: int, year: int) -> str:
    day = date(2000, 1, 1) + timedelta(days=day_of_leap_year)
    if (day.month, day.day) == (2, 29) and not isleap(year):
        year -= year % 4
    return day.replace(year=year).isoformat()


def _odd_zones(rng: np.random.Generator, people: list[Customer]) -> list[Customer]:
    """One in a thousand has a time zone that does not exist."""
    for i in rng.choice(len(people), size=len(people) // 1000, replace=False):
        people[i] = people[i]._replace(timezone=_pick(rng, NO_ZONES))
    return people


def _households(rng: np.random.Generator, people: list[Customer]) -> list[Customer]:
    """One in five hundred shares surname and address with somebody else."""
    pairs = rng.choice(len(people), size=(len(people) // 500, 2), replace=False)
    for one, other in pairs:
        people[other] = people[other]._replace(email=people[one].email, last_name=people[one].last_name)
    return people
