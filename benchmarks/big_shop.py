"""A large invented shop: the sample project with as many customers and orders as a benchmark asks for.

Set-based and seeded: every value is a hash of its row's number, so that the same size is the same shop, however many
threads wrote it. Ten orders and ten lines for each customer, two batches of points; one customer in ten never ordered.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb

REPOSITORY = Path(__file__).resolve().parents[1]
AT = datetime(2026, 8, 27, 7, 0, tzinfo=UTC)
"""When everything is run: 10:00 by the shop's clock."""
TODAY = date(2026, 8, 27)
SEED = 7
ORDERS_EACH, LINES_EACH, POINTS_EACH = 10, 10, 2
FILES = ("customers", "orders", "order_lines", "points")


@dataclass(frozen=True)
class BigShop:
    """A project in `root` with its tables as `kind` files (`parquet` or `csv`)."""

    root: Path
    customers: int
    kind: str = "parquet"

    def file(self, table: str) -> Path:
        """Where `table` lies."""
        return self.root / "data" / f"{table}.{self.kind}"

    def lay(self) -> BigShop:
        """Write the project, unless it is there already. Its campaigns' own limits (`expect`) are left out."""
        if not (self.root / "rules.yaml").exists():
            self.lay_rules()
            connection = duckdb.connect(config={"memory_limit": "3GB"})
            connection.execute(f"set temp_directory = '{self.root / 'tmp'}'")
            for statement in TABLES:
                connection.execute(statement.format(n=self.customers, **DRAWN))
            for table in FILES:
                self._write(connection, table, table)
            connection.close()
        return self

    def lay_rules(self) -> None:
        """The repository's rules, campaigns and words."""
        (self.root / "data").mkdir(parents=True)
        for folder in ("campaigns", "templates", "flows"):
            shutil.copytree(REPOSITORY / folder, self.root / folder, ignore=shutil.ignore_patterns("__pycache__"))
        for campaign in (self.root / "campaigns").glob("*.yaml"):
            lines = campaign.read_text(encoding="utf-8").splitlines(keepends=True)
            campaign.write_text(
                "".join(line for line in lines if not line.startswith(("expect:", "budget:"))), encoding="utf-8"
            )
        rules = without_feelings((REPOSITORY / "rules.yaml").read_text(encoding="utf-8"))
        (self.root / "rules.yaml").write_text(rules.replace(".csv", f".{self.kind}"), encoding="utf-8")

    def lay_from(self, other: BigShop) -> BigShop:
        """Write the rows of `other` as files of this kind, unless they are there."""
        if not (self.root / "rules.yaml").exists():
            self.lay_rules()
            for table in FILES:
                self._write(duckdb.connect(), f"'{other.file(table)}'", table)
        return self

    def _write(self, connection: duckdb.DuckDBPyConnection, rows: str, table: str) -> None:
        options = "format parquet" if self.kind == "parquet" else "format csv, header"
        connection.execute(f"copy (from {rows}) to '{self.file(table)}' ({options})")

    def forget(self, *, tables: bool = True) -> None:
        """Delete what Regulars keeps for itself; `tables=False` leaves the copies of CSV files."""
        for kept in (self.root / ".regulars").glob("*"):
            if kept.name != "tables" or tables:
                shutil.rmtree(kept) if kept.is_dir() else kept.unlink()


def without_feelings(rules: str) -> str:
    """The rules without what complaints, answers and goals decide: the large shop has none, nor does the other way."""
    left = re.sub(r"^  loyalty_level:.*\n(?:    - .*\n)+", "", rules, flags=re.MULTILINE)
    left = re.sub(r"^goals:.*\n(?:  .*\n)+", "", left, flags=re.MULTILINE)
    return re.sub(r"^.*complaints.*\n", "", left, flags=re.MULTILINE)


def _share(of: str, salt: int) -> str:
    """A number from 0 to 1 that `of` and `salt` decide."""
    return f"(hash({of} * 64 + {salt + SEED * 1_000_003}) / 18446744073709551616.0)"


DRAWN = {
    "city": _share("i", 1),
    "tongue": _share("i", 2),
    "age": _share("i", 3),
    "mail": _share("i", 4),
    "text": _share("i", 5),
    "phone": _share("i", 6),
    "whose": _share("i", 11),
    "newest": _share("c", 12),
    "span": _share("c", 13),
    "when": _share("i", 14),
    "worth": _share("i", 15),
    "thrift": _share("c", 16),
    "cut": _share("i", 17),
    "bargains": _share("c", 18),
    "status": _share("i", 19),
    "shelf": _share("i", 21),
    "member": _share("i", 22),
}

TABLES = (
    """create temp table people as
       select i, (10000000 + i)::varchar as customer_id, {tongue} as tongue from range({n}) t(i)""",
    """create view customers as select customer_id,
         ['Ana', 'Ștefan', 'Ирина', 'Ruth', 'Dănuț', 'Мария', 'Mihaela', 'James'][1 + i % 8] as first_name,
         ['Dobre', 'Ionescu', 'Смирнова', 'Carter', 'Țurcanu', 'Popa'][1 + (i // 8) % 6] as last_name,
         'person.' || i || '@example.' || if(i % 2 = 0, 'com', 'org') as email,
         case when {phone} < 0.6 then '+40700' || lpad((i % 1000000)::varchar, 6, '0') end as phone,
         'RO' as country, ['București', 'Cluj-Napoca', 'Iași', 'Oradea'][1 + ({city} * 4)::int % 4] as city,
         case when tongue < 0.7 then 'ro' when tongue < 0.85 then 'ru' else 'en' end as language,
         case when tongue < 0.85 then 'Europe/Bucharest' else 'Europe/London' end as timezone,
         date '1940-01-01' + ({age} * 24000)::int as birthday, date '2022-07-01' + ({age} * 1518.5)::int as signed_up,
         {mail} < 0.8 as email_consent, {text} < 0.4 as sms_consent
       from people order by i""",
    # Some order often and some once; each within a stretch of time of their own, so that every stage is there.
    """create temp table drawn as
       select i, c, (100000000 + i)::varchar as order_id, (10000000 + c)::varchar as customer_id,
         timestamp '2026-08-27 06:30:00'
           - to_seconds((86400 * (1200 * {newest} ** 3 + {when} * 700 * {span}))::bigint) as ordered_at,
         round((20 + 400 * {worth} * {worth}) * (0.3 + {thrift}), 2)::decimal(12, 2) as whole,
         {cut} < {bargains} ** 2 as reduced, {status} as status_share
       from (select i, ({n} * 0.9 * {whose} ** 2)::bigint as c from range({n} * 10) t(i)) order by ordered_at""",
    """create view orders as select order_id, customer_id, ordered_at,
         if(reduced, (whole * 0.9)::decimal(12, 2), whole) as total,
         if(reduced, whole - (whole * 0.9)::decimal(12, 2), 0)::decimal(12, 2) as discount,
         case when reduced and i % 3 = 0 then 'VARA15' end as coupon_code,
         case when status_share < 0.03 then 'cancelled' when status_share < 0.05 then 'refunded'
              else 'delivered' end as status
       from drawn""",
    """create view order_lines as select (500000000 + i)::varchar as line_id, order_id, customer_id, ordered_at,
         'Produs ' || (i % 400) as product,
         ['coffee', 'tea', 'plants', 'ceramics', 'honey', 'candles', 'garden'][1 + ({shelf} * 7)::int % 7] as category,
         (1 + i % 3)::integer as quantity, whole as price
       from drawn""",
    """create view points as select (900000000 + i)::varchar as batch_id, customer_id, (whole / 10)::integer as points,
         ordered_at as earned_at, ordered_at::date + 365 as expires_on
       from drawn where {member} < 0.2""",
)
