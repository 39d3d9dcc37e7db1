"""The filters of templates, speaking one language. A value that nobody knows (None, empty) stays empty text."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from datetime import date as Day  # noqa: N812  # `date` is a filter below
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from jinja2 import Undefined
from jinja2.filters import FILTERS as JINJA

from regulars.words.allowed import FILTERS

if TYPE_CHECKING:
    from babel import Locale

_KNOWN = 4_096
_DATES = {"long": "long", "medium": "medium", "short": "short"}


def filters_for(language: str, currency: str, timezone: str) -> dict[str, Callable[..., Any]]:
    """Filter name → function, for one language (`ro`, `pt-BR`), a currency of three letters and the shop's zone."""
    spoken = Spoken(language, currency, timezone)
    own = {name: getattr(spoken, name) for name in ("money", "number", "date", "plural")}
    return {name: JINJA[name] for name in FILTERS if name in JINJA} | own | {"default": default}


def default(value: Any, instead: Any = "", unknown_too: bool = True) -> Any:
    """`{{ customer.city | default("your town") }}`: `instead` where the value is missing or empty."""
    del unknown_too  # Jinja's second argument; here a missing value is always replaced
    return instead if isinstance(value, Undefined) or value is None or value == "" else value


class Spoken:
    """Numbers, money, dates and plural forms as people of one language write them (Unicode CLDR, through Babel)."""

    def __init__(self, language: str, currency: str, timezone: str) -> None:
        self._locale = locale_of(language, currency)
        self._currency = currency
        self._zone = ZoneInfo(timezone)
        # Babel takes longer for one number than everything else of a message; a shop's amounts come back all the time.
        self._money = lru_cache(_KNOWN)(self._money_text)
        self._amount = lru_cache(_KNOWN)(self._number_text)
        self._form = lru_cache(_KNOWN)(self._locale.plural_form)
        self._date = lru_cache(_KNOWN)(self._date_text)

    def money(self, value: Any) -> str:
        """`25.5` → `25,50 RON`; without decimals where there are none to show."""
        return "" if _missing(value) else self._money(_number(value))

    def number(self, value: Any, digits: int = 2) -> str:
        """`1225.5` → `1.225,5`; at most `digits` decimals."""
        return "" if _missing(value) else self._amount(_number(value), digits)

    def date(self, value: Any, form: str = "long") -> str:
        """`2026-12-05` → `5 decembrie 2026`; `form` is `long`, `medium`, `short`, or `day` for `5 decembrie`.

        `value` is a date, a moment (shown in the shop's zone) or either as ISO text; ValueError for anything else.
        """
        if _missing(value):
            return ""
        moment = value if isinstance(value, (date, datetime)) else _from_iso(str(value))
        if isinstance(moment, datetime):
            moment = (moment.astimezone(self._zone) if moment.tzinfo else moment).date()
        return self._date(moment, form)

    def plural(self, value: Any, **forms: str) -> str:
        """The word that goes with a number: `{{ n }} {{ n | plural(one="zi", few="zile", other="de zile") }}`.

        Forms are CLDR's (`zero`, `one`, `two`, `few`, `many`, `other`); `other` stands in for one that is not given.
        """
        if _missing(value):
            return forms.get("other", "")
        return forms.get(self._form(_number(value)), forms.get("other", ""))

    def _number_text(self, value: Decimal, digits: int) -> str:
        from babel.numbers import format_decimal

        return format_decimal(round(value, digits), locale=self._locale)

    def _money_text(self, value: Decimal) -> str:
        from babel.numbers import format_currency, get_currency_precision, get_currency_symbol

        pattern = self._locale.currency_formats["standard"].pattern
        symbol = get_currency_symbol(self._currency, self._locale)
        if pattern.startswith("¤") and symbol.isalpha():
            pattern = pattern.replace("¤", "¤\xa0")
        digits = 0 if value == value.to_integral_value() else get_currency_precision(self._currency)
        pattern = pattern.replace("0.00", "0" + ("." + "0" * digits if digits else ""))
        return format_currency(value, self._currency, pattern, locale=self._locale, currency_digits=False)

    def _date_text(self, value: Day, form: str) -> str:
        from babel.dates import format_date, format_skeleton

        if form == "day":
            return format_skeleton("MMMMd", value, locale=self._locale)
        return format_date(value, _DATES[form], locale=self._locale)


def locale_of(language: str, currency: str = "") -> Locale:
    """Babel's locale of a language. English without a country is read as British, unless the shop takes dollars."""
    from babel import Locale, UnknownLocaleError

    tag = language.replace("-", "_")
    if tag == "en":
        tag = "en_US" if currency == "USD" else "en_GB"
    try:
        return Locale.parse(tag)
    except (UnknownLocaleError, ValueError):
        return Locale.parse("en_GB")


def _missing(value: Any) -> bool:
    return value is None or value == ""


def _number(value: Any) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(str(value))


def _from_iso(text: str) -> date | datetime:
    return date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)
