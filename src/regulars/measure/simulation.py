"""A simulation in words: its sums as both the text and the page tell them, and the text for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from regulars.campaigns.trying.simulated import SimulatedCampaign, SimulatedDay, Simulation
from regulars.measure.wording import NOTHING, count, day, money, percent, plural

CLOSING = "Nothing was sent, and nothing of the project was touched."
CAVEATS = (
    (
        "The ledger began empty on the first day: whoever the rules reach is reached then, so that the first "
        "days are fuller than they would be in a shop that has sent before."
    ),
    (
        "Orders are those that were really placed, without these messages. Who would have ordered because of "
        "one, or not have needed one, cannot be known; nor can which codes would have been redeemed, as "
        "nobody ever had them."
    ),
    (
        "So the cost of codes is what they would cost if every one were used once: amounts as they are, "
        "percentages of the average order; gifts and free deliveries, whose worth only the shop knows, count "
        "as nothing."
    ),
    (
        "Orders credited are those that fell into a campaign's window anyway. They say what a report would "
        "show, not what the campaign would have earned."
    ),
    (
        "Words are not rendered, steps of the shop are not asked, every message counts as accepted, and "
        "nobody opens, clicks, bounces or unsubscribes. Codes of pools are taken to be there, and "
        "every plan to be approved."
    ),
    ("A day has one look at the people, as of its end, and a campaign that runs every few minutes runs once in it."),
)
"""What a simulation can and cannot tell."""
CAPS = ("frequency", "lost-priority")
"""Reasons that come from the caps: full by what was sent, or by campaigns that go first."""
CAPPED = {"frequency": "cap full", "lost-priority": "lost to a campaign that goes first"}


def text(simulation: Simulation) -> str:
    """For a terminal, ending with a line feed."""
    lines = [headline(simulation), summary(simulation), "", *_campaigns(simulation)]
    lines += ["", "Messages per person      in all    most in 7 days    on one day (days)"]
    lines += [
        f"  {number:>3}  {over_all:>22}  {in_week:>12}  {in_day:>16}"
        for number, over_all, in_week, in_day in per_person(simulation)
    ]
    lines += ["", "Entered by week"]
    lines += [f"  {day(first):<11} {told}" for first, told in entered_by_week(simulation)]
    lines += ["", "Messages by week"]
    lines += [f"  {day(first):<11} {_joined(sums)}" for first, sums in weeks(simulation["by_day"], "messages")]
    lines += ["", "Held back by caps, people and days"]
    lines += [f"  {one['campaign']:<14} {told}" for one in simulation["campaigns"] if (told := capped(one))]
    if not any(capped(one) for one in simulation["campaigns"]):
        lines.append("  nobody")
    lines += ["", "Not sent for other reasons, people and days"]
    lines += [
        f"  {reason:<18}{count(number):>9}"
        for reason, number in withheld(simulation["by_day"]).items()
        if reason not in CAPS
    ]
    for one in simulation["campaigns"]:
        more = notes(one)
        lines += ["", one["campaign"], *(f"  {line}" for line in more)] if more else []
    lines += [
        "",
        f"{CLOSING} What it can and cannot tell:",
        *(f"- {line}" for line in (*assumed(simulation), *CAVEATS)),
    ]
    return "\n".join(lines) + "\n"


def assumed(simulation: Simulation) -> Iterator[str]:
    """What the answers to surveys rest on; nothing where nobody asks."""
    told = simulation["answering"]
    if not told["scores_of"]:
        return
    whence = {
        "asked": "as was asked for",
        "history": "as in the shop's own ledger",
        "assumed": "which is assumed: the shop has not asked enough people yet; --answer-rate says another",
    }
    scores = {"history": "scores as in the shop's own ledger", "assumed": "every score equally often, assumed"}
    surveys = "; ".join(f"{survey}: {scores[source]}" for survey, source in told["scores_of"].items())
    yield (
        f"Answers to surveys are invented. {percent(told['rate'])} of those who are asked answer, an hour later, "
        f"{whence[told['rate_of']]}. {surveys}. What follows an answer is as good as these."
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


def per_person(simulation: Simulation) -> Iterator[tuple[str, str, str, str]]:
    """(messages, people who got so many in all, people whose fullest seven days have so many, days of somebody's)."""
    sums = (simulation["per_person"], simulation["per_person_and_7_days"], simulation["per_person_and_day"])
    for number in sorted({int(one) for each in sums for one in each}):
        cells = [count(each[str(number)]) if str(number) in each else NOTHING for each in sums]
        yield str(number), cells[0], cells[1], cells[2]


def weeks(days: Sequence[SimulatedDay], what: str) -> Iterator[tuple[str, dict[str, int]]]:
    """(first day, campaign → `messages` or `entered`) of every seven days."""
    for start in range(0, len(days), 7):
        sums: dict[str, int] = {}
        for one in days[start : start + 7]:
            for campaign, number in (one["messages"] if what == "messages" else one["entered"]).items():
                sums[campaign] = sums.get(campaign, 0) + number
        yield days[start]["day"], dict(sorted(sums.items()))


def entered_by_week(simulation: Simulation) -> Iterator[tuple[str, str]]:
    """(first day, `12 birthday · 40 winback`)."""
    for first, sums in weeks(simulation["by_day"], "entered"):
        yield first, _joined(sums)


def withheld(days: Sequence[SimulatedDay]) -> dict[str, int]:
    """Reason → people and days, the most first."""
    sums: dict[str, int] = {}
    for one in days:
        for reason, number in one["withheld"].items():
            sums[reason] = sums.get(reason, 0) + number
    return dict(sorted(sums.items(), key=lambda pair: (-pair[1], pair[0])))


def capped(campaign: SimulatedCampaign) -> str:
    """`340 cap full · 12 lost to a campaign that goes first`; empty where the caps held nobody back."""
    return " · ".join(
        f"{count(campaign['withheld'][reason])} {CAPPED[reason]}" for reason in CAPS if campaign["withheld"].get(reason)
    )


def notes(campaign: SimulatedCampaign) -> list[str]:
    """What else is to be told of one campaign, a sentence each."""
    told = []
    if campaign["by_value"]:
        told.append("Gave " + " · ".join(f"{count(n)} × {value}" for value, n in campaign["by_value"].items()) + ".")
    if campaign["held"]:
        told.append(f"Quiet hours: {plural(campaign['held'], 'first message')} waited for their end.")
    if campaign["left_out"]:
        reasons = " · ".join(f"{count(n)} {reason}" for reason, n in campaign["left_out"].items())
        told.append(f"Settled without being sent: {reasons}.")
    for asked, scores in campaign["answers"].items():
        given = " · ".join(f"{count(n)} × {score}" for score, n in scores.items())
        told.append(f"Answered {asked} (invented): {given}.")
    told += often(campaign)
    told += [f"Stopped on {plural(days, 'day')}: {why}" for why, days in campaign["stopped"].items()]
    return told


def often(campaign: SimulatedCampaign) -> Iterator[str]:
    """Who entered again and again, the most last, and some of them by their ids."""
    for entries, people in sorted(campaign["often"].items(), key=lambda pair: int(pair[0])):
        yield f"{plural(people, 'person', 'people')} entered {campaign['campaign']} {entries} times."
    if campaign["often_ids"]:
        yield f"Such as {', '.join(campaign['often_ids'])}."


def _campaigns(simulation: Simulation) -> Iterator[str]:
    yield f"{'':<14}{'entered':>9}{'held out':>9}{'sent':>9}{'people':>9}{'codes':>9}{'at most':>14}{'orders':>8}"
    for one in simulation["campaigns"]:
        cost = money(float(one["if_all_redeem"])) if one["codes"] else NOTHING
        yield (
            f"{one['campaign']:<14}{count(one['entered']):>9}{count(one['held_out']):>9}{count(one['messages']):>9}"
            f"{count(one['people']):>9}{count(one['codes']):>9}{cost:>14}{count(one['orders']):>8}"
        )
    total = money(float(simulation["if_all_redeem"]), simulation["currency"])
    yield f"{plural(simulation['codes'], 'code')} given; if every one were redeemed, about {total}."


def _joined(sums: Mapping[str, int]) -> str:
    return " · ".join(f"{count(n)} {name}" for name, n in sums.items()) or NOTHING
