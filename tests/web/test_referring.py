"""Where friends arrive, and what guessing gets: nothing, and soon not even that."""

from __future__ import annotations

import pyarrow as pa
import pytest
from visits import SITE, Visit

from regulars import clock
from regulars.ledger import referrals
from regulars.web.referring import CALLERS, SECONDS, WRONG, Guesses


def code(visit: Visit) -> str:
    with visit.house.ledger.writing() as connection:
        return referrals.codes_for(connection, pa.array(["ana"]), clock.now())["code"][0].as_py()


def test_a_friend_sees_the_code_and_gets_to_the_shop_with_it(visit: Visit) -> None:
    known = code(visit)
    answer = visit.browser.get(f"/r/{known.lower()}", headers={"Accept-Language": "en-GB,en;q=0.9"})
    assert answer.status_code == 200
    assert known in answer.text
    assert f'href="{SITE}?ref={known}"' in answer.text
    assert "Type it at the checkout of your first order at Casa Verde." in answer.text
    assert "ana" not in answer.text


@pytest.mark.parametrize(
    ("wanted", "shown"), [("ru", "код от друга"), ("de", "un cod de la un prieten"), ("", "un cod")]
)
def test_friends_are_spoken_to_in_their_browsers_language(quick_visit: Visit, wanted: str, shown: str) -> None:
    assert shown in quick_visit.browser.get(f"/r/{code(quick_visit)}", headers={"Accept-Language": wanted}).text


def test_an_unknown_code_is_the_same_page_whatever_it_looks_like(quick_visit: Visit) -> None:
    answers = [quick_visit.browser.get(f"/r/{wrong}") for wrong in ("ABCDEFGHJKM", "x", "%27%3B--", "'" * 50)]
    assert {(answer.status_code, answer.text) for answer in answers} == {(404, answers[0].text)}


def test_after_five_wrong_codes_even_a_right_one_waits(quick_visit: Visit) -> None:
    known = code(quick_visit)
    statuses = [quick_visit.browser.get(f"/r/wrong{n}").status_code for n in range(WRONG + 1)]
    assert statuses == [404] * WRONG + [429]
    assert quick_visit.browser.get(f"/r/{known}").status_code == 429


def test_what_a_caller_says_about_itself_is_not_believed(quick_visit: Visit) -> None:
    for n in range(WRONG):
        quick_visit.browser.get("/r/wrong", headers={"X-Forwarded-For": f"203.0.113.{n}"})
    assert quick_visit.browser.get("/r/wrong", headers={"X-Forwarded-For": "203.0.113.99"}).status_code == 429


def test_behind_a_proxy_of_ones_own_each_visitor_counts_alone(quick_visit: Visit) -> None:
    quick_visit.house.settings.proxies = 1
    for n in range(WRONG + 1):
        quick_visit.browser.get("/r/wrong", headers={"X-Forwarded-For": f"198.51.100.{n}, 203.0.113.7"})
    last = {"X-Forwarded-For": "203.0.113.7, 203.0.113.8"}
    assert quick_visit.browser.get("/r/wrong", headers={"X-Forwarded-For": "203.0.113.7"}).status_code == 429
    assert quick_visit.browser.get("/r/wrong", headers=last).status_code == 404


def test_wrong_codes_are_forgiven_after_ten_minutes_and_memory_has_an_end() -> None:
    guesses = Guesses()
    for _ in range(WRONG):
        guesses.wrong("a", 1000)
    assert [guesses.too_many("a", 1000 + later) for later in (0, SECONDS - 1, SECONDS)] == [True, True, False]
    for number in range(CALLERS):
        guesses.wrong(str(number), 1001)
    assert not guesses.too_many("a", 1001)
    assert len(guesses._wrong) == CALLERS
