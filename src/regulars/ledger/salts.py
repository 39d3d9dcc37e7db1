"""Secrets of a ledger that does not exist yet: a plan before the first run already draws arms.

They wait in a file of the project's folder until the ledger is made, and it takes them over.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
from pathlib import Path

FILE = "salts.json"
OF_A_LEDGER = ("ledger", "same", "addresses", "arms")
"""Drawn with the ledger itself, so that every copy of it, however early, knows whose copy it is."""


def drawn() -> str:
    """A fresh salt: 32 hexadecimal digits."""
    return secrets.token_hex(16)


def waiting(folder: Path, name: str) -> str:
    """The salt `name` that waits in `folder`; empty when there is none."""
    try:
        salts: dict[str, str] = json.loads((folder / FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return ""
    return salts.get(name, "")


def kept(folder: Path, name: str) -> str:
    """The salt `name` of `folder`, drawn now when there is none. Two processes at once get the same one."""
    # A process that never finishes its write must not leave a half file: written aside, then put in place whole, and
    # only where nothing stands. A second name is rare; the one who loses the race reads the winner's and adds to it.
    while not (salt := waiting(folder, name)):
        folder.mkdir(parents=True, exist_ok=True)
        _put(folder, name)
    return salt


def _put(folder: Path, name: str) -> None:
    lock = folder / f"{FILE}.lock"
    handle = os.open(lock, os.O_WRONLY | os.O_CREAT, 0o600)
    aside = folder / f"{FILE}.{os.getpid()}"
    try:
        with contextlib.suppress(ImportError):
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX)
        if waiting(folder, name):
            return
        existing = json.loads((folder / FILE).read_text(encoding="utf-8")) if (folder / FILE).exists() else {}
        with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            json.dump({**existing, name: drawn()}, file)
        aside.replace(folder / FILE)
    finally:
        os.close(handle)
