"""Variants: everybody is drawn for one wording, keeps it, and gets exactly that."""

from __future__ import annotations

from collections import Counter

import pytest

import shop_days as days
from regulars.campaigns.planning.plan import plan
from regulars.campaigns.trying.preview import preview
from regulars.campaigns.variants import Wordings
from regulars.campaigns.why.explain import why
from regulars.testing import FakeSendGrid
from small_shop import SmallShop

DAY = "2026-02-01 10:00"
CALM = "calm: {subject: Calm}"
PRICE = "price: {subject: Price}"
MANY = 10_000


def hello(shop: SmallShop, *variants: str, name: str = "hello", message: str = "", **keys: str) -> None:
    """A campaign of one letter with these variants."""
    said = f", variants: {{{', '.join(variants)}}}" if variants else ""
    shop.campaign(name, messages=f"[{{send: email, template: hello/one, subject: S{said}{message}}}]", **keys)
    for number in ("one", "two"):
        shop.words(f"hello/{number}")


def drawn(shop: SmallShop, campaign: str = "hello") -> list[str]:
    """The variant of each of many ids."""
    with days.opened(shop, DAY) as (desk, moment):
        variant = Wordings(desk, campaign, desk.campaign(campaign).messages[0], moment).variant
        ids = f"(select 'c' || range as customer_id from range({MANY}))"
        found = desk.connection.execute(f"select {variant} from {ids} order by customer_id").fetchall()
    return [one for (one,) in found]


def moved(before: list[str], after: list[str]) -> set[tuple[str, str]]:
    return {(old, new) for old, new in zip(before, after, strict=True) if old != new}


def test_variants_get_equal_parts_unless_their_shares_say_otherwise(shop: SmallShop) -> None:
    hello(shop, CALM, PRICE)
    assert 4_800 < Counter(drawn(shop))["calm"] < 5_200
    hello(shop, "calm: {subject: Calm, share: 10%}", PRICE, "loud: {}")
    parts = Counter(drawn(shop))
    assert 880 < parts["calm"] < 1_120
    assert 4_280 < parts["price"] < 4_720


def test_a_variant_that_comes_or_goes_moves_nobody_between_the_others(shop: SmallShop) -> None:
    hello(shop, CALM, PRICE)
    two = drawn(shop)
    hello(shop, PRICE, "loud: {}", CALM)
    three = drawn(shop)
    assert moved(two, three) == {("calm", "loud"), ("price", "loud")}
    assert moved(three, two) == {("loud", "calm"), ("loud", "price")}


def test_variants_of_two_campaigns_are_independent_and_stay_when_a_file_is_renamed(shop: SmallShop) -> None:
    hello(shop, CALM, PRICE)
    hello(shop, CALM, PRICE, name="other")
    first, second = drawn(shop), drawn(shop, "other")
    both = sum(one == other == "calm" for one, other in zip(first, second, strict=True))
    assert 2_300 < both < 2_700
    (shop.root / "campaigns/hello.yaml").unlink()
    hello(shop, CALM, PRICE, name="again", formerly="hello")
    assert drawn(shop, "again") == first


def test_everybody_gets_the_words_of_their_own_variant(shop: SmallShop, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(30):
        shop.customer(f"c{number}")
    hello(shop, CALM, "other: {subject: Other, template: hello/two}")
    shop.words("hello/two", offer="the second")
    days.run(shop, "hello", DAY)
    expected = {row["id"]: row["variant"] for row in days.rows(shop, "message")}
    assert set(expected.values()) == {"calm", "other"}
    with FakeSendGrid() as sendgrid:
        monkeypatch.setenv("SENDGRID_API_KEY", sendgrid.api_key)
        monkeypatch.setenv("REGULARS_SENDGRID_URL", sendgrid.url)
        assert days.send(shop, DAY) == {"accepted": 30}
    assert len(sendgrid.requests) == 2  # those of one variant share a request
    for letter in sendgrid.arrivals:
        other = expected[letter.message_id] == "other"
        assert (letter.subject, "the second" in letter.text) == ("Other" if other else "Calm", other)
    kept = {(row["variant"], row["template_hash"]) for row in days.rows(shop, "message")}
    assert len(kept) == 2


def test_each_variant_gives_its_own_offer(shop: SmallShop) -> None:
    for number in range(20):
        shop.customer(f"c{number}")
    more = "more: {offer: {percent: 15, valid: 5 days}}"
    none = "none: {template: hello/two}"
    hello(shop, "ten: {offer: {percent: 10, valid: 5 days}}", more, none, exit="ordered")
    days.run(shop, "hello", DAY)
    message = {row["customer_id"]: row["variant"] for row in days.rows(shop, "message")}
    given = {row["customer_id"]: int(float(row["value"])) for row in days.rows(shop, "code")}
    assert {"ten", "more", "none"} == set(message.values())
    assert given == {who: {"ten": 10, "more": 15}[variant] for who, variant in message.items() if variant != "none"}


def test_adding_a_variant_leaves_what_is_planned_and_one_that_is_deleted_is_not_sent(shop: SmallShop) -> None:
    for number in range(20):
        shop.customer(f"c{number}")
    hello(shop, CALM, PRICE)
    days.run(shop, "hello", DAY)
    before = {row["id"]: row["variant"] for row in days.rows(shop, "message")}
    hello(shop, PRICE, "loud: {}")
    days.run(shop, "hello", DAY)
    days.send(shop, DAY)
    after = {row["id"]: (row["variant"], row["state"], row["reason"]) for row in days.rows(shop, "message")}
    assert after == {
        id_: (variant, "suppressed", "deleted") if variant == "calm" else (variant, "accepted", "")
        for id_, variant in before.items()
    }


def test_without_variants_any_more_what_is_planned_goes_as_the_message_stands(shop: SmallShop) -> None:
    shop.customer("ana")
    hello(shop, CALM, PRICE)
    days.run(shop, "hello", DAY)
    hello(shop)
    assert days.send(shop, DAY) == {"accepted": 1}


def test_plan_preview_and_why_tell_the_variants(shop: SmallShop) -> None:
    for number in range(12):
        shop.customer(f"c{number}")
    hello(shop, CALM, PRICE)
    with days.opened(shop, DAY) as (desk, moment):
        (planned,) = plan(desk, ["hello"], moment)["campaigns"]
        shown = preview(desk, "hello", "", moment)
    assert sum(planned["variants"].values()) == 12
    assert {(one["variant"], one["reads"]) for one in planned["samples"]} == {("calm", "Calm"), ("price", "Price")}
    assert [(one["variant"], one["reads"]) for one in shown] == [("calm", "Calm"), ("price", "Price")]
    days.run(shop, "hello", DAY)
    wrote = {row["customer_id"]: row["variant"] for row in days.rows(shop, "message")}
    assert Counter(wrote.values()) == planned["variants"]
    with days.opened(shop, DAY) as (desk, moment):
        (own,) = preview(desk, "hello", "c3", moment)
        (told,) = why(desk, "c3", ["hello"], moment)["campaigns"]
    assert own["variant"] == wrote["c3"]
    assert f"`one` as `{wrote['c3']}`" in told["before"][0]
    assert f"as `{wrote['c3']}`" in told["would_get"]


def test_a_follow_up_has_variants_of_its_own(shop: SmallShop) -> None:
    for number in range(12):
        shop.customer(f"c{number}")
    first = "{send: email, template: hello/one, subject: S}"
    then = f"{{send: email, template: hello/two, subject: S, after: 1 day, variants: {{{CALM}, {PRICE}}}}}"
    hello(shop)
    shop.campaign("hello", messages=f"[{first}, {then}]")
    days.live(shop, DAY, "hello")
    days.live(shop, "2026-02-02 10:00")
    variants = {(row["name"], row["variant"]) for row in days.rows(shop, "message")}
    assert variants == {("one", ""), ("two", "calm"), ("two", "price")}
