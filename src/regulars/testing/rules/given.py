"""What is given, as the shop's files: every row with all its columns, what was not said neutral."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from regulars.lang.model import Kind
from regulars.lang.rule_tests import RuleTest, When
from regulars.testing.rules.columns import Columns

AMOUNT = "100"
PHONE = "+40700000001"
UNKNOWN = ""


@dataclass(frozen=True)
class Rows:
    """Lays the rows of cases, each under a mark of its own: `ana` of case 3 is `3:ana`."""

    columns: Columns

    def lay(self, folder: Path, cases: Mapping[int, RuleTest]) -> None:
        """Write a CSV file for every table of the project into `folder`."""
        folder.mkdir(parents=True)
        for table, kinds in ((table, self.columns.kinds(table)) for table in self._tables()):
            with (folder / f"{table}.csv").open("w", newline="", encoding="utf-8") as file:
                writer = csv.DictWriter(file, list(kinds))
                writer.writeheader()
                for mark, case in cases.items():
                    for number, row in enumerate(case.given.get(table, [])):  # type: ignore[call-overload]  # names compare as text
                        said = {str(column): str(value) for column, value in row.items()}
                        writer.writerow(self.row(table, said, mark, number, case.today))

    def row(self, table: str, said: Mapping[str, str], mark: int, number: int, today: date) -> dict[str, str]:
        """One row of `table`: what was `said` by meaning or column over what is neutral."""
        meanings, kinds = self.columns.meanings(table), self.columns.kinds(table)
        named = {meanings.get(name, name): value for name, value in said.items()}
        named = {column: self._written(kinds[column], value, today) for column, value in named.items()}
        full = dict.fromkeys(kinds, UNKNOWN) | self._neutral(table, kinds) | named
        for meaning in ("id", "customer"):
            if column := meanings.get(meaning):
                full[column] = f"{mark}:{full[column] or number}"
        if table == "customers":
            person = full[meanings["id"]].partition(":")[2]
            invented = {"first_name": person.title(), "email": address(person)}
            for meaning in invented.keys() & meanings.keys():
                if meanings[meaning] not in named:
                    full[meanings[meaning]] = invented[meaning]
        return full

    def _tables(self) -> list[str]:
        return [str(table) for table in self.columns.project.rules.source.tables]

    def _neutral(self, table: str, kinds: Mapping[str, Kind]) -> dict[str, str]:
        meanings, rules = self.columns.meanings(table), self.columns.project.rules
        if table == "customers":
            consent = rules.source.customer.consent
            usual = {"phone": PHONE, "language": rules.shop.fallback, "timezone": str(rules.shop.timezone)}
            said = {meanings[name]: value for name, value in usual.items() if name in meanings}
            return said | {str(column): "yes" for column in (consent.email, consent.sms) if column}
        zero = {"number": "0", "yes_no": "no"}
        said = {column: zero[kind] for column, kind in kinds.items() if kind in zero}
        if table == "orders":
            said |= {meanings["amount"]: AMOUNT} | {
                column: value for column, value in self.columns.ordinary.items() if column in kinds
            }
        return said

    def _written(self, kind: Kind, value: str, today: date) -> str:
        """A value as the files have it: days as days, times by the clock the data is in."""
        if kind not in ("date", "time"):
            return value
        meant = When.parse(value).on(today)
        return meant.date().isoformat() if kind == "date" else self._in_source(meant).isoformat(sep=" ")

    def _in_source(self, local: datetime) -> datetime:
        shop = ZoneInfo(str(self.columns.project.rules.shop.timezone))
        return (
            local.replace(tzinfo=shop)
            .astimezone(UTC)
            .astimezone(ZoneInfo(self.columns.source.zone))
            .replace(tzinfo=None)
        )


def address(person: str) -> str:
    """An invented e-mail address for a person that has none."""
    return re.sub(r"[^a-z0-9]+", ".", person.lower()).strip(".") + "@example.com"
