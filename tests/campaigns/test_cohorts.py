"""Sums that are kept say what the rows say, whatever happens between two countings."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import select

from regulars.campaigns import cohorts
from regulars.campaigns.cohorts import Before
from regulars.ledger import credit, crossing, enrolling, moves, redemptions, referrals, renaming, touches
from regulars.ledger.cohorts import changes, sums, told
from regulars.ledger.moves import Change
from regulars.ledger.tables import Code, Conversion, Enrolment, Message, Outcome, Redemption, Referral, Touch
from small_shop import SmallShop

NOON = datetime(2026, 8, 27, 9, tzinfo=UTC)
PEOPLE = ("ana", "ion", "eva", "dan")
ARM = {"ana": "treated", "ion": "treated", "eva": "holdout", "dan": "shop-holdout"}
NUMBER = count(1)
"""Never the same twice, so that all examples may share a ledger."""
people, ago = st.sampled_from(PEOPLE), st.integers(0, 20)
names, words = st.sampled_from(("winback", "thanks")), st.sampled_from(("", "short", "long"))
amounts = st.decimals(Decimal("0.01"), Decimal(500), places=2)


def rows_of(table, **values):
    """One row of a table."""
    types = {one.name: crossing.kind(one) for one in crossing.columns(table)}
    return pa.table({name: pa.array([value], types[name]) for name, value in values.items()})


class Ledgers(RuleBasedStateMachine):
    """Somebody enters, is written to, orders, takes it back; and now and then it is counted."""

    desk = None

    def __init__(self):
        super().__init__()
        self.entries = []
        self.run = f"x{next(NUMBER)}"

    def write(self, act):
        with self.desk.ledger.writing() as connection:
            return act(connection)

    @rule(name=names, who=people, days=ago, variant=words, value=st.sampled_from((10, 20)))
    def enters(self, name, who, days, variant, value):
        own, at = f"e{next(NUMBER)}", NOON - timedelta(days=days)
        campaign = f"{self.run}{name}"
        entry = rows_of(
            Enrolment, id=own, campaign=campaign, customer_id=who, occasion=own, arm=ARM[who], entered_at=at,
            due_at=at, entered_on=self.desk.day(at).isoformat(),
        )  # fmt: skip
        texts = dict.fromkeys(("language", "template", "template_hash", "address", "address_hash"), "")
        message = rows_of(
            Message, id=f"m{own}", enrolment_id=own, campaign=campaign, name="first", customer_id=who, channel="email",
            context="{}", due_at=at, not_before=at, expires_at=at, local_day="2026-08-01", variant=variant, **texts,
        )  # fmt: skip
        code = rows_of(
            Code, code=own.upper(), enrolment_id=own, message_name="first", campaign=campaign, customer_id=who,
            kind="amount", value=Decimal(value), currency="RON", issued_at=at, valid_until=at + timedelta(days=14),
        )  # fmt: skip
        self.write(lambda connection: enrolling.enrol(connection, entry, message, code))
        self.entries.append((own, campaign, who))

    @rule(place=ago, after=st.sampled_from(("accepted", "clicked", "bounced", "suppressed")))
    def is_moved(self, place, after):
        if self.entries:
            own = f"m{self.entries[place % len(self.entries)][0]}"
            before = self.write(
                lambda connection: connection.execute(select(Message.state).where(Message.id == own)).scalar_one()
            )
            self.write(lambda connection: moves.leave(connection, [Change(own, before, after)], NOON, "told"))

    @rule(place=ago, orders=st.integers(0, 3), amount=amounts)
    def orders(self, place, orders, amount):
        if self.entries:
            own = self.entries[place % len(self.entries)][0]
            done = rows_of(Outcome, enrolment_id=own, orders=orders, revenue=amount, first_at=NOON, updated_at=NOON)
            stale = pa.array([own], pa.string())
            credit.replace_outcomes(self.desk.ledger, stale, done if orders else done.slice(0, 0))

    @rule(place=ago, other=ago, amount=amounts, order=st.integers(1, 4), redeems=st.booleans(), gone=st.booleans())
    def is_credited(self, place, other, amount, order, redeems, gone):
        if not self.entries:
            return
        both = sorted({self.entries[one % len(self.entries)] for one in (place, other)})
        named = {"order_id": f"{self.run}-{order}", "amount": amount, "currency": "RON", "at": NOON}
        own, campaign, who = both[-1]
        touched = [
            rows_of(
                Touch, message_id=f"m{entry}", enrolment_id=entry, campaign=name, customer_id=one, evidence="click",
                sent_at=NOON, touched_at=NOON, recorded_at=NOON, **named,
            )
            for entry, name, one in both
        ]  # fmt: skip
        given = rows_of(
            Conversion, campaign=campaign, enrolment_id=own, message_id=f"m{own}", customer_id=who, arm="treated",
            evidence="click", recorded_at=NOON, **named,
        )  # fmt: skip
        kept = 0 if gone else None
        all_touched = pa.concat_tables(touched).slice(0, kept)
        touches.replace(self.desk.ledger, pa.array([named["order_id"]]), all_touched, given.slice(0, kept))
        used = rows_of(
            Redemption, order_id=named["order_id"], code=own.upper(), campaign=campaign, enrolment_id=own,
            message_name="first", customer_id=who, standing="used", amount=amount, discount=Decimal(1), at=NOON,
        )  # fmt: skip
        used = used if redeems and not gone else used.slice(0, 0)
        self.write(lambda connection: redemptions.replace(connection, [named["order_id"]], used))

    @rule()
    def is_renamed(self):
        if any(campaign == f"{self.run}winback" for _, campaign, _ in self.entries):
            renaming.rename(self.desk.ledger, f"{self.run}thanks", f"{self.run}winback")
            self.entries = [(own, f"{self.run}thanks", who) for own, _, who in self.entries]

    @rule()
    def is_counted(self):
        cohorts.count(self.desk, NOON)
        with self.desk.ledger.reading() as connection:
            assert changes.since_counted(connection).days == frozenset()

    @invariant()
    def what_is_kept_is_what_is_there(self):
        before = Before(self.desk, NOON)
        with self.desk.ledger.reading() as connection:
            kind = sums.CREDITS[len(self.entries) % len(sums.CREDITS)]
            kept = told.of_now(connection, self.desk.zone, before, kind)
            there = sums.counted(connection, None, self.desk.zone, before, (kind,))
            assert figures(connection, kept) == pytest.approx(figures(connection, there))


def figures(connection, found):
    """Every figure by what it is of, so that figures can be compared one by one."""
    ends = {name: NOON - timedelta(days=14) for name in found.arms["campaign"].to_pylist()}
    several = {
        "entries": told.entries(found),
        "first": told.first_entries(connection, found, ends, "Europe/Bucharest"),
        "messages": told.messages(found),
        "wordings": told.wordings(found),
        "credits": told.credits_of(found),
        "codes": told.codes(found, NOON),
        "out": told.out(found, NOON),
    }
    flat = {}
    for what, rows in several.items():
        for row in rows:
            values = row._asdict()
            key = tuple(str(value) for value in values.values() if isinstance(value, str))
            for name, value in values.items():
                parts = value if isinstance(value, tuple) else (value,)
                flat |= {
                    (what, *key, name, place): float(one) if isinstance(one, (int, float, Decimal)) else one.timestamp()
                    for place, one in enumerate(parts)
                    if one is not None and not isinstance(one, str)
                }
    return flat


@pytest.mark.parametrize("dialect", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_kept_sums_are_those_of_the_rows_whatever_happened(dialect, tmp_path, monkeypatch, request):
    if dialect == "postgresql":
        monkeypatch.setenv("REGULARS_LEDGER", request.getfixturevalue("postgres_url"))
    shop = SmallShop(tmp_path)
    for who in PEOPLE:
        shop.customer(who)
        shop.order(who, "2026-06-01 10:00:00", 55.5)
    examples = 6 if dialect == "sqlite" else 2
    with shop.desk() as desk:
        Ledgers.desk = desk
        run_state_machine_as_test(
            Ledgers,
            settings=settings(
                max_examples=examples,
                stateful_step_count=15,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )


def test_a_period_is_of_who_entered_in_it(tmp_path):
    shop = SmallShop(tmp_path)
    with shop.desk() as desk:
        Ledgers.desk = desk
        machine = Ledgers()
        for days in (0, 5, 10):
            machine.enters("winback", "ana", days, "", 10)
        for counted in (False, True):
            if counted:
                cohorts.count(desk, NOON)
            with desk.ledger.reading() as connection:
                part = told.of_now(connection, desk.zone, since="2026-08-20", until="2026-08-26")
                whole = told.of_now(connection, desk.zone)
                given = told.codes(part, NOON, "2026-08-20", "2026-08-26")
            assert [row.entries for row in told.entries(part)] == [1]
            assert [row.entries for row in told.entries(whole)] == [3]
            assert [row.messages for row in told.messages(part)] == [1]
            assert [row.issued for row in given] == [1]
            assert [row.codes for row in told.out(part, NOON)] == [3]


def test_rewards_for_friends_hang_on_no_entry_and_are_counted_once(tmp_path):
    with SmallShop(tmp_path).desk() as desk:
        Ledgers.desk = desk
        machine = Ledgers()
        machine.enters("winback", "ana", 1, "", 10)
        friend = rows_of(
            Referral, friend_id="ion", advocate_id="ana", code="ANA", order_id="o1", amount=Decimal(50), at=NOON,
            recorded_at=NOON, changed_at=NOON, id="f1", state="paid", campaign="invite", reward_code="REWARD",
        )  # fmt: skip
        reward = rows_of(
            Code, code="REWARD", enrolment_id="f1", message_name="advocate", campaign="invite", customer_id="ana",
            kind="amount", value=Decimal(5), currency="RON", issued_at=NOON, valid_until=NOON + timedelta(days=9),
        )  # fmt: skip
        machine.write(lambda connection: referrals.replace(connection, ["ion"], friend))
        machine.write(lambda connection: referrals.give(connection, reward))
        for counted in (False, True):
            if counted:
                cohorts.count(desk, NOON)
            with desk.ledger.reading() as connection:
                found = told.of_now(connection, desk.zone)
            assert sorted(row.codes for row in told.out(found, NOON)) == [1, 1]
