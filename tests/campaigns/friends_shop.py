"""A shop with a programme: Ana and Ion have codes of their own; friends come with them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from regulars import clock
from regulars.campaigns.convert import Converted, convert
from regulars.ledger import bulk, referrals
from regulars.ledger.crossing import MOMENT
from regulars.ledger.tables import Enrolment
from small_shop import RULES, SmallShop, at

PROGRAMME = "{friend: {percent: 15}, advocate: {amount: 50}, tiers: {3: {amount: 80}}}"
BEGAN = at("2026-02-01 10:00")
COUNTS = RULES.replace("code: coupon_code}", "code: coupon_code, counts: \"status <> 'refunded'\"}")


class FriendsShop(SmallShop):
    """Everybody has an address and a phone of their own; `programme` is what the campaign `invite` says."""

    def __init__(self, root: Path, advocates: Sequence[str] = ("ana", "ion"), programme: str = PROGRAMME) -> None:
        super().__init__(root, rules=COUNTS)
        self.codes: dict[str, str] = {}
        for name in advocates:
            self.customer(name)
        said = {"referral": programme} if programme else {}
        self.campaign("invite", audience="orders >= 99", conversion="{of: referral, within: 60 days}", **said)

    def customer(self, customer_id: str, **facts: Any) -> str:
        """The same with a phone that nobody else has."""
        return super().customer(customer_id, **{"phone": f"+4070000{len(self.customers) + 10:04}"} | facts)

    def begin(self) -> None:
        """Give everybody who is there a code of their own; from now on orders are looked at."""
        with self.desk() as desk, clock.frozen(BEGAN), desk.ledger.writing() as connection:
            people = [row["customer_id"] for row in self.customers]
            found = referrals.codes_for(connection, pa.array(people), BEGAN).to_pylist()
            self.codes |= {row["customer_id"]: row["code"] for row in found}
            entry = {"id": "e" * 32, "campaign": "invite", "customer_id": people[0], "occasion": "1", "arm": "treated"}
            moments = dict.fromkeys(("entered_at", "due_at"), pa.array([BEGAN], MOMENT))
            rows = pa.table({name: pa.array([value]) for name, value in entry.items()} | moments)
            bulk.insert(connection, Enrolment, rows)

    def brings(self, advocate: str, friend: str, day: str = "2026-03-01 10:00:00", **facts: Any) -> str:
        """An order of `friend` with the code of `advocate`; returns its id."""
        if friend not in {row["customer_id"] for row in self.customers}:
            self.customer(friend)
        return self.order(friend, day, coupon_code=self.codes[advocate], **facts)

    def converted(self, day: str) -> Converted:
        """What a run at 10:00 of `day` found."""
        moment: datetime = at(f"{day} 10:00")
        with self.desk() as desk, clock.frozen(moment):
            return convert(desk, moment)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """What the ledger answers."""
        with self.desk(looking=True) as desk, desk.ledger.reading() as connection:
            return [tuple(row) for row in connection.exec_driver_sql(sql)]

    @property
    def states(self) -> dict[str, str]:
        """Friend → `pending`, `paid`, `taken_back`, or why they are refused."""
        found = self.rows("select friend_id, state, reason from referral")
        return {friend: reason or state for friend, state, reason in found}

    @property
    def rewards(self) -> list[tuple[Any, ...]]:
        """Who has a reward that is good: advocate, value."""
        sql = "select customer_id, value from code where message_name = 'advocate' and ended_at is null"
        return sorted((who, float(value)) for who, value in self.rows(sql))
