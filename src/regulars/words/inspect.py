"""Templates are checked before anybody gets them: against what their campaign offers, and what the law asks for.

Nothing is rendered here. Every problem stands at the file, line and column of the word that is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from jinja2 import TemplateSyntaxError

from regulars.lang.campaign_checks import TEMPLATE_NAME
from regulars.lang.model import Campaign, Message, Shop
from regulars.lang.places_and_tongues import is_language
from regulars.lang.problems import Position, Problem, Problems
from regulars.lang.project import Project
from regulars.lang.suggest import did_you_mean, listed
from regulars.lang.written import Written
from regulars.words import sms
from regulars.words.allowed import WAY_OUT, Refusal, refusals
from regulars.words.faults import told
from regulars.words.reading import Mention, mentions, mentions_in, own_words, parse
from regulars.words.sources import FOLDER, Sources, WordsError

SHOP = frozenset({"name", "currency", "timezone", "languages", "address", "site"})
LINKS = frozenset({"shop", "unsubscribe", "preferences"})
REFERRAL = frozenset({"code", "link"})
_SAID = {"html": "HTML", "txt": "plain text", "sms": "text message"}


def variables(root: Path, template: str, subjects: Iterable[str] = ()) -> dict[str, set[str]]:
    """What `template` names in any language or form, and in these subjects: `{"customer": {"first_name"}}`.

    Raises WordsError where a file cannot be read as a template.
    """
    sources = Sources.of(root)
    found: dict[str, set[str]] = {}
    try:
        said = [mention for name in sources.templates.get(template, {}).values() for mention in mentions(sources, name)]
        said += [mention for subject in subjects for mention in mentions_in(str(subject), "subject")]
    except TemplateSyntaxError as fault:
        place = f"{FOLDER}/{fault.name}:{fault.lineno}" if fault.name else f"a subject of {template}"
        raise WordsError(f"{place}: {fault.message}", "`regulars check` shows every problem.") from None
    for mention in said:
        found.setdefault(mention.root, set()).update([mention.name] if mention.name else [])
    return found


def problems(
    project: Project, customer: Collection[str], enriched: Mapping[str, Collection[str]] | None = None
) -> list[Problem]:
    """All that is wrong with the words of the project's campaigns.

    `customer` holds the names `customer.…` may take (traits, segments, columns); `enriched` the columns that steps
    add, by campaign. A campaign with steps that is not in `enriched` may name anything of a customer.
    """
    try:
        sources = Sources.of(project.root)
    except WordsError as fault:
        return [Problem(Position(fault.file or FOLDER), "template-unreadable", fault.sentence, fault.way_out)]
    found = Problems()
    for name, campaign in project.campaigns.items():
        columns = (enriched or {}).get(name)
        anything = columns is None and bool(campaign.enrich)
        for message in campaign.messages:
            known = _known(campaign, message, None if anything else {*customer, *(columns or ())})
            whole = not _told_inside(message, campaign, project.problems)
            for template in message.template.names:
                if re.fullmatch(TEMPLATE_NAME, template):
                    unless = _without(campaign, message, template)
                    check = _Check(
                        sources, project.rules.shop, message, template, known, found, whole, campaign.is_service, unless
                    )
                    check.all()
    return found.sorted()


def _told_inside(message: Message, campaign: Campaign, problems: Problems) -> bool:
    """Whether something in the lines of `message` is wrong already: what it lacks may be what could not be read."""
    file = message.template.names[0].position.file
    starts = [other.template.names[0].position.line for other in campaign.messages]
    here = message.template.names[0].position.line
    above, below = max((s for s in starts if s < here), default=0), min((s for s in starts if s > here), default=None)
    return any(
        problem.position.file == file and above < problem.position.line and (not below or problem.position.line < below)
        for problem in problems.found
    )


Known = dict[str, Collection[str] | None]
"""Variable → its names; None: any name."""


def _known(campaign: Campaign, message: Message, customer: Collection[str] | None) -> Known:
    known: Known = {"customer": customer, "shop": SHOP, "links": LINKS, "referral": REFERRAL}
    offers = [campaign.offer_of(earlier) for earlier in campaign.messages[: campaign.messages.index(message) + 1]]
    if kinds := [offer.kind for offer in offers if offer is not None]:
        worth = set() if kinds[-1] == "free_delivery" else {"value"}
        known["offer"] = {"kind", "code", "valid_until", kinds[-1], *worth}
    return known


def _without(campaign: Campaign, message: Message, template: Written) -> Written | None:
    """The condition (`unless`) for which people get `template` without the offer it shows, if there are such people."""
    offers = [campaign.offer_of(earlier) for earlier in campaign.messages[: campaign.messages.index(message) + 1]]
    given = next((offer for offer in reversed(offers) if offer is not None), None)
    if given is None or given.unless is None:
        return None
    for step in message.template.steps:
        if step.name == template:
            return given.unless
        if step.condition.split() == given.unless.split():
            return None  # a step above takes all of them
    return given.unless


@dataclass(frozen=True, slots=True)
class _Check:
    """The check of one message of a campaign, in the words of one of its templates."""

    sources: Sources
    shop: Shop
    message: Message
    template: Written
    known: Known
    found: Problems
    whole: bool = True
    """Whether all of the message could be read: only then can it be said to lack something."""
    service: bool = False
    """Whether it belongs to a service, of which nobody unsubscribes."""
    unless: Written | None = None
    """For whom the offer is left out."""

    def all(self) -> None:
        """Every file the message may be written with, and its subjects."""
        for channel in self.message.send.channels:
            for suffix in ("sms",) if channel == "sms" else ("html", "txt"):
                self._languages(suffix)
                for (_, form), name in self._files().items():
                    if form == suffix:
                        self._file(name, suffix)
        if "email" in self.message.send.channels:
            self._subjects()

    def _files(self) -> dict[tuple[str, str], str]:
        return self.sources.templates.get(str(self.template), {})

    def _languages(self, suffix: str) -> None:
        template = self.template
        written = {language for language, form in self._files() if form == suffix}
        wanted = [language for language in map(str, self.shop.languages) if is_language(language)]
        missing = [language for language in wanted if language not in written]
        if not self._files():
            if suffix != "txt":
                names = [name for name in self.sources.templates if not name.startswith("layout/")]
                self._add(
                    "missing-words",
                    f"There are no words `{template}`.{did_you_mean(str(template), names)}",
                    self._write(missing, suffix),
                )
            return
        for language in missing:
            if suffix == "txt":
                if (language, "html") in self._files():
                    said = f"`{template}` has no plain text in `{language}`: mail without it is taken for spam."
                    self._add("missing-plain-text", said, self._write([language], suffix))
            elif language == self.shop.fallback:
                said = f"`{template}` has no {_SAID[suffix]} in `{language}`, which everybody else would get."
                self._add("missing-words", said, self._write([language], suffix))
            else:
                said = f"`{template}` has no {_SAID[suffix]} in `{language}`: its readers get `{self.shop.fallback}`."
                self._add("missing-words", said, self._write([language], suffix), warning=True)

    def _write(self, languages: Iterable[str], suffix: str) -> str:
        return "add " + ", ".join(f"{FOLDER}/{self.template}.{language}.{suffix}" for language in languages)

    def _add(self, code: str, sentence: str, way_out: str, *, warning: bool = False) -> None:
        position = self.template.at(0, len(self.template))
        self.found.add(code, position, sentence, way_out, level="warning" if warning else "error")

    def _file(self, name: str, suffix: str) -> None:
        readable = [self._readable(file) for file in self.sources.chain(name)]
        if not all(readable):
            return
        said = mentions(self.sources, name)
        for mention in said:
            if complaint := self._unknown(mention):
                self.found.add("unknown-variable", self._place(mention), *complaint)
            elif complaint := self._unguarded(mention):
                self.found.add("offer-unguarded", self._place(mention), *complaint, level="warning")
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

    def _unknown(self, mention: Mention) -> tuple[str, str] | None:
        """A sentence and a way out for a variable that will not be there."""
        if mention.guarded:
            return None
        if mention.root not in self.known:
            if mention.root == "offer":
                return (
                    f"`{mention.dotted}` is used, and neither this message nor one before it has an offer.",
                    "give it an `offer`",
                )
            said = f"`{mention.root}` is not a variable of a message.{did_you_mean(mention.root, self.known)}"
            return said, f"there are: {listed(sorted(self.known))}"
        names = self.known[mention.root]
        if names is None or mention.name in names:
            return None
        if not mention.name:
            return (
                f"`{mention.root}` is many things: say which.",
                f"{mention.root}. with one of: {listed(sorted(names))}",
            )
        said = f"`{mention.dotted}` is not known.{did_you_mean(mention.name, names)}"
        return said, f"{mention.root} has: {listed(sorted(names))}"

    def _unguarded(self, mention: Mention) -> tuple[str, str] | None:
        """The same for what is not there for those who get the message without its offer."""
        if self.unless is None or mention.guarded or mention.root != "offer":
            return None
        said = f"`{mention.dotted}` is not there for those who get this message without its offer (`unless`)."
        return said, "put it between {% if offer is defined %} and {% endif %}, or give them a template of their own"

    def _duties(self, name: str, suffix: str, said: Collection[str]) -> None:
        here = Position(f"{FOLDER}/{name}")
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
        found = re.search(rf"\b{re.escape(mention.root)}\b{name}", line)
        if not found:
            return 0, 1
        start, end = found.span(1) if named else found.span()
        return start, end - start

    def _subjects(self) -> None:
        if self.whole and not self.message.subject_in(self.shop.fallback, self.shop.fallback):
            self._add("missing-subject", "This e-mail has no subject.", "say `subject:`, once or per language")
        for subject in self.message.subject.values():
            self._subject(subject)

    def _subject(self, subject: Written) -> None:
        try:
            tree = parse(str(subject))
        except TemplateSyntaxError as fault:
            said, way_out, column, length = told(fault, _line(str(subject), fault.lineno))
            start = _start(str(subject), fault.lineno)
            self.found.add("template-syntax", subject.at(start + column, length), said, way_out)
            return
        refused = refusals(tree)
        for refusal in refused:
            column, length = _sign(refusal, str(subject))
            place = subject.at(_start(str(subject), refusal.line) + column, length)
            self.found.add("not-in-a-template", place, refusal.sentence, WAY_OUT)
        for mention in [] if refused else mentions_in(str(subject), "subject"):
            if complaint := self._unknown(mention):
                start = _start(str(subject), mention.line)
                column, length = self._word(mention, _line(str(subject), mention.line))
                self.found.add("unknown-variable", subject.at(start + column, length), *complaint)
            elif complaint := self._unguarded(mention):
                start = _start(str(subject), mention.line)
                column, length = self._word(mention, _line(str(subject), mention.line))
                self.found.add("offer-unguarded", subject.at(start + column, length), *complaint, level="warning")


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
