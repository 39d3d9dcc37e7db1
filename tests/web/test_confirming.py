"""The second half of a double opt-in: the button says yes, once; looking says nothing."""

from __future__ import annotations

from visits import Visit

from regulars.ledger import erasure
from small_shop import at


def path(visit: Visit) -> str:
    return f"/o/{visit.house.links.token('confirm', visit.message('ana'))}"


def test_looking_says_nothing(quick_visit: Visit) -> None:
    for method in ("GET", "HEAD"):
        assert quick_visit.browser.request(method, path(quick_visit)).status_code == 200
    assert quick_visit.said() == []


def test_the_button_says_yes_once_with_the_sentence_that_was_shown(visit: Visit) -> None:
    shown = visit.browser.get(path(visit)).text
    for _ in range(2):
        assert visit.browser.post(path(visit)).status_code == 200
    (record,) = visit.rows("select customer_id, channel, given, source, wording, topic from consent")
    assert (record["customer_id"], record["channel"], bool(record["given"])) == ("ana", "email", True)
    assert (record["source"], record["topic"]) == ("double opt-in", "")
    assert record["wording"]
    assert record["wording"] in shown


def test_it_takes_back_an_earlier_no(quick_visit: Visit) -> None:
    quick_visit.browser.post(quick_visit.path("unsubscribe", "ana"))
    quick_visit.browser.post(path(quick_visit))
    assert [given for *_, given in quick_visit.said()] == [False, True]


def test_a_token_of_another_page_and_a_forged_one_are_nobodys(quick_visit: Visit) -> None:
    other = quick_visit.house.links.token("unsubscribe", quick_visit.message("ana"))
    for token in (other, "x", f"{path(quick_visit)[3:-1]}!"):
        assert quick_visit.browser.post(f"/o/{token}").status_code == 404
    assert quick_visit.said() == []


def test_the_link_of_somebody_who_was_forgotten_leads_to_nobody(quick_visit: Visit) -> None:
    own = path(quick_visit)
    ledger = quick_visit.house.ledger
    erasure.forget(ledger, erasure.known(ledger, "ana", {}), at("2026-02-02 10:00"))
    assert quick_visit.browser.post(own).status_code == 404
    assert quick_visit.said() == []
