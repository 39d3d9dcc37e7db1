"""Offers that nobody could use any more."""

from __future__ import annotations

from datetime import datetime

from regulars.campaigns import calendar, offers
from regulars.lang.model import Offer
from regulars.lang.problems import Problems
from regulars.lang.project import Project
from regulars.lang.yaml_text import Spot


def check_offers(project: Project, at: datetime, problems: Problems) -> None:
    """Warn of offers that are over at `at`, of campaigns that will still run."""
    zone = str(project.rules.shop.timezone)
    for name, campaign in project.campaigns.items():
        if campaign.status != "live" or calendar.next_day(campaign.schedule, calendar.day_of(at, zone)) is None:
            continue
        said: list[tuple[Offer | None, Spot]] = [(campaign.offer, ())]
        for place, one in enumerate(campaign.messages):
            said.append((one.offer, ("messages", place)))
            said += [(own.offer, ("messages", place, "variants", str(name))) for name, own in one.variants.items()]
        for offer, spot in [(offer, (*spot, "offer", "until")) for offer, spot in said]:
            if ended := offers.over(offer, zone, at):
                problems.add(
                    "offer-over",
                    project.position(project.campaign_file(name), spot),
                    f"This offer ended on {ended}: nobody could use it any more.",
                    "write a later day, or `valid: 14 days`, or   status: paused",
                    "warning",
                )
