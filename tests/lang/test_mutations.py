"""Files as nobody would write them: the sample's own files, damaged at random, never make a traceback."""

import json
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuzzing import damaged
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
ROUNDS = 500


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
