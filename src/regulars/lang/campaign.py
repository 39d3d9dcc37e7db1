"""What a file in `campaigns/` may say: who gets what, when."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, model_validator

from regulars.lang.keys import Key, wrong
from regulars.lang.scalars import Duration, Money, Repeat, Schedule, Send, Share, Until
from regulars.lang.written import NOWHERE, Written


def _offer_words(value: Any) -> Any:
    return [value] if isinstance(value, (int, float, str)) else value


class Offer(Key):
    """What a message gives. One of `percent` and `amount`."""

    noun: ClassVar[str] = "an offer"

    percent: Money | None = Field(None, description="a reduction in per cent")
    amount: Money | None = Field(None, description="a reduction in the shop's currency")
    valid: Duration | None = Field(None, description="how long, from sending; ends at 24:00 of the last day")
    until: Until | None = Field(None, description="the moment it ends")
    next_time: Annotated[list[Money], BeforeValidator(_offer_words)] = Field(
        [], description="the value after an entry that did not work, then after two …"
    )

    @model_validator(mode="after")
    def _one_value(self) -> Offer:
        if (self.percent is None) == (self.amount is None):
            way_out = "keep one of them" if self.percent else "write `percent: 10` or `amount: 25`"
            raise wrong("offer-value", "An offer is exactly one of `percent` and `amount`.", way_out)
        if (self.valid is None) == (self.until is None):
            raise wrong(
                "offer-end", "An offer ends, in exactly one way.", "write `valid: 14 days` or `until: 2026-11-27 24:00`"
            )
        for index, step in enumerate(self.ladder if self.percent else []):
            if step.value > 100:
                at = ("next_time", index - 1) if index else ("percent",)
                raise wrong("offer-value", f"{step} per cent cannot be given.", "for a sum of money write `amount`", at)
        return self

    @property
    def kind(self) -> Literal["percent", "amount"]:
        """Which of the two it is."""
        return "percent" if self.percent is not None else "amount"

    @property
    def ladder(self) -> list[Money]:
        """The values step by step: the first time, the next time, …"""
        first = self.percent or self.amount
        return [first, *self.next_time] if first else []


def _per_language(value: Any) -> Any:
    return {"": value} if isinstance(value, str) else value


class Message(Key):
    """One message of a campaign."""

    noun: ClassVar[str] = "a message"

    name: Written = Field(Written(""), description="what it is called; default: the last part of its template's name")
    send: Send = Field(description="the channel, or the first of two that can reach the customer")
    template: Written = Field(description="the words: templates/NAME.LANGUAGE.html, .txt and .sms")
    subject: Annotated[dict[Written, Written], BeforeValidator(_per_language)] = Field(
        {}, description="one text, or one per language; with `{{ … }}`"
    )
    after: Duration | None = Field(None, description="since the message above was due")
    when: Written | None = Field(
        None, description="a condition, looked up when it is due; else this message is left out"
    )
    offer: Offer | None = Field(None, description="what this message gives; default: the campaign's")

    @model_validator(mode="before")
    @classmethod
    def _name_from_template(cls, value: Any) -> Any:
        if isinstance(value, dict) and not value.get("name") and isinstance(value.get("template"), str):
            template = value["template"]
            start = template.rfind("/") + 1
            place = template.at(start, len(template) - start) if isinstance(template, Written) else NOWHERE
            return {**value, "name": Written(template[start:], place)}
        return value

    def subject_in(self, language: str, fallback: str) -> str:
        """The subject's template text in `language`, else in `fallback`, else for all; empty: the template's own."""
        for key in (language, fallback, ""):
            if text := self.subject.get(Written(key)):
                return str(text)
        return ""


class Limits(Key):
    """A range that stops a run when it is left."""

    noun: ClassVar[str] = "a limit"

    max: int | None = Field(None, ge=0, description="more than this stops the run")
    min: int | None = Field(None, ge=0, description="fewer than this stops the run")


class Expect(Key):
    """What the author expects of a run; anything else stops it before something is sent."""

    noun: ClassVar[str] = "`expect`"

    audience: Limits | None = Field(None, description="people in the audience")
    send: Limits | None = Field(None, description="people who would get a message")


class Conversion(Key):
    """What counts as success."""

    noun: ClassVar[str] = "`conversion`"

    of: Literal["order", "referral"] = Field(
        "order", description="an order of theirs, or a friend's first order that carries their code"
    )
    within: Duration = Field(Duration(14, "day"), description="from entering, for both arms")


class Campaign(Key):
    """A file in `campaigns/`: who gets what, when."""

    noun: ClassVar[str] = "a campaign"

    title: Written = Field(description="what people call it")
    status: Literal["draft", "live", "paused"] = Field("draft", description="draft: nothing leaves")
    audience: Written = Field(description="a condition: who")
    schedule: Schedule = Field(description="when")
    repeat: Repeat = Field(
        Repeat("once"), description="when somebody may enter again; with a yearly schedule, every year unless said"
    )
    exit: Written | None = Field(
        None, description="a condition, looked up just before each send; `ordered`: any order since they entered"
    )
    send_within: Duration = Field(Duration(1, "day"), description="later than this: not at all")
    enrich: list[Any] = Field([], description="the shop's own steps: [recommend: {limit: 3}]")
    messages: list[Message] = Field(min_length=1, description="what is sent, in order")
    offer: Offer | None = Field(None, description="what messages without an offer of their own give")
    holdout: Share = Field(Share(0.0), description="the share who get nothing, to measure by")
    conversion: Conversion = Field(Conversion(), description="what counts as success")
    expect: Expect = Field(Expect(), description="limits that stop a run")

    @model_validator(mode="after")
    def _names_differ(self) -> Campaign:
        names: list[str] = []
        for index, message in enumerate(self.messages):
            if str(message.name) in names:
                raise wrong(
                    "same-name",
                    f"Two messages are called `{message.name}`.",
                    "give one of them a `name` of its own; without one it is called as its template is",
                    ("messages", index, "template" if message.template.endswith(message.name) else "name"),
                )
            names.append(str(message.name))
        if self.messages[0].after is not None:
            raise wrong(
                "first-after",
                "The first message has nothing above it to come `after`.",
                "delete this line; `schedule` says when the first one goes",
                ("messages", 0, "after"),
            )
        return self

    def offer_of(self, message: Message) -> Offer | None:
        """The offer that `message` gives, new or inherited from the campaign (for the first message only)."""
        if message.offer is not None:
            return message.offer
        return self.offer if message is self.messages[0] else None
