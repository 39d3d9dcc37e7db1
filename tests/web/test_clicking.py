"""From a text message to the shop: the click is kept, and the link leads nowhere else."""

from __future__ import annotations

import re

import pytest
from visits import PUBLIC, SITE, Visit

from regulars.ledger import destinations
from regulars.web.clicking import is_ours


def link(visit: Visit, customer: str = "ana") -> str:
    """The path in the text message that somebody got."""
    text = next(m.text for m in visit.arrived if m.channel == "sms" and m.message_id == message(visit, customer))
    return re.search(rf"{PUBLIC}(/c/\S+)", text)[1]


def message(visit: Visit, customer: str = "ana") -> str:
    return visit.message(customer, "news", "sms")


def clicks(visit: Visit) -> list[tuple[str, str, bool]]:
    found = visit.rows("select message_id, kind, provider, machine from event order by key")
    return [
        (row["kind"], row["provider"], bool(row["machine"])) for row in found if row["message_id"] == message(visit)
    ]


def state(visit: Visit) -> str:
    return visit.rows(f"select state from message where id = '{message(visit)}'")[0]["state"]


def test_a_click_leads_to_the_shop_and_is_kept_once(visit: Visit) -> None:
    answers = [visit.browser.get(link(visit)) for _ in range(2)]
    assert [(answer.status_code, answer.headers["location"]) for answer in answers] == [(302, SITE)] * 2
    assert clicks(visit) == [("clicked", "regulars", False)]
    assert state(visit) == "clicked"


@pytest.mark.parametrize(
    ("method", "headers"),
    [("HEAD", {}), ("GET", {"Purpose": "prefetch"}), ("GET", {"Sec-Purpose": "prefetch;prerender"})],
)
def test_a_scanner_is_kept_and_not_counted(quick_visit: Visit, method: str, headers: dict[str, str]) -> None:
    assert quick_visit.browser.request(method, link(quick_visit), headers=headers).status_code == 302
    assert (clicks(quick_visit), state(quick_visit)) == ([("clicked", "regulars", True)], "delivered")
    quick_visit.browser.get(link(quick_visit))
    assert (clicks(quick_visit)[0], state(quick_visit)) == (("clicked", "regulars", False), "clicked")


def test_nobody_reads_and_clicks_within_seconds(quick_visit: Visit) -> None:
    with quick_visit.house.ledger.writing() as connection:
        connection.exec_driver_sql("update message set sent_at = strftime('%Y-%m-%d %H:%M:%f000', 'now')")
    assert quick_visit.browser.get(link(quick_visit)).status_code == 302
    assert clicks(quick_visit) == [("clicked", "regulars", True)]


def test_a_forged_link_leads_nowhere(quick_visit: Visit) -> None:
    links, known = quick_visit.house.links, message(quick_visit)
    tokens = ["x", link(quick_visit)[3:-1] + "~", links.token("click", known), links.token("unsubscribe", known)]
    unknown_number = links.click(known, 77).rpartition("/")[2]
    for token in [*tokens, unknown_number]:
        answer = quick_visit.browser.get(f"/c/{token}?url=https://evil.example")
        assert (answer.status_code, "location" in answer.headers) == (404, False), token
    assert clicks(quick_visit) == []


def test_the_link_of_a_test_message_leads_on_and_counts_for_nobody(quick_visit: Visit) -> None:
    proof = quick_visit.house.links.click("0" * 32, 1).rpartition("/")[2]
    assert quick_visit.browser.get(f"/c/{proof}").headers["location"] == SITE
    assert quick_visit.rows("select key from event") == []


def test_an_address_keeps_its_number(visit: Visit) -> None:
    ledger = visit.house.ledger
    numbers = [destinations.number(ledger, url) for url in (SITE, "https://other.example", SITE)]
    assert numbers[0] == numbers[2] != numbers[1]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (SITE, True), ("http://127.0.0.1:9/x", True), ("http://localhost/", True), ("http://[::1]/", True),
        ("http://casaverde.example", False), ("javascript:alert(1)", False), ("//evil.example", False), ("", False),
        ("https://", False), ("http://[broken", False), ("http://127.0.0.1.evil.example", False),
    ],
)  # fmt: skip
def test_only_https_leads_outside(url: str, expected: bool) -> None:
    assert is_ours(url) is expected
