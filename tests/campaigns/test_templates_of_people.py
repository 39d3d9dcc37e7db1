"""Which template each person gets, in which language, and what becomes of it until it is sent."""

from __future__ import annotations

import shop_days as days
from regulars.campaigns import dated
from regulars.campaigns.planning import plan
from regulars.campaigns.trying.preview import preview
from small_shop import SmallShop, at

DAY, NEXT = "2026-02-01 10:00", "2026-02-02 10:00"
LADDER = "[{hi/rich: spent >= 500}, {hi/some: spent > 0}, {hi/all: otherwise}]"


def laddered(shop: SmallShop, more: str = "", **keys: str) -> None:
    """Ana is rich, Ion has bought something, of Olga nobody knows anything."""
    for customer in ("ana", "ion", "olga"):
        shop.customer(customer)
    shop.order("ana", "2026-01-01 10:00:00", 900)
    shop.order("ion", "2026-01-01 10:00:00", 90)
    shop.campaign("hi", messages=f"[{{name: hello, send: email, subject: S, template: {LADDER}{more}}}]", **keys)
    for step in ("rich", "some", "all"):
        shop.words(f"hi/{step}", offer=step.upper())


def templates(shop: SmallShop) -> dict[str, str]:
    return {row["customer_id"]: row["template"] for row in days.rows(shop, "message")}


def texts(shop: SmallShop, when: str = DAY) -> list[str]:
    days.send(shop, when)
    return [path.read_text(encoding="utf-8") for path in sorted((shop.root / ".regulars/outbox").rglob("*.eml"))]


def test_the_first_step_that_holds_gives_the_template(shop: SmallShop) -> None:
    laddered(shop)
    days.run(shop, "hi", DAY)
    assert templates(shop) == {"ana": "hi/rich", "ion": "hi/some", "olga": "hi/all"}
    assert sorted(word for text in texts(shop) for word in ("RICH", "SOME", "ALL") if word in text) == [
        "ALL", "RICH", "SOME",
    ]  # fmt: skip


def test_a_step_about_something_unknown_does_not_hold(shop: SmallShop) -> None:
    shop.customer("ana", city="")
    shop.campaign(
        "hi", messages="[{name: h, send: email, subject: S, template: [{hi/one: city <> 'Iași'}, {hi/two: otherwise}]}]"
    )
    days.run(shop, "hi", DAY)
    assert templates(shop) == {"ana": "hi/two"}


def test_each_template_has_its_own_version_of_the_words(shop: SmallShop) -> None:
    laddered(shop)
    days.run(shop, "hi", DAY)
    texts(shop)
    assert {row["name"] for row in days.rows(shop, "template")} == {"hi/rich", "hi/some", "hi/all"}
    assert len({row["template_hash"] for row in days.rows(shop, "message")}) == 3


def test_who_was_given_a_template_keeps_it_and_its_words_may_still_be_edited(shop: SmallShop) -> None:
    laddered(shop)
    days.run(shop, "hi", DAY)
    shop.order("olga", "2026-02-01 10:30:00", 900)
    shop.words("hi/all", offer="EDITED")
    assert any("EDITED" in text for text in texts(shop))
    assert templates(shop)["olga"] == "hi/all"


def test_a_template_that_vanished_leaves_its_messages_dead_and_says_so(shop: SmallShop) -> None:
    laddered(shop)
    days.run(shop, "hi", DAY)
    for path in (shop.root / "templates/hi").glob("rich.*"):
        path.unlink()
    shop.campaign("hi", messages="[{name: hello, send: email, subject: S, template: hi/all}]", words=False)
    assert days.send(shop, DAY) == {"accepted": 2, "dead": 1}
    (row,) = [row for row in days.rows(shop, "message") if row["state"] == "dead"]
    assert (row["customer_id"], row["reason"]) == ("ana", "There is no templates/hi/rich.ro.html.")


def test_whose_template_is_not_written_in_their_language_gets_the_fallback_or_nothing(shop: SmallShop) -> None:
    laddered(shop)
    shop.customers[0]["language"] = "ru"
    shop.customers[1]["language"] = "ru"
    for file in ("rich.ru.txt", "some.ro.html", "some.ru.html"):
        (shop.root / "templates/hi" / file).unlink()
    selected = days.run(shop, "hi", DAY)
    assert selected.withheld == {"no-words": 1}
    assert {row["customer_id"]: row["language"] for row in days.rows(shop, "message")} == {"ana": "ro", "olga": "ro"}


def test_the_plan_and_the_preview_show_each_step(shop: SmallShop) -> None:
    laddered(shop)
    with shop.desk(looking=True) as desk:
        (planned,) = plan.plan(desk, ["hi"], at(DAY))["campaigns"]
        assert {one["template"] for one in planned["samples"]} == {"hi/rich", "hi/some", "hi/all"}
        assert [one["template"] for one in preview(desk, "hi", "", at(DAY))] == ["hi/rich", "hi/some", "hi/all"]
        assert [one["template"] for one in preview(desk, "hi", "ion", at(DAY))] == ["hi/some"]


def test_a_follow_up_takes_its_step_when_it_is_due(shop: SmallShop) -> None:
    shop.customer("ana")
    shop.campaign(
        "hi",
        messages="[{send: email, subject: S, template: hi/one}, {name: then, send: email, subject: S, after: 1 day, "
        "template: [{hi/two: orders = 0}, {hi/three: otherwise}]}]",
    )
    days.run(shop, "hi", DAY)
    shop.order("ana", "2026-02-01 20:00:00")
    days.advance(shop, NEXT)
    assert [row["template"] for row in days.rows(shop, "message", order="name")] == ["hi/one", "hi/three"]


DAILY = "[{name: letter, send: email, subject: S, template: 'news/{date}'}]"


def test_words_of_the_day_are_those_of_the_shops_day(shop: SmallShop) -> None:
    shop.customer("ana", timezone="Pacific/Auckland")
    shop.campaign("news", messages=DAILY, words=False)
    shop.words("news/2026-02-01")
    days.run(shop, "news", "2026-02-01 23:30")
    assert templates(shop) == {"ana": "news/2026-02-01"}
    assert len(texts(shop, "2026-02-01 23:30")) == 1


def test_without_words_for_the_day_nothing_goes_and_run_and_plan_say_so(shop: SmallShop) -> None:
    shop.customer("ana")
    shop.campaign("news", messages=DAILY, words=False)
    shop.words("news/2026-02-01")
    said = "there are no words for Monday, 2 February: it needs templates/news/2026-02-02.ro.html"
    assert days.run(shop, "news", NEXT).stopped == said
    assert days.rows(shop, "enrolment") == []
    with shop.desk(looking=True) as desk:
        assert plan.plan(desk, ["news"], at(NEXT))["campaigns"][0]["stopped"] == said
        assert dated.missing(desk, "news", at(DAY)) == ""


def test_a_follow_up_without_words_for_its_day_is_left_out(shop: SmallShop) -> None:
    shop.customer("ana")
    shop.campaign(
        "news",
        messages="[{send: email, subject: S, template: news/one}, {name: daily, send: email, subject: S, after: 1 day, "
        "template: 'news/{date}'}, {send: email, subject: S, template: news/three, after: 1 day}]",
    )
    days.run(shop, "news", DAY)
    days.advance(shop, "2026-02-03 10:00")
    row, *_ = [row for row in days.rows(shop, "message") if row["name"] == "daily"]
    assert (row["state"], row["reason"], row["template"]) == ("expired", "send_within is over", "news/2026-02-02")


def test_a_follow_up_has_the_words_of_the_day_it_was_due_on(shop: SmallShop) -> None:
    shop.customer("ana")
    shop.campaign(
        "news",
        messages="[{send: email, subject: S, template: news/one}, {name: daily, send: email, subject: S, after: 1 day, "
        "template: 'news/{date}'}]",
    )
    days.run(shop, "news", DAY)
    days.advance(shop, "2026-02-02 11:00")
    assert days.states(shop) == {"ana": "daily suppressed: no-words, one planned"}
    shop.customer("ion")
    shop.words("news/2026-02-03")
    days.run(shop, "news", NEXT)
    days.advance(shop, "2026-02-04 00:30")
    (row,) = [row for row in days.rows(shop, "message") if row["template"] == "news/2026-02-03"]
    assert (row["customer_id"], row["state"]) == ("ion", "planned")


def test_a_campaign_speaks_its_own_languages_and_comes_from_its_own_sender(shop: SmallShop) -> None:
    shop.customer("ana", language="ro")
    shop.customer("ion", language="en")
    shop.campaign(
        "hi",
        languages="[ru, en]",
        messages="[{send: email, template: hi/one, subject: {ru: Привет, en: Hello}, "
        "preview_text: {en: 'For {{ customer.first_name }}'}}]",
        **{"from": "{email: 'Ana of Casa Verde <ana@casaverde.example>'}"},
    )
    days.run(shop, "hi", DAY)
    assert {row["customer_id"]: row["language"] for row in days.rows(shop, "message")} == {"ana": "ru", "ion": "en"}
    letters = texts(shop)
    assert all("ana@casaverde.example" in text and "Reply-To: ajutor@casaverde.example" in text for text in letters)
    assert sorted("For Ion" in text for text in letters) == [False, True]
    assert sorted("Subject: Hello" in text for text in letters) == [False, True]
