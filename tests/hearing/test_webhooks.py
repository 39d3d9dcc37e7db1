"""The webhooks over real HTTP: what is genuine is kept and answered, everything else refused without a word."""

from __future__ import annotations

import base64
import gzip
import json
import socket
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import NamedTuple
from urllib.parse import parse_qsl

import pytest
from sendgrid.helpers.eventwebhook import EventWebhook
from signing import (
    ACCOUNT,
    PUBLIC,
    SID,
    TOKEN,
    SendGridKey,
    encoded,
    inbound_form,
    posted,
    served,
    settings,
    status_form,
    twilio_headers,
)
from twilio.request_validator import RequestValidator
from what_was_sent import event, everything, lay, states

from regulars import clock
from regulars.campaigns import hearing
from regulars.channels import sendgrid_events, twilio_callbacks
from regulars.ledger.inbox import Inbox
from regulars.ledger.store import Ledger

KEY, OLD_KEY = SendGridKey(), SendGridKey()
SENDGRID, STATUS, INBOUND = "/webhooks/sendgrid", "/webhooks/twilio/status", "/webhooks/twilio/inbound"
BODY = json.dumps([{"event": "open", "email": "a@example.com", "timestamp": 1_790_000_000}]).encode() + b"\r\n"


@pytest.fixture
def port(inbox: Inbox) -> Iterator[int]:
    with served(inbox, settings(f"{KEY.public},{OLD_KEY.public}")) as opened:
        yield opened


class Refused(NamedTuple):
    """A request that must come to nothing."""

    path: str
    body: bytes
    headers: dict[str, str]


def forged_events() -> Iterator[tuple[str, Callable[[], Refused]]]:
    def of(body: bytes = BODY, **changed: str) -> Callable[[], Refused]:
        return lambda: Refused(SENDGRID, body, {**KEY.headers(BODY), **changed})

    def signed(body: bytes, at: int | str | None = None) -> Callable[[], Refused]:
        return lambda: Refused(SENDGRID, body, KEY.headers(body, at))

    def moved(back: bool) -> Callable[[], Refused]:
        def made() -> Refused:
            headers = KEY.headers(BODY)
            at = headers[sendgrid_events.TIMESTAMP]
            headers[sendgrid_events.TIMESTAMP] = at[:-1] if back else at + "["
            return Refused(SENDGRID, at[-1:].encode() + BODY if back else BODY[1:], headers)

        return made

    now = int(clock.now().timestamp())
    yield "a byte moved from the body to the timestamp", moved(back=False)
    yield "a digit moved from the timestamp to the body", moved(back=True)
    yield "one byte changed", of(BODY.replace(b"open", b"oper"))
    yield "written anew", of(json.dumps(json.loads(BODY), indent=1).encode())
    yield "the line end cut off", of(BODY.rstrip())
    yield "wrong padding", of(**{sendgrid_events.SIGNATURE: "MEUCIQ="})
    yield "no base64", of(**{sendgrid_events.SIGNATURE: "é" * 3})
    yield "an empty signature", of(**{sendgrid_events.SIGNATURE: ""})
    yield "a timestamp of letters", of(**{sendgrid_events.TIMESTAMP: "abcdefghij"})
    yield "a timestamp with a sign", of(**{sendgrid_events.TIMESTAMP: "+790000000"})
    yield "no headers at all", lambda: Refused(SENDGRID, BODY, {})
    yield "another's key", lambda: Refused(SENDGRID, BODY, SendGridKey().headers(BODY))
    yield "an old replay", signed(BODY, now - 100_000)
    yield "from the future", signed(BODY, now + 4_000)
    yield "no list", signed(b'{"event": "open"}')
    yield "a list of no objects", signed(b"[1, 2]")
    yield "no JSON", signed(b"[{]")
    yield "a number that is none", signed(b'[{"timestamp": NaN}]')
    yield "no text", signed(b"[\xff]")
    yield "too many events", signed(b"[" + b",".join([b"{}"] * 3_001) + b"]")
    yield "too deep", signed(b'[{"a":' + b"[" * 8 + b"]" * 8 + b"}]")
    yield "far too deep", signed(b"[" * 100_000)


def forged_callbacks() -> Iterator[tuple[str, Callable[[], Refused]]]:
    def of(path: str, form: dict[str, str], sent: dict[str, str] | None = None, **how: str) -> Callable[[], Refused]:
        body = encoded(form if sent is None else sent)
        return lambda: Refused(path, body, twilio_headers(path, form, **how))

    form = status_form("+40700000009", "delivered")
    inbound = inbound_form("+40700000009", "STOP")
    joined = {**{name: value for name, value in form.items() if name != "To"}, "T": "o+40700000009"}
    swallowed = {**inbound, "Body": "hi", "From": "+40711111111", "FromCity": "XFrom+40700000009FromCity"}
    said = {**inbound, "Body": "hiFrom+40711111111FromCityX", "FromCity": ""}
    yield "letters moved between a name and its value", of(STATUS, form, joined)
    yield "another sender out of the words of a message", of(INBOUND, said, swallowed)
    yield "another status", of(STATUS, form, {**form, "MessageStatus": "failed"})
    yield "signed for http", of(STATUS, form, public=PUBLIC.replace("https", "http"))
    yield "signed for another host", of(STATUS, form, public="https://other.example")
    yield (
        "signed for another query",
        lambda: Refused(f"{STATUS}?m=2", encoded(form), twilio_headers(f"{STATUS}?m=1", form)),
    )
    yield "another's token", of(STATUS, form, token="another")
    yield "another's account", of(STATUS, {**form, "AccountSid": "AC" + "c" * 32})
    yield "a message's id that is none", of(STATUS, {**form, "MessageSid": "SM1"})
    yield "a parameter nobody knows", of(STATUS, {**form, "Extra": "1"})
    yield "a parameter missing", of(STATUS, {"AccountSid": ACCOUNT, "MessageSid": SID})
    yield "no signature", lambda: Refused(STATUS, encoded(form), {})
    yield (
        "a parameter twice",
        lambda: Refused(STATUS, encoded(form) + b"&To=%2B40700000009", twilio_headers(STATUS, form)),
    )
    yield "JSON", lambda: Refused(STATUS, json.dumps(form).encode(), twilio_headers(STATUS, form))
    yield "a form of no text", lambda: Refused(STATUS, b"\xff\xfe", twilio_headers(STATUS, form))
    yield "nothing", lambda: Refused(STATUS, b"", twilio_headers(STATUS, {}))


FORGED = [*forged_events(), *forged_callbacks()]


def test_everything_forged_or_malformed_is_refused_and_changes_nothing(
    port: int, ledger: Ledger, inbox: Inbox, caplog: pytest.LogCaptureFixture
) -> None:
    lay(ledger)
    before = everything(ledger)
    answers = {name: posted(port, *made()) for name, made in FORGED}
    assert answers == dict.fromkeys(answers, (403, b""))
    assert len(answers) == len(FORGED) >= 38
    assert hearing.expand_all(ledger, inbox).posts == 0
    assert everything(ledger) == before
    assert not caplog.records


def test_the_packages_alone_would_have_let_the_moved_bytes_pass() -> None:
    made = dict(FORGED)
    moved = made["a byte moved from the body to the timestamp"]()
    headers = moved.headers
    verify = EventWebhook(KEY.public).verify_signature
    assert verify(moved.body.decode(), headers[sendgrid_events.SIGNATURE], headers[sendgrid_events.TIMESTAMP])
    for name in ("letters moved between a name and its value", "another sender out of the words of a message"):
        path, body, headers = made[name]()
        form = dict(parse_qsl(body.decode(), keep_blank_values=True))
        assert RequestValidator(TOKEN).validate(PUBLIC + path, form, headers[twilio_callbacks.SIGNATURE])


def test_a_signed_post_is_kept_and_moves_its_message(port: int, ledger: Ledger, inbox: Inbox) -> None:
    [letter] = lay(ledger)
    body = json.dumps([event(letter, "delivered")]).encode() + b"\r\n"
    assert posted(port, SENDGRID, body, KEY.headers(body)) == (200, b"")
    assert posted(port, SENDGRID, body, KEY.headers(body, int(clock.now().timestamp()) + 1)) == (200, b"")
    assert hearing.expand_all(ledger, inbox).posts == 1
    assert states(ledger, [letter]) == ["delivered"]


def test_two_keys_are_believed_while_one_is_changed(port: int) -> None:
    assert posted(port, SENDGRID, BODY, OLD_KEY.headers(BODY)) == (200, b"")


def test_a_key_that_cannot_be_read_refuses_and_hinders_no_other() -> None:
    headers, now = KEY.headers(BODY), clock.now()
    assert sendgrid_events.is_genuine(BODY, headers, f"nonsense,{KEY.public}", 90_000, now)
    assert not sendgrid_events.is_genuine(BODY, headers, "nonsense", 90_000, now)
    assert not sendgrid_events.is_genuine(BODY, headers, "", 90_000, now)


def test_a_retry_of_yesterday_is_believed_and_one_of_last_week_is_not() -> None:
    headers = KEY.headers(BODY)
    at = clock.now()
    assert sendgrid_events.is_genuine(BODY, headers, KEY.public, 90_000, at + timedelta(hours=20))
    assert not sendgrid_events.is_genuine(BODY, headers, KEY.public, 90_000, at + timedelta(days=7))
    assert not sendgrid_events.is_genuine(BODY, headers, KEY.public, 300, at + timedelta(minutes=6))
    assert sendgrid_events.is_genuine(BODY, headers, KEY.public, 300, at - timedelta(minutes=4))
    assert not sendgrid_events.is_genuine(BODY, headers, KEY.public, 300, at - timedelta(minutes=6))


def test_nothing_of_twilio_is_genuine_without_a_public_address() -> None:
    form = status_form("+40700000009", "delivered")
    told = {"path": STATUS, "account_sid": ACCOUNT, "token": "t"}
    headers = twilio_headers(STATUS, form, token="t", public="")
    assert not twilio_callbacks.is_genuine(encoded(form), "", headers, public_url="", **told)


def test_what_is_too_large_or_packed_is_refused_before_it_is_read(port: int) -> None:
    # The length alone is told: the answer comes before a body that nobody wants.
    for path, largest in ((SENDGRID, 2 * 1024 * 1024), (STATUS, 64 * 1024)):
        with socket.create_connection(("127.0.0.1", port)) as wire:
            wire.sendall(f"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: {largest + 1}\r\n\r\n".encode())
            assert wire.recv(100).startswith(b"HTTP/1.1 413")
    packed = gzip.compress(BODY)
    assert posted(port, SENDGRID, packed, {**KEY.headers(packed), "content-encoding": "gzip"})[0] == 415
    with socket.create_connection(("127.0.0.1", port)) as wire:
        wire.sendall(b"POST /webhooks/twilio/status HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        piece = b"4000\r\n" + b"x" * 0x4000 + b"\r\n"
        wire.sendall(piece * 5)
        assert wire.recv(100).startswith(b"HTTP/1.1 413")


def test_a_status_callback_moves_its_message(port: int, ledger: Ledger, inbox: Inbox) -> None:
    [letter] = lay(ledger, channel="sms", state="ambiguous")
    path = f"{STATUS}?m={letter.id}&a={letter.attempt}&l={letter.ledger}&k=k1"
    form = status_form(letter.address, "delivered")
    assert posted(port, path, encoded(form), twilio_headers(path, form)) == (200, b"")
    hearing.expand_all(ledger, inbox)
    assert states(ledger, [letter]) == ["delivered"]


def test_help_is_answered_with_the_shop_s_name_unless_twilio_has_answered(port: int) -> None:
    asked = inbound_form("+40700000009", "Help!")
    status, words = posted(port, INBOUND, encoded(asked), twilio_headers(INBOUND, asked))
    assert (status, b"Casa Verde &amp; Co: STOP" in words) == (200, True)
    asked["OptOutType"] = "HELP"
    assert posted(port, INBOUND, encoded(asked), twilio_headers(INBOUND, asked)) == (200, b"<Response/>")


def test_what_could_not_be_kept_is_asked_for_again(inbox: Inbox) -> None:
    with served(inbox, settings(KEY.public)) as port:
        inbox.close()
        assert posted(port, SENDGRID, BODY, KEY.headers(BODY)) == (503, b"")


def test_the_signature_of_a_post_is_no_part_of_what_is_kept(port: int, inbox: Inbox) -> None:
    headers = KEY.headers(BODY)
    posted(port, SENDGRID, BODY, headers)
    [kept] = inbox.unread(0, 10)
    assert kept.body == BODY
    assert base64.b64decode(headers[sendgrid_events.SIGNATURE]) not in kept.told.encode()
