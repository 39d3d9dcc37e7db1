"""Templates become messages: one path for preview, folder and providers.

`Words` knows the texts of a project and renders them: an e-mail is subject, HTML and plain text, an SMS is plain text.
`Words.version` freezes the texts a template needs; `Words.of_version` renders the same message from them later.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Template, TemplateError, TemplateNotFound, TemplateSyntaxError, UndefinedError

from regulars.words import sms
from regulars.words.flat import flat
from regulars.words.preheader import PLACED, UNPLACED
from regulars.words.press import Kind, Press, pieces, press_for
from regulars.words.reading import mentions
from regulars.words.skeleton import Rendered, Shape, Skeleton, plain, styled
from regulars.words.sources import FOLDER, FORMS, Sources, WordsError
from regulars.words.subject import one_line

__all__ = ["Email", "EmailParts", "Letter", "Version", "Words", "WordsError"]

LARGEST_OUTPUT = 262_144
"""Characters of one rendered text; more is an error."""
_AT_ONCE = 256
"""Pieces of a text between two looks at its length."""
_SKELETONS = 512
"""Skeletons kept for one file: as many ways through its conditions as are remembered."""

# What a template can do wrong while it is rendered: its own faults, and values its filters cannot take.
_FAULTS = (TemplateError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError, RecursionError)
# Spaces that Babel writes between a number and its unit are not in GSM-7: one of them would double the price.
_WIDE_SPACES = ("\xa0", "\u202f", "\u2009")


@dataclass(frozen=True, slots=True)
class Email:
    """One e-mail, rendered. `html` has its CSS inlined."""

    subject: str
    html: str
    text: str


@dataclass(frozen=True, slots=True)
class EmailParts:
    """The same, taken apart: messages with equal skeletons may travel in one request."""

    subject: str
    html: Rendered
    text: Rendered


class Version(NamedTuple):
    """A version of the words: what the ledger's `template` table keeps."""

    hash: str
    files_json: str


class Words:
    """The texts of a project.

    `root` is the project's folder, `languages` those messages are written in, `fallback` the one for everybody else,
    `shop` the `shop:` block of rules.yaml as a plain dict (JSON types); templates see it as `shop`.
    """

    def __init__(self, root: Path | Sources, languages: list[str], fallback: str, shop: dict[str, Any]) -> None:
        self._sources = root if isinstance(root, Sources) else Sources.of(root)
        self._languages, self._fallback = [str(language) for language in languages], str(fallback)
        self._shop: dict[str, Any] = json.loads(json.dumps(shop, default=str))
        self._sheets: dict[tuple[str, str, str], _Sheet] = {}
        self.subjects: dict[str, str] = {}
        """Subjects by language, where this is a version that was kept with them."""
        self.preview_texts: dict[str, str] = {}
        """Preview texts likewise."""

    def speaking(self, languages: Sequence[str]) -> Words:
        """The same texts for somebody who writes in these languages only, the first being everybody else's."""
        return Words(self._sources, list(languages), languages[0], self._shop)

    @property
    def sources(self) -> Sources:
        """The texts themselves."""
        return self._sources

    @property
    def templates(self) -> Collection[str]:
        """The names of all templates."""
        return self._sources.templates.keys()

    @property
    def fallback(self) -> str:
        """The language of those whose own is not written."""
        return self._fallback

    def speaks(self, template: str, channel: str) -> bool:
        """Whether `template` has words for a channel (`email`, `sms`) in any language that messages are written in."""
        return any(self._whole(template, language, channel) for language in self._languages)

    def language(self, template: str, channel: str, wanted: str | None) -> str | None:
        """The language a message is really written in: the customer's, else the fallback, else None.

        `channel` is `email`, which needs HTML and plain text, or `sms`; `ro-MD` and `RO` are read as `ro` where only
        that is written.
        """
        tag = (wanted or "").strip().replace("_", "-")
        for language in (tag, tag.lower(), tag.lower().partition("-")[0]):
            if language in self._languages and self._whole(template, language, channel):
                return language
        return self._fallback if self._whole(template, self._fallback, channel) else None

    def _whole(self, template: str, language: str, channel: str) -> bool:
        return all(self._sources.file(template, language, form) for form in FORMS[channel])

    def email(
        self, template: str, language: str, context: Mapping[str, Any], subject: str, preview_text: str = ""
    ) -> Email:
        """Render an e-mail. `context` is the message's own plus `links`; `subject` and `preview_text` are templates.

        The preview text stands hidden at the top of the HTML, unless the template says `preview_text` itself. Raises
        WordsError.
        """
        parts = self.email_parts(template, language, context, subject, preview_text)
        return Email(parts.subject, parts.html.text, parts.text.text)

    def email_parts(
        self, template: str, language: str, context: Mapping[str, Any], subject: str, preview_text: str = ""
    ) -> EmailParts:
        """The same as skeletons and holes. Raises WordsError."""
        return self.letter(template, language, subject, preview_text).parts(context)

    def letter(self, template: str, language: str, subject: str, preview_text: str = "") -> Letter:
        """What all e-mails of a template in one language share, for many recipients. Raises WordsError."""
        html, text = self._sheet(template, language, "html"), self._sheet(template, language, "txt")
        press = self._press("plain", language)
        line = _Line(press, subject, f"the subject of {template}")
        shown = _Line(press, preview_text, f"the preview text of {template}") if preview_text else None
        return Letter(html, text, line, shown, self._shop)

    def sms(self, template: str, language: str, context: Mapping[str, Any]) -> str:
        """Render a text message: plain, its ends trimmed, every space one that GSM-7 has. Raises WordsError."""
        rendered = self._sheet(template, language, "sms").render({**context, "shop": self._shop})
        text = rendered.text.strip()
        for space in _WIDE_SPACES:
            text = text.replace(space, " ")
        if len(text) > sms.LONGEST:
            file = f"{FOLDER}/{template}.{language}.sms"
            raise WordsError(
                f"{file} became {len(text):,} characters.", f"A text message holds {sms.LONGEST:,}: make it shorter."
            )
        return text

    def subject(self, template: str, language: str, context: Mapping[str, Any], subject: str) -> str:
        """Render a subject to one line; a name that is missing takes its comma along. Raises WordsError."""
        line = _Line(self._press("plain", language), subject, f"the subject of {template}")
        return line.render({"shop": self._shop, **context})

    def version(
        self, template: str, subjects: Mapping[str, str] | None = None, preview_texts: Mapping[str, str] | None = None
    ) -> Version:
        """The texts `template` needs in all languages, layouts included, with its subjects and the shop's block."""
        names = self._sources.with_layouts(self._sources.templates.get(template, {}).values())
        if not names:
            raise _missing(template)
        frozen = {
            "files": {name: self._sources.files[name] for name in names},
            "shop": self._shop,
            "languages": self._languages,
            "fallback": self._fallback,
            "subjects": {str(language): str(text) for language, text in (subjects or {}).items()},
        }
        if preview_texts:
            frozen["preview_texts"] = {str(language): str(text) for language, text in preview_texts.items()}
        text = json.dumps(frozen, ensure_ascii=False, sort_keys=True)
        return Version(sha256(text.encode()).hexdigest(), text)

    @classmethod
    def of_version(cls, files_json: str) -> Words:
        """The words as they were when `files_json` was kept."""
        frozen = json.loads(files_json)
        words = cls(Sources(frozen["files"]), frozen["languages"], frozen["fallback"], frozen["shop"])
        words.subjects, words.preview_texts = frozen["subjects"], frozen.get("preview_texts", {})
        return words

    def _press(self, kind: Kind, language: str) -> Press:
        currency, timezone = self._shop.get("currency", "EUR"), self._shop.get("timezone", "UTC")
        return press_for(self._sources, kind, language, currency, timezone)

    def _sheet(self, template: str, language: str, suffix: str) -> _Sheet:
        sheet = self._sheets.get((template, language, suffix))
        if sheet is None:
            name = self._sources.file(template, language, suffix)
            if name is None:
                raise _missing(f"{template}.{language}.{suffix}")
            html = suffix == "html"
            sheet = _sheet_for(self._press("html" if html else "plain", language), name, html)
            self._sheets[template, language, suffix] = sheet
        return sheet


class _Sheet:
    """One compiled file, and the skeletons it has made so far."""

    def __init__(self, template: Template, flat: Template | None, name: str, html: bool, places_preview: bool) -> None:
        self._template, self._flat, self._name, self._file = template, flat, name, f"{FOLDER}/{name}"
        self.places_preview = places_preview
        self._make = styled if html else plain
        self._skeletons: dict[Shape, Skeleton] = {}

    def render(self, variables: Mapping[str, Any]) -> Rendered:
        """One message. Raises WordsError."""
        if self._flat is not None:
            try:
                return self._render(self._flat, variables)
            except _FAULTS:
                pass  # the file itself knows on which line
        try:
            return self._render(self._template, variables)
        except _FAULTS as fault:
            raise _said(fault, f"{FOLDER}/{self._name}") from None

    def _render(self, template: Template, variables: Mapping[str, Any]) -> Rendered:
        said: list[str] = []
        size, coming = 0, pieces(template, variables)
        while some := list(islice(coming, _AT_ONCE)):
            size += sum(map(len, some))
            if size > LARGEST_OUTPUT:
                raise WordsError(f"{FOLDER}/{self._name} became longer than 256 kB.", "Look at its loops.")
            said += some
        holes = tuple([piece for piece in said if piece.__class__ is not str])
        key = tuple([piece if piece.__class__ is str else None for piece in said])
        skeleton = self._skeletons.get(key)
        return Rendered(skeleton if skeleton is not None else self._remember(key), holes, self._file)

    def _remember(self, shape: Shape) -> Skeleton:
        if len(self._skeletons) >= _SKELETONS:
            self._skeletons.clear()
        skeleton = self._skeletons[shape] = self._make(shape)
        return skeleton


class _Line:
    """A text of one line: a subject, or a preview text."""

    def __init__(self, press: Press, text: str, place: str) -> None:
        self._press, self._text, self._place = press, text, place

    def render(self, variables: Mapping[str, Any]) -> str:
        """The line for one recipient. Raises WordsError."""
        try:
            return one_line(pieces(self._press.line(self._text), variables))
        except _FAULTS as fault:
            raise _said(fault, self._place) from None


@dataclass(frozen=True, slots=True)
class Letter:
    """An e-mail before it is anybody's: see `Words.letter`."""

    _html: _Sheet
    _text: _Sheet
    _subject: _Line
    _preview_text: _Line | None
    _shop: Mapping[str, Any]

    def parts(self, context: Mapping[str, Any]) -> EmailParts:
        """The e-mail of one recipient. `context` is the message's own plus `links`. Raises WordsError."""
        variables = {**context, "shop": self._shop}
        line = self._subject.render(variables)
        if self._preview_text:
            shown = self._preview_text.render(variables)
            variables[PLACED if self._html.places_preview else UNPLACED] = shown
        return EmailParts(line, self._html.render(variables), self._text.render(variables))


@lru_cache(maxsize=1_024)
def _sheet_for(press: Press, name: str, html: bool) -> _Sheet:
    try:
        template = press.get_template(name)
        places_preview = html and any(mention.root == PLACED for mention in mentions(press.sources, name))
        return _Sheet(template, flat(press, name), name, html, places_preview)
    except _FAULTS as fault:
        raise _said(fault, f"{FOLDER}/{name}") from None


def _missing(name: str) -> WordsError:
    return WordsError(f"There is no {FOLDER}/{name}.", "Write it, or name another `template:` in the campaign.")


def _said(fault: BaseException, place: str) -> WordsError:
    """The fault in a marketer's words, with the file and line it happened on; never with a value."""
    place = _place(fault) or place
    if isinstance(fault, TemplateSyntaxError):
        name = f"{FOLDER}/{fault.name}" if fault.name and not fault.name.startswith("<") else place
        return WordsError(f"{name}:{fault.lineno}: {fault.message}", "`regulars check` shows every problem.")
    if isinstance(fault, TemplateNotFound):
        return WordsError(
            f"{place} stands on {FOLDER}/{fault.name}, which does not exist.", "Write it, or name another."
        )
    if isinstance(fault, UndefinedError):
        return WordsError(f"{place}: {_unknown(fault)}", "`regulars check` lists the variables there are.")
    if isinstance(fault, RecursionError):
        return WordsError(f"{place} stands on itself.", "Let `extends` name a layout.")
    return WordsError(
        f"{place}: a value does not fit where it is used.", "Test it first with `if`, or give it a `default`."
    )


def _unknown(fault: UndefinedError) -> str:
    # Names come from the template's own text (keys are constants), so they tell nothing about a person.
    quoted = (fault.message or "").split("'")
    return f"`{quoted[-2]}` is not there." if len(quoted) >= 3 else "a variable is not there."


def _place(fault: BaseException) -> str:
    """`templates/winback/first.ro.html:12`, from the innermost template in the traceback."""
    place, trace = "", fault.__traceback__
    while trace is not None:
        template = trace.tb_frame.f_globals.get("__jinja_template__")
        if isinstance(template, Template) and template.name:
            place = f"{FOLDER}/{template.name}:{template.get_corresponding_lineno(trace.tb_lineno)}"
        trace = trace.tb_next
    return place
