"""Expected value in the language: segments, plan, why, rule tests, a simulation, and a shop that is too small."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import shop_in_postgres

from buyers import Truth, orders_of
from regulars import clock
from regulars.campaigns.census import census
from regulars.campaigns.planning.plan import plan
from regulars.campaigns.trying.simulate import simulate
from regulars.campaigns.why.explain import why
from regulars.cli.plan_markdown import of_plan as as_markdown
from regulars.cli.plan_text import of_plan
from regulars.cli.tables import of_segments
from regulars.measure.loyalty.gathering import gather
from regulars.people.expected import Forecasting
from regulars.people.traits import Counting
from regulars.testing.rules import run_rule_tests, told
from small_shop import SmallShop, at

DAY = date(2026, 2, 2)
NOON = at("2026-02-02 12:00")
SEGMENTS = """  worth:
    - win_back: p_alive < 0.3 and expected_spend_365d > 80
    - keep: expected_orders_365d >= 1
    - rest: otherwise
"""
REFUSED = "1 customer has ordered again, and the model of repeat orders asks for 300."


def with_campaigns(shop: SmallShop) -> SmallShop:
    shop.rules += SEGMENTS
    shop.campaign("treat", audience="worth = 'win_back'")
    shop.campaign("soon", audience="p_next_30d > 0.3 and orders >= 2")
    return shop


@pytest.fixture(scope="module")
def big(tmp_path_factory: pytest.TempPathFactory) -> SmallShop:
    """Seven hundred customers whose orders tell the models, and one who has never ordered."""
    shop = with_campaigns(SmallShop(tmp_path_factory.mktemp("big")))
    for number, history in enumerate(orders_of(700, Truth(v=90))):
        shop.customer(f"c{number}")
        for ago, amount in history:
            shop.order(f"c{number}", f"{DAY - timedelta(days=ago)} 12:00:00", total=amount)
    shop.customer("nobody")
    return shop


@pytest.fixture
def small(shop: SmallShop) -> SmallShop:
    """Two customers, one of whom has come back."""
    with_campaigns(shop)
    for who, days in {"ana": ["2025-06-01", "2025-07-01", "2025-08-01"], "ion": ["2026-01-05"]}.items():
        shop.customer(who)
        for day in days:
            shop.order(who, f"{day} 10:00:00")
    return shop


def flat(text: str) -> str:
    return " ".join(text.split())


def test_a_segment_of_expected_values_is_who_it_says(big: SmallShop) -> None:
    with big.desk(looking=True) as desk:
        counted = census(desk, NOON)
        relation = desk.snapshot(NOON).relation
        hidden = "where p_alive < 0.3 and expected_spend_365d > 80"
        (row,) = desk.arrow(f"select count(*) as n from {relation} {hidden}").to_pylist()
    worth = counted["segments"]["worth"]
    assert worth["win_back"] == row["n"] > 0
    assert min(worth.values()) > 0
    assert (counted["steps"]["worth"][-1]["unknown"], counted["unforeseen"]) == (1, []), "who never ordered is unknown"


def test_a_plan_says_of_how_many_no_model_has_a_number(big: SmallShop) -> None:
    with big.desk(looking=True) as desk:
        found = plan(desk, ["soon"], NOON)
        text = of_plan(found, desk)
    (soon,) = found["campaigns"]
    assert 0 < soon["audience"] < 700
    assert soon["audience"] == sum(soon["send"].values())
    assert "unknown of everybody" not in text
    with big.desk(looking=True) as desk:
        (everybody,) = plan(desk, ["treat"], NOON)["campaigns"]
    assert (everybody["unknown"] or {})["names"]["p_alive"] == 1


def test_a_plan_says_whose_words_and_offer_hang_on_a_number_that_is_not_there(small: SmallShop) -> None:
    small.campaign(
        "second",
        messages="[{send: email, template: [{second/one: p_next_30d > 0.3}, {second/two: otherwise}], subject: Salut, "
        "offer: {percent: 10, valid: 14 days, unless: p_next_30d > 0.3}}]",
    )
    with small.desk(looking=True) as desk:
        found = plan(desk, ["second"], NOON)
        text = flat(of_plan(found, desk))
    (second,) = found["campaigns"]
    assert second["undecided"] == {"people": 2, "names": {"p_next_30d": 2}}
    assert "2 unknown p_next_30d not known → no step of the words" in text
    assert "offer 2 codes" in text, "whoever has no number gets the offer"


def test_why_shows_the_number_it_saw(big: SmallShop) -> None:
    with big.desk(looking=True) as desk, clock.frozen(NOON):
        relation = desk.snapshot(NOON).relation
        (row,) = desk.arrow(f"select p_next_30d as p from {relation} where customer_id = 'c3'").to_pylist()
        (soon,) = why(desk, "c3", ["soon"], NOON)["campaigns"]
        (silent,) = why(desk, "nobody", ["soon"], NOON)["campaigns"]
    assert f"saw {row['p']:.4g}" in [line["saw"] for line in soon["lines"] if line["says"] == "p_next_30d > 0.3"]
    assert "saw unknown (no model has a number for them)" in [line["saw"] for line in silent["lines"]]


def test_why_of_one_person_has_the_models_of_everybody_where_nothing_is_kept(big: SmallShop) -> None:
    for kept in (big.root / ".regulars" / "snapshots").glob("*"):
        kept.unlink()
    with big.desk(looking=True) as desk, clock.frozen(NOON):
        (soon,) = why(desk, "c3", ["soon"], NOON)["campaigns"]
    (line,) = [line for line in soon["lines"] if line["says"] == "p_next_30d > 0.3"]
    assert line["holds"] is not None


def test_a_simulated_day_fits_the_models_to_the_orders_of_that_day(big: SmallShop) -> None:
    big.write()
    found = simulate(big.root, DAY - timedelta(days=1), 2, ["soon"])
    with big.desk(looking=True) as desk:
        (soon,) = plan(desk, ["soon"], at(f"{DAY - timedelta(days=1)} 10:00"))["campaigns"]
    assert sum(found["by_day"][0]["messages"].values()) == sum(soon["send"].values()) > 0


def test_a_shop_whose_orders_do_not_tell_the_models_says_so_everywhere(small: SmallShop) -> None:
    with small.desk(looking=True) as desk, clock.frozen(NOON):
        counted, planned = census(desk, NOON), plan(desk, [], NOON)
        (treat,) = why(desk, "ana", ["treat"], NOON)["campaigns"]
        words = flat(of_plan(planned, desk)), flat(of_segments(counted)), flat(as_markdown(planned, desk))
    assert counted["segments"]["worth"] == {"win_back": 0, "keep": 0, "rest": 2}
    assert [one["audience"] for one in planned["campaigns"]] == [0, 0]
    for text in words:
        assert "unknown of everybody" in text
        assert REFUSED in text
    (line,) = [line for line in treat["lines"] if line["test"] == "audience"]
    assert f"p_alive unknown ({REFUSED.rstrip('.')})" in line["saw"]


def test_a_rule_test_says_of_each_what_a_model_would(shop: SmallShop) -> None:
    with_campaigns(shop).write()
    file = shop.root / "tests" / "rules" / "worth.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(
        """
- name: whoever is nearly gone and was worth much is won back
  as_of: 2026-06-01
  given:
    customers: [{id: ana, p_alive: 0.2, expected_spend_365d: 120}, {id: ion, p_next_30d: 0.4}, {id: kate}]
    orders: [{customer: ion, at: 3 days ago}, {customer: ion, at: 9 days ago}]
  expect:
    ana: {segments: {worth: win_back}, traits: {p_alive: 0.2}, messages: [treat/one by email]}
    ion: {segments: {worth: rest}, messages: [soon/one by email]}
    kate: {segments: {worth: rest}, messages: []}
""",
        encoding="utf-8",
    )
    results = run_rule_tests(shop.root)
    assert results.passed, [told(one) for one in results.tests]


@pytest.mark.postgres
def test_a_database_counts_the_same_days_with_an_order(small: SmallShop, postgres_url: str) -> None:
    small.rules = small.rules.replace("source:\n", "source:\n  timezone: UTC\n", 1)
    # Two on one day, and one late in the evening by UTC, which is the next day in the shop.
    for moment in ("2025-08-01 12:00:00", "2025-08-01 22:30:00", "2026-02-02 22:30:00"):
        small.order("ana", moment, total=7.5)

    def days() -> dict[str, dict[str, float]]:
        with small.desk(looking=True) as desk:
            counting = Counting(desk.vocabulary, DAY)
            rows = desk.source.fetch(Forecasting(counting, "", "customer_id").order_days()).to_pylist()
            found = {row.pop("regulars_customer"): row for row in rows}
            return {who: {name: float(value) for name, value in row.items()} for who, row in found.items()}

    files = days()
    assert files["ana"] == {"days": 4, "oldest": 246, "newest": 184, "spent": 315, "first": 100}
    shop_in_postgres.move(small, postgres_url)
    assert days() == files


def test_the_report_says_what_to_expect_of_a_customer_or_why_it_cannot(big: SmallShop, small: SmallShop) -> None:
    with clock.frozen(NOON), big.desk(looking=True) as desk:
        told = gather(desk, NOON)
        people = desk.snapshot(NOON).relation
        (mean,) = desk.connection.execute(f"select avg(expected_spend_365d) from {people}").fetchone()
    assert told["lifetime_value_expected"] == pytest.approx(mean, abs=0.01)
    assert "lifetime_value_expected" not in told["unknown"]
    with clock.frozen(NOON), small.desk(looking=True) as desk:
        told = gather(desk, NOON)
    assert told["lifetime_value_expected"] is None
    assert told["unknown"]["lifetime_value_expected"] == REFUSED
