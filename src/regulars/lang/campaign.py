"""What a file in `campaigns/` may say: who gets what, when."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, model_validator

from regulars.lang.budget import Budget
from regulars.lang.keys import Key, wrong
from regulars.lang.ladders import Template, steps
from regulars.lang.offer import Offer
from regulars.lang.referral import Referral
from regulars.lang.scalars import Duration, Repeat, Schedule, Send, Share
from regulars.lang.surveys import Survey, Tell
from regulars.lang.timing import After, Before, Day
from regulars.lang.variants import PerLanguage, Test, Variant
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
        None, description="since the message above was due, since entering, since a day of the row, or since the answer"
    )
    before: Before | None = Field(None, description="so long before a day of the row")
    when: Written | None = Field(
        None, description="a condition, looked up when it is due; else this message is left out"
    )
    offer: Offer | None = Field(None, description="what this message gives; default: the campaign's")
    variants: dict[Written, Variant] = Field(
        {}, description="several wordings; everybody is drawn for one, and gets it whenever this message comes"
    )
    test: Test | None = Field(None, description="try the variants on some; the others wait and get the best")
    survey: Survey | None = Field(
        None, description="what it asks: nps (0 to 10), csat (1 to 5), cli (three questions, 1 to 6)"
    )
    tell: Tell | None = Field(
        None, description="who of the shop hears of the answer to its survey: by e-mail, by webhook"
    )

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

    @model_validator(mode="after")
    def _told_of_an_answer(self) -> Message:
        if self.tell is not None and self.survey is None:
            raise wrong(
                "no-survey",
                "This message asks nothing, so there is no answer to tell of.",
                "add   survey: nps",
                ("tell",),
            )
        return self

    @property
    def ways(self) -> dict[str, Message]:
        """How it may be said: variant → the message with what the variant says; without variants one way, called ""."""
        return {str(name): self.said_as(name) for name in self.variants} or {"": self}

    def said_as(self, variant: str) -> Message:
        """The message as `variant` says it; for who was drawn before there were any, as the first one does."""
        if not self.variants:
            return self
        own = self.variants.get(Written(variant)) or next(iter(self.variants.values()))
        return self.model_copy(update={**own.own, "variants": {}, "test": None})

    def says(self, variant: str) -> bool:
        """Whether who was drawn for `variant` can still get it; without variants everybody gets the message."""
        return not variant or not self.variants or variant in self.variants

    @property
    def own_time(self) -> bool:
        """Whether it is due by itself, whatever the message above does: from the row, or from entering."""
        return self.before is not None or (
            self.after is not None and bool(self.after.origin) and not self.waits_for_answer
        )

    @property
    def waits_for_answer(self) -> bool:
        """Whether it is due so long after an answer."""
        return self.after is not None and self.after.of_answer

    @property
    def conditions_later(self) -> list[Written]:
        """The conditions that are asked when it is due."""
        unless = [] if self.offer is None or self.offer.unless is None else [self.offer.unless]
        return [*([] if self.when is None else [self.when]), *self.template.conditions, *unless]

    @property
    def conditions(self) -> list[Written]:
        """All its conditions but that of its offer."""
        told = [] if self.tell is None or self.tell.when is None else [self.tell.when]
        return [*([] if self.when is None else [self.when]), *self.template.conditions, *told]

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

    of: Literal["order", "referral", "answer", "click"] = Field(
        "order",
        description="an order of theirs, a friend's first order that carries their code, an answer to its survey, "
        "or a click on one of its links",
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
    budget: Budget | None = Field(None, description="how much its offers may give away, and in what time")
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
        for index, message in enumerate(self.messages):
            if message.waits_for_answer and self.asks_above(message) is None:
                raise wrong(
                    "no-survey",
                    "No message above asks anything, so no answer can be waited for.",
                    "add   survey: nps       to a message above",
                    ("messages", index, "after"),
                )
        if self.conversion.of == "answer" and not any(message.survey for message in self.messages):
            raise wrong(
                "no-survey",
                "No message asks anything, so nobody can answer.",
                "add   survey: nps       to a message",
                ("conversion", "of"),
            )
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
            texts += message.conditions
            texts += [text for one in message.variants.values() if one.template for text in one.template.conditions]
            texts += [message.test.condition] if message.test is not None and message.test.condition else []
        saying: list[Message | Variant] = [*self.messages]
        saying += [one for message in self.messages for one in message.variants.values()]
        offers = [self.offer, *(one.offer for one in saying)]
        texts += [offer.unless for offer in offers if offer is not None and offer.unless is not None]
        if self.exit is not None and self.exit.strip() != ORDERED:
            texts.append(self.exit)
        return texts

    def up_to(self, message: Message) -> list[Message]:
        """The messages up to `message` and with it."""
        return [*self.messages[: self._place(message)], message]

    def is_first(self, message: Message) -> bool:
        """Whether `message`, in whatever wording, is the first one."""
        return self._place(message) == 0

    def _place(self, message: Message) -> int:
        return [str(one.name) for one in self.messages].index(str(message.name))

    @property
    def offers(self) -> list[tuple[Offer, tuple[str | int, ...]]]:
        """Every offer that is written in it, and where."""
        found: list[tuple[Offer | None, tuple[str | int, ...]]] = [(self.offer, ("offer",))]
        for place, message in enumerate(self.messages):
            found.append((message.offer, ("messages", place, "offer")))
            for name, variant in message.variants.items():
                found.append((variant.offer, ("messages", place, "variants", str(name), "offer")))
        return [(offer, spot) for offer, spot in found if offer is not None]

    def asks_above(self, message: Message) -> Message | None:
        """The nearest message above `message` that has a survey."""
        above = self.messages[: self._place(message)]
        return next((one for one in reversed(above) if one.survey is not None), None)

    def hears(self, text: Written) -> bool:
        """Whether `text`, one of the `conditions`, may read `answer`: it is asked below a survey, or of its answers."""
        for message in self.messages:
            if message.tell is not None and message.tell.when is text:
                return True
            if any(one is text for way in message.ways.values() for one in way.conditions_later):
                return self.asks_above(message) is not None
        return False

    def offer_of(self, message: Message) -> Offer | None:
        """The offer that `message` gives, new or inherited from the campaign (for the first message only)."""
        if message.offer is not None:
            return message.offer
        return self.offer if self.is_first(message) else None

    def offers_of(self, message: Message) -> list[Offer]:
        """All that `message` may give, by whichever of its variants."""
        return [offer for way in message.ways.values() if (offer := self.offer_of(way)) is not None]
