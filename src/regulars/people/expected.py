"""What every customer can be expected to do, by models that are fitted to the shop's own orders.

The source counts, per customer, the days on which they ordered and what they spent; DuckDB makes cells of customers who
look alike; `worth` fits the models to the cells and answers for each; the answers are joined back to the customers.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import pyarrow as pa

from regulars.errors import NotIdentified
from regulars.lang.expressions import Node
from regulars.people import engine
from regulars.people.traits import CUSTOMER, Counting
from regulars.people.vocabulary import EXPECTED

FORECASTS = "regulars_forecasts"
"""DuckDB: a row per customer who has ordered, with `EXPECTED`."""
DAYS, BUYERS, CELLS, AMOUNTS = (f"regulars_{name}" for name in ("order_days", "buyers", "cells", "amounts"))
MONTH, YEAR = 30, 365
OF_SPEND = "expected_spend_365d"


@dataclass(frozen=True)
class Expected:
    """What the models made of a day's orders: the parameters of each, and for each without numbers why."""

    orders: Mapping[str, float] | None = None
    """BG/NBD: r, alpha (in days), a, b, log_likelihood, customers, repeaters."""
    spend: Mapping[str, float] | None = None
    """Gamma-gamma: p, q, v (in the shop's currency), log_likelihood, repeaters."""
    refused: Mapping[str, str] = field(default_factory=dict)
    """`orders` and `spend`, where the data do not tell the model: why, in a sentence."""

    def because(self, name: str) -> str:
        """Why `name`, of `EXPECTED`, is unknown of everybody; empty where it is not."""
        return self.refused.get("orders") or (self.refused.get("spend", "") if name == OF_SPEND else "")

    def unforeseen(self, names: Collection[str]) -> list[str]:
        """For those of `names` that are unknown of everybody, in words: that they are, and why."""
        reasons: dict[str, list[str]] = {}
        for name in sorted(names):
            if reason := self.because(name):
                reasons.setdefault(reason, []).append(f"`{name}`")
        return [f"{listed(known)} unknown of everybody: {reason}" for reason, known in reasons.items()]


@dataclass(frozen=True)
class Forecasting:
    """Fits the models to the orders that `counting` counts, of those in the relation `people` (by `id_column`)."""

    counting: Counting
    people: str
    id_column: str

    def lay(self) -> Expected:
        """Leave `FORECASTS` in DuckDB, the customer's id under its own name."""
        from regulars.worth.bgnbd import fit_bgnbd
        from regulars.worth.gamma_gamma import fit_gamma_gamma

        self.counting.source.keep(DAYS, self.order_days())
        self._buyers()
        cells, amounts = self._cells(), self._amounts()
        refused: dict[str, str] = {}
        orders = spend = None
        try:
            x, recency, age, weights = (cells[name].to_numpy() for name in cells.column_names)
            orders = fit_bgnbd(x, recency, age, weights=weights)
            soon, later = (orders.expected_orders(days, x, recency, age) for days in (MONTH, YEAR))
            chance, alive = orders.p_order(MONTH, x, recency, age), orders.p_alive(x, recency, age)
            answers = {
                "p_alive": alive,
                "p_next_30d": chance,
                "expected_orders_30d": soon,
                "expected_orders_365d": later,
            }
        except NotIdentified as reason:
            refused["orders"], answers = reason.sentence, {}
        try:
            x, own, weights = (amounts[name].to_numpy() for name in amounts.column_names)
            spend = fit_gamma_gamma(x, own, weights=weights)
            worth = {"spend": spend.expected_spend(x, own)}
        except NotIdentified as reason:
            refused["spend"], worth = reason.sentence, {}
        self._join(_with(cells, answers, (*EXPECTED,)), _with(amounts, worth, ("spend",)))
        return Expected(asdict(orders) if orders else None, asdict(spend) if spend else None, refused)

    def order_days(self) -> Any:
        """The Ibis query: per customer the days with an order, the oldest and the newest in days ago, what they spent.

        A day is the shop's, and one order however many there were.
        """
        source, order = self.counting.source, self.counting.source.rules.source.order
        at, amount, customer = str(order.at), str(order.amount), str(order.customer)
        rows = self.counting.until_day_ends("orders")
        rows = rows.filter(rows[at].notnull())
        day = Node("days_since", (Node("column", value=at, kind=source.fields("orders")[at].kind),))
        ago = self.counting.compiler(rows)(day)
        days = rows.group_by(rows[customer].name(CUSTOMER), ago.name("ago")).aggregate(
            amount=rows[amount].sum().coalesce(0)
        )
        if source.in_files:
            first = days.amount.argmax(days.ago)
        else:
            import ibis

            days = days.mutate(oldest=days.ago.max().over(ibis.window(group_by=days[CUSTOMER])))
            first = days.amount.sum(where=days.ago == days.oldest)
        return days.group_by(CUSTOMER).aggregate(
            days=days.count(), oldest=days.ago.max(), newest=days.ago.min(), spent=days.amount.sum(), first=first
        )

    def _buyers(self) -> None:
        """x, recency and age (in days), and the mean amount of the days after the first; 0 where there are none."""
        key = engine.name(self.id_column)
        self._execute(
            f"""create or replace temp table {BUYERS} as
                select p.{key} as id, cast(days - 1 as double) as x, cast(oldest - newest as double) as recency,
                       cast(oldest as double) as age,
                       case when days > 1 then cast(spent - "first" as double) / (days - 1) else 0.0 end as amount
                from {DAYS} d join (select distinct {key} from {self.people}) p on d.{CUSTOMER} = p.{key}"""
        )

    def _cells(self) -> pa.Table:
        return engine.arrow(
            self.counting.source.connection,
            f"""select x, recency, age, cast(count(*) as double) as customers from {BUYERS}
                group by all order by all""",
        )

    def _amounts(self) -> pa.Table:
        return engine.arrow(
            self.counting.source.connection,
            f"""select x, amount, cast(count(*) as double) as customers from {BUYERS} where amount > 0 or x = 0
                group by all order by all""",
        )

    def _join(self, cells: pa.Table, amounts: pa.Table) -> None:
        connection, key = self.counting.source.connection, engine.name(self.id_column)
        told = [f"c.{name}" for name in EXPECTED if name != OF_SPEND]
        connection.register(CELLS, cells)
        connection.register(AMOUNTS, amounts)
        try:
            self._execute(
                f"""create or replace temp table {FORECASTS} as
                    select b.id as {key}, {", ".join(told)}, c.expected_orders_365d * s.spend as {OF_SPEND}
                    from {BUYERS} b join {CELLS} c on c.x = b.x and c.recency = b.recency and c.age = b.age
                    left join {AMOUNTS} s on s.x = b.x and s.amount = b.amount"""
            )
        finally:
            connection.unregister(CELLS)
            connection.unregister(AMOUNTS)
        for table in (DAYS, BUYERS):
            self._execute(f"drop table {table}")

    def _execute(self, sql: str) -> None:
        self.counting.source.connection.execute(sql)


def listed(names: list[str]) -> str:
    """`a` is; `a` and `b` are; `a`, `b` and `c` are."""
    return f"{', '.join(names[:-1])} and {names[-1]} are" if len(names) > 1 else f"{names[0]} is"


def _with(rows: pa.Table, answers: Mapping[str, Any], names: Collection[str]) -> pa.Table:
    """The rows with a column for each of `names`; unknown where nothing was answered."""
    for name in names:
        found = answers.get(name)
        column = pa.nulls(rows.num_rows, pa.float64()) if found is None else pa.array(found, pa.float64())
        rows = rows.append_column(name, column)
    return rows
