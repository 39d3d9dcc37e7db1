"""The entry: every verb in its place, and what goes wrong told in the reader's words, with its exit code."""

from __future__ import annotations

import difflib
import gc
import os
import sys
import traceback
from pathlib import Path

import typer
from typer.exceptions import TyperException
from typer.models import CommandInfo

from regulars.cli import act, begin, codes, earning, look, operate, person, serve, team, trying
from regulars.cli.app import app, tell
from regulars.cli.wrong_words import in_our_words
from regulars.errors import RegularsError, WrongUse
from regulars.lang.project import find_root

VERBS = (act, begin, codes, earning, look, operate, person, serve, team, trying)
"""Each registers its verbs when it is imported."""
STORY = (
    "init", "demo", "check", "test", "schema", "explain", "segments", "plan", "preview", "why", "simulate",
    "approve", "run", "deliver", "conversions", "earlier", "codes", "report", "reconcile", "forget", "export", "doctor",
    "up", "web", "deploy",
)  # fmt: skip
"""The verbs in the order in which somebody meets them."""
INTERRUPTED = 130
ALIVE = 50_000
"""So many new objects before Python looks for rubbish among them; its own 700 suit a program of a thousand."""
BROKEN = 3


def main() -> None:
    """Run the command line and leave with its exit code (DESIGN section 6)."""
    # What imports and models make stays to the end: looking through it for rubbish is a tenth of a short command.
    gc.set_threshold(ALIVE)
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command; its exit code."""
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
    if isinstance(error, typer.Exit | SystemExit):
        return _code(error)
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


def _code(leaving: typer.Exit | SystemExit) -> int:
    code = leaving.exit_code if isinstance(leaving, typer.Exit) else leaving.code
    return code if isinstance(code, int) else 0


def _wrong_use(words: str, arguments: list[str]) -> int:
    """What Typer found wrong with the words of the command, in two lines."""
    if words:
        verb = next((word for word in arguments if word in _verbs()), "")
        unknown = next((word for word in arguments if not word.startswith("-")), "")
        near = difflib.get_close_matches(unknown, _verbs(), 1) if not verb else []
        hint = f" Did you mean `{near[0]}`?" if near and "Did you mean" not in words else ""
        lists = f"`regulars {verb} --help` tells what it takes." if verb else f"Verbs: {', '.join(_verbs())}."
        tell(f"regulars: {in_our_words(words)}{hint}\n  {lists}")
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
