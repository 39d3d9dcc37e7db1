"""`regulars explain CODE`: a page for every code that any part of the engine uses, with a wrong and a right example."""

import ast
import re
from pathlib import Path

import pytest

from regulars.lang.codes import explanation, known_codes
from regulars.lang.scalars import Word

SOURCES = Path(__file__).parents[2] / "src" / "regulars"
ADDERS = {"add", "_add", "_refuse", "_Refused", "_sign", "wrong", "Problem", "PydanticCustomError", "Fault"}
CODE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)+")


def codes_in(source):
    """The codes that a module hands to whatever adds problems, or keeps in a table of them."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            parts = node.args[:2] if name in ADDERS else []
        elif isinstance(node, ast.Tuple) and len(node.elts) > 2:
            parts = node.elts[:2]
        else:
            continue
        texts = [part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)]
        found |= {text for text in texts if CODE.fullmatch(text)}
    return found


USED = {path: codes_in(path.read_text("utf-8")) for path in SOURCES.rglob("*.py")}
IN_PROBLEMS = {path: codes for path, codes in USED.items() if "Problem" in path.read_text("utf-8")}


def test_every_code_has_its_page():
    missing = {
        (code, str(path.relative_to(SOURCES))) for path, codes in IN_PROBLEMS.items() for code in codes - known_codes()
    }
    assert not missing, "write src/regulars/lang/explanations/CODE.md"


def test_every_small_word_has_its_page():
    assert {word.code for word in Word.__subclasses__()} <= known_codes()


def test_the_search_sees_codes():
    used = set().union(*USED.values())
    assert {"unknown-key", "duplicate-key", "no-exit", "text-in-quotes"} <= used
    assert "no-such-code" not in used


@pytest.mark.parametrize("code", sorted(known_codes()))
def test_a_page_has_a_title_a_wrong_and_a_right_example(code):
    page = explanation(code)
    examples = re.findall(r"^(Wrong|Right):\n\n```\w*\n(.+?)\n```$", page, re.MULTILINE | re.DOTALL)
    assert page.startswith(f"# {code}: ")
    assert [kind for kind, _ in examples] == ["Wrong", "Right"]
    assert examples[0][1] != examples[1][1]
    assert all(len(line) <= 120 for line in page.splitlines())


def test_an_unknown_code_has_no_page():
    assert explanation("no-such-code") == ""
    assert explanation("../project") == ""
