"""Sums of cohorts: made from their rows, kept, read again, and put together with those that are made anew."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, delete, select
from sqlmodel import SQLModel, col

from regulars.ledger import bulk, crossing
from regulars.ledger.cohorts import changes, spent
from regulars.ledger.cohorts.changes import Day
from regulars.ledger.cohorts.rows import Rows
from regulars.ledger.cohorts.spent import Spent
from regulars.ledger.tables import Cohort, CohortCodes, CohortCredit, CohortMessages

CREDITS = ("last", "first", "linear")
Before = Callable[[pa.Table], pa.Array]
"""For entries (`rows.ENTRIES`) what each spent in the year before: hundredths (int64), in their order."""


class Sums(NamedTuple):
    """Arrow tables with the columns of the ledger's tables of these names."""

    arms: pa.Table
    messages: pa.Table
    credits: pa.Table
    codes: pa.Table


TABLES: tuple[type[SQLModel], ...] = (Cohort, CohortMessages, CohortCredit, CohortCodes)


def counted(
    connection: Connection,
    days: Collection[Day] | None,
    zone: str,
    before: Before | None = None,
    credits: Collection[str] = CREDITS,  # noqa: A002  # what they are
) -> Sums:
    """The sums of these cohorts, made from their rows; of everything in the ledger without `days`.

    `zone`: the shop's, for the day a code was given. Without `before` nobody spent anything before. `credits`: which.
    """
    rows = Rows(connection, days)
    entries = rows.entries()
    held_out = _held_out(connection, entries, days) if days is not None else _held_out_of(entries)
    arms = _arms(entries, held_out, before)
    credited = [(credit, rows.credits(credit)) for credit in credits]
    named = [
        table.append_column("credit", pa.array([credit] * table.num_rows, pa.string())) for credit, table in credited
    ]
    return _fitted(Sums(arms, rows.messages(), pa.concat_tables(named), _by_day(rows.codes(), zone)))


def codes(connection: Connection, days: Collection[Day] | None, zone: str) -> pa.Table:
    """The same of codes alone."""
    return _ordered(CohortCodes, _by_day(Rows(connection, days).codes(), zone))


def rewards(connection: Connection, zone: str) -> pa.Table:
    """Columns of `cohort_codes`: codes that advocates were given, which are no cohort's."""
    return _ordered(CohortCodes, _by_day(Rows(connection, ()).rewards(), zone))


def kept(connection: Connection, without: Collection[Day], since: str = "", until: str = "") -> Sums:
    """The sums that are kept, of cohorts from the day `since` to `until` (codes: of all), and not `without`'s."""
    arms, messages, credited = (_kept(connection, table, without, since, until) for table in TABLES[:3])
    return Sums(arms, messages, credited, kept_codes(connection, without))


def kept_codes(connection: Connection, without: Collection[Day]) -> pa.Table:
    """Those of codes alone."""
    return _kept(connection, CohortCodes, without)


def _kept(
    connection: Connection, table: type[SQLModel], without: Collection[Day], since: str = "", until: str = ""
) -> pa.Table:
    day = table.__table__.c.entered_on  # type: ignore[attr-defined]  # SQLModel adds it to table classes
    statement = select(*crossing.columns(table))
    statement = statement.where(day >= since) if since else statement
    statement = statement.where(day <= until) if until else statement
    return _without(bulk.read(connection, statement, schema=crossing.schema(table)), without)


def drop(connection: Connection, days: Collection[Day]) -> None:
    """Keep no sums of these cohorts."""
    for table in TABLES:
        columns = table.__table__.c  # type: ignore[attr-defined]  # SQLModel adds it to table classes
        asked = changes.listed(connection)
        theirs = select(asked.c.entered_on).where(asked.c.campaign == columns.campaign)
        statement = delete(table).where(columns.entered_on.in_(theirs))
        connection.execute(statement, {changes.ASKED: changes.bound(connection, days)})


def keep(connection: Connection, sums: Sums) -> None:
    """Write down the sums of cohorts of which none are kept."""
    for table, rows in zip(TABLES, sums, strict=True):
        bulk.insert(connection, table, rows)


def together(*several: Sums) -> Sums:
    """Sums of cohorts that have none in common."""
    return Sums(*(pa.concat_tables(tables) for tables in zip(*several, strict=True)))


def within(sums: Sums, since: str, until: str) -> Sums:
    """Those of cohorts from the day `since` to the day `until` (ISO; empty: no limit); codes of all days."""
    arms, messages, credited = (between(table, since, until) for table in sums[:3])
    return Sums(arms, messages, credited, sums.codes)


def between(rows: pa.Table, since: str, until: str) -> pa.Table:
    """Rows of cohorts from the day `since` to the day `until`."""
    rows = rows.filter(pc.greater_equal(rows["entered_on"], since)) if since else rows
    return rows.filter(pc.less_equal(rows["entered_on"], until)) if until else rows


def _held_out(connection: Connection, entries: pa.Table, days: Collection[Day]) -> Mapping[str, datetime]:
    """Campaign → when it first held somebody out: by the sums that are kept of other days, and by these entries."""
    own = col(Cohort.campaign), col(Cohort.entered_on), col(Cohort.since)
    kept = connection.execute(select(*own).where(col(Cohort.arm) == "holdout"))
    found = dict(_held_out_of(entries))
    for campaign, day, moment in kept:
        if Day(campaign, day) not in days:
            found[campaign] = min(moment, found.get(campaign, moment))
    return found


def _held_out_of(entries: pa.Table) -> Mapping[str, datetime]:
    held = entries.filter(pc.equal(entries["arm"], "holdout")).group_by("campaign", use_threads=False)
    rows = held.aggregate([("entered_at", "min")]).to_pylist()
    return {row["campaign"]: row["entered_at_min"] for row in rows}


def open_windows(connection: Connection, moments: Mapping[Day, datetime]) -> dict[tuple[str, str], int]:
    """(campaign, arm) → how many of these cohorts that are compared entered after the moment of theirs."""
    entries = Rows(connection, moments.keys()).entries()
    after = _looked_up(entries["campaign"], {day.campaign: moment for day, moment in moments.items()})
    began = _looked_up(entries["campaign"], _held_out(connection, entries, ()))
    chosen = entries.filter(pc.and_(pc.greater(entries["entered_at"], after), _compared(entries, began)))
    found = chosen.group_by(["campaign", "arm"], use_threads=False).aggregate([("customer_id", "count")])
    return {(row["campaign"], row["arm"]): row["customer_id_count"] for row in found.to_pylist()}


def _looked_up(campaigns: pa.ChunkedArray, moments: Mapping[str, datetime]) -> pa.ChunkedArray:
    """The moment of each row's campaign, or null."""
    places = pc.index_in(campaigns, value_set=pa.array(moments.keys(), pa.string()))
    return pa.array(moments.values(), crossing.MOMENT).take(places.combine_chunks())


def _compared(entries: pa.Table, began: pa.Array) -> pa.Array:
    # Where nobody was held out, nobody entered before it.
    return pc.and_(entries["first"], pc.fill_null(pc.greater_equal(entries["entered_at"], began), True))


def _arms(entries: pa.Table, held_out: Mapping[str, datetime], before: Before | None) -> pa.Table:
    began = _looked_up(entries["campaign"], held_out)
    compared = _compared(entries, began)
    orders, cents = entries["orders"], _hundredths(entries["revenue"])
    asked = pc.is_valid(began)
    nothing = pa.array([0] * entries.num_rows, pa.int64())
    earlier = nothing
    if before is not None and pc.any(asked).as_py():
        earlier = pc.if_else(asked, before(entries), 0)
    one_if_ordered = pc.cast(pc.greater(orders, 0), pa.int64())
    first = pc.cast(compared, pa.int64())
    told = {
        "people": pc.cast(entries["first_of_arm"], pa.int64()),
        "converted": pc.cast(entries["first_converted"], pa.int64()),
        "orders": orders,
        "revenue": cents,
        "first": first,
        "first_converted": pc.multiply(one_if_ordered, first),
        "first_orders": pc.multiply(orders, first),
        "first_order_squares": pc.multiply(pc.multiply(orders, orders), first),
        "earlier": pc.multiply(earlier, first),
        "now": pc.multiply(cents, first),
    }
    keys = {name: entries[name] for name in (*Day._fields, "arm")}
    moments = {
        "since": entries["entered_at"],
        "first_since": pc.if_else(compared, entries["entered_at"], pa.scalar(None, crossing.MOMENT)),
    }
    table = pa.table(keys | told | moments)
    summed = [name for name in told if name not in ("earlier", "now")]
    sums: Any = [(name, "sum") for name in summed] + [(name, "min") for name in moments] + [("orders", "count")]
    found = table.group_by(list(keys), use_threads=False).aggregate(sums)
    renamed = {f"{name}_sum": name for name in summed} | {f"{name}_min": name for name in moments}
    renamed["orders_count"] = "entries"
    found = found.rename_columns([renamed.get(name, name) for name in found.column_names])
    return found.append_column("spent", _spent(found, table))


def _spent(arms: pa.Table, people: pa.Table) -> pa.Array:
    """For each arm what its people spent, packed."""
    spenders = people.filter(pc.or_(pc.not_equal(people["earlier"], 0), pc.not_equal(people["now"], 0)))
    keys = [*Day._fields, "arm"]
    spenders = spenders.select([*keys, "earlier", "now"]).sort_by([(key, "ascending") for key in [*keys, "now"]])
    sizes = spenders.group_by(keys, use_threads=False).aggregate([("now", "count")])
    both = [spenders[name].combine_chunks() for name in ("earlier", "now")]
    texts, start = {}, 0
    for row in sizes.to_pylist():
        texts[tuple(row[key] for key in keys)] = spent.packed(
            Spent(*(one.slice(start, row["now_count"]) for one in both))
        )
        start += row["now_count"]
    wanted = zip(*(arms[key].to_pylist() for key in keys), strict=True)
    return pa.array([texts.get(one, "") for one in wanted], pa.string())


def _by_day(codes: pa.Table, zone: str) -> pa.Table:
    """Codes by the shop's day of when they were given."""
    moments = pc.strptime(pc.binary_join_element_wise(codes["issued"], "0", ""), "%Y-%m-%d %H:%M", "us")
    days = pc.strftime(moments.cast(pa.timestamp("us", "UTC")).cast(pa.timestamp("us", zone)), "%Y-%m-%d")
    codes = codes.drop_columns(["issued"]).append_column("issued_on", days)
    sums = ("codes", "sent", "out", "redeemed")
    keys = [name for name in codes.column_names if name not in sums]
    found = codes.group_by(keys, use_threads=False).aggregate([(name, "sum") for name in sums])
    return found.rename_columns([name.removesuffix("_sum") for name in found.column_names])


def _without(rows: pa.Table, days: Collection[Day]) -> pa.Table:
    if not days:
        return rows
    joined = pc.binary_join_element_wise(rows["campaign"], rows["entered_on"], "\n")
    return rows.filter(pc.invert(pc.is_in(joined, value_set=pa.array(["\n".join(day) for day in days]))))


def _hundredths(amounts: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.multiply(amounts, pa.scalar(100)).cast(pa.int64())


def _fitted(sums: Sums) -> Sums:
    return Sums(*(_ordered(table, rows) for table, rows in zip(TABLES, sums, strict=True)))


def _ordered(table: type[SQLModel], rows: pa.Table) -> pa.Table:
    return rows.select(crossing.schema(table).names).cast(crossing.schema(table))
