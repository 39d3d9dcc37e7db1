"""Plans that reach many people wait until somebody of the team lets them go."""

from __future__ import annotations

import pytest

import shop_days as days
from regulars.campaigns.planning.approving import Approved, approve
from regulars.campaigns.planning.plan import plan
from regulars.errors import ProjectError, WrongUse
from small_shop import SmallShop, at

DAY = "2026-02-01 10:00"
LEDGERS = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]


@pytest.fixture(params=LEDGERS)
def dozen(shop: SmallShop, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> SmallShop:
    """Ten customers, a campaign to all of them, and an approval needed for more than five."""
    if request.param == "postgresql":
        monkeypatch.setenv("REGULARS_LEDGER", request.getfixturevalue("postgres_url"))
    people(shop, 10)
    shop.rules = shop.rules.replace("site:", "team: {ana: ana@casaverde.example, mihai: +40 700 000 100}\n  site:")
    shop.guards = "  approval: over 5"
    shop.campaign("news", repeat="every run")
    return shop


def people(shop: SmallShop, number: int) -> None:
    shop.customers.clear()
    for place in range(number):
        shop.customer(f"c{place:02}")


def fingerprint(shop: SmallShop) -> str:
    with shop.desk() as desk:
        return desk.project.fingerprint


def approved(shop: SmallShop, *campaigns: str, name: str = "ana", plan_of: str = "") -> list[Approved]:
    with days.opened(shop, DAY) as (desk, moment):
        return approve(desk, plan_of or desk.project.fingerprint, name, campaigns, moment)


def stopped(shop: SmallShop, when: str = DAY, campaign: str = "news") -> str:
    return days.run(shop, campaign, when).stopped


def test_a_run_to_more_people_than_allowed_stops_and_says_how_to_go_on(dozen: SmallShop) -> None:
    assert stopped(dozen) == (
        f"10 people, and more than 5 need an approval: regulars approve {fingerprint(dozen)} --as ana"
    )
    assert days.rows(dozen, "enrolment") == []


def test_a_run_to_as_many_as_allowed_asks_nobody(dozen: SmallShop) -> None:
    people(dozen, 5)
    assert stopped(dozen) == ""


def test_the_plan_says_the_same_as_the_run(dozen: SmallShop) -> None:
    with days.opened(dozen, DAY) as (desk, moment):
        (one,) = plan(desk, ["news"], moment)["campaigns"]
    assert one["stopped"] == stopped(dozen)
    assert one["would_send"] == {"email": 10}


def test_once_approved_it_runs_and_runs_again(dozen: SmallShop) -> None:
    assert approved(dozen) == [Approved("news", 10, needed=True)]
    assert [stopped(dozen), stopped(dozen, "2026-02-02 10:00")] == ["", ""]
    (row,) = days.rows(dozen, "approval", "campaign, name, people, fingerprint")
    assert row == {"campaign": "news", "name": "ana", "people": 10, "fingerprint": fingerprint(dozen)}


@pytest.mark.parametrize(("number", "waits"), [(11, False), (12, True)])
def test_a_tenth_more_people_than_were_approved_may_come(dozen: SmallShop, number: int, waits: bool) -> None:
    approved(dozen)
    people(dozen, number)
    assert (stopped(dozen) != "") is waits
    if waits:
        assert "(approved: 10)" in stopped(dozen)


def test_an_edit_needs_another_approval(dozen: SmallShop) -> None:
    approved(dozen)
    dozen.campaign("news", repeat="every run", audience="orders >= 0 and spent >= 0")
    assert "need an approval" in stopped(dozen)


def test_what_is_approved_for_one_campaign_lets_no_other_go(dozen: SmallShop) -> None:
    dozen.campaign("sale", repeat="every run")
    assert approved(dozen, "news") == [Approved("news", 10, needed=True)]
    assert stopped(dozen) == ""
    assert "need an approval" in stopped(dozen, campaign="sale")


def test_without_names_all_that_wait_are_approved_and_nothing_else(dozen: SmallShop) -> None:
    dozen.campaign("sale", repeat="every run")
    dozen.campaign("few", audience="customer_id = 'c01'")
    dozen.campaign("later", status="draft")
    assert [one.campaign for one in approved(dozen)] == ["news", "sale"]


def test_a_plan_of_other_files_is_not_approved(dozen: SmallShop) -> None:
    with pytest.raises(ProjectError, match="The files are not those of plan 0000-0000 any more") as refused:
        approved(dozen, plan_of="0000-0000")
    assert "edited them" in str(refused.value)
    assert days.rows(dozen, "approval") == []


def test_only_the_team_approves(dozen: SmallShop) -> None:
    with pytest.raises(WrongUse, match=r"`anna` is nobody of `shop.team` in rules\.yaml\. Did you mean `ana`\?"):
        approved(dozen, name="anna")


def test_nothing_is_approved_by_looking(dozen: SmallShop) -> None:
    with dozen.desk(looking=True) as desk:
        plan(desk, ["news"], at(DAY))
    assert "need an approval" in stopped(dozen)


def test_who_enters_now_and_is_written_to_later_counts_too(dozen: SmallShop) -> None:
    later = "[{send: email, template: news/one, subject: S, after: 14 days from entry}]"
    dozen.campaign("news", messages=later)
    assert stopped(dozen).startswith("10 people, and more than 5 need an approval")
    assert approved(dozen) == [Approved("news", 10, needed=True)]
    assert stopped(dozen) == ""
