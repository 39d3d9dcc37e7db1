"""`formerly: NAME`: a campaign whose file was renamed goes on where it stood.

The ledger says the new name from the first run or advance on; until then whoever only looks reads both names. Arms stay
drawn as they were under the first name the campaign had, also for people who never entered.
"""

from __future__ import annotations

from pathlib import Path

from regulars.campaigns.desk import Desk
from regulars.lang.project import CAMPAIGNS
from regulars.ledger import editions, renaming


def settle(desk: Desk, campaign: str) -> None:
    """Let the ledger say the new name of a campaign that was renamed; nothing where it says it already."""
    name, former = desk.names_of(campaign)
    if former != name:
        renaming.rename(desk.ledger, name, former, pool=_has_own_pool(desk, name))


def drawn_as(desk: Desk, campaign: str) -> str:
    """The name under which the campaign's arms are drawn."""
    return renaming.drawn_as(desk.ledger, *desk.names_of(campaign))


def unsaid(desk: Desk, campaign: str) -> str:
    """Why a new campaign waits for a word: another one is gone, and this may be what became of it.

    One is gone that has people inside, or one that went as this one came. Empty where it says `formerly`, where it is
    not new, or where nobody ever entered what is gone: without a word everybody would enter again.
    """
    if desk.campaign(campaign).formerly is not None or renaming.is_known(desk.ledger, campaign):
        return ""
    said = {str(one.formerly) for one in desk.project.campaigns.values() if one.formerly is not None}
    there = {*desk.project.campaigns, *said}
    inside = {name: people for name, people in renaming.inside(desk.ledger).items() if name not in there}
    entered = {name: renaming.entered(desk.ledger, name) for name in _gone_as_it_came(desk, campaign) - there}
    gone = inside or {name: people for name, people in entered.items() if people}
    if not gone:
        return ""
    name = max(sorted(gone), key=lambda one: gone[one])
    people = f"{gone[name]:,} {'person' if gone[name] == 1 else 'people'}"
    told = f"is gone with {people} inside" if inside else f"is gone, which {people} entered"
    return (
        f"it is new, and `{name}` {told}. If this is the same campaign under another name, write   formerly: {name}   "
        "and if not   formerly: none"
    )


def _gone_as_it_came(desk: Desk, campaign: str) -> set[str]:
    """The campaigns that were there right before this one was, and never beside it."""
    left = editions.left_by(desk.ledger, f"{CAMPAIGNS}/{campaign}.yaml")
    return {Path(path).stem for path in left if Path(path).parent.name == CAMPAIGNS}


def _has_own_pool(desk: Desk, campaign: str) -> bool:
    """Whether it gives codes of the pool that is called as the campaign is."""
    described = desk.campaign(campaign)
    offers = [described.offer, *(message.offer for message in described.messages)]
    return any(offer is not None and offer.codes is not None and not offer.codes.name for offer in offers)
