"""The plan as text (LANGUAGE section 5)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

from regulars.campaigns.desk import Desk
from regulars.campaigns.plan import Later, Plan, PlannedCampaign
from regulars.cli.layout import counted, row, wrapped


def of_plan(plan: Plan, desk: Desk) -> str:
    """The plan, campaign by campaign, and what leaves today in all."""
    at, currency = datetime.fromisoformat(plan["as_of"]), str(desk.rules.shop.currency)
    head = [f"Plan for {at:%a %d %b %Y %H:%M} {desk.zone}", f"{plan['customers']:,} customers"]
    if plan["newest_order"]:
        head.append(f"newest order {datetime.fromisoformat(plan['newest_order']):%a %d %b %H:%M}")
    lines = [wrapped("", " · ".join([*head, "NOTHING HAS BEEN SENT"]))]
    for one in plan["campaigns"]:
        lines += ["", *_campaign(one, currency)]
    return "\n".join([*lines, "", *_closing(plan)])


def _campaign(one: PlannedCampaign, currency: str) -> Iterator[str]:
    yield f"{one['campaign']}  {one['title']}   {one['status']} · {one['schedule']}"
    if one["status"] == "live" and not one["due"]:
        following = f"next on {date.fromisoformat(one['next']):%a %d %b}" if one["next"] else "never again"
        yield row("not today", f"{following}; here as if somebody ran it now, after those above")
    yield row("audience", "people", f"{one['audience']:,}")
    if one["withheld"]:
        yield row("not sent", counted(one["withheld"]), f"{sum(one['withheld'].values()):,}")
    yield _sent(one)
    if one["cost"]["sms_segments"]:
        texts = counted(dict(sorted(one["cost"]["encodings"].items())), ", ")
        yield row("sms", f"segments ({texts})", f"{one['cost']['sms_segments']:,}")
    yield from map(_later, one["later"])
    if one["inside"]:
        yield row("inside", "entered earlier and still on their way; nothing changes for them", f"{one['inside']:,}")
    if codes := one["liability"]["codes"]:
        values = ", ".join(f"{number:,} × {value}" for value, number in one["liability"]["by_value"].items())
        worth = f"{float(one['liability']['if_all_redeem']):,.0f} {currency}"
        yield row("offer", f"codes, {values}; about {worth} if all redeem", f"{codes:,}")
    for pool, left in one["pools"].items():
        yield row("", f"in the checkout: pool `{pool}` has {left:,}")
    if one["stopped"]:
        yield row("STOPS", one["stopped"])
    for number, sample in enumerate(one["samples"]):
        words = f"{sample['who']}  {sample['channel']} {sample['language']}  “{sample['reads']}”"
        yield row("samples" if number == 0 else "", words)


def _sent(one: PlannedCampaign) -> str:
    """Who gets it, by channel and language; where it is stopped, who would."""
    ways = "; ".join(
        f"{number:,} {channel}: {counted(one['languages'].get(channel, {}), ', ')}"
        for channel, number in one["would_send"].items()
    )
    if one["stopped"]:
        would = sum(one["would_send"].values())
        return row("SENT", f"nothing; otherwise {would:,} people: {ways}" if would else "nothing", "0")
    held = f" · {one['held']:,} wait for the end of quiet hours" if one["held"] else ""
    return row("SENT", f"{ways or 'nobody'}{held}", f"{sum(one['send'].values()):,}")


def _later(later: Later) -> str:
    words = f"`{later['message']}`, {later['send']}, {datetime.fromisoformat(later['due']):%a %d %b %H:%M}"
    if later["unless"] == "ordered":
        words += ", unless they have ordered by then"
    elif later["unless"]:
        words += f", unless {later['unless']}"
    return row("later", words, f"≤ {later['at_most']:,}")


def _closing(plan: Plan) -> Iterator[str]:
    leaving = [one for one in plan["campaigns"] if one["due"] and not one["stopped"]]
    by_channel: dict[str, int] = {}
    for one in leaving:
        for channel, number in one["send"].items():
            by_channel[channel] = by_channel.get(channel, 0) + number
    total = " + ".join(f"{number:,} {channel}" for channel, number in sorted(by_channel.items())) or "nothing"
    several = (
        ", each campaign after the one above it, as `regulars run` runs them" if len(plan["campaigns"]) > 1 else ""
    )
    yield wrapped("", f"Today in all: {total}{several}")
    named = plan["campaigns"][0]["campaign"] if plan["campaigns"] else "CAMPAIGN"
    yield wrapped(
        "",
        f"Fingerprint {plan['fingerprint']} (files, not people) · a letter: regulars preview {named} · "
        f"send: regulars run{f' {named}' if len(plan['campaigns']) == 1 else ''}",
    )
