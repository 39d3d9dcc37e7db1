"""Addresses that can be written to: e-mail by its syntax, phones by libphonenumber, each looked at once.

What was found is kept in `.regulars` (raw text → address, empty when it is none), so that a million customers are
parsed once and not at every run. Plain ASCII e-mail addresses are recognised in SQL alone.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import duckdb
import pyarrow as pa

from regulars.people import engine

PLAIN_EMAIL = r"^[A-Za-z0-9_+-]+(\.[A-Za-z0-9_+-]+)*@([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,24}$"
ODD_DOMAIN = r"\.(test|local|localhost|invalid|onion|arpa)$|@[^@]*([^.@]{64}|\.\.|--|localhost)"
"""Reserved, too long a part, or otherwise not plain enough to be recognised without a second look."""
COLUMNS = ("channel", "raw", "country", "address")
_OTHER_NAMES = {"UK": "GB", "EL": "GR"}


def email_address(raw: str) -> str:
    """`raw` as an address one can write to; empty when its syntax is none.

    Letters beyond ASCII before the @ count as none: the providers take no such address. A domain's are spelt in ASCII.
    """
    from email_validator import EmailNotValidError, validate_email

    try:
        return validate_email(raw.strip(), check_deliverability=False, allow_smtputf8=False).ascii_email or ""
    except EmailNotValidError:
        return ""


def phone_number(raw: str, country: str, default_country: str) -> str:
    """`raw` in E.164, read as somebody in `country` (two letters) would dial it; empty when it is no number there.

    `default_country` is for customers without a country. Where `country` is none that we know, only a number with its
    prefix (+40 …) can be read: to guess would write to a stranger.
    """
    import phonenumbers

    wanted = country.strip().upper() or default_country.upper()
    region = _OTHER_NAMES.get(wanted, wanted)
    try:
        number = phonenumbers.parse(raw, region if region in phonenumbers.SUPPORTED_REGIONS else None)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_valid_number(number):
        return ""
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def prepare(
    connection: duckdb.DuckDBPyConnection, folder: Path, people: str, default_country: str, channels: tuple[str, ...]
) -> None:
    """See to it that DuckDB's `regulars_addresses(channel, raw, country, address)` knows everybody in `people`.

    `people` (a relation) has columns `email`, `phone`, `country` (text, may be null). `address` is empty where there is
    none. `folder` keeps what was found; what a connection has learnt it keeps too, of one `default_country`.
    """
    cache = folder / f"addresses-{default_country.lower() or 'nowhere'}.parquet"
    empty = ", ".join(f"'' as {column}" for column in COLUMNS)
    kept = f"read_parquet({engine.text(str(cache))})" if cache.exists() else f"(select {empty} where false)"
    connection.execute(f"create temp table if not exists regulars_addresses as select {', '.join(COLUMNS)} from {kept}")
    fresh = 0
    if "email" in channels and (unknown := _unknown(connection, people, "email")) and unknown > _plain(connection):
        fresh += _add(connection, [("email", raw, "", email_address(raw)) for raw, _ in _left(connection, "email")])
    if "sms" in channels and _unknown(connection, people, "sms"):
        unread = _left(connection, "sms")
        found = [("sms", raw, country, phone_number(raw, country, default_country)) for raw, country in unread]
        fresh += _add(connection, found)
    if fresh:
        _keep(connection, cache)


def _unknown(connection: duckdb.DuckDBPyConnection, people: str, channel: str) -> int:
    """Leave in `regulars_unread` the (raw, country) of `people` that nobody has looked at yet; how many they are.

    E-mail knows no countries.
    """
    raw, country = ("email", "''") if channel == "email" else ("phone", "coalesce(country, '')")
    made = connection.execute(
        f"""create or replace temp table regulars_unread as
            select distinct {raw} as raw, {country} as country from {people} p
            where coalesce(trim({raw}), '') <> '' and not exists (
              select 1 from regulars_addresses a
              where a.channel = {engine.text(channel)} and a.raw = p.{raw} and a.country = {country})"""
    ).fetchone()
    return int((made or (0,))[0])


def _plain(connection: duckdb.DuckDBPyConnection) -> int:
    """Take what is plainly an address from `regulars_unread`; how many they are."""
    added = connection.execute(
        f"""insert into regulars_addresses
            select 'email', raw, '', trim(raw) from regulars_unread
            where length(trim(raw)) <= 254 and length(split_part(trim(raw), '@', 1)) <= 64
              and regexp_matches(trim(raw), {engine.text(PLAIN_EMAIL)})
              and not regexp_matches(lower(trim(raw)), {engine.text(ODD_DOMAIN)})"""
    ).fetchone()
    return int((added or (0,))[0])


def _left(connection: duckdb.DuckDBPyConnection, channel: str) -> list[tuple[str, str]]:
    """(raw, country) of `regulars_unread` that are to be looked at here."""
    rows = connection.execute(
        f"""select raw, country from regulars_unread
            except select raw, country from regulars_addresses where channel = {engine.text(channel)}"""
    ).fetchall()
    return [(found[0], found[1]) for found in rows]


def _add(connection: duckdb.DuckDBPyConnection, rows: list[tuple[str, str, str, str]]) -> int:
    if rows:
        columns = {name: pa.array([row[i] for row in rows], pa.string()) for i, name in enumerate(COLUMNS)}
        connection.register("regulars_found", pa.table(columns))
        connection.execute("insert into regulars_addresses select * from regulars_found")
        connection.unregister("regulars_found")
    return len(rows)


def _keep(connection: duckdb.DuckDBPyConnection, cache: Path) -> None:
    """Whole or not at all, whoever else writes it; only its owner may read it."""
    import secrets

    partial = cache.with_suffix(f".{secrets.token_hex(4)}.partial")
    partial.touch(0o600)
    connection.execute(f"copy (select * from regulars_addresses) to {engine.text(str(partial))} (format parquet)")
    partial.chmod(0o600)
    partial.replace(cache)


@lru_cache(100_000)
def country_of(number: str) -> str:
    """The country (two letters) of a phone number in E.164; empty where it has none."""
    import phonenumbers

    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return ""
    # A number nobody was given yet still tells its country where the prefix does.
    found = phonenumbers.region_code_for_number(parsed)
    return str(found or phonenumbers.region_code_for_country_code(parsed.country_code or 0))
