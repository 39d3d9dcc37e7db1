"""Opens and clicks that no person made are kept, and move and count nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from what_was_sent import NOW, Letter, event, hear, lay, states

from regulars import clock
from regulars.campaigns import hearing
from regulars.ledger import clicks, facts
from regulars.ledger.inbox import Inbox
from regulars.ledger.store import Ledger
from regulars.ledger.tables import Event


def click(letter: Letter, after: float, link: int = 1, **more: Any) -> dict[str, Any]:
    return event(letter, "click", after, url=f"https://casaverde.example/{link}", useragent="Mozilla/5.0", **more)


def heard(ledger: Ledger, inbox: Inbox, *events: dict[str, Any]) -> None:
    """Each event in a post of its own; then the grace of clicks is over."""
    for each in events:
        hear(ledger, inbox, each)
    with clock.frozen(clock.now() + clicks.GRACE):
        hearing.expand_all(ledger, inbox)


def counted(ledger: Ledger) -> tuple[int, int]:
    """Opens and clicks that count."""
    moment = NOW + timedelta(days=1)
    rows = facts.contact_facts(ledger, moment.date(), moment).to_pylist()
    return sum(row["opens_30d"] for row in rows), sum(row["clicks_30d"] for row in rows)


@pytest.mark.parametrize(
    ("events", "state", "count"),
    [
        ([("open", 90, {})], "opened", (1, 0)),
        ([("open", 90, {"sg_machine_open": True})], "delivered", (0, 0)),
        ([("open", 90, {"useragent": "Mimecast Link Checker"})], "delivered", (0, 0)),
        ([("click", 90, {"useragent": "Barracuda Sentinel"})], "delivered", (0, 0)),
    ],
)
def test_what_shows_by_itself_that_no_person_made_it_proves_no_more_than_the_delivery(
    ledger: Ledger, inbox: Inbox, events: list[Any], state: str, count: tuple[int, int]
) -> None:
    [letter] = lay(ledger)
    heard(ledger, inbox, *(event(letter, word, after, **more) for word, after, more in events))
    assert (states(ledger, [letter]), counted(ledger)) == ([state], count)


@pytest.mark.parametrize("order", [1, -1])
def test_a_click_within_ten_seconds_of_the_delivery_is_a_scanner_s(ledger: Ledger, inbox: Inbox, order: int) -> None:
    early, late = lay(ledger, 2)
    told = [event(early, "delivered", 60), click(early, 65), event(late, "delivered", 60), click(late, 71)]
    heard(ledger, inbox, *told[::order])
    assert states(ledger, [early, late]) == ["delivered", "clicked"]


@pytest.mark.parametrize("order", [1, -1])
def test_every_link_within_seconds_is_a_scanner_s(ledger: Ledger, inbox: Inbox, order: int) -> None:
    swept, read = lay(ledger, 2)
    told = [click(swept, 900 + link, link) for link in range(3)] + [
        click(read, 900 + 60 * link, link) for link in range(3)
    ]
    heard(ledger, inbox, *told[::order])
    assert states(ledger, [swept, read]) == ["delivered", "clicked"]


def test_a_click_counts_once_its_grace_is_over(ledger: Ledger, inbox: Inbox) -> None:
    [letter] = lay(ledger)
    hear(ledger, inbox, click(letter, 900))
    assert states(ledger, [letter]) == ["delivered"]
    heard(ledger, inbox)
    assert (states(ledger, [letter]), counted(ledger)) == (["clicked"], (0, 1))


def test_a_link_is_never_kept(ledger: Ledger, inbox: Inbox) -> None:
    [letter] = lay(ledger)
    hear(ledger, inbox, click(letter, 900, 7))
    with ledger.reading() as connection:
        [row] = connection.execute(select(Event)).all()
    assert "casaverde" not in str(row)
