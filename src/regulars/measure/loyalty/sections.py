"""The sections of the page about loyalty: month by month, who moves between the stages, and goals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape

from regulars.measure.charts import Bar, bars
from regulars.measure.elements import figure, key_figures, legend, paragraph, section, table, written
from regulars.measure.loyalty import text
from regulars.measure.loyalty.shapes import Loyalty, MonthFigures, StageFigures
from regulars.measure.loyalty.trends import trend
from regulars.measure.wording import NOTHING, count, day, money, percent, roughly, signed

Reading = Callable[[MonthFigures], tuple[float | None, str]]
"""A month's figure, and as it is written."""


def by_month(loyalty: Loyalty, currency: str) -> str:
    """The figures of each month: small charts, and one table of all numbers."""
    found = loyalty.get("months")
    if not found:
        return ""
    words = "Each column is a month"
    words += ", the pale one is not over. " if not found[-1]["whole"] else ". "
    words += "A customer is somebody who ordered within the time that the shop sets, a year unless it says otherwise."
    if "segment" in loyalty:
        asked = loyalty["segment"]
        words += (
            f" These are the {count(asked['people'])} people for whom `{asked['condition']}` holds on "
            f"{day(asked['as_of'])}, in every month."
        )
    charts = "".join(_trend(place, title, read, found) for place, (title, read) in enumerate(_shown(currency).items()))
    head, *rows = text.table(found)
    numbers = table(f"Month by month, amounts in {currency}", head, rows)
    details = f"<details><summary>The numbers</summary>{numbers}</details>"
    values = key_figures(_values(loyalty, currency))
    return section("Month by month", paragraph(words), values, f'<div class="trends">{charts}</div>', details)


def _values(loyalty: Loyalty, currency: str) -> list[tuple[str, str]]:
    shown = []
    for name, words in text.VALUES.items():
        found = loyalty.get(name)
        if isinstance(found, float):
            said = f"{found:.2f}" if name == "upsell_ratio" else roughly(found, currency)
            shown.append((f"{words}, per customer" if name.startswith("lifetime") else words, said))
    return shown


def _shown(currency: str) -> dict[str, Reading]:
    return {
        "Customers": lambda m: (float(m["end"]), count(m["end"])),
        "Churn": lambda m: _share(m["churn_rate"]),
        "Repeat purchase rate, to date": lambda m: _share(m["to_date"]["repeat_purchase_rate"]),
        "Orders": lambda m: (float(m["orders"]), count(m["orders"])),
        "Orders per customer who ordered": lambda m: _number(m["purchase_frequency"]),
        "Average order": lambda m: (n := m["average_order"], NOTHING if n is None else money(n, currency)),
        "Net promoter score": lambda m: (n["value"], signed(f"{n['value']:+.0f}")) if (n := m["nps"]) else _NONE,
        "Customer satisfaction": lambda m: _share(n["value"] if (n := m["csat"]) else None),
        "Customer loyalty index": lambda m: _number(n["value"] if (n := m["cli"]) else None),
        "Codes redeemed": lambda m: _share(m["redemption_rate"]),
    }


_NONE = (None, NOTHING)


def _share(value: float | None) -> tuple[float | None, str]:
    return value, percent(value)


def _number(value: float | None) -> tuple[float | None, str]:
    return value, NOTHING if value is None else f"{value:.2f}"


def _trend(place: int, title: str, read: Reading, months: Sequence[MonthFigures]) -> str:
    told = [(month["month"], *read(month)) for month in months]
    known = [(month, said) for month, value, said in told if value is not None]
    if not known:
        return ""
    chart = trend(f"trend-{place}", title, told, open_end=not months[-1]["whole"])
    return f"<figure><figcaption>{escape(title)} <strong>{escape(known[-1][1])}</strong></figcaption>{chart}</figure>"


def programmes(loyalty: Loyalty) -> str:
    """Who takes part in each programme, and how much of what it gives is used."""
    found = loyalty.get("programmes", {})
    if not found:
        return ""
    rows = [
        (name, count(one["members"]), percent(one["participation"]), percent(one["redemption_rate"]))
        for name, one in found.items()
    ]
    return section("Programmes", table("Members today", ["programme", "members", "of all customers", "redeemed"], rows))


def stages(loyalty: Loyalty) -> str:
    """Each ladder: how many stood where month by month, and who moved of late."""
    found = loyalty.get("stages", {})
    return section("Who moved", *(_stage(place, name, stage) for place, (name, stage) in enumerate(found.items())))


def _stage(place: int, name: str, stage: StageFigures) -> str:
    values = list(dict.fromkeys(value for found in stage["months"].values() for value in found))
    numbers = table(
        f"People by {name}, on the last day of each month that was kept",
        [name, *stage["months"]],
        [(value, *(count(found.get(value, 0)) for found in stage["months"].values())) for value in values],
    )
    return f"<article><h3>{escape(name)}</h3>{_moves(place, stage)}{numbers}</article>"


def _moves(place: int, stage: StageFigures) -> str:
    since = day(stage["since"])
    if not stage["flows"]:
        return paragraph(f"Nobody has moved since {since}, when this began to be kept.", "soft")
    told = list(zip(text.moves(stage), stage["flows"], strict=True))
    rows = [
        Bar(move, [("mid", flow["people"]), ("doubt", flow["by_edit"])], f"{people} {edit}".rstrip())
        for (move, people, edit), flow in told[: text.MOST]
    ]
    everything = [(move, people, count(flow["by_edit"])) for (move, people, _), flow in told]
    edited = any(flow["by_edit"] for flow in stage["flows"])
    shown = legend([("mid", "by themselves"), ("doubt", "moved by an edit of the rules")]) if edited else ""
    caption = f"From where to where, in the last {stage['flow_days']} days (kept since {since})"
    chart = bars(f"moves-{place}", caption, f"Most: {rows[0].label}, {rows[0].note}.", rows)
    numbers = table("All moves", ["from, to", "by themselves", "by an edit"], everything)
    return figure(caption, chart, numbers, shown)


def mentions(loyalty: Loyalty) -> str:
    """What is said about the shop elsewhere, by week and tone."""
    weeks: dict[str, dict[str, int]] = {}
    for one in loyalty.get("mentions", []):
        weeks.setdefault(one["week"], {})[one["tone"]] = one["mentions"]
    if not weeks:
        return ""
    tones = sorted({tone for said in weeks.values() for tone in said})
    rows = [(day(week), *(count(weeks[week].get(tone, 0)) for tone in tones)) for week in sorted(weeks, reverse=True)]
    numbers = table("Mentions by week and tone", ["week from", *(tone or "no tone" for tone in tones)], rows)
    sums = [(day(week), sum(weeks[week].values())) for week in sorted(weeks)]
    chart = trend("mentions", "Mentions by week", [(week, float(said), count(said)) for week, said in sums])
    return section("What is said about us", figure("Mentions by week", chart, numbers))


def goals(loyalty: Loyalty) -> str:
    """Where each goal stands."""
    items = "".join(
        f'<li class="{"known" if one["standing"] in ("reached", "on course") else "open"}">'
        f"<strong>{escape(text.heading(one['figure']))}.</strong> {written(one['sentence'])}</li>"
        for one in loyalty.get("goals", [])
    )
    return section("Goals", f'<ul class="verdicts">{items}</ul>') if items else ""
