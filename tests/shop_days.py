"""Days of a small shop: run a campaign, deliver, advance, and see what the ledger says. Times are the shop's clock."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import text

from regulars import clock
from regulars.campaigns import followups, running
from regulars.campaigns.deliver import deliver
from regulars.campaigns.desk import Desk
from regulars.campaigns.followups import Advanced
from regulars.campaigns.running import Selected
from regulars.measure import trials
from small_shop import SmallShop, at


@contextmanager
def opened(shop: SmallShop, when: str | datetime) -> Iterator[tuple[Desk, datetime]]:
    """The shop's desk at a moment that stands still."""
    moment = at(when) if isinstance(when, str) else when
    with shop.desk() as desk, clock.frozen(moment):
        yield desk, moment


def select(shop: SmallShop, campaign: str, when: str | datetime) -> Selected:
    """Decide, and no more."""
    with opened(shop, when) as (desk, moment):
        return running.select(desk, campaign, moment)


def run(shop: SmallShop, campaign: str, when: str | datetime) -> Selected:
    """Select and enrol; nothing is delivered."""
    with opened(shop, when) as (desk, moment):
        return run_one(desk, campaign, moment)


def run_one(desk: Desk, campaign: str, moment: datetime) -> Selected:
    """Select and enrol at an open desk."""
    selected = running.select(desk, campaign, moment)
    if not selected.stopped:
        for chunk in range(selected.chunks):
            running.enrol(desk, selected.run_id, chunk)
        running.finish(desk, selected.run_id)
    return selected


def send(shop: SmallShop, when: str | datetime, channel: str = "email") -> dict[str, int]:
    """Deliver what is due on a channel, once; state → messages."""
    with opened(shop, when) as (desk, moment):
        return deliver(desk, channel, 100, moment, "test").counts


def advance(shop: SmallShop, when: str | datetime) -> Advanced:
    """Write the follow-ups that fell due."""
    with opened(shop, when) as (desk, moment):
        return followups.advance(desk, moment, trials.decide)


def live(shop: SmallShop, when: str | datetime, *campaigns: str) -> list[Selected]:
    """Run campaigns, write the follow-ups that fell due, and deliver; with one desk, at one moment."""
    with opened(shop, when) as (desk, moment):
        ran = [run_one(desk, name, moment) for name in campaigns]
        followups.advance(desk, moment, trials.decide)
        for channel in ("email", "sms"):
            while deliver(desk, channel, 100, moment, "test").claimed:
                pass
        return ran


def rows(shop: SmallShop, table: str, columns: str = "*", order: str = "1") -> list[dict[str, Any]]:
    """Rows of the ledger; moments as text in UTC."""
    with shop.desk() as desk, desk.ledger.reading() as connection:
        found = connection.execute(text(f"select {columns} from {table} order by {order}")).mappings()
        return [dict(row) for row in found]


def states(shop: SmallShop) -> dict[str, str]:
    """`campaign name` or `campaign name: reason` of each message by customer; several joined in the order of names."""
    told: dict[str, list[str]] = {}
    for row in rows(shop, "message", "customer_id, name, state, reason", "customer_id, name"):
        said = f"{row['name']} {row['state']}" + (f": {row['reason']}" if row["reason"] else "")
        told.setdefault(row["customer_id"], []).append(said)
    return {customer: ", ".join(said) for customer, said in told.items()}
