"""The demonstration: the main job from end to end on the sample shop, through the same doors as everybody's work."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from regulars import clock, sample
from regulars.campaigns import calendar, convert, followups
from regulars.campaigns.check import check
from regulars.campaigns.deliver import deliver
from regulars.campaigns.desk import Desk
from regulars.campaigns.plan import plan
from regulars.cli import tables
from regulars.cli.reporting import figures_of
from regulars.errors import WrongUse
from regulars.lang.telling import as_text
from regulars.ledger import credit
from regulars.measure import report
from regulars.sample import Heard
from regulars.sample.scaffold import lay_project
from regulars.serving.running import run_campaigns

ZONE = "Europe/Bucharest"
DAYS = 14
EVENING = timedelta(hours=6)

Say = Callable[[str], None]


def demonstrate(folder: Path, at: datetime | None, say: Say, tell: Say) -> None:
    """Lay the sample shop in `folder` and walk the whole line. `say` writes answers, `tell` the story."""
    day = calendar.day_of(at or clock.now(), ZONE)
    noon = calendar.at_noon(day, ZONE)
    _lay(folder, day, tell)
    tell("\n— check")
    problems = check(folder)
    say(as_text(problems.sorted(), folder) or "No problems.")
    tell("\n— plan")
    with Desk.open(folder, looking=True) as desk:
        names = list(desk.project.campaigns)
        say(tables.of_plan(plan(desk, names, noon), desk))
    tell("\n— run, through Prefect, into the folder")
    with Desk.open(folder) as desk:
        first = [str(name) for name in desk.rules.guards.first]
    for outcome in run_campaigns(
        folder, sorted(names, key=lambda name: first.index(name) if name in first else len(first)), noon
    ):
        say(
            f"{outcome.name}: "
            + (
                ", ".join(f"{what} {number:,}" for what, number in outcome.figures.items())
                if outcome.error is None
                else outcome.error.sentence
            )
        )
    tell(f"\n— {DAYS} days go by: orders arrive, follow-ups go out")
    _days(folder, day, say)
    _report(folder, noon + timedelta(days=DAYS) + EVENING, say, tell)


def _lay(folder: Path, day: date, tell: Say) -> None:
    if folder.exists() and any(folder.iterdir()) and not (folder / ".regulars-demo").exists():
        raise WrongUse(
            f"{folder} is not empty, and not an earlier demonstration.", "Name another folder: regulars demo somewhere"
        )
    shutil.rmtree(folder, ignore_errors=True)
    lay_project(folder)
    (folder / ".regulars-demo").touch()
    laid = sample.lay(folder, day)
    tell(f"The sample shop of {day}: {laid.customers:,} customers, {laid.orders:,} orders, in {folder.resolve()}")


def _days(folder: Path, first: date, say: Say) -> None:
    """Day by day: orders arrive in the shop's own files, then what fell due is sent."""
    arrived = sent = 0
    for number in range(DAYS + 1):
        day = first + timedelta(days=number)
        if number:
            with Desk.open(folder) as desk:
                heard = _heard(desk)
            arrived += sample.arrive(folder, day - timedelta(days=1), 1, heard).orders
        # In the evening: what waited for the end of somebody's night in another zone goes too.
        at = calendar.at_noon(day, ZONE) + EVENING
        with clock.frozen(at), Desk.open(folder) as desk:
            followups.advance(desk, at)
            for channel in ("email", "sms"):
                while (delivered := deliver(desk, channel, 1000, at, "demo")).claimed:
                    sent += delivered.counts.get("accepted", 0)
    with clock.frozen(at), Desk.open(folder) as desk:
        found = convert.convert(desk, at)
    evidence = ", ".join(f"{count:,} by {what}" for what, count in sorted(found.by_evidence.items()))
    say(f"{arrived:,} orders arrived, {sent:,} more messages went out")
    say(f"{found.orders:,} orders credited ({evidence}), {found.revenue:,.2f} RON; {found.referrals:,} friends brought")


def _heard(desk: Desk) -> list[Heard]:
    """What each customer was sent, and who was held out: the sample shop's people answer to it."""
    promised = credit.promises(desk.ledger).to_pylist()
    own = {row["customer_id"]: row["code"] for row in credit.referral_codes(desk.ledger).to_pylist()}
    return [
        Heard(
            row["customer_id"], row["campaign"], row["arm"], calendar.day_of(row["sent_at"], ZONE), code=row["code"] or None,
            percent=Decimal(row["value"]) if row["kind"] == "percent" else None, amount=Decimal(row["value"]) if row["kind"] == "amount" else None,
            referral_code=own.get(row["customer_id"]) if row["campaign"] == "referral" else None,
            valid_until=calendar.day_of(row["valid_until"] - timedelta(seconds=1), ZONE) if row["valid_until"] else None,
        )
        for row in promised
    ]  # fmt: skip


def _report(folder: Path, at: datetime, say: Say, tell: Say) -> None:
    with Desk.open(folder, looking=True) as desk:
        figures = figures_of(desk, at)
    page = folder / "report.html"
    page.write_text(report.page(figures), encoding="utf-8")
    tell("\n— report")
    say(report.text(figures))
    outbox = folder / ".regulars" / "outbox"
    message = next(iter(sorted(outbox.rglob("*.eml"))), outbox)
    say(
        f"\nLook at\n  {page}   the report as a page\n  {message}   a message as it was sent; the others beside it\n  {folder / 'campaigns'}   edit one, then: regulars plan --project {folder}"
    )
