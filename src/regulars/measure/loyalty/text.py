"""The loyalty figures as plain text, below what all orders add up to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from regulars.measure.loyalty.shapes import Loyalty, MonthFigures, StageFigures
from regulars.measure.wording import NOTHING, count, day, money, percent, signed

Rows = Sequence[Sequence[str]]
MOST = 12
"""Flows that are told."""


def parts(loyalty: Loyalty, columns: Callable[[Rows, str], str], currency: str) -> Iterator[str]:
    """Each block of the text. `columns` lays rows of cells under each other, left `<` or right `>`."""
    if loyalty.get("months"):
        yield _months(loyalty, columns)
        yield _values(loyalty, columns, currency)
    if loyalty.get("programmes"):
        rows = [("  programme", "members", "of all", "redeemed")]
        rows += [
            (f"  {name}", count(one["members"]), percent(one["participation"]), percent(one["redemption_rate"]))
            for name, one in loyalty["programmes"].items()
        ]
        yield "Programmes\n" + columns(rows, "<>>>")
    for name, stage in loyalty.get("stages", {}).items():
        yield _stage(name, stage, columns)
    if loyalty.get("mentions"):
        yield "Mentions by week\n" + columns(mentions(loyalty), "<>>")
    if loyalty.get("goals"):
        lines = [f"  {heading(goal['figure'])}: {goal['sentence']}" for goal in loyalty["goals"]]
        yield "\n".join(["Goals", *lines])


def _months(loyalty: Loyalty, columns: Callable[[Rows, str], str]) -> str:
    found = loyalty["months"]
    title = "Month by month"
    if "segment" in loyalty:
        asked = loyalty["segment"]
        title += f", of the {count(asked['people'])} for whom {asked['condition']} holds on {day(asked['as_of'])}"
    head, *rows = table(found)
    head = [f"  {head[0]}", *head[1:]]
    told = columns([head, *([f"  {row[0]}", *row[1:]] for row in rows)], "<" + ">" * (len(head) - 1))
    return f"{title}\n{told}" + ("" if found[-1]["whole"] else "\n  * so far")


def _values(loyalty: Loyalty, columns: Callable[[Rows, str], str], currency: str) -> str:
    unknown = loyalty.get("unknown", {})
    rows = []
    for name, words in VALUES.items():
        found = loyalty.get(name)
        if isinstance(found, float):
            rows.append((f"  {words}", f"{found:.2f}" if name == "upsell_ratio" else money(found, currency)))
        else:
            rows.append((f"  {words}", f"{NOTHING} {unknown.get(name, '')}".rstrip()))
    return columns(rows, "<<")


VALUES = {
    "lifetime_value": "value to date",
    "lifetime_value_simple": "value of a lifetime, simple",
    "lifetime_value_expected": "expected in a year",
    "upsell_ratio": "upsell ratio",
}
"""Figure → words."""


def _stage(name: str, stage: StageFigures, columns: Callable[[Rows, str], str]) -> str:
    lines = [f"{name} over time, kept since {day(stage['since'])}"]
    months = list(stage["months"].items())[-6:]
    values = list(dict.fromkeys(value for _, found in months for value in found))
    rows = [["  ", *(month for month, _ in months)]]
    rows += [[f"    {value}", *(count(found.get(value, 0)) for _, found in months)] for value in values]
    lines.append(columns(rows, "<" + ">" * len(months)))
    if stage["flows"]:
        lines.append(f"  moved, last {stage['flow_days']} days")
        lines.append(columns([(f"    {move}", *cells) for move, *cells in moves(stage)[:MOST]], "<><"))
    return "\n".join(lines)


def moves(stage: StageFigures) -> list[tuple[str, str, str]]:
    """(from → to, people, what else is to be said) of each flow."""
    told = []
    for flow in stage["flows"]:
        move = f"{flow['before'] or 'new to the shop'} → {flow['after'] or 'gone'}"
        edit = f"and {count(flow['by_edit'])} by your edit" if flow["by_edit"] else ""
        told.append((move, count(flow["people"]), edit))
    return told


def mentions(loyalty: Loyalty) -> list[tuple[str, str, str]]:
    """(week, tone, mentions)."""
    return [(f"  {day(one['week'])}", one["tone"] or NOTHING, count(one["mentions"])) for one in loyalty["mentions"]]


def table(months: Sequence[MonthFigures]) -> list[list[str]]:
    """The head and a row for each month; figures that no month has are left out."""
    cells = {words: [shown(month) for month in months] for words, shown in COLUMNS.items()}
    told = {words: found for words, found in cells.items() if set(found) != {NOTHING}}
    names = [month["month"] + ("" if month["whole"] else " *") for month in months]
    rows = zip(names, *told.values(), strict=True)
    return [["month", *told], *map(list, rows)]


COLUMNS: dict[str, Callable[[MonthFigures], str]] = {
    "customers": lambda month: count(month["end"]),
    "new": lambda month: count(month["new"]),
    "lost": lambda month: count(month["left"]),
    "retention": lambda month: percent(month["retention_rate"]),
    "churn": lambda month: percent(month["churn_rate"]),
    "orders": lambda month: count(month["orders"]),
    "each": lambda month: NOTHING if (n := month["purchase_frequency"]) is None else f"{n:.2f}",
    "repeat": lambda month: percent(month["to_date"]["repeat_purchase_rate"]),
    "average": lambda month: NOTHING if (n := month["average_order"]) is None else money(n),
    "NPS": lambda month: NOTHING if (n := month["nps"]) is None else signed(f"{n['value']:+.0f}"),
    "CSAT": lambda month: NOTHING if (n := month["csat"]) is None else percent(n["value"]),
    "CLI": lambda month: NOTHING if (n := month["cli"]) is None or n["value"] is None else f"{n['value']:.2f}",
    "redeemed": lambda month: percent(month["redemption_rate"]),
}
"""Words → the month's cell."""


def named(figure: str) -> str:
    """`repeat purchase rate`; abbreviations in capitals."""
    return figure.upper() if len(figure) <= 4 else figure.replace("_", " ")


def heading(figure: str) -> str:
    """The same at the beginning of a line."""
    words = named(figure)
    return words[0].upper() + words[1:]
