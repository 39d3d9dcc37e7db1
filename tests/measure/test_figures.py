from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st
from ledger_rows import NOON, campaign_of, code, conversion, entry, message, outcome, redemption, refill

from regulars.measure import report


def figures_of(ledger, **named):
    return report.figures(ledger, currency="RON", now=NOON, **named)


def only_campaign(ledger, **named):
    (campaign,) = figures_of(ledger, **named)["campaigns"]
    return campaign


def test_an_entry_counts_in_its_arm_and_the_shops_holdout_stands_apart(ledger_of):
    ledger = ledger_of(
        entry(1, "winback", "ana"),
        entry(2, "winback", "ion"),
        entry(3, "winback", "eva", "holdout"),
        entry(4, "winback", "dan", "shop-holdout"),
        outcome(1, 2, "100.10"),
        outcome(3, 1, "0.20"),
    )
    campaign = only_campaign(ledger)
    assert campaign["enrolled"] == 3
    assert campaign["arms"] == {
        "treated": {"entries": 2, "people": 2, "converted": 1, "orders": 2, "revenue": 100.10},
        "holdout": {"entries": 1, "people": 1, "converted": 1, "orders": 1, "revenue": 0.20},
    }
    assert campaign["shop_holdout"]["entries"] == 1


def test_messages_are_counted_by_state_and_each_name_by_channel(ledger_of):
    ledger = ledger_of(
        message(1, "winback", "first", "clicked"),
        message(2, "winback", "first", "accepted"),
        message(3, "winback", "first", "suppressed"),
        message(1, "winback", "reminder", "delivered", channel="sms", days_ago=1),
        message(2, "winback", "reminder", "planned", days_ago=0),
    )
    campaign = only_campaign(ledger)
    assert campaign["messages"] == {"planned": 1, "accepted": 1, "delivered": 1, "clicked": 1, "suppressed": 1}
    assert campaign["sent"] == 3
    first, reminder = campaign["by_message"]
    assert (first["name"], first["sent"], first["channels"], first["clicked"]) == ("first", 2, {"email": 2}, 1)
    assert (reminder["name"], reminder["sent"], reminder["channels"]) == ("reminder", 1, {"sms": 1})


def test_an_order_is_credited_to_its_message_and_its_evidence(ledger_of):
    ledger = ledger_of(
        message(1, "winback", "first", "accepted"),
        message(1, "winback", "reminder", "accepted", days_ago=1),
        conversion("o1", "winback", "m1first", "10.10"),
        conversion("o2", "winback", "m1reminder", "20.20", "window"),
        conversion("o3", "winback", "m1reminder", "30.30", "window"),
        conversion("o4", "winback", "vanished", "0.40", "referral"),
    )
    campaign = only_campaign(ledger)
    assert (campaign["conversions"], campaign["revenue"]) == (4, 61.0)
    assert {m["name"]: (m["conversions"], m["revenue"]) for m in campaign["by_message"]} == {
        "first": (1, 10.10),
        "reminder": (2, 50.50),
        "": (1, 0.40),
    }
    assert campaign["by_evidence"] == {
        "code": {"conversions": 1, "revenue": 10.10},
        "referral": {"conversions": 1, "revenue": 0.40},
        "window": {"conversions": 2, "revenue": 50.50},
    }


def test_another_currency_is_never_added_in(ledger_of):
    ledger = ledger_of(
        conversion("o1", "winback", "m1", "10.00"), conversion("o2", "winback", "m1", "99.00", currency="EUR")
    )
    campaign = only_campaign(ledger)
    assert campaign["revenue"] == 10.0
    assert campaign["other_currencies"] == {"EUR": 99.0}


def test_codes_are_issued_redeemed_and_still_valid(ledger_of):
    ledger = ledger_of(
        code(1, "winback", days_left=3),
        code(2, "winback", days_left=3, ended=True),
        code(3, "winback", days_left=-1),
        code(4, "winback", days_left=3),
        redemption("o1", 4, "winback"),
        redemption("o2", 3, "winback", "late"),
    )
    assert figures_of(ledger)["codes"] == {"issued": 4, "open": 1, "redeemed": 1}


def test_the_comparison_counts_each_person_once_with_their_first_entry(ledger_of):
    ledger = ledger_of(
        entry(1, "winback", "ana", days_ago=100),
        entry(2, "winback", "ana", days_ago=5),
        entry(3, "winback", "ion", "holdout", days_ago=100),
        outcome(2, 1, "50.00"),
        outcome(3, 1, "20.00"),
    )
    campaign = only_campaign(ledger)
    assert campaign["arms"]["treated"]["entries"] == 2
    assert campaign["lift"]["people"] == {"treated": 1, "holdout": 1}
    assert campaign["lift"]["conversion"]["treated"] == 0.0
    assert campaign["lift"]["revenue"]["holdout"] == 20.0


def test_open_windows_are_those_of_the_campaigns_own_length(ledger_of):
    ledger = ledger_of(
        entry(1, "winback", "ana", days_ago=13.9),
        entry(2, "winback", "ion", days_ago=14.1),
        entry(3, "winback", "eva", "holdout", days_ago=1),
        entry(4, "winback", "dan", "holdout", days_ago=31),
    )
    assert only_campaign(ledger, campaigns={"winback": campaign_of("W")})["lift"]["open"] == 2
    assert only_campaign(ledger, campaigns={"winback": campaign_of("W", within="30 days")})["lift"]["open"] == 3


def test_titles_come_from_the_project_and_vanished_campaigns_go_by_their_name(ledger_of):
    ledger = ledger_of(entry(1, "winback", "ana"), entry(2, "old_sale", "ana"))
    campaigns = figures_of(ledger, campaigns={"winback": campaign_of("Win back"), "new": campaign_of("New")})
    assert {c["campaign"]: (c["title"], c["enrolled"]) for c in campaigns["campaigns"]} == {
        "new": ("New", 0),
        "old_sale": ("old_sale", 1),
        "winback": ("Win back", 1),
    }


def test_a_campaign_of_referrals_says_that_friends_were_brought(ledger_of):
    ledger = ledger_of(entry(1, "invite", "ana"), entry(2, "invite", "ion", "holdout"))
    lift = only_campaign(ledger, campaigns={"invite": campaign_of("Invite", of="referral")})["lift"]
    assert "treated brought a friend" in lift["sentence"]


def test_one_campaign_can_be_asked_for_alone(ledger_of):
    ledger = ledger_of(entry(1, "winback", "ana"), entry(2, "thanks", "ana", days_ago=50))
    figures = figures_of(ledger, only="winback")
    assert [c["campaign"] for c in figures["campaigns"]] == ["winback"]
    assert figures["totals"]["enrolled"] == 1
    assert figures["period"]["from"] == "2026-08-22"


def test_the_period_is_told_in_days_of_the_shop(ledger_of):
    late = entry(1, "winback", "ana")
    late.entered_at = NOON.replace(hour=22) - timedelta(days=9)
    figures = figures_of(ledger_of(late), timezone="Europe/Bucharest")
    assert figures["period"] == {"from": "2026-08-19", "to": "2026-08-27"}


def test_an_empty_ledger_has_figures_too(empty_ledger):
    figures = figures_of(empty_ledger, campaigns={"winback": campaign_of("Win back")})
    assert figures["totals"] == {"enrolled": 0, "sent": 0, "conversions": 0, "revenue": 0.0}
    assert figures["period"]["from"] is None
    assert figures["campaigns"][0]["lift"]["sentence"] == "Nobody has entered yet."


NAMES = st.sampled_from(["winback", "birthday", "thanks"])
AMOUNTS = st.decimals(Decimal("0.01"), Decimal(9999), places=2)
ENTRIES = st.lists(
    st.tuples(
        NAMES,
        st.sampled_from(["ana", "ion", "eva", "dan"]),
        st.sampled_from(["treated", "holdout", "shop-holdout"]),
        st.none() | st.tuples(st.integers(1, 5), AMOUNTS),
    ),
    max_size=12,
)
ORDERS = st.lists(
    st.tuples(NAMES, st.sampled_from(["first", "reminder", ""]), st.sampled_from(["code", "window"]), AMOUNTS),
    max_size=12,
)


@settings(max_examples=60, deadline=None)
@given(entries=ENTRIES, orders=ORDERS)
def test_nothing_is_lost_or_counted_twice(kept_ledger, entries, orders):
    rows = [entry(i, name, who, arm, days_ago=i) for i, (name, who, arm, _) in enumerate(entries)]
    rows += [outcome(i, *done) for i, (*_, done) in enumerate(entries) if done]
    rows += [message(i, name, word, "accepted") for i, (name, word, _, _) in enumerate(orders) if word]
    rows += [conversion(f"o{i}", name, f"m{i}{word}", str(a), kind) for i, (name, word, kind, a) in enumerate(orders)]
    figures = figures_of(refill(kept_ledger, rows))
    campaigns = figures["campaigns"]
    revenue = sum((amount for *_, amount in orders), Decimal())

    assert figures["totals"]["conversions"] == len(orders)
    assert figures["totals"]["revenue"] == float(revenue)
    for split in ("by_message", "by_evidence"):
        parts = [part for c in campaigns for part in (c[split] if split == "by_message" else c[split].values())]
        assert sum(part["conversions"] for part in parts) == len(orders)
        assert sum((Decimal(str(part["revenue"])) for part in parts), Decimal()) == revenue
    for c in campaigns:
        assert c["enrolled"] == sum(arm["entries"] for arm in c["arms"].values())
        assert all(arm["converted"] <= arm["people"] <= arm["entries"] for arm in c["arms"].values())
    everybody = [arm for c in campaigns for arm in (*c["arms"].values(), c["shop_holdout"])]
    assert sum(arm["entries"] for arm in everybody) == len(entries)
    earned = sum((done[1] for *_, done in entries if done), Decimal())
    assert sum((Decimal(str(arm["revenue"])) for arm in everybody), Decimal()) == earned
    # The later in the list, the earlier they entered.
    first = {(name, who): (i, arm) for i, (name, who, arm, _) in enumerate(entries) if arm != "shop-holdout"}
    began = {name: i for i, (name, _, arm, _) in enumerate(entries) if arm == "holdout"}
    compared = [1 for (name, _), (i, _) in first.items() if i <= began.get(name, len(entries))]
    assert sum(sum(c["lift"]["people"].values()) for c in campaigns) == len(compared)
