"""What each campaign's messages need consent for."""

from __future__ import annotations

from regulars.campaigns.desk import Desk


def topics(desk: Desk) -> dict[str, str | None]:
    """Campaign → the topic one can unsubscribe from alone, or empty; None: a service, which asks nobody's consent."""
    campaigns = desk.project.campaigns.items()
    return {name: None if campaign.is_service else str(campaign.topic or "") for name, campaign in campaigns}


def services(desk: Desk) -> list[str]:
    """The campaigns that are a service as the files say now: whatever they sent counts against no cap."""
    return [name for name, campaign in desk.project.campaigns.items() if campaign.is_service]
