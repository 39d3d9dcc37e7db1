"""Everything at DEBUG, over providers that fail: no address, number, name, code, token or key in any log or error."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from regulars import clock, tasks
from regulars.campaigns import convert, deliver, followups, running
from regulars.campaigns.held.forget import forget
from regulars.campaigns.held.whose import whose
from regulars.campaigns.planning.plan import plan
from regulars.errors import RegularsError
from regulars.ledger import consent
from regulars.testing import FakeSendGrid, FakeTwilio
from small_shop import SmallShop, at

DIALECTS = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]
MONDAY, TUESDAY = at("2026-02-02 10:00"), at("2026-02-03 10:00")
PEOPLE = {
    f"zqw{number}": {
        "first_name": f"Zqwana{number}", "last_name": f"Zqwescu{number}",
        "email": f"zqw{number}@example.com", "phone": f"+4070011{number:04}",
    }
    for number in range(12)
}  # fmt: skip
SECRET = "zqw-signing-key-of-this-shop"
MET = [202, 400, 500, "reset", "hang", "garbage", 429, 202]


@pytest.fixture
def providers(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[FakeSendGrid, FakeTwilio]]:
    """Both, set up in the environment, with requests that fail in every way."""
    monkeypatch.setattr("regulars.channels.transport.TOTAL", 0.4, raising=False)
    with FakeSendGrid() as sendgrid, FakeTwilio() as twilio:
        monkeypatch.setenv("SENDGRID_API_KEY", sendgrid.api_key)
        monkeypatch.setenv("REGULARS_SENDGRID_URL", sendgrid.url)
        monkeypatch.setenv("TWILIO_ACCOUNT_SID", twilio.account_sid)
        monkeypatch.setenv("TWILIO_AUTH_TOKEN", twilio.auth_token)
        monkeypatch.setenv("TWILIO_MESSAGING_SERVICE_SID", twilio.messaging_service_sid)
        monkeypatch.setenv("REGULARS_TWILIO_URL", twilio.url)
        monkeypatch.setenv("REGULARS_SECRET_KEY", SECRET)
        monkeypatch.setenv("REGULARS_PUBLIC_URL", "https://m.casaverde.example")
        for provider in (sendgrid, twilio):
            provider.will(*(one for one in MET if one != "hang"))
        yield sendgrid, twilio


def lay(shop: SmallShop) -> None:
    for customer, facts in PEOPLE.items():
        shop.customer(customer, **facts)
        shop.order(customer, "2026-01-05 10:00:00")
    for name, send in (("hello", "email"), ("text", "sms")):
        shop.campaign(
            name,
            messages=f"[{{send: {send}, template: {name}/one, subject: Salut, offer: {{percent: 10, valid: 9 days}}}}]",
        )
        shop.words(f"{name}/one", offer="{{ offer.code }} {{ referral.code }}")


def secrets_of(shop: SmallShop) -> set[str]:
    """What must stand nowhere: what is a person's, and what opens something."""
    texts = {one for facts in PEOPLE.values() for one in facts.values()} | {
        facts["phone"][1:] for facts in PEOPLE.values()
    }
    with shop.desk() as desk, desk.ledger.reading() as connection:
        from sqlalchemy import text

        codes = {
            row[0] for row in connection.execute(text("select code from code union select code from referral_code"))
        }
        links = [desk.links.of(row[0]) for row in connection.execute(text("select id from message"))]
        salts = {row[0] for row in connection.execute(text("select value from salt"))}
    tokens = {link.rpartition("/")[2] for of_message in links for name, link in of_message.items() if name != "shop"}
    assert len(codes) >= len(PEOPLE)
    return texts | codes | tokens | salts | {SECRET, FakeSendGrid.api_key, FakeTwilio.auth_token}


@pytest.mark.parametrize("ledger", DIALECTS)
def test_no_log_line_and_no_error_names_a_person_or_a_secret(
    ledger: str, shop: SmallShop, providers: tuple[FakeSendGrid, FakeTwilio], request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    if ledger == "postgresql":
        monkeypatch.setenv("REGULARS_LEDGER", str(request.getfixturevalue("postgres_url")))
    lay(shop)
    loggers = [logging.getLogger(name) for name in ("sqlalchemy", "sqlalchemy.engine", "aiohttp", "asyncio", "psycopg")]
    for logger in loggers:
        monkeypatch.setattr(logger, "level", logging.DEBUG)
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("sqlalchemy.engine").setLevel(logging.DEBUG)
        errors = live(shop)
    told = capfd.readouterr()
    written = "".join(file.read_text() for file in (shop.root / ".regulars" / "logs").glob("*"))
    everything = "\n".join([caplog.text, told.out, told.err, written, *errors])
    assert "INSERT INTO" in caplog.text
    assert "UnexpectedError" in errors[0] or "unexpected" in errors[0]
    assert sorted(one for one in secrets_of(shop) if one in everything) == []
    assert all(provider.requests for provider in providers)


def live(shop: SmallShop) -> list[str]:
    """Two days with everything that writes; the texts of the errors that were raised on purpose."""
    with shop.desk() as desk, clock.frozen(MONDAY):
        plan(desk, [], MONDAY)
        for name in ("hello", "text"):
            selected = running.select(desk, name, MONDAY)
            running.enrol(desk, selected.run_id, 0)
            running.finish(desk, selected.run_id)
        for channel in ("email", "sms"):
            deliver.deliver(desk, channel, 100, MONDAY, "w")
        with desk.ledger.writing() as connection:
            consent.record(connection, "zqw1", "email", MONDAY, given=True, source="preference page", wording="da")
    with shop.desk() as desk, clock.frozen(TUESDAY):
        for channel in ("email", "sms"):
            deliver.deliver(desk, channel, 100, TUESDAY, "w")
        followups.advance(desk, TUESDAY)
        convert.convert(desk, TUESDAY)
        refused = _refused(shop)
        forget(desk, whose(desk, "zqw11"), TUESDAY)
    return refused


def _refused(shop: SmallShop) -> list[str]:
    """A mistake of ours that quotes a person, and a statement that the database refuses."""
    told = []
    with pytest.raises(RegularsError) as mistake, tasks._desk(str(shop.root), ""):
        raise ValueError(f"cannot read '{PEOPLE['zqw1']['email']}' at {PEOPLE['zqw2']['phone']}")
    told.append(f"{mistake.type.__name__} {mistake.value!r}")
    with shop.desk() as desk, pytest.raises(Exception, match="enrolment") as refusal:  # noqa: PT012  # the transaction is part of it
        from sqlalchemy import text

        with desk.ledger.writing() as connection:
            row = {"id": PEOPLE["zqw3"]["email"]}
            statement = text("insert into enrolment (id, campaign, customer_id) values (:id, :id, :id)")
            connection.execute(statement, row)
    # PostgreSQL's own sentence quotes the row; nothing of ours shows it.
    told.append(type(refusal.value).__name__)
    return told
