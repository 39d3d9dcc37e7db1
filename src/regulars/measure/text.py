"""The report as plain text: aligned columns, no colours, readable when it is piped into a mail."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from textwrap import wrap

from regulars.measure.loyalty.shapes import Loyalty
from regulars.measure.loyalty.text import parts as loyalty_parts
from regulars.measure.offers import told as offers_told
from regulars.measure.sentences import (
    against_the_first,
    credited,
    has_begun,
    headline,
    known,
    lift_figures,
    lift_in_short,
    nothing_yet,
    of_days,
)
from regulars.measure.shapes import CampaignFigures, Figures, MessageFigures
from regulars.measure.wording import NOTHING, count, money, percent, plural

CREDITED = {"first": " · credit to the first message", "linear": " · credit shared by all messages"}
_TITLE = 34
"""Characters a title may take in a table."""

_WIDTH = 100
_GLUE = "\N{NO-BREAK SPACE}"


def text(figures: Figures) -> str:
    """The report for a terminal, ending with a line feed."""
    begun = [c for c in figures["campaigns"] if has_begun(c)]
    parts = [_head(figures), _table(figures, begun) if begun else nothing_yet(figures)]
    parts += [_campaign(c, figures["currency"]) for c in begun]
    if begun:
        parts.append(_whole(figures))
    if figures["loyalty"]:
        parts.append(_loyalty(figures["loyalty"], figures["currency"]))
        parts += loyalty_parts(figures["loyalty"], _columns, figures["currency"])
    return "\n\n".join(parts) + "\n"


def _head(figures: Figures) -> str:
    since = of_days(figures)
    shared = CREDITED.get(figures.get("credit", "last"), "")
    return f"{headline(figures)} · {since} · amounts in {figures['currency']}{shared}"


def _table(figures: Figures, begun: Sequence[CampaignFigures]) -> str:
    rows = [
        (
            _short(c["title"]),
            count(c["enrolled"]),
            count(c["sent"]),
            count(c["conversions"]),
            money(c["revenue"]),
            lift_in_short(c["lift"]),
        )
        for c in sorted(begun, key=lambda c: (-c["revenue"], c["campaign"]))
    ]
    sums = figures["totals"]
    total = ("in all", *(count(n) for n in (sums["enrolled"], sums["sent"], sums["conversions"])))
    head = ("", "entered", "sent", "orders", "revenue", "against the holdout")
    return _columns([head, *rows, (*total, money(sums["revenue"]), "")], "<>>>><")


def _campaign(campaign: CampaignFigures, currency: str) -> str:
    lines = [f"{campaign['title']} ({campaign['campaign']})"]
    lines += _named("messages", (f"{count(n)} {state}" for state, n in campaign["messages"].items()))
    lines += _named("earned by", credited(campaign))
    lines += _named("besides", (money(sum_, other) for other, sum_ in campaign["other_currencies"].items()))
    codes = campaign["codes"]
    if codes["issued"]:
        lines += _named("codes", [f"{count(codes['issued'])} issued", f"{count(codes['redeemed'])} redeemed"])
    for place, words in enumerate(offers_told(campaign["offers"], currency)):
        lines += _named("" if place else "offers", [words])
    lines += _named("arms", (_arm(campaign, arm) for arm in campaign["arms"] if campaign["arms"][arm]["entries"]))
    apart = campaign["shop_holdout"]["entries"]
    if apart:
        lines += _named("apart", [f"{plural(apart, 'entry', 'entries')} of the shop's holdout, who hear nothing"])
    lines += _named("holdout", [known(campaign["lift"])])
    lines += _named("lift", lift_figures(campaign["lift"], currency))
    tables = [_messages(campaign, currency), *(_variants(message, currency) for message in campaign["by_message"])]
    return "\n".join([*lines, *filter(None, tables)])


def _arm(campaign: CampaignFigures, name: str) -> str:
    arm = campaign["arms"][name]
    share, did = percent(arm["converted"] / arm["people"]), campaign.get("did", "ordered")
    return f"{name} {plural(arm['people'], 'person', 'people')}, {count(arm['converted'])} {did} ({share})"


def _messages(campaign: CampaignFigures, currency: str) -> str:
    rows = [
        (
            f"  {message['name'] or '(gone)'}",
            count(message["sent"]),
            " + ".join(f"{count(n)} {channel}" for channel, n in message["channels"].items()) or NOTHING,
            count(message["opened"]) if message["delivered"] else NOTHING,
            count(message["clicked"]) if message["delivered"] else NOTHING,
            count(message["conversions"]),
            money(message["revenue"]),
        )
        for message in campaign["by_message"]
    ]
    head = ("  message", "sent", "by", "opened", "clicked", "orders", currency)
    return _columns([head, *rows], "<><>>>>") if rows else ""


def _variants(message: MessageFigures, currency: str) -> str:
    if not message["variants"]:
        return ""
    rows = [
        (
            f"  {message['name']} as {one['name']}",
            count(one["sent"]),
            count(one["clicked"]),
            count(one["converted"]),
            money(one["revenue"]),
            against_the_first(one),
        )
        for one in message["variants"]
    ]
    head = ("  variant", "sent", "clicked", "ordered", currency, f"{message['judged_by']}, against the first")
    return "\n".join([_columns([head, *rows], "<>>>><"), *_named("best", [message["best"]])])


def _whole(figures: Figures) -> str:
    codes = figures["codes"]
    lines = ["All campaigns" if len(figures["campaigns"]) > 1 else "Codes and friends"]
    if codes["issued"]:
        parts = {"issued": codes["issued"], "redeemed": codes["redeemed"], "still valid": codes["open"]}
        lines += _named("codes", (f"{count(number)} {word}" for word, number in parts.items()))
    shop = figures["shop_lift"]
    if shop:
        lines += _named("holdout", [f"The shop's own. {shop['sentence']}"])
        lines += _named("lift", lift_figures(shop, figures["currency"]))
    for place, words in enumerate(offers_told(figures["offers"], figures["currency"])):
        lines += _named("" if place else "offers", [words])
    lines += _named("friends", _friends(figures))
    return "\n".join(lines)


def _friends(figures: Figures) -> list[str]:
    """What became of friends, what they brought, and what they cost."""
    came, currency = figures["friends"], figures["currency"]
    told = [f"{plural(figures['referrals'], 'customer')} came with a friend's code"]
    if came["pending"] or came["paid"]:
        told += [f"{money(came['revenue'], currency)} in their first orders"]
        told += [f"{count(came[state])} {state}" for state in ("pending", "paid") if came[state]]
    told += [f"{count(came['taken_back'])} taken back"] if came["taken_back"] else []
    told += [f"{count(n)} refused: {reason.replace('_', ' ')}" for reason, n in came["refused"].items()]
    if came["rewards"]:
        used = f"{count(came['spent'])} used, {money(came['cost'], currency)}"
        told += [f"{plural(came['rewards'], 'reward')} given, {used}"]
    told += [f"{money(came['discount'], currency)} off for friends"] if came["discount"] else []
    return told


def _loyalty(loyalty: Loyalty, currency: str) -> str:
    lines = ["Customers"]
    if "buyers" in loyalty:
        average = loyalty["average_order"]
        frequency = loyalty["purchase_frequency"]
        rows = [
            ("  customers", count(loyalty["customers"])),
            ("  with an order", count(loyalty["buyers"])),
            ("  repeat purchase rate", percent(loyalty["repeat_purchase_rate"])),
            ("  purchase frequency", NOTHING if frequency is None else f"{frequency:.2f}"),
            ("  average order", NOTHING if average is None else money(average, currency)),
        ]
        lines.append(_columns(rows, "<>"))
    for ladder, values in loyalty.get("segments", {}).items():
        everybody = sum(values.values()) or 1
        rows3 = [(f"    {value}", count(n), percent(n / everybody)) for value, n in values.items()]
        lines += [f"  {ladder}", _columns(rows3, "<>>")]
    return "\n".join(lines)


def _named(name: str, parts: Iterable[str]) -> list[str]:
    """`  name       part · part`, wrapped, or nothing where there are no parts."""
    told = list(parts)
    if len(told) > 1:
        told = [part.replace(" ", _GLUE) for part in told]
    first = f"  {name:<10} "
    lines = wrap(" · ".join(told), _WIDTH, initial_indent=first, subsequent_indent=" " * len(first))
    return [line.replace(_GLUE, " ") for line in lines]


def _columns(rows: Sequence[Sequence[str]], align: str) -> str:
    """The rows with equally wide columns, two spaces between them; `<` is left, `>` right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(f"{cell:{side}{width}}" for cell, side, width in zip(row, align, widths, strict=True)).rstrip()
        for row in rows
    )


def _short(title: str) -> str:
    return title if len(title) <= _TITLE else title[: _TITLE - 1] + "…"
