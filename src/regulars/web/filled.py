"""What somebody filled in: the fields of a form, of either kind that browsers and mail programs send."""

from __future__ import annotations

from fastapi import Request
from starlette.exceptions import HTTPException

MOST = 200
"""Fields; the preference page of the largest shop has fewer."""


async def fields(request: Request) -> dict[str, str]:
    """Field → its last value. Empty for a body that is no form: what a link does must not hang on its body."""
    try:
        form = await request.form(max_files=0, max_fields=MOST)
    except (HTTPException, ValueError):
        return {}
    return {name: value for name, value in form.multi_items() if isinstance(value, str)}
