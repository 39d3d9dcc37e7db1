"""No key, no address, no number and no word of a letter in any log, error or print."""

import json
import logging
import subprocess
import sys

import pytest
from channel_peers import ask, closed_port, sendgrid_at, twilio_at
from python_http_client.client import Client

from regulars.channels.sendgrid import SendGrid
from regulars.channels.twilio import Twilio
from regulars.settings import Settings
from regulars.testing import FakeSendGrid, FakeTwilio, Reaction, example

KEY, TOKEN = FakeSendGrid.api_key, FakeTwilio.auth_token
PEOPLE = ["customer1@example.com", "+40700000001", "700000001", "Ștefan", "dor de tine"]
FAULTS = [202, 400, 401, 429, 500, "reset", "cut", "garbage", "hang", Reaction(302, headers={"Location": "http://x"})]


@pytest.mark.parametrize("met", FAULTS, ids=str)
def test_no_log_and_no_answer_holds_a_secret_or_a_person(sendgrid, twilio, caplog, capfd, met):
    caplog.set_level(logging.DEBUG)
    sendgrid.always(met)
    twilio.always(met)
    channels = [sendgrid_at(sendgrid, total=0.4), twilio_at(twilio, total=0.4)]
    answers = [ask(channel, example(kind)) for channel, kind in zip(channels, ("email", "sms"), strict=True)]
    printed = capfd.readouterr()
    told = repr(answers) + repr(channels) + caplog.text + printed.out + printed.err
    assert len(sendgrid.requests) == len(twilio.requests) == 1
    assert [secret for secret in (KEY, TOKEN, "Bearer", "Basic ", *PEOPLE) if secret in told] == []


def test_no_connection_tells_no_secret(caplog):
    caplog.set_level(logging.DEBUG)
    with closed_port() as url:
        told = repr([ask(SendGrid(KEY, url), example("email")), ask(Twilio("AC1", TOKEN, url), example("sms"))])
    assert "refused" in told
    assert [secret for secret in (KEY, TOKEN, url, *PEOPLE) if secret in told + caplog.text] == []


def test_settings_never_print_their_secrets():
    settings = Settings(SENDGRID_API_KEY=KEY, TWILIO_AUTH_TOKEN=TOKEN, REGULARS_SECRET_KEY="signing-key")
    told = repr(settings) + str(settings) + json.dumps(settings.model_dump(mode="json"))
    assert [secret for secret in (KEY, TOKEN, "signing-key") if secret in told] == []


def test_sendgrids_own_client_is_kept_from_logging_the_key(sendgrid, caplog):
    caplog.set_level(logging.DEBUG)
    logging.getLogger("python_http_client").setLevel(logging.NOTSET)
    client = Client(sendgrid.url, request_headers={"Authorization": f"Bearer {KEY}"})
    sendgrid.always(202)
    client.v3.mail.send.post(request_body={"to": PEOPLE[0]})
    assert KEY in caplog.text  # the danger is real
    caplog.clear()
    SendGrid(KEY, sendgrid.url)
    client.v3.mail.send.post(request_body={"to": PEOPLE[0]})
    assert KEY not in caplog.text


def test_choosing_a_channel_loads_no_http_client():
    code = (
        "import sys; from pathlib import Path; from regulars.channels.registry import channel_for; "
        "from regulars.settings import Settings; "
        "channel_for('email', Settings(), Path('x')); "
        "print([name for name in ('aiohttp', 'sendgrid', 'twilio') if name in sys.modules])"
    )
    clean = {"PATH": "", "PYTHONPATH": ":".join(sys.path)}
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=clean)
    assert run.stdout.strip() == "[]"
