"""What a shop sent before: a file that says who got which campaign, when, and with which code."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from regulars.errors import WrongUse
from regulars.people import engine
from regulars.people.engine import text

COLUMNS = ("campaign", "customer_id", "sent_at", "code")
"""`code` may be missing: then nobody was given one."""


LONGEST = 32
"""Characters of a code."""


@dataclass(frozen=True)
class Told:
    """What a file of earlier campaigns says."""

    rows: pa.Table
    """campaign, customer_id (texts), sent_at (UTC), code (text, empty: none), each row once, sorted."""
    unreadable: int
    """Rows without a campaign, a customer or a time, or with a code that is too long."""


def read(connection: engine.Connection, path: Path, zone: str) -> Told:
    """The rows of a CSV or Parquet file with `COLUMNS`; times without an offset are by the clocks of `zone`.

    Raises WrongUse for a file that cannot be read or lacks a column.
    """
    literal = text(str(path))
    rows = f"read_parquet({literal})" if path.suffix == ".parquet" else f"read_csv({literal}, all_varchar = true)"
    way_out = f"A CSV or Parquet file with the columns {', '.join(COLUMNS)}; the last may be missing."
    try:
        names = {row[0] for row in connection.execute(f"describe from {rows}").fetchall()}
        if missing := [name for name in COLUMNS[:3] if name not in names]:
            raise WrongUse(f"`{path.name}` has no column {', '.join(missing)}.", way_out)
        code = "coalesce(trim(cast(code as varchar)), '')" if "code" in names else "''"
        told = engine.arrow(
            connection,
            f"""select trim(cast(campaign as varchar)) as campaign, trim(cast(customer_id as varchar)) as customer_id,
                       timezone({text(zone)}, try_cast(sent_at as timestamp)) as sent_at, {code} as code
                from {rows}""",
        )
    except duckdb.Error:
        # Its own words would quote a line, and in it a person.
        raise WrongUse(f"`{path.name}` cannot be read.", way_out) from None
    connection.register("regulars_told", told)
    try:
        whole = "coalesce(campaign, '') <> '' and coalesce(customer_id, '') <> '' and sent_at is not null"
        whole += f" and len(code) <= {LONGEST}"
        kept = engine.arrow(
            connection,
            f"select distinct * from regulars_told where {whole} order by campaign, customer_id, sent_at, code",
        )
        (unreadable,) = connection.execute(f"select count(*) from regulars_told where not ({whole})").fetchone() or (0,)
    finally:
        connection.unregister("regulars_told")
    return Told(kept, int(unreadable))
