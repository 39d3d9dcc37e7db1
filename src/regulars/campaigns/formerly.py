"""`formerly: NAME`: a campaign whose file was renamed goes on where it stood.

The ledger says the new name from the first run or advance on; until then whoever only looks reads both names. Arms stay
drawn as they were under the first name the campaign had, also for people who never entered.
"""

from __future__ import annotations

from regulars.campaigns.desk import Desk
from regulars.ledger import renaming


def settle(desk: Desk, campaign: str) -> None:
    """Let the ledger say the new name of a campaign that was renamed; nothing where it says it already."""
    name, former = desk.names_of(campaign)
    if former != name:
        renaming.rename(desk.ledger, name, former, pool=_has_own_pool(desk, name))


def drawn_as(desk: Desk, campaign: str) -> str:
    """The name under which the campaign's arms are drawn."""
    return renaming.drawn_as(desk.ledger, *desk.names_of(campaign))


def unsaid(desk: Desk, campaign: str) -> str:
    """Why a new campaign waits for a word: another one is gone with people inside, and this may be what became of it.

    Empty where it says `formerly`, where it is not new, or where nobody is left behind.
    """
    if desk.campaign(campaign).formerly is not None or renaming.is_known(desk.ledger, campaign):
        return ""
    said = {str(one.formerly) for one in desk.project.campaigns.values() if one.formerly is not None}
    gone = {
        name: people
        for name, people in renaming.inside(desk.ledger).items()
        if name not in desk.project.campaigns and name not in said
    }
    if not gone:
        return ""
    name = max(sorted(gone), key=lambda one: gone[one])
    return (
        f"it is new, and `{name}` is gone with {gone[name]:,} {'person' if gone[name] == 1 else 'people'} inside. "
        f"If this is the same campaign under another name, write   formerly: {name}   and if not   formerly: none"
    )


def _has_own_pool(desk: Desk, campaign: str) -> bool:
    """Whether it gives codes of the pool that is called as the campaign is."""
    described = desk.campaign(campaign)
    offers = [described.offer, *(message.offer for message in described.messages)]
    return any(offer is not None and offer.codes is not None and not offer.codes.name for offer in offers)
