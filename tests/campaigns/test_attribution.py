"""What always holds of attribution, whatever is sent, clicked, bought, cancelled, and in whichever order it is told."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regulars.campaigns.convert import Converted, convert
from regulars.campaigns.desk import Desk
from regulars.ledger import bulk, crossing, posted
from regulars.ledger.cohorts.told import credits_of, of_now
from regulars.ledger.posted import Told
from regulars.ledger.tables import Code, Enrolment, Event, Message
from small_shop import SmallShop, at

DAY_0 = at("2026-02-01 10:00")
TABLES = (
    *("touch", "conversion", "outcome", "posted_order", "event", "code", "message", "enrolment"),
    *("cohort", "cohort_messages", "cohort_credit", "cohort_codes", "recount", "cursor"),
)
NOW = at("2026-04-30 10:00")
WITHIN = timedelta(days=14)
STRENGTH = ("code", "click", "window")
PEOPLE, ARRIVED = ("ana", "ion", "kate"), ("accepted", "delivered", "opened", "clicked")
ALWAYS = settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))


@dataclass(frozen=True)
class Letter:
    number: int
    whose: str
    day: int
    state: str
    code: bool
    campaign: str = "news"
    clicks: tuple[int, ...] = ()

    @property
    def id(self) -> str:
        return f"{self.number:032x}"

    @property
    def sent_at(self) -> datetime:
        return DAY_0 + timedelta(days=self.day, seconds=self.number)


@dataclass(frozen=True)
class Bought:
    number: int
    whose: str
    day: int
    amount: Decimal
    code_of: int
    counts: bool

    @property
    def at(self) -> datetime:
        return DAY_0 + timedelta(days=self.day, hours=5, seconds=self.number)


LETTERS = st.lists(
    st.tuples(
        *(st.sampled_from(PEOPLE), st.integers(0, 25), st.sampled_from([*ARRIVED, "bounced", "ambiguous"])),
        *(st.booleans(), st.sampled_from(["news", "gift"]), st.lists(st.integers(0, 40), max_size=2)),
    ),
    min_size=1, max_size=7,
).map(lambda found: [Letter(n, *one[:5], tuple(one[5])) for n, one in enumerate(found)])  # fmt: skip
ORDERS = st.lists(
    st.tuples(
        *(st.sampled_from(PEOPLE), st.integers(-2, 45), st.decimals("0.01", "99.99", places=2)),
        *(st.integers(-3, 6), st.booleans() | st.just(value=True)),
    ),
    max_size=7,
).map(lambda found: [Bought(n, *one) for n, one in enumerate(found)])


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Any:
    shop = SmallShop(tmp_path_factory.mktemp("attributed") / "shop")
    for name in PEOPLE:
        shop.customer(name)
    for name in ("news", "gift"):
        shop.campaign(name, conversion="{within: 14 days}")
    with shop.desk() as opened:
        yield opened


@dataclass
class Books:
    desk: Desk
    found: list[Converted] = field(default_factory=list)

    def clear(self) -> None:
        with self.desk.ledger.writing() as connection:
            for table in TABLES:
                connection.exec_driver_sql(f"delete from {table}")

    def insert(self, table: Any, **row: Any) -> None:
        rows = pa.Table.from_pylist([table(**row).model_dump()], crossing.schema(table))
        with self.desk.ledger.writing() as connection:
            bulk.insert(connection, table, rows)

    def send(self, letter: Letter) -> None:
        entry = {"campaign": letter.campaign, "customer_id": letter.whose}
        self.insert(
            Enrolment, id=letter.id, occasion=letter.id, arm="treated", entered_at=letter.sent_at,
            due_at=letter.sent_at, **entry,
        )  # fmt: skip
        self.insert(
            Message, id=letter.id, enrolment_id=letter.id, name="one", channel="email", language="ro", template="",
            template_hash="", address="", address_hash="", context="{}", state="accepted", due_at=letter.sent_at,
            not_before=letter.sent_at, expires_at=letter.sent_at, local_day="", sent_at=letter.sent_at, **entry,
        )  # fmt: skip
        if letter.code:
            self.insert(
                Code, code=code_of(letter), enrolment_id=letter.id, message_name="one", kind="percent",
                value=Decimal(10), currency="RON", issued_at=letter.sent_at, valid_until=NOW, **entry,
            )  # fmt: skip

    def hear(self, letter: Letter) -> None:
        with self.desk.ledger.writing() as connection:
            connection.exec_driver_sql(f"update message set state = '{letter.state}' where id = '{letter.id}'")

    def click(self, letter: Letter, day: int) -> None:
        moment = DAY_0 + timedelta(days=day, hours=2)
        self.insert(
            Event, key=f"{letter.id} {day}", provider="fake", message_id=letter.id, kind="clicked", at=moment,
            received_at=moment,
        )  # fmt: skip

    def buy(self, one: Bought, letters: list[Letter], *, counts: bool = True) -> None:
        code = next((code_of(letter) for letter in letters if letter.number == one.code_of and letter.code), "")
        told = Told(f"o{one.number}", one.whose, one.at, one.amount, "RON", code, counts)
        with self.desk.ledger.writing() as connection:
            posted.keep(connection, [told], NOW)

    def convert(self, until: datetime = NOW, since: datetime | None = None) -> Converted:
        return convert(self.desk, until, since)

    def rows(self) -> dict[str, list[tuple[Any, ...]]]:
        asked = {
            "touch": "order_id, message_id, evidence, touched_at, amount",
            "conversion": "order_id, message_id, evidence, amount, customer_id",
            "outcome": "enrolment_id, orders, revenue, first_at",
        }
        with self.desk.ledger.reading() as connection:
            return {
                table: sorted(tuple(row) for row in connection.exec_driver_sql(f"select {columns} from {table}"))
                for table, columns in asked.items()
            }


def code_of(letter: Letter) -> str:
    return f"CODE{letter.number}"


def facts(books: Books, letters: list[Letter], orders: list[Bought]) -> list[Any]:
    """Everything that happens, each to be told for itself; what a letter's code brings is known after the letter."""
    told: list[Any] = [lambda one=one: books.buy(one, letters) for one in orders]
    told += [lambda one=one: books.buy(one, letters, counts=False) for one in orders if not one.counts]
    told += [lambda one=one, day=day: books.click(one, day) for one in letters for day in {*one.clicks}]
    return told


def by_hand(letters: list[Letter], orders: list[Bought]) -> dict[str, tuple[str, str]]:
    """Order → the message with the credit and its evidence, as somebody would find it with a pencil."""
    found = {}
    for order in (one for one in orders if one.counts):
        best: list[tuple[int, datetime, str, str]] = []
        for letter in (one for one in letters if one.sent_at <= order.at):
            near = order.whose == letter.whose and order.at <= letter.sent_at + WITHIN
            moments = [DAY_0 + timedelta(days=day, hours=2) for day in letter.clicks]
            clicks = [moment for moment in moments if near and letter.sent_at <= moment <= order.at]
            if letter.code and order.code_of == letter.number:
                best.append((2, letter.sent_at, letter.id, "code"))
            elif clicks:
                best.append((1, max(clicks), letter.id, "click"))
            elif near and letter.state in ARRIVED:
                best.append((0, letter.sent_at, letter.id, "window"))
        if best:
            found[f"o{order.number}"] = max(best)[2:]
    return found


@ALWAYS
@given(LETTERS, ORDERS, st.data())
def test_the_order_in_which_things_are_told_changes_nothing(
    desk: Desk, letters: list[Letter], orders: list[Bought], data: st.DataObject
) -> None:
    books = Books(desk)
    books.clear()
    for tell in [
        *(lambda one=one: books.send(one) for one in letters),
        *(lambda one=one: books.hear(one) for one in letters),
    ]:
        tell()
    for tell in facts(books, letters, orders):
        tell()
    books.convert()
    at_once = books.rows()
    assert {row[0]: row[1:3] for row in at_once["conversion"]} == by_hand(letters, orders)

    books.clear()
    mixed = data.draw(
        st.permutations([*facts(books, letters, orders), *(lambda one=one: books.send(one) for one in letters)])
    )
    for tell in mixed:
        tell()
        if data.draw(st.integers(0, 3)) == 0:
            books.convert()
    for letter in letters:
        books.hear(letter)
    books.convert()
    assert books.rows() == at_once


@ALWAYS
@given(LETTERS, ORDERS, st.integers(-3, 40), st.integers(0, 50))
def test_sums_hold_and_looking_again_changes_nothing(
    desk: Desk, letters: list[Letter], orders: list[Bought], begins: int, days: int
) -> None:
    books = Books(desk)
    books.clear()
    for letter in letters:
        books.send(letter)
        books.hear(letter)
    for tell in facts(books, letters, orders):
        tell()
    first = books.convert()
    rows = books.rows()
    assert len({row[0] for row in rows["conversion"]}) == len(rows["conversion"])
    assert first.revenue <= sum((one.amount for one in orders if one.counts), Decimal(0))
    assert books.convert() == Converted()
    since = DAY_0 + timedelta(days=begins)
    assert books.convert(since + timedelta(days=days), since) == Converted()
    assert books.rows() == rows

    with desk.ledger.reading() as connection:
        told = {credit: credits_of(of_now(connection, "UTC", credit=credit)) for credit in ("last", "first", "linear")}
    totals = {sum((row.revenue for row in given), Decimal(0)) for given in told.values()}
    assert totals == {first.revenue}
    assert {round(sum(row.orders for row in given), 6) for given in told.values()} == {first.orders}


def test_shares_of_an_order_add_up_to_it_to_the_cent(desk: Desk) -> None:
    books = Books(desk)
    books.clear()
    letters = [Letter(n, "ana", n, "delivered", code=False, campaign="news" if n else "gift") for n in range(3)]
    for letter in letters:
        books.send(letter)
    books.buy(Bought(1, "ana", 5, Decimal("100.00"), -1, counts=True), letters)
    books.convert()
    with desk.ledger.reading() as connection:
        shared = credits_of(of_now(connection, "UTC", credit="linear"))
        (whole,) = credits_of(of_now(connection, "UTC", credit="first"))
    assert Counter({row.campaign: row.revenue for row in shared}) == {
        "gift": Decimal("33.33"),
        "news": Decimal("66.67"),
    }
    assert (whole.campaign, whole.revenue) == ("gift", Decimal(100))
