"""E-mail through SendGrid, over real HTTP."""

import json
from dataclasses import replace

import pytest
from channel_peers import ask, sendgrid_at
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from regulars.channels.objections import mailbox
from regulars.channels.sendgrid import request
from regulars.testing import Reaction, crowd, example, sendgrid_faults


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


def by_types(ours, messages) -> dict:
    """The request `ours` as the `sendgrid` package's own types build it."""
    from sendgrid.helpers import mail

    letter = mail.Mail()
    name, address = mailbox(messages[0].sender)
    letter.from_email = mail.From(address, name or None)
    letter.reply_to = mail.ReplyTo(messages[0].reply_to)
    for message, person in list(zip(messages, ours["personalizations"], strict=True))[::-1]:  # it turns them round
        to = mail.Personalization()
        to.add_to(mail.To(message.to))
        to.subject = message.subject
        for header, value in message.headers.items():
            to.add_header(mail.Header(header, value))
        ids = {"mid": message.message_id, "att": message.attempt_id, "led": message.ledger_id, "key": message.same}
        for key, value in ids.items():
            if value:
                to.add_custom_arg(mail.CustomArg(f"regulars_{key}", value))
        for tag, value in person.get("substitutions", {}).items():
            to.add_substitution(mail.Substitution(tag, value))
        letter.add_personalization(to)
    for part in ours["content"]:
        letter.add_content(mail.Content(part["type"], part["value"]))
    letter.tracking_settings = mail.TrackingSettings(subscription_tracking=mail.SubscriptionTracking(enable=False))
    return letter.get()


@pytest.mark.parametrize("count", [1, 2, 8])
def test_the_request_is_what_sendgrids_own_types_build(mail_send, count):
    messages = [replace(message, ledger_id="l", same=f"s{message.message_id}") for message in crowd("email", count)]
    asked = request(*messages)
    assert asked == by_types(asked, messages)
    assert sendgrid_faults(asked) == []
    mail_send.validate(asked)


def test_those_of_one_attempt_share_a_request_and_its_id(sendgrid):
    answers = ask(sendgrid_at(sendgrid), *crowd("email"))
    assert len(sendgrid.requests) == 1
    assert len({answer.provider_id for answer in answers}) == 1
    assert sendgrid.twice == []


def test_a_message_given_twice_is_answered_twice(sendgrid):
    message = crowd("email", 1)[0]
    assert [answer.outcome for answer in ask(sendgrid_at(sendgrid), message, message)] == ["accepted"] * 2


def test_attempts_never_mix(sendgrid):
    first, second = crowd("email", 2), [replace(m, attempt_id="b" * 32) for m in crowd("email", 4)[2:]]
    ask(sendgrid_at(sendgrid), first[0], second[0], first[1], second[1])
    sent = [
        [one["custom_args"]["regulars_mid"][-1] for one in json.loads(r.body)["personalizations"]]
        for r in sendgrid.requests
    ]
    assert sorted(sent) == [["1", "2"], ["3", "4"]]


@pytest.mark.parametrize("field", ["personalizations.1.to.0.email", "personalizations[1].to[0].email"])
def test_a_refused_request_blames_whom_the_provider_names(sendgrid, field):
    body = {"errors": [{"field": field, "message": "ana@example.com is not valid"}]}
    sendgrid.always(Reaction(400, body=json.dumps(body).encode()))
    answers = ask(sendgrid_at(sendgrid), *crowd("email", 3))
    assert [(answer.outcome, answer.blamed) for answer in answers] == [
        ("rejected", False), ("rejected", True), ("rejected", False),
    ]  # fmt: skip
    assert answers[0].reason == "sendgrid 400"
    assert answers[1].reason.startswith("sendgrid 400 personalizations.0")


@pytest.mark.parametrize(
    "field", [None, "from.email", "personalizations", "personalizations.9.to", "personalizations.x"]
)
def test_a_refusal_that_names_nobody_of_the_request_blames_nobody(sendgrid, field):
    sendgrid.always(Reaction(400, body=json.dumps({"errors": [{"field": field, "message": "no"}]}).encode()))
    assert not any(answer.blamed for answer in ask(sendgrid_at(sendgrid), *crowd("email", 3)))


def test_a_lone_message_is_not_blamed_for_being_refused(sendgrid):
    body = {"errors": [{"field": "personalizations.0.subject", "message": "no"}]}
    sendgrid.always(Reaction(400, body=json.dumps(body).encode()))
    assert not ask(sendgrid_at(sendgrid), example("email"))[0].blamed


@pytest.mark.parametrize(("met", "outcome"), [(413, "rejected"), (429, "throttled"), ("cut", "ambiguous")])
def test_what_befalls_a_request_befalls_all_of_it(sendgrid, met, outcome):
    sendgrid.always(met)
    assert {answer.outcome for answer in ask(sendgrid_at(sendgrid, total=0.6), *crowd("email"))} == {outcome}


def test_a_mistake_of_ours_in_one_request_sends_none_of_it_and_all_others(sendgrid, monkeypatch):
    def stumble(*messages):
        if messages[0].attempt_id == "b" * 32:
            raise KeyError("ana@example.com")
        return request(*messages)

    monkeypatch.setattr("regulars.channels.sendgrid.request", stumble)
    bad = [replace(message, attempt_id="b" * 32) for message in crowd("email", 2)]
    answers = ask(sendgrid_at(sendgrid), *bad, *crowd("email", 4)[2:])
    assert [(a.outcome, a.reason) for a in answers] == [("rejected", "unexpected KeyError")] * 2 + [
        ("accepted", "")
    ] * 2


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda asked: asked.pop("content"), "content: not plain text, then HTML"),
        (lambda asked: asked["personalizations"].clear(), "personalizations: there are none"),
        (lambda asked: asked["personalizations"][0].pop("subject"), "personalizations.0.subject: there is none"),
        (
            lambda asked: asked["personalizations"].append(asked["personalizations"][0]),
            "personalizations.2.to: an address comes twice",
        ),
        (
            lambda asked: asked["personalizations"][1].update(substitutions={"-a-": "ș" * 5_000}),
            "personalizations.1.substitutions: over 10,000 bytes",
        ),
        (lambda asked: asked.update(sandbox=True), "sandbox: not a field"),
        (lambda asked: asked["personalizations"][0].update(name="Ana"), "personalizations.0.name: not a field"),
        (
            lambda asked: asked["personalizations"][0]["to"][0].update(email="ana"),
            "personalizations.0.to: not an address",
        ),
        (lambda asked: asked["content"][1].update(value=" "), "content.1.value: empty"),
    ],
)
def test_the_strict_checker_finds_what_the_description_lets_through(change, fault):
    asked = json.loads(json.dumps(request(*crowd("email", 2))))
    change(asked)
    assert sendgrid_faults(asked) == [fault]


def test_more_than_a_thousand_recipients_are_refused():
    asked = request(*crowd("email", 1_001))
    assert sendgrid_faults(asked) == ["personalizations: over 1,000 recipients"]
