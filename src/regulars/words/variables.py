"""The variables that a message's words may name, and what is said of one that will not be there."""

from __future__ import annotations

from collections.abc import Collection

from regulars.lang.expressions import ROW
from regulars.lang.model import Campaign, Message
from regulars.lang.suggest import did_you_mean, listed
from regulars.words.preheader import PLACED
from regulars.words.reading import ROWS, Mention

SHOP = frozenset({"name", "currency", "timezone", "languages", "address", "site"})
LINKS = frozenset({"shop", "unsubscribe", "preferences", "confirm"})
REFERRAL = frozenset({"code", "link"})
SURVEY = frozenset({"kind", "link", "scores"})
BARE = ""
"""The name of a variable that is one text, and has no names of its own."""

Known = dict[str, Collection[str] | None]
"""Variable → its names; None: any name."""

_ELSEWHERE = {
    "offer": (
        "`{dotted}` is used, and neither this message nor one before it has an offer.",
        "give it an `offer`",
    ),
    "survey": ("`{dotted}` is used, and this message asks nothing.", "give it a `survey`: nps, csat or cli"),
    ROW: ("`{dotted}` is used, and this campaign is not about one row.", "add   for_each: {{row: TABLE}}"),
    ROWS: (
        "`{dotted}` is used, and this campaign does not put rows together.",
        "add   for_each: {{row: TABLE, together: true}}",
    ),
    PLACED: (
        "`{dotted}` is used, and this message has none.",
        "write `preview_text:` beside its `subject:`, or   {{% if preview_text is defined %}}",
    ),
}
"""Variables that only some messages have: what is said where they are missing."""
_OF_ROWS = {
    ROW: ("`together` puts many rows into one message.", "write   {{% for one in rows %}} … {{{{ one.NAME }}}}"),
    ROWS: ("Without `together` each message is about one row.", "write   row.NAME"),
}


def known_to(
    campaign: Campaign, message: Message, customer: Collection[str] | None, columns: Collection[str] | None
) -> Known:
    """What `message` may name. `customer`: the names of a customer; `columns`: those of the rows; None: any."""
    known: Known = {"customer": customer, "shop": SHOP, "links": LINKS, "referral": REFERRAL}
    offers = [campaign.offer_of(earlier) for earlier in campaign.up_to(message)]
    if kinds := [offer.kind for offer in offers if offer is not None]:
        worth = set() if kinds[-1] == "free_delivery" else {"value"}
        known["offer"] = {"kind", "code", "valid_until", kinds[-1], *worth}
    if campaign.row:
        known[ROW] = columns
    elif campaign.for_each is not None:
        known[ROWS] = None if columns is None else {*columns, BARE}
    if message.survey is not None:
        known["survey"] = SURVEY
    if message.preview_text:
        known[PLACED] = (BARE,)
    return known


def complaint(mention: Mention, known: Known) -> tuple[str, str] | None:
    """A sentence and a way out for a variable that will not be there; None where it will."""
    if mention.guarded:
        return None
    if mention.root not in known:
        return _elsewhere(mention, known)
    names = known[mention.root]
    if mention.through and not mention.name:
        there = "" if names is None else f" with one of: {listed(sorted({*names} - {BARE}))}"
        return f"`{mention.through}` is a whole row: say which column.", f"{mention.through}.{there or 'NAME'}"
    if names is None or mention.name in names:
        return None
    there = f"{mention.written} has: {listed(sorted({*names} - {BARE}))}"
    if not mention.name:
        return f"`{mention.root}` is many things: say which.", f"{mention.root}. with one of: {listed(sorted(names))}"
    return f"`{mention.dotted}` is not known.{did_you_mean(mention.name, names)}", there


def _elsewhere(mention: Mention, known: Known) -> tuple[str, str]:
    if mention.root in _OF_ROWS and not known.keys().isdisjoint(_OF_ROWS):
        said, way_out = _OF_ROWS[mention.root]
        return f"`{mention.dotted}` is used. {said}", way_out.format()
    if mention.root in _ELSEWHERE:
        said, way_out = _ELSEWHERE[mention.root]
        return said.format(dotted=mention.dotted), way_out.format()
    said = f"`{mention.root}` is not a variable of a message.{did_you_mean(mention.root, known)}"
    return said, f"there are: {listed(sorted(known))}"
