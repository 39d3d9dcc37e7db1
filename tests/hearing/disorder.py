"""The same events told in order and once, and told up to five times, shuffled, some before our own commit (T11).

Each seed is a small story of letters and what was told about them. It is laid twice into one ledger, for two sets of
people; the first hear it in order, the second in disorder. In the end both must stand alike. Stories of many seeds are
told side by side, one event of each at a time.

    PYTHONPATH=src:tests/hearing python tests/hearing/disorder.py 1000
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from what_was_sent import Letter, commit, event, everything, post

from regulars import clock
from regulars.campaigns import hearing
from regulars.ledger import clicks, consent, ids
from regulars.ledger.inbox import Inbox
from regulars.ledger.store import Ledger

TOGETHER = 100
"""Stories that are told side by side."""
ROUNDS = 6
"""In how many posts a story is told in disorder."""
EARLY = 0.1
"""How many letters are told of before our own commit."""
STATES = ("sending", "ambiguous", "accepted", "unsent", "planned", "claimed", "expired")
WORDS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("processed", {}),
    ("deferred", {}),
    ("delivered", {}),
    ("delivered", {}),
    ("open", {}),
    ("open", {"sg_machine_open": True}),
    ("click", {"url": "https://a.example/1"}),
    ("click", {"url": "https://a.example/2"}),
    ("click", {"url": "https://a.example/3"}),
    ("click", {"url": "https://a.example/3", "useragent": "proofpoint"}),
    ("bounce", {"type": "bounce"}),
    ("bounce", {"type": "blocked"}),
    ("bounce", {"type": "blocked"}),
    ("dropped", {"reason": "Bounced Address"}),
    ("dropped", {"reason": "Unsubscribed Address"}),
    ("spamreport", {}),
    ("unsubscribe", {}),
    ("group_unsubscribe", {"asm_group_id": 7}),
    ("group_unsubscribe", {"asm_group_id": 8}),
    ("group_resubscribe", {"asm_group_id": 7}),
)
AFTER = (0, 1, 3, 8, 12, 60, 61, 75, 900, 86_400, 20 * 86_400, 40 * 86_400)
"""Seconds after it was sent; some alike, so that events meet in one second."""


@dataclass
class Story:
    """What was sent to one set of people, and what is told of it, in order."""

    letters: list[Letter]
    early: set[str]
    told: list[dict[str, Any]] = field(default_factory=list)


def story(seed: int, side: str, own: str) -> Story:
    """The story of a seed, for the people of one side."""
    chance = random.Random(seed)
    people = chance.randint(1, 2)
    letters, early = [], set()
    for _ in range(chance.randint(1, 4)):
        who, state = chance.randrange(people), chance.choice(STATES)
        name = f"{side}.{seed}.{who}"
        address = f"{name}@example.com"
        # Their ids are their own; everything else is drawn alike on both sides.
        letter = Letter(ids.one(), ids.one(), address, own, name, f"{side}-{seed}", state, state not in STATES[:4])
        letters.append(letter)
        if chance.random() < EARLY:
            early.add(letter.id)
    told = []
    for _ in range(chance.randint(1, 10)):
        letter, (word, more), after = chance.choice(letters), chance.choice(WORDS), chance.choice(AFTER)
        told.append(event(letter, word, after, **more))
    return Story(letters, early, sorted(told, key=lambda one: one["timestamp"]))


def run_seeds(n: int, ledger: Ledger, inbox: Inbox, first: int = 0) -> list[int]:
    """Tell `n` stories both ways; the seeds whose sides do not stand alike in the end."""
    different: list[int] = []
    for start in range(first, first + n, TOGETHER):
        seeds = range(start, min(start + TOGETHER, first + n))
        own = ledger.salt("ledger")
        ordered = [story(seed, "in-order", own) for seed in seeds]
        shuffled = [story(seed, "shuffled", own) for seed in seeds]
        commit(ledger, [letter for each in ordered for letter in each.letters])
        _in_order(ledger, inbox, ordered)
        _in_disorder(ledger, inbox, shuffled, random.Random(start))
        with clock.frozen(clock.now() + clicks.GRACE):
            hearing.expand_all(ledger, inbox)
        ended = everything(ledger)
        salt = ledger.salt("addresses")
        pairs = zip(seeds, ordered, shuffled, strict=True)
        different += [seed for seed, one, other in pairs if _end(ended, one, salt) != _end(ended, other, salt)]
    return different


def _in_order(ledger: Ledger, inbox: Inbox, stories: Sequence[Story]) -> None:
    for number in range(max(len(each.told) for each in stories)):
        _hear(ledger, inbox, [each.told[number] for each in stories if number < len(each.told)])


def _in_disorder(ledger: Ledger, inbox: Inbox, stories: Sequence[Story], chance: random.Random) -> None:
    posts: list[list[dict[str, Any]]] = [[] for _ in range(ROUNDS)]
    late = [letter for each in stories for letter in each.letters if letter.id in each.early]
    early = {letter.id for letter in late}
    commit(ledger, [letter for each in stories for letter in each.letters if letter.id not in early])
    for each in stories:
        for told in each.told:
            copies = chance.randint(1, 5)
            rounds = [chance.randrange(ROUNDS) for _ in range(copies)]
            if told["regulars_mid"] in early:
                rounds[0] = 0
            for number in rounds:
                posts[number].append({**told, "sg_event_id": ids.one()})
    for number, told in enumerate(posts):
        chance.shuffle(told)
        _hear(ledger, inbox, told)
        if number == 0 and late:
            commit(ledger, late)


def _hear(ledger: Ledger, inbox: Inbox, told: Sequence[dict[str, Any]]) -> None:
    inbox.keep([post(*told)])
    hearing.expand_all(ledger, inbox)


def _end(ended: dict[str, Any], told: Story, salt: str) -> dict[str, Any]:
    """How a story ended, without what differs between its sides: ids, addresses, names."""
    number = {letter.id: place for place, letter in enumerate(told.letters)}
    attempt = {letter.attempt: place for place, letter in enumerate(told.letters)}
    # The people of a side by their number: the end of their names.
    who = {letter.customer: letter.customer[-1] for letter in told.letters}
    where = {consent.address_hash(salt, letter.address): who[letter.customer] for letter in told.letters}
    campaign = told.letters[0].campaign
    return {
        "states": sorted(
            (number[i], *rest[:1], attempt.get(rest[1]), rest[2]) for i, *rest in ended["states"] if i in number
        ),
        "events": sorted((number[i], *rest) for _, i, *rest in ended["events"] if i in number),
        "suppressed": sorted((where[address], *rest) for address, *rest in ended["suppressed"] if address in where),
        "consent": sorted((who[customer], *rest) for _, customer, *rest in ended["consent"] if customer in who),
        "tallies": sorted(rest for name, *rest in ended["tallies"] if name == campaign),
    }


def main() -> int:
    """Run as many seeds as are asked for on SQLite; one line with the figures."""
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
    began = time.process_time()
    with (
        tempfile.TemporaryDirectory() as folder,
        Ledger.open("", Path(folder)) as ledger,
        Inbox.open("", Path(folder)) as inbox,
    ):
        different = run_seeds(n, ledger, inbox)
        left = everything(ledger)["strays"]
    seconds = time.process_time() - began
    told = f"T11 {n} seeds: {len(different)} differ, {len(left)} strays left, {seconds:.0f} s of CPU"
    print(told, different[:5] or "")  # noqa: T201  # the figures are the answer
    return 1 if different or left else 0


if __name__ == "__main__":
    sys.exit(main())
