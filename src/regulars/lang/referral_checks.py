"""`referral` of a campaign against the rules, and against the other campaigns."""

from __future__ import annotations

import re
from collections.abc import Mapping

from regulars.lang.campaign import Campaign
from regulars.lang.model import Rules
from regulars.lang.problems import Problems
from regulars.lang.referral import Referral
from regulars.lang.yaml_text import Document


def check_referral(referral: Referral, document: Document, rules: Rules, problems: Problems) -> None:
    """Tiers are numbers of friends; and orders say which code they carried."""
    for tier in referral.tiers:
        if not re.fullmatch(r"[1-9]\d{0,4}", tier):
            problems.add(
                "referral-tier",
                tier.position,
                f"A tier begins with a friend's number, and `{tier[:20]}` is none.",
                "write   tiers: {1: {amount: 50}, 3: {amount: 80}}       from the third friend on 80",
            )
    if rules.source.order.code is None:
        problems.add(
            "no-code-column",
            document.position(("referral",), key=True),
            "No friend could be seen: rules.yaml does not say in which column orders keep the code they carried.",
            "add   code: COLUMN       under source.order",
        )


def check_one_programme(
    campaigns: Mapping[str, Campaign], documents: Mapping[str, Document], problems: Problems
) -> None:
    """Of all `campaigns` (by file) that are no draft at most one says what friends and advocates get."""
    told = [file for file, one in campaigns.items() if one.referral is not None and one.status != "draft"]
    for file in told[1:]:
        problems.add(
            "two-programmes",
            documents[file].position(("referral",), key=True),
            f"{told[0]} says already what a friend and who brought them get, and a code has one worth.",
            "keep `referral` in one of them; the others may still invite",
        )
