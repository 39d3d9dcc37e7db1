"""What a message may ask its reader: the surveys there are, their questions and their scales, and who hears of it."""

from __future__ import annotations

from typing import ClassVar, Literal, NamedTuple

from pydantic import Field, model_validator

from regulars.lang.keys import Key, wrong
from regulars.lang.written import Written

Survey = Literal["nps", "csat", "cli"]
ANSWER = "answer"
"""In conditions below a message that asks: what was answered. In `after`: the moment when it was."""
PATIENCE_DAYS = 14
"""So long is an answer waited for."""


class Scale(NamedTuple):
    """What one survey asks. The link in the message answers the first question."""

    questions: tuple[str, ...]
    lowest: int
    highest: int

    @property
    def scores(self) -> list[int]:
        """Every answer there is, the worst first."""
        return list(range(self.lowest, self.highest + 1))


SCALES: dict[str, Scale] = {
    "nps": Scale(("recommend",), 0, 10),
    "csat": Scale(("satisfied",), 1, 5),
    "cli": Scale(("recommend", "buy_again", "try_others"), 1, 6),
}


class Tell(Key):
    """Somebody of the shop who hears of an answer."""

    noun: ClassVar[str] = "`tell`"

    team: Written | None = Field(None, description="who: a name of `shop.team` with an e-mail address")
    webhook: Written | None = Field(
        None,
        description="which system of the shop: the NAME of REGULARS_TELL_URL_NAME in the environment, in small "
        "letters, digits and _; beside `team`, or alone",
    )
    when: Written | None = Field(
        None, description="a condition, which may read `answer`; default: whatever the answer is"
    )

    @model_validator(mode="after")
    def _to_somebody(self) -> Tell:
        if self.team is None and self.webhook is None:
            raise wrong(
                "nobody-told",
                "`tell` does not say to whom.",
                "add   team: NAME      somebody of `shop.team`, or   webhook: NAME",
            )
        return self
