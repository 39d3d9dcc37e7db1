"""A report of an invented shop: one campaign that is known to work, one that is not yet, one that cannot be."""

from __future__ import annotations

from decimal import Decimal

from regulars.measure.lift.campaigns import Outcomes, compared
from regulars.measure.loyalty import OrderTotals, loyalty
from regulars.measure.offers import OfferFigures
from regulars.measure.shapes import (
    Arm,
    CampaignFigures,
    CodeFigures,
    Credit,
    Figures,
    FriendFigures,
    Interval,
    MessageFigures,
    Totals,
    VariantFigures,
)

NO_OFFERS = OfferFigures(
    out=0, if_all_redeem=0.0, share=None, share_of="", liability=None, redeemed={}, budgets=[], withheld=0
)
NOBODY = Arm(entries=0, people=0, converted=0, orders=0, revenue=0.0)


def _arm(outcomes: Outcomes) -> Arm:
    people, converted = outcomes.people, outcomes.converted
    return Arm(entries=people, people=people, converted=converted, orders=converted, revenue=outcomes.revenue)


def _message(name: str, email: int, sms: int, opened: int, conversions: int, revenue: float) -> MessageFigures:
    channels = {channel: n for channel, n in {"email": email, "sms": sms}.items() if n}
    return MessageFigures(
        name=name,
        channels=channels,
        sent=email + sms,
        delivered=opened and email + sms,
        opened=opened,
        clicked=opened // 5,
        conversions=conversions,
        revenue=revenue,
        variants=[],
        judged_by="",
        best="",
    )


def _tried(message: MessageFigures) -> MessageFigures:
    """The message in two wordings, of which one is better."""
    return {
        **message,
        "variants": [
            VariantFigures(name="calm", sent=751, clicked=60, converted=40, revenue=6110.0, difference=None),
            VariantFigures(
                name="price", sent=751, clicked=86, converted=61, revenue=7000.0,
                difference=Interval(value=0.035, low=-0.012, high=0.082),
            ),
        ],
        "judged_by": "clicked",
        "best": "Not known which is better. calm 8.0 % of 751, price 11.5 % of 751 clicked.",
    }  # fmt: skip


def campaign(
    name: str,
    title: str,
    treated: Outcomes,
    holdout: Outcomes,
    states: dict[str, int],
    messages: list[MessageFigures],
    evidence: dict[str, Credit],
    *,
    codes: tuple[int, int, int] = (0, 0, 0),
) -> CampaignFigures:
    return CampaignFigures(
        campaign=name,
        title=title,
        enrolled=treated.people + holdout.people,
        messages=states,
        sent=sum(message["sent"] for message in messages),
        conversions=sum(message["conversions"] for message in messages),
        revenue=round(sum(message["revenue"] for message in messages), 2),
        other_currencies={},
        by_message=messages,
        by_evidence=evidence,
        arms={"treated": _arm(treated), "holdout": _arm(holdout)},
        shop_holdout=NOBODY,
        lift=compared(treated, holdout, "RON"),
        codes=CodeFigures(issued=codes[0], open=codes[1], redeemed=codes[2]),
        offers=NO_OFFERS,
    )


def figures(*, title: str = "Win back the lapsed") -> Figures:
    campaigns = [
        campaign(
            "winback",
            title,
            Outcomes(1084, 99, 17230.0, 3_912_000.0),
            Outcomes(420, 17, 2210.0, 480_000.0, 14),
            {"planned": 120, "delivered": 702, "opened": 741, "clicked": 288, "bounced": 21, "suppressed": 14},
            [
                _message("first", 1068, 0, 640, 61, 10230.5),
                _message("reminder", 318, 427, 389, 31, 5121.25),
            ],
            {"code": Credit(conversions=70, revenue=11630.5), "window": Credit(conversions=22, revenue=3721.25)},
            codes=(1084, 320, 70),
        ),
        campaign(
            "discount",
            "A reduction when they are due",
            Outcomes(1622, 118, 14920.0, 2_912_000.0, 300),
            Outcomes(176, 9, 1310.0, 260_000.0, 31),
            {"delivered": 820, "opened": 731, "ambiguous": 2, "failed": 9},
            [_tried(_message("due", 1502, 60, 731, 101, 13110.0))],
            {"code": Credit(conversions=101, revenue=13110.0)},
            codes=(1622, 900, 101),
        ),
        campaign(
            "thanks",
            "Thank you for the order",
            Outcomes(2240, 71, 9120.4, 1_512_000.0),
            Outcomes(),
            {"accepted": 2230},
            [_message("order", 2230, 0, 0, 44, 6120.4)],
            {"window": Credit(conversions=44, revenue=6120.4)},
        ),
        campaign("welcome", "Welcome", Outcomes(), Outcomes(), {}, [], {}),
    ]
    return Figures(
        shop="Casa Verde",
        currency="RON",
        as_of="2026-11-21T10:00:00+00:00",
        period={"from": "2026-08-27", "to": "2026-11-21"},
        asked_for_days=False,
        totals=Totals(
            enrolled=sum(c["enrolled"] for c in campaigns),
            sent=sum(c["sent"] for c in campaigns),
            conversions=sum(c["conversions"] for c in campaigns),
            revenue=round(sum(c["revenue"] for c in campaigns), 2),
        ),
        campaigns=campaigns,
        codes=CodeFigures(issued=2706, open=1220, redeemed=171),
        offers=NO_OFFERS,
        referrals=3,
        shop_lift=None,
        friends=FriendFigures(
            pending=1,
            paid=2,
            taken_back=1,
            refused={"oneself": 1},
            revenue=412.5,
            rewards=3,
            spent=1,
            cost=50.0,
            discount=62.12,
        ),
        loyalty=loyalty(
            OrderTotals(5000, 4188, 2711, 43120, Decimal("8211930.55")),
            {"lifecycle": {"prospect": 812, "new": 210, "lost": 1304, "at_risk": 611, "active": 2063}},
        ),
    )
