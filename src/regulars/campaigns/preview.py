"""Preview: any message of a campaign as any customer would see it. Nothing is written to the ledger."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from regulars.campaigns.desk import Desk
from regulars.campaigns.explain import find
from regulars.campaigns.letters import BLANK, OWN_CODE, Letters
from regulars.campaigns.rendering import outgoing
from regulars.campaigns.running import enriched
from regulars.campaigns.select import Selector
from regulars.errors import ProjectError, WrongUse
from regulars.lang.model import Message
from regulars.people.engine import name as quoted
from regulars.people.engine import text


def preview(
    desk: Desk, campaign: str, who: str, at: datetime, *, message: str = "", language: str = ""
) -> list[dict[str, str]]:
    """Render the messages of `campaign` for a customer (id or address; empty: somebody who would get it).

    Returns, for each message and channel it may take: message, channel, language, reads (the subject, or the text) and
    path (of an .html or .txt file in `.regulars/preview`).
    """
    described = desk.campaign(campaign)
    wanted = [one for one in described.messages if message in ("", str(one.name))]
    if not wanted:
        raise WrongUse(
            f"`{campaign}` has no message `{message}`.",
            f"It has: {', '.join(str(one.name) for one in described.messages)}.",
        )
    customer = find(desk, who, at)[0][0] if who else _somebody(desk, campaign, at)
    return [shown for one in wanted for shown in _message(desk, campaign, one, (customer, language), at)]


def _somebody(desk: Desk, campaign: str, at: datetime) -> str:
    """The first customer who would get it, else the first of the audience, else the first of all."""
    snapshot = desk.snapshot(at)
    table = Selector(desk, campaign, at, arbitrate=False).run(snapshot, "regulars_previewed")
    row = desk.connection.execute(
        f"select customer_id from {table} order by reason is not null, customer_id limit 1"
    ).fetchone()
    row = (
        row
        or desk.connection.execute(
            f"select {quoted(snapshot.id_column)} from {snapshot.relation} order by 1 limit 1"
        ).fetchone()
    )
    if row is None:
        raise ProjectError("There is nobody to show it for.", "`regulars segments` counts the customers.")
    return str(row[0])


def _message(
    desk: Desk, campaign: str, message: Message, person: tuple[str, str], at: datetime
) -> list[dict[str, str]]:
    """One message for `person` (id, the language asked for or none), by each channel it may take."""
    customer, language = person
    row = _row(desk, campaign, message, customer, at)
    shown = []
    for channel in message.send.channels:
        spoken = desk.words.language(str(message.template), channel, language or row["language"])
        if spoken is None:
            continue
        sent = outgoing(
            desk, message, message_id=row["id"], channel=channel, to="", language=spoken, context=row["context"]
        )
        name = f"{campaign}-{message.name}-{channel}-{spoken}"
        path = _write(desk, name, sent.html or sent.text, html=bool(sent.html))
        shown.append(
            {
                "message": str(message.name),
                "channel": channel,
                "language": spoken,
                "reads": " ".join((sent.subject or sent.text).split()),
                "path": str(path),
            }
        )
    return shown


def _row(desk: Desk, campaign: str, message: Message, customer: str, at: datetime) -> dict[str, Any]:
    """The row that the outbox would hold."""
    snapshot, letters = desk.snapshot(at), Letters(desk, campaign, message)
    columns = {row[0] for row in desk.connection.execute(f"describe select * from {snapshot.relation}").fetchall()}
    language = "coalesce(s.language, '')" if "language" in columns else "''"
    key, moment = f"s.{quoted(snapshot.id_column)}", f"timestamptz {text(at.isoformat())}"
    person = desk.arrow(
        f"""select {key} as customer_id, '' as enrolment_id, {text(desk.zone)} as zone, '' as channel,
                   {language} as language, '' as address, 0 as offer_step, {moment} as due_at, {moment} as not_before,
                   {moment} as expires_at, {text(desk.day(at).isoformat())} as local_day, true as when_holds
                   {letters.customer_columns("s", columns)}
            from {snapshot.relation} s where {key} = {text(customer)}"""
    )
    person = enriched(desk, desk.campaign(campaign), campaign, person, letters, at)
    if "referral" in letters.reads:
        person = person.append_column(OWN_CODE, pa.array([BLANK], pa.string()))
    person = _with_offer_above(desk, campaign, message, person)
    found: dict[str, Any] = letters.build(person, at)[0].to_pylist()[0]
    return found


def _with_offer_above(desk: Desk, campaign: str, message: Message, person: pa.Table) -> pa.Table:
    """A later message shows the offer of the entry: here, the first step of the one above it."""
    described = desk.campaign(campaign)
    above = described.messages[: described.messages.index(message)]
    offers = [offer for one in above if (offer := described.offer_of(one))]
    if described.offer_of(message) or not offers:
        return person
    from regulars.campaigns.offers import Terms

    terms = Terms(offers[-1], desk.zone)
    return desk.arrow(
        f"""select *, {text(offers[-1].kind)} as old_kind, cast({terms.value} as varchar) as old_value,
                   {text(BLANK)} as old_code, {terms.last_day} as old_day from person""",
        person=person,
    )


def _write(desk: Desk, name: str, words: str, *, html: bool) -> Path:
    folder = desk.folder / "preview"
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.{'html' if html else 'txt'}"
    path.write_text(words, encoding="utf-8")
    return path
