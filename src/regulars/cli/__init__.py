"""The command line: `regulars VERB`. stdout is the answer, stderr the story."""

from regulars.cli.app import main

__all__ = ["main"]
