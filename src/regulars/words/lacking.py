"""Words that are not there: in which language, for how many people, and what they would get instead."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from regulars.lang.places_and_tongues import is_language
from regulars.lang.problems import Problems
from regulars.lang.suggest import did_you_mean
from regulars.lang.written import Written
from regulars.words.sources import FOLDER, FORMS, Sources

Readers = Callable[[], Mapping[str, int] | None]
"""How many people of a campaign have which language; None where nobody has counted."""
_SAID = {("html",): "HTML", ("txt",): "plain text", ("sms",): "text message", ("html", "txt"): "words"}


def nobody_knows() -> None:
    """Readers that nobody has counted."""


@dataclass(frozen=True, slots=True)
class Lacking:
    """What `template` lacks for one campaign. `written` is its name in the campaign, maybe with `{date}` for a day."""

    sources: Sources
    template: str
    written: Written
    languages: Sequence[str]
    """The first one is the fallback."""
    channels: Sequence[str]
    found: Problems
    readers: Readers = nobody_knows
    day: date | None = None
    """The day it is written for."""

    def tell(self) -> None:
        """Say it."""
        if not self._files:
            self._nothing()
            return
        for channel in self.channels:
            for language in filter(is_language, self.languages):
                missing = tuple(form for form in FORMS[channel] if (language, form) not in self._files)
                if missing:
                    self._missing(language, missing)

    @property
    def _files(self) -> dict[tuple[str, str], str]:
        return self.sources.templates.get(self.template, {})

    def _nothing(self) -> None:
        names = [name for name in self.sources.templates if not name.startswith("layout/")]
        said = f"There are no words `{self.template}`.{did_you_mean(self.template, names)}"
        if self.day is not None:
            said = (
                f"There are no words `{self.template}` yet: on {self.day:%A}, {self.day.day} {self.day:%B}, nothing "
                "would be sent."
            )
        languages = list(filter(is_language, self.languages))
        for channel in self.channels:
            self._add(said, self._write(languages, FORMS[channel][:1]), warning=self.day is not None)

    def _missing(self, language: str, forms: tuple[str, ...]) -> None:
        fallback = self.languages[0]
        what = f"`{self.template}` has no {_called(language)} {_SAID[forms]}"
        if language != fallback:
            others = [one for one in self.languages if one != language]
            way_out = f"{self._write([language], forms)}, or `languages: [{', '.join(others)}]` in this campaign"
            self._add(f"{what}. {self._who(language)}", way_out, warning=True)
        elif forms == ("txt",):
            said = f"{what}: mail without it is taken for spam."
            self._add(said, self._write([language], forms), code="missing-plain-text")
        else:
            self._add(f"{what}, which everybody else would get.", self._write([language], forms))

    def _who(self, language: str) -> str:
        people = self.readers()
        if not people:
            return f"Who reads {language} would get {self.languages[0]}."
        everybody, some = sum(people.values()), sum(n for tag, n in people.items() if _spoken(tag) == language)
        if not some:
            return f"None of {everybody:,} people reads {language}."
        reads, get = ("reads", "They") if some == 1 else ("read", "they")
        return f"{some:,} of {everybody:,} people {reads} {language}; {get.lower()} would get {self.languages[0]}."

    def _write(self, languages: Sequence[str], forms: Sequence[str]) -> str:
        return "add " + ", ".join(
            f"{FOLDER}/{self.template}.{language}.{form}" for language in languages for form in forms
        )

    def _add(self, sentence: str, way_out: str, *, code: str = "missing-words", warning: bool = False) -> None:
        position = self.written.at(0, len(self.written))
        self.found.add(code, position, sentence, way_out, level="warning" if warning else "error")


def _spoken(tag: str) -> str:
    """`ro-MD` and `RO` are read as `ro`."""
    return tag.strip().lower().replace("_", "-").partition("-")[0]


def _called(language: str) -> str:
    """`ru` → `Russian`."""
    from babel import Locale, UnknownLocaleError

    try:
        return Locale.parse(language).get_language_name("en") or f"`{language}`"
    except (UnknownLocaleError, ValueError):
        return f"`{language}`"
