"""What somebody gets, box by box: what is ticked is what holds, and only what changed is written down."""

from __future__ import annotations

import re

import pytest
from visits import Visit

import shop_days as days
from regulars import clock
from regulars.ledger import consent, verdicts
from regulars.web import wording

SAVE = {"save": "choice"}
ALL = SAVE | {"email": "yes", "email/new_products": "yes", "sms": "yes", "sms/new_products": "yes"}


def ticked(html: str) -> set[str]:
    """The names of the boxes that are ticked."""
    return set(re.findall(r'name="([^"]+)" value="yes" checked', html))


def without(*names: str) -> dict[str, str]:
    return {name: value for name, value in ALL.items() if name not in names}


def test_whoever_was_written_to_finds_everything_ticked(visit: Visit) -> None:
    assert ticked(visit.browser.get(visit.path("preferences", "tom")).text) == set(ALL) - {"save"}


def test_saving_what_was_shown_writes_nothing_down(visit: Visit) -> None:
    answer = visit.browser.post(visit.path("preferences", "tom"), data=ALL)
    assert "Nothing has changed." in answer.text
    assert visit.said() == []


def test_a_topic_alone_can_be_left_and_taken_back(visit: Visit) -> None:
    path = visit.path("preferences", "tom")
    left = visit.browser.post(path, data=without("email/new_products"))
    assert ticked(left.text) == set(ALL) - {"save", "email/new_products"}
    assert "Your choice is saved." in left.text
    assert ticked(visit.browser.post(path, data=ALL).text) == set(ALL) - {"save"}
    said = visit.said()
    assert said == [("tom", "email", "new_products", False), ("tom", "email", "new_products", True)]
    no, yes = (
        "I want no more e-mails from Casa Verde about “new products”.",
        "I want e-mails from Casa Verde about “new products”.",
    )
    assert visit.wordings() == [no, yes]


def test_a_channel_without_a_tick_is_a_no_to_all_of_it(visit: Visit) -> None:
    visit.browser.post(visit.path("preferences", "tom"), data=without("sms"))
    assert visit.said() == [("tom", "sms", "", False)]


def test_whoever_comes_back_says_yes_and_is_written_to_again(visit: Visit) -> None:
    visit.browser.post(visit.path("unsubscribe", "tom"))
    visit.browser.post(visit.path("preferences", "tom"), data=ALL)
    assert visit.said() == [("tom", "email", "", False), ("tom", "email", "", True)]
    sources = [row["source"] for row in visit.rows("select source from consent order by at")]
    assert sources == ["unsubscribe link", "preference page"]
    visit.shop.campaign("later")
    days.run(visit.shop, "later", "2026-03-01 10:00")
    assert len(visit.rows("select id from message where campaign = 'later' and customer_id = 'tom'")) == 1


def test_a_yes_to_everything_opens_no_topic_that_stays_without_a_tick(visit: Visit) -> None:
    path = visit.path("preferences", "tom", "news")
    visit.browser.post(visit.path("unsubscribe", "tom", "news"))
    visit.browser.post(visit.path("unsubscribe", "tom", "news"), data={"stop": "everything"})
    answer = visit.browser.post(path, data=without("email/new_products"))
    assert ticked(answer.text) == set(ALL) - {"save", "email/new_products"}
    assert visit.said()[-1] == ("tom", "email", "", True)


def test_a_topic_opened_by_its_name_is_the_only_one_ticked_below_a_no(quick_visit: Visit) -> None:
    house = quick_visit.house
    for topic, given in (("", False), ("new_products", True)):
        with house.ledger.writing() as connection:
            consent.record(connection, "tom", "email", clock.now(), given=given, source="import", topic=topic)
    path = quick_visit.path("preferences", "tom")
    assert {"email", "email/new_products"} < ticked(quick_visit.browser.get(path).text)
    quick_visit.browser.post(path, data=without("email"))
    assert quick_visit.said()[-1] == ("tom", "email", "", False)
    assert "email" not in ticked(quick_visit.browser.get(path).text)


def test_a_channel_nobody_wrote_on_is_shown_without_a_tick_and_kept_so(quick_visit: Visit) -> None:
    with quick_visit.house.ledger.writing() as connection:
        connection.exec_driver_sql("update message set sent_at = null where customer_id = 'tom' and channel = 'sms'")
    path = quick_visit.path("preferences", "tom")
    shown = ticked(quick_visit.browser.get(path).text)
    assert "sms" not in shown
    quick_visit.browser.post(path, data=SAVE | dict.fromkeys(shown, "yes"))
    assert quick_visit.said() == [("tom", "sms", "", False)]


SHUT = [
    ("email", "bounced", "came back"),
    ("email", "complaint", "marked as spam"),
    ("email", "opted-out", "closed with us"),
    ("email", "unusable", "closed with us"),
    ("sms", "opted-out", "send START"),
]


@pytest.mark.parametrize(("channel", "reason", "told"), SHUT)
def test_a_suppressed_address_is_told_honestly_and_stays_so(
    quick_visit: Visit, channel: str, reason: str, told: str
) -> None:
    message = quick_visit.message("tom", "news", channel)
    (row,) = quick_visit.rows(f"select address_hash from message where id = '{message}'")
    with quick_visit.house.ledger.writing() as connection:
        consent.suppress(connection, row["address_hash"], channel, reason, clock.now())
    path = quick_visit.path("preferences", "tom")
    assert told in quick_visit.browser.get(path).text
    quick_visit.browser.post(path, data=without(channel))
    assert told in quick_visit.browser.post(path, data=ALL).text
    assert quick_visit.said()[-1] == ("tom", channel, "", True)
    assert len(quick_visit.rows("select reason from suppression")) == 1


def test_every_reason_that_closes_a_text_message_or_a_mailbox_has_words() -> None:
    assert {"bounced", "complaint", "opted-out"} <= set(verdicts.STRENGTH) & set(wording.SHUT)


def test_a_body_that_is_not_our_form_closes_nothing(quick_visit: Visit) -> None:
    path = quick_visit.path("preferences", "tom")
    for body in (
        {},
        {"data": {"email": "yes"}},
        {"content": b"--x", "headers": {"Content-Type": "multipart/form-data"}},
    ):
        assert quick_visit.browser.post(path, **body).status_code == 400
    assert quick_visit.said() == []


def test_looking_changes_nothing_and_other_tokens_open_nothing(quick_visit: Visit) -> None:
    before = quick_visit.house.ledger.version()
    token = quick_visit.house.links.token("unsubscribe", quick_visit.message("ana"))
    assert quick_visit.browser.get(quick_visit.path("preferences", "ana")).status_code == 200
    assert [quick_visit.browser.request(method, f"/p/{token}").status_code for method in ("GET", "POST")] == [404, 400]
    assert quick_visit.browser.post(f"/p/{token}", data=ALL).status_code == 404
    assert quick_visit.house.ledger.version() == before
