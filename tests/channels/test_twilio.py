"""SMS through Twilio, over real HTTP."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from channel_peers import ask, twilio_at
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from regulars.channels.twilio import Twilio, request
from regulars.testing import Reaction, example, frozen, twilio_faults

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def form(provider) -> dict[str, str]:
    return dict(parse_qsl(provider.requests[-1].body.decode()))


@pytest.mark.parametrize(
    ("met", "outcome"),
    [
        (201, "accepted"),
        (Reaction(302, headers={"Location": "https://example.org"}), "config"),
        (400, "rejected"),
        (Reaction(401, code=20003), "config"),
        (403, "config"),
        (404, "config"),
        (405, "config"),
        (429, "throttled"),
        (Reaction(429, code=20429), "throttled"),
        (Reaction(400, code=21611), "throttled"),
        (Reaction(400, code=21610), "rejected"),
        (Reaction(400, code=99999), "rejected"),
        (Reaction(403, code=21408), "rejected"),
        (Reaction(500, code=20500), "ambiguous"),
        (Reaction(500, code=21610), "ambiguous"),
        (Reaction(503, keeps=True), "ambiguous"),
        (Reaction(200, body=b"<html>a captive portal</html>"), "ambiguous"),
        ("reset", "ambiguous"),
        ("cut", "ambiguous"),
        ("garbage", "ambiguous"),
        ("hang", "ambiguous"),
        ("dribble", "ambiguous"),
    ],
)
def test_each_answer_has_its_class_and_is_asked_for_once(twilio, met, outcome):
    twilio.always(met)
    answer = ask(twilio_at(twilio, total=0.6), example("sms"))[0]
    assert (answer.outcome, len(twilio.requests)) == (outcome, 1)


@pytest.mark.parametrize(
    ("number", "reason", "address"),
    [
        ("+15005550001", "twilio 21211: not a valid number", "unusable"),
        ("+15005550002", "twilio 21612: the number cannot be reached from this sender", ""),
        ("+15005550003", "twilio 21408: this country is not enabled for the account", ""),
        ("+15005550004", "twilio 21610: the recipient has opted out", "opted-out"),
        ("+15005550009", "twilio 21614: not a mobile number", "unusable"),
    ],
)
def test_a_refused_number_says_why_and_whether_it_is_of_any_use(twilio, number, reason, address):
    answer = ask(twilio_at(twilio), replace(example("sms"), to=number))[0]
    assert (answer.outcome, answer.reason, answer.address) == ("rejected", reason, address)


def test_a_full_queue_waits_long_and_a_throttled_answer_as_long_as_it_says(twilio):
    twilio.always(Reaction(400, code=21611))
    assert ask(twilio_at(twilio), example("sms"))[0].retry_after == 900.0
    twilio.always(Reaction(429, code=20429, headers={"Retry-After": "2"}))
    assert ask(twilio_at(twilio), example("sms"))[0].retry_after == 2.0


def test_the_providers_id_is_the_sid(twilio):
    assert ask(twilio_at(twilio), example("sms"))[0].provider_id.startswith("SM")


@pytest.mark.parametrize("body", [b"", b"no", b"[]", b'{"code": "21610"}', b'{"code": [1]}', b"[" * 9999])
def test_a_refusal_may_say_anything_at_all(twilio, body):
    twilio.always(Reaction(400, body=body))
    assert ask(twilio_at(twilio), example("sms"))[0].reason == "twilio 400"


def test_the_form_holds_the_message_and_nothing_else(twilio):
    message = replace(
        example("sms", text="Bună, Инна!"),
        message_id="m1",
        attempt_id="a1",
        ledger_id="l1",
        same="s1",
        valid_until=NOON + timedelta(hours=2),
    )
    with frozen(NOON):
        ask(twilio_at(twilio), message)
    assert form(twilio) == {
        "MessagingServiceSid": twilio.messaging_service_sid,
        "To": "+40700000001",
        "Body": "Bună, Инна!",
        "StatusCallback": "https://shop.example/webhooks/twilio/status?m=m1&a=a1&l=l1&k=s1#rc=5&rp=all",
        "ValidityPeriod": "7200",
    }


@pytest.mark.parametrize(("service", "number", "field", "sender"), [
    ("MG1", "+40700000099", "MessagingServiceSid", "MG1"),
    ("", "+40700000099", "From", "+40700000099"),
    ("", "", "From", "CasaVerde"),
])  # fmt: skip
def test_the_sender_is_the_service_else_the_number_else_the_shops_name(twilio, service, number, field, sender):
    channel = Twilio(twilio.account_sid, twilio.auth_token, twilio.url, messaging_service_sid=service, sender=number)
    ask(channel, example("sms"))
    assert {name: value for name, value in form(twilio).items() if name not in {"To", "Body"}} == {field: sender}


def test_without_any_sender_nothing_is_asked(twilio):
    channel = Twilio(twilio.account_sid, twilio.auth_token, twilio.url)
    assert ask(channel, replace(example("sms"), sender=""))[0].outcome == "config"
    assert twilio.requests == []


@pytest.mark.parametrize(("hours", "seconds"), [(-1, "1"), (0, "1"), (0.5, "1800"), (10, "36000"), (48, "36000")])
def test_the_validity_ends_with_the_window_and_stays_in_twilios_limits(hours, seconds):
    with frozen(NOON):
        message = replace(example("sms"), valid_until=NOON + timedelta(hours=hours))
        assert request(message)["ValidityPeriod"] == seconds


@pytest.mark.parametrize("change", [
    {"to": "0700 000 001"}, {"to": "40700000001"}, {"to": "+4070"}, {"to": "+40700000001\n"}, {"to": "+0700000001"},
    {"text": ""}, {"text": "ă" * 1601}, {"channel": "email"}, {"sender": "a\nTo: b"},
])  # fmt: skip
def test_what_twilio_should_not_be_asked_never_reaches_the_wire(twilio, change):
    answer = ask(twilio_at(twilio), replace(example("sms"), **change))[0]
    assert (answer.outcome, bool(answer.reason), twilio.requests) == ("rejected", True, [])


def test_1600_characters_are_not_too_many(twilio):
    assert ask(twilio_at(twilio), example("sms", text="ă" * 1600))[0].outcome == "accepted"


@pytest.fixture(scope="session")
def create_message(description_of):
    """Twilio's own description of the form that creates a message, as a validator that knows no other field."""
    described = description_of("twilio_messages_only.json")
    operation = described["paths"]["/2010-04-01/Accounts/{AccountSid}/Messages.json"]["post"]
    body = operation["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"]
    schema = {**body, "components": described["components"], "additionalProperties": False}
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)


@given(text=st.text(st.characters(exclude_categories=["C"]), min_size=1, max_size=200), hours=st.floats(-1e4, 1e4))
def test_every_form_fits_twilios_own_description(create_message, text, hours):
    with frozen(NOON):
        asked = request(
            replace(example("sms", text=text), valid_until=NOON + timedelta(hours=hours)), "https://shop.example"
        )
    create_message.validate(
        {**asked, "ValidityPeriod": int(asked["ValidityPeriod"]), "MessagingServiceSid": "MG" + "0" * 32}
    )
    assert 1 <= int(asked["ValidityPeriod"]) <= 36_000


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"To": "0700 000 001"}, "To: not E.164"),
        ({"Body": "ă" * 1_601}, "Body: over 1,600 characters"),
        ({"Body": " "}, "Body: there is none"),
        ({"ValidityPeriod": "36001"}, "ValidityPeriod: not 1 to 36,000 seconds"),
        ({"ValidityPeriod": "-1"}, "ValidityPeriod: not 1 to 36,000 seconds"),
        ({"StatusCallback": "nowhere"}, "StatusCallback: not an address"),
        ({"MaxPrice": "1"}, "MaxPrice: not a field"),
        ({"From": ""}, "From: neither a sender nor a messaging service"),
    ],
)
def test_the_strict_checker_finds_what_the_description_lets_through(change, fault):
    assert twilio_faults({"From": "CasaVerde", **request(example("sms"), "https://shop.example")}) == []
    assert twilio_faults({"From": "CasaVerde", **request(example("sms")), **change}) == [fault]


def test_the_description_is_one_that_can_refuse(create_message):
    assert not create_message.is_valid({"Body": "no number"})
    assert not create_message.is_valid({**request(example("sms")), "Text": "an unknown field"})


def test_our_id_comes_back_in_the_query_twilio_signs(twilio):
    ask(twilio_at(twilio), example("sms"))
    query = parse_qs(urlsplit(form(twilio)["StatusCallback"]).query)
    assert query == {"m": [example("sms").message_id], "a": [example("sms").attempt_id]}


def test_the_fake_twilio_answers_in_twilios_shape(twilio, description_of):
    described = description_of("twilio_messages_only.json")
    known = described["components"]["schemas"]["api.v2010.account.message"]["properties"]
    answer = json.loads(twilio.judge(_request_of(twilio)).body)
    assert set(answer) <= set(known)


def _request_of(provider):
    ask(twilio_at(provider), example("sms"))
    return provider.requests[-1]
