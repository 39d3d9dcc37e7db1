"""What a plan would cost: segments of text messages and their price, and what the codes give away."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from decimal import Decimal
from typing import TypedDict
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from regulars.campaigns.desk import Desk
from regulars.campaigns.offers import said
from regulars.campaigns.rendering import outgoing
from regulars.errors import RegularsError
from regulars.lang.model import Message
from regulars.ledger import usual

COUNTED_TEXTS = 20_000
"""Text messages that are rendered to count their segments; beyond, the rest is counted like these."""
OTHER = "other"
"""In `prices.sms`: every country without a price of its own."""


class Cost(TypedDict):
    """What a provider charges for."""

    sms_segments: int
    as_written: int
    """Segments if all letters stayed as they are written."""
    with_plain_letters: int
    """Segments if ă â î ș ț went out as a a i s t (`plain_letters`)."""
    encodings: dict[str, int]
    """`GSM-7`, `UCS-2` → texts."""
    rendered: int
    """How many texts were counted; the others are taken to be like them."""
    money: str
    """Decimal, the shop's currency, by `prices.sms`; empty where there is no table, or not for all countries."""
    unpriced: dict[str, int]
    """Country → segments that have no price, where there is a table."""


class Liability(TypedDict):
    """What the codes would give away."""

    codes: int
    if_all_redeem: str
    """Decimal, the shop's currency: amounts as they are, percentages of the shop's average order; gifts and free
    deliveries, whose worth only the shop knows, as nothing."""
    by_value: dict[str, int]
    """`10 %`, `25 RON`, `free delivery`, `gift CEAI-TEI` → codes."""


class Promised(Liability):
    """The same of codes that a plan would give, and what is to be expected of them."""

    share: float | None
    """The share of codes that were used, of those whose time is over: this campaign's where there are enough of them,
    else the shop's; None: none is over yet."""
    as_usual: str
    """`if_all_redeem` times that share; empty without it."""
    until: list[str]
    """The first and the last moment at which a code ends (ISO, the shop's clock); one where all end together."""


def cost(desk: Desk, campaign: str, message: Message, messages: pa.Table) -> Cost:
    """Segments of the text messages among `messages` (columns of the ledger's table), counted on the rendered text."""
    from regulars.people.addresses import country_of
    from regulars.words.sms import plain_letters, segments

    written = {way: said.model_copy(update={"plain_letters": False}) for way, said in message.ways.items()}
    texts = messages.filter(pc.and_(pc.equal(messages["channel"], "sms"), pc.equal(messages["state"], "planned")))
    encodings, by_country, rendered = Counter[str](), Counter[str](), 0
    ways = Counter[bool]()
    for row in texts.slice(0, COUNTED_TEXTS).to_pylist():
        try:
            text = _text(desk, campaign, written[row["variant"]], row)
        except RegularsError:
            continue  # a run would find it dead; `samples` says why
        either = {False: segments(text), True: segments(plain_letters(text))}
        ways.update({plain: one.segments for plain, one in either.items()})
        counted = either[message.plain_letters]
        rendered += 1
        encodings[counted.encoding] += 1
        by_country[country_of(row["address"])] += counted.segments
    scale = Decimal(texts.num_rows) / rendered if rendered else Decimal(1)
    in_all = {country: round(number * scale) for country, number in by_country.items()}
    return {
        "sms_segments": round(by_country.total() * scale),
        "as_written": round(ways[False] * scale),
        "with_plain_letters": round(ways[True] * scale),
        "encodings": dict(encodings),
        "rendered": rendered,
        **_priced(desk, in_all),
    }


def _text(desk: Desk, campaign: str, message: Message, row: dict[str, str]) -> str:
    sent = outgoing(
        desk, campaign, message, template=row["template"], message_id=row["id"], channel="sms", to="",
        language=row["language"], context=row["context"],
    )  # fmt: skip
    return sent.text


class _Priced(TypedDict):
    money: str
    unpriced: dict[str, int]


def _priced(desk: Desk, by_country: dict[str, int]) -> _Priced:
    prices = {str(country).upper(): price.value for country, price in desk.rules.prices.sms.items()}
    if not prices:
        return {"money": "", "unpriced": {}}
    other = prices.get(OTHER.upper())
    unpriced = {country: number for country, number in by_country.items() if prices.get(country, other) is None}
    total = sum(
        ((prices.get(country, other) or Decimal(0)) * number for country, number in by_country.items()), Decimal(0)
    )
    return {"money": f"{total:.2f}", "unpriced": unpriced}


def liability(desk: Desk, codes: pa.Table, at: datetime) -> Liability:
    """What `codes` (columns of the ledger's table) would cost if everybody used theirs once."""
    if codes.num_rows == 0:
        return {"codes": 0, "if_all_redeem": "0.00", "by_value": {}}
    counted = "select kind, value, gift, count(*) as number from codes group by all order by all"
    values = desk.arrow(counted, codes=codes).to_pylist()
    percent = any(row["kind"] == "percent" for row in values)
    average = desk.order_totals(at).average_order if percent else Decimal(0)
    total = sum(
        (row["number"] * (row["value"] if row["kind"] == "amount" else average * row["value"] / 100) for row in values),
        Decimal(0),
    )
    currency = str(desk.rules.shop.currency)
    by_value = {said(row["kind"], row["value"], row["gift"], currency): row["number"] for row in values}
    return {"codes": codes.num_rows, "if_all_redeem": f"{total:.2f}", "by_value": by_value}


def promised(desk: Desk, campaign: str, codes: pa.Table, at: datetime) -> Promised:
    """What the codes that `campaign` would give cost if all were used, and if as many as usual; and until when."""
    worth = liability(desk, codes, at)
    if not worth["codes"]:
        return {**worth, "share": None, "as_usual": "", "until": []}
    share = usual.redeemed(desk.ledger, desk.names_of(campaign), at).fraction
    ends, zone = pc.min_max(codes["valid_until"]).as_py(), ZoneInfo(desk.zone)
    return {
        **worth,
        "share": share,
        "as_usual": f"{Decimal(worth['if_all_redeem']) * Decimal(str(share)):.2f}" if share is not None else "",
        "until": [moment.astimezone(zone).isoformat() for moment in dict.fromkeys((ends["min"], ends["max"]))],
    }
