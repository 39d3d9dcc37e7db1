"""The plan as Markdown, fit for a pull request's comment: what an edit changes, and nobody's name or id."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

from regulars.campaigns.desk import Desk
from regulars.campaigns.planning.changes import Change
from regulars.campaigns.planning.plan import Plan, PlannedCampaign
from regulars.cli.edit_text import NEVER_RAN, of_reasons, of_unknown_words
from regulars.cli.plan_text import of_letters, of_limits, of_offer, of_price, of_today, of_variants, of_withheld

MARK = "<!-- regulars plan -->"
"""The first line: whoever posts it can find the comment again, and write over it."""
_HEAD = "| campaign | audience | came | left | would get it | not sent | costs |\n|---|--:|--:|--:|--:|--:|---|"


def of_plan(plan: Plan, desk: Desk) -> str:
    """A table of the campaigns that changed, the texts that were edited, and the rest folded away."""
    currency = str(desk.rules.shop.currency)
    changed = [one for one in plan["campaigns"] if _has_changed(one)]
    same = [one for one in plan["campaigns"] if one not in changed]
    lines = [MARK, f"### {_title(plan, changed)}", "", " · ".join(_head(plan, desk)), ""]
    for sentence in plan["unforeseen"]:
        lines += [f"**Not known:** {_text(sentence)}", ""]
    if changed:
        lines += [_HEAD, *(_row(one, currency) for one in changed), ""]
    if edits := _edits(changed):
        lines += ["**Edited**", "", *edits, ""]
    for one in changed:
        lines += _details(one, currency, datetime.fromisoformat(plan["as_of"]))
    if same:
        named = f"{len(same)} campaign{'s' if len(same) > 1 else ''} whose people stay the same"
        lines += [f"<details><summary>{named}</summary>", "", _HEAD, *(_row(one, currency) for one in same)]
        lines += ["", "</details>", ""]
    lines += [
        _text(" · ".join(of_today(plan, desk))),
        "",
        f"Fingerprint {_code(plan['fingerprint'])} (files, not people)",
    ]
    return "\n".join(lines)


def _title(plan: Plan, changed: list[PlannedCampaign]) -> str:
    if not changed and not plan["vanished"]:
        return "Regulars: nobody comes or goes"
    came = sum(one["compared"]["entered"] for one in changed)
    left = sum(one["compared"]["left"] for one in changed)
    return f"Regulars: +{came:,} −{left:,} people in {len(changed)} campaign{'s' if len(changed) != 1 else ''}"


def _head(plan: Plan, desk: Desk) -> Iterator[str]:
    at = datetime.fromisoformat(plan["as_of"])
    against = f"compared with {_code(plan['against'])} over the same data" if plan["against"] else "since each last run"
    yield f"{at:%a %-d %b %Y %H:%M} {desk.zone}, {against}"
    yield f"{plan['customers']:,} customers"
    if plan["vanished"]:
        yield f"gone: {', '.join(map(_code, plan['vanished']))}"
    yield "**nothing has been sent**"


def _has_changed(one: PlannedCampaign) -> bool:
    compared = one["compared"]
    return bool(
        compared["entered"] or compared["left"] or compared["edited"] or compared["changes"] or compared["note"]
    )


def _row(one: PlannedCampaign, currency: str) -> str:
    compared = one["compared"]
    known = compared["audience"] is not None
    cells = [
        f"{_code(one['campaign'])} {_text(one['title'])}, {one['status']}",
        f"{one['audience']:,}",
        f"+{compared['entered']:,}" if compared["entered"] else "" if known else "new",
        f"−{compared['left']:,}" if compared["left"] else "",
        f"{sum(one['would_send'].values()):,}",
        f"{sum(one['withheld'].values()):,}",
        _text(" · ".join(_costs(one, currency))),
    ]
    return f"| {' | '.join(cells)} |"


def _costs(one: PlannedCampaign, currency: str) -> Iterator[str]:
    if segments := one["cost"]["sms_segments"]:
        yield f"{segments:,} SMS segments{of_letters(one)}{of_price(one, currency)}"
    if codes := one["liability"]["codes"]:
        yield f"{codes:,} codes, {float(one['liability']['if_all_redeem']):,.0f} {currency} if all redeem"


def _edits(changed: list[PlannedCampaign]) -> list[str]:
    """Each edited text once, whichever campaigns it moves."""
    told: dict[str, list[str]] = {}
    for one in changed:
        for change in one["compared"]["changes"]:
            told.setdefault(_edit(change), []).append(one["campaign"])
    return [f"- {edit} → {', '.join(map(_code, campaigns))}" for edit, campaigns in told.items()]


def _edit(change: Change) -> str:
    name = f"{change['name']}: " if change["name"] else ""
    return f"{_code(change['file'] + ':' + str(change['line']))} {_code(name + change['says'])}"


def _details(one: PlannedCampaign, currency: str, at: datetime) -> Iterator[str]:
    compared = one["compared"]
    facts = [f"{'+' if moved['entered'] else '−'}{moved['people']:,} {_why(moved['by'])}" + (
        f": {of_reasons(moved['reasons'])}" if moved["reasons"] else "") for moved in compared["moved"]]  # fmt: skip
    facts += [compared["note"]] if compared["note"] else []
    facts += [] if compared["audience"] is not None or compared["note"] else [NEVER_RAN]
    facts += [f"{one['unknown']['people']:,} unknown: {of_unknown_words(one['unknown'])}"] if one["unknown"] else []
    facts += [f"not sent: {of_withheld(one, at.date())}"] if one["withheld"] else []
    facts += [f"{one['inside']:,} entered earlier and are still on their way"] if one["inside"] else []
    facts += [f"variants: {words}" for words in of_variants(one)]
    facts += [f"offer: {words}" for words in of_offer(one, currency)]
    facts += [f"answers {words}" for words in one["answers"]]
    facts += [f"stops: {one['stopped']}"] if one["stopped"] else []
    facts += [of_limits(one)] if one["limits"] else []
    yield f"<details><summary>{_text(one['campaign'])}: {_text(one['title'])}</summary>"
    yield ""
    yield from (f"- {_text(fact)}" for fact in facts)
    yield ""
    yield "</details>"
    yield ""


def _why(by: str) -> str:
    return {"edit": "by this edit", "themselves": "by themselves"}.get(by, "")


def _text(words: str) -> str:
    """Words of the project as plain text: nothing in them is Markdown or HTML, and nobody is called by an @."""
    return re.sub(r"([\\`*_{}\[\]|~@#<>&])", lambda sign: f"&#{ord(sign[1])};", " ".join(words.split()))


def _code(words: str) -> str:
    """The same in the type of code."""
    return f"<code>{_text(words)}</code>"
