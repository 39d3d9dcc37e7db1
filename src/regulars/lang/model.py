"""The vocabulary: the only place where a key of the language exists.

JSON Schemas, the reference pages and the messages about unknown keys all derive from these models. A key whose work
does not exist yet is not here, and therefore refused.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from regulars.lang.scalars import (
    Cap,
    Channel,
    Duration,
    Money,
    QuietHours,
    Repeat,
    Schedule,
    Send,
    Share,
    Until,
)
from regulars.lang.written import Written

Kind = Literal["text", "number", "date", "time", "yes_no"]
"""What a column or an expression holds. `time` is a moment; `number` covers money."""

OTHERWISE = "otherwise"
NAME = r"[a-z_][a-z0-9_]*"


def _bare(key: str) -> Any:
    """A mapping, or one text standing for `{key: text}`."""
    return BeforeValidator(lambda value: {key: value} if isinstance(value, str) else value)


def _steps(value: Any) -> Any:
    """A ladder: one condition, or a list of single-entry mappings."""
    if isinstance(value, str):
        return {"condition": value}
    if isinstance(value, list):
        if not all(isinstance(step, dict) and len(step) == 1 for step in value):
            raise PydanticCustomError("ladder", "each step of a ladder is `- name: condition`, one a line")
        return {"steps": [{"name": name, "condition": text} for step in value for name, text in step.items()]}
    return value


def _offer_words(value: Any) -> Any:
    return [value] if isinstance(value, (int, float, str)) else value


class Key(BaseModel):
    """What every mapping of the language has in common: unknown keys are errors, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, arbitrary_types_allowed=True)


class Sender(Key):
    """Who the messages come from."""

    email: Written = Field(description='the sender of e-mails: "Casa Verde <salut@casaverde.example>"')
    reply_to: Written | None = Field(None, description="where answers go")
    sms: Written | None = Field(None, description="the sender of text messages: up to 11 letters, or a number")


class Shop(Key):
    """The shop itself."""

    name: Written = Field(description="what customers call the shop")
    currency: Written = Field(description="three letters, such as RON", pattern=None)
    timezone: Written = Field(description="an IANA name, such as Europe/Bucharest")
    languages: list[Written] = Field(min_length=1, description="the languages messages are written in; the first is the fallback")
    sender: Sender = Field(alias="from", description="who the messages come from")
    address: Written = Field(description="the postal address that the law asks for in every e-mail")
    site: Written | None = Field(None, description="the shop's own web address, where buttons lead")

    @property
    def fallback(self) -> str:
        """The language of somebody whose own is not written."""
        return str(self.languages[0])


class Table(Key):
    """Where rows come from: a file, a glob of files, a table of the backend, or a query."""

    file: Written | None = Field(None, description="a CSV or Parquet file, or a glob of them")
    table: Written | None = Field(None, description="a table of the backend `connect` names")
    sql: Written | None = Field(None, description="a `select` on the backend; over files, it may name the other tables")
    customer: Written | None = Field(None, description="column: whose row it is; default: named as the id of `customers`")
    at: Written | None = Field(None, description="column: when it happened; `last` counts by it")

    @model_validator(mode="after")
    def _one_origin(self) -> Table:
        if sum(value is not None for value in (self.file, self.table, self.sql)) != 1:
            raise PydanticCustomError("table-origin", "a table comes from exactly one of `file`, `table` and `sql`")
        return self


def _table(value: Any) -> Any:
    """A bare word: a file where it looks like one, else a table of the backend."""
    if isinstance(value, str):
        looks_like_file = bool(re.search(r"[/*?]|\.(csv|parquet|tsv)(\.gz)?$", value, re.IGNORECASE))
        return {"file" if looks_like_file else "table": value}
    return value


class Consent(Key):
    """Columns that say whether a customer may be written to, channel by channel."""

    email: Written | None = Field(None, description="column: may be written to by e-mail")
    sms: Written | None = Field(None, description="column: may be written to by SMS")


class CustomerColumns(Key):
    """Which columns of `customers` mean what."""

    id: Written = Field(description="column: the customer's id")
    first_name: Written | None = Field(None, description="column")
    last_name: Written | None = Field(None, description="column")
    email: Written | None = Field(None, description="column")
    phone: Written | None = Field(None, description="column; any usual way of writing a number")
    country: Written | None = Field(None, description="column: two letters; reads phones written without a prefix")
    language: Written | None = Field(None, description="column: ro, ru, en …")
    timezone: Written | None = Field(None, description="column: an IANA name; empty means the shop's")
    birthday: Written | None = Field(None, description="column: a date")
    consent: Consent = Field(Consent(), description="columns of consent")  # type: ignore[call-arg]

    def mapped(self) -> dict[str, str]:
        """Meaning → column, for those that are given (`consent` apart)."""
        names = ("id", "first_name", "last_name", "email", "phone", "country", "language", "timezone", "birthday")
        return {name: str(column) for name in names if (column := getattr(self, name)) is not None}


class OrderColumns(Key):
    """Which columns of `orders` mean what."""

    id: Written = Field(description="column: the order's id")
    customer: Written = Field(description="column: whose order it is")
    at: Written = Field(description="column: when it was placed")
    amount: Written = Field(description="column: what was paid, in the shop's currency")
    code: Written | None = Field(None, description="column: the code the order carried")
    counts: Written | None = Field(None, description="a condition: only these orders count, everywhere")


class Source(Key):
    """The shop's own data: read only, where it is."""

    connect: Written = Field(Written("duckdb://"), description="an Ibis URL; duckdb:// reads files. `${NAME}` is taken from the environment")
    timezone: Written | None = Field(None, description="what times without a zone mean; default: the shop's zone")
    tables: dict[Written, Annotated[Table, BeforeValidator(_table)]] = Field(description="the tables, `customers` and `orders` among them")
    customer: CustomerColumns = Field(description="which columns of `customers` mean what")
    order: OrderColumns = Field(description="which columns of `orders` mean what")
    types: dict[Written, Kind] = Field({}, description="column: text, number, date, time or yes_no, where guessing is not enough")


class Trait(Key):
    """Something that is counted or computed for every customer: over a table, or from other traits."""

    expression: Written | None = Field(None, description="an expression over other traits")
    table: Written | None = Field(None, alias="from", description="the table whose rows are counted")
    value: Written | None = Field(None, description="an aggregate: count(*), sum(total), max(ordered_at) …")
    where: Written | None = Field(None, description="only the rows for which this holds")
    last: Duration | None = Field(None, description="only the rows of this length of time before today")

    @model_validator(mode="after")
    def _one_form(self) -> Trait:
        if self.expression is None and (self.table is None or self.value is None):
            raise PydanticCustomError("trait-form", "a trait is `{from: TABLE, value: AGGREGATE}`, or an expression over traits")
        if self.expression is not None and any((self.table, self.value, self.where, self.last)):
            raise PydanticCustomError("trait-form", "a trait has either `expression` or `from` and `value`, not both")
        return self


class Step(Key):
    """One step of a ladder."""

    name: Written
    condition: Written

    @property
    def otherwise(self) -> bool:
        """Whether this step takes everybody who is left."""
        return self.condition.strip().lower() == OTHERWISE


class Segment(Key):
    """A ladder that gives everybody exactly one value, or one condition that is in or out."""

    condition: Written | None = None
    steps: list[Step] = []

    @property
    def values(self) -> list[str]:
        """The values somebody can have, in the order of the steps; empty for a plain condition."""
        return [str(step.name) for step in self.steps]


class Frequency(Key):
    """How many messages a customer may get, by calendar days of the customer."""

    any: Cap | None = Field(None, description="over all channels")
    email: Cap | None = Field(None, description="by e-mail")
    sms: Cap | None = Field(None, description="by SMS")


class Quiet(Key):
    """When nothing may arrive, by the customer's clock."""

    email: QuietHours | None = Field(None, description="for e-mail")
    sms: QuietHours | None = Field(None, description="for SMS")


class Guards(Key):
    """What holds for every campaign."""

    frequency: Frequency = Field(Frequency(), description="caps by channel, and `any`")  # type: ignore[call-arg]
    quiet_hours: Quiet = Field(Quiet(), description="hours by channel")  # type: ignore[call-arg]
    holdout: Share = Field(Share(0.0), description="the share of customers who never hear from us, to measure by")
    first: list[Written] = Field([], description="campaigns in the order they go when a person may get only one")


class Rules(Key):
    """`rules.yaml`: who is who."""

    shop: Shop = Field(description="the shop itself")
    source: Source = Field(description="where the data is")
    traits: dict[Written, Annotated[Trait, _bare("expression")]] = Field({}, description="what is counted for every customer")
    segments: dict[Written, Annotated[Segment, BeforeValidator(_steps)]] = Field({}, description="ladders, or plain conditions")
    audiences: dict[Written, Written] = Field({}, description="conditions with a name")
    guards: Guards = Field(Guards(), description="what holds for every campaign")  # type: ignore[call-arg]

    def all_segments(self) -> dict[str, Segment]:
        """Segments and audiences by name; an audience is a segment with one condition."""
        named = {str(name): segment for name, segment in self.segments.items()}
        return named | {str(name): Segment(condition=text) for name, text in self.audiences.items()}


class Offer(Key):
    """What a message gives. One of `percent` and `amount`."""

    percent: Money | None = Field(None, description="a reduction in per cent")
    amount: Money | None = Field(None, description="a reduction in the shop's currency")
    valid: Duration | None = Field(None, description="how long, from sending; ends at 24:00 of the last day")
    until: Until | None = Field(None, description="the moment it ends")
    next_time: Annotated[list[Money], BeforeValidator(_offer_words)] = Field([], description="the value after an entry that did not work, then after two …")

    @model_validator(mode="after")
    def _one_value(self) -> Offer:
        if (self.percent is None) == (self.amount is None):
            raise PydanticCustomError("offer-value", "an offer is exactly one of `percent` and `amount`")
        if (self.valid is None) == (self.until is None):
            raise PydanticCustomError("offer-end", "an offer ends: say `valid: 14 days` or `until: 2026-11-27 24:00`")
        if self.percent and any(step.value > 100 for step in (self.percent, *self.next_time)):
            raise PydanticCustomError("offer-value", "more than 100 per cent cannot be given")
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

    name: Written = Field(Written(""), description="what it is called; default: the last part of its template's name")
    send: Send = Field(description="the channel, or the first of two that can reach the customer")
    template: Written = Field(description="the words: templates/NAME.LANGUAGE.html, .txt and .sms")
    subject: Annotated[dict[Written, Written], BeforeValidator(_per_language)] = Field({}, description="one text, or one per language; with `{{ … }}`")
    after: Duration | None = Field(None, description="since the message above was due")
    when: Written | None = Field(None, description="a condition, looked up when it is due; else this message is left out")
    offer: Offer | None = Field(None, description="what this message gives; default: the campaign's")

    @model_validator(mode="before")
    @classmethod
    def _name_from_template(cls, value: Any) -> Any:
        if isinstance(value, dict) and not value.get("name") and isinstance(value.get("template"), str):
            template = value["template"]
            position = getattr(template, "position", None)
            name = str(template).rsplit("/", 1)[-1]
            return {**value, "name": Written(name, position) if position else Written(name)}
        return value

    def subject_in(self, language: str, fallback: str) -> str:
        """The subject's template text in `language`, else in `fallback`, else the one for all; empty: the template's."""
        for key in (language, fallback, ""):
            if text := self.subject.get(Written(key)):
                return str(text)
        return ""


class Limits(Key):
    """A range that stops a run when it is left."""

    max: int | None = Field(None, ge=0, description="more than this stops the run")
    min: int | None = Field(None, ge=0, description="fewer than this stops the run")


class Expect(Key):
    """What the author expects of a run; anything else stops it before something is sent."""

    audience: Limits | None = Field(None, description="people in the audience")
    send: Limits | None = Field(None, description="people who would get a message")


class Conversion(Key):
    """What counts as success."""

    of: Literal["order", "referral"] = Field("order", description="an order of theirs, or a friend's first order that carries their code")
    within: Duration = Field(Duration(14, "day"), description="from entering, for both arms")


class Campaign(Key):
    """A file in `campaigns/`: who gets what, when."""

    title: Written = Field(description="what people call it")
    status: Literal["draft", "live", "paused"] = Field("draft", description="draft: nothing leaves")
    audience: Written = Field(description="a condition: who")
    schedule: Schedule = Field(description="when")
    repeat: Repeat = Field(Repeat("once"), description="when somebody may enter again")
    exit: Written | None = Field(None, description="a condition, looked up just before each send; `ordered`: any order since they entered")
    send_within: Duration = Field(Duration(1, "day"), description="later than this: not at all")
    enrich: list[Any] = Field([], description="the shop's own steps: [recommend: {limit: 3}]")
    messages: list[Message] = Field(min_length=1, description="what is sent, in order")
    offer: Offer | None = Field(None, description="what messages without an offer of their own give")
    holdout: Share = Field(Share(0.0), description="the share who get nothing, to measure by")
    conversion: Conversion = Field(Conversion(), description="what counts as success")  # type: ignore[call-arg]
    expect: Expect = Field(Expect(), description="limits that stop a run")  # type: ignore[call-arg]

    @model_validator(mode="after")
    def _names_differ(self) -> Campaign:
        names = [str(message.name) for message in self.messages]
        if len(set(names)) != len(names):
            raise PydanticCustomError("same-name", "two messages of a campaign cannot have the same `name`")
        if self.messages[0].after is not None:
            raise PydanticCustomError("first-after", "the first message has nothing above it to come `after`")
        return self

    def offer_of(self, message: Message) -> Offer | None:
        """The offer that `message` gives, new or inherited from the campaign (for the first message only)."""
        if message.offer is not None:
            return message.offer
        return self.offer if message is self.messages[0] else None


CHANNELS: tuple[Channel, ...] = ("email", "sms")
