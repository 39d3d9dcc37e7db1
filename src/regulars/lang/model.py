"""The vocabulary: with `campaign.py`, the only place where a key of the language exists.

JSON Schemas, the reference pages and the messages about unknown keys all derive from these models. A key whose work
does not exist yet is not here, and therefore refused.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, model_validator

from regulars.lang.budget import Budget
from regulars.lang.campaign import Campaign, Conversion, Expect, ForEach, Limits, Message, Offer
from regulars.lang.goals import Goal
from regulars.lang.keys import BARE, Key, wrong
from regulars.lang.ladders import OTHERWISE, Step, Template, steps
from regulars.lang.scalars import Cap, Channel, Duration, Price, QuietHours, Share
from regulars.lang.timing import ApprovalLimit
from regulars.lang.written import Written

__all__ = [
    "CHANNELS", "NAME", "OTHER", "OTHERWISE", "Budget", "Campaign", "Consent", "Conversion", "CustomerColumns",
    "Expect", "ForEach", "Frequency", "Goal", "Guards", "Key", "Kind", "Limits", "LineColumns", "MentionColumns",
    "Message", "Offer", "OrderColumns", "Prices", "Programme", "Quiet", "Rules", "Segment", "Sender", "Shop", "Source",
    "Step", "Table", "Template", "Trait",
]  # fmt: skip  # a list of names

Kind = Literal["text", "number", "date", "time", "yes_no"]
"""What a column or an expression holds. `time` is a moment; `number` covers money."""

NAME = r"[a-z_][a-z0-9_]*"


def _bare(value: Any) -> Any:
    """A mapping, or one text that stands for its short form."""
    return {BARE: value} if isinstance(value, str) else value


def _members(value: Any) -> Any:
    """A mapping, or one condition: who takes part in a programme."""
    return {"members": value} if isinstance(value, str) else value


class Sender(Key):
    """Who the messages come from."""

    noun: ClassVar[str] = "a sender"

    email: Written = Field(description='the sender of e-mails: "Casa Verde <salut@casaverde.example>"')
    reply_to: Written | None = Field(None, description="where answers go")
    sms: Written | None = Field(None, description="the sender of text messages: up to 11 letters, or a number")


class Shop(Key):
    """The shop itself."""

    noun: ClassVar[str] = "the shop"

    name: Written = Field(description="what customers call the shop")
    currency: Written = Field(description="three letters, such as RON", pattern=None)
    timezone: Written = Field(description="an IANA name, such as Europe/Bucharest")
    languages: list[Written] = Field(
        min_length=1, description="the languages messages are written in; the first is the fallback"
    )
    sender: Sender = Field(alias="from", description="who the messages come from")
    address: Written = Field(description="the postal address that the law asks for in every e-mail")
    site: Written | None = Field(None, description="the shop's own web address, where buttons lead")
    team: dict[Written, Written] = Field(
        {}, description="name: e-mail address or phone number, of those who may get proofs and approve"
    )
    customer_for: Duration = Field(
        Duration(365, "day"),
        description="how long after an order somebody counts as a customer, in the loyalty figures",
    )

    @property
    def fallback(self) -> str:
        """The language of somebody whose own is not written."""
        return str(self.languages[0])


class Table(Key):
    """Where rows come from: a file, a glob of files, a table of the backend, or a query."""

    noun: ClassVar[str] = "a table"

    file: Written | None = Field(None, description="a CSV or Parquet file, or a glob of them")
    table: Written | None = Field(None, description="a table of the backend `connect` names")
    sql: Written | None = Field(None, description="a `select` on the backend; over files, it may name the other tables")
    customer: Written | None = Field(
        None, description="column: whose row it is; default: named as the id of `customers`"
    )
    at: Written | None = Field(None, description="column: when it happened; `last` counts by it")
    id: Written | None = Field(None, description="column: what makes it one row; `for_each` enters once for each")

    @model_validator(mode="after")
    def _one_origin(self) -> Table:
        if sum(value is not None for value in (self.file, self.table, self.sql)) != 1:
            origins = "A table comes from exactly one of `file`, `table` and `sql`."
            raise wrong("table-origin", origins, "write   orders: data/orders.csv       or keep one of the three")
        return self


def _table(value: Any) -> Any:
    """A bare word: a file where it looks like one, else a table of the backend."""
    if isinstance(value, str):
        looks_like_file = bool(re.search(r"[/*?]|\.(csv|parquet|tsv)(\.gz)?$", value, re.IGNORECASE))
        return {"file" if looks_like_file else "table": value}
    return value


class Consent(Key):
    """Columns that say whether a customer may be written to, channel by channel."""

    noun: ClassVar[str] = "`consent`"

    email: Written | None = Field(None, description="column: may be written to by e-mail")
    sms: Written | None = Field(None, description="column: may be written to by SMS")


class CustomerColumns(Key):
    """Which columns of `customers` mean what."""

    noun: ClassVar[str] = "`customer`"

    id: Written = Field(description="column: the customer's id")
    first_name: Written | None = Field(None, description="column")
    last_name: Written | None = Field(None, description="column")
    email: Written | None = Field(None, description="column")
    phone: Written | None = Field(None, description="column; any usual way of writing a number")
    country: Written | None = Field(None, description="column: two letters; reads phones written without a prefix")
    language: Written | None = Field(None, description="column: ro, ru, en …")
    timezone: Written | None = Field(None, description="column: an IANA name; empty means the shop's")
    birthday: Written | None = Field(None, description="column: a date")
    household: Written | None = Field(
        None, description="column: the same for people who live together, such as an address; nobody brings their own"
    )
    consent: Consent = Field(Consent(), description="columns of consent")

    def mapped(self) -> dict[str, str]:
        """Meaning → column, for those that are given (`consent` apart)."""
        names = (
            *("id", "first_name", "last_name", "email", "phone", "country", "language", "timezone", "birthday"),
            "household",
        )
        return {name: str(column) for name in names if (column := getattr(self, name)) is not None}


class OrderColumns(Key):
    """Which columns of `orders` mean what."""

    noun: ClassVar[str] = "`order`"

    id: Written = Field(description="column: the order's id")
    customer: Written = Field(description="column: whose order it is")
    at: Written = Field(description="column: when it was placed")
    amount: Written = Field(description="column: what was paid, in the shop's currency")
    code: Written | None = Field(None, description="column: the code the order carried")
    counts: Written | None = Field(None, description="a condition: only these orders count, everywhere")


class LineColumns(Key):
    """Which table has what was bought, product by product: the upsell ratio is counted from it."""

    noun: ClassVar[str] = "`line`"

    table: Written = Field(description="a table of `tables` with a `customer` and an `at`")
    type: Written = Field(description="column: the type of the product, such as its category")
    order: Written | None = Field(None, description="column: the order's id; without it lines of all orders count")


class MentionColumns(Key):
    """Which table has what is said about the shop elsewhere: brand mentions are counted from it."""

    noun: ClassVar[str] = "`mention`"

    table: Written = Field(description="a table of `tables` with an `at`")
    tone: Written | None = Field(None, description="column: how it speaks of the shop, such as good, bad, neutral")


class Source(Key):
    """The shop's own data: read only, where it is."""

    noun: ClassVar[str] = "`source`"

    connect: Written = Field(
        Written("duckdb://"), description="an Ibis URL; duckdb:// reads files. `${NAME}` is taken from the environment"
    )
    timezone: Written | None = Field(None, description="what times without a zone mean; default: the shop's zone")
    tables: dict[Written, Annotated[Table, BeforeValidator(_table)]] = Field(
        description="the tables, `customers` and `orders` among them"
    )
    customer: CustomerColumns = Field(description="which columns of `customers` mean what")
    order: OrderColumns = Field(description="which columns of `orders` mean what")
    line: LineColumns | None = Field(None, description="which table has the products of orders")
    mention: MentionColumns | None = Field(None, description="which table has what is said about the shop")
    types: dict[Written, Kind] = Field(
        {}, description="column: text, number, date, time or yes_no, where guessing is not enough"
    )


class Trait(Key):
    """Something that is counted or computed for every customer: over a table, or from other traits."""

    noun: ClassVar[str] = "a trait"

    expression: Written | None = Field(None, alias=BARE, description="an expression over other traits")
    table: Written | None = Field(None, alias="from", description="the table whose rows are counted")
    value: Written | None = Field(None, description="an aggregate: count(*), sum(total), max(ordered_at) …")
    where: Written | None = Field(None, description="only the rows for which this holds")
    last: Duration | None = Field(None, description="only the rows of this length of time before today")

    @model_validator(mode="after")
    def _one_form(self) -> Trait:
        if self.expression is None and (self.table is None or self.value is None):
            lacking = "from" if self.table is None else "value"
            raise wrong("trait-form", f"This trait has no `{lacking}`.", _TRAIT_FORMS)
        return self


_TRAIT_FORMS = "a trait is `{from: TABLE, value: AGGREGATE}`, or an expression over other traits"


class Segment(Key):
    """A ladder that gives everybody exactly one value, or one condition that is in or out."""

    noun: ClassVar[str] = "a segment"

    condition: Written | None = Field(None, alias=BARE, description="a condition: in or out")
    steps: list[Step] = Field([], description="the steps, in order; the first that holds gives the value")

    @property
    def values(self) -> list[str]:
        """The values somebody can have, in the order of the steps; empty for a plain condition."""
        return [str(step.name) for step in self.steps]


class Frequency(Key):
    """How many messages a customer may get, by calendar days of the customer."""

    noun: ClassVar[str] = "`frequency`"

    any: Cap | None = Field(None, description="over all channels")
    email: Cap | None = Field(None, description="by e-mail")
    sms: Cap | None = Field(None, description="by SMS")


class Quiet(Key):
    """When nothing may arrive, by the customer's clock."""

    noun: ClassVar[str] = "`quiet_hours`"

    email: QuietHours | None = Field(None, description="for e-mail")
    sms: QuietHours | None = Field(None, description="for SMS")


class Guards(Key):
    """What holds for every campaign."""

    noun: ClassVar[str] = "`guards`"

    frequency: Frequency = Field(Frequency(), description="caps by channel, and `any`")
    quiet_hours: Quiet = Field(Quiet(), description="hours by channel")
    holdout: Share = Field(Share(0.0), description="the share of customers who never hear from us, to measure by")
    double_opt_in: list[Literal["email"]] = Field(
        [], description="`[email]`: whoever has not confirmed the address by a link gets services alone"
    )
    first: list[Written] = Field([], description="campaigns in the order they go when a person may get only one")
    approval: ApprovalLimit | None = Field(
        None, description="`over 1000`: a plan that would reach more people waits for `regulars approve`"
    )
    budget: Budget | None = Field(
        None, description="how much the offers of all campaigns together may give away, and in what time"
    )


class Programme(Key):
    """A loyalty programme: points, referral, a membership."""

    noun: ClassVar[str] = "a programme"

    members: Written = Field(description="a condition: who takes part")
    issued: Written | None = Field(None, description="a trait: how much somebody was given, such as points")
    redeemed: Written | None = Field(None, description="a trait: how much of it they used")


OTHER = "other"
"""In `prices.sms`: every country that is not named."""


class Prices(Key):
    """What sending costs."""

    noun: ClassVar[str] = "`prices`"

    sms: dict[Written, Price] = Field(
        {}, description="per part of a text message, in the shop's currency, by country (two letters, or `other`)"
    )


class Rules(Key):
    """`rules.yaml`: who is who."""

    noun: ClassVar[str] = "rules.yaml"

    shop: Shop = Field(description="the shop itself")
    source: Source = Field(description="where the data is")
    traits: dict[Written, Annotated[Trait, BeforeValidator(_bare)]] = Field(
        {}, description="what is counted for every customer"
    )
    segments: dict[Written, Annotated[Segment, BeforeValidator(steps)]] = Field(
        {}, description="ladders, or plain conditions"
    )
    audiences: dict[Written, Written] = Field({}, description="conditions with a name")
    guards: Guards = Field(Guards(), description="what holds for every campaign")
    prices: Prices = Field(Prices(), description="what sending costs")
    programmes: dict[Written, Annotated[Programme, BeforeValidator(_members)]] = Field(
        {}, description="loyalty programmes and who takes part: `points: points_left > 0`"
    )
    goals: dict[Written, Goal] = Field({}, description="figures of the report, and where they are to stand by when")

    def all_segments(self) -> dict[str, Segment]:
        """Segments and audiences by name; an audience is a segment with one condition."""
        named = {str(name): segment for name, segment in self.segments.items()}
        return named | {str(name): Segment(condition=text) for name, text in self.audiences.items()}


CHANNELS: tuple[Channel, ...] = ("email", "sms")
