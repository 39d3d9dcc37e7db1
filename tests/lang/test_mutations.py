"""Files as nobody would write them: the sample's own files, damaged at random, never make a traceback."""

import json
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.lang.binding import bind
from regulars.lang.campaign import Campaign
from regulars.lang.complaints import family
from regulars.lang.model import Rules
from regulars.lang.problems import Problems
from regulars.lang.project import load
from regulars.lang.telling import as_json, as_text
from regulars.lang.yaml_text import read_bytes

ROOT = Path(__file__).parents[2]
FILES = ("rules.yaml", "campaigns/welcome.yaml", "campaigns/winback.yaml")
SCRAPS = (
    "", " ", "  ", "\n", "\t", ":", ": ", "- ", "#", " #x", "'", '"', "[", "]", "{", "}", "{{ x }}", ",", "|", ">",
    "&a ", "*a", "!t ", "%", "@", "`", "\\", "---\n", "<<: ", "null", "~", "1e999", "-1", "0", "é", "я", "\u2028",
    "\0", "🎁", "otherwise", "shop:", "from: ", "messages: []", "true", "100%", "'\"", "\r\n", "a: b: c", "? ",
    "\ufeff", "9" * 30,
)  # fmt: skip  # a list
ROUNDS = 500


def damaged(text, chance):
    """`text` after one to four mutations: characters, lines and blocks deleted, doubled, moved, replaced."""
    for _ in range(chance.randint(1, 4)):
        lines = text.split("\n")
        at, line = chance.randrange(len(text) + 1), chance.randrange(len(lines))
        match chance.randrange(8):
            case 0:
                text = text[:at] + chance.choice(SCRAPS) + text[at:]
            case 1:
                text = text[:at] + text[at + chance.randint(1, 12) :]
            case 2:
                text = text[:at]
            case 3:
                del lines[line]
                text = "\n".join(lines)
            case 4:
                lines.insert(chance.randrange(len(lines)), lines[line])
                text = "\n".join(lines)
            case 5:
                lines[line] = " " * chance.randint(0, 7) + lines[line].lstrip()
                text = "\n".join(lines)
            case 6:
                key, colon, _ = lines[line].partition(":")
                lines[line] = key + colon + " " + chance.choice(SCRAPS)
                text = "\n".join(lines)
            case _:
                words = text.split(" ")
                words[chance.randrange(len(words))] = chance.choice(SCRAPS)
                text = " ".join(words)
    return text


def good(file):
    """What `file` of the sample says, without the list of campaigns of which only two are here."""
    return "".join(
        line for line in (ROOT / file).read_text("utf-8").splitlines(keepends=True) if not line.startswith("  first:")
    )


@pytest.fixture
def shop(tmp_path):
    (tmp_path / "campaigns").mkdir()
    for file in FILES:
        (tmp_path / file).write_text(good(file), encoding="utf-8")
    return tmp_path


def test_damaged_files_are_told_and_never_raise(shop):
    chance = random.Random(2026)
    told = 0
    for turn in range(ROUNDS):
        file = chance.choice(FILES)
        (shop / file).write_bytes(damaged(good(file), chance).encode("utf-8", errors="surrogatepass"))
        project, problems = load(shop)
        found = problems.sorted()
        assert project is not None or problems.errors, turn
        as_text(found, shop)
        as_json(found)
        for problem in found:
            lines = (shop / problem.position.file).read_bytes().decode("utf-8-sig", errors="replace")
            assert 1 <= problem.position.line <= lines.count("\n") + lines.count("\r") + 2, problem
            assert problem.sentence
            assert problem.sentence[-1] in ".?", problem
        told += bool(found)
        (shop / file).write_text(good(file), encoding="utf-8")
    assert told > ROUNDS // 2, "most damage is visible"


def test_damaged_bytes_are_told_and_never_raise(shop):
    chance = random.Random(7)
    for _ in range(60):
        raw = bytearray(good("rules.yaml").encode())
        for _ in range(chance.randint(1, 5)):
            raw[chance.randrange(len(raw))] = chance.randrange(256)
        (shop / "rules.yaml").write_bytes(bytes(raw))
        project, problems = load(shop)
        assert project is not None or problems.errors
        as_text(problems.sorted(), shop)


KEYS = sorted({key for top in (Rules, Campaign) for model in family(top) for key in model.takes()})
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from(
        ("10%", "3 days", "daily at 10:00", "sms, else email", "otherwise", "live", "orders", "RON", "", "ț")
    ),
)
SHAPES = st.recursive(
    VALUES,
    lambda inside: (
        st.lists(inside, max_size=3) | st.dictionaries(st.sampled_from([*KEYS, "new", "x y"]), inside, max_size=5)
    ),
    max_leaves=25,
)


@pytest.mark.parametrize("model", [Rules, Campaign])
@given(st.dictionaries(st.sampled_from(KEYS), SHAPES, max_size=8))
def test_any_shape_of_any_keys_is_bound_or_told(model, shape):
    problems = Problems()
    document = read_bytes(json.dumps(shape).encode(), "a.yaml", problems)
    bound = bind(model, document, problems)
    assert bound is not None or problems.errors
    assert all(problem.position.line >= 1 for problem in problems)
