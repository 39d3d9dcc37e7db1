"""Campaigns that walk rows: one entry for each, or all rows of a person in one."""

from __future__ import annotations

import json

import psycopg
import pytest
import shop_in_postgres
from walking_shop import deliveries, due, walking

import shop_days as days
from small_shop import SmallShop

DAY, NEXT = "2026-02-10 10:00", "2026-02-11 10:00"
RECENT = "{row: deliveries, where: days_since(delivered_at) <= 5}"


@pytest.fixture
def parcels(shop: SmallShop) -> SmallShop:
    """Ana got two parcels and Ion one; nobody knows the owner of the last."""
    walking(shop)
    shop.customer("ana")
    shop.customer("ion")
    deliveries(shop, ("p2", "ana", "2026-02-09 12:00"), ("p1", "ana", "2026-02-08 12:00"),
               ("p3", "ion", "2026-02-09 09:00"), ("p4", "nobody", "2026-02-09 09:00"))  # fmt: skip
    return shop


def entries(shop: SmallShop) -> list[str]:
    return [f"{row['customer_id']} {row['occasion']}" for row in days.rows(shop, "enrolment", order="2, 3, 4")]


def test_each_row_is_an_entry_of_its_own_and_none_is_made_twice(parcels: SmallShop) -> None:
    parcels.campaign("care", for_each=RECENT)
    assert days.run(parcels, "care", DAY).send == {"email": 3}
    assert entries(parcels) == ["ana p1", "ana p2", "ion p3"]
    assert days.run(parcels, "care", DAY).withheld == {"already-enrolled": 3}
    deliveries(parcels, ("p1", "ana", "2026-02-08 12:00"), ("p5", "ana", "2026-02-10 15:00"))
    assert days.run(parcels, "care", NEXT).enter == 1
    assert entries(parcels) == ["ana p1", "ana p2", "ana p5", "ion p3"]


def test_only_rows_that_where_asks_for_enter_and_the_audience_says_whose(parcels: SmallShop) -> None:
    parcels.campaign("care", for_each="{row: deliveries, where: parcel_id <> 'p1'}", audience="first_name <> 'Ion'")
    days.run(parcels, "care", DAY)
    assert entries(parcels) == ["ana p2"]


def test_conditions_read_the_row(parcels: SmallShop) -> None:
    deliveries(parcels, ("p1", "ana", "2026-02-08 12:00", "tea", "yes"), ("p2", "ana", "2026-02-09 12:00"))
    when = "[{send: email, template: care/one, subject: Salut, when: row.returned = false}]"
    parcels.campaign("care", for_each=RECENT, audience="row.product = 'tea' and orders = 0", messages=when)
    assert days.run(parcels, "care", DAY).withheld == {"when": 1}
    assert sorted(days.states(parcels)["ana"].split(", ")) == ["one planned", "one skipped: when"]


def test_what_happens_later_is_no_row_yet_where_days_since_asks_and_is_one_where_days_until_does(
    parcels: SmallShop,
) -> None:
    deliveries(parcels, ("p9", "ion", "2026-02-12 09:00"))
    due(parcels, ("d1", "ion", "2026-02-12", "tea"), ("d2", "ion", "2026-02-20", "milk"))
    parcels.campaign("care", for_each=RECENT)
    parcels.campaign("near", for_each="{row: due, where: days_until(due_on) between 0 and 3}")
    assert days.run(parcels, "care", DAY).audience == 0
    assert days.run(parcels, "near", DAY).enter == 1
    assert entries(parcels) == ["ion d1"]


def test_the_caps_hold_within_one_run_and_the_rest_is_tried_again(parcels: SmallShop) -> None:
    parcels.guards = "  frequency: {any: 1 per day}"
    parcels.campaign("care", for_each=RECENT)
    assert days.run(parcels, "care", DAY).withheld == {"frequency": 1}
    assert entries(parcels) == ["ana p1", "ion p3"]
    days.send(parcels, DAY)
    assert days.run(parcels, "care", NEXT).send == {"email": 1}
    assert entries(parcels) == ["ana p1", "ana p2", "ion p3"]


def test_two_entries_of_one_customer_share_the_arm(parcels: SmallShop) -> None:
    parcels.campaign("care", for_each=RECENT, holdout="50%")
    days.run(parcels, "care", DAY)
    arms = {(row["customer_id"], row["arm"]) for row in days.rows(parcels, "enrolment")}
    assert len(arms) == 2


def test_the_same_row_twice_in_a_file_is_one(parcels: SmallShop) -> None:
    deliveries(parcels, ("p1", "ana", "2026-02-08 12:00"), ("p1", "ana", "2026-02-09 12:00"))
    parcels.campaign("care", for_each=RECENT)
    assert days.run(parcels, "care", DAY).audience == 1


def test_together_puts_all_rows_of_a_person_into_one_entry(parcels: SmallShop) -> None:
    parcels.campaign("care", for_each=RECENT[:-1] + ", together: true}")
    assert days.run(parcels, "care", DAY).send == {"email": 2}
    found = days.rows(parcels, "enrolment", "customer_id, occasion, row_ids", "1")
    kept = [(row["customer_id"], row["occasion"], json.loads(row["row_ids"])) for row in found]
    assert kept == [("ana", "1", ["p1", "p2"]), ("ion", "1", ["p3"])]


def test_together_covers_no_row_twice_and_waits_while_an_entry_runs(parcels: SmallShop) -> None:
    parcels.campaign("care", for_each=RECENT[:-1] + ", together: true}")
    days.run(parcels, "care", DAY)
    deliveries(parcels, ("p1", "ana", "2026-02-08 12:00"), ("p5", "ana", "2026-02-10 15:00"))
    assert days.run(parcels, "care", DAY).withheld == {"already-enrolled": 1}
    days.send(parcels, DAY)
    days.advance(parcels, NEXT)
    assert days.run(parcels, "care", NEXT).enter == 1
    assert [row["row_ids"] for row in days.rows(parcels, "enrolment", order="occasion, customer_id")][2] == '["p5"]'
    days.send(parcels, NEXT)
    assert days.run(parcels, "care", "2026-02-12 10:00").audience == 0


def test_going_over_to_together_mails_nobody_again(parcels: SmallShop) -> None:
    parcels.campaign("care", for_each=RECENT)
    days.run(parcels, "care", DAY)
    days.send(parcels, DAY)
    parcels.campaign("care", for_each=RECENT[:-1] + ", together: true}")
    assert days.run(parcels, "care", NEXT).audience == 0
    deliveries(parcels, ("p6", "ana", "2026-02-10 12:00"))
    assert days.run(parcels, "care", NEXT).enter == 1


def test_changing_where_mails_nobody_again(parcels: SmallShop) -> None:
    parcels.campaign("care", for_each="{row: deliveries, where: parcel_id = 'p1'}")
    days.run(parcels, "care", DAY)
    days.send(parcels, DAY)
    parcels.campaign("care", for_each=RECENT)
    assert days.run(parcels, "care", NEXT).withheld == {"already-enrolled": 1}
    assert entries(parcels) == ["ana p1", "ana p2", "ion p3"]


def test_a_row_is_read_by_the_shops_clock(parcels: SmallShop) -> None:
    parcels.rules = parcels.rules.replace("source:\n", "source:\n  timezone: UTC\n")
    deliveries(parcels, ("p1", "ana", "2026-02-09 23:30"))
    when = "[{send: email, template: care/one, subject: Salut, when: days_since(row.delivered_at) = 0}]"
    parcels.campaign("care", for_each="{row: deliveries, where: days_since(delivered_at) = 0}", messages=when)
    assert days.run(parcels, "care", DAY).send == {"email": 1}


@pytest.mark.postgres
@pytest.mark.parametrize("together", ["false", "true"])
def test_rows_of_a_database_are_walked_alike(shop: SmallShop, postgres_url: str, together: str) -> None:
    walked = "deliveries: {table: deliveries, customer: customer_id, at: delivered_at, id: parcel_id}"
    shop.customer("ana")
    shop.customer("ion")
    shop_in_postgres.move(shop, postgres_url)
    shop.rules = shop.rules.replace(
        "{customers: {table: customers}, ", f"{{{walked}, customers: {{table: customers}}, "
    )
    with psycopg.connect(postgres_url) as connection:
        connection.execute(
            "create table deliveries (parcel_id int, customer_id text, delivered_at timestamptz, returned bool)"
        )
        connection.execute(
            """insert into deliveries values (1, 'ana', '2026-02-08 12:00+02', false), (3, null, '2026-02-09 12:00+02',
               false), (2, 'ana', '2026-02-09 12:00+02', true), (4, 'ion', '2026-02-12 12:00+02', false),
               (5, 'ion', '2026-01-01 12:00+02', false)"""
        )
    when = "" if together == "true" else ", when: row.returned = false"
    shop.campaign(
        "care", for_each=f"{RECENT[:-1]}, together: {together}}}",
        messages=f"[{{send: email, template: care/one, subject: S{when}}}]",
    )  # fmt: skip
    assert days.run(shop, "care", DAY).enter == (1 if together == "true" else 2)
    found = days.rows(shop, "enrolment", "customer_id, occasion, row_ids", "1, 2")
    told = [(row["customer_id"], row["occasion"], row["row_ids"]) for row in found]
    assert told == ([("ana", "1", '["1","2"]')] if together == "true" else [("ana", "1", ""), ("ana", "2", "")])
    days.send(shop, DAY)
    assert days.run(shop, "care", DAY).enter == 0


@pytest.mark.postgres
def test_a_later_message_reads_the_row_of_a_database_as_it_is_then(shop: SmallShop, postgres_url: str) -> None:
    walked = "deliveries: {table: deliveries, customer: customer_id, at: delivered_at, id: parcel_id}"
    shop.customer("ana")
    shop_in_postgres.move(shop, postgres_url)
    shop.rules = shop.rules.replace("{customers: {table", f"{{{walked}, customers: {{table")
    with psycopg.connect(postgres_url) as connection:
        connection.execute(
            "create table deliveries (parcel_id int, customer_id text, delivered_at date, returned bool)"
        )
        for parcel in (1, 2):
            connection.execute("insert into deliveries values (%s, 'ana', '2026-02-10', false)", [parcel])
    timed = "after: 1 day from row.delivered_at, when: row.returned = false"
    message = f"{{send: email, template: care/one, subject: S, {timed}}}"
    shop.campaign("care", for_each="{row: deliveries}", messages=f"[{message}]")
    assert days.run(shop, "care", DAY).later == 2
    with psycopg.connect(postgres_url) as connection:
        connection.execute("update deliveries set returned = true where parcel_id = 2")
    days.advance(shop, NEXT)
    assert sorted(days.states(shop)["ana"].split(", ")) == ["one planned", "one skipped: when"]
