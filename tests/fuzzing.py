"""`python tests/fuzzing.py [FILES]`: damaged files by the hundred thousand, none of which may make a traceback.

Three parts: the loader (YAML and models), the condition reader with its types, and the whole check of a small shop with
its data, templates and steps. What raises is printed with its seed, which makes it again; the exit code is 1.
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

from regulars.campaigns.check import check
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
    "", " ", "\n", "\t", ":", ": ", "- ", "#", " #x", "'", '"', "[", "]", "{", "}", "{{ x }}", "{% if %}", ",", "|",
    ">", "&a ", "*a", "!t ", "%", "@", "`", "\\", "---\n", "<<: ", "null", "1e999", "-1", "é", "\u2028", "\0", "🎁",
    "otherwise", "9" * 30, "(", ")", " and ", " or ", " not ", "=", "<>", "case when", " end", ";", "--", "is null",
    "between", "in (",
)  # fmt: skip  # a list
CONDITIONS = (
    "orders >= 1 and lifecycle = 'lapsed'", "days_since(last_order) > 180 or last_order is null",
    "not (spent > 5 and spent < 10)", "city in ('Iași', 'Cluj-Napoca')", "birthday between '1980-01-01' and today",
    "case when orders > 3 then 1 else 0 end = 1", "coalesce(spent, 0) / (orders - 1) > 3", "city like 'I%'",
)  # fmt: skip  # a list
FIELDS = {
    "orders": Field("number"), "spent": Field("number"), "last_order": Field("time"), "birthday": Field("date"),
    "city": Field("text"), "lifecycle": Field("text", ("lapsed", "active")), "vip": Field("yes_no"),
}  # fmt: skip  # a table


def damaged(text: str, chance: random.Random) -> str:
    """`text` after one to four mutations: parts deleted, doubled, moved, replaced by scraps."""
    for _ in range(chance.randint(1, 4)):
        lines, at = text.split("\n"), chance.randrange(len(text) + 1)
        line = chance.randrange(len(lines))
        match chance.randrange(6):
            case 0:
                text = text[:at] + chance.choice(SCRAPS) + text[at:]
            case 1:
                text = text[:at] + text[at + chance.randint(1, 12) :]
            case 2:
                text = text[:at] + chance.choice(SCRAPS) + text[at + chance.randint(1, 12) :]
            case 3:
                del lines[line]
                text = "\n".join(lines)
            case 4:
                lines.insert(chance.randrange(len(lines)), lines[line])
                text = "\n".join(lines)
            case _:
                words = text.split(" ")
                words[chance.randrange(len(words))] = chance.choice(SCRAPS)
                text = " ".join(words)
    return text


def one_condition(chance: random.Random, _shop: Path) -> None:
    """Read and type one damaged condition."""
    text, problems = Written(damaged(chance.choice(CONDITIONS), chance)), Problems()
    tree = read(text, problems)
    typed = Typing(text, FIELDS, problems).condition(tree) if tree else None
    if typed is None and not problems.errors:
        raise AssertionError(text)


def one_load(chance: random.Random, shop: Path) -> None:
    """Load the shop with one damaged file of rules or of a campaign."""
    with Damage(shop, chance, ("rules.yaml", "campaigns/hello.yaml")):
        project, problems = load(shop)
        if project is None and not problems.errors:
            raise AssertionError("nothing was told")
        _told(problems, shop)


def one_check(chance: random.Random, shop: Path) -> None:
    """Check the whole shop with one damaged file of any kind."""
    words = [path.relative_to(shop).as_posix() for path in sorted((shop / "templates").rglob("*.*"))]
    with Damage(shop, chance, ("rules.yaml", "campaigns/hello.yaml", "data/customers.csv", "data/orders.csv", *words)):
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


def main(files: int) -> int:
    """Try `files` damaged files; the number of those that raised."""
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        shop = Path(folder) / "shop"
        shutil.copytree(SHOP, shop)
        for name, one in PARTS.items():
            started, turns = time.monotonic(), int(files * SHARES[name])
            for seed in range(turns):
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
    sys.exit(bool(main(int(sys.argv[1]) if len(sys.argv) > 1 else FILES)))
