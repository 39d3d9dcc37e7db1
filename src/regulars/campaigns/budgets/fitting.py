"""Who fits into the budgets: decided when people are selected, and once more in the transaction that gives the codes.

In one order of people, those before take theirs first. Who does not fit is not sent the message, and is asked again at
the next run, or as long as a follow-up is not too late.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from regulars.campaigns.budgets import worth
from regulars.campaigns.budgets.limits import concerning
from regulars.campaigns.desk import Desk
from regulars.campaigns.letters import OFFER_OFF, Letters
from regulars.ledger import budgets, entries
from regulars.ledger.budgets import COLUMNS, Limit
from regulars.people.engine import name as quoted

if TYPE_CHECKING:
    from sqlalchemy import Connection

BUDGET = budgets.WITHHELD
_ORDER = "customer_id, occasion"


def withhold(desk: Desk, name: str, at: datetime, table: str) -> None:
    """Give who does not fit the reason `budget`, in the decision table `table` of campaign `name`.

    Leaves in it the columns of `worth` where a budget counts what the first message gives. `at` is the run's.
    """
    letters = Letters(desk, name, desk.campaign(name).messages[0])
    limits = _concerning(letters, at)
    if not limits:
        return
    counted = used(desk, name, limits, at)
    gives = f"(reason is null and not coalesce({OFFER_OFF}, false))"
    priced = worth.columns(letters.terms, gives, worth.rate(desk, name, at))
    over = " or ".join(
        f"sum({COLUMNS[limit.kind]}) over (order by {_ORDER} rows unbounded preceding) > {max(limit.amount - taken, 0)}"
        for limit, taken in counted.items()
    )
    desk.connection.execute(
        f"""create or replace temp table {quoted(table)} as
            with priced as (select *, {priced} from {quoted(table)}), summed as (
              select *, {worth.AT_MOST} > 0 and ({over}) as regulars_over from priced
            )
            select * exclude (regulars_over) replace (
                     case when regulars_over then '{BUDGET}' else reason end as reason,
                     case when regulars_over then 0 else {worth.AT_MOST} end as {worth.AT_MOST},
                     case when regulars_over then 0 else {worth.EXPECTED} end as {worth.EXPECTED})
            from summed"""
    )


def used(desk: Desk, name: str, limits: Sequence[Limit], at: datetime) -> dict[Limit, int]:
    """How much each budget has counted by now, and by what a plan foresees of the campaigns before."""
    whole, by, found = desk.everybody, worth.rate(desk, name, at), {}
    with whole.ledger.reading() as connection:
        for limit in limits:
            # About one person nobody asks so exactly that all codes would have to be looked at.
            kept = budgets.kept(connection, limit) if whole is not desk else None
            found[limit] = budgets.counted_now(connection, limit, by, at) if kept is None else kept
    return {limit: taken + desk.foresight.given.get(limit.key, 0) for limit, taken in found.items()}


def priced(letters: Letters, rows: pa.Table, at: datetime) -> pa.Table:
    """Letters with the columns of `worth`, where a budget counts what their message gives; once they have them, as is.

    Who enters has them since they were selected, unless the budget was written in between.
    """
    if not rows.num_rows or worth.EXPECTED in rows.column_names or not _concerning(letters, at):
        return rows
    gives = f"(state = 'planned' and arm = 'treated' and not coalesce({OFFER_OFF}, false))"
    by = worth.rate(letters.desk, letters.campaign_name, at)
    added = worth.columns(letters.terms, gives, by)
    return letters.desk.arrow(f"select *, {added} from rows order by customer_id, occasion", rows=rows)


def settle(desk: Desk, name: str, at: datetime) -> None:
    """Give back what codes of campaign `name` are not going to take off: before a run, and before follow-ups."""
    campaign = desk.campaign(name)
    offers = [offer for message in campaign.messages for offer in campaign.offers_of(message)]
    if limits := concerning(desk, name, offers, at):
        by = worth.rate(desk, name, at)
        with desk.ledger.writing() as connection:
            budgets.settle(connection, limits, by, at)


class Held:
    """The budgets that one transaction holds while it gives codes of a message."""

    def __init__(self, desk: Desk, connection: Connection, letters: Letters, at: datetime) -> None:
        """Take them; from here on nobody else gives codes that count against them."""
        self._letters = letters
        self.limits = _concerning(letters, at)
        self._connection = connection
        self._counted: dict[Limit, int] = {}
        if self.limits:
            self._counted = budgets.hold(connection, self.limits, lambda: worth.rate(desk, letters.campaign_name, at))

    def entering(self, rows: pa.Table) -> pa.Array | None:
        """Which people of a batch fit, as bools; None: all of them. Who has entered meanwhile asks for nothing."""
        return self._fitting(rows, lambda: entries.entered(self._connection, self._letters.campaign_name, rows))

    def following(self, rows: pa.Table) -> pa.Array | None:
        """The same of a follow-up, which may have been written meanwhile."""
        return self._fitting(rows, lambda: entries.written(self._connection, str(self._letters.message.name), rows))

    def _fitting(self, rows: pa.Table, already: Callable[[], pa.Array]) -> pa.Array | None:
        if not self.limits or not rows.num_rows or budgets.all_fit(self._counted, rows):
            return None
        fits = budgets.fitting(self._counted, _free(rows, already()))
        return None if fits.true_count == len(fits) else fits

    def count(self, issued: pa.Table, entries: pa.Array | None = None) -> None:
        """Count the codes that were given; of `entries` alone where those are named."""
        if not self.limits or not issued.num_rows:
            return
        if entries is not None:
            issued = issued.filter(pc.is_in(issued["enrolment_id"], value_set=entries.cast(pa.string())))
        budgets.count(self._connection, self.limits, issued)


def _concerning(letters: Letters, at: datetime) -> list[Limit]:
    offers = (own.offer for own in letters.terms.values())
    return concerning(letters.desk, letters.campaign_name, offers, at)


def _free(rows: pa.Table, already: pa.Array) -> pa.Table:
    """The same people; for those who have it `already` (bools) nothing is given."""
    for name in (worth.EXPECTED, worth.AT_MOST):
        rows = rows.set_column(rows.column_names.index(name), name, pc.if_else(already, 0, rows[name]))
    return rows
