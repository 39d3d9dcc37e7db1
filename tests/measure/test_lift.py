from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.measure.lift.campaigns import BUYERS, Outcomes, compared

SURE = (Outcomes(1084, 99, 17230.0, 3_912_000.0), Outcomes(420, 17, 2210.0, 480_000.0))


def test_few_people_cannot_tell():
    lift = compared(Outcomes(412, 38, 4000, 500_000), Outcomes(46, 2, 150, 15_000), "RON")
    assert not lift["known"]
    assert lift["sentence"] == (
        "Not known yet: 9.2 % of the 412 treated ordered, 4.3 % of the 46 held out. With 412 and 46 customers you can "
        "see differences of 16.9 points or more; you saw 4.9 ± 7.5."
    )


def test_many_people_can_tell_in_orders_and_in_money():
    lift = compared(*SURE, "RON")
    assert lift["known"]
    assert lift["conversion"]["difference"]["low"] > 0
    assert lift["earned"]["low"] == pytest.approx(1084 * lift["winsorised"]["difference"]["low"], abs=0.01)
    assert lift["sentence"] == (
        "Known: 9.1 % of the 1,084 treated ordered, 4.0 % of the 420 held out. With 1,084 and 420 customers you can "
        "see differences of 4.9 points or more; you saw 5.1 ± 2.6. They added between 4,930 and 18,100 RON in all."
    )


def test_messages_that_harm_are_said_to_harm():
    treated, holdout = SURE
    lift = compared(holdout, treated, "RON")
    assert lift["known"]
    assert "you saw −5.1 ± 2.6. They cost between" in lift["sentence"]


def test_money_of_a_handful_of_buyers_has_no_interval():
    lift = compared(Outcomes(1000, 200, 9000, 900_000), Outcomes(400, BUYERS - 1, 300, 12_000), "RON")
    assert lift["known"]
    assert lift["revenue"]["difference"] is None
    assert lift["earned"] is None
    assert lift["sentence"].endswith("What that is in money cannot be told yet.")


@pytest.mark.parametrize(
    ("treated", "holdout", "words"),
    [
        (Outcomes(), Outcomes(), "Nobody has entered yet."),
        (Outcomes(10), Outcomes(), "Not known: nobody is held out"),
        (Outcomes(), Outcomes(10), "Not known: everybody is held out"),
    ],
)
def test_without_two_arms_there_is_nothing_to_compare(treated, holdout, words):
    lift = compared(treated, holdout, "RON")
    assert lift["conversion"] is None
    assert not lift["known"]
    assert lift["sentence"].startswith(words)


arms = st.integers(0, 3000).flatmap(
    lambda n: st.builds(Outcomes, st.just(n), st.integers(0, n), st.floats(0, 1e6), st.floats(0, 1e12))
)


@given(arms, arms)
def test_a_lift_always_has_a_sentence_and_never_a_winner(treated, holdout):
    lift = compared(treated, holdout, "RON")
    assert lift["sentence"]
    assert lift["sentence"].startswith("Known") == lift["known"]
    assert not {"winner", "wins", "won", "significant"} & set(lift["sentence"].lower().split())
