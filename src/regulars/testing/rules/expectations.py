"""What was expected against what was seen: each difference with its place in the file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from regulars.lang.problems import Position
from regulars.lang.project import Project
from regulars.lang.rule_tests import Expected, RuleTest, When
from regulars.lang.written import Written
from regulars.testing.rules.stage import Seen

UNKNOWN = "unknown"


@dataclass(frozen=True)
class Difference:
    """One expectation that was not met. `reads`: the segment or trait, or `campaigns`: whom to ask why."""

    customer: str
    what: str
    expected: str
    got: str
    position: Position
    reads: str = ""
    campaigns: tuple[str, ...] = ()


@dataclass(frozen=True)
class Comparison:
    """Compares one customer of one case."""

    project: Project
    case: RuleTest
    customer: str
    expected: Expected
    seen: Seen

    def differences(self) -> Iterator[Difference]:
        """Every expectation that was not met."""
        for name, value in self.expected.segments.items():
            got = self.seen.traits.get(str(name))
            spoken = ("in" if got else "out") if isinstance(got, bool) else str(got)
            if spoken != str(value):
                yield self._differs(f"segment {name}", str(value), spoken, value, reads=str(name))
        for text in self.expected.audiences:
            inside, audience = not text.startswith("not "), text.removeprefix("not ").strip()
            if bool(self.seen.traits.get(audience)) is not inside:
                words = ("in", "not in") if inside else ("not in", "in")
                yield self._differs(f"audience {audience}", *words, text, reads=audience)
        for name, value in self.expected.traits.items():
            got = self.seen.traits.get(str(name))
            if not same(value, got, self.case.today):
                yield self._differs(f"trait {name}", str(value), shown(got), value, reads=str(name))
        if self.expected.messages is not None:
            yield from self._messages(self.expected.messages)
        for text, reason in self.expected.withheld.items():
            decision = self._decision(text.strip())
            if decision != reason.strip():
                yield self._differs(f"withheld {text}", str(reason), decision, reason, campaigns=(_campaign(text),))

    def _messages(self, expected: list[Written]) -> Iterator[Difference]:
        wanted, got = sorted(text.strip() for text in expected), sorted(self.seen.messages)
        plain = sorted(text if " by " in want else text.partition(" by ")[0] for text, want in _paired(got, wanted))
        if plain != wanted:
            concerned = {_campaign(text) for text in {*wanted, *got}}
            place = next(iter(expected), Written("", self.case.name.position))
            missing = [text for text in wanted if text not in plain]
            why = tuple(sorted({_campaign(text) for text in missing} or concerned))
            yield self._differs("messages", ", ".join(wanted) or "none", ", ".join(got) or "none", place, campaigns=why)

    def _decision(self, name: str) -> str:
        campaign = self.project.campaigns[_campaign(name)]
        if campaign.status != "live":
            return campaign.status
        return self.seen.decisions.get(name, "not in the audience, or not due")

    def _differs(
        self, what: str, expected: str, got: str, at: Written, *, reads: str = "", campaigns: tuple[str, ...] = ()
    ) -> Difference:
        return Difference(self.customer, what, expected, got, at.position, reads, campaigns)


def same(expected: str, got: object, today: date) -> bool:
    """Whether a value is the expected one; numbers to as many decimals as were written."""
    wanted = expected.strip()
    if got is None or wanted == UNKNOWN:
        return got is None and wanted == UNKNOWN
    if isinstance(got, bool):
        return wanted.lower() in (("yes", "true", "in") if got else ("no", "false", "out"))
    if isinstance(got, (int, float, Decimal)):
        return _same_number(wanted, Decimal(str(got)))
    if isinstance(got, (date, datetime)):
        try:
            meant = When.parse(wanted)
        except ValueError:
            return False
        exact = isinstance(got, datetime) and meant.clock is not None
        on = meant.on(today)
        return got == on if exact else (got.date() if isinstance(got, datetime) else got) == on.date()
    return str(got) == wanted


def shown(value: object) -> str:
    """A value as people write it."""
    if value is None:
        return UNKNOWN
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}"
    return f"{value:%Y-%m-%d %H:%M}" if isinstance(value, datetime) else str(value)


def _same_number(wanted: str, got: Decimal) -> bool:
    try:
        number = Decimal(wanted)
    except InvalidOperation:
        return False
    exponent = number.as_tuple().exponent
    places = -exponent if isinstance(exponent, int) and exponent < 0 else 0
    return abs(got - number) <= Decimal(5).scaleb(-places - 1) if places else got == number


def _paired(got: list[str], wanted: list[str]) -> Iterator[tuple[str, str]]:
    """Each message that was got with the expectation about it: one without `by` leaves the channel open."""
    for text in got:
        yield text, next((want for want in wanted if want.partition(" by ")[0] == text.partition(" by ")[0]), text)


def _campaign(text: str) -> str:
    return text.strip().partition(" by ")[0].partition("/")[0]
