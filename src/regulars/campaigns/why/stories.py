"""Earlier entries of a customer in a campaign, each told in a line: what went out, its code, what was ordered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from regulars.campaigns.followups import NO_ANSWER
from regulars.campaigns.offers import on_step, said
from regulars.campaigns.why.person_desk import PersonDesk
from regulars.campaigns.why.seen import spoken_day
from regulars.ledger.entered import Entry, Letter

SPOKEN = {
    "accepted": "sent",
    "delivered": "delivered",
    "opened": "sent, opened",
    "clicked": "sent, clicked",
    "ambiguous": "sent, perhaps: the answer was lost",
    "sending": "on its way",
    "claimed": "on its way",
    "skipped": "left out",
}
"""States of a message as people say them; the others as they are."""
TOLD = {"": "", "told": ", the shop was told", "perhaps": ", the shop was told, perhaps"}
NOT_SENT = ("suppressed", "expired", "dead")


@dataclass(frozen=True)
class Stories:
    """Tells entries of the one customer of a desk in one campaign, as of `at`."""

    desk: PersonDesk
    name: str
    """The campaign, as it is called now."""
    at: datetime

    def told(self, entries: Iterable[Entry]) -> list[str]:
        """A line for each entry: `29 May `first` 10 %: sent, clicked · no order within 14 days → next time 15 %`."""
        every = list(entries)
        return [self.line(entry, is_last=entry is every[-1]) for entry in every]

    def line(self, entry: Entry, *, is_last: bool = False) -> str:
        """One entry."""
        if entry.arm != "treated":
            return f"{self._day(entry.entered_at)} entered, held out · {self._orders(entry)}"
        parts = [self.letter(letter) for letter in entry.letters]
        entered = f"{self._day(entry.entered_at)} entered"
        occasion = f" for {entry.occasion}" if self.desk.campaign(self.name).for_each else ""
        if occasion or not parts:
            parts.insert(0, entered + occasion)
        if following := self._following(entry):
            parts.append(following)
        ended = [f"left: {entry.end_reason}"] if entry.end_reason not in ("", "finished") else []
        return " · ".join([*parts, *ended, self._orders(entry) + (self._next_time(entry) if is_last else "")])

    def letter(self, letter: Letter) -> str:
        """`29 May `first` as `calm` 10 %, code ABC: sent, clicked`."""
        day = self._day(letter.sent_at or letter.due_at)
        code = f", code {letter.code}" if letter.code else ""
        wording = f" as `{letter.variant}`" if letter.variant else ""
        return f"{day} `{letter.name}`{wording}{self._gave(letter)}{code}: {self.state(letter)}"

    def state(self, letter: Letter) -> str:
        """What became of a message."""
        if letter.state in NOT_SENT:
            return f"not sent, {letter.reason or letter.state}"
        if letter.state == "planned":
            local = letter.due_at.astimezone(ZoneInfo(self.desk.zone))
            return f"planned for {spoken_day(local.date(), self._today)} {local:%H:%M}"
        if letter.state == "skipped" and letter.reason == NO_ANSWER:
            return "left out, nobody answered"
        answered = f", answered {letter.answer:.3g} ({letter.survey})" if letter.answer is not None else ""
        return SPOKEN.get(letter.state, letter.state) + answered + TOLD[letter.told]

    @property
    def _today(self) -> date:
        return self.desk.day(self.at)

    def _day(self, moment: datetime) -> str:
        day = self.desk.day(moment)
        return f"{day.day} {day:%b}" + (f" {day.year}" if day.year != self._today.year else "")

    def _gave(self, letter: Letter) -> str:
        currency = str(self.desk.rules.shop.currency)
        return f" {said(letter.kind, letter.value, letter.gift, currency)}" if letter.kind else ""

    def _following(self, entry: Entry) -> str:
        """The message that comes next while they are inside."""
        messages = self.desk.campaign(self.name).messages
        names = [str(message.name) for message in messages]
        last = max((names.index(letter.name) for letter in entry.letters if letter.name in names), default=-1)
        if entry.ended_at is not None or last + 1 >= len(messages):
            return ""
        message = messages[last + 1]
        when = f" after {message.after}" if message.after else f" {message.before}" if message.before else ""
        return f"next `{message.name}`, {message.send},{when}" if when else f"next `{message.name}`, {message.send}"

    def _orders(self, entry: Entry) -> str:
        if entry.orders:
            currency = self.desk.rules.shop.currency
            return ", ".join(
                f"order {order_id}, {amount:,.2f} {currency}, {self._day(at)}" for order_id, amount, at in entry.orders
            )
        within = self.desk.campaign(self.name).conversion.within
        return f"no order within {within}" if self._is_over(entry) else "no order yet"

    def _is_over(self, entry: Entry) -> bool:
        """Whether an order now would be too late for it."""
        return self.at - entry.entered_at > self.desk.campaign(self.name).conversion.within.delta

    def _next_time(self, entry: Entry) -> str:
        campaign = self.desk.campaign(self.name)
        offers = [offer for message in campaign.messages for offer in campaign.offers_of(message)]
        if entry.orders or not self._is_over(entry) or not offers or len(offers[0].ladder) < 2:
            return ""
        step = min(entry.offer_step + 1, len(offers[0].ladder) - 1)
        return f" → next time {on_step(offers[0], step, str(self.desk.rules.shop.currency))}"
