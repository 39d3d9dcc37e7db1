"""What was written otherwise: the lines of a file that changed, and the texts an audience reads, before and now."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from typing import TypedDict

from regulars.lang.model import Segment, Trait
from regulars.lang.project import RULES, Project
from regulars.lang.written import Written
from regulars.people.vocabulary import Vocabulary

_TOKEN = re.compile(r"'(?:[^']|'')*'|\w+|<>|<=|>=|\S")
_SIGNS = ("=", "<>", "<", "<=", ">", ">=", "in", "between", "like", "not", "is")
_LONGEST = 160


class Change(TypedDict):
    """One text that somebody edited. `says` is how it is told: `days_since(last_order) > 180 → > 150`."""

    file: str
    line: int
    """Where it stands now; of what was deleted, where it was."""
    name: str
    """The trait, segment or step; empty: the campaign's audience."""
    says: str


def lines(before: str, now: str) -> list[int]:
    """The lines of `now` (from 1) that differ from `before`; of a deletion, the line above it."""
    old, new = before.splitlines(), now.splitlines()
    found: list[int] = []
    for kind, _, _, start, end in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind != "equal":
            found += range(start + 1, end + 1) if end > start else [max(start, 1)]
    return sorted(set(found))


def of_audience(
    campaign: str, before: tuple[Project, str, Vocabulary], now: tuple[Project, Vocabulary]
) -> list[Change]:
    """Every text that the audience of `campaign` reads, however far away, and that is not what it was.

    `before` has the campaign's name at that time in the middle.
    """
    old, former, then = before
    new, vocabulary = now
    found: list[Change] = []
    was, now_is = old.campaigns[former], new.campaigns[campaign]
    if _spoken(was.audience) != _spoken(now_is.audience):
        file = new.campaign_file(campaign)
        line = new.position(file, ("audience",)).line
        found.append({"file": file, "line": line, "name": "", "says": edit(was.audience, now_is.audience)})
    if str(was.for_each) != str(now_is.for_each):
        file = new.campaign_file(campaign)
        rows = [str(one.for_each.where or "every row") if one.for_each else "people" for one in (was, now_is)]
        line = new.position(file, ("for_each",)).line
        found.append({"file": file, "line": line, "name": "for_each", "says": edit(*rows)})
    names = _read(then, was.audience) | _read(vocabulary, now_is.audience)
    for name in sorted(names):
        found += _of_name(name, _texts(old, name), _texts(new, name))
    return sorted(found, key=lambda change: (change["file"] == RULES, change["line"]))


def _read(vocabulary: Vocabulary, audience: Written) -> set[str]:
    """The traits and segments a condition reads, and what those read."""
    condition = vocabulary.condition(audience)
    waiting = set(condition.names) if condition else set()
    derived = {one.name: one for one in vocabulary.derived}
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        found.add(name)
        if name in derived:
            waiting |= {inner for tree in derived[name].expressions for inner in tree.names} - found
    return found


def _texts(project: Project, name: str) -> dict[str, Written] | None:
    """What is written of a trait or segment, by part: its steps, or all of it as one; None where it is not there."""
    rules = project.rules
    trait = rules.traits.get(Written(name))
    if trait is not None:
        return {name: _of_trait(trait)}
    segment: Segment | None = rules.all_segments().get(name)
    if segment is None:
        return None
    if segment.condition is not None:
        return {name: segment.condition}
    return {str(step.name): step.condition for step in segment.steps}


def _of_trait(trait: Trait) -> Written:
    if trait.expression is not None:
        return trait.expression
    value = trait.value or Written("")
    words = f"{value} from {trait.table}"
    words += f" where {trait.where}" if trait.where else ""
    words += f" last {trait.last}" if trait.last else ""
    return Written(words, value.position)


def _of_name(name: str, before: dict[str, Written] | None, now: dict[str, Written] | None) -> Iterator[Change]:
    if before is None and now is None:
        return
    if before is None or now is None:
        there = (before or now or {}).values()
        line = next(iter(there)).position.line
        yield {"file": RULES, "line": line, "name": name, "says": "is new" if before is None else "was deleted"}
        return
    for part, text in now.items():
        old = before.get(part)
        if old is None:
            says = f"is new in {name}: {_spoken(text)}"
        elif _spoken(old) == _spoken(text):
            continue
        else:
            says = edit(old, text)
        yield {"file": RULES, "line": text.position.line, "name": part, "says": says}
    for part, text in before.items():
        if part not in now:
            yield {"file": RULES, "line": text.position.line, "name": part, "says": f"was deleted from {name}"}
    shared = [part for part in now if part in before]
    if shared != [part for part in before if part in now]:
        line = next(iter(now.values())).position.line
        yield {"file": RULES, "line": line, "name": name, "says": f"its steps in another order: {', '.join(now)}"}


def edit(before: str, now: str) -> str:
    """The part that changed, before and after: `days_since(last_order) > 180 → > 150`."""
    old, new = _spoken(before), _spoken(now)
    first, second = list(_TOKEN.finditer(old)), list(_TOKEN.finditer(new))
    start = _shared([one[0] for one in first], [one[0] for one in second])
    end = _shared([one[0] for one in reversed(first[start:])], [one[0] for one in reversed(second[start:])])
    start = _back_to_joint(first, min(start, len(first) - 1, len(second) - 1))
    old_part = _cut(old, first, start, _on_to_joint(first, max(len(first) - end, start + 1)))
    new_part = _cut(new, second, start, _on_to_joint(second, max(len(second) - end, start + 1)))
    return f"{_short(old_part)} → {_short(_without_subject(old_part, new_part))}"


def _spoken(text: str) -> str:
    return " ".join(text.split())


def _shared(one: list[str], other: list[str]) -> int:
    """How many tokens both begin with."""
    return next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _is_joint(tokens: list[re.Match[str]], place: int) -> bool:
    """Whether `and` or `or` stands there; the `and` of `between` joins nothing."""
    word = tokens[place][0].lower()
    return word == "or" or (word == "and" and tokens[max(place - 2, 0)][0].lower() != "between")


def _back_to_joint(tokens: list[re.Match[str]], place: int) -> int:
    while place > 0 and not _is_joint(tokens, place - 1):
        place -= 1
    return max(place, 0)


def _on_to_joint(tokens: list[re.Match[str]], place: int) -> int:
    while place < len(tokens) and not _is_joint(tokens, place):
        place += 1
    return place


def _cut(text: str, tokens: list[re.Match[str]], start: int, end: int) -> str:
    return text[tokens[start].start() : tokens[end - 1].end()] if tokens else text


def _without_subject(before: str, now: str) -> str:
    """`> 150` rather than `days_since(last_order) > 150` where both begin alike; of one test only."""
    first, second = list(_TOKEN.finditer(before)), list(_TOKEN.finditer(now))
    if any(_is_joint(tokens, place) for tokens in (first, second) for place in range(len(tokens))):
        return now
    alike = _shared([one[0] for one in first], [one[0] for one in second])
    signs = [place for place in range(1, min(alike + 1, len(second))) if second[place][0].lower() in _SIGNS]
    return now[second[signs[0]].start() :] if signs else now


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
