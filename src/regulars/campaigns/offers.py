"""What a message gives: its value by the step of the ladder, and when it ends. SQL over a relation of letters."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

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
        """The reduction: per cent, or an amount of the shop's currency, as decimal(12, 2)."""
        ladder = [step.value for step in self.offer.ladder]
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

    def context(self, code: str) -> str:
        """What a template sees as `offer`, as a DuckDB struct; `code` is the SQL of the code."""
        kind = self.offer.kind
        written = f"cast({self.value} as varchar)" if kind == "amount" else _shortest(self.value)
        return (
            f"struct_pack(kind := {text(kind)}, {kind} := {written}, value := {written}, code := {code}, "
            f"valid_until := {self.last_day})"
        )


def _shortest(value: str) -> str:
    """10 rather than 10.00, 12.5 rather than 12.50."""
    whole = f"cast(cast({value} as bigint) as varchar)"
    return f"case when {value} = floor({value}) then {whole} else rtrim(cast({value} as varchar), '0') end"


_OLD = "cast(old_value as decimal(12, 2))"
_OLD_PERCENT = f"case when old_kind = 'percent' then {_shortest(_OLD)} end"
_OLD_AMOUNT = f"case when old_kind = 'amount' then cast({_OLD} as varchar) end"
AS_BEFORE = (
    f"case when old_code is not null then struct_pack(kind := old_kind, percent := {_OLD_PERCENT}, "
    f"amount := {_OLD_AMOUNT}, value := coalesce({_OLD_PERCENT}, {_OLD_AMOUNT}), code := old_code, "
    "valid_until := old_day) end"
)
"""The same for a message that gives nothing of its own: the offer its entry has (`old_kind`, `old_value`, `old_code`,
`old_day`); null where it has none."""
