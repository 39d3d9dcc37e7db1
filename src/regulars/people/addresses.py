"""Addresses that can be written to: e-mail by its syntax, phones by libphonenumber, each looked at once.

What was found is kept in `.regulars` (raw text → address, empty when it is none), so that a million customers are
parsed once and not at every run. Plain ASCII e-mail addresses are recognised in SQL alone.
"""

from __future__ import annotations

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
    """Leave `regulars_addresses(channel, raw, country, address)` in DuckDB for everybody in relation `people`.

    `people` has columns `email`, `phone`, `country` (text, may be null). `address` is empty where there is none.
    `folder` keeps what was found.
    """
    cache = folder / f"addresses-{default_country.lower() or 'nowhere'}.parquet"
    empty = ", ".join(f"'' as {column}" for column in COLUMNS)
    kept = f"read_parquet({engine.text(str(cache))})" if cache.exists() else f"(select {empty} where false)"
    connection.execute(f"create or replace temp table regulars_addresses as select {', '.join(COLUMNS)} from {kept}")
    fresh = 0
    if "email" in channels:
        _add_plain_emails(connection, people)
        fresh += _add(
            connection, [("email", raw, "", email_address(raw)) for raw, _ in _unknown(connection, people, "email")]
        )
    if "sms" in channels:
        unknown = _unknown(connection, people, "sms")
        found = [("sms", raw, country, phone_number(raw, country, default_country)) for raw, country in unknown]
        fresh += _add(connection, found)
    if fresh:
        _keep(connection, cache)


def _add_plain_emails(connection: duckdb.DuckDBPyConnection, people: str) -> None:
    plain = engine.text(PLAIN_EMAIL)
    connection.execute(
        f"""insert into regulars_addresses
            select distinct 'email', email, '', trim(email) from {people} p
            where length(trim(email)) <= 254 and length(split_part(trim(email), '@', 1)) <= 64
              and regexp_matches(trim(email), {plain})
              and not regexp_matches(lower(trim(email)), {engine.text(ODD_DOMAIN)})
              and not exists (select 1 from regulars_addresses a where a.channel = 'email' and a.raw = p.email)"""
    )


def _unknown(connection: duckdb.DuckDBPyConnection, people: str, channel: str) -> list[tuple[str, str]]:
    """(raw, country) of `people` that nobody has looked at yet; e-mail knows no countries."""
    raw, country = ("email", "''") if channel == "email" else ("phone", "coalesce(country, '')")
    rows = connection.execute(
        f"""select distinct {raw} as raw, {country} as country from {people} where coalesce(trim({raw}), '') <> ''
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
