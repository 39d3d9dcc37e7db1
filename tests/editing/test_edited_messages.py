"""Messages are edited, deleted, inserted and moved while people stand between them."""

from __future__ import annotations

import pytest
from edits import FIRST, FOURTH, SECOND, THIRD, Plan, got, letter, one_after_another, win

import shop_days as days
from small_shop import SmallShop

NIGHT, MORNING = "2026-02-01 22:00", "2026-02-02 09:00"


def texts(shop: SmallShop) -> list[str]:
    """The letters that left, as they read, in the order they left."""
    files = sorted((shop.root / ".regulars" / "outbox").rglob("*.eml"), key=lambda path: path.stat().st_mtime_ns)
    return [path.read_text(encoding="utf-8") for path in files]


def held_for_the_night(shop: SmallShop, *messages: str, **keys: str) -> None:
    """`win` has run at night, and its first message waits for the morning."""
    shop.customer("ana")
    shop.guards = '  quiet_hours: {email: "21:00-09:00"}'
    win(shop, *messages, **keys)
    days.live(shop, NIGHT, "win")
    assert days.states(shop) == {"ana": "one planned"}


# --- the words


def test_what_has_not_left_gets_the_new_words_and_what_has_left_keeps_its_own(shop: SmallShop) -> None:
    shop.customer("ana")
    one_after_another(shop, "1 day")
    days.live(shop, FIRST, "win")
    for name in ("one", "two"):
        shop.words(f"win/{name}", offer="NEW WORDS")
    days.live(shop, SECOND)
    first, second = texts(shop)
    assert "NEW WORDS" not in first
    assert "NEW WORDS" in second
    kept = days.rows(shop, "message join template on hash = template_hash", "message.name, files", "message.name")
    assert ["NEW WORDS" in row["files"] for row in kept] == [False, True]


def test_a_message_that_waits_for_the_morning_gets_the_new_words_too(shop: SmallShop) -> None:
    held_for_the_night(shop, letter("one"))
    shop.words("win/one", offer="NEW WORDS")
    days.live(shop, MORNING)
    (text,) = texts(shop)
    assert "NEW WORDS" in text


def test_the_plan_says_how_many_messages_on_their_way_an_edit_of_the_words_changes(shop: SmallShop, plan: Plan) -> None:
    shop.customer("vera")
    one_after_another(shop, "1 day")
    days.live(shop, FIRST, "win")
    for name in ("ana", "ion", "olga"):
        shop.customer(name)
    days.live(shop, SECOND, "win")
    assert "still on their way" in plan("win", SECOND)
    shop.words("win/two", offer="NEW WORDS")
    assert "3 of their messages change: the words were edited" in plan("win", SECOND)


# --- deleted


def test_a_deleted_message_that_waits_is_cancelled_with_a_reason(shop: SmallShop) -> None:
    held_for_the_night(shop, letter("one"), letter("two", "after: 1 day"))
    win(shop, letter("two"))
    days.live(shop, MORNING)
    assert days.states(shop)["ana"].split(", ")[0] == "one suppressed: deleted"
    assert got(shop) == {}


def test_who_stands_at_a_deleted_message_goes_on_with_the_one_below_it(shop: SmallShop) -> None:
    shop.customer("ana")
    one_after_another(shop, "1 day", "2 days")
    days.live(shop, FIRST, "win")
    days.live(shop, SECOND)
    win(shop, letter("one"), letter("three", "after: 2 days"))
    days.live(shop, THIRD)
    # Two days after what was due last, as before the edit: not two days after `one`, which would be today.
    assert got(shop) == {"ana": "one 1 Feb, two 2 Feb"}
    days.live(shop, FOURTH)
    assert got(shop) == {"ana": "one 1 Feb, two 2 Feb, three 4 Feb"}


def test_who_has_not_come_to_a_deleted_message_goes_on_without_it(shop: SmallShop) -> None:
    shop.customer("ana")
    one_after_another(shop, "1 day", "2 days")
    days.live(shop, FIRST, "win")
    win(shop, letter("one"), letter("three", "after: 2 days"))
    days.live(shop, SECOND)
    days.live(shop, THIRD)
    assert got(shop) == {"ana": "one 1 Feb, three 3 Feb"}


def test_an_entry_whose_first_message_was_deleted_while_it_waited_goes_on(shop: SmallShop) -> None:
    held_for_the_night(shop, letter("one"), letter("two", "after: 1 day"))
    win(shop, letter("two"), letter("three", "after: 1 day"))
    days.live(shop, MORNING)
    days.live(shop, "2026-02-03 10:00")
    assert "two" not in got(shop).get("ana", ""), "inserted before where somebody stands"


def test_who_stood_at_the_last_message_is_finished_when_it_is_deleted(shop: SmallShop) -> None:
    shop.customer("ana")
    one_after_another(shop, "1 day")
    days.live(shop, FIRST, "win")
    days.live(shop, SECOND)
    win(shop, letter("one"))
    days.live(shop, THIRD)
    (entry,) = days.rows(shop, "enrolment")
    assert entry["end_reason"] == "finished"


# --- inserted and moved


def test_a_message_inserted_before_where_somebody_stands_is_not_sent_to_them(shop: SmallShop) -> None:
    shop.customer("ana")
    one_after_another(shop, "1 day")
    days.live(shop, FIRST, "win")
    days.live(shop, SECOND)
    shop.customer("ion")
    shop.words("win/between")
    win(shop, letter("one"), letter("between", "after: 1 hour"), letter("two", "after: 1 day"))
    days.live(shop, THIRD, "win")
    days.live(shop, "2026-02-03 12:00")
    days.live(shop, "2026-02-04 12:00")
    assert got(shop) == {"ana": "one 1 Feb, two 2 Feb", "ion": "one 3 Feb, between 3 Feb, two 4 Feb"}


def test_a_message_inserted_after_where_somebody_stands_is_sent_to_them(shop: SmallShop) -> None:
    shop.customer("ana")
    one_after_another(shop, "2 days")
    days.live(shop, FIRST, "win")
    shop.words("win/between")
    win(shop, letter("one"), letter("between", "after: 1 day"), letter("two", "after: 2 days"))
    for day in (SECOND, THIRD, FOURTH):
        days.live(shop, day)
    assert got(shop) == {"ana": "one 1 Feb, between 2 Feb, two 4 Feb"}


def test_a_message_that_is_moved_is_known_by_its_name_and_never_sent_twice(shop: SmallShop) -> None:
    shop.customer("ana")
    one_after_another(shop, "1 day", "1 day")
    days.live(shop, FIRST, "win")
    days.live(shop, SECOND)
    shop.customer("ion")
    win(shop, letter("one"), letter("three", "after: 1 day"), letter("two", "after: 1 day"))
    for day in (THIRD, FOURTH, "2026-02-05 10:00"):
        days.live(shop, day, "win")
    # Ana stands at the last one now; what was moved above it is not sent to her.
    assert got(shop) == {"ana": "one 1 Feb, two 2 Feb", "ion": "one 3 Feb, three 4 Feb, two 5 Feb"}


def test_a_message_that_gets_another_template_keeps_its_name_where_it_is_written(shop: SmallShop) -> None:
    shop.customer("ana")
    one_after_another(shop, "1 day")
    days.live(shop, FIRST, "win")
    shop.words("win/other")
    win(shop, letter("one"), "{name: two, send: email, template: win/other, subject: S, after: 1 day}")
    days.live(shop, SECOND)
    assert got(shop) == {"ana": "one 1 Feb, two 2 Feb"}


# --- `after`


def test_a_longer_after_moves_what_is_ahead(shop: SmallShop) -> None:
    shop.customer("ana")
    one_after_another(shop, "1 day")
    days.live(shop, FIRST, "win")
    one_after_another(shop, "3 days")
    days.live(shop, SECOND)
    days.live(shop, THIRD)
    days.live(shop, FOURTH)
    assert got(shop) == {"ana": "one 1 Feb, two 4 Feb"}


@pytest.mark.parametrize(
    ("send_within", "becomes"),
    [("3 days", "one accepted, two accepted"), ("1 day", "one accepted, two expired: send_within is over")],
)
def test_what_a_shorter_after_makes_overdue_goes_at_once_or_not_at_all(
    shop: SmallShop, send_within: str, becomes: str
) -> None:
    shop.customer("ana")
    one_after_another(shop, "9 days", send_within=send_within)
    days.live(shop, FIRST, "win")
    days.live(shop, FOURTH)
    assert days.states(shop) == {"ana": "one accepted"}
    one_after_another(shop, "1 day", send_within=send_within)
    days.live(shop, FOURTH)
    assert days.states(shop) == {"ana": becomes}


def test_the_caps_keep_what_an_edit_made_overdue_from_going_all_at_once(shop: SmallShop) -> None:
    shop.customer("ana")
    shop.guards = "  frequency: {any: 1 per day}"
    one_after_another(shop, "9 days", "9 days", send_within="5 days")
    days.live(shop, FIRST, "win")
    one_after_another(shop, "1 day", "1 day", send_within="5 days")
    days.live(shop, FOURTH)
    assert got(shop) == {"ana": "one 1 Feb, two 4 Feb"}
    days.live(shop, "2026-02-05 10:00")
    assert got(shop) == {"ana": "one 1 Feb, two 4 Feb, three 5 Feb"}
