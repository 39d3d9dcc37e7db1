"""Programs that open letters and follow links so that no person has to: seen by how they call themselves."""

from __future__ import annotations

import re
from functools import lru_cache

SCANNERS = (
    "barracuda",
    "bitdefender",
    "bot",
    "cisco-secure",
    "crawl",
    "curl/",
    "fortimail",
    "go-http-client",
    "googleimageproxy-prefetch",
    "headlesschrome",
    "java/",
    "mailscanner",
    "mimecast",
    "okhttp",
    "phantomjs",
    "proofpoint",
    "python-requests",
    "python-urllib",
    "safelinks",
    "scanner",
    "sophos",
    "spider",
    "symantec",
    "trendmicro",
    "urldefense",
    "wget/",
    "zscaler",
)
"""Pieces of their names, in small letters."""

_SCANNER = re.compile("|".join(map(re.escape, SCANNERS)))


def is_scanner(user_agent: object) -> bool:
    """Whether a user agent is one of a scanner. An unknown or missing one is not."""
    return isinstance(user_agent, str) and _is_one(user_agent)


@lru_cache(maxsize=1_000)
def _is_one(user_agent: str) -> bool:
    return _SCANNER.search(user_agent[:1_000].lower()) is not None
