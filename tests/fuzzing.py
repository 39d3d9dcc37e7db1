"""`python tests/fuzzing.py [FILES [SEED]]`: damaged files by the hundred thousand; none may make a traceback.

SEED is the first one, to go on where an earlier turn ended. Three parts: the loader (YAML and models), the condition
reader with its types, and the whole check of a small shop with its data, templates and steps. What raises is printed
with its seed, which makes it again; the exit code is 1.
"""

from __future__ import annotations

import random
import shutil
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from regulars.campaigns.checking.check import check
from regulars.errors import RegularsError
from regulars.lang.conditions import read
from regulars.lang.expressions import Field
from regulars.lang.kinds import Typing
from regulars.lang.problems import Problems
from regulars.lang.project import load
from regulars.lang.telling import as_annotations, as_json, as_text
from regulars.lang.written import Written

FILES = 100_000
SHARES = {"loader": 0.48, "conditions": 0.5, "check": 0.02}
SHOP = Path(__file__).parent / "messages" / "_project"
SCRAPS = (
    "", " ", "  ", "\n", "\t", "\r\n", ":", ": ", "a: b: c", "- ", "? ", "#", " #x", "'", '"', "'\"", "[", "]", "{",
    "}", "{{ x }}", "{% if %}", ",", "|", ">", "&a ", "*a", "!t ", "%", "@", "`", "\\", "---\n", "<<: ", "null", "~",
    "true", "1e999", "-1", "0", "100%", "9" * 30, "é", "я", "\u2028", "\ufeff", "\0", "🎁", "otherwise", "shop:",
    "from: ", "messages: []", "row.x", "{date}", "(", ")", " and ", " or ", " not ", "=", "<>", "case when", " end",
    ";", "--", "is null", "between", "in (",
)  # fmt: skip  # a list
EVERYTHING = """title: Everything
status: live
purpose: marketing
topic: news
for_each: {row: points, where: points > 0 and days_until(expires_on) < 400}
audience: row.points > 3 and lifecycle <> 'lapsed'
schedule: weekly on thursday at 9:00 their time
exit: ordered
send_within: 3 days
languages: [en, ro]
from: {email: "Casa Verde <salut@casaverde.example>"}
ends: 2099-12-31
formerly: none
holdout: 10%
conversion: {of: order, within: 30 days}
expect: {audience: {max: 400}, send: {min: 0}}
messages:
  - name: soon
    send: email
    before: 30 days to row.expires_on at 18:00
    template:
      - hello/first: spent > 100
      - hello/second: otherwise
    subject: {ro: "Salut, {{ customer.first_name }}", en: Hi}
    preview_text: "{{ row.points }}"
    offer: {percent: 10, valid: 14 days, next_time: [15], codes: pool, unless: spent > 500}
  - send: sms, else email
    after: 10 days from row.earned_on
    when: row.points > 10
    template: hello/second
    subject: Salut
    offer: {free_delivery: true, until: 2099-11-27 24:00, code: VIPDAY}
"""
"""A campaign with most of the keys there are."""
RULES = (
    ("at: earned_on}", "at: earned_on, id: batch_id}"),
    ("spent: {", "first_paid: {from: orders, value: first(total), where: total > 5, last: 90 days}\n  spent: {"),
    ("audiences:", "prices: {sms: {RO: 0.30, other: 0.50}}\nguards: {approval: over 1000, holdout: 5%}\naudiences:"),
    ("  address:", "  team: {ana: ana@casaverde.example}\n  address:"),
)
"""What the rules say besides, so that there is more to damage."""
CONDITIONS = (
    "orders >= 1 and lifecycle = 'lapsed'", "days_since(last_order) > 180 or last_order is null",
    "not (spent > 5 and spent < 10)", "city in ('Iași', 'Cluj-Napoca')", "birthday between '1980-01-01' and today",
    "case when orders > 3 then 1 else 0 end = 1", "coalesce(spent, 0) / (orders - 1) > 3", "city like 'I%'",
    "row.returned = false and days_until(row.expires_on) between 0 and 31",
)  # fmt: skip  # a list
FIELDS = {
    "orders": Field("number"), "spent": Field("number"), "last_order": Field("time"), "birthday": Field("date"),
    "city": Field("text"), "lifecycle": Field("text", ("lapsed", "active")), "vip": Field("yes_no"),
    "row.returned": Field("yes_no"), "row.expires_on": Field("date"),
}  # fmt: skip  # a table


def damaged(text: str, chance: random.Random) -> str:
    """`text` after one to four mutations: characters, lines and blocks deleted, doubled, moved, replaced by scraps."""
    for _ in range(chance.randint(1, 4)):
        at, scrap = chance.randrange(len(text) + 1), chance.choice(SCRAPS)
        match chance.randrange(10):
            case 0:
                text = text[:at] + scrap + text[at:]
            case 1:
                text = text[:at] + text[at + chance.randint(1, 12) :]
            case 2:
                text = text[:at] + scrap + text[at + chance.randint(1, 12) :]
            case 3:
                text = text[:at]
            case _:
                text = _one_line_damaged(text, scrap, chance)
    return text


def _one_line_damaged(text: str, scrap: str, chance: random.Random) -> str:
    lines = text.split("\n")
    line = chance.randrange(len(lines))
    match chance.randrange(5):
        case 0:
            del lines[line]
        case 1:
            lines.insert(chance.randrange(len(lines)), lines[line])
        case 2:
            lines[line] = " " * chance.randint(0, 7) + lines[line].lstrip()
        case 3:
            key, colon, _ = lines[line].partition(":")
            lines[line] = f"{key}{colon} {scrap}"
        case _:
            words = lines[line].split(" ")
            words[chance.randrange(len(words))] = scrap
            lines[line] = " ".join(words)
    return "\n".join(lines)


def lay(shop: Path) -> None:
    """The shop whose files are damaged, in `shop`."""
    shutil.copytree(SHOP, shop, dirs_exist_ok=True)
    (shop / "campaigns/everything.yaml").write_text(EVERYTHING, encoding="utf-8")
    rules = (shop / "rules.yaml").read_text("utf-8")
    for said, more in RULES:
        rules = rules.replace(said, more)
    (shop / "rules.yaml").write_text(rules, encoding="utf-8")


def one_condition(chance: random.Random, _shop: Path) -> None:
    """Read and type one damaged condition."""
    text, problems = Written(damaged(chance.choice(CONDITIONS), chance)), Problems()
    tree = read(text, problems)
    typed = Typing(text, FIELDS, problems, row="points").condition(tree) if tree else None
    if typed is None and not problems.errors:
        raise AssertionError(text)


def one_load(chance: random.Random, shop: Path) -> None:
    """Load the shop with one damaged file of rules or of a campaign."""
    with Damage(shop, chance, ("rules.yaml", "campaigns/hello.yaml", "campaigns/everything.yaml")):
        project, problems = load(shop)
        if project is None and not problems.errors:
            raise AssertionError("nothing was told")
        _told(problems, shop)


def one_check(chance: random.Random, shop: Path) -> None:
    """Check the whole shop with one damaged file of any kind."""
    words = [path.relative_to(shop).as_posix() for path in sorted((shop / "templates").rglob("*.*"))]
    files = ("rules.yaml", "campaigns/hello.yaml", "campaigns/everything.yaml")
    with Damage(shop, chance, (*files, "data/customers.csv", "data/orders.csv", "data/points.csv", *words)):
        _told(check(shop), shop)


class Damage:
    """One of `files` damaged, and whole again afterwards."""

    def __init__(self, shop: Path, chance: random.Random, files: tuple[str, ...]) -> None:
        self.path = shop / chance.choice(files)
        self.whole = self.path.read_bytes()
        self.damaged = damaged(self.whole.decode(), chance).encode("utf-8", errors="surrogatepass")

    def __enter__(self) -> None:
        self.path.write_bytes(self.damaged)

    def __exit__(self, *_: object) -> None:
        self.path.write_bytes(self.whole)


def _told(problems: Problems, shop: Path) -> None:
    found = problems.sorted()
    as_text(found, shop)
    as_json(found)
    as_annotations(found)


PARTS: dict[str, Callable[[random.Random, Path], None]] = {
    "loader": one_load,
    "conditions": one_condition,
    "check": one_check,
}


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main(files: int, first: int = 0) -> int:
    """Try `files` damaged files, with the seeds from `first` on; the number of those that raised."""
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        shop = Path(folder) / "shop"
        lay(shop)
        for name, one in PARTS.items():
            started, turns = time.monotonic(), int(files * SHARES[name])
            for seed in range(first, first + turns):
                try:
                    one(random.Random(seed), shop)
                except RegularsError:
                    continue
                except Exception:  # noqa: BLE001  # what this program is for
                    failed += 1
                    _say(f"{name}, seed {seed}:\n{traceback.format_exc(limit=-3)}")
            _say(f"{name}: {turns:,} files in {time.monotonic() - started:,.0f} s, {failed} raised so far")
            shutil.rmtree(shop / ".regulars", ignore_errors=True)
    return failed


if __name__ == "__main__":
    sys.exit(bool(main(*map(int, sys.argv[1:] or [FILES]))))
