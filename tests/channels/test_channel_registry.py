"""Which channel a kind of message leaves by."""

from pathlib import Path

import pytest

from regulars.channels.registry import CHANNELS, channel_for, is_live
from regulars.errors import RegularsError
from regulars.settings import Settings

SECRET = "very-secret-token"
TWILIO = {"TWILIO_ACCOUNT_SID": "AC" + "0" * 32, "TWILIO_AUTH_TOKEN": SECRET}


@pytest.fixture(autouse=True)
def no_environment(monkeypatch):
    for field in Settings.model_fields.values():
        monkeypatch.delenv(field.alias, raising=False)


def name_for(kind, **environment) -> str:
    return channel_for(kind, Settings(**environment), Path("nowhere")).name


@pytest.mark.parametrize("kind", ["email", "sms"])
def test_without_credentials_messages_go_into_the_folder(kind):
    assert name_for(kind) == "folder"
    assert not is_live(kind, Settings())


def test_with_credentials_each_kind_has_its_own_live_channel():
    assert name_for("email", SENDGRID_API_KEY=SECRET) == "sendgrid"
    assert name_for("sms", SENDGRID_API_KEY=SECRET) == "folder"
    assert name_for("sms", **TWILIO) == "twilio"
    assert name_for("email", **TWILIO) == "folder"
    assert is_live("sms", Settings(**TWILIO))


@pytest.mark.parametrize("kind", ["email", "sms"])
def test_the_folder_can_be_forced(kind):
    assert name_for(kind, SENDGRID_API_KEY=SECRET, **TWILIO, REGULARS_CHANNEL="folder") == "folder"


@pytest.mark.parametrize(
    ("environment", "missing"),
    [
        ({"TWILIO_ACCOUNT_SID": "AC0"}, "TWILIO_AUTH_TOKEN"),
        ({"TWILIO_AUTH_TOKEN": SECRET}, "TWILIO_ACCOUNT_SID"),
        ({"TWILIO_MESSAGING_SERVICE_SID": "MG0"}, "TWILIO_ACCOUNT_SID"),
        ({"TWILIO_FROM": "+40700000099"}, "TWILIO_ACCOUNT_SID"),
    ],
)
def test_credentials_set_by_half_are_an_error_that_names_the_other_half(environment, missing):
    with pytest.raises(RegularsError) as error:
        name_for("sms", **environment)
    assert missing in error.value.way_out


@pytest.mark.parametrize(
    ("kind", "environment", "named"),
    [
        ("email", {"SENDGRID_API_KEY": f"{SECRET}\n"}, "SENDGRID_API_KEY"),
        ("email", {"SENDGRID_API_KEY": SECRET, "REGULARS_SENDGRID_URL": "api.sendgrid.com"}, "REGULARS_SENDGRID_URL"),
        (
            "email",
            {"SENDGRID_API_KEY": SECRET, "REGULARS_SENDGRID_URL": f"https://u:{SECRET}@x.example"},
            "SENDGRID_URL",
        ),
        ("email", {"SENDGRID_API_KEY": SECRET, "REGULARS_SENDGRID_URL": "http://api.sendgrid.com"}, "https://"),
        ("sms", {**TWILIO, "TWILIO_ACCOUNT_SID": "SK0"}, "TWILIO_ACCOUNT_SID must start with AC"),
        ("sms", {**TWILIO, "TWILIO_ACCOUNT_SID": "AC0/../x"}, "TWILIO_ACCOUNT_SID"),
        ("sms", {**TWILIO, "TWILIO_MESSAGING_SERVICE_SID": "nope"}, "TWILIO_MESSAGING_SERVICE_SID must start with MG"),
        ("sms", {**TWILIO, "REGULARS_TWILIO_URL": "ftp://x"}, "REGULARS_TWILIO_URL"),
    ],
)
def test_credentials_that_cannot_be_right_are_an_error_that_names_the_variable_and_not_its_value(
    kind, environment, named
):
    with pytest.raises(RegularsError) as error:
        name_for(kind, **environment)
    assert named in str(error.value)
    assert SECRET not in str(error.value) + repr(error.value)
    assert error.value.way_out


@pytest.mark.parametrize(
    "host", ["http://127.0.0.1:9", "http://localhost:9", "http://[::1]:9", "http://mock:9", "http://10.0.0.2"]
)
def test_a_test_server_nearby_may_do_without_tls(host):
    assert name_for("email", SENDGRID_API_KEY=SECRET, REGULARS_SENDGRID_URL=host) == "sendgrid"


def test_every_live_channel_says_what_it_can_do():
    settings = Settings(SENDGRID_API_KEY=SECRET, **TWILIO)
    for kind, makers in CHANNELS.items():
        for make in makers:
            channel = make(settings)
            assert channel is not None
            assert (kind, channel.name, channel.idempotency_key) in {
                ("email", "sendgrid", False),
                ("sms", "twilio", False),
            }
