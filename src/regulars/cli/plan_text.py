"""The plan as text (LANGUAGE section 5)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal

from regulars.campaigns.desk import Desk
from regulars.campaigns.planning.plan import Plan, PlannedCampaign
from regulars.cli.edit_text import of_comparison, of_undecided, of_unknown
from regulars.cli.layout import wrapped
from regulars.cli.rows import ranges, since_when, top


def of_plan(plan: Plan, desk: Desk, *, asked: bool = False) -> str:
    """The plan, campaign by campaign, and what leaves today in all. `asked`: `run` asks for the number by itself."""
    at, currency = datetime.fromisoformat(plan["as_of"]), str(desk.rules.shop.currency)
    lines = [wrapped("", " · ".join([*_head(plan, at, desk.zone), "NOTHING HAS BEEN SENT"]))]
    lines += [wrapped("! ", sentence) for sentence in plan["unforeseen"]]
    for one in plan["campaigns"]:
        lines += ["", *_campaign(one, at, currency)]
    closing = [wrapped("", " · ".join(of_today(plan, desk)))]
    return "\n".join([*lines, "", *closing, *([] if asked else [_way_on(plan, desk)])])


def to_type(plan: Plan, *, named: bool) -> int:
    """The number that `run` asks for: the messages that leave at once. `named`: the campaigns were named."""
    return sum(sum(one["send"].values()) for one in plan["campaigns"] if one["due"] or named)


def _head(plan: Plan, at: datetime, zone: str) -> Iterator[str]:
    yield f"Plan for {at:%a %-d %b %Y %H:%M} {zone}"
    read = f"data read {_moment(plan['read_at'], at)}, " if plan["read_at"] else ""
    newest = f"newest order {_moment(plan['newest_order'], at)}" if plan["newest_order"] else "no orders"
    yield read + newest
    yield f"{plan['customers']:,} customers"
    if plan["against"]:
        yield f"compared with {plan['against']}, over the same data"


def _moment(iso: str, now: datetime) -> str:
    """`08:58` of today, `Sun 22 Nov 08:25` of another day."""
    moment = datetime.fromisoformat(iso)
    return f"{moment:%H:%M}" if moment.date() == now.date() else f"{moment:%a %-d %b %H:%M}"


def _campaign(one: PlannedCampaign, at: datetime, currency: str) -> Iterator[str]:
    yield wrapped(f"{one['campaign']}  ", f"{one['title']}   {' · '.join(_status(one, at))}")
    if one["status"] == "live" and not one["due"]:
        following = f"next on {date.fromisoformat(one['next']):%a %-d %b}" if one["next"] else "never again"
        yield top("not today", "", f"{following}; here as if somebody ran it now, after those above")
    then, *moves = of_comparison(one["compared"], at)
    yield top("audience", f"{one['audience']:,}", then, _noun(one["counted"], one["audience"]))
    yield from moves
    if one["unknown"]:
        yield of_unknown(one["unknown"])
    if one["withheld"]:
        yield top("not sent", f"{sum(one['withheld'].values()):,}", of_withheld(one, at.date()))
    yield _sent(one, currency)
    if one["undecided"]:
        yield of_undecided(one["undecided"])
    for number, words in enumerate(of_variants(one)):
        yield top("" if number else "variants", "", words)
    if one["waiting"]:
        yield top("waiting", f"{one['waiting']:,}", "enter now; their first message is due later")
    yield from _later(one)
    yield from _inside(one)
    yield from _offer(one, currency)
    for number, words in enumerate(one["answers"]):
        yield top("" if number else "answers", "", words)
    yield _stops(one)
    yield from _samples(one)


def _noun(counted: str, number: int) -> str:
    return counted if number != 1 else {"people": "person", "rows": "row"}[counted]


def _status(one: PlannedCampaign, at: datetime) -> Iterator[str]:
    yield one["status"]
    yield one["schedule"]
    compared = one["compared"]
    if lines := compared["edited"]:
        since = since_when(compared["since"], at) if compared["since"] else compared["against"]
        yield f"line{'s' if len(lines) > 1 else ''} {ranges(lines)} edited since {since}"


def of_withheld(one: PlannedCampaign, today: date) -> str:
    """`203 no-consent · 58 frequency (again tomorrow)`."""
    told = []
    for reason, people in one["withheld"].items():
        again = one["again"].get(reason)
        until = f" ({_again(again['first'], again['last'], today)})" if again else ""
        inside = " (inside already)" if reason == "not-entering" else ""
        told.append(f"{people:,} {reason}{inside}{until}")
    return " · ".join(told)


def _again(first: str, last: str, today: date) -> str:
    days = [_day(date.fromisoformat(day), today) for day in dict.fromkeys((first, last))]
    return f"again {days[0]}" if len(days) == 1 else f"the first again {days[0]}, the last {days[1]}"


def _day(day: date, today: date) -> str:
    return "tomorrow" if day == today + timedelta(days=1) else f"{day:%a %-d %b}"


def _sent(one: PlannedCampaign, currency: str) -> str:
    """Who gets it, by channel and language; where it is stopped, who would."""
    ways = " · ".join(_way(one, channel, people, currency) for channel, people in one["would_send"].items())
    if one["stopped"]:
        would = sum(one["would_send"].values())
        return top(
            "SENT", "0", f"nothing; otherwise {would:,} {_noun(one['counted'], would)}: {ways}" if would else "nothing"
        )
    held = f" · {one['held']:,} wait for the end of quiet hours" if one["held"] else ""
    return top("SENT", f"{sum(one['send'].values()):,}", f"{ways or 'nobody'}{held}")


def _way(one: PlannedCampaign, channel: str, people: int, currency: str) -> str:
    """`874 email: 702 ro, 121 ru (37 of the ro speak something else)`, `27 sms = 31 segments, 9.30 RON`."""
    languages = one["languages"].get(channel, {})
    told = f"{people:,} {channel}"
    if channel == "sms" and (segments := one["cost"]["sms_segments"]):
        told += f" = {segments:,} segment{'s' if segments != 1 else ''}{of_letters(one)}{of_price(one, currency)}"
    if len(languages) > 1 or channel == "email":
        told += f": {', '.join(f'{number:,} {language}' for language, number in languages.items())}"
    others = {tongue: n for tongue, n in one["other_tongues"].items() if tongue in languages}
    if others and channel == next(iter(one["languages"])):
        spoken = ", ".join(f"{number:,} of the {tongue}" for tongue, number in others.items())
        told += f" ({spoken} speak something else)"
    return told


def of_letters(one: PlannedCampaign) -> str:
    """`, 12 with plain letters` where that would be fewer; `, 31 without plain letters` where it is."""
    written, plain, sent = (one["cost"][way] for way in ("as_written", "with_plain_letters", "sms_segments"))
    if written == plain:
        return ""
    return f", {plain:,} with plain letters" if sent == written else f", {written:,} without plain letters"


def of_price(one: PlannedCampaign, currency: str) -> str:
    """`, 9.30 RON`, and what has no price; empty without a table of prices."""
    cost = one["cost"]
    money = f", {float(cost['money']):,.2f} {currency}" if cost["money"] else ""
    without = ", ".join(f"{number:,} to {country or 'nowhere known'}" for country, number in cost["unpriced"].items())
    return money + (f" and {without}, which have no price" if without else "")


def of_variants(one: PlannedCampaign) -> Iterator[str]:
    """Who gets which wording now, and what the others wait for. Nothing where there is one wording alone."""
    if one["variants"]:
        yield " · ".join(f"{people:,} {name}" for name, people in one["variants"].items())
    test = one["test"]
    if test is not None and test["until"]:
        until = f"{datetime.fromisoformat(test['until']):%a %-d %b %H:%M}"
        yield f"tried on {test['among']}; the others get the best on {until}"
    elif test is not None:
        yield test["sentence"] + (f" Everybody gets {test['winner']}." if test["winner"] else "")


def _later(one: PlannedCampaign) -> Iterator[str]:
    for place, later in enumerate(one["later"]):
        when = f"{datetime.fromisoformat(later['due']):%a %-d %b %H:%M}" if later["due"] else later["timing"]
        words = f"`{later['message']}`, {later['send']}, {when}"
        if later["when"]:
            words += f", if {later['when']}"
        if later["unless"]:
            words += (
                ", unless they have ordered by then" if later["unless"] == "ordered" else f", unless {later['unless']}"
            )
        yield top("later" if place == 0 else "", f"≤ {later['at_most']:,}", words)


def _inside(one: PlannedCampaign) -> Iterator[str]:
    if not one["inside"]:
        return
    compared = one["compared"]
    edited = compared["changes"] or compared["edited"]
    words = "entered earlier; still on their way"
    if one["status"] == "paused":
        words = "entered earlier; nothing goes to them before it is live again"
    elif edited and one["ahead"]:
        does = {"same": "changes nothing for them", "edited": "changes what is ahead of them"}[one["ahead"]]
        words = f"entered earlier; your edit {does}"
    if one["rewritten"]:
        words = f"entered earlier; {one['rewritten']:,} of their messages change: the words were edited"
    yield top("inside", f"{one['inside']:,}", words)


def _offer(one: PlannedCampaign, currency: str) -> Iterator[str]:
    codes = one["liability"]["codes"]
    for place, words in enumerate([*of_offer(one, currency), *of_budgets(one, currency)]):
        first = place == 0
        yield top("offer" if first else "", f"{codes:,}" if first else "", words, _codes(codes) if first else "")


def of_budgets(one: PlannedCampaign, currency: str) -> Iterator[str]:
    """`left of this month's 20,000: 16,890, and 15,595 after this`; of what may be redeemed it says so."""
    for budget in one["budgets"]:
        left, given = Decimal(budget["left"]), Decimal(budget["given"])
        told = f"left of {budget['says']}{' to be redeemed' if budget['kind'] == 'redeemed' else ''}: {left:,.0f}"
        yield f"{told}, and {left - given:,.0f} after this" if given else f"{told} {currency}"


def _codes(number: int) -> str:
    return "codes" if number != 1 else "code"


def of_offer(one: PlannedCampaign, currency: str) -> Iterator[str]:
    """What is given and until when; then what it comes to. Nothing where no codes are given."""
    offer = one["liability"]
    if not offer["codes"]:
        return
    single = len(offer["by_value"]) == 1
    words = ", ".join(value if single else f"{number:,} × {value}" for value, number in offer["by_value"].items())
    if ends := [_end(datetime.fromisoformat(moment)) for moment in offer["until"]]:
        words += f", until {' or '.join(dict.fromkeys(ends))}"
    if one["pools"]:
        pools = ", ".join(f"pool `{name}` has {left:,}" for name, left in one["pools"].items())
        words += f"; in the checkout: yes, {pools}"
    yield words
    if worth := float(offer["if_all_redeem"]):
        told = f"if all redeem {worth:,.0f} {currency}"
        if offer["share"] is not None:
            told += f" · as usual ({offer['share'] * 100:.1f} %) {float(offer['as_usual']):,.0f} {currency}"
        else:
            told += " · how many usually do is not known: no code has run out yet"
        yield told


def _end(moment: datetime) -> str:
    """The end of a day is 24:00 of it."""
    if (moment.hour, moment.minute) == (0, 0):
        return f"{moment - timedelta(days=1):%a %-d %b} 24:00"
    return f"{moment:%a %-d %b %H:%M}"


def _stops(one: PlannedCampaign) -> str:
    kept = of_limits(one)
    if one["stopped"]:
        return wrapped("  STOPS      ", one["stopped"] + (f" · {kept}" if kept else ""))
    return top("stops", "none", kept) if kept else "  stops      none"


def of_limits(one: PlannedCampaign) -> str:
    """`expect at most 2,000 in the audience ✓ · approval over 1,000: not needed ✓`."""
    return " · ".join(f"{limit['says']} {'✓' if limit['kept'] else '✗'}" for limit in one["limits"])


def _samples(one: PlannedCampaign) -> Iterator[str]:
    for number, sample in enumerate(one["samples"]):
        wording = f" {sample['variant']}" if sample["variant"] else ""
        words = f"{sample['who']}  {sample['channel']} {sample['language']}{wording}  “{sample['reads']}”"
        yield wrapped(f"  {'samples' if number == 0 else '':<11}", words)


def _way_on(plan: Plan, desk: Desk) -> str:
    """The fingerprint, and what to type next."""
    single = plan["campaigns"][0]["campaign"] if len(plan["campaigns"]) == 1 else ""
    sent = to_type(plan, named=bool(single))
    who = next(iter(desk.rules.shop.team), None)
    proof = f"to yourself: regulars preview {single or 'CAMPAIGN'}{f' --to {who}' if who else ''}"
    send = f"send: regulars run{f' {single}' if single else ''}{f' (you will type {sent:,})' if sent else ''}"
    return wrapped("", f"Fingerprint {plan['fingerprint']} (files, not people) · {proof} · {send}")


def of_today(plan: Plan, desk: Desk) -> Iterator[str]:
    """What leaves today in all, what such a day usually sends, and the caps."""
    by_channel: dict[str, int] = {}
    for one in plan["campaigns"]:
        for channel, number in one["send"].items() if one["due"] and not one["stopped"] else ():
            by_channel[channel] = by_channel.get(channel, 0) + number
    total = " + ".join(f"{number:,} {channel}" for channel, number in sorted(by_channel.items())) or "nothing"
    day = f"{datetime.fromisoformat(plan['as_of']):%A}"
    usual = f" (a usual {day} {plan['usual']:,})" if plan["usual"] is not None else ""
    people = f"{plan['people']:,} {'person' if plan['people'] == 1 else 'people'}, " if plan["people"] else ""
    yield f"Today in all: {people}{total}{usual}"
    frequency = desk.rules.guards.frequency
    caps = [
        f"{cap.messages} {name}{' today' if cap.days == 1 else f' in {cap.days} days'}"
        for name, cap in (("in all", frequency.any), ("email", frequency.email), ("sms", frequency.sms))
        if cap
    ]
    if caps:
        yield f"nobody more than {', '.join(caps)}"
    if len(plan["campaigns"]) > 1:
        yield "each campaign after the one above it, as `regulars run` runs them"
    if plan["vanished"]:
        yield f"gone since {plan['against']}: {', '.join(plan['vanished'])}"
