"""A grocer chose whom to send its coupons: `lift` sees that nobody drew lots, and refuses."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest
from real_projects import SHARED

from regulars.measure.lift import NotComparable, compare

pytestmark = pytest.mark.real

JOURNEY = SHARED / "data" / "complete_journey"
SPENT = f"""
    with bought as (
      select cast(household_id as varchar) as id, cast(transaction_timestamp as date) as day, sum(sales_value) as value
      from '{JOURNEY / "transactions.parquet"}' group by all
    ), mailed as (
      select distinct cast(household_id as varchar) as id, campaign_id from '{JOURNEY / "campaigns.parquet"}'
    )
    select c.campaign_id as campaign, h.id in (select id from mailed m where m.campaign_id = c.campaign_id) as mailed,
           coalesce(sum(value) filter (where day < c.start_date), 0) as before,
           coalesce(sum(value) filter (where day between c.start_date and c.end_date), 0) as during
    from '{JOURNEY / "campaign_descriptions.parquet"}' c cross join (select distinct id from bought) h
    left join bought using (id) group by c.campaign_id, h.id, c.start_date"""


@pytest.fixture(scope="module")
def campaigns() -> dict[str, Any]:
    """By campaign and by whether they were mailed: what each household spent before and during it."""
    if not JOURNEY.exists():
        pytest.skip("there is no data of a grocer here")
    rows = duckdb.sql(
        f"select campaign, mailed, list(before) as before, list(during) as during from ({SPENT}) group by all"
    ).fetchall()
    return {f"{campaign} {mailed}": (before, during) for campaign, mailed, before, during in rows}


def names(campaigns: dict[str, Any]) -> list[str]:
    return sorted({key.split()[0] for key in campaigns}, key=int)


def test_all_of_the_grocers_campaigns_are_refused_because_nobody_drew_lots(campaigns: dict[str, Any]) -> None:
    for name in names(campaigns):
        during, during_mailed = campaigns[f"{name} False"][1], campaigns[f"{name} True"][1]
        with pytest.raises(NotComparable, match="not drawn by lot"):
            compare(during, during_mailed, randomised=False)
        found = compare(during, during_mailed, randomised=False, observational=True)
        assert not found.known
        assert str(found).endswith("this says how they differ, not what made the difference.")
    assert len(names(campaigns)) == 27


def test_most_are_seen_through_by_what_was_spent_before_even_where_nobody_says_so(campaigns: dict[str, Any]) -> None:
    refused, passed = [], []
    for name in names(campaigns):
        (before, during), (before_mailed, during_mailed) = campaigns[f"{name} False"], campaigns[f"{name} True"]
        if not any(before_mailed):
            continue  # it began before the data do
        try:
            compare(during, during_mailed, pre_control=before, pre_treatment=before_mailed)
        except NotComparable:
            refused.append(name)
        else:
            passed.append(name)
    assert (len(refused), passed) == (20, ["1", "2", "3", "15"]), "12 to 48 households, too few to tell"
