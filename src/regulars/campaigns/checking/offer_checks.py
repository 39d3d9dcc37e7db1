"""Offers that nobody could use any more."""

from __future__ import annotations

from datetime import datetime

from regulars.campaigns import calendar, offers
from regulars.lang.problems import Problems
from regulars.lang.project import Project


def check_offers(project: Project, at: datetime, problems: Problems) -> None:
    """Warn of offers that are over at `at`, of campaigns that will still run."""
    zone = str(project.rules.shop.timezone)
    for name, campaign in project.campaigns.items():
        if campaign.status != "live" or calendar.next_day(campaign.schedule, calendar.day_of(at, zone)) is None:
            continue
        own = [(one.offer, ("messages", place, "offer", "until")) for place, one in enumerate(campaign.messages)]
        for offer, spot in [(campaign.offer, ("offer", "until")), *own]:
            if ended := offers.over(offer, zone, at):
                problems.add(
                    "offer-over",
                    project.position(project.campaign_file(name), spot),
                    f"This offer ended on {ended}: nobody could use it any more.",
                    "write a later day, or `valid: 14 days`, or   status: paused",
                    "warning",
                )
