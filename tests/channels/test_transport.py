"""One request: never repeated, never redirected, over in time, its fate told honestly."""

import asyncio
import socket
import time
from datetime import UTC, datetime

import pytest
from channel_peers import ask, closed_port, sendgrid_at

from regulars.channels.sendgrid import SendGrid
from regulars.channels.transport import Lost, Reply, Transport, outcome_of
from regulars.testing import FakeSendGrid, Reaction, example, frozen


def post(url, transport=None, *, seconds=5.0):
    async def once():
        asked = transport or Transport()
        try:
            until = asyncio.get_running_loop().time() + seconds
            return await asked.post(url, headers={}, body=b"{}", until=until)
        finally:
            await asked.close()

    return asyncio.run(once())


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (301, "config"), (302, "config"), (307, "config"), (308, "config"),
        (400, "rejected"), (401, "config"), (402, "config"), (403, "config"), (404, "config"), (405, "config"),
        (408, "ambiguous"), (413, "rejected"), (422, "rejected"), (429, "throttled"),
        (500, "ambiguous"), (502, "ambiguous"), (503, "ambiguous"), (504, "ambiguous"), (204, "ambiguous"),
    ],
)  # fmt: skip
def test_each_status_has_one_meaning(status, outcome):
    assert outcome_of(status) == outcome


def test_a_refused_connection_is_provably_not_sent():
    with closed_port() as url:
        assert post(url) == Lost("notsent", "no connection: refused")


def test_a_name_that_is_not_found_is_provably_not_sent(monkeypatch):
    def unknown(*_args, **_kwargs):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert post("http://provider.example") == Lost("notsent", "no connection: the host's name was not found")


def test_a_failed_tls_handshake_is_provably_not_sent(sendgrid):
    assert post(sendgrid.url.replace("http:", "https:")) == Lost("notsent", "no connection: TLS failed")
    assert sendgrid.requests == []


def test_a_host_that_does_not_pick_up_is_provably_not_sent():
    with socket.socket() as full, socket.socket() as first, socket.socket() as second:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for caller in (first, second):  # fill the queue of the one who never accepts
            caller.setblocking(False)
            caller.connect_ex(full.getsockname())
        began = time.monotonic()
        reply = post(f"http://127.0.0.1:{full.getsockname()[1]}", Transport(connect=0.3))
    assert reply == Lost("notsent", "no connection in time")
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("fault", ["reset", "cut", "garbage"])
def test_a_wire_that_breaks_after_the_request_is_ambiguous_and_never_asked_again(sendgrid, fault):
    sendgrid.always(fault)
    assert post(sendgrid.url + "/v3/mail/send") == Lost("ambiguous", "the connection was lost before the answer")
    assert len(sendgrid.requests) == 1


@pytest.mark.parametrize("fault", ["hang", "dribble"])
def test_the_total_deadline_holds_against_a_peer_that_is_silent_or_dribbles(sendgrid, fault):
    sendgrid.always(fault)
    began = time.monotonic()
    assert post(sendgrid.url, seconds=0.5) == Lost("ambiguous", "no answer in time")
    assert 0.4 < time.monotonic() - began < 2


def test_a_fault_on_a_pooled_connection_is_ambiguous_and_never_asked_again(sendgrid):
    async def twice():
        transport = Transport()
        soon = asyncio.get_running_loop().time() + 5
        try:
            return [await transport.post(sendgrid.url, headers={}, body=b"", until=soon) for _ in range(2)]
        finally:
            await transport.close()

    sendgrid.will(202, "reset")
    first, second = asyncio.run(twice())
    assert (first.status, second.outcome) == (202, "ambiguous")
    assert (len(sendgrid.requests), sendgrid.connections) == (2, 1)


def test_a_redirect_is_not_followed(sendgrid):
    with FakeSendGrid() as elsewhere:
        sendgrid.always(Reaction(302, headers={"Location": elsewhere.url + "/v3/mail/send"}))
        answer = ask(sendgrid_at(sendgrid), example("email"))[0]
        assert elsewhere.requests == []
    assert (answer.outcome, answer.http_status) == ("config", 302)


def test_an_endless_answer_is_read_only_so_far(sendgrid):
    sendgrid.always(Reaction(400, body=b"x" * 3_000_000))
    assert len(post(sendgrid.url).body) == 65_536


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "Sun, 01 Mar 2026 08:00:30 GMT"}, 30.0),
        ({"retry-after": "Sun, 01 Mar 2026 07:00:00 GMT"}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"x-ratelimit-reset": str(int(datetime(2026, 3, 1, 8, 1, tzinfo=UTC).timestamp()))}, 60.0),
        ({"retry-after": "999999999"}, 86_400.0),
        ({}, None),
    ],
)
def test_the_wait_is_read_from_what_the_provider_says(headers, seconds):
    with frozen(datetime(2026, 3, 1, 8, tzinfo=UTC)):
        assert Reply(429, headers, b"").retry_after == seconds


def test_a_whole_send_ends_in_time_and_what_had_no_turn_stays_at_home(sendgrid):
    sendgrid.always("hang")
    began = time.monotonic()
    answers = ask(
        SendGrid(sendgrid.api_key, sendgrid.url, Transport(total=0.6)), *(example("email", n) for n in range(99))
    )
    assert time.monotonic() - began < 3
    outcomes = [answer.outcome for answer in answers]
    assert (outcomes.count("ambiguous"), outcomes.count("notsent")) == (32, 67)
    assert len(sendgrid.requests) == 32
