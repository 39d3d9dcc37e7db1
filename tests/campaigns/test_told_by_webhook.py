"""The shop's own system hears of an answer: one signed POST over real HTTP, again only if it never arrived."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import shop_days as days
from regulars.campaigns import checkup, telling
from regulars.campaigns.checking.check import check
from regulars.campaigns.planning.plan import plan
from regulars.campaigns.why.explain import why
from regulars.channels import notices, registry
from regulars.testing import Arrival, FakeChannel, FakeProvider, Reaction, Request
from regulars.testing.fake_provider import Response
from small_shop import RULES, SmallShop

DIALECTS = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]
KEY, OLD_KEY = b"k" * 24, b"o" * 32
SECRET, OLD_SECRET = (f"whsec_{base64.b64encode(key).decode()}" for key in (KEY, OLD_KEY))
ASK = "{name: ask, send: email, template: win/one, subject: S, survey: nps, tell: {TELL}}"


class Crm(FakeProvider):
    """A system of the shop: it believes what is signed, and drops what it has."""

    def judge(self, request: Request) -> Response:
        name, at = (request.headers[f"webhook-{one}"] for one in ("id", "timestamp"))
        right = hmac.digest(KEY, f"{name}.{at}.".encode() + request.body, "sha256")
        given = request.headers["webhook-signature"].split(" ")
        return Response(204 if f"v1,{base64.b64encode(right).decode()}" in given else 401)

    def read(self, request: Request) -> list[Arrival]:
        return [Arrival(request.headers["webhook-id"], request.path, request.body.decode())]

    def refuse(self, reaction: Reaction, request: Request) -> Response:
        return Response(reaction.status, b"no", {"Location": f"{self.url}/elsewhere"})


@pytest.fixture
def crm(monkeypatch: pytest.MonkeyPatch) -> Iterator[Crm]:
    """It runs, and the environment knows it."""
    monkeypatch.setattr("regulars.channels.notices.TOTAL", 2.0)
    with Crm() as crm:
        monkeypatch.setenv("REGULARS_TELL_URL_CRM", f"{crm.url}/answers?shop=1")
        monkeypatch.setenv("REGULARS_TELL_SECRET_CRM", SECRET)
        yield crm


def asked(shop: SmallShop, told: str = "webhook: crm, when: answer <= 6") -> None:
    """Two customers have the question."""
    for customer in ("ana", "ion"):
        shop.customer(customer)
    shop.rules = RULES.replace("  site:", "  team: {ana: ana@casaverde.example}\n  site:")
    shop.campaign("win", messages=f"[{ASK.replace('TELL', told)}]")
    shop.words("win/one", offer="{{ survey.link }}")
    days.live(shop, "2026-02-01 10:00", "win")


def answer(shop: SmallShop, customer: str, score: int, comment: str = "", when: str = "2026-02-02 09:00") -> None:
    from regulars.ledger import answered

    with days.opened(shop, when) as (desk, moment), desk.ledger.writing() as connection:
        found = "select id from message where name = 'ask' and customer_id = '" + customer + "'"
        (message,) = connection.exec_driver_sql(found).scalars()
        answered.record(connection, message, "nps", {"recommend": score}, moment, comment=comment)


def tell(shop: SmallShop, when: str = "2026-02-02 09:30") -> int:
    with days.opened(shop, when) as (desk, moment):
        return telling.tell(desk, moment)


def doctor(shop: SmallShop) -> list[str]:
    with days.opened(shop, "2026-02-02 20:00") as (desk, moment):
        return [f"{one.sentence} {one.way_out}" for one in checkup.examine(desk, moment) if one.level != "ok"]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_bad_answer_is_posted_once_signed_with_what_was_said(
    shop: SmallShop, crm: Crm, dialect: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    if dialect == "postgresql":
        monkeypatch.setenv("REGULARS_LEDGER", request.getfixturevalue("postgres_url"))
    asked(shop)
    answer(shop, "ion", 3, "Too <late>, ăî.")
    answer(shop, "ana", 9)
    assert [tell(shop, f"2026-02-02 09:{minute}") for minute in ("05", "10", "11", "40")] == [0, 1, 0, 0]
    (posted,) = crm.requests
    assert posted.path == "/answers?shop=1"
    assert json.loads(posted.body) == {
        "type": "survey.answered",
        "timestamp": "2026-02-02T07:00:00+00:00",
        "data": {
            "survey": "nps", "answer": 3, "lowest": 0, "highest": 10, "comment": "Too <late>, ăî.",
            "customer_id": "ion", "campaign": "win", "title": "Win", "message": "ask",
        },
    }  # fmt: skip
    assert len(crm.arrivals) == 1, "the receiver found the signature right"
    with days.opened(shop, "2026-02-03 09:00") as (desk, moment):
        (seen,) = why(desk, "ion", ["win"], moment)["campaigns"]
    assert "answered 3 (nps), the shop was told" in seen["before"][0]


NOT_TAKEN: list[Any] = [429, 503, 401, 302]
IN_DOUBT: list[Any] = [500, "reset", "hang", "garbage"]


@pytest.mark.parametrize("met", NOT_TAKEN)
def test_what_was_not_taken_is_posted_again_under_the_same_id(shop: SmallShop, crm: Crm, met: Any) -> None:
    asked(shop)
    answer(shop, "ion", 3)
    answer(shop, "ana", 2)
    crm.will(met)
    assert tell(shop) == 0
    assert len(crm.requests) == 1, "one that was not taken says enough: the other waits, and no redirect is followed"
    assert tell(shop, "2026-02-02 09:31") == 2
    assert len({one.headers["webhook-id"] for one in crm.requests}) == 2
    assert not crm.twice


@pytest.mark.parametrize("met", IN_DOUBT)
def test_what_may_have_arrived_is_not_posted_again_and_the_operator_hears_of_it(
    shop: SmallShop, crm: Crm, met: Any
) -> None:
    asked(shop)
    answer(shop, "ion", 3)
    crm.will(met)
    assert [tell(shop), tell(shop, "2026-02-02 09:31")] == [0, 0]
    assert len(crm.requests) == 1
    assert any(one.startswith("1 may not have reached their webhook, and are not told") for one in doctor(shop))


def test_nobody_listens_and_it_is_tried_again(shop: SmallShop, crm: Crm, monkeypatch: pytest.MonkeyPatch) -> None:
    asked(shop)
    answer(shop, "ion", 3)
    with monkeypatch.context() as other:
        other.setenv("REGULARS_TELL_URL_CRM", "http://127.0.0.1:9/answers")
        assert tell(shop) == 0
    assert tell(shop, "2026-02-02 09:31") == 1


def test_a_killed_process_leaves_it_in_doubt_and_the_others_are_told(
    shop: SmallShop, crm: Crm, monkeypatch: pytest.MonkeyPatch
) -> None:
    class KilledError(BaseException):
        pass

    async def killed(*_: object) -> None:
        raise KilledError

    asked(shop)
    answer(shop, "ion", 3)
    answer(shop, "ana", 2)
    with monkeypatch.context() as dying:
        dying.setattr(notices.Webhook, "send", killed)
        with pytest.raises(KilledError):
            tell(shop)
    assert tell(shop, "2026-02-02 09:31") == 1, "one is in doubt; the other never left"
    assert len(crm.arrivals) == 1


def test_the_team_and_the_webhook_hear_of_it_each_on_its_own(
    shop: SmallShop, crm: Crm, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked(shop, "team: ana, webhook: crm")
    team = FakeChannel()
    monkeypatch.setattr(registry, "channel_for", lambda *_: team)
    answer(shop, "ion", 3)
    crm.will(503)
    assert [tell(shop), tell(shop, "2026-02-02 09:31"), tell(shop, "2026-02-02 09:32")] == [1, 1, 0]
    assert (len(team.arrived), len(crm.arrivals)) == (1, 1)


def test_while_a_secret_is_changed_both_sign(shop: SmallShop, crm: Crm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REGULARS_TELL_SECRET_CRM", f"{OLD_SECRET},{SECRET}")
    asked(shop)
    answer(shop, "ion", 3)
    assert tell(shop) == 1
    assert crm.requests[0].headers["webhook-signature"].count("v1,") == 2


WRONG = {
    "no address": ("", SECRET, "The webhook `crm` has no address."),
    "no secret": ("https://crm.example.com/a", "", "The webhook `crm` has no secret to sign with."),
    "in the clear": ("http://crm.example.com/a", SECRET, "REGULARS_TELL_URL_CRM would send answers in the clear."),
    "no address at all": ("ftp:x", SECRET, "REGULARS_TELL_URL_CRM is not an address to post to."),
    "a short secret": ("https://crm.example.com/a", "whsec_YWJj", "REGULARS_TELL_SECRET_CRM is not `whsec_`"),
}


@pytest.mark.parametrize(("url", "secret", "told"), WRONG.values(), ids=WRONG)
def test_a_webhook_that_is_not_set_up_is_told_to_whoever_looks_and_answers_wait(
    shop: SmallShop, crm: Crm, monkeypatch: pytest.MonkeyPatch, url: str, secret: str, told: str
) -> None:
    asked(shop)
    answer(shop, "ion", 3)
    with monkeypatch.context() as lacking:
        lacking.setenv("REGULARS_TELL_URL_CRM", url)
        lacking.setenv("REGULARS_TELL_SECRET_CRM", secret)
        assert tell(shop) == 0
        assert any(one.startswith(told) and "Answers to win" in one for one in doctor(shop))
        (problem,) = [one for one in check(shop.root).sorted() if one.code == "webhook-unset"]
        assert problem.sentence.startswith(told)
        assert problem.level == "warning"
        with days.opened(shop, "2026-02-02 09:35") as (desk, moment):
            (answers,) = plan(desk, ["win"], moment)["campaigns"][0]["answers"]
        assert answers == "to `ask` are told to the webhook `crm` (not set up, see regulars doctor), if answer <= 6"
    assert tell(shop, "2026-02-02 09:40") == 1


def test_what_goes_into_the_folder_posts_nothing(shop: SmallShop, crm: Crm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REGULARS_CHANNEL", "folder")
    asked(shop)
    answer(shop, "ion", 3)
    assert tell(shop) == 1
    assert not crm.requests
    (file,) = Path(shop.root, ".regulars/outbox").glob("*/webhook/*.json")
    assert json.loads(file.read_text("utf-8"))["data"]["customer_id"] == "ion"


def test_neither_address_nor_secret_nor_comment_is_in_a_log(
    shop: SmallShop, crm: Crm, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    asked(shop)
    answer(shop, "ion", 3, "zqw-comment")
    for met in (500, "reset", 503, 204):
        crm.will(met)
        tell(shop)
    for hidden in (SECRET, crm.url, "zqw-comment"):
        assert hidden not in caplog.text
