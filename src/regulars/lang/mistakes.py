"""What people get wrong in YAML, and how to say it: a list of signs to look for, most telling first.

YAML's own messages speak of tokens and simple keys. Here each syntax error is looked up by what stands on the lines
around it; a new mistake is one more entry of `_SIGNS`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from regulars.lang.problems import Position, Problems
from regulars.lang.source_text import Source

QUOTE = "quote-this"
ALSO = "also before  : # [ ! % @ *  and commas inside { }"


@dataclass(frozen=True, slots=True)
class Syntax:
    """What ruamel.yaml says about a syntax error, and the offsets it points at."""

    problem: str = ""
    index: int = 0
    context: str = ""
    context_index: int | None = None


@dataclass(frozen=True, slots=True)
class _Sign:
    """`pattern` on one of the lines means this mistake, if YAML says one of `said`; the caret goes under `at`."""

    pattern: re.Pattern[str]
    code: str
    sentence: str
    way_out: str
    said: tuple[str, ...] = ("",)


def _sign(pattern: str, code: str, sentence: str, way_out: str, said: tuple[str, ...] = ("",)) -> _Sign:
    return _Sign(re.compile(pattern), code, sentence, way_out, said)


_LONGEST = 2_000
"""Characters of a line that are searched for signs."""
_NO_COLON = "could not find expected ':'"
_NO_PLACE = "mapping values are not allowed here"
_KEY = r"^(?P<lead>\s*(?:- +)*(?:[^\s#:{\[\"']+: +)?)"
_SIGNS = (
    _sign(
        _KEY + r"(?P<at>\{\{)(?P<rest>.*)$",
        QUOTE,
        "This text needs quotes: in YAML, `{{{{` at the start means something else.",
        "write   {key}{quoted}",
    ),
    _sign(
        _KEY + r"(?P<at>`)(?P<rest>.*)$",
        QUOTE,
        "This text needs quotes: in YAML, a backtick cannot start a text.",
        "write   {key}{quoted}",
    ),
    _sign(
        _KEY + r"(?P<at>[@%])(?P<rest>.*)$",
        QUOTE,
        "This text needs quotes: in YAML, `{at}` cannot start a text.",
        "write   {key}{quoted}",
    ),
    _sign(
        _KEY + r"(?P<at>[*&!])(?P<rest>.*)$",
        QUOTE,
        "This text needs quotes: in YAML, `{at}` at the start means something else.",
        "write   {key}{quoted}",
    ),
    _sign(
        _KEY + r"(?P<at>\[[^\]]*\])(?P<rest>\s*[^\s#,\]}}].*)$",
        QUOTE,
        "This text needs quotes: in YAML, `[` at the start begins a list.",
        "write   {key}{quoted}",
    ),
    _sign(
        _KEY + r"(?P<at>\"(?:[^\"\\]|\\.)*\"|'(?:[^']|'')*')(?P<rest>\s*[^\s#,:\]}}].*)$",
        "text-after-quotes",
        "Something follows after the closing quote; a text is quoted from its start to its end, or not at all.",
        "put the whole text in quotes; a quote inside quotes of the same kind is written \\\" in \" and '' in '",
    ),
    _sign(
        r"^(?P<lead>\s*)(?P<at>[a-z_]+:)(?P<rest> +- .*)$",
        "indentation",
        "A list begins on the line below its key.",
        "write {at} alone, and   {rest}   on the next line",
    ),
    _sign(
        r"^(?P<lead>\s*(?:- +)*[^\s#:{\[\"']+: +)(?P<text>[^\s\"'{\[#|>][^#]*?)(?P<at>:)(?P<rest>(?:\s|$).*)$",
        QUOTE,
        "A colon followed by a space begins a new `key: value`; a text that holds one needs quotes.",
        "write   {key}{quoted}",
    ),
    _sign(
        r"^(?P<lead>\s*)(?P<at>-)(?P<rest>[^\s\-].*)$",
        "space-after-dash",
        "A step of a list needs a space after its dash.",
        "write   - {rest}",
    ),
    _sign(
        r"^(?P<lead>\s*(?:- +)*)(?P<at>[a-z_]+:)(?P<rest>[^\s/].*)$",
        "space-after-colon",
        "A colon needs a space behind it.",
        "write   {at} {rest}",
    ),
    _sign(
        r"^(?P<lead>\s*)(?P<at>[a-z_]+)(?P<rest>\s*=\s*\S.*)$",
        "colon-missing",
        "A key is followed by a colon, not by `=`.",
        "write   {at}: …",
    ),
    _sign(
        r"^(?P<lead>\s*(?:- +)?)(?P<at>[a-z_]+) +(?P<rest>[^\s:=][^:=]*)$",
        "colon-missing",
        "A key is followed by a colon.",
        "write   {at}: {rest}",
        (_NO_COLON, _NO_PLACE),
    ),
    _sign(
        r"^(?P<lead>\s*)(?P<at>[A-Za-z_]\w*)(?P<rest>\s*)$",
        "colon-missing",
        "A key is followed by a colon.",
        "write   {at}: …",
        (_NO_COLON, _NO_PLACE),
    ),
)

_SAID = (
    (
        "found unexpected end of stream",
        "quote-open",
        "A quote is opened here and never closed.",
        "close it with the same quote",
    ),
    (
        "unknown escape character",
        "escape",
        "Between double quotes, `\\` has a meaning of its own, and not before this character.",
        "write `\\\\` for a backslash, or use single quotes",
    ),
    (
        "hexdecimal",
        "escape",
        "Between double quotes, `\\x`, `\\u` and `\\U` want 2, 4 or 8 hexadecimal digits.",
        "write `\\\\` for a backslash, or use single quotes",
    ),
    (
        "expected ',' or ']'",
        "bracket-open",
        "A `[` is opened here and not closed where the list ends.",
        "close it with `]`, and put commas between its parts",
    ),
    (
        "expected ',' or '}'",
        "bracket-open",
        "A `{` is opened here and not closed where the group ends.",
        "close it with `}`, and put commas between its parts",
    ),
    (
        "expected the node content, but found ']'",
        "bracket-stray",
        "A `]` closes what no `[` has opened.",
        "delete it, or put the text in quotes",
    ),
    (
        "expected the node content, but found '}'",
        "bracket-stray",
        "A `}` closes what no `{` has opened.",
        "delete it, or put the text in quotes",
    ),
    (
        "expected <block end>",
        "indentation",
        "This line does not line up with what it belongs to.",
        "lines of one group start in the same column; what belongs to a line above stands two spaces further in",
    ),
    (
        _NO_COLON,
        "colon-missing",
        "A key is followed by a colon.",
        "write `key: value`",
    ),
    (
        "sequence entries are not allowed here",
        "indentation",
        "A list begins here where none can stand.",
        "begin the list on its own line, below its key",
    ),
    (
        _NO_PLACE,
        "quote-this",
        "A colon followed by a space begins a new `key: value`; this is not the place for one.",
        "put a text that holds a colon in quotes; otherwise look whether the line lines up with the others",
    ),
    (
        "block scalar",
        "block-text",
        "After `|` or `>` nothing else stands on the line; the text follows below, further in.",
        "begin the text on the next line",
    ),
)
"""(Part of what ruamel.yaml says, code, sentence, way out.)"""


def diagnose(source: Source, said: Syntax, problems: Problems) -> None:
    """Tell a syntax error in the reader's words, at the place where the mistake was made.

    On a line where something else is wrong already, YAML's complaint is only what follows from it.
    """
    told = {problem.position.line for problem in problems.found if problem.position.file == source.file}
    if told & set(_lines_to_search(source, said)[:1]):
        return
    for number in _lines_to_search(source, said):
        line = source.line(number)[:_LONGEST]
        for sign in _SIGNS:
            if any(part in said.problem for part in sign.said) and (found := sign.pattern.match(line)):
                parts = {name: text or "" for name, text in found.groupdict().items()}
                key = parts["lead"].lstrip(" -") or ""
                position = Position(source.file, number, found.start("at") + 1, len(parts["at"]))
                fill = parts | {"key": key, "quoted": quoted(parts.get("text", "") + parts["at"] + parts["rest"])}
                hint = sign.way_out.format(**fill) + (f"       {ALSO}" if sign.code == QUOTE else "")
                problems.add(sign.code, position, sign.sentence.format(**fill), hint)
                return
    if _out_of_line(source, said, problems):
        return
    for part, code, sentence, way_out in _SAID:
        if part in said.problem or part in said.context:
            opened = said.context_index if code.endswith("-open") else None
            problems.add(code, source.position(said.index if opened is None else opened), sentence, way_out)
            return
    problems.add(
        "not-yaml",
        source.position(said.index),
        "From here on this is not YAML.",
        "look for a missing quote, colon or bracket on this line and the one above",
    )


def _out_of_line(source: Source, said: Syntax, problems: Problems) -> bool:
    """Whether a line that is right in itself begins one or two columns off."""
    line, column = source.place(said.index)
    before = source.line(line)[: column - 1]
    if _NO_PLACE not in said.problem or not re.fullmatch(r"\s+(?:- +)*[\w ]{1,60}", before):
        return False
    indent = len(before) - len(before.lstrip())
    problems.add(
        "indentation",
        Position(source.file, line, indent + 1, len(before) - indent),
        "This line does not line up with what it belongs to.",
        "lines of one group start in the same column; what belongs to a line above stands two spaces further in",
    )
    return True


def quoted(text: str) -> str:
    """`text` in quotes that YAML reads back as it is."""
    text = text.strip()
    if '"' not in text and "\\" not in text:
        return f'"{text}"'
    return "'" + text.replace("'", "''") + "'"


def _lines_to_search(source: Source, said: Syntax) -> list[int]:
    """The line the error was noticed on, the one it began on, and the last one before it that holds something."""
    noticed = source.place(min(said.index, max(len(source.text) - 1, 0)))[0]
    lines = [noticed]
    if said.context_index is not None:
        lines.append(source.place(said.context_index)[0])
    above = noticed - 1
    while above > 0 and not source.line(above).strip():
        above -= 1
    return list(dict.fromkeys([*lines, above] if above > 0 else lines))


def diagnose_key(source: Source, index: int, problems: Problems) -> None:
    """A key that is no text: mostly `{{ … }}` without quotes, else a list or a group before a colon."""
    if source.text.startswith("{", index) and source.text[index - 1] == "{":
        line, column = source.place(index - 1)
        text = source.line(line)
        problems.add(
            QUOTE,
            Position(source.file, line, column, 2),
            "This text needs quotes: in YAML, `{{` at the start means something else.",
            f"write   {text[: column - 1].lstrip(' -')}{quoted(text[column - 1 :])}       {ALSO}",
        )
        return
    problems.add(
        "odd-key", source.position(index), "A key is a word; a list or a group cannot be one.", "write `key: value`"
    )
