"""What a condition or a ladder is made of, down to the rows that are counted: it tells whether rules were edited."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass

from regulars.campaigns.desk import Desk


@dataclass(frozen=True)
class Makings:
    """The texts of all that some names are made of: of what is derived, and of what is counted from tables."""

    names: frozenset[str]
    derived: tuple[str, ...]
    counted: tuple[str, ...]

    def rules(self, *own: str) -> str:
        """Changes whenever any of it, or a text of one's `own`, is written differently."""
        return key([*own, *self.derived, *self.counted])

    def tables(self) -> str:
        """The same of what is counted alone."""
        return key(self.counted)


def of(desk: Desk, names: Collection[str]) -> Makings:
    """What `names` (of traits and segments) are made of by the rules of `desk`."""
    derived = {one.name: one for one in desk.vocabulary.derived}
    counted = {one.name: one for one in desk.vocabulary.counted}
    waiting, met = set(names), set[str]()
    while waiting:
        name = waiting.pop()
        met.add(name)
        if name in derived:
            waiting |= {read for tree in derived[name].expressions for read in tree.names} - met
    steps = [
        f"{name}: {value}: {tree.text if tree else ''}"
        for name in sorted(met & derived.keys())
        for value, tree in (derived[name].steps or (("", derived[name].expression),))
    ]
    values = [
        f"{name}: {one.table} {one.value.text} {one.where.text if one.where else ''} {one.last}"
        for name, one in sorted(counted.items())
        if name in met
    ]
    orders = f"orders: {desk.rules.source.order.counts}"
    return Makings(frozenset(met), tuple(steps), (*values, orders))


def key(texts: Collection[str]) -> str:
    """A short hash that does not see how words are spaced."""
    return hashlib.sha256("\n".join(" ".join(one.split()) for one in texts).encode()).hexdigest()[:16]
