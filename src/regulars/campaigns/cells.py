"""Cells of CSV files that people open in a spreadsheet, which runs text that begins like a formula."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

FORMULA = r"^[\s\x{00a0}\x{3000}]*[=+\-@\t\r\n\x00＝＋－＠]"
"""How a formula begins, also after spaces and in wide letters (OWASP ASVS 1.2.10); RE2, which DuckDB and Arrow read."""
APOSTROPHE = "'"
"""What makes a spreadsheet take a cell for text."""


def harmless(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column of text with an apostrophe before what begins like a formula; any other column as it is."""
    if not pa.types.is_string(column.type):
        return column
    risky = pc.fill_null(pc.match_substring_regex(column, FORMULA), False)
    return pc.if_else(risky, pc.binary_join_element_wise(APOSTROPHE, column, ""), column)
