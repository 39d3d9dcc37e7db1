"""Tokens name a message, not a person, and cannot be made up."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.errors import ProjectError
from regulars.words.links import Links

MESSAGE = "0192f0c5b1a27c3d8e4f5a6b7c8d9e0f"
LINKS = Links("secret", "https://shop.example/hello/", "https://site.example/")


def token(link: str) -> str:
    return link.rsplit("/", 1)[-1].rsplit("=", 1)[-1]


@pytest.mark.parametrize("short", [False, True])
def test_a_token_leads_back_to_its_message(short):
    assert LINKS.message("unsubscribe", token(LINKS.unsubscribe(MESSAGE, short=short))) == MESSAGE
    assert LINKS.message("preferences", token(LINKS.preferences(MESSAGE, short=short))) == MESSAGE


def test_a_token_is_worthless_for_another_purpose_and_another_key():
    made = token(LINKS.unsubscribe(MESSAGE))
    assert LINKS.message("preferences", made) is None
    assert Links("other", "https://shop.example").message("unsubscribe", made) is None


def test_a_key_can_be_changed_and_old_links_stay_good():
    made = token(LINKS.unsubscribe(MESSAGE))
    rotated = Links(" newer , secret", "https://shop.example")
    assert rotated.message("unsubscribe", made) == MESSAGE
    assert token(rotated.unsubscribe(MESSAGE)) == token(Links("newer", "https://shop.example").unsubscribe(MESSAGE))
    assert Links("newer", "https://shop.example").message("unsubscribe", made) is None


def test_links_made_before_keys_could_be_several_stay_good():
    made = "AZLwxbGifD2OT1prfI2eDw.65X1NPSJK9Nod24eDPfiTQ"  # by the version before, with the key `a,b`
    assert Links("a,b", "https://shop.example").message("unsubscribe", made) == MESSAGE


@given(st.integers(1, 2**31 - 1), st.binary(min_size=16, max_size=16))
def test_a_click_leads_back_to_its_message_and_link(number, identity):
    made = token(LINKS.click(identity.hex(), number))
    assert LINKS.clicked(made) == (identity.hex(), number)
    assert LINKS.message("click", made) is None
    assert LINKS.message("unsubscribe", made) is None


def test_a_token_of_a_message_is_no_click():
    assert LINKS.clicked(LINKS.token("click", MESSAGE)) is None
    assert LINKS.clicked(LINKS.token("unsubscribe", MESSAGE)) is None


def test_text_messages_lead_to_the_shop_by_way_of_the_web_app_where_there_is_one():
    asked = []

    def number(url):
        asked.append(url)
        return 7

    counted = Links("secret", "https://m.example", "https://site.example", number)
    made = counted.of(MESSAGE, short=True)["shop"]
    assert made.startswith("https://m.example/c/")
    assert counted.clicked(token(made)) == (MESSAGE, 7)
    assert asked == ["https://site.example"]
    assert counted.of(MESSAGE)["shop"] == "https://site.example"
    assert Links("secret", "", "https://site.example", number).of(MESSAGE, short=True)["shop"] == "https://site.example"


def test_a_link_that_confirms_is_none_of_another_purpose():
    made = LINKS.confirm(MESSAGE)
    assert "/o/" in made
    assert LINKS.message("confirm", token(made)) == MESSAGE
    assert LINKS.message("unsubscribe", token(made)) is None


def test_every_changed_character_makes_a_token_worthless():
    made = token(LINKS.unsubscribe(MESSAGE))
    for index, character in enumerate(made):
        forged = made[:index] + ("A" if character != "A" else "B") + made[index + 1 :]
        assert LINKS.message("unsubscribe", forged) is None


def test_a_tag_cannot_be_cut_shorter():
    made = token(LINKS.unsubscribe(MESSAGE))
    for length in range(len(made)):
        found = LINKS.message("unsubscribe", made[:length])
        assert found is None or made[:length] == token(LINKS.unsubscribe(MESSAGE, short=True))


@given(st.text(max_size=60))
def test_anything_else_is_refused_without_an_exception(text):
    assert LINKS.message("unsubscribe", text) is None


def test_links_lead_to_the_web_app_or_to_the_site_with_the_token_as_a_query():
    assert LINKS.unsubscribe(MESSAGE).startswith("https://shop.example/hello/u/")
    assert LINKS.referral("ABC") == "https://shop.example/hello/r/ABC"
    offline = Links("secret", "", "https://site.example")
    assert offline.unsubscribe(MESSAGE).startswith("https://site.example?u=")
    assert offline.message("unsubscribe", token(offline.unsubscribe(MESSAGE))) == MESSAGE
    assert offline.referral("ABC") == "https://site.example?ref=ABC"
    assert offline.of(MESSAGE)["shop"] == "https://site.example"


def test_without_any_address_the_way_out_is_told():
    with pytest.raises(ProjectError, match="`site:`"):
        Links("secret")


def test_a_short_link_fits_a_text_message():
    assert len(token(LINKS.unsubscribe(MESSAGE, short=True))) == 37
    assert len(token(LINKS.click(MESSAGE, 1))) == 38
    assert len(token(LINKS.unsubscribe(MESSAGE))) == 45
