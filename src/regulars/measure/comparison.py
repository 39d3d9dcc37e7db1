"""The section of the page about what is known: treated against held out, with intervals, and a sentence for each."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from regulars.measure.charts import Span, spans
from regulars.measure.elements import figure, paragraph, section, table, written
from regulars.measure.sentences import known, lift_in_short, steadiest
from regulars.measure.shapes import CampaignFigures, Compared, Interval, Lift
from regulars.measure.wording import NOTHING, count, money, percent, plural, points, signed

_NEITHER = (NOTHING, "too few orders")
_WORDS = (
    "Some people, drawn by lot, enter a campaign and are sent nothing. What the others do more than these, the "
    "messages caused. A dot is the best guess, its line everything that fits with the numbers (95 %). A filled dot "
    "is known; a hollow one is not yet: its line crosses zero, or so few people cannot be relied on."
)


def known_and_not(campaigns: Sequence[CampaignFigures], currency: str, shop: Lift | None = None) -> str:
    """Treated against holdout, with intervals, and a sentence for each campaign."""
    tested = [c for c in campaigns if c["lift"]["conversion"]]
    verdicts = _verdict("Everything the shop sends", shop) if shop else ""
    verdicts += "".join(
        _verdict(c["title"], c["lift"]) for c in sorted(campaigns, key=lambda c: c["lift"]["conversion"] is None)
    )
    charts = "".join(filter(None, [_rates(tested), _amounts(tested, currency)]))
    side = f'<div class="side">{charts}</div>' if charts else ""
    return section("What is known", paragraph(_WORDS), side, f'<ul class="verdicts">{verdicts}</ul>')


def _verdict(title: str, lift: Lift) -> str:
    kind = "known" if lift["known"] else "open"
    return f'<li class="{kind}"><strong>{escape(title)}.</strong> {written(known(lift))}</li>'


def _rates(campaigns: Sequence[CampaignFigures]) -> str:
    found = [(c, c["lift"]["conversion"]) for c in campaigns]
    rows = [
        Span(c["title"], *_scaled(one["difference"], 100), f"{lift_in_short(c['lift'])}", one["known"])
        for c, one in found
        if one and one["difference"]
    ]
    numbers = table(
        "Share of people who converted, by intention to treat",
        ["campaign", "treated", "held out", "difference", "95 % interval"],
        [(c["title"], percent(one["treated"]), percent(one["holdout"]), *_points(one)) for c, one in found if one],
    )
    title = "Difference in conversion, treated minus held out"
    return _comparison("rates", title, rows, "percentage points", numbers)


def _amounts(campaigns: Sequence[CampaignFigures], currency: str) -> str:
    found = [(c, steadiest(c["lift"])) for c in campaigns]
    rows = [
        Span(c["title"], *_scaled(one["difference"], 1), _money_note(one["difference"], currency), one["known"])
        for c, one in found
        if one and one["difference"]
    ]
    numbers = table(
        f"{currency} per person, by intention to treat, the largest amounts cut",
        ["campaign", "treated", "held out", "difference", "95 % interval"],
        [(c["title"], money(one["treated"]), money(one["holdout"]), *_sums(one)) for c, one in found if one],
    )
    return _comparison("amounts", "Difference in revenue per person", rows, currency, numbers)


def _comparison(name: str, title: str, rows: Sequence[Span], unit: str, numbers: str) -> str:
    if not rows:
        return ""
    sure = sum(row.known for row in rows)
    description = f"{plural(len(rows), 'campaign')}, in {count(sure)} of them the interval leaves out zero."
    return figure(f"{title}, {unit}", spans(name, title, description, rows), numbers)


def _scaled(interval: Interval, by: float) -> tuple[float, float, float]:
    return interval["value"] * by, interval["low"] * by, interval["high"] * by


def _money_note(found: Interval, currency: str) -> str:
    return signed(f"{found['value']:+,.2f} {currency}") + f" ({money(found['low'])} to {money(found['high'])})"


def _points(one: Compared) -> tuple[str, str]:
    found = one["difference"]
    return (points(found["value"]), f"{points(found['low'])} to {points(found['high'])}") if found else _NEITHER


def _sums(one: Compared) -> tuple[str, str]:
    found = one["difference"]
    return (money(found["value"]), f"{money(found['low'])} to {money(found['high'])}") if found else _NEITHER
