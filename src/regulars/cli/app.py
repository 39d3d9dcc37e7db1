"""What every verb shares: where the project is, what day it is taken to be, how answers and errors are told."""

from __future__ import annotations

import difflib
import json
import os
import sys
import traceback
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import typer
from typer.exceptions import TyperException
from typer.models import CommandInfo

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

STORY = (
    "init", "demo", "check", "test", "schema", "explain", "segments", "plan", "preview", "why", "simulate",
    "run", "deliver", "conversions", "report", "up", "deploy",
)  # fmt: skip
"""The verbs in the order in which somebody meets them."""
INTERRUPTED = 130
BROKEN = 3


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
    from regulars.cli import act, begin, look, serve, trying  # noqa: F401  # each registers its verbs

    app.registered_commands.sort(key=lambda verb: STORY.index(_name(verb)))
    # `--debug` is understood wherever it stands: who adds it, adds it at the end.
    rest = [word for word in arguments if word != "--debug"]
    try:
        code = app(rest, standalone_mode=False)
    except BaseException as error:  # noqa: BLE001  # the one place that catches everything: a marketer never sees a traceback
        if "--debug" in arguments and not isinstance(error, typer.Exit):
            traceback.print_exc()
        return _told(error, rest)
    if code == INTERRUPTED:
        return _told(KeyboardInterrupt(), rest)
    return code if isinstance(code, int) else 0


def _told(error: BaseException, arguments: list[str]) -> int:
    """Tell what went wrong, on stderr; returns the exit code."""
    if isinstance(error, typer.Exit):
        return error.exit_code
    if isinstance(error, KeyboardInterrupt | typer.Abort):
        tell("Interrupted. Whatever had begun can be run again: nothing is sent twice.")
        return INTERRUPTED
    if isinstance(error, BrokenPipeError):
        # Whoever read the answer (`| head`) has read enough; Python must not try to flush it at exit.
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115, PTH123  # lives as long as the process
        return 0
    if isinstance(error, TyperException):
        return _wrong_use(error.format_message(), arguments)
    if isinstance(error, RegularsError):
        return _explain(error, arguments)
    tell(
        f"regulars: this is a mistake of ours ({type(error).__name__}). Nothing more was done.\n"
        f"  Run `regulars {' '.join(arguments)} --debug` and send us what it prints; it may quote your data."
    )
    return BROKEN


def _wrong_use(words: str, arguments: list[str]) -> int:
    """What Typer found wrong with the words of the command, in two lines."""
    if words:
        verb = next((word for word in arguments if word in _verbs()), "")
        unknown = next((word for word in arguments if not word.startswith("-")), "")
        near = difflib.get_close_matches(unknown, _verbs(), 1) if not verb else []
        hint = f" Did you mean `{near[0]}`?" if near and "Did you mean" not in words else ""
        lists = f"`regulars {verb} --help` tells what it takes." if verb else f"Verbs: {', '.join(_verbs())}."
        tell(f"regulars: {' '.join(words.split())}{hint}\n  {lists}")
    return WrongUse.exit_code


def _verbs() -> list[str]:
    return [_name(verb) for verb in app.registered_commands]


def _name(verb: CommandInfo) -> str:
    return str(verb.name or (verb.callback.__name__ if verb.callback else ""))


def _explain(error: RegularsError, arguments: list[str]) -> int:
    from regulars.campaigns.desk import ProblemsFoundError

    if isinstance(error, ProblemsFoundError):
        from regulars.lang.telling import as_text

        tell(as_text(error.problems.sorted(), _root_for_errors(arguments)))
    else:
        tell(f"regulars: {error.sentence}" + (f"\n  {error.way_out}" if error.way_out else ""))
    return error.exit_code


def _root_for_errors(arguments: list[str]) -> Path:
    for place, word in enumerate(arguments):
        option, _, value = word.partition("=")
        if option == "--project":
            return find_root(Path(value or "".join(arguments[place + 1 : place + 2])))
    return find_root(Path.cwd())
