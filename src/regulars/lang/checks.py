"""What can be checked across the files without looking at any data."""

from __future__ import annotations

from collections.abc import Sequence

from regulars.lang.model import Campaign, Rules
from regulars.lang.problems import Problems
from regulars.lang.yaml_text import Document


def check_rules(rules: Rules, document: Document, campaigns: Sequence[str], problems: Problems) -> None:
    """Names, tables, ladders, zones, languages and guards of `rules.yaml`; `campaigns` are the names that exist."""


def check_campaign(campaign: Campaign, document: Document, rules: Rules, problems: Problems) -> None:
    """What one campaign says, against the rules."""
