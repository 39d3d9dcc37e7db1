"""Verbs of what messages earned: conversions, and earlier, for those that the shop sent before."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from regulars.cli.app import AsOfOption, FormatOption, ProjectOption, answer, answer_json, app, day_of, moment, root_of

if TYPE_CHECKING:
    from regulars.campaigns.convert import Converted


@app.command()
def conversions(
    project: ProjectOption = None,
    as_of: AsOfOption = "",
    format: FormatOption = "text",  # noqa: A002  # the option's name
    since: Annotated[
        str, typer.Option("--since", metavar="DATE", help="Look at orders from this day on. Default: at all.")
    ] = "",
    until: Annotated[
        str, typer.Option("--until", metavar="DATE", help="And up to the end of this day. Default: up to now.")
    ] = "",
) -> None:
    """Match orders to the messages that earned them, each order once; again, for any time, and with the same answer."""
    from regulars import clock
    from regulars.campaigns import counting
    from regulars.campaigns.convert import convert
    from regulars.campaigns.desk import Desk

    with Desk.open(root_of(project)) as desk:
        at = moment(as_of, desk.zone)
        end = min(at, _midnight(until, "--until", desk.zone) + timedelta(days=1)) if until else at
        with clock.frozen(at):
            found = convert(desk, end, _midnight(since, "--since", desk.zone) if since else None)
            counting.count(desk, at)
        if format == "json":
            answer_json(_figures(found))
        else:
            answer(_sentence(found, str(desk.rules.shop.currency)))


@app.command()
def earlier(
    file: Annotated[Path, typer.Argument(help="CSV or Parquet: campaign, customer_id, sent_at, and code.")],
    project: ProjectOption = None,
    within: Annotated[int, typer.Option("--within", metavar="DAYS", min=1, help="Orders count so long after.")] = 14,
) -> None:
    """Bring campaigns that the shop sent before into the ledger, with the codes they gave, so that orders find them."""
    from regulars import clock
    from regulars.campaigns.desk import Desk
    from regulars.campaigns.earlier import bring

    with Desk.open(root_of(project)) as desk:
        found = bring(desk, file, clock.now(), timedelta(days=within))
    told = [f"{found.messages:,} messages of {found.campaigns:,} campaigns"]
    if found.known:
        told.append(f"{found.known:,} had been brought before")
    if found.unreadable:
        told.append(f"{found.unreadable:,} rows lack a campaign, a customer or a time")
    answer("; ".join(told) + ". Nobody was held out of them: they have earnings, and no lift.")


def _midnight(day: str, option: str, zone: str) -> datetime:
    """The last moment before this day of the shop's begins."""
    begins = datetime.combine(date.fromisoformat(day_of(day, option)), time(), ZoneInfo(zone))
    return begins.astimezone(UTC) - timedelta(microseconds=1)


def _figures(found: Converted) -> dict[str, object]:
    return {
        "orders": found.orders,
        "by_evidence": found.by_evidence,
        "referrals": found.referrals,
        "friends": asdict(found.friends),
        "revenue": f"{found.revenue:.2f}",
        "withdrawn": found.withdrawn,
        "moved": found.moved,
        "by_strangers": found.by_strangers,
    }


def _sentence(found: Converted, currency: str) -> str:
    evidence = ", ".join(f"{number:,} by {what}" for what, number in sorted(found.by_evidence.items()))
    parts = [
        f"{found.orders:,} new orders credited{f' ({evidence})' if evidence else ''}, {found.revenue:,.2f} {currency}",
        f"{found.referrals:,} friends brought"
        + (f", {found.friends.paid:,} paid for" if found.friends.paid else "")
        + (f", {sum(found.friends.refused.values()):,} refused" if found.friends.refused else ""),
    ]
    if found.withdrawn:
        parts.append(f"{found.withdrawn:,} credits taken back, their orders do not count any more")
    if found.moved:
        parts.append(f"{found.moved:,} credits moved to another message, by what came to be known since")
    if found.by_strangers:
        parts.append(f"{found.by_strangers:,} orders carried a shared code that nobody gave to their customer")
    return "; ".join(parts)
