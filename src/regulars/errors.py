"""What can go wrong, in the reader's words.

Every error says what is wrong and ends with the way out. Nothing here ever holds an address, a phone number or a
key: texts reach terminals, logs and Prefect's database.
"""

from __future__ import annotations


class RegularsError(Exception):
    """Something went wrong that the reader can mend. `sentence` says what, `way_out` what to do about it."""

    exit_code = 3

    def __init__(self, sentence: str, way_out: str = "") -> None:
        super().__init__(sentence, way_out)
        self.sentence = sentence
        self.way_out = way_out

    def __str__(self) -> str:
        return f"{self.sentence} {self.way_out}".strip()


class WrongUse(RegularsError):
    """The command was called in a way that has no meaning."""

    exit_code = 2


class ProjectError(RegularsError):
    """The project's files say something that cannot be carried out."""

    exit_code = 1


class OutsideError(RegularsError):
    """A database, a file system or a provider failed; the project is not to blame."""

    exit_code = 3


class SourceError(ProjectError):
    """The shop's data cannot be read as `source` describes it."""


class Stopped(ProjectError):
    """A limit of the project (`expect`, a missing pool of codes) stopped a run before anything was sent."""


class MessagesFailed(RegularsError):
    """The run finished, and some of its messages did not go out."""

    exit_code = 4


class NotIdentified(RegularsError):
    """The data do not tell the parameters of a model. `sentence` says why; there are no numbers."""

    exit_code = 3
