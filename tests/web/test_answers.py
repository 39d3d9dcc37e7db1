"""What every answer carries, and what none shows."""

from __future__ import annotations

import logging

import pytest
from visits import PUBLIC, Visit, served

from regulars.web import unsubscribing
from regulars.web.app import create
from regulars.web.showing import policy

PATHS = [
    *(
        "/health",
        "/metrics",
        "/u/x",
        "/p/x",
        "/c/x",
        "/o/x",
        "/r/x",
        "/nothing",
        "/",
        "/u/x/",
        "/openapi.json",
        "/docs",
    ),
    *("/webhooks/sendgrid", "/webhooks/twilio/status", "/webhooks/twilio/inbound"),
]
SAFE = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "strict-transport-security": "max-age=31536000",
}


def broken(*_: object) -> None:
    raise ValueError("ana@example.com +40700000001")


@pytest.mark.parametrize("method", ["GET", "POST", "HEAD", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("path", PATHS)
def test_every_answer_is_guarded(quick_visit: Visit, method: str, path: str) -> None:
    answer = quick_visit.browser.request(method, path)
    assert {name: answer.headers.get(name) for name in SAFE} == SAFE
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "'unsafe-inline'" not in answer.headers["content-security-policy"]
    assert not answer.is_redirect
    assert {"server", "set-cookie", "x-powered-by"} & set(answer.headers) == set()


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_mistake_of_ours_shows_and_logs_nobody(
    quick_visit: Visit, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, method: str
) -> None:
    monkeypatch.setattr(unsubscribing.wishes, "reader", broken)
    path = quick_visit.path("unsubscribe", "ana")
    with caplog.at_level(logging.DEBUG):
        answer = quick_visit.browser.request(method, path)
    assert answer.status_code == 500
    assert {name: answer.headers.get(name) for name in SAFE} == SAFE
    assert "Este vina noastră." in answer.text
    ours = "\n".join(
        record.getMessage() for record in caplog.records if record.name.startswith(("regulars", "uvicorn"))
    )
    assert "ValueError at " in ours
    for secret in ("example.com", "+407", "Traceback", path[3:]):
        assert secret not in answer.text + ours


def test_even_a_broken_house_answers(quick_visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(quick_visit.house), "shop", property(broken))
    answer = quick_visit.browser.get("/r/x")
    assert (answer.status_code, "Something went wrong" in answer.text) == (500, True)


def test_without_https_browsers_are_not_told_to_ask_for_it(quick_visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REGULARS_PUBLIC_URL", "http://127.0.0.1:8080")
    app = create(quick_visit.shop.root)
    with served(app) as address:
        assert "strict-transport-security" not in quick_visit.browser.get(f"{address}/health").headers


def test_the_host_a_caller_names_is_on_no_page(quick_visit: Visit) -> None:
    for path in (quick_visit.path("unsubscribe", "ana"), "/nothing"):
        answer = quick_visit.browser.get(path, headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"})
        assert "evil" not in answer.text + str(answer.headers)


def test_the_policy_allows_the_style_that_stands_in_the_page(quick_visit: Visit) -> None:
    from base64 import b64encode
    from hashlib import sha256

    html = quick_visit.browser.get("/nothing").text
    style = html.split("<style>")[1].split("</style>")[0]
    assert b64encode(sha256(style.encode()).digest()).decode() in policy()


def test_what_marketers_write_is_text_on_a_page(quick_visit: Visit) -> None:
    rules = quick_visit.shop.root / "rules.yaml"
    rules.write_text(rules.read_text().replace("name: Casa Verde", 'name: "<script>alert(1)</script>{0}"'))
    html = quick_visit.browser.get(quick_visit.path("unsubscribe", "ana")).text
    assert "<script" not in html
    assert "&lt;script&gt;" in html


def test_nothing_of_a_request_is_logged(quick_visit: Visit, caplog: pytest.LogCaptureFixture) -> None:
    path = quick_visit.path("unsubscribe", "ana")
    with caplog.at_level(logging.INFO):
        quick_visit.browser.get(path, headers={"User-Agent": "odd"})
    ours = [record.getMessage() for record in caplog.records if not record.name.startswith("httpx")]
    assert not any(path[3:] in said or "odd" in said for said in ours)


def test_the_description_for_testers_names_every_route(quick_visit: Visit) -> None:
    described = quick_visit.app.openapi()["paths"]
    assert {"/u/{token}", "/p/{token}", "/c/{token}", "/r/{code}", "/health", "/metrics"} <= set(described)
    assert PUBLIC not in str(described)
