"""Budgets of offers: who fits, who is withheld, and what is given back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

import shop_days as days
from regulars import clock
from regulars.campaigns import running
from regulars.campaigns.budgets.limits import next_period, period
from regulars.campaigns.convert import convert
from regulars.campaigns.planning import plan
from regulars.campaigns.why.explain import why
from small_shop import SmallShop, at

DAY, NEXT_MONTH = "2026-02-10 10:00", "2026-03-01 10:00"
GIFT = "[{send: email, template: gift/one, subject: S, offer: {amount: 30, valid: 5 days%s}}]"


def five(shop: SmallShop, budget: str = "{discount: 100 per month}", more: str = "", **keys: str) -> None:
    """Five customers, and 30 RON for each of them within a budget."""
    for name in ("ana", "ion", "kate", "mara", "oleg"):
        shop.customer(name)
    own = {"budget": budget} if budget else {}
    shop.campaign("gift", messages=GIFT % more, **own, **keys)
    shop.words("gift/one", offer="{{ offer.code }}")


def who(shop: SmallShop) -> list[str]:
    return [row["customer_id"] for row in days.rows(shop, "code", "customer_id", "customer_id")]


def counted(shop: SmallShop) -> dict[tuple[str, str], float]:
    """(scope kind, period) → what is counted, in the shop's currency."""
    return {(f"{row['scope']} {row['kind']}", row["period"]): row["counted"] / 100 for row in days.rows(shop, "budget")}


def test_what_does_not_fit_is_withheld_and_comes_again_with_the_next_month(shop: SmallShop) -> None:
    five(shop)
    ran = days.run(shop, "gift", DAY)
    assert (who(shop), ran.withheld) == (["ana", "ion", "kate"], {"budget": 2})
    assert counted(shop) == {("campaign gift discount", "2026-02"): 90.0}
    assert days.run(shop, "gift", "2026-02-13 23:00").withheld["budget"] == 2
    assert days.run(shop, "gift", NEXT_MONTH).withheld == {"already-enrolled": 3}
    assert who(shop) == ["ana", "ion", "kate", "mara", "oleg"]


def test_each_variant_counts_what_it_gives_itself(shop: SmallShop) -> None:
    names = [f"c{number:02}" for number in range(40)]
    for name in names:
        shop.customer(name)
    ways = {
        "dear": "{offer: {amount: 50, valid: 5 days}}",
        "cheap": "{offer: {amount: 10, valid: 5 days}}",
        "plain": "{subject: P}",
    }
    said = ", ".join(f"{name}: {way}" for name, way in ways.items())
    message = f"{{send: email, template: gift/one, subject: S, variants: {{{said}}}}}"
    shop.campaign("gift", messages=f"[{message}]", budget="{discount: 300 per month}")
    days.run(shop, "gift", DAY)
    given = {row["customer_id"]: float(row["value"]) for row in days.rows(shop, "code")}
    got = {row["customer_id"]: row["variant"] for row in days.rows(shop, "message")}
    assert 250 < sum(given.values()) <= 300
    assert counted(shop) == {("campaign gift discount", "2026-02"): sum(given.values())}
    assert {got[name] for name in given} == {"dear", "cheap"}
    assert all(got.get(name) == "plain" for name in got.keys() - given.keys())


def test_the_shops_budget_is_of_all_campaigns_together(shop: SmallShop) -> None:
    shop.guards = "  budget: {discount: 100 per month}"
    five(shop, "")
    shop.campaign("more", messages=GIFT.replace("gift/one", "more/one") % "")
    days.run(shop, "gift", DAY)
    days.run(shop, "more", DAY)
    assert len(who(shop)) == 3
    assert counted(shop) == {("shop discount", "2026-02"): 90.0}


def test_codes_given_before_there_was_a_budget_count(shop: SmallShop) -> None:
    five(shop, "", repeat="every run")
    days.run(shop, "gift", DAY)
    shop.campaign("gift", messages=GIFT % "", repeat="every run", budget="{discount: 170 per month}")
    days.send(shop, DAY)
    days.advance(shop, DAY)
    assert days.run(shop, "gift", "2026-02-11 10:00").withheld == {"budget": 5}
    assert counted(shop) == {("campaign gift discount", "2026-02"): 150.0}


def test_what_never_goes_out_is_given_back(shop: SmallShop) -> None:
    five(shop, send_within="6 hours", schedule="every 10 minutes")
    days.run(shop, "gift", DAY)
    assert days.send(shop, "2026-02-10 18:00") == {"expired": 3} or days.states(shop)["ana"].startswith("one expired")
    assert days.run(shop, "gift", "2026-02-10 18:10").withheld == {"already-enrolled": 3}
    assert counted(shop) == {("campaign gift discount", "2026-02"): 60.0}


def test_a_budget_of_what_is_redeemed_gets_back_what_nobody_used(shop: SmallShop) -> None:
    five(shop, "{redeemed: 100 in all}", repeat="every 30 days")
    days.run(shop, "gift", DAY)
    days.send(shop, DAY)
    codes = days.rows(shop, "code", "code", "customer_id")
    shop.order("ana", "2026-02-11 10:00:00", total=70, coupon_code=codes[0]["code"])
    with days.opened(shop, "2026-02-20 10:00") as (desk, _):
        convert(desk, clock.now())
    days.run(shop, "gift", "2026-02-20 10:00")
    assert counted(shop) == {("campaign gift redeemed", "all"): 90.0}
    assert who(shop) == ["ana", "ion", "kate", "mara", "oleg"]


def test_a_follow_up_waits_for_the_next_period(shop: SmallShop) -> None:
    for name in ("ana", "ion"):
        shop.customer(name)
    second = "{send: email, template: win/two, subject: B, after: 1 day, offer: {amount: 30, valid: 5 days}}"
    shop.campaign(
        "win",
        messages=f"[{{send: email, template: win/one, subject: A}}, {second}]",
        budget="{discount: 30 per day}",
        send_within="2 days",
    )
    shop.words("win/two", offer="{{ offer.code }}")
    days.run(shop, "win", DAY)
    days.send(shop, DAY)
    advanced = days.advance(shop, "2026-02-11 10:00")
    assert (advanced.written, advanced.withheld, who(shop)) == (1, 1, ["ana"])
    assert days.advance(shop, "2026-02-12 09:00").written == 1
    assert who(shop) == ["ana", "ion"]


def test_the_plan_says_what_fits_and_what_is_left(shop: SmallShop) -> None:
    from regulars.cli.plan_text import of_plan

    five(shop)
    with days.opened(shop, DAY) as (desk, moment):
        told = of_plan(found := plan.plan(desk, ["gift"], moment), desk)
    (one,) = found["campaigns"]
    assert (one["would_send"], one["withheld"]) == ({"email": 3}, {"budget": 2})
    assert one["again"]["budget"] == {"first": "2026-03-01", "last": "2026-03-01"}
    assert [row["left"] for row in one["budgets"]] == ["100.00"]
    assert "2 budget (again Sun 1 Mar)" in " ".join(told.split())
    assert "left of this month's 100: 100, and 10 after this" in " ".join(told.split())
    assert days.rows(shop, "budget") == []


def test_why_says_that_no_budget_was_left(shop: SmallShop) -> None:
    five(shop)
    days.run(shop, "gift", DAY)
    with days.opened(shop, DAY) as (desk, moment):
        answers = {name: why(desk, name, ["gift"], moment)["campaigns"][0] for name in ("ana", "oleg")}
    assert answers["ana"]["decision"] != "budget"
    assert answers["oleg"]["decision"] == "budget"
    (line,) = [line for line in answers["oleg"]["lines"] if line["test"] == "budget"]
    assert (line["holds"], line["says"]) == (False, "left of this month's 100: 10 RON")
    assert answers["oleg"]["again"] == "Tried again Sun 1 Mar."


@pytest.mark.parametrize(
    ("span", "name", "begins", "following"),
    [
        ("day", "2026-03-29", "2026-03-28T22:00", "2026-03-29T21:00"),
        ("week", "2026-W13", "2026-03-22T22:00", "2026-03-29T21:00"),
        ("month", "2026-03", "2026-02-28T22:00", "2026-03-31T21:00"),
        ("year", "2026", "2025-12-31T22:00", "2026-12-31T22:00"),
    ],
)
def test_periods_are_those_of_the_shops_calendar(span: str, name: str, begins: str, following: str) -> None:
    moment = at("2026-03-29 12:00")
    found, first = period(span, moment, "Europe/Bucharest")
    after = next_period(span, moment, "Europe/Bucharest")
    assert (found, first, after) == (name, _utc(begins), _utc(following))


def _utc(moment: str) -> datetime:
    return datetime.fromisoformat(moment).replace(tzinfo=UTC)


def test_the_report_says_what_codes_cost_and_may_still_cost(shop: SmallShop) -> None:
    five(shop, repeat="every 10 days")
    days.run(shop, "gift", DAY)
    days.send(shop, DAY)
    code = days.rows(shop, "code", "code", "customer_id")[0]["code"]
    shop.order("ana", "2026-02-11 10:00:00", total=70, coupon_code=code)
    told, offers = reported(shop, "2026-02-12 10:00")
    assert (offers["out"], offers["if_all_redeem"], offers["liability"]) == (2, 60.0, None)
    assert offers["redeemed"] == {"used": {"orders": 1, "discount": 30.0}}
    for words in (
        "1 redeemed, 30.00 RON off",
        "2 codes out, 60.00 RON if all redeem; how many do is not known yet: no code has run out",
        "left of this month's 100: 10.00 RON",
        "2 people withheld at the last run: budget",
    ):
        assert words in told
    shop.campaign("gift", messages=GIFT % "", repeat="every 10 days")
    days.run(shop, "gift", "2026-02-20 10:00")
    told, offers = reported(shop, "2026-02-20 10:00")
    # One of the three that are over was used.
    assert (offers["out"], offers["if_all_redeem"], offers["liability"]) == (5, 150.0, 50.0)
    assert "5 codes out, 150.00 RON if all redeem, 50.00 RON if 33.3 % do, as the shop's usually do" in told


def reported(shop: SmallShop, when: str) -> tuple[str, dict[str, Any]]:
    """The report's text, and what it says about the offers of the one campaign."""
    from regulars.cli.reporting import figures_of
    from regulars.measure.text import text

    with days.opened(shop, when) as (desk, moment):
        convert(desk, moment)
        figures = figures_of(desk, moment)
    return " ".join(text(figures).split()), dict(figures["campaigns"][0]["offers"])


def test_what_others_took_between_selecting_and_writing_is_withheld_and_told(shop: SmallShop) -> None:
    shop.guards = "  budget: {discount: 100 per month}"
    five(shop, "")
    shop.campaign("more", messages=GIFT.replace("gift/one", "more/one") % "")
    first, second = days.select(shop, "gift", DAY), days.select(shop, "more", DAY)
    with days.opened(shop, DAY) as (desk, moment):
        written = [running.enrol(desk, one.run_id, 0) for one in (first, second, first)]
        (one,) = why(desk, "ana", ["more"], moment)["campaigns"]
        logged = {row["campaign"]: row["decision"] for row in why(desk, "ana", ["more"], moment)["log"]}
    assert [(one.new, one.already, one.withheld) for one in written] == [(3, 0, 0), (0, 0, 3), (0, 3, 0)]
    assert (one["decision"], logged) == ("budget", {"gift": "sent", "more": "budget"})
    assert counted(shop) == {("shop discount", "2026-02"): 90.0}
