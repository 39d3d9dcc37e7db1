"""The figures of a report, from the sums of the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TypedDict
from zoneinfo import ZoneInfo

from regulars.campaigns.budgets.told import Left
from regulars.lang.model import Campaign
from regulars.ledger import accounts, arms, liability, trials
from regulars.ledger.arms import OfShop
from regulars.ledger.budgets import WITHHELD
from regulars.ledger.cohorts import told
from regulars.ledger.cohorts.sums import Before
from regulars.ledger.store import Ledger
from regulars.ledger.tables import SENT, STATES
from regulars.ledger.trials import Kept, Tried
from regulars.measure.lift.reading import done, of_campaign, of_shop
from regulars.measure.loyalty import OrderTotals, loyalty
from regulars.measure.offers import OfferFigures, offers
from regulars.measure.shapes import (
    Arm,
    CampaignFigures,
    CodeFigures,
    Credit,
    CreditTo,
    Figures,
    FriendFigures,
    Lift,
    MessageFigures,
    Totals,
    VariantFigures,
)
from regulars.measure.trials import difference
from regulars.measure.trials import told as told_of

_COUNT = ("pending", "paid")
"""States of friends who count."""
_ARRIVED = ("delivered", "opened", "clicked")


@dataclass(frozen=True, slots=True)
class _Sums:
    """What the ledger answered, all campaigns."""

    entries: list[accounts.Entries]
    first: list[arms.FirstEntries]
    messages: list[accounts.Messages]
    credits: list[accounts.Credits]
    codes: list[accounts.Codes]
    wordings: list[accounts.Wordings]
    trials: Mapping[tuple[str, str], Kept]
    friends: list[accounts.Friends]

    def campaigns(self) -> set[str]:
        """Every campaign that left a trace."""
        return {row.campaign for rows in (self.entries, self.messages, self.credits, self.codes) for row in rows}

    def of(self, campaign: str) -> _Sums:
        """The sums of one campaign."""
        return _Sums(
            [row for row in self.entries if row.campaign == campaign],
            [row for row in self.first if row.campaign == campaign],
            [row for row in self.messages if row.campaign == campaign],
            [row for row in self.credits if row.campaign == campaign],
            [row for row in self.codes if row.campaign == campaign],
            [row for row in self.wordings if row.campaign == campaign],
            self.trials,
            self.friends,
        )


def figures(
    ledger: Ledger,
    *,
    currency: str,
    now: datetime,
    campaigns: Mapping[str, Campaign] | None = None,
    only: str | None = None,
    orders: OrderTotals | None = None,
    segments: Mapping[str, Mapping[str, int]] | None = None,
    before: Before | None = None,
    shop_arms: Sequence[OfShop] = (),
    shop_holdout: float = 0.0,
    budgets: Mapping[str, Sequence[Left]] | None = None,
    timezone: str = "UTC",
    shop: str = "",
    credit: CreditTo = "last",
    period: tuple[str, str] = ("", ""),
) -> Figures:
    """What was sent, what it earned and what is known of that, as of `now` (aware).

    `campaigns` are the project's, by file name: they give the titles, the conversion windows, and a place to those
    that nobody has entered. A campaign of the ledger that the project no longer has goes by its name. `only` keeps
    one campaign. `orders` and `segments` (ladder: value: customers) come from the snapshot; without them the report
    has no loyalty figures. Without `before` nothing is known of what people spent before they entered, without
    `shop_arms` nothing is said of the shop's own holdout (`shop_holdout`: its share). `budgets`: what is left, by
    campaign, and under "" of the shop's. Days are days in `timezone`. `credit`: which touch of an order gets it.
    `period`: of who entered from one day to another (ISO; empty: no limit), and what came of that, whenever it came;
    codes that are out, friends and loyalty are of all the time.
    """
    known = dict(campaigns or {})
    with ledger.reading() as connection:
        kept = told.of_now(connection, timezone, before, credit, *period)
        ends = {name: now - one.conversion.within.delta for name, one in known.items()}
        sums = _Sums(
            told.entries(kept),
            told.first_entries(connection, kept, ends, timezone),
            told.messages(kept),
            told.credits_of(kept),
            told.codes(kept, now, *period),
            told.wordings(kept),
            trials.latest(connection),
            accounts.friends(connection),
        )
        over, out = told.run_out(kept, now), told.out(kept, now)
        given = liability.Sums(
            out, liability.redeemed(connection, *period), over, liability.withheld(connection, WITHHELD)
        )
    names = sorted(known.keys() | sums.campaigns() | given.campaigns())
    lifts = {n: of_campaign(known.get(n), sums.of(n).first, currency, now) for n in names}
    left, average = budgets or {}, orders.revenue / orders.orders if orders and orders.orders else Decimal()
    each = [
        _campaign(n, known.get(n), sums.of(n), currency, lifts[n], offers(given, [n], left.get(n, ()), average))
        for n in names
        if only in {None, n}
    ]
    zone = ZoneInfo(timezone)
    first = min((row.since for row in sums.entries if only in {None, row.campaign}), default=None)
    return Figures(
        credit=credit,
        shop=shop,
        currency=currency,
        as_of=now.isoformat(timespec="seconds"),
        period={
            "from": period[0] or (first.astimezone(zone).date().isoformat() if first else None),
            "to": min(period[1] or "9999", now.astimezone(zone).date().isoformat()),
        },
        asked_for_days=any(period),
        totals=_totals(each),
        campaigns=each,
        codes=CodeFigures(
            issued=sum(c["codes"]["issued"] for c in each),
            open=sum(c["codes"]["open"] for c in each),
            redeemed=sum(c["codes"]["redeemed"] for c in each),
        ),
        offers=offers(given, [only] if only else names, left.get(only or "", ()), average, shop=only is None),
        shop_lift=of_shop(shop_arms, shop_holdout, currency, now),
        referrals=sum(row.friends for row in sums.friends if row.state in _COUNT),
        friends=_friends(sums.friends),
        loyalty=loyalty(orders, segments),
    )


def _campaign(
    name: str, written: Campaign | None, sums: _Sums, currency: str, lift: Lift, given: OfferFigures
) -> CampaignFigures:
    credited = [row for row in sums.credits if row.currency == currency]
    arms = {row.arm: row for row in sums.entries}
    states = {state: sum(row.messages for row in sums.messages if row.state == state) for state in STATES}
    did = done(written)
    return CampaignFigures(
        campaign=name,
        title=str(written.title) if written else name,
        did=did,
        enrolled=sum(row.entries for row in sums.entries if row.arm in accounts.ARMS),
        messages={state: number for state, number in states.items() if number},
        sent=sum(states[state] for state in SENT),
        conversions=_orders(sums.credits),
        revenue=_revenue(credited),
        other_currencies=_elsewhere(sums.credits, currency),
        by_message=_by_message(name, written, sums, currency, did),
        by_evidence={kind: _credit(sums.credits, currency, evidence=kind) for kind in _kinds(sums.credits)},
        arms={arm: _arm(arms.get(arm)) for arm in accounts.ARMS},
        shop_holdout=_arm(arms.get("shop-holdout")),
        lift=lift,
        codes=_codes(sums),
        offers=given,
    )


def _by_message(campaign: str, written: Campaign | None, sums: _Sums, currency: str, did: str) -> list[MessageFigures]:
    due = {row.name: row.due for row in sorted(sums.messages, key=lambda row: row.due, reverse=True)}
    lost = {row.message for row in sums.credits} - due.keys()
    found = []
    for name in [*sorted(due, key=lambda name: (due[name], name)), *sorted(lost)]:
        rows = [row for row in sums.messages if row.name == name]
        credit = _credit([row for row in sums.credits if row.message == name], currency)
        sent = [row for row in rows if row.state in SENT]
        found.append(
            MessageFigures(
                name=name,
                channels={
                    c: _count(row for row in sent if row.channel == c) for c in sorted({r.channel for r in sent})
                },
                sent=_count(sent),
                delivered=_count(row for row in rows if row.state in _ARRIVED),
                opened=_count(row for row in rows if row.state in _ARRIVED[1:]),
                clicked=_count(row for row in rows if row.state == "clicked"),
                **credit,
                **_wordings(campaign, name, written, sums, did),
            )
        )
    return found


class _Wordings(TypedDict):
    variants: list[VariantFigures]
    judged_by: str
    best: str


def _wordings(campaign: str, name: str, written: Campaign | None, sums: _Sums, did: str) -> _Wordings:
    """The variants of one message, each against the first, and what is known of them."""
    message = next((one for one in written.messages if str(one.name) == name), None) if written else None
    order = [str(variant) for variant in message.variants] if message else []
    rows = {row.variant: row for row in sums.wordings if row.name == name}
    if not rows:
        return {"variants": [], "judged_by": "", "best": ""}
    clicks = message is not None and message.test is not None and message.test.by == "clicks"
    known = [one for one in order if one in rows] + sorted(rows.keys() - set(order))
    tried = {one: Tried(rows[one].sent, rows[one].clicked if clicks else rows[one].converted) for one in known}
    first, said = known[0], "clicked" if clicks else did
    kept = sums.trials.get((campaign, name))
    return {
        "variants": [
            VariantFigures(
                name=one,
                sent=rows[one].sent,
                clicked=rows[one].clicked,
                converted=rows[one].converted,
                revenue=_amount(rows[one].revenue),
                difference=difference(tried[first], tried[one]) if one != first else None,
            )
            for one in known
        ],
        "judged_by": said,
        "best": kept.sentence if kept is not None and kept.ended_at is not None else told_of(tried, said),
    }


def _count(rows: Iterable[accounts.Messages]) -> int:
    return sum(row.messages for row in rows)


def _orders(rows: Iterable[accounts.Credits]) -> float:
    number = sum(row.orders for row in rows)
    return int(number) if number == int(number) else round(number, 2)


def _kinds(rows: list[accounts.Credits]) -> list[str]:
    return sorted({row.evidence for row in rows})


def _credit(rows: list[accounts.Credits], currency: str, *, evidence: str | None = None) -> Credit:
    meant = [row for row in rows if evidence in {None, row.evidence}]
    return Credit(
        conversions=_orders(meant),
        revenue=_revenue([row for row in meant if row.currency == currency]),
    )


def _revenue(rows: list[accounts.Credits]) -> float:
    return _amount(sum((row.revenue for row in rows), Decimal()))


def _elsewhere(rows: list[accounts.Credits], currency: str) -> dict[str, float]:
    others = sorted({row.currency for row in rows} - {currency})
    return {other: _revenue([row for row in rows if row.currency == other]) for other in others}


def _arm(row: accounts.Entries | None) -> Arm:
    if row is None:
        return Arm(entries=0, people=0, converted=0, orders=0, revenue=0.0)
    return Arm(
        entries=row.entries,
        people=row.people,
        converted=row.converted,
        orders=row.orders,
        revenue=_amount(row.revenue),
    )


def _codes(sums: _Sums) -> CodeFigures:
    return CodeFigures(
        issued=sum(row.issued for row in sums.codes),
        open=sum(row.open for row in sums.codes),
        redeemed=sum(row.redeemed for row in sums.codes),
    )


def _friends(rows: list[accounts.Friends]) -> FriendFigures:
    states = {state: sum(row.friends for row in rows if row.state == state) for state in (*_COUNT, "taken_back")}
    return FriendFigures(
        pending=states["pending"],
        paid=states["paid"],
        taken_back=states["taken_back"],
        refused={row.reason: row.friends for row in sorted(rows) if row.state == "refused"},
        revenue=_amount(sum((row.revenue for row in rows if row.state in _COUNT), Decimal())),
        rewards=sum(row.given for row in rows),
        spent=sum(row.spent for row in rows),
        cost=_amount(sum((row.cost for row in rows), Decimal())),
        discount=_amount(sum((row.discount for row in rows), Decimal())),
    )


def _totals(each: list[CampaignFigures]) -> Totals:
    return Totals(
        enrolled=sum(c["enrolled"] for c in each),
        sent=sum(c["sent"] for c in each),
        conversions=round(sum(c["conversions"] for c in each), 2),
        revenue=_amount(sum((Decimal(str(c["revenue"])) for c in each), Decimal())),
    )


def _amount(sum_of_money: Decimal) -> float:
    return round(float(sum_of_money), 2)
