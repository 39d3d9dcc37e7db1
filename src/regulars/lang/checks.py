"""`rules.yaml` against itself: names, tables, ladders, zones, languages, addresses. No data is looked at."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet

from regulars.lang.goal_checks import check_goals
from regulars.lang.ledger_rows import LEDGER_TABLES
from regulars.lang.model import NAME, OTHER, Rules, Segment
from regulars.lang.places_and_tongues import is_country, is_currency, is_language, is_zone, near_zone
from regulars.lang.problems import Problems
from regulars.lang.sender_checks import check_sender, check_team
from regulars.lang.suggest import did_you_mean, listed
from regulars.lang.written import Written
from regulars.lang.yaml_text import Document, Spot

_SITE = re.compile(r"(https://[^\s/]+|http://(localhost|127\.0\.0\.1)(:\d+)?)(/\S*)?")

NEEDED_TABLES = ("customers", "orders")
RESERVED = frozenset(
    {"and", "or", "not", "in", "between", "like", "is", "null", "true", "false", "case", "when", "then", "else", "end"}
    | {"today", "otherwise", "ordered", "row", "rows", "answer"}
)
"""Words with a meaning of their own in conditions."""


def check_rules(
    rules: Rules,
    document: Document,
    campaigns: Sequence[str],
    problems: Problems,
    left_out: AbstractSet[Spot] = frozenset(),
) -> None:
    """Everything in `rules.yaml` that can be checked by itself.

    Args:
        rules: what it says.
        document: the file, for positions.
        campaigns: the names of the campaigns that exist, readable or not.
        problems: receives what is wrong.
        left_out: spots that are wrong already; what points at them is not told again.
    """
    _shop(rules, problems)
    check_team(rules, document.position(("guards", "approval")), problems)
    _tables(rules, document, problems, left_out)
    _names(rules, problems)
    for name, segment in rules.segments.items():
        if segment.steps:
            _ladder(name, segment, problems)
    _first(rules, campaigns, problems)
    _prices(rules, problems)
    check_goals(rules, document, problems)


def _shop(rules: Rules, problems: Problems) -> None:
    shop = rules.shop
    if not is_currency(shop.currency):
        problems.add(
            "currency",
            shop.currency.position,
            f"`{shop.currency[:20]}` is not a currency.",
            "write its three letters, such as RON, EUR or MDL",
        )
    for zone in (shop.timezone, rules.source.timezone):
        if zone is not None and not is_zone(zone):
            near = near_zone(zone)
            hint = f" Did you mean `{near}`?" if near else ""
            problems.add(
                "timezone",
                zone.position,
                f"`{zone[:60]}` is not a time zone.{hint}",
                "write one as Continent/City, such as Europe/Bucharest",
            )
    for index, language in enumerate(shop.languages):
        if not is_language(language):
            problems.add(
                "language",
                language.position,
                f"`{language[:20]}` is not a language code.",
                "write two small letters, such as ro, ru or en",
            )
        elif language in shop.languages[:index]:
            problems.add("twice", language.position, f"`{language}` stands here twice.", "delete one of them")
    check_sender(shop.sender, problems)
    if shop.site is not None and not _SITE.fullmatch(shop.site):
        clear = shop.site.startswith("http://")
        said = "Links in letters lead here, and this is without TLS." if clear else "This is not a web address."
        problems.add("site", shop.site.position, said, "write it with https:// in front")


def _tables(rules: Rules, document: Document, problems: Problems, left_out: AbstractSet[Spot]) -> None:
    tables = rules.source.tables
    known = {str(name) for name in tables} | {
        str(spot[2]) for spot in left_out if spot[:2] == ("source", "tables") and spot[2:]
    }
    for name in NEEDED_TABLES:
        if name not in known:
            problems.add(
                "missing-table",
                document.position(("source", "tables"), key=True),
                f"There is no table `{name}`.",
                f"write   {name}: data/{name}.csv       under `tables`",
            )
    _identifiers(tables, "table", problems)
    for name in tables:
        if name in LEDGER_TABLES:
            problems.add(
                "name-taken",
                name.position,
                f"`{name}` is a table of the ledger: friends who came with a code. A name means one thing.",
                "give this table another name",
            )
    named = [trait.table for trait in rules.traits.values() if trait.table is not None]
    named += [mapped.table for mapped in (rules.source.line, rules.source.mention) if mapped is not None]
    for table in named:
        if table not in known | set(NEEDED_TABLES):
            problems.add(
                "unknown-table",
                table.position,
                f"`{table[:60]}` is not a table.{did_you_mean(table, known)}",
                f"source.tables has: {listed(sorted(known))}",
            )
    for name, trait in rules.traits.items():
        if trait.table is None and name in ("table", "from"):
            problems.add(
                "trait-form",
                name.position,
                "A trait has a name before its `from` and `value`.",
                "write   orders: {from: orders, value: count(*)}",
            )


def _names(rules: Rules, problems: Problems) -> None:
    """Traits, segments and audiences share one space of names, with what the customers table gives."""
    taken = dict.fromkeys(rules.source.customer.mapped(), "a column that `source.customer` names")
    sections: tuple[tuple[str, Iterable[Written]], ...] = (
        ("trait", rules.traits),
        ("segment", rules.segments),
        ("audience", rules.audiences),
    )
    _identifiers(rules.programmes, "programme", problems)
    for noun, names in sections:
        _identifiers(names, noun, problems)
        for name in names:
            if name in taken:
                problems.add(
                    "name-taken",
                    name.position,
                    f"`{name}` is already {taken[name]}; a name means one thing.",
                    f"give this {noun} another name",
                )
            else:
                taken[str(name)] = f"{'an' if noun == 'audience' else 'a'} {noun} (line {name.position.line})"


def _identifiers(names: Iterable[Written], noun: str, problems: Problems) -> None:
    for name in names:
        if name in RESERVED:
            problems.add(
                "reserved-name",
                name.position,
                f"`{name}` has a meaning of its own in conditions.",
                f"give this {noun} another name",
            )
        elif not re.fullmatch(NAME, name):
            plain = re.sub(r"[^a-z0-9_]+", "_", name.lower()).strip("_")
            hint = f" Did you mean `{plain}`?" if re.fullmatch(NAME, plain) else ""
            problems.add(
                "bad-name",
                name.position,
                f"`{name[:60]}` cannot be the name of {_a(noun)}.{hint}",
                "small letters without diacritics, digits and _, starting with a letter",
            )


def _a(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def _ladder(name: Written, segment: Segment, problems: Problems) -> None:
    """The steps of a ladder: each name once, `otherwise` at the end and nowhere else."""
    met: dict[str, int] = {}
    closed = False
    for step in segment.steps:
        if step.name in met:
            problems.add(
                "twice",
                step.name.position,
                f"`{name}` has a step `{step.name}` already, on line {met[step.name]}.",
                "join the two conditions by `or`, or give one another name",
            )
        met.setdefault(str(step.name), step.name.position.line)
        if closed:
            problems.add(
                "after-otherwise",
                step.name.position,
                f"Nobody can reach `{step.name}`: `otherwise` above it takes everybody who is left.",
                "move it above `otherwise`, which is the last step",
            )
        closed = closed or step.otherwise
    if not closed:
        last = segment.steps[-1]
        problems.add(
            "no-otherwise",
            last.name.position,
            f"`{name}` does not say what the others are: its last step is no `otherwise`.",
            "add a last step, such as   - other: otherwise",
        )


def _prices(rules: Rules, problems: Problems) -> None:
    for country in rules.prices.sms:
        if country != OTHER and not is_country(country):
            problems.add(
                "country",
                country.position,
                f"`{country[:20]}` is not a country.",
                "write its two capital letters, such as RO, or `other` for all that are not named",
            )


def _first(rules: Rules, campaigns: Sequence[str], problems: Problems) -> None:
    for index, name in enumerate(rules.guards.first):
        if name not in campaigns:
            problems.add(
                "unknown-campaign",
                name.position,
                f"There is no campaign `{name[:60]}`.{did_you_mean(name, campaigns)}",
                f"campaigns/ has: {listed(sorted(campaigns)) or 'none'}",
            )
        elif name in rules.guards.first[:index]:
            problems.add("twice", name.position, f"`{name}` stands here twice.", "delete one of them")
