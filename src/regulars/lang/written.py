"""Text as somebody wrote it in a YAML file: a `str` that remembers where it stands."""

from __future__ import annotations

from typing import Any, Self

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from regulars.lang.problems import Position

NOWHERE = Position("-")


class Written(str):
    """A scalar of a file. `position` is the first character of its *value* (after an opening quote).

    `places` gives, for each character of the value, its (line, column) in the file, where the two differ from
    counting along one line: block scalars (`|`, `>`), folded and escaped text. Empty for a plain one-line scalar.
    """

    __slots__ = ("places", "position")
    position: Position
    places: tuple[tuple[int, int], ...]

    def __new__(cls, text: str, position: Position = NOWHERE, places: tuple[tuple[int, int], ...] = ()) -> Self:
        written = super().__new__(cls, text)
        written.position = position
        written.places = places
        return written

    def at(self, offset: int, length: int = 1) -> Position:
        """The position of `length` characters from `offset` of the value on, as far as they share its line."""
        here = self.position
        if self.places:
            start = min(max(offset, 0), len(self.places) - 1)
            line, column = self.places[start]
            shown = [at for row, at in self.places[start : start + max(length, 1)] if row == line]
            return Position(here.file, line, column, max(max(shown) - column + 1, 1))
        return Position(here.file, here.line, here.column + offset, length)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            cls._accept, serialization=core_schema.to_string_ser_schema()
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"type": "string"}

    @classmethod
    def _accept(cls, value: Any) -> Written:
        if isinstance(value, Written):
            return value
        if isinstance(value, str):
            return cls(value)
        if isinstance(value, (bool, int, float)):
            return cls(str(value).lower() if isinstance(value, bool) else str(value))
        raise PydanticCustomError("not-text", "text is expected here")
