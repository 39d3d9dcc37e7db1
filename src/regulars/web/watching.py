"""`/health` for whoever restarts us, `/metrics` for whoever is woken: figures, never a person."""

from __future__ import annotations

import hmac
from collections.abc import Iterator

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from prometheus_client import CollectorRegistry, Counter, disable_created_metrics
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector

from regulars import clock
from regulars.campaigns import hearing
from regulars.errors import RegularsError
from regulars.ledger import gauges
from regulars.web.callers import is_this_machine
from regulars.web.house import House
from regulars.web.showing import house_of

router = APIRouter()


class Meters:
    """What is counted in this process, and what the ledger says when it is asked."""

    def __init__(self, house: House) -> None:
        # Each counter would have a second line that says when it began.
        disable_created_metrics()  # type: ignore[no-untyped-call]  # not annotated there
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "regulars_requests", "Requests to the web app, by route and status.", ["route", "status"],
            registry=self.registry,
        )  # fmt: skip
        self._refusals = Counter(
            "regulars_webhook_refusals", "Webhooks that were refused: forged, malformed or too large.", ["route"],
            registry=self.registry,
        )  # fmt: skip
        self.registry.register(OfLedger(house))

    def answered(self, route: str, status: int) -> None:
        """A request to `route` (as it is declared, never with what a caller wrote into it) was answered."""
        self._requests.labels(route, str(status)).inc()
        if route.startswith("/webhooks/") and 400 <= status < 500:
            self._refusals.labels(route).inc()


class OfLedger(Collector):
    """The ledger's figures, read when somebody asks for them."""

    def __init__(self, house: House) -> None:
        self._house = house

    def collect(self) -> Iterator[Metric]:
        """The figures as Prometheus' metrics. Raises OutsideError when the ledger cannot be reached."""
        now = clock.now()
        with self._house.ledger.reading() as connection:
            found = gauges.read(connection, now)
        yield _gauge("regulars_messages", "Messages that are not finished.", "state", found.states)
        oldest = "Seconds since the oldest planned message fell due."
        yield _gauge("regulars_oldest_due_seconds", oldest, "channel", found.overdue)
        breakers = {account: float(until is not None and until > now) for account, until in found.open_until.items()}
        yield _gauge("regulars_breaker_open", "1 while nobody asks a provider.", "account", breakers)
        yield _gauge("regulars_halts", "Halts in force.", "scope", found.halts)
        waiting = hearing.backlog(self._house.ledger, self._house.inbox)
        yield GaugeMetricFamily("regulars_inbox_backlog", "Posts of providers that wait to be read.", waiting)

    def describe(self) -> list[Metric]:
        """Nothing beforehand: registering must not read the ledger."""
        return []


@router.head("/health", include_in_schema=False)
@router.get("/health")
def health(request: Request) -> JSONResponse:
    """Whether the ledger can be reached; nothing else, to anybody."""
    try:
        house_of(request).ledger.version()
    except RegularsError:
        return JSONResponse({"status": "unavailable"}, 503)
    return JSONResponse({"status": "ok"})


@router.get("/metrics", response_class=PlainTextResponse)
def metrics(request: Request) -> Response:
    """The figures in Prometheus' text format, for whoever has the token; without a token, for this machine alone."""
    if not may_look(request, house_of(request).settings.metrics_token.get_secret_value()):
        return PlainTextResponse("Not for you.\n", 403)
    meters: Meters = request.app.state.meters
    try:
        return Response(generate_latest(meters.registry), media_type=CONTENT_TYPE_PLAIN_0_0_4)
    except RegularsError:
        return PlainTextResponse("The ledger cannot be reached.\n", 503)


def may_look(request: Request, token: str) -> bool:
    """Whether the request carries `token`, or comes from this machine where there is none."""
    if not token:
        return is_this_machine(request)
    given = request.headers.get("authorization", "")
    return hmac.compare_digest(given.encode(), f"Bearer {token}".encode())


def _gauge(name: str, meaning: str, label: str, values: dict[str, int] | dict[str, float]) -> Metric:
    gauge = GaugeMetricFamily(name, meaning, labels=[label])
    for value, figure in values.items():
        gauge.add_metric([value], figure)
    return gauge
