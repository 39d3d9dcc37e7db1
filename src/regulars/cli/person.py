"""Verbs about one person's data: forget them, or give them what is held."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from regulars.cli.app import AsOfOption, FormatOption, ProjectOption, answer, answer_json, app, moment, root_of, tell
from regulars.cli.layout import counted
from regulars.errors import ProjectError

if TYPE_CHECKING:
    from regulars.campaigns.held.forget import Forgotten
    from regulars.campaigns.held.whose import Person

CustomerArgument = Annotated[str, typer.Argument(help="A customer's id, e-mail address or phone.")]


@app.command()
def forget(
    customer: CustomerArgument,
    project: ProjectOption = None,
    format: FormatOption = "text",  # noqa: A002  # the option's name
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask in a terminal.")] = False,
) -> None:
    """Erase a person everywhere, and never write to them again."""
    from dataclasses import asdict

    from regulars import clock
    from regulars.campaigns.desk import Desk
    from regulars.campaigns.held.forget import forget as erased
    from regulars.campaigns.held.whose import whose

    with Desk.open(root_of(project)) as desk:
        person = whose(desk, customer)
        if not yes:
            _ask(person)
        told = erased(desk, person, clock.now())
    if format == "json":
        answer_json(asdict(told))
    else:
        answer(_told(told))


@app.command()
def export(
    customer: CustomerArgument,
    project: ProjectOption = None,
    as_of: AsOfOption = "",
    output: Annotated[Path | None, typer.Option("--output", help="Write it to FILE.json.")] = None,
) -> None:
    """Write everything that is held about a person, as JSON, to be given to them."""
    from regulars.campaigns.desk import Desk
    from regulars.campaigns.held.export import export as exported
    from regulars.campaigns.held.whose import whose

    with Desk.open(root_of(project), looking=True) as desk:
        held = exported(desk, whose(desk, customer), moment(as_of, desk.zone))
    if output is None:
        answer_json(held)
        return
    output.touch(0o600)
    output.write_text(json.dumps(held, ensure_ascii=False, indent=2, default=str) + "\n", encoding="utf-8")
    tell(f"What is held was written to {output}.")


def _ask(person: Person) -> None:
    """In a terminal, let somebody type the id: it cannot be undone."""
    import sys

    if not sys.stdin.isatty():
        return
    typed = typer.prompt(
        f"This cannot be undone. Type the id {person.customer} to forget this customer, anything else to stop",
        err=True,
        default="",
        show_default=False,
    )
    if typed.strip() != person.customer:
        raise ProjectError("The id was not typed. Nobody was forgotten.", "Run it again when you are sure.")


def _told(told: Forgotten) -> str:
    rows = {name.replace("_", " "): number for name, number in told.ledger.items() if name != "suppression"}
    lines = [
        f"Forgotten: {told.customer}",
        f"  ledger     {_of(rows)}",
        f"  files      {_of(told.files)}",
        f"  hashes     {told.ledger.get('suppression', 0)} kept, so that nobody writes to them again",
    ]
    if told.posts:
        lines.insert(3, f"  inbox      {told.posts:,} posts of providers")
    if told.in_the_shop:
        lines.append("The shop's own data still names them, and Regulars only reads it: erase them there too.")
    if not told.clean:
        lines.append("Somebody was reading the ledger all the time: run it again, so that its file keeps no trace.")
    return "\n".join(lines)


def _of(numbers: Mapping[str, int]) -> str:
    return counted(dict(numbers)) or "nothing"
