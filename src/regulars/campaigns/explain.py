"""Why somebody gets a message, or does not: each condition with the value it saw, then each guard.

Everything is asked of the engine that decides, over the same snapshot: there is no second evaluator that could differ.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, TypedDict
from zoneinfo import ZoneInfo

from regulars.campaigns.desk import Desk
from regulars.campaigns.reach import caps
from regulars.campaigns.select import Selector, before_in_line
from regulars.errors import WrongUse
from regulars.lang.expressions import Expression, Node
from regulars.lang.scalars import Channel
from regulars.ledger import contacts
from regulars.people.engine import name as quoted
from regulars.people.engine import text
from regulars.people.formulas import Formula
from regulars.people.snapshot import Snapshot


class Line(TypedDict):
    """One test: `holds` is None where it was not asked, or where a value is unknown."""

    test: str
    holds: bool | None
    says: str
    saw: str


class Explanation(TypedDict):
    """Everything about one campaign and one customer."""

    campaign: str
    decision: str
    """`sent` (would be, now), a reason, `not in the audience`, or `draft`, `paused`."""
    lines: list[Line]


class Why(TypedDict):
    """Everything about one customer."""

    customer: str
    name: str
    as_of: str
    campaigns: list[Explanation]
    log: list[dict[str, str]]
    """What runs decided on that day, by the decision log."""
    sent: list[dict[str, str]]


def find(desk: Desk, who: str, at: datetime) -> tuple[str, str]:
    """(id, name) of the customer with this id, e-mail address or phone; raises WrongUse when there is none."""
    snapshot, columns = desk.snapshot(at), desk.rules.source.customer
    key = quoted(snapshot.id_column)
    has = columns.mapped()
    names = " || ' ' || ".join(f"coalesce({part}, '')" for part in ("first_name", "last_name") if part in has) or "''"
    tests = [
        f"{key} = $1",
        *(f"lower(trim({column})) = lower(trim($1))" for column in ("email", "phone") if column in has),
    ]
    found = desk.connection.execute(
        f"select {key}, trim({names}) from {snapshot.relation} where {' or '.join(tests)} order by {key} = $1 desc, {key} limit 1",
        [who],
    ).fetchone()
    if found is None:
        raise WrongUse(
            "There is no customer with this id or address.", f"Ids are those of the column `{snapshot.id_column}`."
        )
    return str(found[0]), str(found[1] or "")


def why(desk: Desk, who: str, campaigns: Sequence[str], at: datetime) -> Why:
    """Explain `campaigns` for one customer, as of `at`."""
    customer, called = find(desk, who, at)
    return {
        "customer": customer, "name": called, "as_of": at.astimezone(ZoneInfo(desk.zone)).isoformat(),
        "campaigns": [_campaign(desk, customer, name, at) for name in campaigns], "log": _log(desk, customer, at), "sent": _sent(desk, customer, at),
    }  # fmt: skip


def _campaign(desk: Desk, customer: str, name: str, at: datetime) -> Explanation:
    campaign, snapshot = desk.campaign(name), desk.snapshot(at)
    audience = _Condition(desk, snapshot, customer).lines(desk.condition(campaign.audience))
    inside = _Condition(desk, snapshot, customer).holds(desk.condition(campaign.audience))
    judged = _judged(desk, customer, name, at, snapshot)
    lines: list[Line] = [
        {"test": "status", "holds": campaign.status == "live", "says": campaign.status, "saw": ""},
        *audience,
    ]
    if judged:
        lines += _guards(desk, customer, name, at, judged)
    else:
        lines.append(
            {"test": "schedule", "holds": False, "says": str(campaign.schedule), "saw": "not due for this customer"}
        )
    decision = (
        campaign.status
        if campaign.status != "live"
        else "not in the audience"
        if not inside
        else "not due"
        if not judged
        else judged["reason"] or "sent"
    )
    return {"campaign": name, "decision": decision, "lines": lines}


def _judged(desk: Desk, customer: str, name: str, at: datetime, snapshot: Snapshot) -> dict[str, Any]:
    """The judgement about one person, with what every guard saw; empty when nothing is due for them."""
    channels = desk.campaign(name).messages[0].send.channels
    seen = ", already, room, campaigns_before, local_date" + "".join(
        f", agrees_{one}, address_{one} <> '' as addressed_{one}, stopped_{one}" for one in channels
    )
    table = Selector(desk, name, at, only=customer, anyway=True, extra=seen).run(snapshot, "regulars_asked")
    rows = desk.connection.execute(f"select * from {table}").to_arrow_table().to_pylist()
    return rows[0] if rows else {}


def _guards(desk: Desk, customer: str, name: str, at: datetime, judged: dict[str, Any]) -> list[Line]:
    campaign = desk.campaign(name)
    channels: tuple[Channel, ...] = campaign.messages[0].send.channels
    shop, own = desk.rules.guards.holdout, campaign.holdout
    before = before_in_line(desk, name)
    arm = {"treated": "in neither", "holdout": f"in {name}'s {own}", "shop-holdout": f"in the shop's {shop}"}[
        judged["arm"]
    ]
    zone = ZoneInfo(judged["zone"])
    due, not_before = judged["due_at"].astimezone(zone), judged["not_before"].astimezone(zone)
    consents = [(one, "yes" if judged[f"agrees_{one}"] else "no") for one in channels]
    return [
        {"test": "due", "holds": True, "says": str(campaign.schedule), "saw": f"{due:%a %d %b %Y %H:%M} {judged['zone']}"},
        {"test": "repeat", "holds": not judged["already"], "says": str(campaign.repeat), "saw": "entered before, too recently or still inside" if judged["already"] else f"entry {judged['occasion']}"},
        {"test": "consent", "holds": any(judged[f"agrees_{one}"] for one in channels), "says": str(campaign.messages[0].send), "saw": ", ".join(f"{one}: {said}" for one, said in consents)},
        {"test": "address", "holds": any(judged[f"addressed_{one}"] for one in channels), "says": "an address that can be written to", "saw": ", ".join(f"{one}: {'good' if judged[f'addressed_{one}'] else 'none, or broken'}" for one in channels)},
        {"test": "suppression", "holds": not all(judged[f"stopped_{one}"] for one in channels), "says": "not suppressed", "saw": ", ".join(one for one in channels if judged[f"stopped_{one}"]) or "no"},
        {"test": "words", "holds": judged["channel"] is not None, "says": str(campaign.messages[0].template), "saw": f"{judged['channel']} in {judged['language']}" if judged["channel"] else "no channel or no language fits"},
        {"test": "holdout", "holds": judged["arm"] == "treated", "says": f"shop {shop}, campaign {own}", "saw": arm},
        {"test": "frequency", "holds": judged["room"] > 0, "says": ", ".join(f"{scope} {cap}" for scope, cap in caps(desk).items()) or "no cap", "saw": _got(desk, customer, judged)},
        {"test": "priority", "holds": judged["room"] - judged["campaigns_before"] > 0 if judged["room"] > 0 else None, "says": "after " + ", ".join(before) if before else "first in line", "saw": f"{judged['campaigns_before']} of them select this customer today"},
        {"test": "quiet hours", "holds": judged["not_before"] < judged["expires_at"], "says": "held until they end" if judged["held"] else "not now", "saw": f"{not_before:%a %d %b %H:%M} {judged['zone']}"},
    ]  # fmt: skip


def _got(desk: Desk, customer: str, judged: dict[str, Any]) -> str:
    """What counts against the caps: the messages of the days they look at."""
    day: date = judged["local_date"]
    longest = max((cap.days for cap in caps(desk).values()), default=1)
    sent = contacts.sent_to(desk.ledger, [customer], day - timedelta(days=longest - 1)).to_pylist()
    return (
        ", ".join(
            f"{date.fromisoformat(row['local_day']):%a %d %b} {row['campaign']} ({row['channel']})" for row in sent
        )
        or "nothing in these days"
    )


class _Condition:
    """A condition about one customer, leaf by leaf."""

    def __init__(self, desk: Desk, snapshot: Snapshot, customer: str) -> None:
        self._desk, self._snapshot, self._customer = desk, snapshot, customer
        self._formula = Formula(snapshot.day, {})

    def holds(self, expression: Expression) -> bool:
        """Whether the whole holds."""
        return bool(self._ask([self._formula(expression.tree)])[0])

    def lines(self, expression: Expression) -> list[Line]:
        """Each part that `and` or `or` joins, with whether it holds and the values it saw."""
        parts = _parts(expression.tree)
        lines: list[Line] = []
        for part in parts:
            words = expression.text[part.start : part.start + part.length]
            asked = [self._formula(part), *(self._formula(value) for value in _values(part))]
            holds, *values = self._ask(asked)
            saw = ", ".join(
                f"{_spoken(expression.text, value)} = {_shown(found)}"
                for value, found in zip(_values(part), values, strict=True)
            )
            lines.append(
                {
                    "test": "audience",
                    "holds": None if holds is None else bool(holds),
                    "says": words,
                    "saw": "; ".join([saw, *self._steps(part)]),
                }
            )
        return lines

    def _ask(self, expressions: list[str]) -> list[Any]:
        key = quoted(self._snapshot.id_column)
        row = self._desk.connection.execute(
            f"select {', '.join(expressions)} from {self._snapshot.relation} where {key} = {text(self._customer)}"
        ).fetchone()
        return list(row or [None] * len(expressions))

    def _steps(self, part: Node) -> list[str]:
        """Of each segment the part reads: the step that held."""
        told = []
        for name in sorted(part.names):
            one = next((derived for derived in self._desk.vocabulary.derived if derived.name == name), None)
            if one is None or (not one.steps and not one.plain):
                continue
            trees = [(value, tree) for value, tree in one.steps if tree] or (
                [(name, one.expression)] if one.expression else []
            )
            held = self._ask([self._formula(tree.tree) for _, tree in trees])
            step = next(((value, tree) for (value, tree), yes in zip(trees, held, strict=True) if yes), None)
            if step:
                told.append(f"'{step[0]}' because {step[1].text} ({self._values_of(step[1])})")
            else:
                told.append(
                    f"{name}: no step held"
                    if one.steps
                    else f"{name} does not hold ({self._values_of(trees[0][1])})"
                    if trees
                    else name
                )
        return told

    def _values_of(self, expression: Expression) -> str:
        values = _values(expression.tree)
        found = self._ask([self._formula(value) for value in values]) if values else []
        return ", ".join(
            f"{_spoken(expression.text, value)} = {_shown(seen)}" for value, seen in zip(values, found, strict=True)
        )


def _parts(tree: Node) -> list[Node]:
    """What `and` joins at the top; an `or` stays whole."""
    return [part for arg in tree.args for part in _parts(arg)] if tree.op == "and" else [tree]


def _values(tree: Node) -> list[Node]:
    """The values a condition looks at: days_since(x) rather than x, each once."""
    if tree.op.startswith("days_") or tree.op == "column":
        return [tree]
    found: list[Node] = []
    for arg in tree.args:
        found += [value for value in _values(arg) if value not in found]
    return found


def _spoken(condition: str, node: Node) -> str:
    return (
        str(node.value)
        if node.op == "column"
        else f"{node.op}({', '.join(_spoken(condition, arg) for arg in node.args)})"
    )


def _shown(value: Any) -> str:
    if value is None:
        return "unknown"
    if isinstance(value, float):
        return f"{value:.4g}"
    return (
        ("yes" if value else "no")
        if isinstance(value, bool)
        else f"{value:%Y-%m-%d %H:%M}"
        if isinstance(value, datetime)
        else str(value)
    )


def _log(desk: Desk, customer: str, at: datetime) -> list[dict[str, str]]:
    """What the runs of that day decided about the customer."""
    files = sorted((desk.folder / "decisions").glob(f"{desk.day(at)}-*.parquet"))
    if not files:
        return []
    listed = ", ".join(text(str(file)) for file in files)
    rows = (
        desk.connection.execute(
            f"select campaign, decision, arm, channel, language, at from read_parquet([{listed}]) where customer_id = ? order by at, campaign",
            [customer],
        )
        .to_arrow_table()
        .to_pylist()
    )
    return [
        {key: value.isoformat() if isinstance(value, datetime) else str(value or "") for key, value in row.items()}
        for row in rows
    ]


def _sent(desk: Desk, customer: str, at: datetime) -> list[dict[str, str]]:
    rows = contacts.sent_to(desk.ledger, [customer], desk.day(at) - timedelta(days=90)).to_pylist()
    return [
        {
            "campaign": row["campaign"],
            "name": row["name"],
            "channel": row["channel"],
            "state": row["state"],
            "day": row["local_day"],
        }
        for row in rows
    ]
