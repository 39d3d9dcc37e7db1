"""How problems look: the caret stands under the word, whatever the letters."""

import json

import pytest

from regulars.lang.problems import Position, Problem, Problems
from regulars.lang.telling import as_annotations, as_json, as_text, width


def told(line, problem, root, file="a.yaml"):
    (root / file).write_text(line, encoding="utf-8")
    return as_text([problem], root).splitlines()


def test_nothing_wrong_says_nothing(tmp_path):
    assert as_text([], tmp_path) == ""


def test_a_problem_has_place_code_sentence_line_caret_and_way_out(tmp_path):
    problem = Problem(Position("a.yaml", 2, 7, 6), "unknown-key", "`subjet` is not a key.", "a message takes: subject")
    assert told("a:\n    - subjet: We miss you\n", problem, tmp_path) == [
        "a.yaml:2:7  unknown-key  `subjet` is not a key.",
        "    2 |     - subjet: We miss you",
        "      |       ^~~~~~",
        "      = a message takes: subject",
        "1 problem in 1 file. Nothing was sent.        more: regulars explain unknown-key",
    ]


@pytest.mark.parametrize(
    ("before", "columns"),
    [("abc", 3), ("țară", 4), ("Россия", 6), ("e\u0301", 1), ("日本", 4), ("🎁", 2)],
)
def test_the_caret_counts_columns_not_characters(before, columns, tmp_path):
    problem = Problem(Position("a.yaml", 1, len(before) + 1, 1), "x", "y")
    lines = told(f"{before}!", problem, tmp_path)
    assert width(before) == columns
    assert lines[2] == "      | " + " " * columns + "^"


def test_the_caret_is_as_wide_as_what_it_marks(tmp_path):
    lines = told("a: 日本", Problem(Position("a.yaml", 1, 4, 2), "x", "y"), tmp_path)
    assert lines[2] == "      |    ^~~~"


def test_a_caret_never_runs_over_the_end_of_its_line(tmp_path):
    lines = told("a: b", Problem(Position("a.yaml", 1, 4, 999), "x", "y"), tmp_path)
    assert lines[2] == "      |    ^"


def test_a_long_line_is_cut_around_the_caret(tmp_path):
    line = "x" * 500 + "HERE" + "y" * 500
    lines = told(line, Problem(Position("a.yaml", 1, 501, 4), "x", "y"), tmp_path)
    shown, caret = lines[1][8:], lines[2][8:]
    assert len(shown) < 170
    assert shown[caret.index("^") : caret.index("^") + 4] == "HERE"


def test_control_characters_do_not_reach_the_terminal(tmp_path):
    lines = told("a: \x1b[2Jgone", Problem(Position("a.yaml", 1, 4), "x", "y"), tmp_path)
    assert "\x1b" not in "".join(lines)


def test_a_file_that_is_gone_still_has_its_problem_told(tmp_path):
    told_text = as_text([Problem(Position("gone.yaml"), "no-rules", "There is none.")], tmp_path)
    assert told_text.startswith("gone.yaml:1:1  no-rules  There is none.\n1 problem in 1 file.")


def test_warnings_are_counted_apart(tmp_path):
    problems = [
        Problem(Position("a.yaml", 1), "no-exit", "…", level="warning"),
        Problem(Position("b.yaml", 1), "unknown-key", "…"),
        Problem(Position("b.yaml", 2), "twice", "…"),
    ]
    text = as_text(problems, tmp_path, closing="")
    assert "2 problems and 1 warning in 2 files." in text
    assert text.endswith("more: regulars explain unknown-key")


def test_json_has_every_part():
    problem = Problem(Position("a.yaml", 2, 7, 6), "unknown-key", "`țară` is not a key.", "write", "warning")
    assert json.loads(as_json([problem])) == {
        "problems": [
            {
                "file": "a.yaml",
                "line": 2,
                "column": 7,
                "length": 6,
                "code": "unknown-key",
                "level": "warning",
                "sentence": "`țară` is not a key.",
                "way_out": "write",
            }
        ]
    }


def test_an_annotation_stands_at_its_line():
    problems = [
        Problem(Position("campaigns/hello.yaml", 6, 15, 11), "twice", "It stands here twice.", "delete one"),
        Problem(Position("rules.yaml", 2), "no-exit", "No `exit`.", level="warning"),
    ]
    assert as_annotations(problems).splitlines() == [
        "::error file=campaigns/hello.yaml,line=6,col=15,endColumn=25,title=twice::It stands here twice.%0Adelete one",
        "::warning file=rules.yaml,line=2,col=1,endColumn=1,title=no-exit::No `exit`.",
    ]
    assert as_annotations([]) == ""


def test_nothing_a_file_holds_ends_an_annotation_or_begins_another():
    problem = Problem(Position("a,b:c%.yaml"), "x", "100 %: `a,b`\r\n::error::no", "")
    assert as_annotations([problem]) == (
        "::error file=a%2Cb%3Ac%25.yaml,line=1,col=1,endColumn=1,title=x::100 %25: `a,b`%0D%0A::error::no"
    )


def test_problems_are_sorted_by_place_and_kept_once():
    problems = Problems()
    problems.add("x", Position("b.yaml", 1), "later file")
    problems.add("x", Position("a.yaml", 10), "later line")
    problems.add("x", Position("a.yaml", 2), "first")
    problems.add("x", Position("a.yaml", 2), "first")
    assert [problem.sentence for problem in problems] == ["first", "later line", "later file"]
    assert len(problems) == 3
