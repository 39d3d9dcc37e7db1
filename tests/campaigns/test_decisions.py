"""Every person of the audience is sent to, or withheld for exactly one reason that is kept."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import shop_days as days
from regulars.campaigns import decided
from small_shop import SmallShop

DAY = "2026-02-01 22:00"
PERSON = st.fixed_dictionaries(
    {
        "email_consent": st.sampled_from(["yes", "no", ""]),
        "sms_consent": st.sampled_from(["yes", "no"]),
        "email": st.sampled_from(["ana@example.com", "broken", ""]),
        "phone": st.sampled_from(["+40700000001", "12", ""]),
        "timezone": st.sampled_from(["Europe/Bucharest", "America/New_York", "nowhere", ""]),
        "language": st.sampled_from(["ro", "ru", "xx", ""]),
    }
)
GUARDS = """  frequency: {{any: {cap} per day}}
  quiet_hours: {{sms: "21:00-09:00"}}
  holdout: {shop}%
  first: [first]"""


@settings(max_examples=12, deadline=None)
@given(
    st.lists(PERSON, min_size=1, max_size=12),
    st.sampled_from(["email", "sms", "sms, else email"]),
    st.sampled_from([1, 2]),
    st.sampled_from([0, 30]),
    st.sampled_from(["1 day", "2 hours"]),
)
def test_the_audience_is_those_who_get_it_and_those_withheld(
    tmp_path_factory: pytest.TempPathFactory, people: list[dict[str, str]], send: str, cap: int, share: int, within: str
) -> None:
    shop = SmallShop(tmp_path_factory.mktemp("many"))
    for number, facts in enumerate(people):
        shop.customer(f"c{number}", **facts)
    shop.guards = GUARDS.format(cap=cap, shop=share)
    message = "[{{send: '{}', template: {}/one, subject: S, when: \"city is null or city = ''\"}}]"
    shop.campaign("first", messages=message.format("email", "first"))
    shop.campaign("hello", messages=message.format(send, "hello"), send_within=within, holdout="20%")
    selected = days.run(shop, "hello", DAY)
    assert selected.audience == len(people) == sum(selected.send.values()) + sum(selected.withheld.values())
    kept = str(Path(shop.root) / ".regulars/decisions/*.parquet")
    with duckdb.connect() as connection:
        decided = connection.execute("select customer_id, decision from read_parquet(?)", [kept]).fetchall()
    assert sorted(customer for customer, _ in decided) == sorted(f"c{number}" for number in range(len(people)))
    assert sum(decision == "sent" for _, decision in decided) == len(days.rows(shop, "message"))


def test_the_decision_log_holds_no_address(shop: SmallShop) -> None:
    shop.customer("ana", email="someone.real@example.com")
    shop.campaign("hello")
    days.run(shop, "hello", DAY)
    (log,) = (shop.root / ".regulars/decisions").glob("*.parquet")
    assert b"someone.real" not in log.read_bytes()
    assert list((shop.root / ".regulars/runs").iterdir()) == []


def test_the_decision_log_keeps_what_the_guards_saw(shop: SmallShop) -> None:
    shop.guards = "  frequency: {email: 1 per 7 days}"
    shop.customer("ana", email_consent="no")
    shop.customer("ion")
    shop.campaign("hello")
    days.run(shop, "hello", DAY)
    with shop.desk() as desk, duckdb.connect() as connection:
        (log,) = decided.runs(desk, date(2026, 2, 1))
        columns = {row[0] for row in connection.execute(f"describe from '{log}'").fetchall()}
        ana, ion = (decided.about(desk, customer, [log])[0] for customer in ("ana", "ion"))
    assert not {"address", "address_email"} & columns
    assert (ana["decision"], ana["agrees_email"], ana["addressed_email"]) == ("no-consent", False, True)
    assert (ion["decision"], ion["room"], ion["already"]) == ("sent", 1, False)
