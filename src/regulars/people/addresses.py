"""Addresses that can be written to: e-mail by its syntax, phones by libphonenumber, each looked at once.

What was found is kept in `.regulars/addresses.parquet` (raw text → address, empty when it is none), so that a million
customers are parsed once and not at every run. Plain ASCII e-mail addresses are recognised in SQL alone.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa

from regulars.people import engine

PLAIN_EMAIL = r"^[A-Za-z0-9_+-]+(\.[A-Za-z0-9_+-]+)*@([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,24}$"
RESERVED = r"\.(test|local|localhost|invalid|onion|arpa)$"


def email_address(raw: str) -> str:
    """`raw` as an address one can write to; empty when its syntax is none."""
    from email_validator import EmailNotValidError, validate_email

    try:
        return validate_email(raw.strip(), check_deliverability=False).normalized
    except EmailNotValidError:
        return ""


def phone_number(raw: str, country: str, default_country: str) -> str:
    """`raw` in E.164, read as somebody in `country` (two letters) would dial it; empty when it is no number."""
    import phonenumbers

    for region in dict.fromkeys((country.strip().upper(), default_country.upper())):
        try:
            number = phonenumbers.parse(raw, region or None)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number):
            return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
    return ""


def prepare(
    connection: duckdb.DuckDBPyConnection, cache: Path, people: str, default_country: str, channels: tuple[str, ...]
) -> None:
    """Leave `regulars_addresses(channel, raw, country, address)` in DuckDB for everybody in relation `people`.

    `people` has columns `email`, `phone`, `country` (text, may be null). `address` is empty where there is none.
    """
    kept = (
        f"read_parquet({engine.text(str(cache))})"
        if cache.exists()
        else "(select '' as channel, '' as raw, '' as country, '' as address where false)"
    )
    connection.execute(f"create or replace temp table regulars_addresses as select * from {kept}")
    fresh = 0
    if "email" in channels:
        connection.execute(
            f"""insert into regulars_addresses
                select distinct 'email', email, '', trim(email) from {people} p
                where email is not null and length(split_part(trim(email), '@', 1)) <= 64 and regexp_matches(trim(email), {engine.text(PLAIN_EMAIL)})
                  and not regexp_matches(lower(trim(email)), {engine.text(RESERVED)})
                  and not exists (select 1 from regulars_addresses a where a.channel = 'email' and a.raw = p.email)"""
        )
        unknown = connection.execute(
            f"select distinct email from {people} p where coalesce(trim(email), '') <> '' and not exists (select 1 from regulars_addresses a where a.channel = 'email' and a.raw = p.email)"
        ).fetchall()
        fresh += _add(connection, [("email", raw, "", email_address(raw)) for (raw,) in unknown])
    if "sms" in channels:
        unknown = connection.execute(
            f"select distinct phone, coalesce(country, '') from {people} p where coalesce(trim(phone), '') <> '' "
            "and not exists (select 1 from regulars_addresses a where a.channel = 'sms' and a.raw = p.phone and a.country = coalesce(p.country, ''))"
        ).fetchall()
        fresh += _add(
            connection, [("sms", raw, country, phone_number(raw, country, default_country)) for raw, country in unknown]
        )
    if fresh:
        partial = cache.with_suffix(".partial")
        connection.execute(f"copy (select * from regulars_addresses) to {engine.text(str(partial))} (format parquet)")
        partial.replace(cache)


def _add(connection: duckdb.DuckDBPyConnection, rows: list[tuple[str, str, str, str]]) -> int:
    if rows:
        found = pa.table(
            {
                name: pa.array([row[i] for row in rows], pa.string())
                for i, name in enumerate(("channel", "raw", "country", "address"))
            }
        )
        connection.register("regulars_found", found)
        connection.execute("insert into regulars_addresses select * from regulars_found")
        connection.unregister("regulars_found")
    return len(rows)
