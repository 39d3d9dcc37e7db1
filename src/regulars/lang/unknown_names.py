"""Names in a condition that mean nothing where they stand: what was probably meant, and what is there."""

from __future__ import annotations

import difflib
from collections.abc import Container, Mapping
from dataclasses import dataclass

from regulars.lang.expressions import ENTERED, ROW, Field
from regulars.lang.surveys import ANSWER

Told = tuple[str, str, str]
"""(code, sentence, way out) of a problem."""
SINGLE_QUOTES = "Text stands in straight single quotes."
MOST = 40


@dataclass(frozen=True, slots=True)
class Names:
    """The `fields` that a condition may read; see `Typing` for the others."""

    fields: Mapping[str, Field]
    place: str
    row: str
    elsewhere: Container[str]

    def unknown(self, name: str) -> Told | None:
        """What to say of `name`, which is none of the fields; None where all is said already."""
        if name.startswith(f"{ROW}."):
            return self._column_of_row(name.removeprefix(f"{ROW}."))
        if owner := self._owner(name):
            sentence = f"`{name}` is not a {self.place}. Did you mean the text '{name}'? {SINGLE_QUOTES}"
            return "text-in-quotes", sentence, self.one_of(owner)
        if name.startswith(ENTERED) and (told := self._entered(name.removeprefix(ENTERED))):
            return told
        if name == ANSWER:
            sentence = (
                "`answer` is known below a message with a `survey`, in `when`, `template` and `unless`; not here."
            )
            return "no-survey", sentence, "write `nps`, `csat` or `cli`: the latest answer of a customer"
        hint = _did_you_mean(name, self.fields)
        if name in self.elsewhere:
            hint = " It is known of customers, and this is asked of rows."
        known = ", ".join(sorted(one for one in self.fields if not one.startswith(ENTERED))[:MOST])
        return "unknown-name", f"`{name}` is not a {self.place}.{hint}", f"known here: {known}"

    def _entered(self, value: str) -> Told | None:
        """What to say of `entered_VALUE`: two ladders have the value, or a text that is in or out has that name."""
        owners = [owner for owner, field in self.fields.items() if value in field.values]
        if len(owners) > 1:
            sentence = (
                f"`{ENTERED}{value}` could mean two things: `{owners[0]}` and `{owners[1]}` have a step `{value}`."
            )
            return "unknown-name", sentence, "give one of the two steps another name"
        if value in self.fields and self.fields[value].kind == "yes_no":
            sentence = (
                f"`{ENTERED}{value}`: only entries into the steps of a ladder are kept, and `{value}` has no steps."
            )
            return "unknown-name", sentence, f"make it a ladder:   {value}: [- yes: …, - no: otherwise]"
        return None

    def quoted(self, name: str) -> Told:
        """What to say of a word in double quotes, which SQL takes for a column and its author for a text."""
        owner = self._owner(name)
        meant = f"the name {name}, which needs no quotes" if name in self.fields else f"the text '{name}'"
        sentence = f"Double quotes name a column in SQL. Did you mean {meant}? {SINGLE_QUOTES}"
        return "text-in-quotes", sentence, self.one_of(owner) if owner else ""

    def one_of(self, segment: str) -> str:
        """All that a segment can be."""
        return f"{segment} is one of: {', '.join(self.fields[segment].values)}"

    def _owner(self, value: str) -> str:
        """A segment that has `value` as one of its values; empty where none has."""
        return next((owner for owner, field in self.fields.items() if value in field.values), "")

    def _column_of_row(self, column: str) -> Told | None:
        columns = [name.removeprefix(f"{ROW}.") for name in self.fields if name.startswith(f"{ROW}.")]
        if not self.row and column in self.fields:
            return "no-row", f"`{ROW}.{column}`: here a name stands alone.", f"write `{column}`"
        if not self.row:
            way_out = "only a campaign with `for_each`, and without `together`, has a row to read"
            return "no-row", f"`{ROW}.{column}`: there is no one row here.", way_out
        if not columns:
            return None
        hint = _did_you_mean(column, columns, f"{ROW}.")
        known = ", ".join(sorted(columns)[:MOST])
        return "unknown-name", f"`{column}` is not a column of `{self.row}`.{hint}", f"`{self.row}` has: {known}"


def _did_you_mean(name: str, known: Mapping[str, Field] | list[str], before: str = "") -> str:
    near = difflib.get_close_matches(name, known, 1, 0.6)
    return f" Did you mean `{before}{near[0]}`?" if near else ""
