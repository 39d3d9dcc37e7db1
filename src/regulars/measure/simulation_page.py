"""A simulation as one page that needs nothing but itself: no scripts, nothing to fetch, readable on a phone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from importlib.resources import files

from regulars.campaigns.trying.simulated import SimulatedCampaign, Simulation
from regulars.measure.charts import Bar, bars
from regulars.measure.elements import figure, key_figures, legend, paragraph, section, table
from regulars.measure.page import POLICY
from regulars.measure.simulation import (
    CAPS,
    CAVEATS,
    CLOSING,
    assumed,
    headline,
    notes,
    per_person,
    summary,
    weeks,
    withheld,
)
from regulars.measure.wording import NOTHING, count, day, money, percent, plural

_COLOURS = ("deep", "doubt", "pale", "bad", "mid", "grey")
"""Neighbours in a column differ by day and by night; all after the fifth share the last."""
_EXPECTED = ("already-enrolled", "holdout", "not-entering")
"""Reasons that are no limit of anybody's patience: they would drown the others."""
_BY_DAY = (
    "Messages that would have gone out, by the day of whom they reach. The first day catches up with everybody. Days "
    "far above the others end at the top."
)
_PER_PERSON = "How many messages somebody would have got over the whole time."
_CAPPED = (
    "People to whom a campaign's first message did not go because of a cap, added up over the days: who waits for a "
    "week counts seven times."
)
_HELD_BACK = "The other reasons, counted alike."
_HEIGHT = 200


def page(simulation: Simulation) -> str:
    """The whole page. Everything a marketer wrote is escaped."""
    style = files("regulars.measure").joinpath("report.css").read_text("utf-8")
    currency, title = simulation["currency"], escape(headline(simulation))
    shown = [
        ("messages", count(simulation["messages"])),
        ("people who got any", count(simulation["people"])),
        ("most to one person in 7 days", count(simulation["most_in_7_days"])),
        ("codes given", count(simulation["codes"])),
        ("if every code were redeemed", money(float(simulation["if_all_redeem"]), currency)),
    ]
    body = [
        f"<header><h1>{title}</h1>{paragraph(summary(simulation), 'lede')}{key_figures(shown)}</header>",
        section("Day by day", paragraph(_BY_DAY), _daily(simulation)),
        section("Per person", paragraph(_PER_PERSON), _people(simulation)),
        section("What the caps held back", paragraph(_CAPPED), _capped(simulation)),
        section("What else was not sent", paragraph(_HELD_BACK), _reasons(simulation)),
        section("Each campaign", _table(simulation), *(_campaign(one) for one in simulation["campaigns"])),
        section("Entries by week", _entries(simulation)),
        section("What this can and cannot tell", *(paragraph(line) for line in (*assumed(simulation), *CAVEATS))),
        f"<footer>{paragraph(CLOSING)}</footer>",
    ]
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n<link rel="icon" href="data:,">\n'
        f"<style>\n{style}</style>\n</head>\n<body>\n" + "\n".join(body) + "\n</body>\n</html>\n"
    )


def _daily(simulation: Simulation) -> str:
    names, days = [one["campaign"] for one in simulation["campaigns"]], simulation["by_day"]
    colours = {name: _COLOURS[min(place, len(_COLOURS) - 1)] for place, name in enumerate(names)}
    busiest = max(days, key=lambda one: sum(one["messages"].values()))
    described = f"Most on {day(busiest['day'])}: {plural(sum(busiest['messages'].values()), 'message')}."
    numbers = table(
        "Messages by day",
        ["day", *names, "in all"],
        [(day(one["day"]), *_row(one["messages"], names)) for one in days],
    )
    drawn = _columns(described, [(one["day"], one["messages"]) for one in days], colours)
    return figure("Messages by day", drawn, numbers, legend((colours[name], name) for name in names))


def _row(sums: Mapping[str, int], names: Sequence[str]) -> list[str]:
    return [*(count(sums[name]) if name in sums else NOTHING for name in names), count(sum(sums.values()))]


def _columns(described: str, days: Sequence[tuple[str, Mapping[str, int]]], colours: Mapping[str, str]) -> str:
    """A column for each day, made of its campaigns, the first at the foot.

    Days far above all others (the first one often is) end at the top, and the highest says how high it is.
    """
    sums = sorted(sum(one.values()) for _, one in days)
    top = _top(sums)
    width, drawn = 100 / max(len(days), 1), []
    for place, (_, one) in enumerate(days):
        foot, over_all = float(_HEIGHT), sum(one.values())
        for name, colour in colours.items():
            height = one.get(name, 0) * (_HEIGHT - 24) / max(top, over_all)
            if height > 0:
                foot -= height
                across = f'x="{place * width:.3f}%" width="{width * 0.86:.3f}%"'
                drawn.append(f'<rect class="{colour}" {across} y="{foot:.1f}" height="{height:.1f}"/>')
        if over_all == sums[-1] > top and (place + 1) * width < 70:
            beside = f'x="{(place + 1) * width:.3f}%" dx="4" y="16"'
            drawn.append(f'<text class="note" {beside}>← {count(over_all)}</text>')
    ends = [("0", "start", days[0][0]), ("100%", "end", days[-1][0])]
    drawn += [
        f'<text class="tick" x="{x}" y="{_HEIGHT + 16}" text-anchor="{at}">{escape(day(on))}</text>'
        for x, at, on in ends
    ]
    drawn.append(
        f'<line class="grid" x1="0" x2="100%" y1="24" y2="24"/>'
        f'<text class="tick" x="100%" y="16" text-anchor="end">{count(top)}</text>'
    )
    return (
        f'<svg role="img" aria-labelledby="daily-title daily-desc" width="100%" height="{_HEIGHT + 22}">'
        f'<title id="daily-title">Messages by day and campaign</title><desc id="daily-desc">{escape(described)}</desc>'
        f"{''.join(drawn)}</svg>"
    )


def _top(sums: Sequence[int]) -> int:
    """The number that fills the chart: the highest, or the next below one that is three times as high."""
    highest = next((one for one, above in zip(sums[-2::-1], sums[:0:-1], strict=True) if one and above > 3 * one), 0)
    return highest or (sums[-1] if sums else 0) or 1


def _people(simulation: Simulation) -> str:
    rows = [
        Bar(plural(int(number), "message"), [("grey" if number == "0" else "mid", people)], count(people))
        for number, people in simulation["per_person"].items()
    ]
    head = ["messages", "people in all", "in their fullest 7 days", "days with so many"]
    numbers = table("People by messages", head, list(per_person(simulation)))
    return figure("People by the messages they got", bars("people", "People by messages", "", rows), numbers)


def _capped(simulation: Simulation) -> str:
    rows = [
        Bar(one["campaign"], [("doubt", full), ("bad", lost)], f"{count(full)} · {count(lost)}")
        for one in simulation["campaigns"]
        for full, lost in [tuple(one["withheld"].get(reason, 0) for reason in CAPS)]
        if full or lost
    ]
    if not rows:
        return paragraph("Nobody, on no day.")
    shown = legend([("doubt", "the cap was full"), ("bad", "a campaign that goes first took the day")])
    cells = [(row.label, *(count(int(size)) for _, size in row.parts)) for row in rows]
    numbers = table("People and days by campaign", ["campaign", *CAPS], cells)
    return figure("Held back, by campaign", bars("caps", "Held back by caps", "", rows), numbers, shown)


def _reasons(simulation: Simulation) -> str:
    sums = {reason: number for reason, number in withheld(simulation["by_day"]).items() if reason not in CAPS}
    shown = {reason: number for reason, number in sums.items() if reason not in _EXPECTED}
    numbers = table(
        "People and days by reason", ["reason", "people and days"], [(name, count(n)) for name, n in sums.items()]
    )
    if not shown:
        return numbers
    rows = [Bar(reason, [("grey", number)], count(number)) for reason, number in shown.items()]
    return figure("Not sent, by reason", bars("reasons", "Not sent, by reason", "", rows), numbers)


def _table(simulation: Simulation) -> str:
    head = [
        "campaign",
        "entered",
        "held out",
        "sent",
        "people",
        "codes",
        f"at most, {simulation['currency']}",
        "orders",
    ]
    return table(
        "Each campaign over the whole time",
        head,
        [
            (
                f"{one['title']}\n{one['campaign']}",
                count(one["entered"]),
                f"{count(one['held_out'])} ({percent(one['held_out'] / one['entered'])})" if one["entered"] else "0",
                count(one["messages"]),
                count(one["people"]),
                count(one["codes"]),
                money(float(one["if_all_redeem"])) if one["codes"] else NOTHING,
                count(one["orders"]),
            )
            for one in simulation["campaigns"]
        ],
    )


def _campaign(campaign: SimulatedCampaign) -> str:
    told = notes(campaign)
    return f"<article><h3>{escape(campaign['title'])}</h3>{''.join(map(paragraph, told))}</article>" if told else ""


def _entries(simulation: Simulation) -> str:
    names = [one["campaign"] for one in simulation["campaigns"]]
    rows = [(day(first), *_row(sums, names)) for first, sums in weeks(simulation["by_day"], "entered")]
    return table("People who entered, by the week that begins", ["week", *names, "in all"], rows)
