"""Several wordings of one message, and trying them on some before the others get the best."""

from __future__ import annotations

import re
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, model_validator

from regulars.lang.keys import Key, wrong
from regulars.lang.ladders import Template, steps
from regulars.lang.offer import Offer
from regulars.lang.scalars import Duration, Share
from regulars.lang.written import Written

OVERRIDES = ("subject", "preview_text", "template", "offer")
"""What a variant may say differently."""


def _per_language(value: Any) -> Any:
    return {"": value} if isinstance(value, str) else value


PerLanguage = Annotated[dict[Written, Written], BeforeValidator(_per_language)]


class Variant(Key):
    """One wording of a message. What it does not say is the message's own; one that says nothing is the message."""

    noun: ClassVar[str] = "a variant"

    share: Share | None = Field(None, description="the share of people who get it; default: an equal part of the rest")
    subject: PerLanguage = Field({}, description="its subject: one text, or one per language")
    preview_text: PerLanguage = Field({}, description="its preview text: one text, or one per language")
    template: Annotated[Template | None, BeforeValidator(steps)] = Field(None, description="its words")
    offer: Offer | None = Field(None, description="what it gives; codes come from where the message's come from")

    @model_validator(mode="after")
    def _codes_of_the_message(self) -> Variant:
        if self.offer is not None and self.offer.codes is not None:
            raise wrong(
                "variant-codes",
                "A variant's codes come from where those of its message come from.",
                "delete this line, and write `codes` in the message's own `offer`",
                ("offer", "codes"),
            )
        return self

    @property
    def own(self) -> dict[str, Any]:
        """What it says itself."""
        return {key: value for key in OVERRIDES if (value := getattr(self, key))}


class Test(Key):
    """Some get the variants first, the others wait and get the one that did best."""

    __test__: ClassVar[bool] = False
    noun: ClassVar[str] = "`test`"

    among: Written = Field(description="who gets the variants first: a condition, or a share such as `20%`")
    length: Duration = Field(alias="for", description="how long the others wait, since the first of it was due")
    by: Literal["clicks", "conversions"] = Field(
        "clicks", description="what the best one has more of: people who clicked, or who did what `conversion` counts"
    )
    unclear: Literal["split", "first"] = Field(
        "split", description="what the others get where none is known to be better: all of them, or the first"
    )

    @property
    def share(self) -> Share | None:
        """The share of people it is tried on; None where a condition says who."""
        return Share.parse(self.among.strip()) if re.fullmatch(r"\d{1,2}(\.\d+)? ?%", self.among.strip()) else None

    @property
    def condition(self) -> Written | None:
        """The condition about whom it is tried on; None where a share says how many."""
        return None if self.share is not None else self.among
