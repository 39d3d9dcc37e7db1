"""A few messages of a plan as their readers would see them, without saying more of a person than a first name."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any, TypedDict

import pyarrow as pa

from regulars.campaigns.desk import Desk
from regulars.campaigns.letters import BLANK
from regulars.campaigns.rendering import outgoing
from regulars.errors import RegularsError
from regulars.lang.model import Message
from regulars.people.engine import name as quoted

SAMPLES = 3
LINK = re.compile(r"(https?://[^/?\s]+)[/?]\S*")


class Sample(TypedDict):
    """One message as its reader would see it."""

    who: str
    """The id, the first name and an initial: `#10482 Ioana P.`"""
    channel: str
    language: str
    template: str
    variant: str
    """Empty where the message has one wording alone."""
    reads: str
    """The subject of an e-mail, or the text of an SMS; links are shortened, a code is `THISCODE` until it is drawn."""


def samples(desk: Desk, campaign: str, at: datetime, messages: pa.Table) -> list[Sample]:
    """Of `messages` (columns of the ledger's table) one in each language and one of each template, rendered."""
    snapshot, has = desk.snapshot(at), desk.rules.source.customer.mapped()
    first = "coalesce(s.first_name, '')" if "first_name" in has else "''"
    initial = "coalesce(left(trim(s.last_name), 1) || '.', '')" if "last_name" in has else "''"
    message = desk.campaign(campaign).messages[0]
    kinds = sum(len(way.template.steps) for way in message.ways.values())
    chosen = desk.arrow(
        f"""with one_each as (
              select distinct on (variant, template, language) * from messages where state = 'planned'
              order by variant, template, language, customer_id
            ), few as (
              select * from one_each
              qualify row_number() over (partition by language order by variant, template) = 1
                   or row_number() over (partition by variant, template order by language) = 1
            )
            select m.id, m.channel, m.language, m.template, m.variant, m.context,
                   '#' || m.customer_id || ' ' || {first} || ' ' || {initial} as who
            from few m
            left join {snapshot.relation} s on s.{quoted(snapshot.id_column)} = m.customer_id
            order by m.language, m.variant, m.template limit {SAMPLES + kinds - 1}""",
        messages=messages,
    ).to_pylist()
    return [
        {
            "who": " ".join(row["who"].split()),
            "channel": row["channel"],
            "language": row["language"],
            "template": row["template"],
            "variant": row["variant"],
            "reads": _reads(desk, campaign, message.said_as(row["variant"]), row),
        }
        for row in chosen
    ]


def _reads(desk: Desk, campaign: str, message: Message, row: dict[str, Any]) -> str:
    context = json.loads(row["context"])
    if context.get("offer"):
        context["offer"]["code"] = BLANK
    try:
        sent = outgoing(
            desk,
            campaign,
            message,
            template=row["template"],
            message_id=row["id"],
            channel=row["channel"],
            to="",
            language=row["language"],
            context=context,
        )
    except RegularsError as error:
        return f"(cannot be written: {error.sentence})"
    return LINK.sub(r"\1/…", " ".join((sent.subject or sent.text).split()))
