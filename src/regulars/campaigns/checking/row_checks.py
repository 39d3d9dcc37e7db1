"""What a campaign says of rows, of days and of everybody, against the columns that are there."""

from __future__ import annotations

from datetime import date

from regulars.lang.campaign import Campaign
from regulars.lang.conditions import read
from regulars.lang.kinds import SPOKEN
from regulars.lang.problems import Position, Problems
from regulars.lang.project import Project
from regulars.lang.suggest import did_you_mean, listed
from regulars.people.vocabulary import Vocabulary

MOMENTS = ("date", "time")


def check_rows(name: str, project: Project, vocabulary: Vocabulary) -> None:
    """`for_each` of the campaign `name`, and the days its messages count from, against the table that it walks."""
    campaign, source, problems = project.campaigns[name], vocabulary.source, vocabulary.problems
    walked = campaign.for_each
    if walked is None or not source.has(str(walked.row)):
        return
    if source.customer_column(str(walked.row)) is None:
        problems.add(
            "whose-rows",
            walked.row.at(0, len(walked.row)),
            f"Nothing says whose the rows of `{walked.row}` are.",
            f"write {walked.row}: {{file: …, customer: COLUMN}} under `source.tables`",
        )
    if walked.where is not None:
        vocabulary.row_condition(str(walked.row), walked.where)
    for index, message in enumerate(campaign.messages if not walked.together else []):
        for key, timed in (("after", message.after), ("before", message.before)):
            if timed is not None and timed.column:
                place = project.position(project.campaign_file(name), ("messages", index, key))
                _day_of_row(str(walked.row), timed.column, str(timed), place, vocabulary)


def _day_of_row(table: str, column: str, said: str, place: Position, vocabulary: Vocabulary) -> None:
    """A time that counts from `column`, a column of `table`, which must hold days."""
    fields, problems = vocabulary.source.fields(table), vocabulary.problems
    at = Position(place.file, place.line, place.column + max(said.find("row."), 0), len(f"row.{column}"))
    days = sorted(name for name, field in fields.items() if field.kind in MOMENTS)
    if column not in fields:
        hint = did_you_mean(column, fields)
        problems.add(
            "unknown-name",
            at,
            f"`{column}` is not a column of `{table}`.{hint}",
            f"days of it: {listed(days) or 'none'}",
        )
    elif fields[column].kind not in MOMENTS:
        problems.add(
            "kinds-differ",
            at,
            f"A time is counted from a day, and `{column}` of `{table}` is {SPOKEN[fields[column].kind]}.",
            f"days of it: {listed(days)}" if days else f"say under `source.types`   {table}.{column}: date",
        )


def check_same(campaign: Campaign, problems: Problems) -> None:
    """A branch whose condition names neither a person nor a day is taken for everybody, or for nobody."""
    audience = [campaign.audience, *([] if campaign.exit is None else [campaign.exit])]
    for text in [one for one in campaign.conditions if not any(one is other for other in audience)]:
        tree = read(text, Problems())
        if tree is not None and not tree.names and not any(node.op == "today" for node in tree.walk()):
            problems.add(
                "same-for-all",
                text.at(0, len(text)),
                "This condition names nothing of a customer, so it is the same for everybody.",
                "write one that tells people apart, such as `orders >= 1`, or delete it",
            )


def check_end(campaign: Campaign, place: Position, today: date, problems: Problems) -> None:
    """Warn of a campaign that is live and has ended: nobody enters any more."""
    if campaign.ends is not None and campaign.ends.on < today and campaign.status == "live":
        problems.add(
            "has-ended",
            place,
            f"This campaign ended on {campaign.ends}: nobody enters any more.",
            "write a later day, or   status: paused",
            "warning",
        )
