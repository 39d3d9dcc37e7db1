"""What models expect of customers: counted from orders, fitted once, unknown where the orders do not tell."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pyarrow.parquet as pq
import pytest
from snapshots_of import Opened, lay, problems_of

from buyers import orders_of
from regulars.measure.clv import fit_bgnbd, fit_gamma_gamma
from regulars.people.snapshot import SnapshotTaker
from regulars.people.vocabulary import EXPECTED
from regulars.worth import bgnbd

DAY = date(2026, 1, 31)
SIZE = 700


def told(ago, hour=12):
    return f"{DAY - timedelta(days=ago)} {hour:02}:00"


@pytest.fixture(scope="module")
def histories():
    """Of each customer: the days ago on which they ordered, and the amounts."""
    return list(orders_of(SIZE))


@pytest.fixture(scope="module")
def root(histories, tmp_path_factory):
    """A shop of these customers, one without orders, and one whose first day has two orders."""
    people = [(f"c{number}", history) for number, history in enumerate(histories)]
    people.append(("twice", [(100, 30.0), (100, 20.0), (60, 80.0)]))
    rows = [(name, ago, amount) for name, history in people for ago, amount in history]
    orders = "".join(f"{n},{name},{told(ago, 8 + n % 12)},{amount},0\n" for n, (name, ago, amount) in enumerate(rows))
    customers = "id,birthday,consent,city\n" + "".join(f"{name},,yes,\n" for name in [*dict(people), "nobody"])
    late = f"late,c1,{DAY + timedelta(days=1)} 09:00,10,0\n"
    folder = tmp_path_factory.mktemp("shop")
    return lay(folder, customers=customers, orders="order_id,customer,at,total,discount\n" + orders + late)


def asked(root, *names, day=DAY):
    """The shop's snapshot where somebody asks for `names`."""
    opened = Opened(root)
    vocabulary = replace(opened.vocabulary, forecasts=frozenset(names or EXPECTED))
    return SnapshotTaker(root, opened.source, vocabulary, day).take(None)


@pytest.fixture(scope="module")
def snapshot(root):
    return asked(root)


@pytest.fixture(scope="module")
def found(snapshot):
    return {row["id"]: row for row in pq.read_table(snapshot.path).to_pylist()}


@pytest.fixture(scope="module")
def by_library(histories):
    """The same by the library alone: the models and each customer's numbers, by name."""
    known = [*histories, [(100, 50.0), (60, 80.0)]]
    days = [sorted({ago for ago, _ in history}, reverse=True) for history in known]
    x = np.array([len(one) - 1 for one in days])
    recency, age = np.array([one[0] - one[-1] for one in days]), np.array([one[0] for one in days])
    own = np.array(
        [
            sum(amount for ago, amount in history if ago < one[0]) / max(len(one) - 1, 1)
            for history, one in zip(known, days, strict=True)
        ]
    )
    orders, spend = fit_bgnbd(x, recency, age), fit_gamma_gamma(x, own)
    year = orders.expected_orders(365, x, recency, age)
    numbers = {
        "p_alive": orders.p_alive(x, recency, age),
        "p_next_30d": orders.p_order(30, x, recency, age),
        "expected_orders_30d": orders.expected_orders(30, x, recency, age),
        "expected_orders_365d": year,
        "expected_spend_365d": year * spend.expected_spend(x, own),
    }
    return orders, spend, numbers


def test_every_customer_has_the_numbers_of_the_library(found, by_library):
    names = [*(f"c{number}" for number in range(SIZE)), "twice"]
    for name, numbers in by_library[2].items():
        assert [found[one][name] for one in names] == pytest.approx(list(numbers), rel=1e-6), name


def test_the_parameters_are_kept_beside_the_snapshot(snapshot, by_library):
    orders, spend, _ = by_library
    assert snapshot.expected.orders["alpha"] == pytest.approx(orders.alpha, rel=1e-6)
    assert snapshot.expected.spend["v"] == pytest.approx(spend.v, rel=1e-6)
    assert snapshot.expected.orders["customers"] == SIZE + 1, "who has never ordered is not among them"


def test_who_has_never_ordered_has_no_numbers(found):
    assert {found["nobody"][name] for name in EXPECTED} == {None}


def test_models_are_fitted_once_to_what_the_source_said(root, snapshot, monkeypatch):
    monkeypatch.setattr(bgnbd, "fit_bgnbd", lambda *_, **__: pytest.fail("it was fitted again"))
    assert asked(root).path == snapshot.path
    assert asked(root).expected == snapshot.expected
    with pytest.raises(pytest.fail.Exception, match="fitted again"):
        asked(root, day=DAY + timedelta(days=1))


def test_nothing_is_fitted_where_nobody_asks(root, monkeypatch):
    monkeypatch.setattr(bgnbd, "fit_bgnbd", lambda *_, **__: pytest.fail("it was fitted"))
    snapshot = Opened(root).snapshot(str(DAY))
    assert snapshot.expected is None
    assert pq.read_table(snapshot.path)["p_alive"].null_count == snapshot.customers


def test_a_small_shop_has_no_numbers_and_says_why(tmp_path):
    snapshot = asked(lay(tmp_path))
    assert pq.read_table(snapshot.path)["p_alive"].null_count == snapshot.customers
    (sentence,) = snapshot.expected.unforeseen({"p_alive", "p_next_30d"})
    assert sentence == (
        "`p_alive` and `p_next_30d` are unknown of everybody: "
        "1 customer has ordered again, and the model of repeat orders asks for 300."
    )


def test_a_column_of_the_shop_takes_the_place_of_a_model(tmp_path):
    customers = "id,birthday,consent,city,p_alive\na,,yes,,0.25\nb,,no,,\n"
    opened = Opened(lay(tmp_path, customers=customers, segments="leaving: p_alive < 0.3"))
    assert opened.vocabulary.modelled == EXPECTED.keys() - {"p_alive"}
    rows = {row["id"]: row for row in pq.read_table(opened.snapshot().path).to_pylist()}
    assert (rows["a"]["p_alive"], rows["a"]["leaving"], rows["b"]["leaving"]) == (0.25, True, False)


def test_a_trait_cannot_have_the_name_of_what_a_model_expects(tmp_path):
    (problem,) = problems_of(lay(tmp_path, traits="p_alive: orders / 2"))
    assert (problem[0], "what a model expects" in problem[2]) == ("name-taken", True)
