"""Templates are checked before anybody gets them: against what their campaign offers, and what the law asks for.

Nothing is rendered here. Every problem stands at the file, line and column of the word that is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from jinja2 import TemplateSyntaxError

from regulars.lang.campaign import DATE
from regulars.lang.campaign_checks import TEMPLATE_NAME
from regulars.lang.model import Campaign, Message
from regulars.lang.problems import Position, Problem, Problems
from regulars.lang.project import Project
from regulars.lang.written import Written
from regulars.words.checking import Check
from regulars.words.daily import days_of, is_daily, of_day
from regulars.words.lacking import Lacking, Readers, nobody_knows
from regulars.words.reading import mentions, mentions_in
from regulars.words.sources import FOLDER, Sources, WordsError
from regulars.words.variables import Known, known_to


def variables(root: Path | Sources, template: str, subjects: Iterable[str] = ()) -> dict[str, set[str]]:
    """What `template` names in any language or form, and in these subjects: `{"customer": {"first_name"}}`.

    Raises WordsError where a file cannot be read as a template.
    """
    sources = root if isinstance(root, Sources) else Sources.of(root)
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


@dataclass(frozen=True)
class Surroundings:
    """What the words of a project are checked against, apart from its files. Everything is by campaign."""

    customer: Collection[str]
    """The names `customer.…` may take: traits, segments, columns."""
    enriched: Mapping[str, Collection[str]] = field(default_factory=dict)
    """The columns that steps add. A campaign with steps that is not here may name anything of a customer."""
    columns: Mapping[str, Collection[str]] = field(default_factory=dict)
    """The columns of the rows it walks. A campaign with rows that is not here may name anything of a row."""
    readers: Mapping[str, Readers] = field(default_factory=dict)
    """How many people have which language."""
    next_day: Mapping[str, date] = field(default_factory=dict)
    """The next day on which it runs, where that is soon: words of that day must be there."""
    today: date = date.min
    """Words for days before this one are not looked at any more."""


def problems(project: Project, around: Surroundings) -> list[Problem]:
    """All that is wrong with the words of the project's campaigns."""
    try:
        sources = Sources.of(project.root)
    except WordsError as fault:
        return [Problem(Position(fault.file or FOLDER), "template-unreadable", fault.sentence, fault.way_out)]
    found = Problems()
    for name, campaign in project.campaigns.items():
        added = around.enriched.get(name)
        customer = None if added is None and campaign.enrich else {*around.customer, *(added or ())}
        languages = _languages(campaign, project)
        for message in campaign.messages:
            for variant, way in message.ways.items():
                known = known_to(campaign, way, customer, around.columns.get(name))
                _Wording(name, project, way, variant, known, sources, around, found).tell(languages)
    return found.sorted()


@dataclass(frozen=True, slots=True)
class _Wording:
    """One message of campaign `name`, said in one way: without variants the message as it is."""

    name: str
    project: Project
    message: Message
    variant: str
    known: Known
    sources: Sources
    around: Surroundings
    found: Problems

    def tell(self, languages: list[str]) -> None:
        """Add all that is wrong with its words."""
        campaign, message, found = self.project.campaigns[self.name], self.message, self.found
        for template, written, day in _templates(self.name, campaign, message, self.sources, self.around):
            readers = self.around.readers.get(self.name, nobody_knows)
            Lacking(self.sources, template, written, languages, message.send.channels, found, readers, day).tell()
            self._check(written).template(template)
        if "email" in message.send.channels:
            if not message.subject_in(languages[0], languages[0]) and not _told_inside(message, campaign, self.project):
                _no_subject(message, self.variant, found)
            self._check(message.template.names[-1]).lines()

    def _check(self, template: Written) -> Check:
        campaign = self.project.campaigns[self.name]
        unless = _without(campaign, self.message, template)
        return Check(self.sources, self.message, self.known, self.found, campaign.is_service, unless)


def _languages(campaign: Campaign, project: Project) -> list[str]:
    """The languages it is written in; one that the shop does not have is told elsewhere."""
    shop = [str(language) for language in project.rules.shop.languages]
    return [str(language) for language in campaign.languages if language in shop] or shop


def _no_subject(message: Message, variant: str, found: Problems) -> None:
    name = message.template.names[0]
    said = f"This e-mail has no subject where it goes as `{variant}`." if variant else "This e-mail has no subject."
    way_out = "say `subject:`, once or per language"
    found.add("missing-subject", name.at(0, len(name)), said, way_out)


def _templates(
    name: str, campaign: Campaign, message: Message, sources: Sources, around: Surroundings
) -> Iterator[tuple[str, Written, date | None]]:
    """The templates a message may be written with, each with its name in the campaign, and the day it is for."""
    for written in message.template.names:
        if not re.fullmatch(TEMPLATE_NAME, written.replace(DATE, "date")):
            continue
        if not is_daily(written):
            yield str(written), written, None
            continue
        days = {day for day in days_of(written, sources.templates) if day >= around.today}
        if campaign.is_first(message) and not message.own_time and name in around.next_day:
            days.add(around.next_day[name])
        for day in sorted(days):
            yield of_day(written, day), written, day


def _told_inside(message: Message, campaign: Campaign, project: Project) -> bool:
    """Whether something in the lines of `message` is wrong already: what it lacks may be what could not be read."""
    file = message.template.names[0].position.file
    starts = [other.template.names[0].position.line for other in campaign.messages]
    here = message.template.names[0].position.line
    above, below = max((s for s in starts if s < here), default=0), min((s for s in starts if s > here), default=None)
    return any(
        problem.position.file == file and above < problem.position.line and (not below or problem.position.line < below)
        for problem in project.problems.found
    )


def _without(campaign: Campaign, message: Message, template: Written) -> Written | None:
    """The condition (`unless`) for which people get `template` without the offer it shows, if there are such people."""
    offers = [campaign.offer_of(earlier) for earlier in campaign.up_to(message)]
    given = next((offer for offer in reversed(offers) if offer is not None), None)
    if given is None or given.unless is None:
        return None
    for step in message.template.steps:
        if step.name == template:
            return given.unless
        if step.condition.split() == given.unless.split():
            return None  # a step above takes all of them
    return given.unless
