"""Zones, languages, currencies and addresses: whether what was written exists. Heavy libraries load when asked."""

from __future__ import annotations

import re
from email.utils import parseaddr
from zoneinfo import ZoneInfo, available_timezones

from regulars.lang.suggest import nearest


def is_zone(name: str) -> bool:
    """Whether `name` is an IANA time zone, spelt as there."""
    if not re.fullmatch(r"[A-Za-z0-9_+\-]+(/[A-Za-z0-9_+\-]+)*", name):
        return False
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


def near_zone(name: str) -> str:
    """The zone that was probably meant: by its whole name, or by its city; empty where none is near."""
    zones = sorted(available_timezones())
    cities = {zone.rsplit("/", 1)[-1]: zone for zone in zones if "/" in zone}
    if found := nearest(name, zones):
        return found
    city = nearest(name.rsplit("/", 1)[-1], cities)
    return cities[city] if city else ""


def is_currency(code: str) -> bool:
    """Whether `code` is a currency of three capital letters."""
    from babel.core import get_global

    return code in get_global("all_currencies")


def is_language(code: str) -> bool:
    """Whether `code` is a language in two or three small letters, perhaps with a country (`pt_BR`)."""
    from babel.localedata import exists

    return bool(re.fullmatch(r"[a-z]{2,3}(_[A-Z]{2})?", code)) and exists(code)


def is_country(code: str) -> bool:
    """Whether `code` is a country in two capital letters."""
    from babel import Locale

    return bool(re.fullmatch(r"[A-Z]{2}", code)) and code in Locale("en").territories


def wrong_address(text: str) -> str:
    """Why `text` (`Casa Verde <salut@casaverde.example>`, or the address alone) is no address; empty: it is one."""
    from email_validator import EmailNotValidError, validate_email

    name, address = parseaddr(text)
    if not address or (name and "<" not in text):
        return "it has no part in < > with an @."
    try:
        validate_email(address, check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        return str(error)
    return ""
