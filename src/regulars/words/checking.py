"""One message's words, file by file: what they may not contain, what will not be there, what the law asks for."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from jinja2 import TemplateSyntaxError

from regulars.lang.model import Message
from regulars.lang.problems import Position, Problems
from regulars.lang.suggest import did_you_mean
from regulars.lang.written import Written
from regulars.words import sms
from regulars.words.allowed import WAY_OUT, Refusal, refusals
from regulars.words.faults import told
from regulars.words.reading import Mention, mentions, mentions_in, own_words, parse
from regulars.words.sources import FOLDER, FORMS, Sources
from regulars.words.variables import Known, complaint


@dataclass(frozen=True, slots=True)
class Check:
    """The check of one message of a campaign."""

    sources: Sources
    message: Message
    known: Known
    found: Problems
    service: bool = False
    """Whether it belongs to a service, of which nobody unsubscribes."""
    unless: Written | None = None
    """For whom the offer is left out."""

    def template(self, name: str) -> None:
        """Every file that the message may be written with where it gets this template."""
        for channel in self.message.send.channels:
            for (_, form), file in self.sources.templates.get(name, {}).items():
                if form in FORMS[channel]:
                    self._file(file, form)

    def lines(self) -> None:
        """Its subjects and preview texts."""
        for line in (*self.message.subject.values(), *self.message.preview_text.values()):
            self._text(line)

    def _file(self, name: str, suffix: str) -> None:
        readable = [self._readable(file) for file in self.sources.chain(name)]
        if not all(readable):
            return
        said = mentions(self.sources, name)
        for mention in said:
            if told_of := complaint(mention, self.known):
                self.found.add("unknown-variable", self._place(mention), *told_of)
            elif told_of := self._unguarded(mention):
                self.found.add("offer-unguarded", self._place(mention), *told_of, level="warning")
        self._duties(name, suffix, {mention.dotted for mention in said})

    def _readable(self, name: str) -> bool:
        """Whether the file is a template with nothing in it that may not be there; tells what is."""
        try:
            tree = parse(self.sources.files[name], name)
        except TemplateSyntaxError as fault:
            said, way_out, column, length = told(fault, _line(self.sources.files[name], fault.lineno))
            place = Position(f"{FOLDER}/{name}", fault.lineno, column + 1, length)
            self.found.add("template-syntax", place, said, way_out)
            return False
        refused = refusals(tree)
        for refusal in refused:
            column, length = _sign(refusal, self.sources.files[name])
            place = Position(f"{FOLDER}/{name}", refusal.line, column + 1, length)
            self.found.add("not-in-a-template", place, refusal.sentence, WAY_OUT)
        for layout in self.sources.layouts(name):
            if layout not in self.sources.files:
                said = f"The layout `{layout}` does not exist.{did_you_mean(layout, self.sources.files)}"
                self.found.add("missing-words", Position(f"{FOLDER}/{name}"), said, f"write {FOLDER}/{layout}")
                return False
        return not refused

    def _unguarded(self, mention: Mention) -> tuple[str, str] | None:
        """The same for what is not there for those who get the message without its offer."""
        if self.unless is None or mention.guarded or mention.root != "offer":
            return None
        said = f"`{mention.dotted}` is not there for those who get this message without its offer (`unless`)."
        return said, "put it between {% if offer is defined %} and {% endif %}, or give them a template of their own"

    def _duties(self, name: str, suffix: str, said: Collection[str]) -> None:
        here = Position(f"{FOLDER}/{name}")
        if self.message.survey is not None and "survey.link" not in said:
            self.found.add(
                "survey-unasked",
                here,
                "This message has a survey, and nobody can answer it: its link is not in the words.",
                "put {{ survey.link }} into it, or stand on a layout that has it",
            )
        if suffix == "sms":
            if own_words(self.sources, name) > sms.LONGEST:
                self.found.add(
                    "sms-too-long",
                    here,
                    f"This is longer than {sms.LONGEST:,} characters.",
                    "a text message cannot be: shorten it",
                )
            return
        if "links.unsubscribe" not in said and not self.service:
            self.found.add(
                "missing-unsubscribe",
                here,
                "An e-mail must let its reader unsubscribe.",
                "put {{ links.unsubscribe }} into it, or stand on a layout that has it",
            )
        if "shop.address" not in said:
            self.found.add(
                "missing-address",
                here,
                "An e-mail must show the shop's postal address.",
                "put {{ shop.address }} into it, or stand on a layout that has it",
            )

    def _place(self, mention: Mention) -> Position:
        column, length = self._word(mention, _line(self.sources.files[mention.file], mention.line))
        return Position(f"{FOLDER}/{mention.file}", mention.line, column + 1, length)

    def _word(self, mention: Mention, line: str) -> tuple[int, int]:
        """Where on its line the word that is wrong stands, from 0, and how long it is."""
        named = bool(mention.name) and mention.root in self.known
        name = rf"\s*(?:\.\s*|\[\s*[\"'])({re.escape(mention.name)})\b" if named else ""
        found = re.search(rf"(?<!\bfor )\b{re.escape(mention.written)}\b{name}", line)
        if not found:
            return 0, 1
        start, end = found.span(1) if named else found.span()
        return start, end - start

    def _text(self, text: Written) -> None:
        try:
            tree = parse(str(text))
        except TemplateSyntaxError as fault:
            said, way_out, column, length = told(fault, _line(str(text), fault.lineno))
            start = _start(str(text), fault.lineno)
            self.found.add("template-syntax", text.at(start + column, length), said, way_out)
            return
        refused = refusals(tree)
        for refusal in refused:
            column, length = _sign(refusal, str(text))
            place = text.at(_start(str(text), refusal.line) + column, length)
            self.found.add("not-in-a-template", place, refusal.sentence, WAY_OUT)
        for mention in [] if refused else mentions_in(str(text), "subject"):
            if told_of := complaint(mention, self.known):
                start = _start(str(text), mention.line)
                column, length = self._word(mention, _line(str(text), mention.line))
                self.found.add("unknown-variable", text.at(start + column, length), *told_of)
            elif told_of := self._unguarded(mention):
                start = _start(str(text), mention.line)
                column, length = self._word(mention, _line(str(text), mention.line))
                self.found.add("offer-unguarded", text.at(start + column, length), *told_of, level="warning")


def _line(text: str, number: int) -> str:
    return text.split("\n")[number - 1] if number <= text.count("\n") + 1 else ""


def _start(text: str, number: int) -> int:
    """Characters of `text` before its line `number`."""
    return sum(len(line) + 1 for line in text.split("\n")[: number - 1])


def _sign(refusal: Refusal, text: str) -> tuple[int, int]:
    """Where on its line what is refused stands, from 0, and how long it is."""
    line = _line(text, refusal.line)
    inside = next((match.start() for match in re.finditer(r"\{[{%]", line)), 0)
    found = re.search(refusal.sign, line[inside:]) if refusal.sign else None
    return (inside + found.start(), len(found[0])) if found else (inside, 2 if inside or line[:1] == "{" else 1)
