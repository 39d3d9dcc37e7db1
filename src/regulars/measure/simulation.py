"""A simulation as plain text, and as one page that needs nothing but itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from importlib.resources import files

from regulars.campaigns.simulated import SimulatedCampaign, SimulatedDay, Simulation
from regulars.measure.charts import Bar, bars
from regulars.measure.elements import figure, key_figures, legend, paragraph, section, table
from regulars.measure.page import POLICY
from regulars.measure.wording import NOTHING, count, day, money, percent, plural

_COLOURS = ("deep", "mid", "pale", "grey", "doubt", "bad")
_NOT_HELD_BACK = ("already-enrolled", "holdout")
"""Reasons that are no limit of anybody's patience: they would drown the others."""


def text(simulation: Simulation) -> str:
    """For a terminal, ending with a line feed."""
    lines = [headline(simulation), summary(simulation), "", *_campaigns(simulation), "", "Messages per person"]
    lines += [f"  {number:>3}  {count(people):>8} people" for number, people in simulation["per_person"].items()]
    lines += ["", "Messages by week"]
    lines += [
        f"  {day(first)}  {count(sum(sums.values())):>7}   "
        + " · ".join(f"{count(n)} {name}" for name, n in sums.items())
        for first, sums in weeks(simulation)
    ]
    lines += ["", "Not sent, people and days"]
    lines += [f"  {reason:<18}{count(number):>8}" for reason, number in withheld(simulation["by_day"]).items()]
    for one in simulation["campaigns"]:
        lines += ["", *_often(one)] if one["often"] else []
        lines += [
            f"  {one['campaign']} was stopped on {plural(days, 'day')}: {why}" for why, days in one["stopped"].items()
        ]
    return "\n".join([*lines, "", CLOSING]) + "\n"


CLOSING = "Nothing was sent, and nothing of the project was touched. The ledger began empty on the first day."


def page(simulation: Simulation) -> str:
    """The whole page, self-contained. Everything a marketer wrote is escaped."""
    style = files("regulars.measure").joinpath("report.css").read_text("utf-8")
    currency, title = simulation["currency"], escape(headline(simulation))
    shown = [
        ("messages", count(simulation["messages"])),
        ("people who got any", count(simulation["people"])),
        ("most to one person in 7 days", count(simulation["most_in_7_days"])),
        ("codes issued", count(simulation["codes"])),
        ("if every code is redeemed", money(float(simulation["if_all_redeem"]), currency)),
    ]
    body = [
        f"<header><h1>{title}</h1>{paragraph(summary(simulation), 'lede')}{key_figures(shown)}</header>",
        section("Day by day", paragraph(_BY_DAY), _daily(simulation)),
        section("Per person", paragraph(_PER_PERSON), _people(simulation)),
        section("What held messages back", paragraph(_HELD_BACK), _reasons(simulation)),
        section("Each campaign", _table(simulation), *(_named_often(one) for one in simulation["campaigns"])),
        f"<footer>{paragraph(CLOSING)}</footer>",
    ]
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n<link rel="icon" href="data:,">\n'
        f"<style>\n{style}</style>\n</head>\n<body>\n" + "\n".join(body) + "\n</body>\n</html>\n"
    )


_BY_DAY = "Messages that would have gone out, by the day of whom they reach. The first day catches up with everybody."
_PER_PERSON = "How many messages somebody would have got over the whole time."
_HELD_BACK = (
    "People of an audience to whom a campaign's first message did not go, by reason, added up over the days: who is "
    "held back for a week counts seven times."
)


def headline(simulation: Simulation) -> str:
    """`Casa Verde: 90 days simulated`."""
    return f"{simulation['shop']}: {plural(len(simulation['by_day']), 'day')} simulated"


def summary(simulation: Simulation) -> str:
    """The first sentence: when, how much, to whom."""
    channels = " and ".join(f"{count(n)} by {channel}" for channel, n in simulation["channels"].items())
    at_most = max(map(int, simulation["per_person_and_day"]), default=0)
    reached = percent(simulation["people"] / simulation["customers"]) if simulation["customers"] else NOTHING
    return (
        f"{day(simulation['first'])} to {day(simulation['last'])}: {plural(simulation['messages'], 'message')}"
        f"{f' ({channels})' if channels else ''} to {plural(simulation['people'], 'person', 'people')}, "
        f"{reached} of the customers. Nobody gets more than {at_most} on one day, "
        f"or {simulation['most_in_7_days']} in seven."
    )


def weeks(simulation: Simulation) -> Iterator[tuple[str, dict[str, int]]]:
    """(first day, campaign → messages) of every seven days."""
    days = simulation["by_day"]
    for start in range(0, len(days), 7):
        sums: dict[str, int] = {}
        for one in days[start : start + 7]:
            for campaign, number in one["messages"].items():
                sums[campaign] = sums.get(campaign, 0) + number
        yield days[start]["day"], dict(sorted(sums.items()))


def withheld(days: Sequence[SimulatedDay]) -> dict[str, int]:
    """Reason → people and days, the most first."""
    sums: dict[str, int] = {}
    for one in days:
        for reason, number in one["withheld"].items():
            sums[reason] = sums.get(reason, 0) + number
    return dict(sorted(sums.items(), key=lambda pair: (-pair[1], pair[0])))


def _campaigns(simulation: Simulation) -> Iterator[str]:
    yield f"{'':<14}{'entered':>9}{'held out':>9}{'sent':>9}{'people':>9}{'codes':>9}{'at most':>14}{'orders':>8}"
    for one in simulation["campaigns"]:
        cost = money(float(one["if_all_redeem"])) if one["codes"] else NOTHING
        yield (
            f"{one['campaign']:<14}{count(one['entered']):>9}{count(one['held_out']):>9}{count(one['messages']):>9}"
            f"{count(one['people']):>9}{count(one['codes']):>9}{cost:>14}{count(one['orders']):>8}"
        )
    total = money(float(simulation["if_all_redeem"]), simulation["currency"])
    yield f"{plural(simulation['codes'], 'code')} issued; if every one is redeemed, about {total}."


def _often(campaign: SimulatedCampaign) -> Iterator[str]:
    for entries, people in sorted(campaign["often"].items()):
        yield f"{plural(people, 'person', 'people')} entered {campaign['campaign']} {entries} times"
    yield f"  such as {', '.join(campaign['often_ids'])}"


def _daily(simulation: Simulation) -> str:
    names = [one["campaign"] for one in simulation["campaigns"]]
    colours = {name: _COLOURS[min(place, len(_COLOURS) - 1)] for place, name in enumerate(names)}
    days = simulation["by_day"]
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


_HEIGHT = 200


def _columns(described: str, days: Sequence[tuple[str, Mapping[str, int]]], colours: Mapping[str, str]) -> str:
    """A column for each day, made of its campaigns, below each other from the top."""
    highest = max((sum(sums.values()) for _, sums in days), default=0) or 1
    width, drawn = 100 / max(len(days), 1), []
    for place, (_, sums) in enumerate(days):
        foot = float(_HEIGHT)
        for name, colour in colours.items():
            height = sums.get(name, 0) * (_HEIGHT - 20) / highest
            if height:
                foot -= height
                across = f'x="{place * width:.3f}%" width="{width * 0.86:.3f}%"'
                drawn.append(f'<rect class="{colour}" {across} y="{foot:.1f}" height="{height:.1f}"/>')
    ends = [("0", "start", days[0][0]), ("100%", "end", days[-1][0])]
    drawn += [
        f'<text class="tick" x="{x}" y="{_HEIGHT + 16}" text-anchor="{at}">{escape(day(on))}</text>'
        for x, at, on in ends
    ]
    drawn.append(
        f'<text class="tick" x="0" y="12">{count(highest)}</text><line class="grid" x1="0" x2="100%" y1="20" y2="20"/>'
    )
    return (
        f'<svg role="img" aria-labelledby="daily-title daily-desc" width="100%" height="{_HEIGHT + 22}">'
        f'<title id="daily-title">Messages by day and campaign</title><desc id="daily-desc">{escape(described)}</desc>'
        f"{''.join(drawn)}</svg>"
    )


def _people(simulation: Simulation) -> str:
    rows = [
        Bar(plural(int(number), "message"), [("grey" if number == "0" else "mid", people)], count(people))
        for number, people in simulation["per_person"].items()
    ]
    numbers = table("People by messages", ["messages", "people"], [(row.label, row.note) for row in rows])
    return figure("People by the messages they got", bars("people", "People by messages", "", rows), numbers)


def _reasons(simulation: Simulation) -> str:
    sums = withheld(simulation["by_day"])
    shown = {reason: number for reason, number in sums.items() if reason not in _NOT_HELD_BACK}
    rows = [Bar(reason, [("doubt", number)], count(number)) for reason, number in shown.items()]
    numbers = table(
        "People and days by reason", ["reason", "people and days"], [(name, count(n)) for name, n in sums.items()]
    )
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
        "revenue",
    ]
    return table(
        "Each campaign over the whole time",
        head,
        [
            (
                f"{one['title']}\n{one['campaign']}",
                count(one["entered"]),
                count(one["held_out"]),
                count(one["messages"]),
                count(one["people"]),
                count(one["codes"]),
                money(float(one["if_all_redeem"])),
                count(one["orders"]),
                money(float(one["revenue"])),
            )
            for one in simulation["campaigns"]
        ],
    )


def _named_often(campaign: SimulatedCampaign) -> str:
    told = [*_often(campaign)] if campaign["often"] else []
    told += [f"Stopped on {plural(days, 'day')}: {why}" for why, days in campaign["stopped"].items()]
    return "".join(paragraph(words) for words in told)
