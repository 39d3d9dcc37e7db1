"""Every channel keeps every promise of the contract."""

import asyncio
import gc
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email import policy
from email.parser import BytesParser
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from channel_peers import sendgrid_at, twilio_at

from regulars import clock
from regulars.channels.contract import Answer, Outgoing, sending
from regulars.channels.folder import Folder
from regulars.testing import Arrival, FakeChannel, FakeSendGrid, FakeTwilio, Trial, channel_contract, example, frozen


@contextmanager
def folder_of_letters() -> Iterator[Trial]:
    with TemporaryDirectory() as room:
        yield Trial(Folder(Path(room)), "email", lambda: [_letter(file) for file in Path(room).glob("*/email/*")])


@contextmanager
def folder_of_sms() -> Iterator[Trial]:
    with TemporaryDirectory() as room:
        yield Trial(Folder(Path(room)), "sms", lambda: [_sms(file) for file in Path(room).glob("*/sms/*")])


@contextmanager
def fake_channel() -> Iterator[Trial]:
    channel = FakeChannel(lost_answers_arrive=True)
    yield Trial(
        channel,
        "email",
        arrived=lambda: [Arrival(message.message_id, message.to, message.text) for message in channel.arrived],
        faults={
            outcome: lambda outcome=outcome: channel.will(outcome)
            for outcome in ("rejected", "throttled", "notsent", "config", "ambiguous")
        },
        requests=lambda: len(channel.asked),
    )


def _live(provider, channel, kind):
    faults = {"accepted": None, "rejected": 400, "throttled": 429, "config": 401, "ambiguous": "reset"}
    return Trial(
        channel,
        kind,
        arrived=lambda: provider.arrivals,
        faults={outcome: lambda told=told: provider.always(told) for outcome, told in faults.items()},
        requests=lambda: len(provider.requests),
    )


@contextmanager
def sendgrid_trial() -> Iterator[Trial]:
    with FakeSendGrid() as provider:
        yield _live(provider, sendgrid_at(provider), "email")


@contextmanager
def twilio_trial() -> Iterator[Trial]:
    with FakeTwilio() as provider:
        yield _live(provider, twilio_at(provider), "sms")


def _letter(file: Path) -> Arrival:
    letter = BytesParser(policy=policy.default).parsebytes(file.read_bytes())
    return Arrival(file.stem, letter["To"].addresses[0].addr_spec, letter.get_body(("plain",)).get_content())


def _sms(file: Path) -> Arrival:
    head, _, words = file.read_text(encoding="utf-8").partition("\n\n")
    return Arrival(file.stem, head.splitlines()[0].removeprefix("To: "), words)


@pytest.mark.parametrize("promise", channel_contract(folder_of_letters), ids=str)
def test_the_folder_keeps_the_contract_for_email(promise):
    promise()


@pytest.mark.parametrize("promise", channel_contract(folder_of_sms), ids=str)
def test_the_folder_keeps_the_contract_for_sms(promise):
    promise()


@pytest.mark.parametrize("promise", channel_contract(fake_channel), ids=str)
def test_the_fake_channel_keeps_the_contract(promise):
    promise()


@pytest.mark.parametrize("promise", channel_contract(sendgrid_trial), ids=str)
def test_sendgrid_keeps_the_contract(promise):
    promise()


@pytest.mark.parametrize("promise", channel_contract(twilio_trial), ids=str)
def test_twilio_keeps_the_contract(promise):
    promise()


class Retrier(FakeChannel):
    """A channel that asks twice when the first answer is lost: what the contract exists to find."""

    def _one(self, message: Outgoing) -> Answer:
        first = super()._one(message)
        return super()._one(message) if first.outcome == "ambiguous" else first


class Forgetter(FakeChannel):
    """A channel that loses the answers of refused messages."""

    async def send(self, messages):
        return [answer for answer in await super().send(messages) if answer.outcome != "rejected"]


@pytest.mark.parametrize("broken", [Retrier, Forgetter])
def test_the_contract_finds_a_channel_that_breaks_it(broken):
    @contextmanager
    def trial() -> Iterator[Trial]:
        channel = broken(lost_answers_arrive=True)
        yield Trial(
            channel,
            "email",
            arrived=lambda: [Arrival(message.message_id, message.to, message.text) for message in channel.arrived],
            faults={"ambiguous": lambda: channel.will("ambiguous")},
            requests=lambda: len(channel.asked),
        )

    def breaks(promise) -> bool:
        try:
            promise()
        except (AssertionError, IndexError):
            return True
        return False

    assert any(map(breaks, channel_contract(trial)))


def test_sending_uses_one_connection_for_sends_one_after_another(sendgrid):
    with sending(sendgrid_at(sendgrid)) as send:
        for number in range(5):
            send([example("email", number)])
    assert (len(sendgrid.requests), sendgrid.connections) == (5, 1)


def test_a_frozen_clock_holds_inside_sending():
    class Teller(FakeChannel):
        def _one(self, message):
            return Answer(message.message_id, "accepted", provider_id=clock.now().isoformat())

    with sending(Teller()) as send, frozen(datetime(2026, 3, 1, 8, tzinfo=UTC)):
        assert send([example("email")])[0].provider_id == "2026-03-01T08:00:00+00:00"


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # the loops that are gone leave their sockets to the collector
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_sends_in_many_event_loops_without_closing_still_work(sendgrid):
    channel = sendgrid_at(sendgrid)
    outcomes = [asyncio.run(channel.send([example("email", number)]))[0].outcome for number in range(3)]
    assert outcomes == ["accepted"] * 3
    asyncio.run(channel.close())
    gc.collect()


def test_sending_inside_an_event_loop_points_to_opened():
    async def inside():
        with sending(FakeChannel()):
            pass

    with pytest.raises(RuntimeError, match="opened"):
        asyncio.run(inside())
