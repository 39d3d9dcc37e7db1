"""Which wording is better: never a winner by chance, however often one looks, and said plainly."""

from __future__ import annotations

from pathlib import Path

import invented
import numpy as np
import pytest
from ledger_rows import NOON, entry, message, outcome, refill

from regulars.lang.model import Campaign
from regulars.ledger.store import Ledger
from regulars.ledger.trials import Tried
from regulars.measure.figures import figures
from regulars.measure.page import page
from regulars.measure.text import text
from regulars.measure.trials import decide, difference

DAYS, SHOPS = 30, 400


def looked_at(rates: tuple[float, ...], a_day: int, seed: int) -> float:
    """The share of invented shops in which a winner is named on some day of a month."""
    rng = np.random.default_rng(seed)
    did = [rng.binomial(a_day, rate, (SHOPS, DAYS)).cumsum(axis=1) for rate in rates]
    named = 0
    for shop in range(SHOPS):
        looks = (
            {str(place): Tried(a_day * day, int(one[shop, day - 1])) for place, one in enumerate(did)}
            for day in range(1, DAYS + 1)
        )
        named += any(decide(tried, "clicked").winner for tried in looks)
    return named / SHOPS


@pytest.mark.parametrize("rates", [(0.02, 0.02), (0.2, 0.2), (0.05, 0.05, 0.05)])
def test_where_all_are_alike_a_winner_is_hardly_ever_named_though_one_looks_every_day(rates: tuple[float, ...]) -> None:
    # 5 % at most are allowed; of 400 shops 9 % would be three standard deviations more.
    assert looked_at(rates, 200, 7) < 0.09


def test_what_is_far_better_is_found() -> None:
    assert looked_at((0.05, 0.12), 60, 7) > 0.95


def test_of_three_one_that_equals_another_is_no_winner() -> None:
    ruling = decide({"a": Tried(2_000, 100), "b": Tried(2_000, 240), "c": Tried(2_000, 238)}, "clicked")
    assert ruling.winner == ""
    assert decide({"a": Tried(2_000, 100), "b": Tried(2_000, 240)}, "clicked").winner == "b"


UNKNOWN = "Not known which is better. "
SAID = {
    (40, 512, 80, 498): "price is the best: 8.3 points more than calm (1.4 to 15.1). "
    "calm 7.8 % of 512, price 16.1 % of 498 clicked.",
    (40, 512, 46, 498): f"{UNKNOWN}calm 7.8 % of 512, price 9.2 % of 498 clicked. "
    "With so many people one sees differences of 7.4 points or more.",
    (1, 12, 8, 8): f"{UNKNOWN}calm 8.3 % of 12, price 100.0 % of 8 clicked. "
    "At least 100 people must have got each, and 8 have.",
    (
        0,
        0,
        0,
        0,
    ): f"{UNKNOWN}Nobody has clicked: nobody has got it. At least 100 people must have got each, and 0 have.",
}


@pytest.mark.parametrize("tried", SAID)
def test_what_is_known_is_said_with_its_figures(tried: tuple[int, int, int, int]) -> None:
    calm_did, calm, price_did, price = tried
    ruling = decide({"calm": Tried(calm, calm_did), "price": Tried(price, price_did)}, "clicked")
    assert ruling.sentence == SAID[tried]


def test_the_interval_holds_the_difference_and_turns_round_with_the_two() -> None:
    there, back = difference(Tried(900, 90), Tried(800, 40)), difference(Tried(800, 40), Tried(900, 90))
    assert there["value"] == pytest.approx(-0.05)
    assert (there["low"], there["high"]) == pytest.approx((-back["high"], -back["low"]))


def test_the_report_compares_the_variants_of_a_message_by_what_their_people_did(tmp_path: Path) -> None:
    rows = [
        row
        for number in range(300)
        for row in (
            entry(number, "school", f"c{number}"),
            message(number, "school", "offer", "clicked" if number % 20 == 0 else "delivered"),
        )
    ]
    for row in rows[1::2]:
        row.variant = "price" if int(row.enrolment_id[1:]) % 3 else "calm"
    did = [outcome(3, 2, "120.50"), outcome(4, 1, "10"), outcome(5, 1, "30")]
    school = Campaign.model_validate(
        {
            "title": "School",
            "audience": "orders >= 1",
            "schedule": "daily at 10:00",
            "messages": [
                {
                    "send": "email",
                    "template": "school/offer",
                    "variants": {"price": {"subject": "15 %"}, "calm": {"subject": "Ready"}},
                }
            ],
        }
    )
    with Ledger.open("", tmp_path) as ledger:
        found = figures(refill(ledger, [*rows, *did]), currency="RON", now=NOON, campaigns={"school": school})
    (offer,) = found["campaigns"][0]["by_message"]
    price, calm = offer["variants"]
    assert (price["name"], price["sent"], price["clicked"], price["converted"], price["revenue"]) == (
        "price", 200, 10, 2, 40.0
    )  # fmt: skip
    assert (calm["sent"], calm["clicked"], calm["converted"], calm["revenue"]) == (100, 5, 1, 120.5)
    assert price["difference"] is None
    assert calm["difference"] is not None
    assert offer["judged_by"] == "ordered"
    assert offer["best"].startswith("Not known which is better. price 1.0 % of 200, calm 1.0 % of 100 ordered.")


def test_the_text_and_the_page_tell_the_variants() -> None:
    told, shown = text(invented.figures()), page(invented.figures())
    assert "due as price" in told
    assert "+3.5 points (−1.2 to 8.2)" in told
    assert "Not known which is better." in told
    assert "due, in several wordings" in shown
    assert "+3.5 points (−1.2 to 8.2)" in shown
