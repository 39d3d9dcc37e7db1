"""The report as one HTML page: no scripts, no fonts or images to fetch, readable on a phone, by night and on paper."""

from __future__ import annotations

from html import escape
from importlib.resources import files

from regulars.measure import sections
from regulars.measure.comparison import known_and_not
from regulars.measure.elements import key_figures, paragraph
from regulars.measure.loyalty import sections as loyal
from regulars.measure.sentences import has_begun, headline, of_days, summary
from regulars.measure.shapes import Figures
from regulars.measure.wording import count

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
"""The browser itself refuses whatever would leave the page."""


def page(figures: Figures) -> str:
    """The whole page. Everything a marketer wrote is escaped."""
    style = files("regulars.measure").joinpath("report.css").read_text("utf-8")
    title = escape(headline(figures))
    begun = [c for c in figures["campaigns"] if has_begun(c)]
    body = [_header(figures)]
    if begun:
        body += [
            sections.earned(begun, figures["currency"]),
            known_and_not(begun, figures["currency"], figures["shop_lift"]),
            sections.sent(begun),
        ]
    body.append(sections.customers(figures["loyalty"], figures["currency"]))
    body += [
        loyal.goals(figures["loyalty"]),
        loyal.by_month(figures["loyalty"], figures["currency"]),
        loyal.programmes(figures["loyalty"]),
        loyal.stages(figures["loyalty"]),
        loyal.mentions(figures["loyalty"]),
    ]
    if begun:
        body.append(sections.each_campaign(begun, figures["currency"]))
    body.append(sections.how())
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta name="color-scheme" content="light dark">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n<link rel="icon" href="data:,">\n'
        f"<style>\n{style}</style>\n</head>\n<body>\n"
        + "\n".join(part for part in body if part)
        + "\n</body>\n</html>\n"
    )


def _header(figures: Figures) -> str:
    totals, codes = figures["totals"], figures["codes"]
    since = of_days(figures)
    when = f"{since} · amounts in {figures['currency']}"
    shown = []
    if totals["enrolled"] or totals["sent"]:
        shown = [
            ("messages sent", count(totals["sent"])),
            ("orders credited to them", count(totals["conversions"])),
            (f"{figures['currency']}, revenue of these orders", f"{totals['revenue']:,.0f}"),
            ("codes redeemed", f"{count(codes['redeemed'])} of {count(codes['issued'])}"),
            ("friends who came with a code", count(figures["referrals"])),
        ]
    return (
        f"<header><h1>{escape(headline(figures))}</h1>"
        f"{paragraph(when, 'period')}"
        f"{paragraph(summary(figures), 'lede')}{key_figures(shown) if shown else ''}</header>"
    )
