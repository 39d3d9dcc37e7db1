"""A grocer's campaigns on three days of October, played to the end over orders that nobody's messages moved."""

from __future__ import annotations

import csv
import json
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest
from real_projects import laid, regulars

from regulars import clock
from regulars.campaigns import calendar, followups, running
from regulars.campaigns.convert import Converted, convert
from regulars.campaigns.deliver import deliver
from regulars.campaigns.desk import Desk
from regulars.measure.lift.amounts import Amounts, welch
from regulars.measure.lift.rates import Rate, newcombe

pytestmark = [pytest.mark.real, pytest.mark.xdist_group("complete_journey_campaigns")]

RUN_ON = (1, 2, 3)
"""Days of October 2017 on which every campaign that is due runs; the third is a Tuesday."""
FOLLOW_UP_ON = (8, 9, 10)
"""Seven days later the second message of the win-back falls due."""


@dataclass
class Played:
    root: Path
    entered: Counter[str] = field(default_factory=Counter)
    withheld: dict[str, Counter[str]] = field(default_factory=dict)
    states: Counter[str] = field(default_factory=Counter)
    converted: list[Converted] = field(default_factory=list)

    def day(self, day: date) -> Iterator[Desk]:
        with Desk.open(self.root) as desk, clock.frozen(calendar.at_noon(day, desk.zone)):
            yield desk

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(f"file:{self.root / '.regulars' / 'ledger.sqlite'}?mode=ro", uri=True)) as ledger:
            return ledger.execute(sql).fetchall()

    def counted(self, columns: str, table: str) -> dict[Any, int]:
        rows = self.ask(f"select {columns}, count(*) from {table} group by {columns}")
        return {row[0] if len(row) == 2 else row[:-1]: row[-1] for row in rows}


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    game = Played(laid("complete_journey", tmp_path_factory.mktemp("campaigns")))
    for number in (*RUN_ON, *FOLLOW_UP_ON):
        for desk in game.day(date(2017, 10, number)):
            for campaign in running.due(desk, clock.now()) if number in RUN_ON else ():
                _run(game, desk, campaign)
            followups.advance(desk, clock.now())
            _send(game, desk)
    for desk in game.day(date(2017, 12, 31)):
        followups.advance(desk, clock.now())
        game.converted = [convert(desk, clock.now()), convert(desk, clock.now())]
    return game


def _run(game: Played, desk: Desk, campaign: str) -> None:
    selected = running.select(desk, campaign, clock.now())
    assert not selected.stopped
    game.withheld.setdefault(campaign, Counter()).update(selected.withheld)
    for chunk in range(selected.chunks):
        game.entered[campaign] += running.enrol(desk, selected.run_id, chunk).new
    running.finish(desk, selected.run_id)
    _send(game, desk)


def _send(game: Played, desk: Desk) -> None:
    for channel in ("email", "sms"):
        while (delivered := deliver(desk, channel, 1000, clock.now(), "test")).claimed:
            game.states.update(delivered.counts)


def test_as_many_enter_as_the_rules_let_in(played: Played) -> None:
    assert played.entered == {"birthday": 19, "winback": 64, "discount": 268, "thanks": 216, "referral": 409}


def test_everybody_withheld_has_a_reason(played: Played) -> None:
    assert played.withheld == {
        "birthday": {"no-consent": 5, "no-address": 1, "holdout": 2, "already-enrolled": 13},
        "winback": {"no-consent": 121, "holdout": 12, "already-enrolled": 118},
        "discount": {"no-consent": 132, "no-address": 70, "holdout": 32, "already-enrolled": 387, "frequency": 3},
        "thanks": {"no-consent": 139, "no-address": 2, "holdout": 15, "already-enrolled": 119, "frequency": 1},
        "referral": {"no-consent": 196, "no-address": 2, "holdout": 16, "frequency": 27},
    }


def test_every_message_goes_out_and_every_entry_ends(played: Played) -> None:
    assert played.states == {"accepted": 948}
    assert played.counted("state", "message") == {"accepted": 948}
    assert played.ask("select count(*) from enrolment where ended_at is null") == [(0,)]


def test_messages_go_by_the_channel_and_in_the_language_of_each(played: Played) -> None:
    assert played.counted("channel, language", "message") == {
        ("email", "en"): 749, ("email", "fr"): 94, ("email", "de"): 88, ("sms", "en"): 17,
    }  # fmt: skip
    read_by = {row["household_id"]: row["language"] for row in _people(played.root)}
    assert all(read_by[who] == language for who, language in played.ask("select customer_id, language from message"))


def test_nobody_is_written_to_without_consent_or_twice_a_day(played: Played) -> None:
    agrees = {
        (row["household_id"], channel): row[f"{channel}_consent"] == "True"
        for row in _people(played.root)
        for channel in ("email", "sms")
    }
    assert all(agrees[one] for one in played.ask("select customer_id, channel from message"))
    assert max(played.counted("customer_id, local_day", "message").values()) == 1


def test_whoever_buys_in_between_hears_no_more_of_coming_back(played: Played) -> None:
    assert played.counted("name", "message where campaign = 'winback'") == {"first": 52, "last": 49}
    left = played.ask("select count(*) from enrolment where campaign = 'winback' and end_reason = 'exit'")
    assert left == [(4,)]


def test_a_number_that_only_an_american_could_dial_is_no_address_of_a_german(played: Played) -> None:
    abroad = {row["household_id"] for row in _people(played.root) if row["country"] in ("DE", "FR", "AU")}
    texted = {who for (who,) in played.ask("select customer_id from message where channel = 'sms'")}
    assert texted
    assert not texted & abroad


def test_orders_are_credited_once(played: Played) -> None:
    first, again = played.converted
    assert (first.orders, first.by_evidence, first.revenue) == (1256, {"window": 1256}, Decimal("40745.43"))
    assert (again.orders, again.revenue) == (0, Decimal(0))
    assert played.ask("select count(distinct order_id), count(*) from conversion") == [(1256, 1256)]


def test_a_past_that_no_message_reached_shows_no_effect(played: Played) -> None:
    told = regulars(played.root, "report", "--as-of", "2017-12-31", "--format", "json")
    assert told.returncode == 0, told.stderr
    lift = {one["campaign"]: one["lift"] for one in json.loads(told.stdout)["campaigns"]}
    assert {name: one["known"] for name, one in lift.items()} == dict.fromkeys(lift, False)


def test_drawn_again_and_again_a_holdout_of_that_past_errs_as_often_as_it_says(played: Played) -> None:
    spent = played.ask(
        "select coalesce(revenue, 0) from enrolment left join outcome on enrolment_id = id where campaign = 'discount'"
    )
    amounts, random = [float(amount) for (amount,) in spent], Random(1)
    found = [_drawn(amounts, random) for _ in range(2000)]
    share = sum(newcombe(*_rates(arms)).known for arms in found) / len(found)
    assert 0.035 < share < 0.065
    # Money is skewed, and 25 people are few: Student's interval promises 5 % and errs more often (docs/real_data.md).
    money = sum(welch(*map(_amounts, arms)).known for arms in found) / len(found)
    assert 0.06 < money < 0.10


def _drawn(amounts: list[float], random: Random) -> tuple[list[float], list[float]]:
    out = [random.random() < 0.1 for _ in amounts]
    arms: tuple[list[float], list[float]] = ([], [])
    for amount, held in zip(amounts, out, strict=True):
        arms[held].append(amount)
    return arms


def _rates(arms: tuple[list[float], list[float]]) -> list[Rate]:
    return [Rate(sum(amount > 0 for amount in arm), len(arm)) for arm in arms]


def _amounts(arm: list[float]) -> Amounts:
    return Amounts.of_sums(len(arm), sum(arm), sum(amount * amount for amount in arm))


def _people(root: Path) -> list[dict[str, str]]:
    with (root / "data" / "customers.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.prefect
def test_the_command_line_does_the_same_through_prefect(tmp_path: Path) -> None:
    root = laid("complete_journey", tmp_path)
    told = regulars(root, "run", "birthday", "winback", "--as-of", "2017-10-01", "--yes")
    assert told.returncode == 0, told.stderr
    game = Played(root)
    assert game.counted("campaign, arm = 'treated'", "enrolment") == {
        ("birthday", 0): 1, ("birthday", 1): 2, ("winback", 0): 8, ("winback", 1): 50,
    }  # fmt: skip
    assert game.counted("campaign, state", "message") == {("birthday", "accepted"): 2, ("winback", "accepted"): 50}
    assert len(list((root / ".regulars" / "outbox").rglob("*.eml"))) == 52
