"""A grocer's coupons: mailed before there was a ledger, brought into it, and found again in what was redeemed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from real_projects import SHARED

from regulars import clock
from regulars.campaigns.convert import Converted, convert
from regulars.campaigns.desk import Desk
from regulars.campaigns.earlier import Brought, bring
from regulars.ledger import checks
from regulars.measure.report import figures

pytestmark = [pytest.mark.real, pytest.mark.xdist_group("complete_journey_coupons")]

DATA = SHARED / "data" / "complete_journey"
NOW = datetime(2018, 1, 1, 12, tzinfo=UTC)
# A redemption is an order that carries a coupon's number. In which basket it lay nobody says: it is worth 0 here.
RULES = """
shop:
  name: Harvest Lane
  currency: USD
  timezone: America/New_York
  languages: [en]
  from: {email: "Harvest Lane <hello@harvestlane.example>"}
  address: "12 Harvest Lane, Springfield"
  site: https://harvestlane.example
source:
  tables:
    customers: data/customers.csv
    redemptions: {file: data/coupon_redemptions.parquet, customer: household_id}
    orders:
      sql: |
        select concat_ws('-', household_id, coupon_upc, campaign_id, redemption_date) as id, household_id,
               redemption_date, cast(0 as decimal(12, 2)) as worth, cast(coupon_upc as varchar) as coupon
        from redemptions
  customer: {id: household_id, email: email, consent: {email: email_consent}}
  order: {id: id, customer: household_id, at: redemption_date, amount: worth, code: coupon}
traits:
  redeemed: {from: orders, value: count(*)}
"""
# Everybody of a type B or C campaign got all its coupons; of type A sixteen of their own, of which those are known that
# were redeemed. Coupons that nobody ever redeemed are in no order, and are left out.
MAILED = """
copy (
  with mailed as (from '{0}/campaigns.parquet' join '{0}/campaign_descriptions.parquet' using (campaign_id)),
  used as (from '{0}/coupon_redemptions.parquet'),
  given as (
    select m.campaign_id, m.household_id, c.coupon_upc from mailed m join '{0}/coupons.parquet' c using (campaign_id)
    semi join used using (coupon_upc) where m.campaign_type <> 'Type A'
    union select campaign_id, household_id, coupon_upc from used
  )
  select 'mailing_' || campaign_id as campaign, household_id as customer_id, start_date as sent_at, coupon_upc as code
  from mailed left join given using (campaign_id, household_id)
) to '{1}' (format parquet)
"""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Any:
    if not DATA.is_dir():
        pytest.skip(f"the real data is not there: {DATA} (REGULARS_SHARED names the folder that has data/)")
    root = tmp_path_factory.mktemp("coupons")
    (root / "rules.yaml").write_text(RULES, encoding="utf-8")
    (root / "campaigns").mkdir()
    (root / "data").symlink_to(DATA, target_is_directory=True)
    duckdb.sql(MAILED.format(DATA, root / "mailed.parquet"))
    with Desk.open(root) as opened, clock.frozen(NOW):
        yield opened


@pytest.fixture(scope="module")
def found(desk: Desk) -> tuple[Brought, Converted]:
    return bring(desk, desk.root / "mailed.parquet", NOW, timedelta(days=60)), convert(desk, NOW)


def ask(desk: Desk, sql: str) -> list[tuple[Any, ...]]:
    with desk.ledger.reading() as connection:
        return [tuple(row) for row in connection.exec_driver_sql(sql)]


def test_every_redemption_is_found_and_every_household(desk: Desk, found: tuple[Brought, Converted]) -> None:
    brought, converted = found
    assert (brought.campaigns, brought.messages) == (27, 6589)
    assert converted.by_evidence == {"code": 2102}
    assert ask(desk, "select count(*), count(distinct customer_id) from conversion") == [(2102, 410)]
    assert convert(desk, NOW) == Converted()


def test_the_campaign_is_the_grocers_own_but_where_a_coupon_was_mailed_twice(desk: Desk, found: Any) -> None:
    rows = ask(desk, "select order_id, campaign from conversion")
    assert sum(order.split("-")[2] != campaign.removeprefix("mailing_") for order, campaign in rows) == 13


def test_brought_again_nothing_changes_and_the_ledger_is_sound(desk: Desk, found: Any, tmp_path: Path) -> None:
    again = bring(desk, desk.root / "mailed.parquet", NOW, timedelta(days=60))
    assert (again.messages, again.known) == (0, 6589)
    assert checks.violations(desk.ledger) == []


def test_mailings_that_nobody_drew_by_lot_earn_and_show_no_lift(desk: Desk, found: Any) -> None:
    told = figures(desk.ledger, currency="USD", now=NOW)
    assert told["totals"]["conversions"] == 2102
    assert not [one for one in told["campaigns"] if one["lift"]["known"] or one["lift"]["earned"]]
