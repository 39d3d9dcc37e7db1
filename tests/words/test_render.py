"""One path from a template to a message."""

from __future__ import annotations

import json
import re
import time

import pytest

from regulars.words.preheader import with_place
from regulars.words.render import Words, WordsError
from regulars.words.sources import Sources

LINKS = {"shop": "https://shop.example", "unsubscribe": "https://shop.example/u/x"}


def test_the_language_is_the_customers_and_else_the_fallback(words):
    assert words.language("winback/first", "email", "ru") == "ru"
    assert words.language("winback/first", "email", "ro-MD") == "ro"
    assert words.language("winback/first", "email", "EN") == "en"
    assert words.language("winback/first", "email", "de") == "ro"
    assert words.language("winback/first", "email", None) == "ro"


def test_a_template_without_words_for_the_channel_has_no_language(words):
    assert words.language("welcome/hello", "sms", "ro") is None
    assert words.language("no/such", "email", "ro") is None


def test_html_escapes_what_people_are_called_and_plain_text_and_subject_do_not(written):
    words = written({"a.en.html": "<p>{{ customer.first_name }}</p>", "a.en.txt": "{{ customer.first_name }}"})
    email = words.email("a", "en", {"customer": {"first_name": "<b>Tom & Co</b>"}}, "{{ customer.first_name }}!")
    assert email.html == "<p>&lt;b&gt;Tom &amp; Co&lt;/b&gt;</p>"
    assert email.text == "<b>Tom & Co</b>"
    assert email.subject == "<b>Tom & Co</b>!"


def test_a_variable_that_is_not_there_is_an_error_with_file_and_line(written):
    words = written({"a.en.sms": "Hello\n\n{{ customer.frist_name }}"})
    with pytest.raises(WordsError, match=r"templates/a\.en\.sms:3: `frist_name` is not there") as raised:
        words.sms("a", "en", {"customer": {"first_name": "Kate"}})
    assert "Kate" not in str(raised.value)


def test_an_error_in_a_layout_names_the_layout_and_its_line(written):
    words = written({"l.txt": "x\n{{ links.nowhere }}", "a.en.sms": '{% extends "l.txt" %}'})
    with pytest.raises(WordsError, match=r"templates/l\.txt:2: `nowhere`"):
        words.sms("a", "en", {"links": LINKS})


@pytest.mark.parametrize(
    "text",
    [
        "{{ customer.secret | money }}",
        "{{ customer.secret | date }}",
        "{{ customer.secret - 1 }}",
        "{{ customer.secret.x }}",
        "{{ customer.secret | round }}",
        '{{ offer.valid_until | date("sideways") }}',
    ],
)
def test_an_error_never_repeats_what_stood_in_the_variable(written, text):
    words = written({"a.en.sms": text})
    with pytest.raises(WordsError) as raised:
        words.sms("a", "en", {"customer": {"secret": "ioana@example.com"}, "offer": {"valid_until": "2026-12-05"}})
    assert "ioana" not in str(raised.value)
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__


def test_a_syntax_error_names_file_and_line(written):
    with pytest.raises(WordsError, match=r"templates/a\.en\.sms:2: "):
        written({"a.en.sms": "ok\n{% if customer %}"}).sms("a", "en", {"customer": {}})


def test_a_missing_layout_and_one_that_stands_on_itself_are_errors(written):
    with pytest.raises(WordsError, match=r"a\.en\.sms:1 stands on templates/nowhere\.txt"):
        written({"a.en.sms": '{% extends "nowhere.txt" %}'}).sms("a", "en", {})
    with pytest.raises(WordsError, match="stands on itself"):
        written({"a.en.sms": '{% extends "a.en.sms" %}'}).sms("a", "en", {})


def test_a_value_nobody_knows_is_empty_and_default_replaces_it(written):
    text = '[{{ customer.city }}] [{{ customer.city | default("your town") }}] [{{ customer.x | default("-") }}]'
    words = written({"a.en.sms": text})
    assert words.sms("a", "en", {"customer": {"city": None}}) == "[] [your town] [-]"


def test_a_key_is_a_key_even_where_a_dict_has_such_a_method(written):
    assert (
        written({"a.en.sms": "{{ row.items }} {{ row.values }}"}).sms("a", "en", {"row": {"items": 3, "values": 4}})
        == "3 4"
    )


def test_output_is_cut_off_at_256_kb(written):
    words = written({"a.en.sms": "{% for a in rows %}{% for b in rows %}{{ a }}{{ b }}{% endfor %}{% endfor %}"})
    with pytest.raises(WordsError, match="longer than 256 kB"):
        words.sms("a", "en", {"rows": ["x" * 50] * 3_000})


def test_an_sms_is_trimmed_and_its_spaces_are_plain(written):
    words = written({"a.en.sms": "\n  Now {{ offer.amount | money }}\n"})
    assert words.sms("a", "en", {"offer": {"amount": "25.00"}}) == "Now RON 25"


def test_an_sms_longer_than_twilio_takes_is_an_error(written):
    with pytest.raises(WordsError, match="1,601 characters"):
        written({"a.en.sms": "{{ customer.x }}"}).sms("a", "en", {"customer": {"x": "y" * 1_601}})


def test_a_link_must_begin_with_an_address(written):
    words = written({"a.en.html": '<a href="{{ row.url }}">x</a>', "a.en.txt": "x"})
    assert 'href="https://shop.example"' in words.email("a", "en", {"row": {"url": "https://shop.example"}}, "s").html
    for url in ("https://a.example/?a=1&b=2", "HTTPS://a.example", "mailto:a@example.org", "http://localhost:8080/u/1"):
        assert words.email("a", "en", {"row": {"url": url}}, "s")
    for url in (
        "javascript:alert(1)",
        "http://a.example",
        "http://localhost.a.example",
        "//a.example",
        " JavaScript:x",
        "data:text/html,x",
        "java&#115;cript:x",
        "",
    ):
        with pytest.raises(WordsError, match="does not begin with https"):
            words.email("a", "en", {"row": {"url": url}}, "s")


def test_a_version_renders_the_same_text_after_the_files_changed(tmp_path, shop):
    folder = tmp_path / "templates"
    folder.mkdir()
    (folder / "layout.txt").write_text("{{ shop.name }}: {% block words %}{% endblock %}")
    (folder / "a.en.sms").write_text(
        '{% extends "layout.txt" %}{% block words %}Hello {{ customer.first_name }}{% endblock %}'
    )
    (folder / "other.en.sms").write_text("not needed")
    before = Words(tmp_path, ["en"], "en", shop).version("a", {"en": "Subject"})
    (folder / "layout.txt").write_text("changed {% block words %}{% endblock %}")
    after = Words(tmp_path, ["en"], "en", shop).version("a", {"en": "Subject"})

    old = Words.of_version(before.files_json)
    assert old.sms("a", "en", {"customer": {"first_name": "Kate"}}) == "Casa Verde: Hello Kate"
    assert old.subjects == {"en": "Subject"}
    assert old.version("a", old.subjects) == before
    assert before.hash != after.hash
    assert set(json.loads(before.files_json)["files"]) == {"a.en.sms", "layout.txt"}


def test_the_shop_is_part_of_a_version(shop):
    files = Sources({"a.en.sms": "{{ shop.name }}"})
    one, other = (Words(files, ["en"], "en", {**shop, "name": name}).version("a").hash for name in ("A", "B"))
    assert one != other


def test_a_file_that_is_not_utf8_or_too_large_is_an_error(tmp_path, shop):
    folder = tmp_path / "templates"
    folder.mkdir()
    (folder / "a.en.txt").write_bytes("școală".encode("iso8859_16"))
    with pytest.raises(WordsError, match=r"templates/a\.en\.txt is not UTF-8"):
        Words(tmp_path, ["en"], "en", shop)
    (folder / "a.en.txt").write_bytes(b"x" * 300_000)
    with pytest.raises(WordsError, match="larger than 256 kB"):
        Words(tmp_path, ["en"], "en", shop)


@pytest.mark.parametrize(
    ("subject", "without_a_name"),
    [
        ("{{ customer.first_name }}, we kept something", "We kept something"),
        ("Happy birthday, {{ customer.first_name }}!", "Happy birthday!"),
        ("Bine ai venit la {{ shop.name }}, {{ customer.first_name }}", "Bine ai venit la Casa Verde"),
        ("{{ customer.first_name }}, ți-am păstrat ceva", "Ți-am păstrat ceva"),
        ("{{ customer.first_name }}, −{{ offer.percent }}% на всё", "−10% на всё"),
        ("{{ customer.first_name }} {{ customer.last_name }}: hello", "Hello"),
        ("For {{ customer.first_name }} only", "For only"),
        ("{{ customer.first_name }}", ""),
    ],
)
def test_a_subject_takes_the_comma_of_a_missing_name_along(words, subject, without_a_name):
    known = {"customer": {"first_name": None, "last_name": ""}, "offer": {"percent": 10}}
    assert words.subject("x", "en", known, subject) == without_a_name


def test_a_subject_is_one_line_whatever_stands_in_it(words):
    known = {"customer": {"first_name": "Kate\r\nBcc: ioana@example.com\u2028\0"}}
    assert (
        words.subject("x", "en", known, "Hi {{ customer.first_name }}\n there")
        == "Hi Kate Bcc: ioana@example.com there"
    )


HIDDEN = re.compile(r'<div style="display:none[^"]*">([^<]*)</div>')


def test_a_preview_text_stands_hidden_at_the_top_of_a_letter_that_knows_nothing_of_it(written):
    words = written({"a.en.html": "<html><body title='a>b'>\n<p>Dear {{ x }}</p></body></html>", "a.en.txt": "x"})
    html = words.email("a", "en", {"x": "<b>"}, "s", "For {{ x }}, & soon").html
    assert html.split("\n")[0].endswith("</div>")
    assert HIDDEN.findall(html) == ["For &lt;b&gt;, &amp; soon"]
    assert html.index("display:none") < html.index("Dear")


def test_without_a_preview_text_nothing_is_added(written):
    letter = "<html><body>\n<p>Dear</p></body></html>"
    assert written({"a.en.html": letter, "a.en.txt": "x"}).email("a", "en", {}, "s").html == letter


def test_a_letter_that_says_where_its_preview_text_stands_gets_it_there_and_nowhere_else(written):
    layout = "<html><body><i>{% block top %}{% endblock %}</i></body></html>"
    letter = '{% extends "l.html" %}{% block top %}{{ preview_text }}{% endblock %}'
    words = written({"l.html": layout, "a.en.html": letter, "a.en.txt": "x"})
    assert words.email("a", "en", {}, "s", "Soon").html == "<html><body><i>Soon</i></body></html>"


@pytest.mark.parametrize(
    ("letter", "start"), [("<p>x</p>", "<div"), ("<!doctype html><p>x</p>", "<!doctype html><div"),
                          ("<html><head></head><p>x</p></html>", "<html><head></head><div")]
)  # fmt: skip
def test_a_letter_without_a_body_has_a_place_too(written, letter, start):
    html = written({"a.en.html": letter, "a.en.txt": "x"}).email("a", "en", {}, "s", "Soon").html
    assert html.startswith(start)
    assert HIDDEN.findall(html) == ["Soon"]


def test_the_shops_layout_shows_the_preview_text_in_place_of_its_own(words, context):
    known = context("winback/first", "en")
    own = words.email("winback/first", "en", known, "s").html
    html = words.email("winback/first", "en", known, "s", "Kept for {{ customer.first_name }}").html
    assert ">Kept for Kate</div>" in html
    assert len(html) < len(own) + 100
    assert "display:none" not in html


def test_a_body_that_never_ends_is_given_up_at_once():
    started = time.perf_counter()
    with_place("<body " + "{{ a }}'" * 5_000)
    with_place("<body " + "{% if a %}" * 5_000)
    assert time.perf_counter() - started < 1


def test_an_e_mail_needs_html_and_plain_text_in_a_language(written):
    words = written({"a.en.html": "x", "a.en.txt": "x", "a.ro.html": "x"}, ("en", "ro"))
    assert words.language("a", "email", "ro") == "en"


def test_a_campaign_may_write_in_fewer_languages_with_a_fallback_of_its_own(words):
    few = words.speaking(["ru", "en"])
    assert few.language("winback/first", "email", "ro") == "ru"
    assert few.language("winback/first", "email", "en") == "en"


def test_a_version_keeps_the_preview_texts(written):
    words = written({"a.en.html": "x", "a.en.txt": "x"})
    plain, more = words.version("a", {"en": "s"}), words.version("a", {"en": "s"}, {"en": "p"})
    assert plain.hash != more.hash
    assert Words.of_version(more.files_json).preview_texts == {"en": "p"}
    assert Words.of_version(plain.files_json).preview_texts == {}
