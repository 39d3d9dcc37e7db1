"""What the words say of the row, or the rows, that an entry is about; and what a row decides later."""

from __future__ import annotations

import json
from typing import Any

import pytest
from walking_shop import deliveries, due, walking

import shop_days as days
from regulars.campaigns.trying.preview import preview
from regulars.errors import ProjectError
from small_shop import SmallShop, at

DAY, NEXT = "2026-02-10 10:00", "2026-02-11 10:00"
EACH, TOGETHER = "{row: deliveries}", "{row: due, together: true}"
FIRST = "{name: one, send: email, subject: 'About {{ row.product }}', template: care/one}"


@pytest.fixture
def parcels(shop: SmallShop) -> SmallShop:
    """Ana has two parcels."""
    walking(shop)
    shop.customer("ana")
    deliveries(shop, ("p1", "ana", "2026-02-08 15:00", "tea"), ("p2", "ana", "2026-02-09 08:00", "milk", "yes"))
    return shop


def contexts(shop: SmallShop, name: str = "one") -> list[dict[str, Any]]:
    rows = days.rows(shop, "message", "customer_id, name, context", "id")
    return [json.loads(row["context"]) for row in rows if row["name"] == name]


def test_each_letter_knows_of_its_row_what_it_says_and_no_more(parcels: SmallShop) -> None:
    parcels.campaign("care", for_each=EACH, messages=f"[{FIRST}]")
    parcels.words("care/one", offer="{{ row.product }} {{ row.delivered_at | date('day') }}")
    days.run(parcels, "care", DAY)
    rows = [context["row"] for context in contexts(parcels)]
    assert sorted(rows, key=lambda row: str(row["product"])) == [
        {"product": "milk", "delivered_at": "2026-02-09 08:00:00"},
        {"product": "tea", "delivered_at": "2026-02-08 15:00:00"},
    ]
    days.send(parcels, DAY)
    letters = [path.read_text() for path in (parcels.root / ".regulars/outbox").rglob("*.eml")]
    assert sorted(text.split("Subject: ")[1].split("\n")[0] for text in letters) == ["About milk", "About tea"]
    assert any("tea 8 februarie" in text for text in letters)


def test_one_letter_knows_of_all_its_rows(parcels: SmallShop) -> None:
    due(parcels, ("d1", "ana", "2026-02-12", "tea"), ("d2", "ana", "2026-02-11", "milk"))
    parcels.campaign("care", for_each=TOGETHER, messages="[{send: email, subject: S, template: care/one}]")
    parcels.words(
        "care/one", offer="{% for one in rows %}{{ one.product }} {{ one.due_on | date('day') }};{% endfor %}"
    )
    days.run(parcels, "care", DAY)
    assert contexts(parcels)[0]["rows"] == [
        {"product": "milk", "due_on": "2026-02-11"}, {"product": "tea", "due_on": "2026-02-12"},
    ]  # fmt: skip
    days.send(parcels, DAY)
    (path,) = (parcels.root / ".regulars/outbox").rglob("*.eml")
    assert "milk 11 februarie;tea 12 februarie;" in path.read_text()


def test_a_follow_up_reads_the_row_as_it_is_when_it_is_due(parcels: SmallShop) -> None:
    later = "{name: two, send: email, subject: 'S {{ row.product }}', template: care/two, after: 1 day}"
    parcels.campaign("care", for_each=EACH, messages=f"[{FIRST}, {later}]")
    days.run(parcels, "care", DAY)
    deliveries(parcels, ("p1", "ana", "2026-02-08 15:00", "green tea"), ("p2", "ana", "2026-02-09 08:00", "milk"))
    days.advance(parcels, NEXT)
    assert sorted(context["row"]["product"] for context in contexts(parcels, "two")) == ["green tea", "milk"]


def test_a_follow_up_knows_of_all_rows_of_its_entry(parcels: SmallShop) -> None:
    due(parcels, ("d1", "ana", "2026-02-12", "tea"), ("d2", "ana", "2026-02-11", "milk"))
    later = "{name: two, send: email, subject: S, template: care/two, after: 1 day}"
    parcels.campaign(
        "care", for_each=TOGETHER, messages="[{name: one, send: email, subject: S, template: care/one}, " + later + "]"
    )
    parcels.words("care/two", offer="{% for one in rows %}{{ one.product }};{% endfor %}")
    days.run(parcels, "care", DAY)
    due(parcels, ("d1", "ana", "2026-02-12", "tea"), ("d3", "ana", "2026-02-11", "bread"))
    days.advance(parcels, NEXT)
    assert contexts(parcels, "two")[0]["rows"] == [{"product": "tea"}]


def test_conditions_of_later_messages_and_ladders_read_the_row(parcels: SmallShop) -> None:
    parcels.campaign(
        "care",
        for_each=EACH,
        messages="[{name: one, send: email, subject: S, "
        "template: [{care/one: row.product = 'tea'}, {care/two: otherwise}]}, "
        "{name: review, send: email, subject: S, after: 1 day, when: row.returned = false, template: care/three}]",
    )
    days.run(parcels, "care", DAY)
    days.advance(parcels, NEXT)
    told = {(row["name"], row["template"], row["state"]) for row in days.rows(parcels, "message")}
    assert told == {
        ("one", "care/one", "planned"), ("one", "care/two", "planned"),
        ("review", "care/three", "planned"), ("review", "care/three", "skipped"),
    }  # fmt: skip


def test_a_day_of_the_row_that_nobody_knows_leaves_the_message_out_and_the_entry_goes_on(parcels: SmallShop) -> None:
    timed = "after: 3 days from row.delivered_at"
    parcels.campaign(
        "care",
        for_each=EACH,
        messages=f"[{FIRST}, {{name: two, send: email, subject: S, template: care/two, {timed}}}, "
        "{name: three, send: email, subject: S, template: care/three, after: 1 day}]",
    )
    days.run(parcels, "care", DAY)
    deliveries(parcels, ("p1", "ana", "", "tea"), ("p2", "ana", "2026-02-09 08:00", "milk"))
    days.advance(parcels, NEXT)
    rows = days.rows(parcels, "message", "name, state, reason", "name")
    assert [(row["name"], row["state"], row["reason"]) for row in rows if row["name"] != "one"] == [
        ("three", "planned", ""), ("two", "skipped", "no-day"),
    ]  # fmt: skip


def test_each_message_comes_at_its_own_time_and_none_before_the_one_above(parcels: SmallShop) -> None:
    parcels.campaign(
        "care",
        for_each="{row: deliveries, where: product = 'tea'}",
        messages=f"[{FIRST}, {{name: two, send: email, subject: S, template: care/two, after: 2 days at 18:00}}, "
        "{name: three, send: email, subject: S, template: care/three, after: 3 days from row.delivered_at}]",
    )
    days.run(parcels, "care", DAY)
    days.advance(parcels, "2026-02-12 17:59")
    assert days.states(parcels) == {"ana": "one planned"}
    days.advance(parcels, "2026-02-12 18:00")
    # `three` was due on the 11th, before the one above it.
    assert days.states(parcels) == {"ana": "one planned, three expired: send_within is over, two planned"}


def test_only_the_row_that_exit_holds_for_is_over(parcels: SmallShop) -> None:
    parcels.campaign("care", for_each=EACH, messages=f"[{FIRST}]", exit="row.returned")
    days.run(parcels, "care", DAY)
    days.send(parcels, DAY)
    told = {(row["state"], row["reason"]) for row in days.rows(parcels, "message")}
    assert told == {("accepted", ""), ("suppressed", "exit")}


def test_an_order_ends_the_entries_before_it_and_not_those_after(parcels: SmallShop) -> None:
    later = "{name: two, send: email, subject: S, template: care/two, after: 2 days}"
    parcels.campaign("care", for_each=EACH, messages=f"[{FIRST}, {later}]", exit="ordered")
    deliveries(parcels, ("p1", "ana", "2026-02-08 15:00", "tea"))
    days.run(parcels, "care", DAY)
    days.send(parcels, DAY)
    parcels.order("ana", "2026-02-10 12:00:00")
    deliveries(parcels, ("p1", "ana", "2026-02-08 15:00", "tea"), ("p2", "ana", "2026-02-10 15:00", "milk"))
    days.run(parcels, "care", NEXT)
    days.send(parcels, NEXT)
    days.advance(parcels, "2026-02-13 10:00")
    assert [row["end_reason"] for row in days.rows(parcels, "enrolment", order="occasion")] == ["exit", ""]
    assert [row["name"] for row in days.rows(parcels, "message", order="id")] == ["one", "one", "two"]


def test_the_preview_is_about_the_newest_row(parcels: SmallShop) -> None:
    parcels.campaign("care", for_each="{row: deliveries, where: product = 'nothing'}", messages=f"[{FIRST}]")
    parcels.customer("ion")
    with parcels.desk(looking=True) as desk:
        assert [one["reads"] for one in preview(desk, "care", "ana", at(DAY))] == ["About milk"]
        assert [one["reads"] for one in preview(desk, "care", "", at(DAY))] == ["About milk"]
        with pytest.raises(ProjectError, match="#ion has none"):
            preview(desk, "care", "ion", at(DAY))
