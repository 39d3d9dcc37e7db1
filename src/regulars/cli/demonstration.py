"""The demonstration: the main job from end to end on the sample shop, through the same doors as everybody's work."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

from regulars import clock, sample
from regulars.campaigns import calendar
from regulars.campaigns.checking.check import check
from regulars.campaigns.desk import Desk
from regulars.campaigns.planning.plan import Plan, plan
from regulars.cli import fortnight
from regulars.cli.layout import of_run, wrapped
from regulars.cli.reporting import figures_of
from regulars.errors import WrongUse
from regulars.lang.telling import as_text
from regulars.measure import report
from regulars.sample.scaffold import lay_project
from regulars.serving.running import run_campaigns

ZONE = "Europe/Bucharest"
DAYS = 14
MARK = ".regulars-demo"
"""An empty file that says: this folder is a demonstration, and may be laid anew."""

Say = Callable[[str], None]
_WIDEST = 16
"""Characters of the longest name of a campaign of the sample, and one more."""


def demonstrate(folder: Path, at: datetime | None, say: Say, tell: Say) -> None:
    """Lay the sample shop in `folder` and walk the whole line. `say` writes answers, `tell` the story."""
    day = calendar.day_of(at or clock.now(), ZONE)
    noon = calendar.at_noon(day, ZONE)
    tell("1 · the sample shop")
    say(lay(folder, day))
    tell("\n2 · check: is anything wrong with the files?")
    problems = check(folder)
    say(as_text(problems.sorted(), folder) if problems.found else "No problems.")
    tell("\n3 · plan: who would get what? Nothing is sent")
    with Desk.open(folder, looking=True) as desk:
        foreseen = plan(desk, [], noon)
    say(of_plan(foreseen))
    tell("\n4 · run: the same, through Prefect, into the folder")
    for outcome in run_campaigns(folder, _live(foreseen), noon):
        did = outcome.error.sentence if outcome.error else of_run(outcome.figures)
        say(wrapped(f"  {outcome.name:<{_WIDEST}}", did))
    tell(f"\n5 · {DAYS} days go by: orders arrive, follow-ups go out, conversions are recorded")
    say(of_days(fortnight.live(folder, day, DAYS, ZONE)))
    tell("\n6 · report: what was sent, and what it earned")
    say(_report(folder, noon + timedelta(days=DAYS) + fortnight.EVENING))
    say(_next(folder, day + timedelta(days=DAYS)))


def lay(folder: Path, day: date, *, customers: int = 6000) -> str:
    """Lay the sample shop of `day`; says what was laid. Raises WrongUse where somebody's own files lie."""
    if folder.exists() and any(folder.iterdir()) and not (folder / MARK).exists():
        raise WrongUse(
            f"{folder} is not empty, and not an earlier demonstration.", "Name another folder: regulars demo somewhere"
        )
    shutil.rmtree(folder, ignore_errors=True)
    lay_project(folder)
    (folder / MARK).touch()
    laid = sample.lay(folder, day, customers=customers)
    return f"{laid.customers:,} customers and {laid.orders:,} orders, as of {day:%a %d %b %Y}, in {folder.resolve()}"


def _live(foreseen: Plan) -> list[str]:
    """The campaigns that send. What is still a draft is planned, and sends nothing."""
    return [one["campaign"] for one in foreseen["campaigns"] if one["status"] == "live"]


def of_plan(foreseen: Plan) -> str:
    """The plan in a line per campaign."""
    lines = [
        f"  {'campaign':<{_WIDEST}}{'audience':>10}{'not sent':>10}{'e-mail':>10}{'SMS':>8}{'codes':>8}   schedule"
    ]
    for one in foreseen["campaigns"]:
        send, withheld = one["send"], sum(one["withheld"].values())
        lines.append(
            f"  {one['campaign']:<{_WIDEST}}{one['audience']:>10,}{withheld:>10,}{send.get('email', 0):>10,}"
            f"{send.get('sms', 0):>8,}{one['liability']['codes']:>8,}   {one['schedule']}"
        )
    return "\n".join(lines)


def of_days(passed: fortnight.Passed) -> str:
    """What happened meanwhile, in two lines."""
    found = passed.converted
    evidence = ", ".join(f"{count:,} by {what}" for what, count in sorted(found.by_evidence.items()))
    return (
        f"{passed.arrived:,} orders arrived, {passed.sent:,} more messages went out\n"
        f"{found.orders:,} orders credited to messages ({evidence}), {found.revenue:,.2f} RON; "
        f"{found.referrals:,} friends brought"
    )


def _report(folder: Path, at: datetime) -> str:
    with Desk.open(folder, looking=True) as desk:
        figures = figures_of(desk, at)
    (folder / "report.html").write_text(report.page(figures), encoding="utf-8")
    headline = report.text(figures).split("\n\n")[:2]
    return "\n\n".join(headline)


def _next(folder: Path, last: date) -> str:
    outbox = folder / ".regulars" / "outbox"
    message = next(iter(sorted(outbox.rglob("*.eml"))), outbox)
    return (
        f"\nLook at  {folder / 'report.html'}   the report, with charts\n"
        f"         {message}   a message as it was sent; the others lie beside it\n"
        f"Try      cd {folder}\n"
        f"         regulars report --as-of {last}      campaign by campaign: codes, arms, messages\n"
        f"         regulars plan --as-of {last}        who would get what on that day, who would not, and why\n"
        f"         regulars why 10482 --as-of {last}   the same for one customer\n"
        "         edit campaigns/winback.yaml, then: regulars check && regulars plan winback"
    )
