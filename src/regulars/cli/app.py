"""What every verb shares: where the project is, what day it is taken to be, how answers and errors are told."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import typer

from regulars.errors import WrongUse
from regulars.lang.project import find_root

app = typer.Typer(
    name="regulars",
    help="Loyalty marketing as code: who the customers are, what to send them, and what it earned.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

ProjectOption = Annotated[
    Path | None,
    typer.Option("--project", help="The folder of rules.yaml. Default: here, or the nearest parent that has one."),
]
AsOfOption = Annotated[
    str,
    typer.Option(
        "--as-of", metavar="DATE", help="Take it to be this day (noon), or moment: 2026-08-27, or 2026-08-27T10:00."
    ),
]
FormatOption = Annotated[Literal["text", "json"], typer.Option("--format", help="How to answer.")]
CampaignsArgument = Annotated[
    list[str] | None, typer.Argument(metavar="[CAMPAIGN]...", help="Names of campaigns. Default: all.")
]


def _tell_version(wanted: bool) -> None:  # Typer calls it with the option's value
    if wanted:
        from importlib.metadata import version

        answer(f"regulars {version('regulars')}")
        raise typer.Exit


@app.callback(help=app.info.help)
def _everywhere(
    *,
    debug: Annotated[bool, typer.Option("--debug", help="Show Python's traceback when something breaks.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_tell_version, is_eager=True, help="Tell the version.")
    ] = False,
) -> None:
    """`--debug` is looked for in the arguments themselves: an error may come before they are parsed."""


def root_of(project: Path | None) -> Path:
    """The project's folder; raises WrongUse when there is none."""
    return find_root(project or Path.cwd())


def moment(as_of: str, zone: str) -> datetime:
    """The moment that `--as-of` means where the shop's clocks show `zone`; without one, now. Raises WrongUse."""
    from regulars import clock
    from regulars.campaigns.calendar import at_noon

    if not as_of:
        return clock.now()
    try:
        if len(as_of) == len("2026-08-27"):
            return at_noon(date.fromisoformat(as_of), zone)
        named = datetime.fromisoformat(as_of)
    except ValueError:
        raise WrongUse(f"`{as_of}` is not a day.", "Write --as-of 2026-08-27, or --as-of 2026-08-27T10:00.") from None
    return named if named.tzinfo else named.replace(tzinfo=ZoneInfo(zone))


def day_of(day: str, option: str) -> str:
    """The day of the shop's (ISO) that somebody wrote behind `option`; empty without one. Raises WrongUse."""
    try:
        return date.fromisoformat(day).isoformat() if day else ""
    except ValueError:
        raise WrongUse(f"`{day}` is not a day.", f"Write {option} 2026-08-27.") from None


def answer(text: str) -> None:
    """Write to stdout."""
    typer.echo(text)


def answer_json(value: Any) -> None:
    """Write a JSON document to stdout."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str))


def tell(text: str) -> None:
    """Write to stderr."""
    typer.echo(text, err=True)
