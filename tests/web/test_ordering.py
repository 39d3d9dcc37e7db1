"""Orders that the shop posts: kept once, taken back for good, refused with a reason and without an echo."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr
from visits import Visit

from regulars.errors import OutsideError
from regulars.ledger.store import Ledger
from regulars.web import intake, ordering

TOKEN = "a token of the tests"  # of the tests alone
ORDER = {"id": "88123", "customer": "ana", "at": "2026-02-03T10:00:00+02:00", "amount": "120.50", "code": "gift-1"}


def post(visit: Visit, *orders: Any, token: str = TOKEN, body: bytes | None = None) -> Any:
    visit.house.settings.orders_token = SecretStr(TOKEN)
    content = json.dumps({"orders": orders}).encode() if body is None else body
    return visit.browser.post("/orders", content=content, headers={"Authorization": f"Bearer {token}"})


def kept(visit: Visit) -> list[tuple[Any, ...]]:
    found = visit.rows("select * from posted_order order by order_id")
    return [
        (row["order_id"], row["customer_id"], float(row["amount"]), row["code"], bool(row["counts"])) for row in found
    ]


def test_an_order_is_kept_once_however_often_it_is_posted(visit: Visit) -> None:
    for _ in range(2):
        answer = post(visit, ORDER, ORDER)
        assert (answer.status_code, answer.json()) == (200, {"orders": 1})
    assert kept(visit) == [("88123", "ana", 120.5, "gift-1", True)]
    ((row),) = visit.rows("select currency, at from posted_order")
    assert (row["currency"], str(row["at"])[:16]) == ("RON", "2026-02-03 08:00")


@pytest.mark.parametrize("status", ["cancelled", "refunded"])
def test_what_was_taken_back_stays_so_in_whichever_order_the_words_come(visit: Visit, status: str) -> None:
    post(visit, ORDER)
    post(visit, {"id": "88123", "status": status})
    post(visit, {"id": "88124", "status": status}, ORDER | {"id": "88124"})
    post(visit, ORDER)
    assert kept(visit) == [("88123", "ana", 120.5, "gift-1", False), ("88124", "ana", 120.5, "gift-1", False)]


def test_a_corrected_amount_stands(quick_visit: Visit) -> None:
    post(quick_visit, ORDER)
    post(quick_visit, ORDER | {"amount": 99.99})
    assert kept(quick_visit)[0][2] == 99.99


@pytest.mark.parametrize("token", ["x", "wrong", TOKEN + "x", "ăîș"])
def test_without_the_token_nothing_is_said_and_nothing_kept(quick_visit: Visit, token: str) -> None:
    quick_visit.house.settings.orders_token = SecretStr(TOKEN)
    for body in (json.dumps({"orders": [ORDER]}).encode(), b"no JSON"):
        headers = {"Authorization": f"Bearer {token}".encode()}
        answer = quick_visit.browser.post("/orders", content=body, headers=headers)
        assert (answer.status_code, answer.content) == (403, b"")
    assert kept(quick_visit) == []


def test_where_no_token_is_set_nobody_may_post(quick_visit: Visit) -> None:
    for value in ("Bearer x", "Bearer", ""):
        answer = quick_visit.browser.post("/orders", json={"orders": [ORDER]}, headers={"Authorization": value})
        assert answer.status_code == 403


def test_two_tokens_are_believed_while_one_is_being_changed(quick_visit: Visit) -> None:
    request = type("Asked", (), {"headers": {"authorization": "Bearer old"}})()
    assert ordering.may_post(request, "new, old")
    assert not ordering.may_post(request, "new,")


WRONG = {
    "orders.0.amount": ORDER | {"amount": -1},
    "orders.0.at": ORDER | {"at": "2026-02-03T10:00:00"},
    "orders.0.currency": ORDER | {"currency": "EUR"},
    "orders.0.id": ORDER | {"id": ""},
    "orders.0.status": ORDER | {"status": "paid"},
    "orders.0.?": ORDER | {"secret@example.com": "secret@example.com"},
    "orders.0.customer": ORDER | {"customer": 4},
    "orders.0.code": ORDER | {"code": "x" * 201},
    "orders.0": {"id": "88123"},
}


@pytest.mark.parametrize("where", WRONG)
def test_what_is_wrong_is_told_by_its_place_and_nothing_is_kept(quick_visit: Visit, where: str) -> None:
    answer = post(quick_visit, WRONG[where], ORDER | {"id": "good"})
    assert answer.status_code == 422
    assert answer.json()["problems"][0]["where"] == where
    assert "secret" not in answer.text
    assert kept(quick_visit) == []


def test_a_thousand_orders_are_taken_and_one_more_is_not(quick_visit: Visit) -> None:
    many = [ORDER | {"id": str(n)} for n in range(ordering.MOST + 1)]
    assert post(quick_visit, *many).status_code == 422
    assert post(quick_visit, *many[1:]).json() == {"orders": 1000}
    assert intake._largest({"path": "/orders"}) == ordering.LARGEST > len(json.dumps(many))


def test_a_ledger_that_is_away_is_told_so_that_the_shop_comes_again(
    quick_visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_self: Ledger) -> None:
        raise OutsideError("The ledger at `postgresql://user@secret-host` cannot be opened.")

    monkeypatch.setattr(Ledger, "writing", away)
    answer = post(quick_visit, ORDER)
    assert answer.status_code == 503
    assert "secret-host" not in answer.text


JSONS = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*ORDER, "status", "x"]), inner, max_size=4)
    ),
    max_leaves=6,
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(field=st.sampled_from([*ORDER, "status", "currency"]), value=JSONS, whole=st.booleans())
def test_nonsense_with_a_token_is_refused_or_an_order(quick_visit: Visit, field: str, value: Any, whole: bool) -> None:
    body = json.dumps(value if whole else {"orders": [ORDER | {field: value}]}).encode()
    answer = post(quick_visit, body=body)
    assert answer.status_code in (200, 422), body
    assert len(kept(quick_visit)) >= (answer.status_code == 200)


def test_orders_of_somebody_who_was_forgotten_are_not_kept(quick_visit: Visit) -> None:
    from regulars.campaigns.held.forget import forget
    from regulars.campaigns.held.whose import whose

    with quick_visit.shop.desk() as desk:
        post(quick_visit, ORDER)
        forget(desk, whose(desk, "ana"), datetime(2026, 3, 1, tzinfo=UTC))
    assert kept(quick_visit) == []
    post(quick_visit, ORDER, ORDER | {"id": "88125", "customer": "tom"})
    assert [row[:2] for row in kept(quick_visit)] == [("88125", "tom")]
