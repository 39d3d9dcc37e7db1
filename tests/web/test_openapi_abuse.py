"""Whatever is sent to the web app, by its own description and beside it: no mistake of ours, and nothing changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from visits import Visit

schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is of the extra `dev`, and not installed")

SAFE = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "strict-transport-security": "max-age=31536000",
}
EXAMPLES = 15
"""Of each operation."""
TABLES = (
    *("message", "enrolment", "attempt", "transition", "consent", "suppression", "event", "stray", "halt", "link"),
    *("posted_order", "answer"),
)
TYPES = ("application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain", "?")
WORDS = st.text(max_size=20)
BODIES = st.one_of(
    st.binary(max_size=200),
    st.dictionaries(WORDS, WORDS, max_size=4).map(
        lambda form: "&".join(
            f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in form.items()
        ).encode()
    ),
    st.sampled_from([b"[" * 3000, b"{}", b"[]", b'[{"event":"open"}]', b"null", b"NaN", b"\xff\xfe", b"a" * 20_000]),
)


def operations(visit: Visit) -> Iterator[Any]:
    schema = schemathesis.openapi.from_dict(visit.app.openapi())
    for found in schema.get_all_operations():
        yield found.ok()


def books(visit: Visit) -> dict[str, list[dict[str, Any]]]:
    return {table: sorted(visit.rows(f"select * from {table}"), key=str) for table in TABLES}


def spoilt(visit: Visit) -> st.SearchStrategy[str]:
    """Genuine tokens with one character changed, cut short, or asked for another purpose."""
    whole = [visit.path(purpose, "ana")[3:] for purpose in ("unsubscribe", "preferences", "answer")]
    at = st.integers(0, min(map(len, whole)) - 1)
    other = {"A": "B"}
    changed = st.builds(
        lambda token, n: token[:n] + other.get(token[n], "A") + token[n + 1 :], st.sampled_from(whole), at
    )
    cut = st.builds(lambda token, n: token[:n] or "-", st.sampled_from(whole), at)
    return changed | cut


def abused(visit: Visit, operation: Any) -> Callable[[], None]:
    """Sends nonsense to one operation, and looks at every answer."""

    @settings(
        max_examples=EXAMPLES, deadline=None, database=None, derandomize=True, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(operation.as_strategy(), spoilt(visit), st.booleans(), BODIES, st.sampled_from(TYPES), WORDS)
    def abuse(case: Any, token: str, genuine: bool, body: bytes, content: str, query: str) -> None:
        path = case.formatted_path
        if genuine and "{token}" in operation.path:
            path = operation.path.replace("{token}", token)
        answer = visit.browser.request(
            case.method, f"{path}?x={quote(query, safe='')}",
            content=body if case.method == "POST" else None, headers={"content-type": content},
        )  # fmt: skip
        assert answer.status_code < 500, (case.method, path)
        assert {name: answer.headers.get(name) for name in SAFE} == SAFE, path
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "Traceback" not in answer.text

    return abuse


def test_nonsense_of_any_kind_meets_no_mistake_and_changes_nothing(quick_visit: Visit) -> None:
    before, asked = books(quick_visit), set()
    for operation in operations(quick_visit):
        abused(quick_visit, operation)()
        asked.add((operation.method.upper(), operation.path))
    described = quick_visit.app.openapi()["paths"]
    assert asked == {(method.upper(), path) for path, methods in described.items() for method in methods}
    assert before["message"]
    assert books(quick_visit) == before


def test_every_page_and_webhook_is_described(quick_visit: Visit) -> None:
    described = {path.split("/")[1] for path in quick_visit.app.openapi()["paths"]}
    assert described == {"u", "p", "c", "r", "o", "health", "metrics", "webhooks", "orders", "a"}
