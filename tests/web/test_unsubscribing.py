"""No more of this: POST acts, GET changes nothing, nobody is led elsewhere."""

from __future__ import annotations

import pytest
from visits import PUBLIC, Visit

import shop_days as days

ONE_CLICK = {"List-Unsubscribe": "One-Click"}
BODIES = {
    "urlencoded": {"data": ONE_CLICK},
    "multipart": {"files": {"List-Unsubscribe": (None, "One-Click")}},
    "empty": {},
    "no form": {"content": b"\xff\x00{", "headers": {"Content-Type": "application/json"}},
    "broken multipart": {"content": b"--x", "headers": {"Content-Type": "multipart/form-data"}},
}


@pytest.mark.parametrize("body", BODIES)
def test_a_post_stops_whatever_its_body_is(quick_visit: Visit, body: str) -> None:
    answer = quick_visit.browser.post(quick_visit.path("unsubscribe", "ana"), **BODIES[body])
    assert (answer.status_code, "set-cookie" in answer.headers) == (200, False)
    assert quick_visit.said() == [("ana", "email", "", False)]


def test_the_address_in_the_header_of_an_email_is_the_one_that_acts(visit: Visit) -> None:
    email = next(message for message in visit.arrived if message.message_id == visit.message("ana"))
    assert email.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    url = email.headers["List-Unsubscribe"].strip("<>")
    assert url.startswith(f"{PUBLIC}/u/")
    assert visit.browser.post(url.removeprefix(PUBLIC), data=ONE_CLICK).status_code == 200
    (record,) = visit.rows("select customer_id, source, wording from consent")
    assert tuple(record.values()) == ("ana", "unsubscribe link", "List-Unsubscribe=One-Click")


def test_after_it_nothing_is_sent_and_the_word_stands_over_the_shops_data(visit: Visit) -> None:
    visit.browser.post(visit.path("unsubscribe", "ana"), data=ONE_CLICK)
    visit.shop.campaign("later")
    days.run(visit.shop, "later", "2026-03-01 10:00")
    sent = visit.rows("select customer_id from message where campaign = 'later' order by 1")
    assert [row["customer_id"] for row in sent] == ["lena", "tom"]


def test_a_message_that_waits_is_not_sent_any_more(visit: Visit) -> None:
    visit.shop.campaign("later")
    days.run(visit.shop, "later", "2026-03-01 10:00")
    visit.browser.post(visit.path("unsubscribe", "ana"), data=ONE_CLICK)
    assert days.send(visit.shop, "2026-03-01 10:00") == {"suppressed": 1, "accepted": 2}


def test_looking_changes_nothing(quick_visit: Visit) -> None:
    before = quick_visit.house.ledger.version()
    for method in ("GET", "HEAD"):
        assert quick_visit.browser.request(method, quick_visit.path("unsubscribe", "ana")).status_code == 200
    assert (quick_visit.house.ledger.version(), quick_visit.said()) == (before, [])


def test_twice_is_once(visit: Visit) -> None:
    path = visit.path("unsubscribe", "ana")
    assert [visit.browser.post(path, data=ONE_CLICK).status_code for _ in range(3)] == [200] * 3
    assert visit.said() == [("ana", "email", "", False)]


def test_a_campaign_with_a_topic_stops_that_topic_and_offers_everything(visit: Visit) -> None:
    path = visit.path("unsubscribe", "tom", "news")
    assert "I want no more e-mails from Casa Verde about “new products”." in visit.browser.get(path).text
    stopped = visit.browser.post(path)
    assert visit.said() == [("tom", "email", "new_products", False)]
    assert 'value="everything"' in stopped.text
    assert 'value="everything"' not in visit.browser.post(path, data={"stop": "everything"}).text
    assert visit.said()[1:] == [("tom", "email", "", False)]
    shown = ["I want no more e-mails from Casa Verde about “new products”.", "I want no more e-mails from Casa Verde."]
    assert visit.wordings() == shown


@pytest.mark.parametrize(
    ("customer", "shown"),
    [
        ("ana", "Nu mai vreau e-mailuri de la Casa Verde."),
        ("lena", "Я больше не хочу получать письма от Casa Verde."),
        ("tom", "I want no more e-mails from Casa Verde."),
    ],
)
def test_readers_are_asked_in_the_language_of_their_message(quick_visit: Visit, customer: str, shown: str) -> None:
    path = quick_visit.path("unsubscribe", customer)
    assert shown in quick_visit.browser.get(path).text
    quick_visit.browser.post(path)
    assert quick_visit.wordings() == [shown]


def test_a_token_of_another_purpose_or_another_key_is_none(quick_visit: Visit) -> None:
    message, links = quick_visit.message("ana"), quick_visit.house.links
    forged = ["", "x", "ä.ö", links.token("preferences", message), links.token("unsubscribe", message)[:-1] + "~"]
    for token in [*forged, "A" * 5_000]:
        answers = [quick_visit.browser.request(method, f"/u/{token}") for method in ("GET", "POST")]
        assert [answer.status_code for answer in answers] == [404, 404], token
    assert quick_visit.said() == []


def test_a_link_of_a_test_message_says_that_it_stops_nothing(quick_visit: Visit) -> None:
    answer = quick_visit.browser.post(f"/u/{quick_visit.house.links.token('unsubscribe', '0' * 32)}")
    assert answer.status_code == 404
    assert "ajutor@casaverde.example" in answer.text
    assert quick_visit.said() == []


def test_a_file_with_mistakes_in_it_stops_nobody_from_leaving(quick_visit: Visit) -> None:
    (quick_visit.shop.root / "campaigns/news.yaml").write_text("title: [", encoding="utf-8")
    assert quick_visit.browser.post(quick_visit.path("unsubscribe", "ana", "news")).status_code == 200
    assert quick_visit.said() == [("ana", "email", "new_products", False)]
