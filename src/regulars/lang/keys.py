"""What every mapping of the language has in common, and how a model complains."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict
from pydantic_core import PydanticCustomError

BARE = ""
"""The key under which the short form of a mapping is kept (`average_order: spent / orders`); nobody can write it."""


class Key(BaseModel):
    """Unknown keys are errors, values never change. `noun` is what people call such a mapping."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, arbitrary_types_allowed=True)

    noun: ClassVar[str] = "this"

    @classmethod
    def takes(cls) -> list[str]:
        """The keys that may be written, in alphabetical order."""
        names = (field.alias if field.alias is not None else name for name, field in cls.model_fields.items())
        return sorted(name for name in names if name != BARE)


def wrong(code: str, sentence: str, way_out: str = "", at: tuple[str | int, ...] = ()) -> PydanticCustomError:
    """A complaint of a model: `at` is the path from the mapping to what is wrong, as the file has it."""
    told: dict[str, Any] = {"sentence": sentence, "way_out": way_out, "at": list(at)}
    return PydanticCustomError(code, "{sentence}", told)
