"""The codes of problems: each has a page of explanation, which is where it is registered."""

from __future__ import annotations

from importlib.resources import files


def known_codes() -> frozenset[str]:
    """Every code that has a page."""
    folder = files("regulars.lang") / "explanations"
    return frozenset(page.name.removesuffix(".md") for page in folder.iterdir() if page.name.endswith(".md"))


def explanation(code: str) -> str:
    """The page about `code`, as Markdown; empty where there is none."""
    return (files("regulars.lang") / "explanations" / f"{code}.md").read_text("utf-8") if code in known_codes() else ""
