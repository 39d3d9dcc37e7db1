"""Frequency caps: at most so many messages in any so many calendar days of the customer.

People are judged set-based when they are selected; the same caps are asked again for each message in the transaction
that commits to send it, because two campaigns may have planned for the same day at the same moment.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from regulars.campaigns.desk import Desk
from regulars.campaigns.topics import services
from regulars.lang.scalars import Cap
from regulars.people import engine
from regulars.people.engine import text

LOOK_BACK = timedelta(days=2)
"""Beyond the longest cap: a margin for zones."""
NAMED = 5_000
"""Up to so many customers are named in the question for their messages; of more, everybody's are asked for."""
ROOM = 1_000_000
"""As many messages as one likes."""


def caps(desk: Desk) -> dict[str, Cap]:
    """The caps that are set, by scope: `any`, `email`, `sms`."""
    frequency = desk.rules.guards.frequency
    scopes = (("any", frequency.any), ("email", frequency.email), ("sms", frequency.sms))
    return {scope: cap for scope, cap in scopes if cap}


def lay(desk: Desk, at: datetime, taken: Sequence[str], people: str = "") -> None:
    """Leave `regulars_days` in DuckDB: per customer and calendar day, what counts against each cap.

    Messages sent and planned, and those that campaigns with precedence will send (decision tables `taken`, see
    `Selector`); what campaigns sent that are a service now, by their files, counts against nothing. For each scope and
    each of them: `n_SCOPE`, how many on the day, and `ending_SCOPE`, in the cap's days that end with it; the same with
    `_all`, with precedence. `people`: a query of the customers that are asked about;
    without it everybody.
    """
    from regulars.ledger import facts

    set_caps = caps(desk)
    since = (at - LOOK_BACK - timedelta(days=longest(set_caps))).date()
    sent = desk.foresight.with_foreseen(facts.sent_days(desk.ledger, since, _named(desk, people)))
    # A table of DuckDB's own: it pushes filters down that Arrow's scans do not know.
    engine.keep(desk.connection, "regulars_sent", sent)
    first = "".join(
        f" union all select customer_id, channel, cast(local_day as date), 1, true from {table} where reason is null"
        for table in taken
    )
    counts = [
        f"coalesce(sum(n) filter (where {_counts(scope)}{only}), 0) as n_{scope}{suffix}"
        for scope in set_caps
        for suffix, only in (("", " and not first"), ("_all", ""))
    ]
    windows = [
        f"coalesce(sum(w.n_{scope}{suffix}) filter (where w.day > d.day - {cap.days}), 0) as ending_{scope}{suffix}"
        for scope, cap in set_caps.items()
        for suffix in ("", "_all")
    ]
    asked = f" where customer_id in ({people})" if people else ""
    desk.connection.execute(
        f"""create or replace temp table regulars_days as
            with rows as (
              select customer_id, channel, cast(local_day as date) as day, n, false as first from regulars_sent
              where campaign not in ({", ".join(map(text, ["", *services(desk)]))}){first}
            ), days as (
              select {", ".join(["customer_id", "day", "count(*) filter (where first) as first", *counts])}
              from rows{asked} group by customer_id, day
            )
            select d.*{"".join(f", {window}" for window in windows)}
            from days d join days w on w.customer_id = d.customer_id and w.day <= d.day group by all"""
    )


def _named(desk: Desk, people: str) -> list[str] | None:
    """The customers of the query `people`; None where they are many, or everybody: then nobody is named."""
    if not people:
        return None
    found = desk.connection.execute(f"select distinct customer_id from ({people}) limit {NAMED + 1}").fetchall()
    return [str(row[0]) for row in found] if len(found) <= NAMED else None


def used(desk: Desk) -> str:
    """SQL, to be aggregated over a customer's rows `s` of `regulars_days`: what the day `c.local_date` has to share.

    The fullest of the windows of a cap that hold the day: those that end on it, and on later days with messages.
    """
    parts = ["coalesce(sum(s.first) filter (where s.day = c.local_date), 0) as campaigns_before"]
    for scope, cap in caps(desk).items():
        for kind in (scope, f"{scope}_all"):
            until = f"sum(s.n_{kind}) filter (where s.day > c.local_date - {cap.days} and s.day <= c.local_date)"
            beyond = f"max(s.ending_{kind}) filter (where s.day > c.local_date and s.day < c.local_date + {cap.days})"
            parts.append(f"greatest(coalesce({until}, 0), coalesce({beyond}, 0)) as used_{kind}")
    return ", ".join(parts)


def room(desk: Desk, suffix: str = "") -> str:
    """SQL over rows with `channel` and the columns of `used`: how many more messages the caps let through.

    `suffix` `_all`: once the campaigns with precedence have sent theirs.
    """
    parts = [
        f"case when {_counts(scope)} then {cap.messages} - used_{scope}{suffix} else {ROOM} end"
        for scope, cap in caps(desk).items()
    ]
    return f"least({', '.join([*parts, str(ROOM)])})"


def longest(set_caps: dict[str, Cap]) -> int:
    """How many days the longest cap looks at."""
    return max((cap.days for cap in set_caps.values()), default=1)


def is_full(set_caps: dict[str, Cap], got: Sequence[tuple[str, date]], channel: str, day: date) -> bool:
    """Whether one more message by `channel` on `day` breaks a cap, after those somebody `got` (channel, day)."""
    for scope, cap in set_caps.items():
        first = day - timedelta(days=cap.days)
        counted = sum(1 for by, on in got if scope in ("any", by) and on > first)
        if scope in ("any", channel) and counted >= cap.messages:
            return True
    return False


def _counts(scope: str) -> str:
    return "true" if scope == "any" else f"channel = {text(scope)}"
