"""Whether two customers are one person under two names, or live under one roof.

E-mail addresses are compared without capitals, without what follows a `+`, and at Gmail without dots; phones as
E.164; households without capitals, accents and signs. What more than `CROWD` customers share, such as
`none@example.com`, says nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa

from regulars.people import addresses
from regulars.people.source import Source

CROWD = 10
_EVERYBODY, _PAIRS, _SUSPECTS = "regulars_everybody", "regulars_pairs", "regulars_suspects"
_DIGITS = 9
"""The end of a phone number, the same with and without its country's prefix."""
_NAME, _DOMAIN = "split_part(split_part(lower(trim(email)), '@', 1), '+', 1)", "split_part(lower(trim(email)), '@', 2)"
_MAILBOX = f"""
    case when {_NAME} = '' or {_DOMAIN} = '' then null
         when {_DOMAIN} in ('gmail.com', 'googlemail.com') then replace({_NAME}, '.', '') || '@gmail.com'
         else {_NAME} || '@' || {_DOMAIN} end"""
_ROOF = "nullif(regexp_replace(strip_accents(lower(household)), '[^\\p{L}\\p{N}]', '', 'g'), '')"
_ENDING = f"nullif(right(regexp_replace(phone, '\\D', '', 'g'), {_DIGITS}), '')"


def alike(source: Source, pairs: pa.Table, folder: Path, default_country: str) -> pa.Table:
    """Who is like the friends in `pairs` (friend_id, advocate_id: texts).

    friend_id, other_id (texts), household (bool: they share a roof, and perhaps no more; asked of the advocate alone).
    `folder` and `default_country`: see `addresses.prepare`.
    """
    source.keep(_EVERYBODY, _customers(source))
    connection = source.connection
    connection.register(_PAIRS, pairs)
    try:
        connection.execute(
            f"""create or replace temp table {_SUSPECTS} as
                with keyed as (
                  select *, {_MAILBOX} as mailbox, {_ENDING} as ending, {_ROOF} as roof from {_EVERYBODY}
                ), asked as (
                  select mailbox, ending from keyed semi join {_PAIRS} p on p.friend_id = customer_id
                ), crowds as (
                  select mailbox from keyed group by mailbox having count(*) > {CROWD}
                )
                select * replace (case when mailbox in (select mailbox from crowds) then null else mailbox end
                                  as mailbox)
                from keyed
                where mailbox in (select mailbox from asked) or ending in (select ending from asked)
                  or customer_id in (select friend_id from {_PAIRS} union all select advocate_id from {_PAIRS})"""
        )
        addresses.prepare(connection, folder, _SUSPECTS, default_country, ("sms",))
        return connection.execute(_LIKE).to_arrow_table()
    finally:
        connection.unregister(_PAIRS)


_LIKE = f"""
    with known as (
      select s.customer_id, s.mailbox, s.roof, nullif(a.address, '') as number
      from {_SUSPECTS} s left join regulars_addresses a
        on a.channel = 'sms' and a.raw = s.phone and a.country = coalesce(s.country, '')
    ), crowds as (
      select number from known group by number having count(*) > {CROWD}
    ), told as (
      select * replace (case when number in (select number from crowds) then null else number end as number) from known
    ), friends as (
      select distinct t.* from told t semi join {_PAIRS} p on p.friend_id = t.customer_id
    )
    select f.customer_id as friend_id, o.customer_id as other_id, false as household
    from friends f join told o on o.mailbox = f.mailbox and o.customer_id <> f.customer_id
    union
    select f.customer_id, o.customer_id, false
    from friends f join told o on o.number = f.number and o.customer_id <> f.customer_id
    union
    select p.friend_id, p.advocate_id, true
    from {_PAIRS} p join told f on f.customer_id = p.friend_id join told a on a.customer_id = p.advocate_id
    where f.roof = a.roof"""


def _customers(source: Source) -> Any:
    """Everybody's id and addresses as texts; empty where the shop has no such column."""
    import ibis

    mapped, rows = source.rules.source.customer.mapped(), source.expression("customers")
    told = {
        meaning: rows[mapped[meaning]].cast("string") if meaning in mapped else ibis.literal("").cast("string")
        for meaning in ("email", "phone", "country", "household")
    }
    return rows.select(customer_id=rows[mapped["id"]], **told)
