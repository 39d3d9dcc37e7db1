"""Text that a spreadsheet would run gets an apostrophe, all else stays as it is."""

from __future__ import annotations

import duckdb
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from regulars.campaigns.cells import FORMULA, harmless
from regulars.people.engine import text

RISKY = "=+-@\t\r\n\x00"
CELLS = st.one_of(
    st.text(max_size=12),
    st.builds("{}{}{}".format, st.sampled_from(["", " ", "  ", "\u00a0"]), st.sampled_from(RISKY), st.text(max_size=5)),
)


@given(st.lists(st.none() | CELLS, max_size=8))
def test_no_cell_begins_like_a_formula_and_none_loses_a_letter(cells: list[str | None]) -> None:
    made = harmless(pa.chunked_array([cells], pa.string())).to_pylist()
    for before, after in zip(cells, made, strict=True):
        assert after in (before, f"'{before}")
        if after:
            assert not after.lstrip(" \u00a0").startswith(tuple("=+-@"))
            assert after[0] not in RISKY


@given(CELLS.filter(lambda cell: "\x00" not in cell))
def test_duckdb_and_arrow_see_the_same_formulas(cell: str) -> None:
    row = duckdb.execute(f"select regexp_matches({text(cell)}, {text(FORMULA)})").fetchone()
    assert row is not None
    assert bool(row[0]) == (harmless(pa.chunked_array([[cell]], pa.string()))[0].as_py() != cell)


def test_plain_words_and_numbers_are_not_touched() -> None:
    words = pa.chunked_array([["ana", "it's", "5-6", "", None, "'x"]], pa.string())
    assert harmless(words).equals(words)
    numbers = pa.chunked_array([[-1, 2, None]], pa.int64())
    assert harmless(numbers) is numbers
    assert harmless(pa.chunked_array([["+40700000001"]], pa.string())).to_pylist() == ["'+40700000001"]
