"""Why people came into an audience, or left it: the biggest groups, each with what happened to them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, TypedDict

if TYPE_CHECKING:
    from regulars.campaigns.planning.comparison import Compared

SHOWN = 3
ORDERED = "regulars_ordered_since"


class Reason(TypedDict):
    """What happened to so many people: `ordered`, `became 'lapsed' (days_since(last_order) passed 180)`."""

    people: int
    says: str
    """Empty: not known."""


class Moved(TypedDict):
    """People who came, or left, in one way."""

    entered: bool
    by: str
    """`themselves`, `edit`, or empty where that cannot be told."""
    people: int
    reasons: list[Reason]
    """Of those who moved by themselves, the biggest first; the texts that were edited stand in `changes`."""


def of(compared: Compared, table: str) -> list[Moved]:
    """The groups of `table`, laid by `Compared`."""
    desk = compared.desk
    run = compared.earlier.run
    asks = run is not None and not compared.newest_order and _some_left(compared, table)
    if run is not None and asks:
        desk.connection.register(ORDERED, desk.placed(run.as_of, compared.at))
    ordered = f"customer_id in (select customer_id from {ORDERED})" if asks else "coalesce(ordered, false)"
    own = f"* replace (not entered and {ordered} as ordered)"
    asked = f"select {own}, {_turned(compared)} as leaf from {table}"
    rows = desk.arrow(
        f"""select entered, by_edit, here, known, ordered, leaf, if(leaf = 0, null, became[leaf]) as became,
                   count(*) as n
            from ({asked}) group by all"""
    ).to_pylist()
    if asks:
        desk.connection.unregister(ORDERED)
    groups: dict[tuple[bool, str], Counter[str]] = {}
    for row in rows:
        by = "" if row["by_edit"] is None else "edit" if row["by_edit"] else "themselves"
        groups.setdefault((row["entered"], by), Counter())[_says(compared, row, by)] += row["n"]
    order = {"themselves": 0, "": 1, "edit": 2}
    return [
        {"entered": entered, "by": by, "people": found.total(), "reasons": _biggest(found) if by != "edit" else []}
        for (entered, by), found in sorted(groups.items(), key=lambda item: (not item[0][0], order[item[0][1]]))
    ]


def _some_left(compared: Compared, table: str) -> bool:
    """Whether anybody left by themselves."""
    left = f"select 1 from {table} where not entered and by_edit is not true limit 1"
    return compared.desk.connection.execute(left).fetchone() is not None


def _turned(compared: Compared) -> str:
    """SQL: the number (from 1) of the first test that changed in the way that moved somebody; 0: none did."""
    arms = []
    for place, leaf in enumerate(compared.tests, 1):
        lets_in = "" if leaf.keeps else "not "
        now, then = (f"{lets_in}coalesce({list_}[{place}], {str(not leaf.keeps).lower()})" for list_ in ("held", "was"))
        arms.append(f"when ({now}) = entered and ({then}) <> entered then {place}")
    return f"case when known is not true then 0 {' '.join(arms)} else 0 end" if arms else "0"


def _says(compared: Compared, row: dict[str, Any], by: str) -> str:
    """What happened to the people of one row; empty where nobody knows, or where an edit did it."""
    entered = bool(row["entered"])
    if by == "edit":
        return ""
    if not row["here"] or row["ordered"]:
        return "ordered" if row["here"] else "no longer among the customers"
    if row["leaf"]:
        return str(compared.tests[row["leaf"] - 1].turned(row["became"], entered=entered))
    if entered and row["known"] is False:
        return "new among the customers"
    return _its_day(compared, entered=entered)


def _its_day(compared: Compared, *, entered: bool) -> str:
    """Of campaigns that go by rows or by a day of somebody's own."""
    campaign = compared.desk.campaign(compared.name)
    if campaign.for_each is not None:
        return f"{'new' if entered else 'no more'} rows of {campaign.for_each.row}"
    if campaign.schedule.kind == "yearly":
        return f"their {campaign.schedule.column} {'has come' if entered else 'is over'}"
    return ""


def _biggest(found: Counter[str]) -> list[Reason]:
    """The biggest groups; what is left over is counted together at the end."""
    many = sorted(found.items(), key=lambda item: (item[0] == "", -item[1], item[0]))
    shown = [(says, people) for says, people in many[:SHOWN] if says]
    rest = found.total() - sum(people for _, people in shown)
    told: list[Reason] = [{"people": people, "says": says} for says, people in shown]
    return [*told, {"people": rest, "says": "others" if shown else ""}] if rest else told
