"""What the text and the page say in the same words."""

from __future__ import annotations

from regulars.measure.shapes import CampaignFigures, Compared, Figures, Interval, Lift, VariantFigures
from regulars.measure.wording import count, day, money, plural, points, signed

EVIDENCE = {
    "code": "with our code",
    "referral": "with a friend's code",
    "click": "after a click",
    "window": "soon after a message",
}
"""How an order was recognised, in the order in which the evidence is asked for."""


def of_days(figures: Figures) -> str:
    """The days that a report is of."""
    period = figures["period"]
    if period["from"] is None:
        return f"as of {day(period['to'])}"
    span = f"{day(period['from'])} to {day(period['to'])}"
    return f"people who entered from {span}" if figures["asked_for_days"] else span


def headline(figures: Figures) -> str:
    """`Casa Verde: what the messages earned`."""
    return f"{figures['shop']}: what the messages earned" if figures["shop"] else "What the messages earned"


def has_begun(campaign: CampaignFigures) -> bool:
    """Whether anybody entered the campaign, was kept out of it by a holdout, or ordered through it."""
    kept_out = campaign["shop_holdout"]["entries"]
    return bool(campaign["enrolled"] or campaign["messages"] or campaign["conversions"] or kept_out)


def nothing_yet(figures: Figures) -> str:
    """What a report says that has nothing to report."""
    waiting = len(figures["campaigns"])
    can_run = f"{plural(waiting, 'campaign')} can run: `regulars plan` shows who would get what."
    return " ".join(["Nothing has been sent, and nobody has entered a campaign.", can_run][: 2 if waiting else 1])


def summary(figures: Figures) -> str:
    """The whole report in two or three sentences."""
    begun = [c for c in figures["campaigns"] if has_begun(c)]
    if not begun:
        return nothing_yet(figures)
    totals = figures["totals"]
    told = (
        f"{plural(len(begun), 'campaign')} sent {plural(totals['sent'], 'message')}. "
        f"{plural(totals['conversions'], 'order')} for {money(totals['revenue'], figures['currency'])} "
        f"{'is' if totals['conversions'] == 1 else 'are'} credited to them."
    )
    tested = [c for c in begun if c["lift"]["conversion"]]
    if not tested:
        return f"{told} No campaign holds anybody out, so what the messages changed is not known."
    sure = sum(c["lift"]["known"] for c in tested)
    return f"{told} What they changed is known for {count(sure)} of the {count(len(tested))} with a holdout."


def known(lift: Lift) -> str:
    """The lift's sentence, and how many windows are still open."""
    if not lift["open"] or not lift["conversion"]:
        return lift["sentence"]
    still = f"The windows of {plural(lift['open'], 'person', 'people')} are still open, so this will change."
    return f"{lift['sentence']} {still}"


def lift_in_short(lift: Lift) -> str:
    """`+2.1 points (0.3 to 3.9)`, `not known yet` or `no holdout`."""
    found = lift["conversion"]["difference"] if lift["conversion"] else None
    if lift["shares"] and not lift["shares"]["holds"]:
        return "arms out of proportion"
    if found is None:
        return "no holdout"
    if not lift["known"]:
        return "not known yet"
    low, high = (points(found[end], sign=False) for end in ("low", "high"))
    return f"{points(found['value'])} points ({low} to {high})"


def lift_figures(lift: Lift, currency: str) -> list[str]:
    """`who ordered +127.0 % (38.2 to 285.1 %), p 0.001`, and so on for each figure that has an interval."""
    named = {
        "who ordered": (lift["conversion"], "points"),
        "orders per person": (lift["orders"], ""),
        f"{currency} per person": (lift["revenue"], ""),
        "counted up to the ceiling": (lift["winsorised"], currency),
        "and by what they spent before": (lift["cuped"], currency),
    }
    return [_figure(name, one, unit) for name, (one, unit) in named.items() if one and one["difference"]]


def steadiest(lift: Lift) -> Compared | None:
    """The comparison of money by which it is claimed: the winsorised one, adjusted where that is possible."""
    return lift["cuped"] or lift["winsorised"] or lift["revenue"]


def _figure(name: str, one: Compared, unit: str) -> str:
    p_value = "p below 0.001" if (one["p_value"] or 0) < 0.001 else f"p {one['p_value']:.3f}"
    relative, difference = one["relative"], one["difference"]
    if relative and unit in {"", "points"}:
        return f"{name} {_between(relative, 100, 0)[0]} % ({_between(relative, 100, 0)[1]}), {p_value}"
    if difference is None:
        return name
    value, ends = _between(difference, 100, 1) if unit == "points" else _between(difference, 1, 2)
    return f"{name} {value} {unit}".rstrip() + f" ({ends}), {p_value}"


def _between(found: Interval, scale: float, digits: int) -> tuple[str, str]:
    low, high = (signed(f"{scale * found[end]:,.{digits}f}") for end in ("low", "high"))
    return signed(f"{scale * found['value']:+,.{digits}f}"), f"{low} to {high}"


def against_the_first(variant: VariantFigures) -> str:
    """`+2.1 points (−0.3 to 4.5)`; nothing for the first."""
    found = variant["difference"]
    if found is None:
        return ""
    low, high = (points(found[end], sign=False) for end in ("low", "high"))
    return f"{points(found['value'])} points ({low} to {high})"


def credited(campaign: CampaignFigures) -> list[str]:
    """`42 orders with our code, 5,120.50`, for each kind of evidence."""
    return [
        f"{plural(credit['conversions'], 'order')} {EVIDENCE.get(kind, kind)}, {money(credit['revenue'])}"
        for kind, credit in campaign["by_evidence"].items()
    ]
