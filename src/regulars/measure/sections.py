"""The sections of the page: what was earned and sent, who the customers are, each campaign, and how it is computed."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from regulars.measure.charts import Bar, bars, ladder
from regulars.measure.elements import figure, key_figures, legend, paragraph, section, table, written
from regulars.measure.loyalty.shapes import Loyalty
from regulars.measure.offers import told as offers_told
from regulars.measure.sentences import EVIDENCE, against_the_first
from regulars.measure.shapes import CampaignFigures, MessageFigures
from regulars.measure.wording import NOTHING, count, money, percent, plural

_EVIDENCE_COLOURS = ("deep", "mid", "pale", "grey")
_FATES = {
    "opened or clicked": ("deep", ("opened", "clicked")),
    "sent": ("mid", ("accepted", "delivered")),
    "on its way or waiting": ("pale", ("planned", "claimed", "sending")),
    "held back at the last moment": ("grey", ("suppressed", "expired", "skipped", "unsent")),
    "fate not known": ("doubt", ("ambiguous",)),
    "not delivered": ("bad", ("dropped", "bounced", "failed", "dead")),
}
"""What became of a message, in words: colour and states."""


def earned(campaigns: Sequence[CampaignFigures], currency: str) -> str:
    """Credited revenue by campaign and evidence."""
    ranked = sorted(campaigns, key=lambda c: (-c["revenue"], c["campaign"]))
    kinds = [*EVIDENCE, *sorted({kind for c in campaigns for kind in c["by_evidence"]} - EVIDENCE.keys())]
    seen = [kind for kind in kinds if any(kind in c["by_evidence"] for c in campaigns)]
    colours = {kind: _EVIDENCE_COLOURS[min(place, 3)] for place, kind in enumerate(kinds)}
    rows = [
        Bar(
            c["title"],
            [(colours[kind], max(c["by_evidence"][kind]["revenue"], 0)) for kind in seen if kind in c["by_evidence"]],
            money(c["revenue"]),
        )
        for c in ranked
    ]
    best = f"Most by {ranked[0]['title']}: {money(ranked[0]['revenue'], currency)}."
    chart = bars("earned", "Revenue credited to each campaign", f"{len(ranked)} campaigns. {best}", rows)
    numbers = table(
        f"Orders and {currency} credited",
        ["campaign", *(EVIDENCE.get(kind, kind) for kind in seen), "orders", "revenue"],
        [
            (
                c["title"],
                *(money(c["by_evidence"][kind]["revenue"]) if kind in c["by_evidence"] else NOTHING for kind in seen),
                count(c["conversions"]),
                money(c["revenue"]),
            )
            for c in ranked
        ],
    )
    words = (
        "Each order is credited to one message at most: by its code, or by coming soon after. Some of these people "
        "would have ordered anyway; the next section tells what the messages changed."
    )
    shown = legend((colours[kind], f"orders {EVIDENCE.get(kind, kind)}") for kind in seen)
    return section("What was earned", paragraph(words), figure(f"Credited revenue, {currency}", chart, numbers, shown))


def sent(campaigns: Sequence[CampaignFigures]) -> str:
    """What became of every message."""
    counted = [(c, _fates(c)) for c in campaigns]
    seen = [fate for fate in _FATES if any(fates[fate] for _, fates in counted)]
    rows = [
        Bar(c["title"], [(_FATES[fate][0], fates[fate]) for fate in seen], count(sum(fates.values())))
        for c, fates in sorted(counted, key=lambda pair: -sum(pair[1].values()))
    ]
    everything = sum(sum(fates.values()) for _, fates in counted)
    description = "; ".join(f"{fate}: {count(sum(fates[fate] for _, fates in counted))}" for fate in seen)
    numbers = table(
        "Messages by what became of them",
        ["campaign", *seen],
        [(c["title"], *(count(fates[fate]) for fate in seen)) for c, fates in counted],
    )
    words = (
        f"{plural(everything, 'message')} in all. Opens are counted as the providers report them; some mail programs "
        "open everything, some nothing."
    )
    chart = bars("sent", "What became of the messages", description, rows)
    shown = legend((_FATES[fate][0], fate) for fate in seen)
    return section("What was sent", paragraph(words), figure("Messages by campaign", chart, numbers, shown))


def _fates(campaign: CampaignFigures) -> dict[str, int]:
    return {fate: sum(campaign["messages"].get(s, 0) for s in states) for fate, (_, states) in _FATES.items()}


def customers(loyalty: Loyalty, currency: str) -> str:
    """The loyalty figures, and how many customers stand on each step of each ladder."""
    shown = ""
    if "buyers" in loyalty:
        frequency, average = loyalty["purchase_frequency"], loyalty["average_order"]
        shown = key_figures(
            [
                ("customers", count(loyalty["customers"])),
                ("of these with an order", count(loyalty["buyers"])),
                ("repeat purchase rate", percent(loyalty["repeat_purchase_rate"])),
                ("orders per customer with one", NOTHING if frequency is None else f"{frequency:.2f}"),
                ("average order", NOTHING if average is None else money(average, currency)),
            ]
        )
    ladders = "".join(_ladder(i, name, values) for i, (name, values) in enumerate(loyalty.get("segments", {}).items()))
    return section("Who the customers are", shown, f'<div class="side">{ladders}</div>' if ladders else "")


def _ladder(place: int, name: str, values: dict[str, int]) -> str:
    everybody = sum(values.values()) or 1
    rows = [Bar(value, [("mid", n)], f"{count(n)} · {percent(n / everybody)}") for value, n in values.items()]
    most = max(values, key=lambda value: values[value], default=NOTHING)
    chart = ladder(f"ladder-{place}", f"Customers by {name}", f"{len(values)} values; most are {most}.", rows)
    numbers = table(
        f"Customers by {name}",
        [name, "customers", "share"],
        [(value, count(n), percent(n / everybody)) for value, n in values.items()],
    )
    return figure(f"Customers by {name}", chart, numbers)


def each_campaign(campaigns: Sequence[CampaignFigures], currency: str) -> str:
    """The messages and the arms of every campaign."""
    return section("Campaign by campaign", *(_campaign(c, currency) for c in campaigns))


def _campaign(campaign: CampaignFigures, currency: str) -> str:
    told = [f"{plural(campaign['enrolled'], 'entry', 'entries')} so far."]
    codes = campaign["codes"]
    if codes["issued"]:
        redeemed, valid = count(codes["redeemed"]), count(codes["open"])
        told.append(f"{plural(codes['issued'], 'code')} issued, {redeemed} redeemed, {valid} still valid.")
    told += [f"{line[0].upper()}{line[1:]}." for line in offers_told(campaign["offers"], currency)]
    apart = campaign["shop_holdout"]["entries"]
    if apart:
        told.append(f"{plural(apart, 'entry', 'entries')} of the shop's holdout, who hear nothing.")
    told += [f"Besides {money(amount, other)}." for other, amount in campaign["other_currencies"].items()]
    heading = f'{escape(campaign["title"])} <code class="soft">{escape(campaign["campaign"])}</code>'
    tables = f"{_messages(campaign, currency)}{_arms(campaign, currency)}"
    words = paragraph(" ".join(told), "soft")
    tried = "".join(_variants(message, currency) for message in campaign["by_message"])
    return f'<article><h3>{heading}</h3>{words}<div class="side">{tables}</div>{tried}</article>'


def _variants(message: MessageFigures, currency: str) -> str:
    rows = [
        (
            one["name"],
            count(one["sent"]),
            count(one["clicked"]),
            count(one["converted"]),
            money(one["revenue"]),
            against_the_first(one),
        )
        for one in message["variants"]
    ]
    head = ["variant", "sent", "clicked", "ordered", currency, f"{message['judged_by']}, against the first"]
    return table(f"{message['name']}, in several wordings", head, rows) + paragraph(message["best"]) if rows else ""


def _messages(campaign: CampaignFigures, currency: str) -> str:
    rows = [
        (
            "\n".join([message["name"] or "(gone)", *_by_channel(message)]),
            count(message["sent"]),
            count(message["opened"]) if message["delivered"] else NOTHING,
            count(message["clicked"]) if message["delivered"] else NOTHING,
            count(message["conversions"]),
            money(message["revenue"]),
        )
        for message in campaign["by_message"]
    ]
    head = ["message", "sent", "opened", "clicked", "orders", currency]
    return table("Messages", head, rows) if rows else ""


def _by_channel(message: MessageFigures) -> list[str]:
    said = " + ".join(f"{count(n)} {channel}" for channel, n in message["channels"].items())
    return [said] if said else []


def _arms(campaign: CampaignFigures, currency: str) -> str:
    words = {"treated": "treated", "holdout": "held out"}
    rows = [
        (
            words[name],
            count(arm["people"]),
            count(arm["converted"]),
            percent(arm["converted"] / arm["people"] if arm["people"] else None),
            money(arm["revenue"]),
        )
        for name, arm in campaign["arms"].items()
        if arm["entries"]
    ]
    head = ["arm", "people", campaign.get("did", "ordered"), "share", currency]
    return table("All their orders within the window, credited or not", head, rows) if rows else ""


def how() -> str:
    """How the figures are made."""
    items = "".join(f"<dt>{escape(term)}</dt><dd>{written(meaning)}</dd>" for term, meaning in _HOW.items())
    return f"<footer><h2>How these figures are made</h2><dl>{items}</dl></footer>"


_HOW = {
    "Credited": "An order goes to the message whose code it carries, else to the one whose referral code it carries, "
    "else to the last one sent within the campaign's window. Each order is counted once.",
    "Treated, held out": "By intention to treat: everybody drawn for the messages counts as treated, whether or not "
    "one arrived. Each person counts once, with their first entry.",
    "Intervals": "95 %. Shares: Newcombe's score interval (1998). Amounts: Welch's interval (1947), nobody counted "
    "with more than 99 % of the buyers spent at most, the smaller arm's variance being at least that of both together; "
    "without what the year before foretold, where the orders tell (CUPED, 2013); given from ten buyers in each arm.",
    "Known": "The interval leaves out zero, and the difference is no smaller than what so many people show in 80 of "
    "100 campaigns. Arms that are not as large as was declared are not compared.",
    "Variants": "Each person got one, drawn by lot. The limits hold however often one looks (an asymptotic "
    "confidence sequence, Waudby-Smith and others 2024). One is called the best only where it is known to be better "
    "than all others.",
    "If all redeem": "The value of the codes that can still be used: amounts as they are, percentages of the average "
    "order. Beside it the same times the share of codes that was used, of those whose time is over.",
    "Repeat purchase rate": "Customers with two orders or more, divided by customers with one or more.",
    "Average order": "Revenue divided by orders.",
    "Customers, churn": "A customer has ordered within `shop.customer_for` (365 days) before the day. Churn: those of "
    "the month's start and the new ones who are none at its end, divided by both together.",
    "Value of a lifetime": "To date: revenue divided by customers with an order. Simple: average order × orders per "
    "year × years, where a customer stays as many years as it would take to lose all at last year's pace.",
    "Moves": "Where runs found people from one look to the next: at most one move a day. Rules that were edited move "
    "people too; these are shown apart.",
}
