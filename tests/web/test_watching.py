"""Whoever watches sees figures: of few rows, of nobody, and not from everywhere."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from visits import Visit

from regulars.errors import OutsideError
from regulars.ledger import gauges
from regulars.ledger.inbox import Post
from regulars.ledger.store import Ledger

PLANNED = "update message set state = 'planned', not_before = '2026-11-01 00:00:00' where customer_id = 'ana'"
DOUBTFUL = "update message set state = 'ambiguous' where customer_id = 'tom' and channel = 'sms'"
BROKEN = "insert into breaker (account, failures, batch, open_until) values ('sendgrid', 5, 1, '2999-01-01 00:00:00')"
HALTED = (
    "insert into halt (id, scope, reason, at, lifted_by) values ('h', 'channel sms', 'r', '2026-11-01 00:00:00', '')"
)


def figures(visit: Visit, **headers: str) -> dict[str, float]:
    lines = visit.browser.get("/metrics", headers=headers).text.splitlines()
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))}


def change(visit: Visit, *statements: str) -> None:
    with visit.house.ledger.writing() as connection:
        for statement in statements:
            connection.execute(text(statement))


def test_metrics_tell_what_waits_what_is_in_doubt_and_what_stands_still(visit: Visit) -> None:
    change(visit, PLANNED, DOUBTFUL, BROKEN, HALTED)
    found = figures(visit)
    assert found['regulars_messages{state="planned"}'] == 3
    assert found['regulars_messages{state="ambiguous"}'] == 1
    assert found['regulars_messages{state="sending"}'] == 0
    assert found['regulars_oldest_due_seconds{channel="email"}'] > 86_400
    assert found['regulars_breaker_open{account="sendgrid"}'] == 1
    assert found['regulars_halts{scope="channel sms"}'] == 1


def test_requests_are_counted_by_route_and_never_by_what_is_in_them(quick_visit: Visit) -> None:
    path = quick_visit.path("unsubscribe", "ana")
    for asked in (path, "/u/invented", "/made/up"):
        quick_visit.browser.get(asked)
    answer = quick_visit.browser.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    found = figures(quick_visit)
    assert found['regulars_requests_total{route="/u/{token}",status="200"}'] == 1
    assert found['regulars_requests_total{route="/u/{token}",status="404"}'] == 1
    assert found['regulars_requests_total{route="unknown",status="404"}'] == 1
    assert not any(part in answer.text for part in (path[3:], "invented", "made", "example.com"))


def test_what_providers_told_and_nobody_read_yet_is_counted(quick_visit: Visit) -> None:
    quick_visit.app.state.expander.stop()
    quick_visit.house.inbox.keep([Post("sendgrid", str(n), b"[]") for n in range(3)])
    assert figures(quick_visit)["regulars_inbox_backlog"] == 3


def test_refused_webhooks_are_counted(quick_visit: Visit) -> None:
    meters = quick_visit.app.state.meters
    for status in (200, 403, 413, 500):
        meters.answered("/webhooks/sendgrid", status)
    assert figures(quick_visit)['regulars_webhook_refusals_total{route="/webhooks/sendgrid"}'] == 2


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "Via", "X-Real-IP"])
def test_metrics_without_a_token_answer_this_machine_and_no_proxy_on_it(quick_visit: Visit, header: str) -> None:
    assert quick_visit.browser.get("/metrics").status_code == 200
    assert quick_visit.browser.get("/metrics", headers={header: "127.0.0.1"}).status_code == 403


def test_metrics_with_a_token_ask_for_it(quick_visit: Visit) -> None:
    from pydantic import SecretStr

    quick_visit.house.settings.metrics_token = SecretStr("very secret")
    for wrong in (
        {},
        {"Authorization": "Bearer very"},
        {"Authorization": "very secret"},
        {"Authorization": "Bearer ăîș"},
    ):
        assert quick_visit.browser.get("/metrics", headers={k: v.encode() for k, v in wrong.items()}).status_code == 403
    assert figures(quick_visit, Authorization="Bearer very secret")['regulars_messages{state="planned"}'] == 0


def test_health_tells_whether_the_ledger_is_there_and_nothing_else(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert visit.browser.get("/health").json() == {"status": "ok"}

    def away(_self: Ledger) -> None:
        raise OutsideError("The ledger at `postgresql://user@secret-host` cannot be opened.")

    monkeypatch.setattr(Ledger, "reading", away)
    answer = visit.browser.get("/health")
    assert (answer.status_code, answer.json()) == (503, {"status": "unavailable"})
    assert (visit.browser.get("/metrics").status_code) == 503


@pytest.mark.parametrize("question", gauges.QUESTIONS)
def test_no_figure_reads_the_history(quick_visit: Visit, question: str) -> None:
    plan = quick_visit.rows(f"explain query plan {gauges.QUESTIONS[question]}")
    index = {"waiting": "message_due", "held": "message_lease", "doubtful": "message_in_doubt"}[question]
    assert f"USING INDEX {index}" in plan[0]["detail"] or f"USING COVERING INDEX {index}" in plan[0]["detail"]
