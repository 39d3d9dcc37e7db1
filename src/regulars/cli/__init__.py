"""The command line: `regulars VERB`. stdout is the answer, stderr the story."""

from regulars.cli.entry import main

__all__ = ["main"]
