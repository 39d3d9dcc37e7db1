"""E-mail through SendGrid, over real HTTP."""

import json
from dataclasses import replace

import pytest
from channel_peers import ask, sendgrid_at
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from regulars.channels.sendgrid import request
from regulars.testing import Reaction, example


@pytest.mark.parametrize(
    ("met", "outcome"),
    [
        (202, "accepted"),
        (200, "accepted"),
        (Reaction(302, headers={"Location": "https://example.org"}), "config"),
        (400, "rejected"),
        (401, "config"),
        (403, "config"),
        (404, "config"),
        (405, "config"),
        (413, "rejected"),
        (429, "throttled"),
        (500, "ambiguous"),
        (Reaction(500, keeps=True), "ambiguous"),
        (502, "ambiguous"),
        (503, "ambiguous"),
        (504, "ambiguous"),
        ("reset", "ambiguous"),
        ("cut", "ambiguous"),
        ("garbage", "ambiguous"),
        ("hang", "ambiguous"),
        ("dribble", "ambiguous"),
    ],
)
def test_each_answer_has_its_class_and_is_asked_for_once(sendgrid, met, outcome):
    sendgrid.always(met)
    answer = ask(sendgrid_at(sendgrid, total=0.6), example("email"))[0]
    assert (answer.outcome, len(sendgrid.requests)) == (outcome, 1)


def test_the_providers_id_is_the_one_of_the_request(sendgrid):
    answer = ask(sendgrid_at(sendgrid), example("email"))[0]
    assert (answer.http_status, len(answer.provider_id)) == (202, 22)


def test_a_throttled_answer_says_how_long_to_wait(sendgrid):
    sendgrid.always(Reaction(429, headers={"Retry-After": "7"}))
    assert ask(sendgrid_at(sendgrid), example("email"))[0].retry_after == 7.0


def test_a_refusal_names_the_field_and_never_quotes_the_sentence(sendgrid):
    body = {"errors": [{"field": "personalizations.0.to.0.email", "message": "ana@example.com is not valid"}]}
    sendgrid.always(Reaction(400, body=json.dumps(body).encode()))
    assert ask(sendgrid_at(sendgrid), example("email"))[0].reason == "sendgrid 400 personalizations.0.to.0.email"


@pytest.mark.parametrize(
    "body",
    [b"", b"no", b"[]", b'{"errors": 1}', b'{"errors": [1]}', b'{"errors":[{"field":"ana@example.com"}]}', b"[" * 9999],
)
def test_a_refusal_may_say_anything_at_all(sendgrid, body):
    sendgrid.always(Reaction(400, body=body))
    assert ask(sendgrid_at(sendgrid), example("email"))[0].reason == "sendgrid 400"


def test_the_request_holds_the_letter_and_nothing_else(sendgrid):
    message = replace(example("email"), message_id="m1", attempt_id="a1", html="<p>Bună</p>", text="Bună")
    ask(sendgrid_at(sendgrid), message)
    assert json.loads(sendgrid.requests[0].body) == {
        "from": {"email": "salut@example.org", "name": "Casa Verde"},
        "reply_to": {"email": "ajutor@example.org"},
        "personalizations": [
            {
                "to": [{"email": "customer1@example.com"}],
                "subject": "Ștefan, ne este dor de tine",
                "headers": {
                    "List-Unsubscribe": "<https://example.org/u/abc>",
                    "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
                },
                "custom_args": {"regulars_mid": "m1", "regulars_att": "a1"},
            }
        ],
        "content": [{"type": "text/plain", "value": "Bună"}, {"type": "text/html", "value": "<p>Bună</p>"}],
        "tracking_settings": {"subscription_tracking": {"enable": False}},
    }
    assert sendgrid.requests[0].headers["content-type"] == "application/json"


@pytest.fixture(scope="session")
def mail_send(description_of):
    """SendGrid's own description of the body of Mail Send, as a validator."""
    described = description_of("tsg_mail_v3.json")
    body = described["components"]["requestBodies"]["PostMailSend"]["content"]["application/json"]["schema"]
    schema = {**body, "components": described["components"]}
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)


LINE = st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), min_size=1, max_size=60).filter(str.strip)


@given(subject=LINE, text=LINE, name=LINE.filter(lambda name: not set(name) & set('<>"')))
def test_every_request_fits_sendgrids_own_description(mail_send, subject, text, name):
    message = replace(example("email", text=text), subject=subject, sender=f"{name} <salut@example.org>")
    asked = json.loads(json.dumps(request(message)))
    mail_send.validate(asked)
    assert asked["content"][0]["value"] == text
    assert asked["personalizations"][0]["subject"] == subject


def test_the_description_is_one_that_can_refuse(mail_send):
    asked = request(example("email"))
    del asked["from"]
    assert not mail_send.is_valid(asked)


@pytest.mark.parametrize(
    "change",
    [
        {"to": "nobody"},
        {"to": "a@example.com, b@example.com"},
        {"to": "ștefan@example.com"},
        {"to": "a@example.com\r\nBcc: b@example.com"},
        {"subject": "  "},
        {"subject": "one\r\nBcc: b@example.com"},
        {"html": ""},
        {"text": " "},
        {"sender": "Casa Verde"},
        {"reply_to": "nowhere"},
        {"headers": {"X-SG-ID": "1"}},
        {"headers": {"Reply-To": "b@example.com"}},
        {"headers": {"List-Unsubscribe": "<https://example.org>\r\nBcc: b@example.com"}},
        {"text": "\ud83d"},
        {"channel": "sms"},
    ],
)
def test_what_no_provider_should_be_asked_never_reaches_the_wire(sendgrid, change):
    answer = ask(sendgrid_at(sendgrid), replace(example("email"), **change))[0]
    assert (answer.outcome, bool(answer.reason), sendgrid.requests) == ("rejected", True, [])
