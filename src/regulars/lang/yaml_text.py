"""YAML as people write it, with every position kept. The only door to ruamel.yaml.

Text stays text: `1.10`, `NO`, `0123` and `+40700000000` arrive as written, as `Written`; the models decide what is a
number. Nothing is composed before it is counted, so anchors, bombs and bottomless nesting are refused in time, and
nothing here recurses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml import events as ev
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from regulars.lang.mistakes import Syntax, diagnose, diagnose_key
from regulars.lang.places import place
from regulars.lang.problems import Position, Problems
from regulars.lang.source_text import Source, decode
from regulars.lang.traps import traps
from regulars.lang.written import Written

MAX_BYTES = 256 * 1024
MAX_NODES = 20_000
MAX_DEPTH = 32
_LONG_WORD = re.compile(r"\S{5000,}")
"""ruamel.yaml takes quadratic time for a tag; 5,000 characters are harmless."""
_BEYOND_UNICODE = re.compile(r"\\U(?!0010|000[0-9A-Fa-f])[0-9A-Fa-f]{8}")

Spot = tuple[str | int, ...]
"""Where a value stands in a document: keys and list indices from the top, such as `("messages", 0, "offer")`."""


@dataclass(frozen=True, slots=True)
class Document:
    """One file, read. `value` is dicts, lists, `Written` and None (nothing written after the colon)."""

    source: Source
    value: Any
    keys: dict[Spot, Position]
    values: dict[Spot, Position]

    def position(self, spot: Spot, *, key: bool = False) -> Position:
        """Where the value at `spot` starts (or its key); the nearest enclosing place where there is none."""
        first, second = (self.keys, self.values) if key else (self.values, self.keys)
        for end in range(len(spot), 0, -1):
            if found := first.get(spot[:end]) or second.get(spot[:end]):
                return found
        return self.values.get((), Position(self.source.file))


def read(path: Path, file: str, problems: Problems) -> Document | None:
    """Read one file of the project.

    Args:
        path: where it is.
        file: how the problems name it, relative to the project's root.
        problems: receives everything that is wrong; nothing is raised for what a file holds.

    Returns:
        The document, or None where the file cannot be read to its end.
    """
    try:
        with path.open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
    except OSError as error:
        problems.add("unreadable-file", Position(file), f"This file cannot be read: {error.strerror}.")
        return None
    return read_bytes(raw, file, problems)


def read_bytes(raw: bytes, file: str, problems: Problems) -> Document | None:
    """As `read`, for what a file holds (`raw`, at most `MAX_BYTES`)."""
    if len(raw) > MAX_BYTES:
        problems.add(
            "too-large",
            Position(file),
            f"This file is larger than {MAX_BYTES // 1024} kB; no rules are that long.",
            "move what is not rules out of it, or split it into several campaigns",
        )
        return None
    source = decode(raw, file, problems)
    if source is None:
        return None
    return _Composer(source, problems).document()


_KNOWN: dict[str, list[Any]] = {}
"""What texts that were read to their end consist of: a worker opens the same project again and again."""
_MOST_KNOWN = 200


def _remember(text: str, events: list[Any]) -> None:
    if len(_KNOWN) >= _MOST_KNOWN:
        _KNOWN.clear()
    _KNOWN[text] = events


class _Stop(Exception):  # the reading ends here, the problem has been told
    """The rest of the file cannot be read."""


@dataclass(slots=True)
class _Open:
    """A mapping or list whose end has not come yet.

    `spot` is None where the whole of it hangs nowhere (below a key that was refused); `key` is the mapping's key that
    waits for its value, `skip` says that this value is to be dropped.
    """

    value: dict[Written, Any] | list[Any]
    spot: Spot | None
    flow: bool
    key: Written | None = None
    skip: bool = False


@dataclass(slots=True)
class _Composer:
    source: Source
    problems: Problems
    keys: dict[Spot, Position] = field(default_factory=dict)
    values: dict[Spot, Position] = field(default_factory=dict)
    stack: list[_Open] = field(default_factory=list)
    root: Any = None
    nodes: int = 0
    documents: int = 0

    def document(self) -> Document | None:
        if found := next((run for run in _LONG_WORD.finditer(self.source.text) if "!" in run[0]), None):
            position = self.source.position(found.start())
            self.problems.add("yaml-tag", position, "A tag of YAML without an end stands here.", _WAYS_OUT["yaml-tag"])
            return None
        try:
            for event in self._events():
                self._take(event)
        except _Stop:
            return None
        return Document(self.source, self.root, self.keys, self.values)

    def _events(self) -> Iterator[Any]:
        if (known := _KNOWN.get(self.source.text)) is not None:
            yield from known
            return
        seen: list[Any] = []
        try:
            for event in YAML(typ="safe", pure=True).parse(self.source.text):
                seen.append(event)
                yield event
            _remember(self.source.text, seen)
        except MarkedYAMLError as error:
            told = Syntax(
                error.problem or "",
                error.problem_mark.index if error.problem_mark else 0,
                error.context or "",
                error.context_mark.index if error.context_mark else None,
            )
            diagnose(self.source, told, self.problems)
            raise _Stop from error
        except (YAMLError, ValueError, OverflowError, LookupError, AttributeError, TypeError) as error:
            # The scanner lets through whatever its parts raise, such as chr() of an escape beyond Unicode.
            beyond = _BEYOND_UNICODE.search(self.source.text)
            said = Syntax("unknown escape character", beyond.start()) if beyond else Syntax()
            diagnose(self.source, said, self.problems)
            raise _Stop from error

    def _take(self, event: Any) -> None:
        match event:
            case ev.DocumentStartEvent():
                self._document_start(event)
            case ev.AliasEvent():
                self._count(event)
                self._refuse("yaml-alias", event, f"`*{event.anchor}` repeats something: aliases are not used here.")
                self._attach(None, event)
            case ev.ScalarEvent():
                self._count(event)
                self._refuse_marks(event)
                self._attach(self._scalar(event), event)
            case ev.MappingStartEvent():
                self._open({}, event)
            case ev.SequenceStartEvent():
                self._open([], event)
            case ev.MappingEndEvent() | ev.SequenceEndEvent():
                self.stack.pop()
            case _:
                pass

    def _document_start(self, event: Any) -> None:
        self.documents += 1
        if self.documents > 1:
            self._refuse("two-documents", event, "A second document starts here; a file holds exactly one.")
            raise _Stop
        if event.version or event.tags:
            self.problems.add(
                "yaml-directive",
                self.source.position(0),
                "Lines that start with `%` are not used here.",
                "delete that line and the `---` below it",
            )

    def _count(self, event: Any) -> None:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            self._refuse("too-large", event, f"This file holds more than {MAX_NODES:,} values; no rules are that long.")
            raise _Stop

    def _open(self, value: dict[Written, Any] | list[Any], event: Any) -> None:
        self._count(event)
        if len(self.stack) >= MAX_DEPTH:
            self._refuse("too-deep", event, f"Nested more than {MAX_DEPTH} levels deep; nothing here needs that.")
            raise _Stop
        self._refuse_marks(event)
        self.stack.append(_Open(value, self._attach(value, event), bool(event.flow_style)))

    def _scalar(self, event: Any) -> Written | None:
        if event.style is None and not event.value:
            return None
        position, places = place(self.source, event.value, event.style, event.start_mark.index, event.end_mark.index)
        return Written(event.value, position, places)

    def _attach(self, value: Any, event: Any) -> Spot | None:
        """Hang `value` into what is open; the spot where it now stands, or None where it has none."""
        start = value.position if isinstance(value, Written) else self.source.position(event.start_mark.index)
        if value is None and self.source.text[event.start_mark.index - 1 : event.start_mark.index] == "-":
            start = self.source.position(event.start_mark.index - 1)
        if not self.stack:
            self.root, self.values[()] = value, start
            return ()
        top = self.stack[-1]
        if isinstance(top.value, list):
            spot = None if top.spot is None else (*top.spot, len(top.value))
            top.value.append(value)
        elif top.key is None:
            top.key = self._key(top, value, event)
            return None
        else:
            key, top.key = top.key, None
            if top.skip or top.spot is None:
                return None
            spot = (*top.spot, str(key))
            top.value[key] = value
        if spot is None:
            return None
        self.values[spot] = start
        traps(self.source, event, self.keys.get(spot), self.problems, flow=top.flow)
        return spot

    def _key(self, top: _Open, key: Any, event: Any) -> Written:
        """Take `key` into the mapping `top`, or tell why not and have its value dropped."""
        top.skip = True
        start = self.source.position(event.start_mark.index)
        if not isinstance(key, Written):
            diagnose_key(self.source, event.start_mark.index, self.problems)
            return Written("", start)
        spot = None if top.spot is None else (*top.spot, str(key))
        if key == "<<" and event.style is None:
            self._refuse("merge-key", event, "`<<` copies one mapping into another: that is not used here.")
        elif key in top.value:
            first = self.keys.get(spot or ()) or start
            self.problems.add(
                "duplicate-key",
                key.position,
                f"`{key}` stands here twice; the first one is on line {first.line}.",
                "keep one of them",
            )
        else:
            top.skip = False
            if spot is not None:
                self.keys[spot] = key.position
        return key

    def _refuse_marks(self, event: Any) -> None:
        """Anchors and tags."""
        if event.anchor:
            self._refuse(
                "yaml-anchor", event, f"`&{event.anchor}` names something to repeat: anchors are not used here."
            )
        if event.ctag is not None:
            start = event.start_mark.index
            tag = self.source.text[start : start + 40].split(maxsplit=1)[0]  # str(ctag) takes quadratic time
            self._refuse("yaml-tag", event, f"`{tag}` is a tag of YAML: tags are not used here.")

    def _refuse(self, code: str, event: Any, sentence: str) -> None:
        self.problems.add(code, self.source.position(event.start_mark.index), sentence, _WAYS_OUT[code])


_WAYS_OUT = {
    "yaml-alias": "write it out; to start a text with `*`, put the text in quotes",
    "yaml-anchor": "write it out where it is needed; to start a text with `&`, put the text in quotes",
    "yaml-tag": "delete it; to start a text with `!`, put the text in quotes",
    "merge-key": "write the keys out",
    "two-documents": "delete the line `---`, or move what follows into a file of its own",
    "too-large": "lists of products or people belong into the data, not into the rules",
    "too-deep": "write it flatter",
}
