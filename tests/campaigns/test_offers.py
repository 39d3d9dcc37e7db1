"""Offers: ladders, validity, codes that belong to their message."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

import shop_days as days
from regulars import clock
from regulars.campaigns.convert import convert
from regulars.ledger import codes
from small_shop import SmallShop

DAY = "2026-02-01 10:00"


def offer(shop: SmallShop, terms: str, **keys: str) -> None:
    shop.campaign("gift", messages=f"[{{send: email, template: gift/one, subject: S, offer: {{{terms}}}}}]", **keys)
    shop.words("gift/one", offer="{{ offer.code }}")


def given(shop: SmallShop) -> list[str]:
    """The value of each code, in the order they were issued."""
    return [f"{row['kind']} {float(row['value']):g}" for row in days.rows(shop, "code", order="issued_at")]


def ended(shop: SmallShop, terms: str, when: str = DAY) -> tuple[str, str]:
    """(last day in the letter, moment in the ledger) of an offer made at `when`."""
    shop.customer("ana")
    offer(shop, terms)
    days.run(shop, "gift", when)
    (row,), (code,) = days.rows(shop, "message"), days.rows(shop, "code")
    return json.loads(row["context"])["offer"]["valid_until"], code["valid_until"][:16]


def test_an_offer_ends_at_midnight_after_its_last_day(shop: SmallShop) -> None:
    assert ended(shop, "percent: 10, valid: 14 days") == ("2026-02-15", "2026-02-15 22:00")


def test_its_end_is_the_shops_midnight_also_across_daylight_saving(shop: SmallShop) -> None:
    assert ended(shop, "percent: 10, valid: 14 days", "2026-03-20 10:00") == ("2026-04-03", "2026-04-03 21:00")


@pytest.mark.parametrize(
    ("until", "last"),
    [
        ("2026-02-05 24:00", ("2026-02-05", "2026-02-05 22:00")),
        ("2026-02-05 18:30", ("2026-02-05", "2026-02-05 16:30")),
    ],
)
def test_an_offer_until_a_moment_ends_then(shop: SmallShop, until: str, last: tuple[str, str]) -> None:
    assert ended(shop, f"percent: 10, until: {until}") == last


@pytest.mark.parametrize(
    ("terms", "seen"),
    [
        ("percent: 10", {"percent": "10", "value": "10"}),
        ("percent: 12.5", {"percent": "12.5", "value": "12.5"}),
        ("amount: 25", {"amount": "25.00", "value": "25.00"}),
        ("gift: CEAI-TEI", {"gift": "CEAI-TEI", "value": "CEAI-TEI"}),
        ("free_delivery: true", {"free_delivery": True}),
    ],
)
def test_the_code_of_the_letter_is_the_code_of_the_ledger(shop: SmallShop, terms: str, seen: dict[str, str]) -> None:
    shop.customer("ana")
    offer(shop, f"{terms}, valid: 3 days")
    days.run(shop, "gift", DAY)
    (row,), (code,) = days.rows(shop, "message"), days.rows(shop, "code")
    letter = json.loads(row["context"])["offer"]
    assert letter["code"] == code["code"]
    assert codes.valid(code["code"])
    assert seen.items() <= letter.items()
    assert letter["kind"] == code["kind"] == terms.partition(":")[0]
    worth = letter.get("percent") or letter.get("amount") or 0
    assert Decimal(str(code["value"])) == Decimal(worth)
    assert code["gift"] == letter.get("gift", "")
    assert code["message_name"] == row["name"]


def test_a_ladder_goes_up_after_an_entry_without_an_order_and_back_after_one_with(shop: SmallShop) -> None:
    shop.customer("ana")
    offer(shop, "percent: 10, next_time: [15, 20], valid: 5 days", repeat="every 10 days")
    for day in ("2026-02-01", "2026-02-11", "2026-02-21", "2026-03-03"):
        days.run(shop, "gift", f"{day} 10:00")
        days.send(shop, f"{day} 10:00")
    assert given(shop) == ["percent 10", "percent 15", "percent 20", "percent 20"]
    shop.order("ana", "2026-03-04 12:00:00", coupon_code=days.rows(shop, "code", order="issued_at desc")[0]["code"])
    with days.opened(shop, "2026-03-05 10:00") as (desk, _):
        convert(desk, clock.now())
    days.run(shop, "gift", "2026-03-13 10:00")
    assert given(shop)[-1] == "percent 10"


def sent_text(shop: SmallShop) -> str:
    """All e-mails in the folder, one behind the other."""
    from email import message_from_bytes, policy

    written = sorted((shop.root / ".regulars" / "outbox").rglob("*.eml"))
    bodies = (message_from_bytes(path.read_bytes(), policy=policy.default).get_body(("plain",)) for path in written)
    return "\n".join(body.get_content() for body in bodies if body)


TWO = "[{send: email, template: win/one, subject: A, offer: {percent: 10, valid: 30 days}}, {send: email, template: win/two, subject: B, after: 5 days%s}]"  # fmt: skip  # noqa: E501  # one campaign


def two_offers(shop: SmallShop, second: str = "", **keys: str) -> None:
    """A first message with an offer, sent, and the second one planned five days later."""
    shop.customer("ana")
    shop.campaign("win", messages=TWO % second, **keys)
    shop.words("win/two", offer="{{ offer.code }} {{ offer.percent }}")
    days.run(shop, "win", DAY)
    days.send(shop, DAY)
    days.advance(shop, "2026-02-06 10:00")


def test_a_later_message_without_an_offer_shows_the_code_of_the_entry(shop: SmallShop) -> None:
    two_offers(shop)
    first, second = (json.loads(row["context"])["offer"] for row in days.rows(shop, "message", order="name"))
    assert (second["code"], second["percent"], second["valid_until"]) == (first["code"], "10", "2026-03-03")
    assert days.send(shop, "2026-02-06 10:00") == {"accepted": 1}


def test_a_later_message_shows_the_gift_of_the_entry(shop: SmallShop) -> None:
    shop.customer("ana")
    first, second = TWO.replace("percent: 10", "gift: CEAI-TEI") % "", "{{ offer.code }} {{ offer.gift }}"
    shop.campaign("win", messages=first)
    shop.words("win/two", offer=second)
    days.run(shop, "win", DAY)
    days.send(shop, DAY)
    days.advance(shop, "2026-02-06 10:00")
    assert days.send(shop, "2026-02-06 10:00") == {"accepted": 1}
    assert "CEAI-TEI" in sent_text(shop)


def test_a_later_offer_ends_the_older_code_when_it_goes_out(shop: SmallShop) -> None:
    two_offers(shop, ", offer: {percent: 15, valid: 5 days}")
    ends = [row["ended_at"] for row in days.rows(shop, "code", order="issued_at")]
    assert ends == [None, None]
    days.send(shop, "2026-02-06 10:00")
    first, second = (row["ended_at"] for row in days.rows(shop, "code", order="issued_at"))
    assert first.startswith("2026-02-06 08:00")
    assert second is None


def test_a_code_that_never_went_out_ends_no_other(shop: SmallShop) -> None:
    two_offers(shop, ", offer: {percent: 15, valid: 5 days}", exit="ordered")
    shop.order("ana", "2026-02-06 10:01:00")
    assert days.send(shop, "2026-02-06 10:05") == {"suppressed": 1}
    assert [row["ended_at"] for row in days.rows(shop, "code")] == [None, None]


def test_a_letter_keeps_no_more_of_a_person_than_its_words_read(shop: SmallShop) -> None:
    shop.customer("ana", last_name="Secret", city="Cluj")
    shop.campaign("gift")
    days.run(shop, "gift", DAY)
    (row,) = days.rows(shop, "message")
    assert json.loads(row["context"]) == {"customer": {"first_name": "Ana"}}


def test_a_shared_code_is_everybodys_and_stays_as_it_is_written(shop: SmallShop) -> None:
    for name in ("ana", "ion"):
        shop.customer(name)
    offer(shop, "code: VIPDAY, percent: 20, until: 2026-02-05 24:00")
    days.run(shop, "gift", DAY)
    assert [(row["code"], bool(row["shared"])) for row in days.rows(shop, "code")] == [("VIPDAY", True)] * 2
    assert {json.loads(row["context"])["offer"]["code"] for row in days.rows(shop, "message")} == {"VIPDAY"}
    assert days.send(shop, DAY) == {"accepted": 2}


def test_a_later_message_shows_the_shared_code_once_for_each(shop: SmallShop) -> None:
    for name in ("ana", "ion", "kate"):
        shop.customer(name)
    shop.campaign("win", messages=TWO.replace("percent: 10", "code: VIPDAY, percent: 10") % "")
    shop.words("win/two", offer="{{ offer.code }}")
    days.run(shop, "win", DAY)
    days.send(shop, DAY)
    assert days.advance(shop, "2026-02-06 10:00").written == 3
    assert days.send(shop, "2026-02-06 10:00") == {"accepted": 3}
    assert len(days.rows(shop, "code")) == 3


def test_a_follow_up_is_left_out_that_would_give_what_is_over(shop: SmallShop) -> None:
    for name, city in (("ana", "Iași"), ("ion", "Cluj")):
        shop.customer(name, city=city)
    late = "percent: 10, until: 2026-02-03 24:00"
    second = f"{{send: email, template: win/two, subject: S, after: 5 days, offer: {{{late}, unless: city = 'Cluj'}}}}"
    shop.campaign("win", messages=f"[{{send: email, template: win/one, subject: S}}, {second}]")
    days.run(shop, "win", DAY)
    days.send(shop, DAY)
    days.advance(shop, "2026-02-06 10:00")
    rows = [row for row in days.rows(shop, "message") if row["name"] == "two"]
    settled = {row["customer_id"]: (row["state"], row["reason"]) for row in rows}
    assert settled == {"ana": ("suppressed", "offer-over"), "ion": ("planned", "")}
    assert not days.rows(shop, "code")


IF = "{% if offer is defined %}{{ offer.code }}{% else %}no offer{% endif %}"


def test_who_is_kept_out_of_the_offer_gets_the_message_and_no_code(shop: SmallShop) -> None:
    shop.customer("ana")
    shop.customer("ion")
    shop.order("ana", "2026-01-05 10:00:00")
    offer(shop, "percent: 10, valid: 7 days, unless: orders >= 1")
    shop.words("gift/one", offer=IF)
    days.run(shop, "gift", DAY)
    assert [row["customer_id"] for row in days.rows(shop, "code")] == ["ion"]
    assert days.send(shop, DAY) == {"accepted": 2}
    assert sent_text(shop).count("no offer") == 1


def test_what_is_unknown_keeps_nobody_out_of_the_offer(shop: SmallShop) -> None:
    shop.customer("ana")
    offer(shop, "percent: 10, valid: 7 days, unless: days_since(last_order) < 30")
    days.run(shop, "gift", DAY)
    assert [row["customer_id"] for row in days.rows(shop, "code")] == ["ana"]


def test_a_follow_up_without_its_offer_shows_no_older_one(shop: SmallShop) -> None:
    shop.customer("ana")
    shop.campaign("win", messages=TWO % ", offer: {percent: 15, valid: 5 days, unless: orders = 0}")
    shop.words("win/two", offer=IF)
    days.run(shop, "win", DAY)
    days.send(shop, DAY)
    days.advance(shop, "2026-02-06 10:00")
    assert days.send(shop, "2026-02-06 10:00") == {"accepted": 1}
    assert "no offer" in sent_text(shop)
    assert [row["message_name"] for row in days.rows(shop, "code")] == ["one"]
    assert days.rows(shop, "code")[0]["ended_at"] is None


def test_the_offer_of_the_campaign_is_given_with_its_first_message(shop: SmallShop) -> None:
    shop.customer("ana")
    shop.campaign("gift", offer="{gift: CEAI-TEI, valid: 5 days}")
    shop.words("gift/one", offer="{{ offer.gift }}")
    days.run(shop, "gift", DAY)
    (code,) = days.rows(shop, "code")
    assert (code["kind"], code["gift"], code["message_name"]) == ("gift", "CEAI-TEI", "one")


def test_a_row_may_keep_somebody_out_of_the_offer(shop: SmallShop) -> None:
    shop.customer("ana")
    shop.order("ana", "2026-01-30 10:00:00", total=50)
    shop.order("ana", "2026-01-31 10:00:00", total=500)
    offer(shop, "percent: 10, valid: 7 days, unless: row.total > 100", for_each="{row: orders}")
    shop.words("gift/one", offer=IF)
    days.run(shop, "gift", DAY)
    assert days.send(shop, DAY) == {"accepted": 2}
    assert len(days.rows(shop, "code")) == 1
    assert sent_text(shop).count("no offer") == 1


def warned(shop: SmallShop, template: str, words: str = "{{ offer.code }}") -> list[str]:
    """The codes of problems of a campaign whose offer is not for those with orders."""
    from regulars.campaigns.checking.check import check

    shop.customer("ana")
    shop.order("ana", "2026-01-05 10:00:00")
    shop.campaign(
        "gift",
        messages=f"[{{send: email, subject: S, template: {template}, name: one, "
        "offer: {percent: 10, valid: 7 days, unless: orders >= 1}}]",
    )
    for name in ("one", "plain"):
        shop.words(f"gift/{name}", offer=words if name == "one" else "")
    shop.write()
    return sorted({problem.code for problem in check(shop.root)})


def test_words_that_show_an_offer_to_those_who_do_not_get_it_are_warned_of(shop: SmallShop) -> None:
    assert warned(shop, "gift/one") == ["offer-unguarded"]


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("gift/one", IF),
        ("[{gift/plain: orders >= 1}, {gift/one: otherwise}]", "{{ offer.code }}"),
    ],
)
def test_words_that_ask_or_are_not_theirs_are_not(shop: SmallShop, template: str, words: str) -> None:
    assert warned(shop, template, words) == []


def test_a_step_above_with_another_condition_leaves_the_warning(shop: SmallShop) -> None:
    assert warned(shop, "[{gift/plain: orders >= 2}, {gift/one: otherwise}]") == ["offer-unguarded"]


def test_a_run_whose_offer_is_over_is_stopped(shop: SmallShop) -> None:
    shop.customer("ana")
    offer(shop, "percent: 10, until: 2026-01-31 24:00")
    assert days.run(shop, "gift", DAY).stopped == "what its first message gives ended on Sat 31 Jan 2026 24:00."
    offer(shop, "percent: 10, until: 2026-02-01 10:01")
    assert days.run(shop, "gift", DAY).stopped == ""
