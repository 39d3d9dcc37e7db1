"""Preview: any message of a campaign as any customer would see it. Nothing is written to the ledger."""

from __future__ import annotations

from datetime import date, datetime
from itertools import product
from pathlib import Path
from typing import Any

import pyarrow as pa

from regulars.campaigns import calendar, dated
from regulars.campaigns.desk import Desk
from regulars.campaigns.inside import newest_rows, row_columns
from regulars.campaigns.letters import BLANK, OWN_CODE, Letters
from regulars.campaigns.reach import Reach
from regulars.campaigns.rendering import outgoing
from regulars.campaigns.running import enriched
from regulars.campaigns.select import Selector
from regulars.campaigns.whom import find
from regulars.errors import ProjectError, WrongUse
from regulars.lang.campaign import DATE
from regulars.lang.model import Message
from regulars.lang.surveys import ANSWER
from regulars.people.engine import name as quoted
from regulars.people.engine import text
from regulars.people.snapshot import Snapshot
from regulars.words.sources import FOLDER


def preview(
    desk: Desk, campaign: str, who: str, at: datetime, *, message: str = "", language: str = ""
) -> list[dict[str, str]]:
    """Render the messages of `campaign` for a customer (id or address; empty: somebody who would get it).

    Of a ladder of templates a customer who is named sees their own, anybody else all. Where the campaign walks rows it
    is about their newest one; words that are written for one day are those of the next run.

    Returns, for each message, variant and channel it may take: message, variant, template, channel, language, reads
    (the subject, or the text), segments (of a text message; empty for an e-mail) and path (of an .html or .txt file in
    `.regulars/preview`). Of variants a customer who is named sees their own.
    """
    wanted, customer = wanted_messages(desk, campaign, message), shown_to(desk, campaign, who, at)
    return [
        shown
        for one in wanted
        for variant, way in ways_shown(desk, campaign, one, who and customer, at).items()
        for shown in _message(desk, campaign, (variant, way), (customer, language), at, every=not who)
    ]


def ways_shown(desk: Desk, campaign: str, message: Message, customer: str, at: datetime) -> dict[str, Message]:
    """The wordings of a message: the one that `customer` would get, or all where nobody is named."""
    if not customer or not message.variants:
        return message.ways
    snapshot, reach = desk.snapshot(at), Reach(desk, campaign, message, at)
    key = f"{quoted(snapshot.id_column)} = {text(customer)}"
    rows = newest_rows(desk, campaign, at, customer) if desk.campaign(campaign).row else ""
    about = f", (select * exclude (customer_id) from {rows})" if rows else ""
    asked = f"select {reach.wordings.variant} from {snapshot.relation}{about} where {key}"
    row = desk.connection.execute(asked).fetchone()
    return {str(row[0]): message.said_as(str(row[0]))} if row else message.ways


def wanted_messages(desk: Desk, campaign: str, message: str) -> list[Message]:
    """The messages of a campaign, or the one called `message`; raises WrongUse where there is none."""
    described = desk.campaign(campaign)
    wanted = [one for one in described.messages if message in ("", str(one.name))]
    if not wanted:
        raise WrongUse(
            f"`{campaign}` has no message `{message}`.",
            f"It has: {', '.join(str(one.name) for one in described.messages)}.",
        )
    return wanted


def shown_to(desk: Desk, campaign: str, who: str, at: datetime) -> str:
    """The id of the customer `who` (id or address); empty: of somebody who would get it."""
    return find(desk, who)[0].customer if who else _somebody(desk, campaign, at)


def _somebody(desk: Desk, campaign: str, at: datetime) -> str:
    """The first customer who would get it, else the first of the audience, else the first of all."""
    snapshot = desk.snapshot(at)
    table = Selector(desk, campaign, at, arbitrate=False).run(snapshot, "regulars_previewed")
    row = desk.connection.execute(
        f"select customer_id from {table} order by reason is not null, customer_id limit 1"
    ).fetchone()
    if row is None:
        everybody = f"select {quoted(snapshot.id_column)} as customer_id from {snapshot.relation}"
        row = desk.connection.execute(
            f"select customer_id from {newest_rows(desk, campaign, at) or f'({everybody})'} order by 1 limit 1"
        ).fetchone()
    if row is None:
        raise ProjectError("There is nobody to show it for.", "`regulars segments` counts the customers.")
    return str(row[0])


def _message(
    desk: Desk, campaign: str, said: tuple[str, Message], person: tuple[str, str], at: datetime, *, every: bool
) -> list[dict[str, str]]:
    """One message, as one variant says it, for `person` (id, the language asked for or none).

    By each channel and template it may take.
    """
    (variant, message), (customer, language) = said, person
    row, shown = outbox_row(desk, campaign, message, customer, at, named=not every), []
    templates = dated.templates(desk, message, (day_shown(desk, campaign, at),)) if every else [row["template"]]
    for template, channel in product(templates, message.send.channels):
        spoken = desk.words_of(campaign).language(template, channel, language or row["language"])
        if spoken is None:
            continue
        sent = outgoing(
            desk, campaign, message, template=template, message_id=row["id"], channel=channel, to="",
            language=spoken, context=row["context"],
        )  # fmt: skip
        step = f"-{variant}" if variant else ""
        step += f"-{template.replace('/', '-')}" if len(templates) > 1 else ""
        path = _write(
            desk, f"{campaign}-{message.name}{step}-{channel}-{spoken}", sent.html or sent.text, html=bool(sent.html)
        )
        shown.append(
            {
                "message": str(message.name),
                "variant": variant,
                "template": template,
                "channel": channel,
                "language": spoken,
                "reads": " ".join((sent.subject or sent.text).split()),
                "segments": _segments(message, sent.text) if channel == "sms" else "",
                "path": str(path),
            }
        )
    if not shown:
        raise ProjectError(
            f"There are no words to show for `{message.name}`.", f"Write {FOLDER}/{templates[0]}.LANGUAGE.html."
        )
    return shown


def _segments(message: Message, sent: str) -> str:
    """`1 segment`, `3 segments, 1 with plain letters`."""
    from regulars.words.sms import plain_letters, segments

    now, plain = segments(sent).segments, segments(plain_letters(sent)).segments
    told = f"{now} segment{'s' if now != 1 else ''}"
    if message.plain_letters:
        return f"{told}, with plain letters"
    return told if plain == now else f"{told}, {plain} with plain letters"


def day_shown(desk: Desk, campaign: str, at: datetime) -> date:
    """The day of a template with `{date}`: the next one on which the campaign runs."""
    today = desk.day(at)
    return calendar.next_day(desk.campaign(campaign).schedule, today) or today


def outbox_row(
    desk: Desk, campaign: str, message: Message, customer: str, at: datetime, *, named: bool
) -> dict[str, Any]:
    """The row that the outbox would hold. Who is not `named` stands for all: `unless` leaves out nobody's offer."""
    day = day_shown(desk, campaign, at)
    snapshot, letters = desk.snapshot(at), Letters(desk, campaign, message, (day,))
    reach = Reach(desk, campaign, message, at, inside=True)
    template, off = reach.template, reach.without_offer if named else "false"
    columns = {row[0] for row in desk.connection.execute(f"describe select * from {snapshot.relation}").fetchall()}
    language = "coalesce(s.language, '')" if "language" in columns else "''"
    key, moment = f"s.{quoted(snapshot.id_column)}", f"timestamptz {text(at.isoformat())}"
    rows = newest_rows(desk, campaign, at, customer)
    about = f"join (select customer_id as of_whom, * exclude (customer_id) from {rows}) r on r.of_whom = {key}"
    own = [*letters.row_columns(row_columns(desk, campaign)), *(["rows"] if letters.reads_rows else [])]
    everybody = _unanswered(desk, campaign, message, snapshot, columns)
    person = desk.arrow(
        f"""select {key} as customer_id, '' as enrolment_id, {text(desk.zone)} as zone, '' as channel,
                   {language} as language, replace({template}, {text(DATE)}, {text(day.isoformat())}) as template,
                   '' as address, {off} as offer_off, 0 as offer_step, {moment} as due_at, {moment} as not_before,
                   {moment} as expires_at, {text(desk.day(at).isoformat())} as local_day, true as when_holds
                   {letters.customer_columns("s", columns)}{"".join(f", r.{quoted(one)}" for one in own)}
            from {everybody} s {about if rows else ""} where {key} = {text(customer)}"""
    )
    if person.num_rows == 0:
        raise ProjectError(
            f"`{campaign}` is about rows, and #{customer} has none.",
            "Take somebody who has one, or leave `--customer` out.",
        )
    person = enriched(desk, desk.campaign(campaign), campaign, person, letters, at)
    if "referral" in letters.reads:
        person = person.append_column(OWN_CODE, pa.array([BLANK], pa.string()))
    person = _with_offer_above(desk, campaign, message, person)
    found: dict[str, Any] = letters.build(person, at)[0].to_pylist()[0]
    return found


def _unanswered(desk: Desk, campaign: str, message: Message, snapshot: Snapshot, columns: set[str]) -> str:
    """The relation of the snapshot; below a survey with the answer that nobody has given yet."""
    if desk.campaign(campaign).asks_above(message) is None:
        return snapshot.relation
    hidden = f" exclude ({ANSWER})" if ANSWER in columns else ""
    return f"(select *{hidden}, cast(null as double) as {ANSWER} from {snapshot.relation})"


def _with_offer_above(desk: Desk, campaign: str, message: Message, person: pa.Table) -> pa.Table:
    """A later message shows the offer of the entry: here, the first step of the one above it."""
    described = desk.campaign(campaign)
    above = described.up_to(message)[:-1]
    offers = [offer for one in above for offer in described.offers_of(one)[:1]]
    if described.offer_of(message) or not offers:
        return person
    from regulars.campaigns.offers import Terms

    terms = Terms(offers[-1], desk.zone)
    return desk.arrow(
        f"""select *, {text(offers[-1].kind)} as old_kind, cast({terms.value} as varchar) as old_value,
                   {terms.gift} as old_gift, {text(BLANK)} as old_code, {terms.last_day} as old_day from person""",
        person=person,
    )


def _write(desk: Desk, name: str, words: str, *, html: bool) -> Path:
    folder = desk.folder / "preview"
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.{'html' if html else 'txt'}"
    path.write_text(words, encoding="utf-8")
    return path
