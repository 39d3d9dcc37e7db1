"""What may come in: small, quick and unpacked, over a real connection."""

from __future__ import annotations

import gzip
import socket
import time
from contextlib import suppress
from urllib.parse import urlsplit

import pytest
from visits import Visit

from regulars.web import connection, intake

ENOUGH = intake.LARGEST[-1][1]


def raw(visit: Visit, *pieces: bytes, pause: float = 0.0) -> bytes:
    """What the app answers to bytes as they are, until it ends the connection."""
    address = urlsplit(str(visit.browser.base_url))
    with socket.create_connection((address.hostname, address.port), timeout=10) as wire:
        answer = b""
        # Whoever is not listened to any more may meet a reset, after whatever was answered.
        with suppress(ConnectionError):
            for piece in pieces:
                wire.sendall(piece)
                time.sleep(pause)
        with suppress(ConnectionError):
            while received := wire.recv(65_536):
                answer += received
        return answer


def head(path: str, *headers: str) -> bytes:
    return "\r\n".join([f"POST {path} HTTP/1.1", "Host: x", *headers, "", ""]).encode()


def test_a_body_of_the_largest_size_is_taken_and_one_byte_more_is_not(quick_visit: Visit) -> None:
    path = quick_visit.path("unsubscribe", "ana")
    assert quick_visit.browser.post(path, content=b"x" * ENOUGH).status_code == 200
    refused = quick_visit.browser.post(path, content=b"x" * (ENOUGH + 1))
    assert (refused.status_code, refused.headers["connection"]) == (413, "close")


def test_a_body_without_a_length_is_counted_while_it_comes(quick_visit: Visit) -> None:
    sent = 0

    def endless():
        nonlocal sent
        while sent < 100 * ENOUGH:
            sent += 4096
            yield b"x" * 4096

    answer = quick_visit.browser.post(quick_visit.path("unsubscribe", "ana"), content=endless())
    assert answer.status_code == 413
    assert quick_visit.said() == []


@pytest.mark.parametrize("length", ["999999999999999999999", "-1", "1e3", "x"])
def test_a_length_that_cannot_be_is_refused_before_anything_is_read(quick_visit: Visit, length: str) -> None:
    answer = raw(quick_visit, head("/u/x", f"Content-Length: {length}"))
    assert answer.split(b" ")[1] in (b"400", b"413")


def test_a_body_that_dribbles_is_given_up(quick_visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "BODY_SECONDS", 0.2)
    begun = time.monotonic()
    answer = raw(quick_visit, head("/u/x", "Content-Length: 100"), b"x", b"x", pause=0.05)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert time.monotonic() - begun < 5


@pytest.mark.parametrize("packed", ["gzip", "deflate", "br", "gzip, identity"])
def test_a_packed_body_is_refused(quick_visit: Visit, packed: str) -> None:
    path, body = quick_visit.path("unsubscribe", "ana"), gzip.compress(b"x" * 1_000_000)
    assert quick_visit.browser.post(path, content=body, headers={"Content-Encoding": packed}).status_code == 415
    assert quick_visit.said() == []


def test_webhooks_have_limits_of_their_own() -> None:
    sizes = [intake._largest({"path": path}) for path in ("/webhooks/sendgrid", "/webhooks/twilio/status", "/u/x", "*")]
    assert sizes == [2_097_152, 65_536, 16_384, 16_384]


@pytest.mark.parametrize("size", [17_000, 100_000, 3_000_000])
def test_headers_have_an_end(quick_visit: Visit, size: int) -> None:
    for request in (head("/u/x", f"Cookie: {'x' * size}"), head(f"/u/x?{'x' * size}")):
        assert raw(quick_visit, request)[9:12] in (b"400", b"431")


def test_headers_that_dribble_are_given_up(quick_visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "HEADER_SECONDS", 0.2)
    begun = time.monotonic()
    assert raw(quick_visit, b"GET /health HT") == b""
    assert raw(quick_visit, b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n", b"GET /he", pause=0.1).endswith(b'"ok"}')
    assert time.monotonic() - begun < 3
