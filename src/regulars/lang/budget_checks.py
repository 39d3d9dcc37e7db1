"""Budgets that could not be kept, or would keep nothing."""

from __future__ import annotations

from regulars.lang.campaign import Campaign
from regulars.lang.model import Rules
from regulars.lang.problems import Problems
from regulars.lang.yaml_text import Document


def check_budget(campaign: Campaign, document: Document, rules: Rules, problems: Problems) -> None:
    """What `campaign` gives against its own budget and the shop's."""
    budget, offers = campaign.budget, campaign.offers
    if budget is not None and not any(offer.kind in ("percent", "amount") for offer, _ in offers):
        problems.add(
            "budget-of-nothing",
            document.position(("budget",), key=True),
            "This budget would count nothing: no message of this campaign takes anything off the price.",
            "delete it; only `percent` and `amount` have a value in money that Regulars knows",
        )
    shop = rules.guards.budget
    limited = any(one is not None and one.redeemed is not None for one in (budget, shop))
    for offer, spot in offers if limited else ():
        if offer.code is not None:
            problems.add(
                "budget-shared-code",
                document.position((*spot, "code"), key=True),
                f"Everybody can use `{offer.code}`, so nothing keeps what is redeemed by it within a budget.",
                "let everybody have a code of their own, or write the budget as `discount`, what is expected",
            )
