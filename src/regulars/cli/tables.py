"""Answers as plain text: aligned, without colour, fit for a terminal and a ticket."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from regulars.campaigns.census import Census
from regulars.campaigns.desk import Desk
from regulars.campaigns.explain import Why
from regulars.campaigns.plan import Plan, PlannedCampaign


def of_segments(counted: Census) -> str:
    """Every segment with the people of each value, and their share."""
    lines = [f"{counted['customers']:,} customers on {counted['as_of']}"]
    for name, values in counted["segments"].items():
        lines.append(f"\n{name}")
        widest = max(map(len, values), default=0)
        lines += [
            f"  {value:<{widest}}  {number:>9,}  {_share(number, counted['customers']):>6}"
            for value, number in values.items()
        ]
    return "\n".join(lines)


def of_plan(plan: Plan, desk: Desk) -> str:
    """The plan, campaign by campaign."""
    at = datetime.fromisoformat(plan["as_of"])
    newest = (
        f" · newest order {datetime.fromisoformat(plan['newest_order']):%a %d %b %H:%M}" if plan["newest_order"] else ""
    )
    lines = [
        f"Plan for {at:%a %d %b %Y %H:%M} {desk.zone} · {plan['customers']:,} customers{newest} · NOTHING HAS BEEN SENT"
    ]
    for one in plan["campaigns"]:
        lines += ["", *_campaign(one, str(desk.rules.shop.currency))]
    by_channel: dict[str, int] = {}
    for one in plan["campaigns"]:
        for channel, number in one["send"].items() if not one["stopped"] else ():
            by_channel[channel] = by_channel.get(channel, 0) + number
    total = " + ".join(f"{number:,} {channel}" for channel, number in by_channel.items()) or "nothing"
    lines += [
        "",
        f"In all: {total}, if each campaign ran now; caps and priorities hold between them.",
        f"Fingerprint {plan['fingerprint']} (files, not people)",
    ]
    return "\n".join(lines)


def _campaign(one: PlannedCampaign, currency: str) -> list[str]:
    sent = sum(one["send"].values())
    lines = [
        f"{one['campaign']}  {one['title']}   {one['status']} · {one['schedule']}",
        _row("audience", f"{one['audience']:,} people"),
    ]
    if one["withheld"]:
        lines.append(
            _row(
                "not sent",
                f"{sum(one['withheld'].values()):,}".ljust(10)
                + " · ".join(f"{number:,} {reason}" for reason, number in one["withheld"].items()),
            )
        )
    ways = "; ".join(
        f"{number:,} {channel}: {_languages(one['languages'].get(channel, {}))}"
        for channel, number in one["send"].items()
    )
    lines.append(
        _row(
            "SENT",
            f"{sent:,}".ljust(10)
            + ways
            + (f" · {one['held']:,} wait for the end of quiet hours" if one["held"] else ""),
        )
    )
    if one["cost"]["sms_segments"]:
        encodings = ", ".join(f"{number:,} {encoding}" for encoding, number in sorted(one["cost"]["encodings"].items()))
        lines.append(_row("sms", f"{one['cost']['sms_segments']:,} segments ({encodings})"))
    lines += [
        _row(
            "later",
            f"≤ {later['at_most']:,}".ljust(10)
            + f"`{later['message']}`, {later['send']}, {datetime.fromisoformat(later['due']):%a %d %b %H:%M}",
        )
        for later in one["later"]
    ]
    if one["inside"]:
        lines.append(_row("inside", f"{one['inside']:,}".ljust(10) + "entered earlier and still on their way"))
    if one["liability"]["codes"]:
        values = ", ".join(f"{number:,} × {value}" for value, number in one["liability"]["by_value"].items())
        lines.append(
            _row(
                "offer",
                f"{one['liability']['codes']:,} codes".ljust(10)
                + f" {values}; if all redeem about {float(one['liability']['if_all_redeem']):,.0f} {currency}",
            )
        )
    if one["stopped"]:
        lines.append(_row("STOPS", one["stopped"]))
    lines += [
        _row(
            "samples" if number == 0 else "",
            f"{sample['who']}  {sample['channel']} {sample['language']}  “{sample['reads']}”",
        )
        for number, sample in enumerate(one["samples"])
    ]
    return lines


def of_why(told: Why) -> str:
    """Everything about one customer, test by test."""
    at = datetime.fromisoformat(told["as_of"])
    lines = [f"{told['name']} #{told['customer']} · {at:%a %d %b %Y %H:%M}"]
    for one in told["campaigns"]:
        decision = "SENT, if it ran now" if one["decision"] == "sent" else f"NOT SENT: {one['decision']}"
        lines += ["", f"{one['campaign']}  {decision}"]
        for line in one["lines"]:
            mark = {True: "✓", False: "✗", None: "?"}[line["holds"]]
            lines.append(f"  {line['test']:<12}{mark} {line['says']}" + (f"    {line['saw']}" if line["saw"] else ""))
    if told["log"]:
        lines += [
            "",
            "decided that day",
            *(
                f"  {row['campaign']}: {row['decision']}{' ' + row['channel'] if row['channel'] else ''}"
                for row in told["log"]
            ),
        ]
    if told["sent"]:
        lines += [
            "",
            "sent in the last 90 days",
            *(
                f"  {row['day']} {row['campaign']} `{row['name']}` {row['channel']}: {row['state']}"
                for row in told["sent"]
            ),
        ]
    return "\n".join(lines)


def _row(name: str, words: str) -> str:
    return f"  {name:<11}{words}"


def _languages(languages: dict[str, Any]) -> str:
    return ", ".join(f"{number:,} {language}" for language, number in languages.items())


def _share(number: int, of: int) -> str:
    return f"{number / of:.1%}" if of else ""
