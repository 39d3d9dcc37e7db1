"""Verbs that look and change nothing: check, schema, segments, plan, preview, why, report, explain."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from regulars.cli.app import (
    AsOfOption,
    CampaignsArgument,
    FormatOption,
    ProjectOption,
    answer,
    answer_json,
    app,
    day_of,
    moment,
    root_of,
    tell,
)
from regulars.errors import WrongUse


@app.command()
def check(
    project: ProjectOption = None,
    format: Annotated[  # noqa: A002  # the option's name
        Literal["text", "json", "annotations"],
        typer.Option("--format", help="How to answer. annotations: at the lines, in code review."),
    ] = "text",
) -> int:
    """Find everything that is wrong with the project's files."""
    from regulars.campaigns.checking.check import check as checked
    from regulars.lang.telling import as_annotations, as_json, as_text

    root = root_of(project)
    problems = checked(root)
    if format == "json":
        answer(as_json(problems.sorted()))
    elif format == "annotations":
        answer(as_annotations(problems.sorted()))
    elif problems.found:
        answer(as_text(problems.sorted(), root))
    else:
        answer("No problems. Nothing was sent.        next: regulars plan")
    return 1 if problems.errors else 0


@app.command()
def schema(project: ProjectOption = None) -> None:
    """Write schemas/*.json, from which editors complete keys, templates and steps."""
    from regulars.campaigns.editors import write

    root = root_of(project)
    for path in write(root):
        answer(str(path.relative_to(root)))


@app.command()
def explain(
    code: Annotated[str, typer.Argument(help="The code of a problem, such as unknown-key. Default: list them.")] = "",
) -> None:
    """Explain a kind of problem, with a wrong and a right example."""
    import difflib

    from regulars.lang.codes import explanation, known_codes

    if not code:
        answer("\n".join(sorted(known_codes())))
        return
    page = explanation(code)
    if not page:
        near = difflib.get_close_matches(code, known_codes(), 1)
        raise WrongUse(
            f"There is no problem called `{code}`.{f' Did you mean `{near[0]}`?' if near else ''}",
            "`regulars explain` lists them all.",
        )
    answer(page.rstrip())


@app.command()
def segments(
    project: ProjectOption = None,
    as_of: AsOfOption = "",
    format: FormatOption = "text",  # noqa: A002  # the option's name
    output: Annotated[
        Path | None, typer.Option("--output", help="Write a row per customer: FILE.csv or FILE.parquet.")
    ] = None,
    *,
    fresh: Annotated[bool, typer.Option("--fresh", help="Ask the database again, even if it was asked today.")] = False,
) -> None:
    """Count who is who."""
    from regulars.campaigns.census import census, write
    from regulars.campaigns.desk import Desk
    from regulars.cli import tables

    with Desk.open(root_of(project), looking=True) as desk:
        at = moment(as_of, desk.zone)
        counted = census(desk, at, fresh=fresh)
        _warn(desk)
        if output is not None:
            tell(f"{write(desk, at, output):,} customers written to {output}")
        answer_json(counted) if format == "json" else answer(tables.of_segments(counted))


@app.command()
def plan(
    campaigns: CampaignsArgument = None,
    project: ProjectOption = None,
    as_of: AsOfOption = "",
    format: Annotated[  # noqa: A002  # the option's name
        Literal["text", "json", "markdown"],
        typer.Option("--format", help="How to answer. markdown: for a pull request, without anybody's name."),
    ] = "text",
    against: Annotated[
        str,
        typer.Option(
            "--against",
            metavar="REVISION",
            help="Compare the rules with those of a git revision. Default: with those of the last runs.",
        ),
    ] = "",
) -> None:
    """Show who would get what, who would not and why, and whom an edit moves. Nothing is sent."""
    from regulars.campaigns.desk import Desk
    from regulars.campaigns.planning.plan import plan as planned
    from regulars.cli import plan_markdown, plan_text

    with Desk.open(root_of(project), looking=True) as desk:
        for name in campaigns or []:
            desk.campaign(name)
        foreseen = planned(desk, list(dict.fromkeys(campaigns or [])), moment(as_of, desk.zone), against)
        _warn(desk)
        if format == "json":
            answer_json(foreseen)
        else:
            answer((plan_markdown if format == "markdown" else plan_text).of_plan(foreseen, desk))


@app.command()
def why(
    customer: Annotated[str, typer.Argument(help="A customer's id, e-mail address or phone.")],
    campaigns: CampaignsArgument = None,
    project: ProjectOption = None,
    as_of: AsOfOption = "",
    format: FormatOption = "text",  # noqa: A002  # the option's name
) -> None:
    """Explain why a customer gets a message, or does not."""
    from regulars.campaigns.desk import Desk
    from regulars.campaigns.why.explain import why as explained
    from regulars.cli.why_text import of_why

    with Desk.open(root_of(project), looking=True) as desk:
        for name in campaigns or []:
            desk.campaign(name)
        told = explained(desk, customer, list(dict.fromkeys(campaigns or [])), moment(as_of, desk.zone))
        answer_json(told) if format == "json" else answer(of_why(told))


@app.command()
def preview(
    campaign: Annotated[str, typer.Argument(help="The campaign's name.")],
    customer: Annotated[
        str,
        typer.Option(
            "--customer", help="A customer's id, e-mail address or phone. Default: somebody who would get it."
        ),
    ] = "",
    message: Annotated[str, typer.Option("--message", help="The message's name. Default: all of the campaign.")] = "",
    language: Annotated[str, typer.Option("--language", help="Show it in this language.")] = "",
    to: Annotated[
        str,
        typer.Option(
            "--to", metavar="NAME", help="Send it, marked as a test, in every language to somebody of `shop.team`."
        ),
    ] = "",
    project: ProjectOption = None,
    as_of: AsOfOption = "",
    *,
    open_it: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
) -> None:
    """Write a campaign's messages as one customer would see them, into .regulars/preview; or send them to yourself."""
    from regulars.campaigns.desk import Desk
    from regulars.campaigns.trying.preview import preview as previewed

    if to:
        from regulars.cli.team import send_proofs

        send_proofs(root_of(project), campaign, to, as_of, customer=customer, message=message, language=language)
        return
    with Desk.open(root_of(project), looking=True) as desk:
        written = previewed(desk, campaign, customer, moment(as_of, desk.zone), message=message, language=language)
        for one in written:
            size = f"  ({one['segments']})" if one["segments"] else ""
            said = f"{one['message']}  {one['variant']}" if one["variant"] else one["message"]
            answer(f"{said}  {one['channel']}  {one['language']}  {one['reads']}{size}\n  {one['path']}")
        pages = [one["path"] for one in written if one["path"].endswith(".html")]
        if open_it and pages:
            typer.launch(pages[0])


@app.command()
def report(
    campaign: Annotated[str, typer.Argument(help="A campaign's name. Default: all.")] = "",
    project: ProjectOption = None,
    as_of: AsOfOption = "",
    format: Annotated[Literal["text", "json", "html"], typer.Option("--format", help="How to answer.")] = "text",  # noqa: A002  # the option's name
    output: Annotated[Path | None, typer.Option("--output", help="Write it to this file.")] = None,
    credit: Annotated[
        Literal["last", "first", "linear"],
        typer.Option("--credit", help="Which message an order counts for: the last, the first, or each its share."),
    ] = "last",
    segment: Annotated[
        str,
        typer.Option(
            "--segment",
            metavar="CONDITION",
            help="Loyalty figures by month of these customers alone: lifecycle=active, vip, or any condition.",
        ),
    ] = "",
    since: Annotated[
        str, typer.Option("--since", metavar="DATE", help="Of who entered on this day or later. Default: everybody.")
    ] = "",
    until: Annotated[
        str, typer.Option("--until", metavar="DATE", help="And on this day at the latest. Default: up to now.")
    ] = "",
) -> None:
    """Tell what was sent and what it earned."""
    import json

    from regulars.campaigns.desk import Desk
    from regulars.cli.reporting import figures_of
    from regulars.measure import report as reports

    with Desk.open(root_of(project), looking=True) as desk:
        if campaign:
            desk.campaign(campaign)
        days = day_of(since, "--since"), day_of(until, "--until")
        figures = figures_of(desk, moment(as_of, desk.zone), campaign or None, credit, segment, days)
    if format == "json":
        told = json.dumps(figures, ensure_ascii=False, indent=2, default=str)
    else:
        told = reports.text(figures) if format == "text" else reports.page(figures)
    if output is None:
        answer(told)
    else:
        output.write_text(told, encoding="utf-8")
        tell(f"written to {output}")


def _warn(desk: object) -> None:
    """Warnings of the data on stderr: the answer stays clean."""
    from regulars.campaigns.desk import Desk
    from regulars.lang.telling import as_text

    if isinstance(desk, Desk) and desk.problems.found:
        tell(as_text(desk.problems.sorted(), desk.root) + "\n")
