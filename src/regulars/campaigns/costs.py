"""What a plan would cost: segments of text messages, and what the codes give away."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TypedDict

import pyarrow as pa
import pyarrow.compute as pc

from regulars.campaigns.desk import Desk
from regulars.campaigns.offers import said
from regulars.campaigns.rendering import outgoing
from regulars.errors import RegularsError
from regulars.lang.model import Message

COUNTED_TEXTS = 20_000
"""Text messages that are rendered to count their segments; beyond, the rest is counted like these."""


class Cost(TypedDict):
    """What a provider charges for."""

    sms_segments: int
    encodings: dict[str, int]
    """`GSM-7`, `UCS-2` → texts."""
    rendered: int
    """How many texts were counted; the others are taken to be like them."""


class Liability(TypedDict):
    """What the codes would give away."""

    codes: int
    if_all_redeem: str
    """Decimal, the shop's currency: amounts as they are, percentages of the shop's average order; gifts and free
    deliveries, whose worth only the shop knows, as nothing."""
    by_value: dict[str, int]
    """`10 %`, `25 RON`, `free delivery`, `gift CEAI-TEI` → codes."""


def cost(desk: Desk, campaign: str, message: Message, messages: pa.Table) -> Cost:
    """Segments of the text messages among `messages` (columns of the ledger's table), counted on the rendered text."""
    from regulars.words.sms import segments

    texts = messages.filter(pc.and_(pc.equal(messages["channel"], "sms"), pc.equal(messages["state"], "planned")))
    total, encodings, rendered = 0, dict[str, int](), 0
    for row in texts.slice(0, COUNTED_TEXTS).select(["id", "language", "template", "context"]).to_pylist():
        try:
            text = outgoing(
                desk,
                campaign,
                message,
                template=row["template"],
                message_id=row["id"],
                channel="sms",
                to="",
                language=row["language"],
                context=row["context"],
            ).text
        except RegularsError:
            continue  # a run would find it dead; `samples` says why
        counted = segments(text)
        total, rendered = total + counted.segments, rendered + 1
        encodings[counted.encoding] = encodings.get(counted.encoding, 0) + 1
    scale = texts.num_rows / rendered if rendered else 1
    return {"sms_segments": round(total * scale), "encodings": encodings, "rendered": rendered}


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
