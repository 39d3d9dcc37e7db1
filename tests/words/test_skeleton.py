"""Skeleton and holes: the same text, put together faster."""

from __future__ import annotations

from html.parser import HTMLParser
from itertools import product

import css_inline
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import DictLoader, Environment, StrictUndefined

from regulars.words.filters import filters_for
from regulars.words.preheader import UNPLACED, with_place
from regulars.words.render import Words
from regulars.words.skeleton import Rendered, plain, styled
from regulars.words.sources import Sources

SHOP = {"name": "A & B", "currency": "RON", "timezone": "Europe/Bucharest", "address": "x"}
PRINTABLE = st.text(st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="\u2028\u2029"), max_size=12)

# Ways to say a value, and ways to arrange them: the property test builds templates from these.
VALUES = ["{{ a }}", "{{ b | upper }}", '{{ c | default("-") }}', "{{ a ~ b }}", "{{ n | money }}", "{{ a }}{{ b }}"]
FRAMES = [
    "{v}",
    "<p>{v}</p>\n",
    '<a title="{v}" href="https://x.example/{v}">{v}</a>',
    "{{% if a %}}{v}{{% else %}}nobody{{% endif %}}",
    "{{% for x in list %}}[{{{{ x }}}}|{v}]{{% endfor %}}",
    "{{% for one in rows %}}<b>{{{{ one.what }}}}</b>{{% if one.n > 4 %}}{v}{{% endif %}}{{{{ one.n }}}}{{% endfor %}}",
    "{{% if row.n > 4 %}}{{{{ row.what }}}}{{% else %}}{v}{{% endif %}}",
    "{{% if rows %}}{{{{ (rows | first).n }}}}{{{{ rows[0].what }}}}{{% endif %}}",
    "static & words <br>",
    "{{# a comment #}}{{% if n > 1 and a %}} many {{% elif b %}}{v}{{% endif %}}",
]
TEMPLATES = st.lists(st.tuples(st.sampled_from(FRAMES), st.sampled_from(VALUES)), min_size=1, max_size=6).map(
    lambda parts: "".join(frame.format(v=value) for frame, value in parts)
)
ROW = st.fixed_dictionaries({"what": PRINTABLE, "n": st.integers(0, 9)})
CONTEXTS = st.fixed_dictionaries(
    {
        "a": PRINTABLE,
        "b": PRINTABLE,
        "c": st.none() | PRINTABLE,
        "n": st.integers(0, 9),
        "list": st.lists(PRINTABLE, max_size=3),
        "row": ROW,
        "rows": st.lists(ROW, max_size=3),
    }
)


def bare(text: str, autoescape: bool, known: dict) -> str:
    """What Jinja2 itself says."""
    environment = Environment(
        autoescape=autoescape, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, loader=DictLoader({})
    )
    environment.filters |= filters_for("en", "RON", "Europe/Bucharest")
    return environment.from_string(text).render(known)


@given(TEMPLATES, CONTEXTS)
def test_without_styles_skeleton_and_holes_are_the_plain_rendering_byte_for_byte(text, known):
    words = Words(Sources({"t.en.html": text, "t.en.txt": text}), ["en"], "en", SHOP)
    parts = words.email_parts("t", "en", known, "s")
    assert parts.html.skeleton.fill(parts.html.holes) == bare(text, True, known)
    assert parts.text.text == bare(text, False, known)


@given(TEMPLATES, CONTEXTS, st.sampled_from(["{{ a }}, {{ row.what }}", "Look & see"]))
def test_with_a_preview_text_they_are_too(text, known, preview_text):
    letter = f"<!doctype html><html><body class='x'>\n{text}</body></html>"
    words = Words(Sources({"t.en.html": letter, "t.en.txt": text}), ["en"], "en", SHOP)
    parts = words.email_parts("t", "en", known, "s", preview_text)
    shown = words.subject("t", "en", known, preview_text)
    assert parts.html.skeleton.fill(parts.html.holes) == bare(with_place(letter), True, known | {UNPLACED: shown})


class Seen(HTMLParser):
    """What a reader's program makes of an HTML text: elements, attributes and words."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.events: list[object] = []

    def handle_starttag(self, tag, attrs):
        self.events.append((tag, sorted(attrs)))

    def handle_endtag(self, tag):
        self.events.append(tag)

    def handle_data(self, data):
        if self.events and isinstance(self.events[-1], str) and self.events[-1].startswith("text:"):
            self.events[-1] += data
        else:
            self.events.append("text:" + data)

    def handle_comment(self, data):
        self.events.append(("comment", data))


def seen(text: str) -> list[object]:
    reader = Seen()
    reader.feed(text)
    reader.close()
    return reader.events


STYLED = """<!doctype html><html lang="en"><head><title>{{ a }}</title>
<style>p { color: red } .b a { color: blue; font-family: Georgia, serif } td { padding: 1px }
@media (max-width: 600px) { p { color: green !important } }</style></head>
<body><!--[if mso]><table><tr><td>{{ b }}<![endif]--><p title="{{ b }}">{{ a }}{{ b }} and <b>{{ a }}</b></p>
<table class="b">{% for x in rows %}<tr><td>{{ x.what }}</td><td>
<a href="https://x.example/{{ x.what }}?a=1&amp;b={{ row.what }}" title='{{ x.what }}'>{{ x.n }}</a>
</td></tr>{% endfor %}</table>
{% if c %}<p>{{ c }}</p>{% endif %}</body></html>"""


@given(CONTEXTS)
def test_with_styles_the_reader_sees_what_inlining_the_whole_message_shows(known):
    words = Words(Sources({"t.en.html": STYLED, "t.en.txt": ""}), ["en"], "en", SHOP)
    rendered = words.email_parts("t", "en", known, "s").html
    whole = css_inline.CSSInliner(keep_at_rules=True).inline(bare(STYLED, True, known))
    assert not rendered.skeleton.whole
    assert seen(rendered.text) == seen(whole)


def test_people_who_took_the_same_way_share_the_skeleton(words, context):
    def skeleton(**known):
        return words.email_parts("discount/due", "ro", context("discount/due", "ro", **known), "s").html.skeleton

    assert skeleton() is skeleton()
    assert skeleton(goods=1) is not skeleton(goods=2)
    assert skeleton(name=False) is not skeleton()


def test_no_template_of_the_shop_must_be_inlined_whole(words, context):
    for template, language, name in product(
        ("discount/due", "referral/invite", "thanks/order"), ("ro", "ru", "en"), (True, False)
    ):
        html = words.email_parts(template, language, context(template, language, name=name), "s").html
        assert not html.skeleton.whole
        assert html.skeleton.in_order


@pytest.mark.parametrize(
    "text",
    [
        '<style>.gold { color: gold }</style><p class="{{ a }}">x</p>',
        '<style>#gold { color: gold }</style><p id="{{ a }}">x</p>',
        "<style>p { color: {{ a }} }</style><p>x</p>",
        '<style>p { color: red }</style><p style="color: {{ a }}">x</p>',
        "<style>p { color: red }</style><p title={{ a }}>x</p>",
        "<style>p { color: red }</style><p {{ a }}>x</p>",
        '<style>p[title=gold] { color: red }</style><p title="{{ a }}">x</p>',
        "<style>p:empty { color: red }</style><p>{{ b }}</p>",
        "<style>p { color: red }</style><table>{{ a }}<tr><td>x</td></tr></table>",
    ],
)
def test_a_value_that_styles_may_depend_on_is_inlined_with_its_whole_message(written, text):
    words = written({"t.en.html": text, "t.en.txt": ""})
    rendered = words.email_parts("t", "en", {"a": "gold", "b": ""}, "s").html
    assert rendered.skeleton.whole
    assert rendered.text == css_inline.CSSInliner(keep_at_rules=True).inline(bare(text, True, {"a": "gold", "b": ""}))


def test_a_hole_may_come_back_several_times_or_none_but_is_never_mixed_up():
    skeleton = plain(("<", None, "-", None, None, ">"))
    assert Rendered(skeleton, ("1", "2", "3")).text == "<1-23>"
    assert styled(("<p>", None, "</p>")).fill(["x"]) == "<p>x</p>"
    assert plain(()).fill([]) == ""


def test_media_queries_stay_in_the_head_and_the_rest_moves_into_the_elements(words, context):
    html = words.email("thanks/order", "en", context("thanks/order", "en"), "s").html
    assert "@media (prefers-color-scheme: dark)" in html
    assert "<style>" in html
    assert 'class="sheet" style="' in html
