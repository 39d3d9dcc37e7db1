"""YAML with positions: what is text stays text, every character finds its way back, bombs are refused in time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from effort import within
from regulars.lang.problems import Problems
from regulars.lang.written import Written
from regulars.lang.yaml_text import MAX_BYTES, read, read_bytes


def reading(text):
    """(document, problems) of a text."""
    problems = Problems()
    return read_bytes(text.encode() if isinstance(text, str) else text, "a.yaml", problems), problems


def value(text):
    document, problems = reading(text)
    assert problems.sorted() == []
    return document.value


def codes(text):
    return [problem.code for problem in reading(text)[1]]


@pytest.mark.parametrize(
    "text",
    ["1.10", "NO", "no", "0123", "+40700000100", "12:30:00", "true", "null", "~", "2026-11-26", "1e3", "0x1F", "10%"],
)
def test_what_is_written_stays_as_it_is_written(text):
    assert value(f"key: {text}") == {"key": text}
    assert isinstance(value(f"key: {text}")["key"], Written)


def test_nothing_after_the_colon_is_none():
    document, _ = reading("key:\nother: x")
    assert document.value == {"key": None, "other": "x"}


def test_a_quoted_empty_text_is_a_text():
    assert value('key: ""') == {"key": ""}


def places(text, key="key"):
    """Each character of the value with the character of the file that its place points at."""
    document, problems = reading(text)
    assert problems.sorted() == []
    written = document.value[key]
    lines = text.replace("\r\n", "\n").split("\n")
    found = []
    for offset, character in enumerate(written):
        place = written.at(offset)
        line = lines[place.line - 1]
        found.append((character, line[place.column - 1] if place.column <= len(line) else "\n"))
    return found


@pytest.mark.parametrize(
    "text",
    [
        "key: lifecycle = 'lapsed'",
        "key:    spaced   # and a comment",
        "key: \"lifecycle = 'lapsed'\"",
        "key: 'it is lifecycle'",
        "key: |\n  spent > 500\n  and orders > 3\n",
        "key: >\n  spent > 500\n  and orders > 3\n",
        "key: >-\n    spent > 500\n    and orders > 3\n\n    and more\n",
        "key: |2\n    deeper\n  less deep\n",
        "key: spent > 500\n  and orders > 3",
        'key: "spent > 500\n  and orders > 3"',
        "key: țară = 'Россия' and ok",
        "other: 1\n\nkey:\n  on the next line",
        "key: spent > 500\r\nother: x\r\n",
        "key: |\r\n  spent > 500\r\n  and orders > 3\r\n",
    ],
)
def test_every_character_points_at_itself(text):
    for character, pointed in places(text):
        assert character == pointed or character.isspace(), text


def test_escapes_point_at_their_backslash():
    document, _ = reading(r'key: "a\u0103 \"b\" c"')
    written = document.value["key"]
    assert written == 'aă "b" c'
    assert [written.at(offset).column for offset in range(len(written))] == [7, 8, 14, 15, 17, 18, 20, 21]


def test_a_doubled_quote_points_at_its_first():
    document, _ = reading("key: 'lifecycle = ''new'' x'")
    written = document.value["key"]
    assert written == "lifecycle = 'new' x"
    assert written.at(written.index("n", 10)).column == 21
    assert written.at(written.index("x")).column == 27


def test_a_position_begins_after_the_opening_quote():
    document, _ = reading('key: "text"')
    assert (document.value["key"].position.line, document.value["key"].position.column) == (1, 7)
    assert document.value["key"].position.length == 4


def test_a_position_of_a_block_is_its_first_letter():
    document, _ = reading("key: >\n   spent > 500\n   and more\n")
    assert str(document.value["key"].position) == "a.yaml:2:4"
    assert document.value["key"].position.length == len("spent > 500")


def test_keys_and_values_have_positions_by_path():
    document, _ = reading("messages:\n  - send: email\n    offer: {percent: 10}\n")
    assert str(document.position(("messages", 0, "offer", "percent"))) == "a.yaml:3:22"
    assert str(document.position(("messages", 0, "offer", "percent"), key=True)) == "a.yaml:3:13"
    assert str(document.position(("messages", 0, "nothing"))) == "a.yaml:2:5", "the nearest place around it"


def test_a_byte_order_mark_is_not_seen():
    document, problems = reading(b"\xef\xbb\xbfkey: x")
    assert (document.value, problems.sorted()) == ({"key": "x"}, [])


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a: &x 1", "yaml-anchor"),
        ("a: *x", "yaml-alias"),
        ("a: !!int 1", "yaml-tag"),
        ("a: {<<: {b: 1}}", "merge-key"),
        ("a: 1\na: 2", "duplicate-key"),
        ("a: 1\n---\nb: 1", "two-documents"),
        ("a: 1\n...\nb: 1", "two-documents"),
        ("%YAML 1.1\n---\na: 1", "yaml-directive"),
        ("a:\n\t- 1", "tab"),
        ("a:\t1", "tab"),
        ("a: 1\0", "odd-character"),
        (b"a: \xff", "not-utf-8"),
        ("[a, b]: 1", "odd-key"),
        ("a: " + "[" * 33 + "]" * 33, "too-deep"),
        ("a: [" + "1," * 20_001 + "]", "too-large"),
        ("#" * (MAX_BYTES + 1), "too-large"),
        ('a: "\\UFFFFFFFF"', "escape"),
    ],
)
def test_it_is_refused(text, code):
    assert code in codes(text)


def test_a_tab_in_a_comment_or_in_quotes_is_nobodys_business():
    assert codes("a: 1 #\tcomment\nb: 'x\ty'") == []


def test_values_below_refused_keys_hang_nowhere():
    document, problems = reading("a: 1\na: {b: [1, {c: 2}]}\nd: 3")
    assert document.value == {"a": "1", "d": "3"}
    assert [problem.code for problem in problems] == ["duplicate-key"]


LAUGHS = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{new}: &{new} [{','.join(['*' + old] * 9)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)
MERGES = "a: &a {x: 1}\n" + "".join(
    f"{new}: &{new} {{<<: [{','.join(['*' + old] * 9)}]}}\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)
BOMBS = {
    "laughs": LAUGHS,
    "merges": MERGES,
    "brackets": "[" * 100_000,
    "braces": "{" * 100_000,
    "dashes": "- " * 100_000,
    "questions": "? " * 100_000,
    "colons": ": " * 100_000,
    "a flat list": "[" + "1," * 130_000,
    "an endless quote": 'a: "' + "x" * 250_000,
    "many words": "a: " + "x " * 125_000,
    "many lines": "a: " + "x\n  " * 60_000,
    "a long number": "a: " + "9" * 250_000,
    "anchors": "&a " * 80_000,
    "exclamations": "!" * 250_000,
    "escapes": 'a: "' + "\\n" * 120_000 + '"',
    "many keys": "\n".join(f"k{number}: 1" for number in range(25_000)),
    "one key many times": "k: 1\n" * 50_000,
    "spaces": "a:" + " " * 250_000,
    "hashes": "a: x" + " #" * 120_000,
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_costs_less_than_a_second(bomb):
    with within(1):
        reading(BOMBS[bomb])


def test_a_missing_file_is_told(tmp_path):
    problems = Problems()
    assert read(tmp_path / "none.yaml", "none.yaml", problems) is None
    assert [problem.code for problem in problems] == ["unreadable-file"]


SIGNS = st.text(st.sampled_from(list("ab ăя:#-'\"[]{},|>&*!%@`\\\n\t012?<~")), max_size=40)


@given(SIGNS)
def test_no_text_makes_a_traceback(text):
    document, problems = reading(text)
    assert document is not None or problems.errors


@given(st.binary(max_size=60))
def test_no_bytes_make_a_traceback(raw):
    document, problems = reading(raw)
    assert document is not None or problems.errors


@given(st.text(st.characters(min_codepoint=32, max_codepoint=0x4FF, exclude_characters="\x7f"), max_size=30))
def test_a_text_in_double_quotes_comes_back_with_its_places(text):
    clean = "".join(character for character in text if character.isprintable())
    quoted = clean.replace("\\", "\\\\").replace('"', '\\"')
    written = value(f'key: "{quoted}"')["key"]
    assert written == clean
    columns = [written.at(offset).column for offset in range(len(written))]
    assert columns == sorted(set(columns))
