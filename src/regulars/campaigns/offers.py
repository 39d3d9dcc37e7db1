"""What a message gives: its value by the step of the ladder, and when it ends. SQL over a relation of letters."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from regulars.lang.model import Offer
from regulars.people.engine import text


@dataclass(frozen=True)
class Terms:
    """The SQL of one offer. Reads `offer_step` (from 0) and `local_day` (ISO; the day it is sent) of each row."""

    offer: Offer
    zone: str
    """The shop's: an offer ends by the shop's clock."""

    @property
    def value(self) -> str:
        """The reduction: per cent, or an amount of the shop's currency, as decimal(12, 2); 0 for the other kinds."""
        ladder = [step.value for step in self.offer.ladder] or [Decimal(0)]
        arms = " ".join(f"when offer_step = {step} then {value}" for step, value in enumerate(ladder[:-1]))
        return f"cast({f'case {arms} else {ladder[-1]} end' if arms else ladder[-1]} as decimal(12, 2))"

    @property
    def last_day(self) -> str:
        """The last day it holds, ISO."""
        if self.offer.until is not None:
            return text((self.offer.until.on - timedelta(seconds=1)).date().isoformat())
        return f"strftime(cast(cast(local_day as date) + {self._length} as date), '%Y-%m-%d')"

    @property
    def ends(self) -> str:
        """The moment it ends: 24:00 of the last day, or the moment `until` names."""
        if self.offer.until is not None:
            return f"timezone({text(self.zone)}, timestamp {text(self.offer.until.on.isoformat(sep=' '))})"
        return (
            f"timezone({text(self.zone)}, cast(cast(local_day as date) + {self._length} + interval 1 day as timestamp))"
        )

    @property
    def _length(self) -> str:
        valid = self.offer.valid
        if valid is None:
            return "interval 0 day"
        days = valid.amount if valid.unit == "day" else -(-int(valid.delta.total_seconds()) // 86_400)
        return f"interval {days} day"

    @property
    def gift(self) -> str:
        """What is given, as SQL; an empty text for the other kinds."""
        return text(str(self.offer.gift or ""))

    def context(self, code: str) -> str:
        """What a template sees as `offer`, as a DuckDB struct; `code` is the SQL of the code."""
        kind = self.offer.kind
        written = {
            "percent": _shortest(self.value),
            "amount": f"cast({self.value} as varchar)",
            "gift": self.gift,
            "free_delivery": "true",
        }[kind]
        value = "" if kind == "free_delivery" else f"value := {written}, "
        return (
            f"struct_pack(kind := {text(kind)}, {kind} := {written}, {value}code := {code}, "
            f"valid_until := {self.last_day})"
        )


def over(offer: Offer | None, zone: str, at: datetime) -> str:
    """When an offer that names its end ended, by the shop's clock, where that is past at `at`; else empty."""
    if offer is None or offer.until is None or offer.until.on.replace(tzinfo=ZoneInfo(zone)) > at:
        return ""
    last = offer.until.on
    # Midnight is 24:00 of the day before, as one writes it.
    day, clock = (last - timedelta(days=1), "24:00") if last.time() == time(0) else (last, f"{last:%H:%M}")
    return f"{day:%a} {day.day} {day:%b %Y} {clock}"


def first_over(offers: Iterable[Offer], zone: str, at: datetime) -> str:
    """The same of the first of several that is over."""
    return next((ended for offer in offers if (ended := over(offer, zone, at))), "")


def said(kind: str, value: Decimal, gift: str, currency: str) -> str:
    """`15 %`, `25 RON`, `free delivery`, `gift CEAI-TEI`."""
    if kind == "gift":
        return f"gift {gift}"
    if kind == "free_delivery":
        return "free delivery"
    return f"{value.normalize():f} {'%' if kind == 'percent' else currency}"


def on_step(offer: Offer, step: int, currency: str) -> str:
    """The same of an offer on a step of its ladder, from 0; beyond the last one it stays there."""
    value = offer.ladder[min(step, len(offer.ladder) - 1)].value if offer.ladder else Decimal(0)
    return said(offer.kind, value, str(offer.gift or ""), currency)


def _shortest(value: str) -> str:
    """10 rather than 10.00, 12.5 rather than 12.50."""
    whole = f"cast(cast({value} as bigint) as varchar)"
    return f"case when {value} = floor({value}) then {whole} else rtrim(cast({value} as varchar), '0') end"


_OLD = "cast(old_value as decimal(12, 2))"
_OLD_PERCENT = f"case when old_kind = 'percent' then {_shortest(_OLD)} end"
_OLD_AMOUNT = f"case when old_kind = 'amount' then cast({_OLD} as varchar) end"
_OLD_GIFT = "case when old_kind = 'gift' then old_gift end"
AS_BEFORE = (
    f"case when old_code is not null then struct_pack(kind := old_kind, percent := {_OLD_PERCENT}, "
    f"amount := {_OLD_AMOUNT}, gift := {_OLD_GIFT}, "
    "free_delivery := case when old_kind = 'free_delivery' then true end, "
    f"value := coalesce({_OLD_PERCENT}, {_OLD_AMOUNT}, {_OLD_GIFT}), code := old_code, valid_until := old_day) end"
)
"""The same for a message that gives nothing of its own: the offer its entry has (`old_kind`, `old_value`, `old_gift`,
`old_code`, `old_day`); null where it has none. What is null in it, the template does not see."""
