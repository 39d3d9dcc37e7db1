"""A grocer's own coupons: what was mailed in 2017 as entries with codes, what came back as orders that carry them."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from real_projects import laid

from regulars import clock
from regulars.campaigns import calendar
from regulars.campaigns.convert import Converted, convert
from regulars.campaigns.desk import Desk
from regulars.ledger import ids, outbox
from regulars.ledger.crossing import MOMENT

pytestmark = [pytest.mark.real, pytest.mark.xdist_group("complete_journey")]

ORDERS = """
    orders:                          # each coupon that came back, as an order that carries the code of its mailing
      sql: |
        select row_number() over (order by household_id, coupon_upc, redemption_date, campaign_id) as basket_id,
               household_id, redemption_date as bought_at, 0.00 as paid, 'grocer ' || campaign_id as coupon_code
        from redemptions
"""
RULES = """
shop:
  name: Harvest Lane
  currency: USD
  timezone: UTC
  languages: [en]
  from: {email: "Harvest Lane <hello@harvestlane.example>"}
  address: "12 Harvest Lane, Springfield"
source:
  tables:
    customers: data/customers.csv
    redemptions: {file: data/coupon_redemptions.parquet, customer: household_id, at: redemption_date}
%s
  customer: {id: household_id, email: email, consent: {email: email_consent}}
  order: {id: basket_id, customer: household_id, at: bought_at, amount: paid, code: coupon_code}
"""
MAILED = """
select cast(household_id as varchar) as customer_id, 'mailing_' || campaign_id as campaign,
       'GROCER' || campaign_id as code, timezone('UTC', start_date) as sent_at,
       timezone('UTC', end_date + interval 1 day) as valid_until
from '{0}/campaigns.parquet' join '{0}/campaign_descriptions.parquet' using (campaign_id) order by all
"""


def mail(desk: Desk, root: Path) -> int:
    """Write what the grocer mailed into the ledger, each household's mailing as a message that went out."""
    mailed = duckdb.sql(MAILED.format(root / "data")).to_arrow_table()
    n = mailed.num_rows
    told = pa.repeat("", n)
    entries, sent = ids.draw(n), mailed["sent_at"].cast(MOMENT)
    own = {"customer_id": mailed["customer_id"], "campaign": mailed["campaign"]}
    enrolments = own | {
        "id": entries,
        "occasion": pa.repeat("1", n),
        "arm": pa.repeat("treated", n),
        "entered_at": sent,
        "due_at": sent,
    }
    messages = own | dict.fromkeys(("template_hash", "address", "address_hash", "language", "template"), told) | {
        "id": ids.draw(n), "enrolment_id": entries, "name": pa.repeat("mailing", n), "channel": pa.repeat("email", n),
        "context": pa.repeat("{}", n), "state": pa.repeat("accepted", n), "due_at": sent, "not_before": sent,
        "sent_at": sent, "expires_at": sent, "local_day": pa.repeat("2017-01-01", n),
    }  # fmt: skip
    codes = own | {
        "code": mailed["code"], "enrolment_id": entries, "message_name": pa.repeat("mailing", n),
        "kind": pa.repeat("gift", n), "value": pa.repeat(0, n), "currency": pa.repeat("USD", n), "issued_at": sent,
        "valid_until": mailed["valid_until"].cast(MOMENT), "shared": pa.repeat(True, n),
    }  # fmt: skip
    with desk.ledger.writing() as connection:
        return len(outbox.enrol(connection, pa.table(enrolments), pa.table(messages), pa.table(codes)))


@pytest.fixture(scope="module")
def redeemed(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Converted], list[tuple[object, ...]]]:
    """What two conversions found, and the counts of the ledger."""
    root = laid("complete_journey", tmp_path_factory.mktemp("coupons"))
    for campaign in (root / "campaigns").glob("*.yaml"):
        campaign.unlink()
    (root / "rules.yaml").write_text(RULES % ORDERS.strip("\n"))
    day = calendar.at_noon(duckdb.sql("select date '2017-12-31'").fetchone()[0], "UTC")
    with Desk.open(root) as desk, clock.frozen(day):
        assert mail(desk, root) == 6589
        found = [convert(desk, day), convert(desk, day)]
        with desk.ledger.reading() as connection:
            asked = "select standing, count(*), count(distinct customer_id), count(distinct campaign) from redemption"
            counts = [tuple(row) for row in connection.exec_driver_sql(f"{asked} group by 1")]
    return found, counts


def test_all_2102_redemptions_are_found_by_410_households(redeemed: tuple) -> None:
    _, counts = redeemed
    ((standing, orders, households, mailings),) = counts
    assert (standing, orders, households) == ("used", 2102, 410)
    assert mailings == 26  # of one, nothing came back


def test_each_is_credited_to_the_mailing_whose_code_it_carried_and_only_once(redeemed: tuple) -> None:
    (first, again), _ = redeemed
    assert (first.orders, first.by_evidence, first.by_strangers) == (2102, {"code": 2102}, 0)
    assert again.orders == 0
