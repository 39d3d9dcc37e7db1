"""What every verb shares: where the project is, what day it is taken to be, how answers and errors are told."""

from __future__ import annotations

import json
import sys
import traceback
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import typer
from typer.exceptions import TyperException

from regulars.errors import RegularsError, WrongUse
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

INTERRUPTED = 130
BROKEN = 3


@app.callback(help=app.info.help)
def _everywhere(
    *, debug: Annotated[bool, typer.Option("--debug", help="Show Python's traceback when something breaks.")] = False
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


def answer(text: str) -> None:
    """Write to stdout."""
    typer.echo(text)


def answer_json(value: Any) -> None:
    """Write a JSON document to stdout."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str))


def tell(text: str) -> None:
    """Write to stderr."""
    typer.echo(text, err=True)


def main() -> None:
    """Run the command line and leave with its exit code (DESIGN section 6)."""
    sys.exit(_run(sys.argv[1:]))


def _run(arguments: list[str]) -> int:
    from regulars.cli import act, begin, look, serve  # noqa: F401  # each registers its verbs

    try:
        code = app(arguments, standalone_mode=False)
    except typer.Exit as leaving:
        return leaving.exit_code
    except (KeyboardInterrupt, typer.Abort):
        tell("Interrupted. Whatever had begun can be run again: nothing is sent twice.")
        return INTERRUPTED
    except TyperException as error:
        words = error.format_message()
        tell(
            f"regulars: {words}\n  `regulars --help` lists the verbs, `regulars VERB --help` what each takes."
            if words
            else ""
        )
        return WrongUse.exit_code
    except RegularsError as error:
        return _explain(error, arguments)
    except Exception as error:  # noqa: BLE001  # the one place that catches everything: a marketer never sees a traceback
        if "--debug" in arguments:
            traceback.print_exc()
        tell(
            f"regulars: this is a mistake of ours ({type(error).__name__}). Nothing more was done.\n  Run it again with `regulars --debug {' '.join(arguments)}` and send us what it prints; it may quote your data."
        )
        return BROKEN
    return code if isinstance(code, int) else 0


def _explain(error: RegularsError, arguments: list[str]) -> int:
    from regulars.campaigns.desk import ProblemsFoundError

    if "--debug" in arguments:
        traceback.print_exc()
    if isinstance(error, ProblemsFoundError):
        from regulars.lang.telling import as_text

        tell(as_text(error.problems.sorted(), _root_for_errors(arguments)))
    else:
        tell(f"regulars: {error.sentence}" + (f"\n  {error.way_out}" if error.way_out else ""))
    return error.exit_code


def _root_for_errors(arguments: list[str]) -> Path:
    named = next((arguments[i + 1] for i, word in enumerate(arguments[:-1]) if word == "--project"), None)
    return find_root(Path(named) if named else Path.cwd())
