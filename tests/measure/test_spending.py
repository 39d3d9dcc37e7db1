from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from ledger_rows import NOON, campaign_of, entry, outcome, refill

from regulars.campaigns import shop_arms
from regulars.campaigns.cohorts import Before
from regulars.measure import report
from regulars.measure.lift import compare
from small_shop import SmallShop

ENTERED = NOON - timedelta(days=5)


def local(days_before_entry: float) -> str:
    """The shop's clock (three hours ahead of UTC in August), so many days before they entered."""
    return f"{ENTERED - timedelta(days=days_before_entry) + timedelta(hours=3):%Y-%m-%d %H:%M:%S}"


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    """160 people, 40 of them held out; most spend some of what they spent before once more."""
    draw = np.random.default_rng(5)
    shop = SmallShop(tmp_path_factory.mktemp("town"))
    shop.campaign("winback", holdout="25%")
    before = (draw.random(160) < 0.7) * draw.lognormal(4, 1, 160).round(2)
    after = (draw.random(160) < 0.5) * (before * 0.5 + draw.lognormal(3, 1, 160)).round(2)
    rows = []
    for number in range(160):
        shop.customer(f"c{number}")
        shop.order(f"c{number}", local(400), 5000)  # too long ago to count
        if before[number]:
            shop.order(f"c{number}", local(300), float(before[number]))
        if after[number]:
            shop.order(f"c{number}", local(-1), float(after[number]))
            rows.append(outcome(number, 1, f"{after[number]:.2f}"))
        rows.append(entry(number, "winback", f"c{number}", "holdout" if number < 40 else "treated"))
    with shop.desk() as desk:
        yield refill(desk.ledger, rows) and desk, before, after.round(2)


def test_the_ledger_and_the_orders_add_up_to_what_compare_says_of_the_same_people(town):
    desk, before, after = town
    theirs = compare(after[:40], after[40:], pre_control=before[:40], pre_treatment=before[40:])
    figures = report.figures(
        desk.ledger, currency="RON", now=NOON, campaigns=desk.project.campaigns, before=Before(desk, NOON)
    )
    lift = figures["campaigns"][0]["lift"]
    assert lift["ceiling"] == theirs.ceiling
    for name, ours in (("revenue", theirs.plain), ("winsorised", theirs.winsorised), ("cuped", theirs.steadiest)):
        told = lift[name]
        assert told["difference"]["value"] == pytest.approx(ours.difference, abs=1e-9), name
        assert (told["difference"]["low"], told["difference"]["high"]) == pytest.approx(ours.interval, abs=1e-9), name
        assert told["p_value"] == pytest.approx(ours.p_value, abs=1e-9), name
    assert theirs.steadiest.reach < theirs.winsorised.reach
    shares = compare(after[:40] > 0, after[40:] > 0)
    assert lift["conversion"]["p_value"] == pytest.approx(shares.p_value, abs=1e-9)
    assert lift["conversion"]["relative"]["value"] == pytest.approx(shares.relative.value)


def test_the_shops_own_holdout_is_compared_with_everybody_else_it_could_have_written_to(tmp_path):
    shop = SmallShop(tmp_path, guards="  holdout: 20%")
    for name in ("winback", "birthday"):
        shop.campaign(name)
    shop.campaign("receipt", purpose="service")
    for who in ("ana", "ion", "eva", "dan", "mia"):
        shop.customer(who)
        shop.order(who, local(2), 10)
        shop.order(who, local(-1), 20)
    entries = [
        entry(1, "winback", "ana", "shop-holdout"),
        entry(2, "receipt", "ana"),  # a service: she gets it in either arm
        entry(3, "birthday", "ion", "holdout"),  # the campaign's, not the shop's
        entry(4, "winback", "eva"),
        entry(5, "birthday", "eva", days_ago=1),  # her second: she counts from the first on
        entry(6, "winback", "dan", days_ago=90),  # before anybody was held out
        entry(7, "receipt", "mia"),
    ]
    with shop.desk() as desk:
        refill(desk.ledger, entries)
        found = shop_arms.known(desk, NOON)
        figures = report.figures(desk.ledger, currency="RON", now=NOON, shop_arms=found, shop_holdout=0.2)
        shop_arms.keep(desk, NOON)
        later = NOON + timedelta(hours=5)
        kept = shop_arms.known(desk, later)
        told = report.figures(desk.ledger, currency="RON", now=later, shop_arms=kept)["shop_lift"]
        assert kept == found
        assert told["sentence"].endswith("Orders of the last 5 hours are not in it.")
        assert "not in it" not in figures["shop_lift"]["sentence"]
    assert {one.arm: (one.people, one.orders, sum(one.spent.now.to_pylist())) for one in found} == {
        "holdout": (1, 1, 20_00),
        "treated": (2, 2, 40_00),
    }
    assert {one.arm: one.spent.before.to_pylist() for one in found} == {"holdout": [10_00], "treated": [10_00, 10_00]}
    assert figures["shop_lift"]["people"] == {"treated": 2, "holdout": 1}
    assert "The shop's own. Not known yet: 100.0 % of the 2 treated ordered" in report.text(figures)


def test_a_shop_that_holds_nobody_out_has_nothing_to_say(empty_ledger):
    assert report.figures(empty_ledger, currency="RON", now=NOON)["shop_lift"] is None


def test_who_entered_before_anybody_could_be_held_out_is_not_compared(ledger_of):
    ledger = ledger_of(
        entry(1, "winback", "ana", days_ago=90),
        entry(2, "winback", "ion"),
        entry(3, "winback", "eva", "holdout"),
    )
    (campaign,) = report.figures(ledger, currency="RON", now=NOON)["campaigns"]
    assert campaign["lift"]["people"] == {"treated": 1, "holdout": 1}


def test_arms_out_of_proportion_are_not_told_and_the_table_says_so(ledger_of):
    entries = [entry(number, "winback", f"c{number}", "holdout" if number < 30 else "treated") for number in range(60)]
    campaign = campaign_of("Win back")
    campaign = campaign.model_copy(update={"holdout": type(campaign.holdout)(0.1)})
    figures = report.figures(ledger_of(*entries), currency="RON", now=NOON, campaigns={"winback": campaign})
    lift = figures["campaigns"][0]["lift"]
    assert lift["sentence"].startswith("Not told: 30 of 60 are held out, 50.0 % instead of the 10.0 % declared.")
    assert (lift["conversion"]["difference"], lift["known"], lift["shares"]["holds"]) == (None, False, False)
    assert "arms out of proportion" in report.text(figures)
