"""What the sums of cohorts add up to, campaign by campaign: the figures that reports are made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection

from regulars.ledger.accounts import ARMS, Codes, Credits, Entries, Messages, Wordings, money
from regulars.ledger.arms import FirstEntries, OfShop
from regulars.ledger.cohorts import changes, spent
from regulars.ledger.cohorts import sums as made
from regulars.ledger.cohorts.changes import Day
from regulars.ledger.cohorts.spent import Spent
from regulars.ledger.cohorts.sums import Before, Sums
from regulars.ledger.liability import Out
from regulars.ledger.tables import SENT


def of_now(
    connection: Connection,
    zone: str,
    before: Before | None = None,
    credit: str = "last",
    since: str = "",
    until: str = "",
) -> Sums:
    """The sums of all cohorts from the day `since` to the day `until` (ISO; empty: no limit), as of now.

    Those that are kept, and with them what has changed since, made anew from its rows; nothing is written. Credits are
    of the kind `credit` alone. See `sums.counted` for the others.
    """
    changed = changes.since_counted(connection)
    if changed.days is None:
        return made.within(made.counted(connection, None, zone, before, (credit,)), since, until)
    kept = made.kept(connection, changed.days, since, until)
    kept = kept._replace(credits=kept.credits.filter(pc.equal(kept.credits["credit"], credit)))
    given = made.rewards(connection, zone)
    anew = made.counted(connection, changed.days, zone, before, (credit,))
    anew = made.within(anew._replace(codes=pa.concat_tables([anew.codes, given])), since, until)
    return made.together(kept, anew)


def codes_of_now(connection: Connection, zone: str) -> pa.Table:
    """All codes alone: columns of `cohort_codes`."""
    changed = changes.since_counted(connection)
    if changed.days is None:
        return made.codes(connection, None, zone)
    several = made.kept_codes(connection, changed.days), made.codes(connection, changed.days, zone)
    return pa.concat_tables([*several, made.rewards(connection, zone)])


def entries(sums: Sums) -> list[Entries]:
    """Entries by campaign and arm, `shop-holdout` included. An order in the windows of two entries counts in both."""
    counts = ("entries", "people", "converted", "orders", "revenue")
    found = _added(sums.arms, ("campaign", "arm"), counts, least=("since",))
    return [Entries(**row | {"revenue": money(row["revenue"])}) for row in found]


def first_entries(
    connection: Connection, sums: Sums, closed_before: Mapping[str, datetime], zone: str
) -> list[FirstEntries]:
    """Those that are compared, by campaign and arm, and what they did in their windows.

    Each person counts once, with their first entry; and only since somebody was held out. `closed_before` gives for a
    campaign the moment before which an entry's window is over by now; the windows of others count as over.
    """
    rows = sums.arms.filter(pc.is_in(sums.arms["arm"], value_set=pa.array(ARMS)))
    held_out = _first_days(rows.filter(pc.equal(rows["arm"], "holdout")))
    late = pc.less(rows["entered_on"], _by_campaign(rows["campaign"], held_out))
    rows = rows.filter(pc.invert(pc.fill_null(late, False)))
    counts = ("first", "first_converted", "first_orders", "first_order_squares")
    found = [row for row in _added(rows, ("campaign", "arm"), counts, least=("first_since",)) if row["first"]]
    amounts = _amounts(rows)
    still = _open(connection, rows, closed_before, zone)
    told = []
    for row in found:
        of_campaign = [amounts[row["campaign"], arm] for arm in ARMS if (row["campaign"], arm) in amounts]
        key = row["campaign"], row["arm"]
        told.append(_first(row, amounts[key], ceilings(of_campaign), still.get(key, 0)))
    return told


def _first(
    row: Mapping[str, Any], amounts: Spent, most: tuple[int | None, int | None], still_open: int
) -> FirstEntries:
    people = row["first"], row["first_converted"], row["first_orders"], row["first_order_squares"]
    return _arm((row["campaign"], row["arm"]), people, amounts, most, (still_open, row["first_since"]))


def arm_of_shop(arm: OfShop, most: tuple[int | None, int | None]) -> FirstEntries:
    """The same of an arm of the shop's holdout, of no campaign; its windows stay open, and none is counted so."""
    people = arm.people, arm.converted, arm.orders, arm.order_squares
    return _arm(("", arm.arm), people, arm.spent, most, (0, arm.since))


def _arm(
    name: tuple[str, str],
    people: tuple[int, int, int, int],
    spent: Spent,
    most: tuple[int | None, int | None],
    windows: tuple[int, datetime],
) -> FirstEntries:
    before, now = _cut(spent.before, most[0]), _cut(spent.now, most[1])
    return FirstEntries(
        *name,
        *people,
        revenue=money(pc.sum(spent.now).as_py() or 0),
        squares=products(spent.now, spent.now),
        ceiling=None if most[1] is None else most[1] / 100,
        capped=total(now),
        capped_squares=products(now, now),
        open=windows[0],
        since=windows[1],
        before=(total(before), products(before, before), products(before, now)),
    )


def _cut(amounts: pa.Array, ceiling: int | None) -> pa.Array:
    return amounts if ceiling is None else pc.min_element_wise(amounts, ceiling)


def total(hundredths: pa.Array) -> float:
    """The sum of amounts in hundredths, as an amount."""
    return float(pc.sum(hundredths).as_py() or 0) / 100


def products(one: pa.Array, other: pa.Array) -> float:
    """The sum of the products of amounts in hundredths, of amounts as they are."""
    return float(pc.sum(pc.multiply(_amount(one), _amount(other))).as_py() or 0.0)


def _amount(hundredths: pa.Array) -> pa.Array:
    return pc.divide(pc.cast(hundredths, pa.float64()), 100.0)


def _amounts(arms: pa.Table) -> dict[tuple[str, str], Spent]:
    texts: dict[tuple[str, str], list[str]] = {}
    for campaign, arm, text in zip(*(arms[name].to_pylist() for name in ("campaign", "arm", "spent")), strict=True):
        texts.setdefault((campaign, arm), []).append(text)
    return {key: spent.unpacked(several) for key, several in texts.items()}


def ceilings(arms: Iterable[Spent]) -> tuple[int | None, int | None]:
    """Of what was spent before, and since: the smallest amount that 99 % of those with any, of all arms, do not exceed.

    None where nobody has any.
    """
    before, now = zip(*arms, strict=True)
    return _ceiling(pa.concat_arrays(before)), _ceiling(pa.concat_arrays(now))


def _ceiling(amounts: pa.Array) -> int | None:
    bought = amounts.filter(pc.not_equal(amounts, 0))
    if not len(bought):
        return None
    nth = -(-len(bought) * 99 // 100) - 1
    found: int = bought[pc.partition_nth_indices(bought, pivot=nth)[nth].as_py()].as_py()
    return found


def _open(
    connection: Connection, arms: pa.Table, closed_before: Mapping[str, datetime], zone: str
) -> dict[tuple[str, str], int]:
    """(campaign, arm) → windows that are not over: all of the later days, and some of one day, which is looked into."""
    days = {name: f"{moment.astimezone(ZoneInfo(zone)):%Y-%m-%d}" for name, moment in closed_before.items()}
    later = arms.filter(pc.fill_null(pc.greater(arms["entered_on"], _by_campaign(arms["campaign"], days)), False))
    found = {(row["campaign"], row["arm"]): row["first"] for row in _added(later, ("campaign", "arm"), ("first",))}
    there = set(zip(*(arms[name].to_pylist() for name in Day._fields), strict=True))
    halves = {Day(name, day): closed_before[name] for name, day in days.items() if (name, day) in there}
    if halves:
        for key, number in made.open_windows(connection, halves).items():
            found[key] = found.get(key, 0) + number
    return found


def _first_days(arms: pa.Table) -> dict[str, str]:
    return {row["campaign"]: row["entered_on"] for row in _added(arms, ("campaign",), (), least=("entered_on",))}


def _by_campaign(campaigns: pa.ChunkedArray, texts: Mapping[str, str]) -> pa.Array:
    places = pc.index_in(campaigns, value_set=pa.array(texts.keys(), pa.string()))
    return pa.array(texts.values(), pa.string()).take(places.combine_chunks())


def messages(sums: Sums) -> list[Messages]:
    """Messages by campaign, name, channel and state."""
    return [Messages(**row) for row in _added(sums.messages, Messages._fields[:4], ("messages",), least=("due",))]


def wordings(sums: Sums) -> list[Wordings]:
    """What was sent in several wordings, by campaign, message name and variant."""
    rows = sums.messages
    rows = rows.filter(pc.and_(pc.not_equal(rows["variant"], ""), pc.is_in(rows["state"], value_set=pa.array(SENT))))
    keys = ("campaign", "name", "variant")
    clicked = _added(rows.filter(pc.equal(rows["state"], "clicked")), keys, ("messages",))
    clicks = {tuple(row[key] for key in keys): row["messages"] for row in clicked}
    told = []
    for row in _added(rows, keys, ("messages", "converted", "revenue")):
        campaign, name, variant = (row[key] for key in keys)
        of_these = row["messages"], clicks.get((campaign, name, variant), 0), row["converted"], money(row["revenue"])
        told.append(Wordings(campaign, name, variant, *of_these))
    return sorted(told)


def credits_of(sums: Sums) -> list[Credits]:
    """Credited orders by campaign, message name, evidence and currency: each order is in exactly one of the sums."""
    found = _added(sums.credits, Credits._fields[:4], ("orders", "revenue"))
    return [Credits(**row | {"revenue": money(row["revenue"])}) for row in found]


def codes(sums: Sums, at: datetime, since: str = "", until: str = "") -> list[Codes]:
    """Codes of those days' cohorts by campaign; open are those that are out at `at`, as `out` has them."""
    rows = made.between(sums.codes, since, until)
    usable = {row["campaign"]: row["out"] for row in _added(_usable(rows, at), ("campaign",), ("out",))}
    issued = _added(rows, ("campaign",), ("codes", "redeemed"))
    return [Codes(row["campaign"], row["codes"], usable.get(row["campaign"], 0), row["redeemed"]) for row in issued]


def out(sums: Sums, at: datetime) -> list[Out]:
    """Codes that are out at `at`: not over, not replaced, not used, and of messages that went or will go."""
    found = _added(_usable(sums.codes, at), ("campaign", "kind", "value"), ("out",))
    return sorted(Out(row["campaign"], row["kind"], row["value"], row["out"]) for row in found if row["out"])


def run_out(sums: Sums, at: datetime) -> dict[str, tuple[int, int]]:
    """Campaign → (codes whose time is over, how many of these were used). Codes that never went out are none."""
    rows = sums.codes
    over = rows.filter(pc.or_(rows["ended"], pc.less(rows["valid_until"], pa.scalar(at, rows["valid_until"].type))))
    found = _added(over, ("campaign",), ("sent", "out"))
    return {row["campaign"]: (row["sent"], row["sent"] - row["out"]) for row in found if row["sent"]}


def given(codes: pa.Table, since: date, until: date) -> list[tuple[str, int, int]]:
    """(day, how many, how many of these were used) of each day on which unique codes were given; not of `until`."""
    rows = codes.filter(pc.invert(codes["shared"]))
    days = rows["issued_on"]
    within = pc.and_(pc.greater_equal(days, since.isoformat()), pc.less(days, until.isoformat()))
    found = _added(rows.filter(within), ("issued_on",), ("codes", "redeemed"))
    return sorted((row["issued_on"], row["codes"], row["redeemed"]) for row in found)


def _usable(codes: pa.Table, at: datetime) -> pa.Table:
    good = pc.greater_equal(codes["valid_until"], pa.scalar(at, codes["valid_until"].type))
    return codes.filter(pc.and_(good, pc.invert(codes["ended"])))


def _added(
    rows: pa.Table, keys: Iterable[str], counts: Iterable[str], *, least: Iterable[str] = ()
) -> list[dict[str, Any]]:
    """The rows with the same `keys` added up; of `least` the smallest."""
    asked: Any = [(name, "sum") for name in counts] + [(name, "min") for name in least]
    found = rows.group_by(list(keys), use_threads=False).aggregate(asked)
    names = {f"{name}_{how}": name for name, how in asked}
    told: list[dict[str, Any]] = found.rename_columns([names.get(n, n) for n in found.column_names]).to_pylist()
    return told
