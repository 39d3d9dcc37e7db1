"""Answers to surveys: looking changes nothing, a press counts, scanners count nowhere."""

from __future__ import annotations

import pytest
from visits import Visit

BY_SCRIPT = {"auto": "yes"}


def answers(visit: Visit) -> list[tuple[str, str, int, str, bool]]:
    """Customer, question, score, comment, whether a scanner's."""
    found = visit.rows(
        "select customer_id, question, score, comment, machine from answer order by customer_id, question"
    )
    return [(*list(row.values())[:-1], bool(row["machine"])) for row in found]


def test_the_link_in_the_message_leads_to_the_question_in_its_language(quick_visit: Visit) -> None:
    (sent,) = (one for one in quick_visit.arrived if one.message_id == quick_visit.message("lena"))
    path = f"{quick_visit.path('answer', 'lena')}/9"
    assert path in sent.text
    page = quick_visit.browser.get(path).text
    assert "Насколько вероятно, что вы порекомендуете Casa Verde другу?" in page
    assert 'value="9" required checked' in page


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_looking_changes_nothing(quick_visit: Visit, method: str) -> None:
    before = quick_visit.house.ledger.version()
    for score in ("", "/9", "/99", "/x"):
        assert quick_visit.browser.request(method, quick_visit.path("answer", "ana") + score).status_code == 200
    assert (quick_visit.house.ledger.version(), answers(quick_visit)) == (before, [])


def test_the_newest_answer_counts_and_a_comment_stays_until_another_is_written(visit: Visit) -> None:
    path = visit.path("answer", "ana")
    visit.browser.post(f"{path}/9", data=BY_SCRIPT | {"recommend": "9"})
    visit.browser.post(path, data={"recommend": "3", "comment": " Prea\x00 târziu. "})
    visit.browser.post(path, data={"recommend": "4", "comment": ""})
    assert answers(visit) == [("ana", "recommend", 4, "Prea târziu.", False)]
    asked = visit.rows("select campaign, survey, enrolment_id = '' as of_none from answer")
    assert [tuple(row.values()) for row in asked] == [("hello", "nps", False)]


@pytest.mark.parametrize(
    "filled", [{}, {"recommend": "11"}, {"recommend": "-1"}, {"satisfied": "5"}, {"recommend": "９"}]
)
def test_what_is_not_on_the_scale_is_no_answer(quick_visit: Visit, filled: dict[str, str]) -> None:
    answer = quick_visit.browser.post(quick_visit.path("answer", "ana"), data=filled)
    assert (answer.status_code, answers(quick_visit)) == (200, [])


def test_a_scanner_that_runs_scripts_counts_nowhere_and_its_reader_still_answers(quick_visit: Visit) -> None:
    path = quick_visit.path("answer", "ana")
    for score in range(11):
        quick_visit.browser.post(f"{path}/{score}", data=BY_SCRIPT | {"recommend": str(score)})
    assert answers(quick_visit) == [("ana", "recommend", 10, "", True)]
    pressed = quick_visit.browser.post(path, data={"recommend": "10"})
    assert 'role="status"' in pressed.text
    assert answers(quick_visit) == [("ana", "recommend", 10, "", False)]


def test_nobody_answers_by_script_within_seconds_of_the_sending(quick_visit: Visit) -> None:
    with quick_visit.house.ledger.writing() as connection:
        connection.exec_driver_sql("update message set sent_at = strftime('%Y-%m-%d %H:%M:%f000', 'now')")
    shown = quick_visit.browser.post(f"{quick_visit.path('answer', 'ana')}/9", data=BY_SCRIPT | {"recommend": "9"})
    assert (answers(quick_visit)[0][-1], 'role="status"' in shown.text, "<script" in shown.text) == (True, False, False)


def test_a_changed_mind_a_while_later_is_a_persons(quick_visit: Visit) -> None:
    path = quick_visit.path("answer", "ana")
    quick_visit.browser.post(f"{path}/9", data=BY_SCRIPT | {"recommend": "9"})
    with quick_visit.house.ledger.writing() as connection:
        connection.exec_driver_sql("update answer set at = '2026-02-02 10:00:00.000000'")
    quick_visit.browser.post(f"{path}/2", data=BY_SCRIPT | {"recommend": "2"})
    assert answers(quick_visit) == [("ana", "recommend", 2, "", False)]


def test_a_comment_has_an_end(quick_visit: Visit) -> None:
    quick_visit.browser.post(quick_visit.path("answer", "ana"), data={"recommend": "1", "comment": "ă" * 1_500})
    assert answers(quick_visit)[0][3] == "ă" * 1_000


def test_what_was_written_is_shown_to_nobody_who_has_the_link(quick_visit: Visit) -> None:
    path = quick_visit.path("answer", "ana")
    shown = quick_visit.browser.post(path, data={"recommend": "1", "comment": "între noi"}).text
    assert "între noi" not in shown + quick_visit.browser.get(path).text


def test_links_that_are_none_ask_nothing(quick_visit: Visit) -> None:
    links, message = quick_visit.house.links, quick_visit.message("ana")
    other = links.token("answer", quick_visit.message("ana", "news"))
    for token in ("x", links.token("unsubscribe", message), links.token("answer", message)[:-1] + "~", other):
        told = [quick_visit.browser.request(way, f"/a/{token}/9").status_code for way in ("GET", "POST")]
        assert told == [404, 404], token
    proof = quick_visit.browser.post(f"/a/{links.token('answer', '0' * 32)}", data={"recommend": "9"})
    assert (proof.status_code, answers(quick_visit)) == (404, [])
