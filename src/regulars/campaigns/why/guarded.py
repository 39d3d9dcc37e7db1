"""What the guards say about one customer and one campaign, each with what it saw."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from regulars.campaigns import calendar
from regulars.campaigns.budgets import told
from regulars.campaigns.budgets.fitting import BUDGET
from regulars.campaigns.budgets.limits import concerning
from regulars.campaigns.frequency import caps, is_full, longest
from regulars.campaigns.offers import on_step
from regulars.campaigns.select import LATER, before_in_line
from regulars.campaigns.why.agreed import consent_lines
from regulars.campaigns.why.person_desk import PersonDesk
from regulars.campaigns.why.seen import Line, spoken_day
from regulars.lang.model import Campaign
from regulars.lang.scalars import Channel
from regulars.ledger import entered, facts, forgotten

TESTS = (
    "forgotten",
    "repeat",
    "consent",
    "address",
    "words",
    "holdout",
    "when",
    "frequency",
    "priority",
    "quiet hours",
    "budget",
)
"""In the order in which a run asks them; the first that fails decides."""
OF_REASON = {
    "forgotten": "forgotten",
    "already-enrolled": "repeat",
    "not-entering": "repeat",
    "no-consent": "consent",
    "no-address": "address",
    "suppressed": "address",
    "no-words": "words",
    "holdout": "holdout",
    "when": "when",
    "frequency": "frequency",
    "lost-priority": "priority",
    "quiet-hours": "quiet hours",
    BUDGET: "budget",
}
"""Reason → the test that gave it."""
OF_A_DAY = ("words", "when", "frequency", "priority", "quiet hours", "budget")
"""Tests that are about this message and this day: not told once one before them failed. The others are about people."""
DELIVERED = ("delivered", "opened", "clicked")


@dataclass(frozen=True)
class Guards:
    """The tests of one judgement, told. `seen` is its row (see `Reach.judgement`), or that of the decision log."""

    desk: PersonDesk
    name: str
    seen: Mapping[str, Any]
    at: datetime
    takers: Sequence[str] = ()
    """Campaigns that go first and take this customer that day."""
    past: bool = False
    """Whether the day is over."""

    @property
    def reason(self) -> str:
        """Why it is not sent; empty where nothing stands in the way."""
        reason = self.seen.get("decision", self.seen.get("reason")) or ""
        return "" if reason == "sent" else str(reason)

    def lines(self) -> list[Line]:
        """Every test after the audience that is told, in the order people read them."""
        tests: dict[str, Callable[[], Line]] = {
            "forgotten": self._forgotten,
            "repeat": self._repeat,
            "holdout": self._holdout,
            "consent": self._consent,
            "address": self._address,
            "words": self._words,
            "when": self._when,
            "frequency": self._frequency,
            "priority": self._priority,
            "quiet hours": self._quiet_hours,
            "budget": self._budget,
        }
        return [tell() for test, tell in tests.items() if self._is_told(test)]

    @property
    def not_asked(self) -> list[str]:
        """Tests that a run did not come to, because one before them failed."""
        return [test for test in OF_A_DAY if self._has(test) and not self._is_asked(test)]

    def _is_told(self, test: str) -> bool:
        if test in ("words", "forgotten"):
            return OF_REASON.get(self.reason) == test
        return self._has(test) and (test not in OF_A_DAY or self._is_asked(test))

    def _has(self, test: str) -> bool:
        if test == "when":
            return self._message.when is not None
        if test == "budget":
            return bool(concerning(self.desk, self.name, self._campaign.offers_of(self._message), self.at))
        return test != "words"

    def _is_asked(self, test: str) -> bool:
        failed = OF_REASON.get(self.reason)
        if test == "quiet hours" and self.seen.get("is_due") is False:
            return False
        return failed is None or TESTS.index(test) <= TESTS.index(failed)

    @property
    def would_get(self) -> str:
        """`email winback/first in ro, as `calm`, 15 %`; empty where no channel reaches them."""
        if not self.seen.get("channel"):
            return ""
        template = self.seen.get("template") or self._message.template
        told = f"{self.seen['channel']} {template} in {self.seen['language']}"
        variant = str(self.seen.get("variant") or "")
        if variant and self.reason == LATER:
            told += f", as the variant that did best by then, or `{variant}`"
        elif variant:
            told += f", as `{variant}`"
        offer = self._campaign.offer_of(self._message.said_as(variant))
        if offer is None:
            return told
        if self.seen.get("offer_off"):
            return f"{told}, without the offer (`unless`)"
        step = int(self.seen.get("offer_step") or 0)
        return f"{told}, {on_step(offer, step, str(self.desk.rules.shop.currency))}"

    @property
    def again(self) -> str:
        """When it is tried again, as a sentence; empty where nobody can say."""
        day = self._day
        if self.reason == "frequency":
            day = self._free_again() or day + timedelta(days=1)
        elif self.reason in ("lost-priority", "quiet-hours"):
            day += timedelta(days=1)
        elif self.reason == BUDGET:
            begins = told.again(self.desk, self.name, self.at, told.scarce(self.desk, self.name, self.at))
            if begins is None:
                return ""
            day = begins
        else:
            return self._enters_again if self.reason == "already-enrolled" else ""
        following = calendar.next_day(self._campaign.schedule, day)
        if following is None or self._campaign.schedule.kind == "once":
            return "Not tried again."
        return f"Tried again {spoken_day(following, self._today)}."

    @property
    def _enters_again(self) -> str:
        """When somebody who entered may enter again."""
        entries, repeat = self._own_entries, self._campaign.repeat
        if not entries or repeat.kind not in ("once", "days"):
            return ""
        if repeat.kind == "once":
            return "Nobody enters it twice."
        day = self.desk.day(entries[-1].entered_at) + timedelta(days=repeat.days)
        return f"They may enter again from {spoken_day(day, self._today)}."

    @property
    def _own_entries(self) -> list[entered.Entry]:
        """Their entries in this campaign, of the row it is about where it is about one."""
        names, occasion = self.desk.names_of(self.name), str(self.seen.get("occasion"))
        own = [entry for entry in self.desk.entries if entry.campaign in names]
        return [entry for entry in own if entry.occasion == occasion] if self._campaign.row else own

    @property
    def _campaign(self) -> Campaign:
        return self.desk.campaign(self.name)

    @property
    def _message(self) -> Any:
        return self._campaign.messages[0]

    @property
    def _today(self) -> date:
        return self.desk.day(self.at)

    @property
    def _day(self) -> date:
        """The customer's day on which it would count."""
        told = self.seen.get("local_day")
        return date.fromisoformat(told) if told else self._today

    @property
    def _is_service(self) -> bool:
        return self._campaign.is_service

    def _forgotten(self) -> Line:
        since = forgotten.is_forgotten(self.desk.ledger, self.desk.person.customer)
        says = (
            f"they asked to be forgotten{f' on {_long(self.desk.day(since))}' if since else ''}: nobody writes to them"
        )
        return _line("forgotten", holds=False, says=says)

    def _repeat(self) -> Line:
        if self.reason == "not-entering":
            return _line(
                "repeat", holds=False, says="on entry: in the audience before already, and did not come in since"
            )
        own = self._own_entries
        says = "one entry per row" if self._campaign.for_each is not None else str(self._campaign.repeat)
        if not own:
            return _line("repeat", holds=not self._fails("repeat"), says=f"{says}: never entered")
        last = self.desk.day(own[-1].entered_at)
        ago = (self._today - last).days
        told = f"{says}: last entered {spoken_day(last, self._today)}, {ago} {'day' if ago == 1 else 'days'} ago"
        inside = ", and still inside" if own[-1].ended_at is None else ""
        return _line("repeat", holds=not self._fails("repeat"), says=told + inside)

    def _fails(self, test: str) -> bool:
        return OF_REASON.get(self.reason) == test

    def _holdout(self) -> Line:
        if self._is_service:
            return _line("holdout", holds=None, says="nobody is held out of a service message")
        shop, own, arm = self.desk.rules.guards.holdout, self._campaign.holdout, self.seen.get("arm")
        shares = [("shop-holdout", "the shop's", shop), ("holdout", f"{self.name}'s", own)]
        told = [
            f"{'' if arm == name else 'not '}in {whose} {share}" for name, whose, share in shares if share.fraction > 0
        ]
        drawn = [words for words in told if not words.startswith("not")]
        says = ", ".join(drawn or told) or "there is none"
        return _line("holdout", holds=arm in (None, "treated"), says=says)

    def _consent(self) -> Line:
        if self._is_service:
            return _line("consent", holds=None, says="not asked: a service message")
        topic = str(self._campaign.topic or "")
        told = consent_lines(self.desk, self._channels, topic, self._today)
        holds = not self._fails("consent")
        return _line("consent", holds=holds, says=" · ".join(f"{channel}: {words}" for channel, words in told.items()))

    @property
    def _channels(self) -> list[Channel]:
        """Those of all its messages, the first one's first."""
        return list(dict.fromkeys(channel for message in self._campaign.messages for channel in message.send.channels))

    def _address(self) -> Line:
        told = [self._of_address(channel) for channel in self._channels]
        return _line("address", holds=not self._fails("address"), says=" · ".join(told))

    def _of_address(self, channel: Channel) -> str:
        address = self.desk.addresses.get(channel, "")
        if not address:
            return f"{channel}: none, or not a good one"
        stopped = entered.suppressed(self.desk.ledger, self.desk.hashes.get(channel, ""), channel)
        if stopped:
            reason, since = stopped
            return f"{masked(address)}, suppressed since {_long(self.desk.day(since))}: {reason}"
        return masked(address) + self._last(channel)

    def _last(self, channel: Channel) -> str:
        letters = [letter for entry in self.desk.entries for letter in entry.letters if letter.channel == channel]
        sent = sorted((one.sent_at, one.state in DELIVERED) for one in letters if one.sent_at is not None)
        arrived = [moment for moment, delivered in sent if delivered]
        if not sent:
            return ""
        moment = arrived[-1] if arrived else sent[-1][0]
        return f", last {'delivered' if arrived else 'sent'} {spoken_day(self.desk.day(moment), self._today)}"

    def _words(self) -> Line:
        language = self.desk.person_cell("language") or "no language"
        template = self.seen.get("template") or self._message.template
        return _line("words", holds=False, says=f"{template}: nothing for {language}, or for the channel")

    def _when(self) -> Line:
        holds = self.seen.get("when_holds")
        return _line("when", holds=holds, says=" ".join(str(self._message.when).split()))

    @cached_property
    def _counting(self) -> list[dict[str, Any]]:
        """Messages that count against the caps: channel, local_day (ISO), campaign, n."""
        first = self._day - timedelta(days=longest(caps(self.desk)) - 1)
        rows = facts.sent_days(self.desk.ledger, first).to_pylist()
        return sorted(rows, key=lambda row: (row["local_day"], row["campaign"]))

    def _frequency(self) -> Line:
        if self._is_service:
            return _line("frequency", holds=None, says="no cap: a service message")
        set_caps = {scope: cap for scope, cap in caps(self.desk).items() if scope in ("any", self.seen.get("channel"))}
        if self._fails("frequency"):
            set_caps = {scope: cap for scope, cap in set_caps.items() if self._is_full({scope: cap}, self._day)}
        allowed = ", ".join(f"{scope} {cap}" for scope, cap in set_caps.items())
        days = {scope: self._day - timedelta(days=cap.days - 1) for scope, cap in set_caps.items()}
        fill = [
            f"{spoken_day(date.fromisoformat(row['local_day']), self._today)} {row['campaign']}"
            for row in self._counting
            if any(
                scope in ("any", row["channel"]) and row["local_day"] >= first.isoformat()
                for scope, first in days.items()
            )
        ]
        free = self._free_again() if self._fails("frequency") else None
        says = (f"{allowed}: {', '.join(fill) or 'nothing in these days'}") if allowed else "no cap"
        says += f". Free again {spoken_day(free, self._today)}" if free else ""
        return _line("frequency", holds=not self._fails("frequency"), says=says)

    def _is_full(self, set_caps: Mapping[str, Any], day: date) -> bool:
        got = [
            (row["channel"], date.fromisoformat(row["local_day"])) for row in self._counting for _ in range(row["n"])
        ]
        return is_full(dict(set_caps), got, str(self.seen.get("channel") or ""), day)

    def _free_again(self) -> date | None:
        """The first day on which the caps let one more through, by what is sent and planned."""
        set_caps = caps(self.desk)
        days = (self._day + timedelta(days=ahead) for ahead in range(1, longest(set_caps) + 1))
        return next((day for day in days if not self._is_full(set_caps, day)), None)

    def _priority(self) -> Line:
        if self._is_service:
            return _line("priority", holds=None, says="a service message waits for no campaign")
        before = before_in_line(self.desk, self.name)
        if not before:
            return _line("priority", holds=True, says="first in line")
        taken = " and ".join(self.takers)
        told = (
            f"{taken} {'takes' if len(self.takers) == 1 else 'take'} them today" if taken else "none takes them today"
        )
        return _line("priority", holds=not self._fails("priority"), says=f"after {', '.join(before)}: {told}")

    def _quiet_hours(self) -> Line:
        hours = getattr(self.desk.rules.guards.quiet_hours, str(self.seen.get("channel") or "email"), None)
        says = f"{hours} by {self.seen['zone']}" if hours and self.seen.get("zone") else str(hours or "none set")
        if self._fails("quiet hours"):
            return _line("quiet hours", holds=False, says=f"{says}; when they end it is too late")
        until = f": held until {self._local(self.seen['not_before'])}" if self.seen.get("held") else ""
        return _line("quiet hours", holds=True, says=says + until)

    def _budget(self) -> Line:
        if self.past:
            says = "none was left" if self._fails("budget") else "it fitted"
            return _line("budget", holds=not self._fails("budget"), says=says)
        found = told.left(self.desk, self.name, self.at)
        if self._fails("budget"):
            found = told.scarce(self.desk, self.name, self.at)
        currency = str(self.desk.rules.shop.currency)
        says = " · ".join(f"left of {one['says']}: {float(one['left']):,.0f} {currency}" for one in found)
        return _line("budget", holds=not self._fails("budget"), says=says)

    def _local(self, moment: datetime) -> str:
        local = moment.astimezone(ZoneInfo(str(self.seen.get("zone") or self.desk.zone)))
        return f"{spoken_day(local.date(), self._today)} {local:%H:%M}"


def masked(address: str) -> str:
    """An address as it may be shown: `io…@example.com`, `+407…01`."""
    name, at, domain = address.partition("@")
    return f"{name[:2]}…@{domain}" if at else f"{address[:4]}…{address[-2:]}"


def _long(day: date) -> str:
    return f"{day.day} {day:%b %Y}"


def _line(test: str, *, holds: bool | None, says: str, saw: str = "") -> Line:
    return {"test": test, "holds": holds, "says": says, "saw": saw}
