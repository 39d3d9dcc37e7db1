"""A shop in three files or in a database, and the rows that its snapshot of a day has."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pyarrow.parquet as pq

from regulars.lang.problems import Problems
from regulars.lang.project import load
from regulars.people.snapshot import SnapshotTaker
from regulars.people.source import Source
from regulars.people.vocabulary import Vocabulary

RULES = """
shop:
  name: Casa Verde
  currency: RON
  timezone: Europe/Bucharest
  languages: [ro]
  from: {email: salut@casaverde.example}
  address: Cluj-Napoca
source:
  SOURCE
  customer: {id: id, birthday: birthday, consent: {email: consent}}
  order: {id: order_id, customer: customer, at: at, amount: total}
traits:
  orders: {from: orders, value: count(*)}
TRAITS
segments:
  stage:
    - prospect: orders = 0
    - buyer: otherwise
SEGMENTS
"""
FILES = "tables: {customers: data/customers.csv, orders: data/orders.csv}"
CUSTOMERS = "id,birthday,consent,city\na,1990-02-28,yes,Iași\nb,,no,\n"
ORDERS = "order_id,customer,at,total,discount\n1,a,2026-01-05 10:00,100.50,0\n2,a,2026-01-07 10:00,20,5\n"


def lay(root, *, source=FILES, traits="", segments="", customers=CUSTOMERS, orders=ORDERS, extra=""):
    """A project in `root`; `traits` and `segments` are lines without indentation."""
    (root / "data").mkdir(parents=True, exist_ok=True)
    (root / "campaigns").mkdir(exist_ok=True)
    text = RULES.replace("SOURCE", source).replace("TRAITS", indented(traits)).replace("SEGMENTS", indented(segments))
    (root / "rules.yaml").write_text(text + extra, encoding="utf-8")
    for name, raw in (("customers", customers), ("orders", orders)):
        if raw is not None:
            path, new = root / "data" / f"{name}.csv", raw if isinstance(raw, bytes) else raw.encode()
            if not path.exists() or path.read_bytes() != new:
                path.write_bytes(new)
    return root


def indented(lines):
    return "\n".join(f"  {line}" for line in lines.strip().splitlines())


class Opened:
    """A project's source and vocabulary; `problems` are told as (code, place, sentence)."""

    def __init__(self, root: Path) -> None:
        project, self.found = load(root)
        assert project is not None, self.found.sorted()
        self.root, self.source = root, Source(root, project.rules, self.found).open()
        self.vocabulary = Vocabulary(project.rules, self.source, self.found).build()

    @property
    def problems(self):
        return told(self.found)

    def snapshot(self, day="2026-01-31", facts=None, version="", fresh=False):
        assert not self.found.errors, self.problems
        taker = SnapshotTaker(self.root, self.source, self.vocabulary, date.fromisoformat(day), version)
        return taker.take(facts, fresh=fresh)


def told(problems):
    return [(one.code, str(one.position), one.sentence) for one in sorted(problems) if one.code != "no-campaigns"]


def problems_of(root):
    """What is wrong with the project and, when nothing stops it, with its rows."""
    opened = Opened(root)
    if opened.found.errors:
        return opened.problems
    return opened.problems + told(Problems(opened.snapshot().findings))


def people_of(root, day="2026-01-31", **options):
    """Customer id → row of the snapshot."""
    opened = Opened(root)
    snapshot = opened.snapshot(day, **options)
    return {row[snapshot.id_column]: row for row in pq.read_table(snapshot.path).to_pylist()}
