"""What a file in `campaigns/` may say: who gets what, when."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, model_validator

from regulars.lang.keys import Key, wrong
from regulars.lang.ladders import Template, steps
from regulars.lang.offer import Offer
from regulars.lang.referral import Referral
from regulars.lang.scalars import Duration, Repeat, Schedule, Send, Share
from regulars.lang.timing import After, Before, Day
from regulars.lang.written import NOWHERE, Written

__all__ = ["Campaign", "CampaignSender", "Conversion", "Expect", "ForEach", "Limits", "Message", "Offer"]

EVERYBODY = Written("true")
"""The audience of a campaign that names none: everybody whom `for_each` names."""
ORDERED = "ordered"
"""`exit: ordered`: any order that counts, since they entered, whoever gets the credit."""
DATE = "{date}"
"""In the name of a template: the day, such as 2026-08-27."""


class ForEach(Key):
    """What is walked instead of people: one entry per row, or all rows of a person in one."""

    noun: ClassVar[str] = "`for_each`"

    row: Written = Field(description="the table whose rows are walked; needs its `id` under `source.tables`")
    where: Written | None = Field(None, description="a condition about the row; asked when it enters")
    together: bool = Field(False, description="all rows of a person in one entry, as `rows`")


class CampaignSender(Key):
    """Who the messages of one campaign come from; what it does not say is the shop's."""

    noun: ClassVar[str] = "a sender"

    email: Written | None = Field(None, description="the sender of e-mails")
    reply_to: Written | None = Field(None, description="where answers go")
    sms: Written | None = Field(None, description="the sender of text messages")


def _per_language(value: Any) -> Any:
    return {"": value} if isinstance(value, str) else value


PerLanguage = Annotated[dict[Written, Written], BeforeValidator(_per_language)]


class Message(Key):
    """One message of a campaign."""

    noun: ClassVar[str] = "a message"

    name: Written = Field(Written(""), description="what it is called; default: the last part of its template's name")
    send: Send = Field(description="the channel, or the first of two that can reach the customer")
    template: Annotated[Template, BeforeValidator(steps)] = Field(
        description="the words: templates/NAME.LANGUAGE.html, .txt and .sms; `{date}` in the name is the day"
    )
    subject: PerLanguage = Field({}, description="one text, or one per language; with `{{ … }}`")
    preview_text: PerLanguage = Field(
        {}, description="what a mailbox shows beside the subject: one text, or one per language; with `{{ … }}`"
    )
    plain_letters: bool = Field(
        False, description="text messages only: ă â î ș ț go out as a a i s t, which can take a third of the segments"
    )
    after: After | None = Field(
        None, description="since the message above was due, since entering, or since a day of the row"
    )
    before: Before | None = Field(None, description="so long before a day of the row")
    when: Written | None = Field(
        None, description="a condition, looked up when it is due; else this message is left out"
    )
    offer: Offer | None = Field(None, description="what this message gives; default: the campaign's")

    @model_validator(mode="before")
    @classmethod
    def _name_from_template(cls, value: Any) -> Any:
        if isinstance(value, dict) and not value.get("name") and (template := _closing(value.get("template"))):
            return {**value, "name": _last_part(template)}
        return value

    @model_validator(mode="after")
    def _plain_letters_of_a_text(self) -> Message:
        if self.plain_letters and "sms" not in self.send.channels:
            raise wrong(
                "plain-letters",
                "`plain_letters` is for text messages, and this message goes by e-mail, where ă and ș cost nothing.",
                "delete this line",
                ("plain_letters",),
            )
        return self

    @model_validator(mode="after")
    def _one_time(self) -> Message:
        if self.after is not None and self.before is not None:
            raise wrong("two-times", "A message has one time: `after` or `before`.", "keep one of them", ("before",))
        return self

    @property
    def own_time(self) -> bool:
        """Whether it is due by itself, whatever the message above does: from the row, or from entering."""
        return self.before is not None or (self.after is not None and bool(self.after.origin))

    def subject_in(self, language: str, fallback: str) -> str:
        """The subject's template text in `language`, else in `fallback`, else for all; empty: the template's own."""
        return _spoken(self.subject, language, fallback)

    def preview_text_in(self, language: str, fallback: str) -> str:
        """The same of the preview text."""
        return _spoken(self.preview_text, language, fallback)


def _is_template_name(message: Message) -> bool:
    return message.name == _last_part(str(message.template.names[-1]))


def _spoken(texts: dict[Written, Written], language: str, fallback: str) -> str:
    for key in (language, fallback, ""):
        if text := texts.get(Written(key)):
            return str(text)
    return ""


def _closing(template: Any) -> str:
    """The template's name; of a ladder that of its last step."""
    if isinstance(template, list) and template and isinstance(template[-1], dict):
        return str(next(iter(template[-1]), ""))
    return template if isinstance(template, str) else ""


def _last_part(template: str) -> Written:
    """The last part of a template's name; the one before it where the last is the day."""
    end = len(template)
    if DATE in template[template.rfind("/") + 1 :]:
        end = max(template.rfind("/"), 0)
    start = template.rfind("/", 0, end) + 1
    place = template.at(start, end - start) if isinstance(template, Written) else NOWHERE
    return Written(template[start:end], place)


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
    purpose: Literal["marketing", "service"] = Field(
        "marketing", description="service: no consent asked, no caps, no holdout; suppression and quiet hours hold"
    )
    topic: Written | None = Field(None, description="what one can unsubscribe from alone")
    audience: Written = Field(EVERYBODY, description="a condition: who; with `for_each`, everybody unless said")
    for_each: ForEach | None = Field(None, description="one entry per row of a table instead of one per person")
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
    referral: Referral | None = Field(
        None, description="what a friend and who brought them are given; in one campaign that is no draft"
    )
    holdout: Share = Field(Share(0.0), description="the share who get nothing, to measure by")
    conversion: Conversion = Field(Conversion(), description="what counts as success")
    expect: Expect = Field(Expect(), description="limits that stop a run")
    languages: list[Written] = Field(
        [], description="the languages it is written in, the fallback first; default: the shop's"
    )
    sender: CampaignSender = Field(
        CampaignSender(), alias="from", description="who the messages come from; default: the shop's"
    )
    ends: Day | None = Field(None, description="the last day on which somebody enters; those inside go on")
    formerly: Written | None = Field(
        None, description="its name before its file was renamed; `none`: it is new, whatever vanished"
    )

    @model_validator(mode="after")
    def _somebody(self) -> Campaign:
        if "audience" not in self.model_fields_set and self.for_each is None:
            raise wrong("missing-key", "This campaign has no `audience`.", "write   audience: …       a condition: who")
        return self

    @model_validator(mode="after")
    def _names_differ(self) -> Campaign:
        names: list[str] = []
        for index, message in enumerate(self.messages):
            if str(message.name) in names:
                raise wrong(
                    "same-name",
                    f"Two messages are called `{message.name}`.",
                    "give one of them a `name` of its own; without one it is called as its template is",
                    ("messages", index, "template" if _is_template_name(message) else "name"),
                )
            names.append(str(message.name))
        if self.messages[0].after is not None and not self.messages[0].own_time:
            raise wrong(
                "first-after",
                "The first message has nothing above it to come `after`.",
                "delete this line, or count from something: `… from row.delivered_at`, `… from entry`",
                ("messages", 0, "after"),
            )
        return self

    @property
    def is_service(self) -> bool:
        """Whether it is owed to people rather than offered: nobody is asked, capped or held out."""
        return self.purpose == "service"

    @property
    def row(self) -> str:
        """The table whose row each entry is about, read as `row.COLUMN`; empty where entries are about no one row."""
        return str(self.for_each.row) if self.for_each is not None and not self.for_each.together else ""

    @property
    def conditions(self) -> list[Written]:
        """Every condition about a customer, or about a row and its customer, that it holds.

        `exit: ordered` is none, and neither is an audience that is not written.
        """
        texts = [] if self.audience is EVERYBODY else [self.audience]
        for message in self.messages:
            texts += [] if message.when is None else [message.when]
            texts += message.template.conditions
        offers = [self.offer, *(message.offer for message in self.messages)]
        texts += [offer.unless for offer in offers if offer is not None and offer.unless is not None]
        if self.exit is not None and self.exit.strip() != ORDERED:
            texts.append(self.exit)
        return texts

    def offer_of(self, message: Message) -> Offer | None:
        """The offer that `message` gives, new or inherited from the campaign (for the first message only)."""
        if message.offer is not None:
            return message.offer
        return self.offer if message is self.messages[0] else None
