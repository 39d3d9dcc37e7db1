"""What the guards say about one customer and one campaign, each with what it saw."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from regulars.campaigns.desk import Desk
from regulars.campaigns.frequency import caps, longest
from regulars.campaigns.offers import on_step
from regulars.campaigns.seen import Line
from regulars.campaigns.select import Selector, before_in_line
from regulars.lang.model import Campaign
from regulars.lang.scalars import Channel
from regulars.ledger import facts
from regulars.people.engine import text
from regulars.people.snapshot import Snapshot


def judged(desk: Desk, customer: str, name: str, at: datetime, snapshot: Snapshot) -> dict[str, Any]:
    """The judgement about one person, in the audience and due or not, with what each guard saw."""
    seen = ", already, is_due, room, room_all, campaigns_before, local_date" + "".join(
        f", agrees_{one}, address_{one}, stopped_{one}" for one in desk.campaign(name).messages[0].send.channels
    )
    table = Selector(desk, name, at, only=customer, anyway=True, extra=seen).run(snapshot, "regulars_asked")
    found: dict[str, Any] = desk.arrow(f"select * from {table}").to_pylist()[0]
    return found


def masked(address: str) -> str:
    """An address as it may be shown: `io…@example.com`, `+407…01`."""
    name, at, domain = address.partition("@")
    return f"{name[:2]}…@{domain}" if at else f"{address[:4]}…{address[-2:]}"


@dataclass(frozen=True)
class Guards:
    """The tests of one judgement (`judged`), told."""

    desk: Desk
    customer: str
    name: str
    seen: Mapping[str, Any]
    next_due: str = ""
    """Of what is not due: when it next is."""

    def lines(self) -> list[Line]:
        """Every test after the audience, in the order they count."""
        tests = (
            self._due, self._repeat, self._consent, self._address, self._suppression, self._words, self._holdout,
            self._when, self._frequency, self._priority, self._quiet_hours,
        )  # fmt: skip
        return [line for test in tests if (line := test()) is not None]

    @property
    def would_get(self) -> str:
        """`email winback/first in ro, 15 %`; empty where no channel reaches them."""
        if not self.seen["channel"]:
            return ""
        first = self._campaign.messages[0]
        told = f"{self.seen['channel']} {first.template} in {self.seen['language']}"
        offer = self._campaign.offer_of(first)
        if offer is None:
            return told
        if self.seen.get("offer_off"):
            return f"{told}, without the offer (`unless`)"
        return f"{told}, {on_step(offer, self.seen['offer_step'], str(self.desk.rules.shop.currency))}"

    @property
    def _campaign(self) -> Campaign:
        return self.desk.campaign(self.name)

    @property
    def _channels(self) -> tuple[Channel, ...]:
        return self._campaign.messages[0].send.channels

    def _local(self, moment: datetime) -> str:
        return f"{moment.astimezone(ZoneInfo(self.seen['zone'])):%a %d %b %Y %H:%M} {self.seen['zone']}"

    def _due(self) -> Line:
        is_due = bool(self.seen["is_due"])
        saw = self._local(self.seen["due_at"]) if is_due else self.next_due
        return _line("due", holds=is_due, says=str(self._campaign.schedule), saw=saw)

    def _repeat(self) -> Line:
        row = self.desk.connection.execute(
            f"select last_entered, running from regulars_entries where customer_id = {text(self.customer)}"
        ).fetchone()
        if row is None:
            saw = "never entered"
        else:
            day = self.desk.day(row[0])
            saw = f"last entered {day:%a %d %b %Y}" + (", and still inside" if row[1] else "")
        return _line("repeat", holds=not self.seen["already"], says=str(self._campaign.repeat), saw=saw)

    def _consent(self) -> Line:
        if self._campaign.is_service:
            return _line("consent", holds=None, says="not asked: a service message", saw="")
        spoken = {
            row[0]: row[1]
            for row in self.desk.connection.execute(
                f'select channel, "at" from regulars_spoken where customer_id = {text(self.customer)}'
            ).fetchall()
        }
        told = [
            f"{one}: {'yes' if self.seen[f'agrees_{one}'] else 'no'}"
            + (f", told us {self.desk.day(spoken[one]):%d %b %Y}" if one in spoken else "")
            for one in self._channels
        ]
        holds = any(self.seen[f"agrees_{one}"] for one in self._channels)
        return _line("consent", holds=holds, says=str(self._campaign.messages[0].send), saw=" · ".join(told))

    def _address(self) -> Line:
        found = {one: str(self.seen[f"address_{one}"]) for one in self._channels}
        told = [f"{one}: {masked(address) if address else 'none, or not a good one'}" for one, address in found.items()]
        holds = any(self.seen[f"agrees_{one}"] and address for one, address in found.items())
        return _line("address", holds=holds, says="can be written to", saw=" · ".join(told))

    def _suppression(self) -> Line:
        stopped = [one for one in self._channels if self.seen[f"stopped_{one}"]]
        told = " and ".join(stopped) + " suppressed" if stopped else "nothing known against it"
        return _line("suppression", holds=len(stopped) < len(self._channels), says="not suppressed", saw=told)

    def _words(self) -> Line:
        channel = self.seen["channel"]
        saw = f"{channel} in {self.seen['language']}" if channel else "no channel, or no language, fits"
        return _line("words", holds=channel is not None, says=str(self._campaign.messages[0].template), saw=saw)

    def _holdout(self) -> Line:
        if self._campaign.is_service:
            return _line("holdout", holds=None, says="nobody is held out of a service message", saw="")
        shop, own = self.desk.rules.guards.holdout, self._campaign.holdout
        arm = str(self.seen["arm"])
        saw = {"holdout": f"in {self.name}'s {own}", "shop-holdout": f"in the shop's {shop}"}.get(arm, "in neither")
        return _line("holdout", holds=arm == "treated", says=f"the shop's {shop}, {self.name}'s {own}", saw=saw)

    def _when(self) -> Line | None:
        when = self._campaign.messages[0].when
        if when is None:
            return None
        holds = bool(self.seen["when_holds"])
        return _line("when", holds=holds, says=str(when), saw="holds" if holds else "does not hold")

    def _frequency(self) -> Line:
        if self._campaign.is_service:
            return _line("frequency", holds=None, says="no cap: a service message", saw="")
        set_caps = caps(self.desk)
        day: date = self.seen["local_date"]
        first = day - timedelta(days=longest(set_caps) - 1)
        sent = self.desk.arrow(
            f"""select local_day, campaign, channel from sent where customer_id = {text(self.customer)}
                and local_day >= {text(first.isoformat())} order by all""",
            sent=facts.sent_days(self.desk.ledger, first),
        ).to_pylist()
        told = [f"{date.fromisoformat(row['local_day']):%a %d %b} {row['campaign']} ({row['channel']})" for row in sent]
        says = ", ".join(f"{scope} {cap}" for scope, cap in set_caps.items()) or "no cap"
        return _line(
            "frequency", holds=self.seen["room"] > 0, says=says, saw=", ".join(told) or "nothing in these days"
        )

    def _priority(self) -> Line:
        if self._campaign.is_service:
            return _line("priority", holds=None, says="a service message waits for no campaign", saw="")
        before, others = before_in_line(self.desk, self.name), self.seen["campaigns_before"]
        says = "after " + ", ".join(before) if before else "first in line"
        holds = None if self.seen["room"] <= 0 else self.seen["room_all"] > 0
        saw = f"{others} of them {'takes' if others == 1 else 'take'} this customer today" if before else ""
        return _line("priority", holds=holds, says=says, saw=saw)

    def _quiet_hours(self) -> Line:
        if not self.seen["is_due"]:
            return _line("quiet hours", holds=None, says="not asked: it is not due", saw="")
        holds = self.seen["not_before"] < self.seen["expires_at"]
        says = "held until they end" if self.seen["held"] else "not now"
        return _line("quiet hours", holds=holds, says=says, saw=f"goes {self._local(self.seen['not_before'])}")


def _line(test: str, *, holds: bool | None, says: str, saw: str) -> Line:
    return {"test": test, "holds": holds, "says": says, "saw": saw}
