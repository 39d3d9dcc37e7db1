"""A condition means the same where the data is (Ibis) and in DuckDB beside it: random trees over random rows."""

import math
from datetime import date, datetime

import duckdb
import ibis
import pyarrow as pa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regulars.lang.conditions import read
from regulars.lang.expressions import Field
from regulars.lang.kinds import Typing
from regulars.lang.problems import Problems
from regulars.lang.written import Written
from regulars.people import engine
from regulars.people.formulas import OPERATIONS as IN_DUCKDB
from regulars.people.formulas import Formula
from regulars.people.rows import OPERATIONS as IN_IBIS
from regulars.people.rows import SPELT, RowCompiler

FIELDS = {"a": Field("number"), "b": Field("number"), "s": Field("text"), "t": Field("text")}
FIELDS |= {"d": Field("date"), "m": Field("time"), "y": Field("yes_no")}
TYPES = pa.schema(
    {
        "a": pa.float64(),
        "b": pa.int64(),
        "s": pa.string(),
        "t": pa.string(),
        "d": pa.date32(),
        "m": pa.timestamp("us"),
        "y": pa.bool_(),
    }
)
TEXTS = st.sampled_from(["", " ", "a", "A b", " ă\t", "100%", "a_b", "Ж"])
DAYS = st.dates(date(1900, 1, 1), date(2100, 12, 31)) | st.sampled_from([date(2000, 2, 29), date(2024, 2, 28)])
ROW = st.fixed_dictionaries(
    {
        "a": st.none() | st.integers(-400, 400).map(lambda n: n / 4),
        "b": st.none() | st.integers(-5, 5),
        "s": st.none() | TEXTS,
        "t": st.none() | TEXTS,
        "d": st.none() | DAYS,
        "m": st.none() | st.datetimes(datetime(1990, 1, 1), datetime(2030, 1, 1)),
        "y": st.none() | st.booleans(),
    }
)
LITERALS = st.sampled_from(["0", "1", "2.5", "7"])
QUOTED = st.sampled_from(["'a'", "'A b'", "''", "'Ж'", "'a%'", "'_'"])


def of(inner, *templates):
    parts = st.tuples(st.sampled_from(templates), inner, inner, inner)
    return parts.map(lambda found: found[0].format(*found[1:]))


NUMBERS = st.deferred(
    lambda: (
        st.sampled_from(["a", "b"])
        | LITERALS
        | of(NUMBERS, "({0} + {1})", "({0} - {1})", "({0} * {1})", "({0} / {1})", "(-{0})", "abs({0})", "floor({0})")
        | of(NUMBERS, "ceil({0})", "round({0})", "round({0}, 1)", "least({0}, {1})", "greatest({0}, {1}, {2})")
        | of(NUMBERS, "coalesce({0}, {1})")
        | of(MOMENTS, "days_since({0})", "days_until({0})", "year({0})", "month({0})")
        | of(MOMENTS, "days_since_anniversary({0})", "days_until_anniversary({0})")
        | of(WORDS, "length({0})")
        | st.tuples(CONDITIONS, NUMBERS, NUMBERS).map(lambda x: "(case when {} then {} else {} end)".format(*x))
        | st.tuples(CONDITIONS, NUMBERS).map(lambda x: "(case when {} then {} end)".format(*x))
    )
)
WORDS = st.deferred(
    lambda: (
        st.sampled_from(["s", "t"])
        | QUOTED
        | of(
            WORDS,
            "lower({0})",
            "upper({0})",
            "trim({0})",
            "coalesce({0}, {1})",
            "least({0}, {1})",
            "greatest({0}, {1})",
        )
    )
)
MOMENTS = st.deferred(lambda: st.sampled_from(["d", "m", "today"]) | of(MOMENTS, "coalesce({0}, {1})"))
CONDITIONS = st.deferred(
    lambda: (
        st.sampled_from(["y", "y is true", "y is not true", "y is false", "true"])
        | of(NUMBERS, "{0} = {1}", "{0} <> {1}", "{0} < {1}", "{0} >= {1}", "{0} between {1} and {2}", "{0} is null")
        | of(NUMBERS, "{0} in ({1}, {2})", "{0} not in ({1}, 3)", "{0} not between {1} and {2}", "{0} is not null")
        | of(WORDS, "{0} = {1}", "{0} <> {1}", "{0} like {1}", "{0} in ({1}, 'a')", "{0} is null")
        | of(
            MOMENTS, "{0} < {1}", "{0} = '2024-02-28'", "{0} >= '2001-01-01 10:00'", "{0} between '2000-01-01' and {1}"
        )
        | of(CONDITIONS, "({0} and {1})", "({0} or {1})", "(not {0})", "coalesce({0}, {1})")
    )
)


def test_both_know_the_same_operations():
    assert {*IN_IBIS, *SPELT} == IN_DUCKDB.keys()


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    CONDITIONS | NUMBERS, st.lists(ROW, min_size=1, max_size=6), st.sampled_from([date(2024, 2, 29), date(2025, 2, 28)])
)
def test_the_two_compilers_agree(text, found, day):
    problems = Problems()
    tree = read(Written(text), problems)
    typed = Typing(Written(text), FIELDS, problems).expression(tree) if tree else None
    if typed is None:
        assert {one.code for one in problems} <= {"condition-too-long", "kinds-differ"}, problems.sorted()
        return
    connection = engine_connection()
    engine.keep(connection, "t", pa.Table.from_pylist(found, TYPES))
    here = connection.execute(f"select {Formula(day, {})(typed.tree)} from t").fetchall()
    rows = ibis.table(ibis.schema(TYPES), name="t")
    there = RowCompiler(rows, day, "UTC", "UTC")(typed.tree)
    asked = ibis.to_sql(rows.select(found=there), dialect="duckdb")
    assert [same(x) for (x,) in connection.execute(str(asked)).fetchall()] == [same(x) for (x,) in here]


def same(value):
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    return "odd" if math.isnan(value) else round(float(value), 6)


KEPT: list[duckdb.DuckDBPyConnection] = []


def engine_connection():
    if not KEPT:
        from pathlib import Path

        KEPT.append(engine.connect(Path("/tmp")))
    return KEPT[0]
