"""Whether rule tests name what the project has: every name that it has not is told, where it stands."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from regulars.lang.model import CHANNELS, Campaign
from regulars.lang.problems import Position, Problems
from regulars.lang.project import Project
from regulars.lang.rule_tests import RuleTest, RuleTestFile, SentBefore, When
from regulars.lang.suggest import did_you_mean, listed
from regulars.lang.surveys import SCALES
from regulars.lang.written import Written
from regulars.people.vocabulary import LEDGER_FACTS
from regulars.testing.rules.columns import Columns


@dataclass(frozen=True)
class Names:
    """Looks at one file of rule tests."""

    project: Project
    columns: Columns
    tests: RuleTestFile
    problems: Problems

    def check(self) -> None:
        """Tell everything that is not known."""
        for case in self.tests.cases:
            self._rows(case)
            self._history(case)
            self._people(case)
            for expected in case.expect.values():
                self._segments(expected.segments)
                self._known(
                    (Written(one.removeprefix("not ").strip(), one.position) for one in expected.audiences),
                    self.project.rules.all_segments(), "unknown-name", "is no audience",
                )  # fmt: skip
                self._known(expected.traits, self._traits(), "unknown-name", "is no trait")
                for text in expected.messages or ():
                    self._message(text)
                for text in expected.withheld:
                    self._campaign(text)

    def _rows(self, case: RuleTest) -> None:
        tables = [str(table) for table in self.project.rules.source.tables]
        self._known(case.given, tables, "unknown-table", "is not listed under `source.tables`")
        for table, rows in case.given.items():
            if str(table) not in tables:
                continue
            kinds, meanings = self.columns.kinds(str(table)), self.columns.meanings(str(table))
            needed = "id" if table == "customers" else "customer"
            for row in rows:
                self._known(row, [*meanings, *kinds], "missing-column", f"is no column of `{table}` that a rule reads")
                if not {needed, meanings.get(needed, needed)} & set(map(str, row)):
                    place = next(iter(row), table)
                    self._add("missing-key", place, f"This row does not say its `{needed}`.", f"write   {needed}: …")
                for name, value in row.items():
                    if kinds.get(meanings.get(str(name), str(name))) in ("date", "time"):
                        self._time(value)

    def _time(self, value: Written) -> None:
        try:
            When.parse(value)
        except ValueError:
            self._add(When.code, value, "This is no day.", f"write {When.form}")

    def _history(self, case: RuleTest) -> None:
        for one in case.sent:
            self._campaign(one.campaign)
            self._known([one.customer], ids(self.columns, case), "unknown-person", "is not given as a customer")
            described = self.project.campaigns.get(one.campaign.strip().partition("/")[0])
            if described is not None and described.for_each is not None and one.row is None:
                sentence = f"`{one.campaign[:60]}` walks rows, and this does not say which one it was about."
                self._add("missing-key", one.campaign, sentence, "write   row: …       the row's id")
            if described is not None and one.answer is not None:
                self._answer(described, one)

    def _answer(self, campaign: Campaign, one: SentBefore) -> None:
        """Only a survey is answered, on its scale."""
        named = one.campaign.strip().partition("/")[2] or str(campaign.messages[0].name)
        survey = next((message.survey for message in campaign.messages if str(message.name) == named), None)
        if survey is None:
            self._add(
                "no-survey", one.campaign, f"`{one.campaign[:60]}` asks nothing.", "name a message with a `survey`"
            )
        elif one.answer not in SCALES[survey].scores:
            scale = SCALES[survey]
            sentence = f"{one.answer} is no answer to `{survey}`."
            self._add("limits", one.campaign, sentence, f"from {scale.lowest} to {scale.highest}")

    def _people(self, case: RuleTest) -> None:
        given = ids(self.columns, case)
        self._known(case.expect, given, "unknown-person", "is not given as a customer")
        for table, rows in case.given.items():
            if table != "customers":
                meanings = self.columns.meanings(str(table))
                whose = (row.get(Written("customer"), row.get(Written(meanings.get("customer", "")))) for row in rows)
                self._known([one for one in whose if one], given, "unknown-person", "is not given as a customer")

    def _segments(self, expected: dict[Written, Written]) -> None:
        segments = self.project.rules.all_segments()
        self._known(expected, segments, "unknown-name", "is no segment")
        for name, value in expected.items():
            if str(name) in segments:
                values = segments[str(name)].values or ["in", "out"]
                self._known([value], values, "unknown-value", f"is no value of `{name}`")

    def _traits(self) -> list[str]:
        return [*map(str, self.project.rules.traits), *LEDGER_FACTS, *self.columns.kinds("customers")]

    def _message(self, text: Written) -> None:
        """`winback/first by email`."""
        what, by, channel = text.partition(" by ")
        self._campaign(Written(what, text.position))
        if by and channel.strip() not in CHANNELS:
            self._add("unknown-message", text, f"`{channel.strip()}` is no channel.", f"by {listed(CHANNELS)}")

    def _campaign(self, text: Written) -> None:
        """`winback`, or `winback/first`."""
        name, slash, message = text.strip().partition("/")
        campaigns = self.project.campaigns
        self._known([Written(name, text.position)], campaigns, "unknown-campaign", "is no campaign")
        if slash and name in campaigns:
            names = [str(one.name) for one in campaigns[name].messages]
            if message not in names:
                sentence = f"`{name}` has no message `{message}`.{did_you_mean(message, names)}"
                self._add("unknown-message", text, sentence, f"its messages: {listed(names)}")

    def _known(self, written: Iterable[Written], known: Iterable[str], code: str, lacks: str) -> None:
        allowed = [str(name) for name in known]
        for one in written:
            if str(one) not in allowed:
                self._add(code, one, f"`{one[:60]}` {lacks}.{did_you_mean(one, allowed)}", f"known: {listed(allowed)}")

    def _add(self, code: str, text: Written, sentence: str, way_out: str) -> None:
        place = text.position
        self.problems.add(code, Position(place.file, place.line, place.column, len(text) or 1), sentence, way_out)


def ids(columns: Columns, case: RuleTest) -> list[str]:
    """The customers that a case gives."""
    column = columns.meanings("customers")["id"]
    rows = case.given.get(Written("customers"), [])
    return [str(one) for row in rows if (one := row.get(Written("id"), row.get(Written(column))))]
