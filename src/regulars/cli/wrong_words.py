"""What Typer says of words that mean nothing, in our words, with what was probably meant."""

from __future__ import annotations

import re
from collections.abc import Callable

from regulars.lang.suggest import did_you_mean


def _option(found: re.Match[str]) -> str:
    near = (found[2] or "").split(", ")
    return f"There is no option `{found[1]}`.{did_you_mean(found[1], filter(None, near))}"


def _verb(found: re.Match[str]) -> str:
    return f"There is no verb `{found[1]}`.{f' Did you mean `{found[2]}`?' if found[2] else ''}"


def _choice(found: re.Match[str]) -> str:
    allowed = re.findall(r"'([^']*)'", found[3])
    said = "This" if found[1].startswith("[") else f"`{found[1]}`"
    return f"{said} cannot be `{found[2]}`.{did_you_mean(found[2], allowed)} It is one of: {', '.join(allowed)}."


_SAID: tuple[tuple[str, Callable[[re.Match[str]], str]], ...] = (
    (r"No such option: (\S+?)(?:\s+\(Possible options: (.*)\)| Did you mean (\S+)\?)?", _option),
    (r"No such command '(.*?)'\.(?: Did you mean '(.*?)'\?)?", _verb),
    (r"Invalid value for '(.*?)': (?:Value error, )?'(.*?)' is not one of (.*)\.", _choice),
    (r"Got unexpected extra arguments?(?:\(s\))? \((.*)\)", lambda found: f"`{found[1]}` is more than this takes."),
    (r"Missing argument '(.*)'\.", lambda found: f"The {found[1]} is missing."),
    (r"Missing option '(.*)'\.", lambda found: f"`{found[1]}` is missing."),
    (r"Option '(.*)' requires an argument\.", lambda found: f"`{found[1]}` wants a value behind it."),
)


def in_our_words(words: str) -> str:
    """The sentence for what Typer says; its own, on one line, where it says something else."""
    said = " ".join(words.split())
    for pattern, sentence in _SAID:
        if found := re.fullmatch(pattern, said):
            return sentence(found)
    return said
