"""Layouts laid flat: the same text as when Jinja2 climbs from file to file, and the same faults."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import DictLoader, Environment, StrictUndefined
from test_skeleton import CONTEXTS

from regulars.words.filters import filters_for
from regulars.words.flat import flat
from regulars.words.press import press_for
from regulars.words.render import Words, WordsError
from regulars.words.sources import Sources

SHOP = {"currency": "RON", "timezone": "Europe/Bucharest"}
LAYOUTS = [
    "<i>{% block one %}1{{ a }}{% endblock %}\n{% block two %}{% endblock %}</i>{{ n | number }}",
    "{% if n %}{% block one %}{% block three %}3{% endblock %}{% endblock %}{% endif %}{% block two %}{% endblock %}",
    "{% for x in list %}{% block one %}[{{ x is defined }}]{% endblock %}{% endfor %}",
    "{% for one in rows %}{{ one.n }}{% endfor %}{% block two %}{{ one is defined }}{% endblock %}",
    "words {{ b }} and no block",
]
BLOCKS = st.dictionaries(
    st.sampled_from(["one", "two", "three", "four"]),
    st.sampled_from(["{{ a }}", "{{ c | default('-') }}!", "{% if b %}x{% else %}{{ a }}{% endif %}\n", "", "&"]),
    max_size=4,
)
BEFORE = st.sampled_from(["", "{# said first #}\n", "hello ", "{{ a }}", "{% if a %}x{% endif %}"])
AFTER = st.sampled_from(
    ["", "\nnever said {{ nothing.there }}", "{% if n > 4 %}{% block four %}4{% endblock %}{% endif %}"]
)


def child(layout: str, before: str, blocks: dict[str, str], after: str) -> str:
    own = "\n".join(f"{{% block {name} %}}{said}{{% endblock %}}" for name, said in blocks.items())
    return f'{before}{{% extends "{layout}" %}}{own}{"" if "four" in blocks else after}'


@settings(max_examples=80)  # compiling templates is what takes the time
@given(st.sampled_from(LAYOUTS), BLOCKS, BLOCKS, BEFORE, AFTER, CONTEXTS)
def test_a_file_on_two_layouts_says_what_jinja_says_byte_for_byte(layout, middle, own, before, after, known):
    files = {
        "top.txt": layout, "middle.txt": child("top.txt", "", middle, ""),
        "t.en.txt": child("middle.txt", before, own, after), "t.en.html": "<p>{{ a }}</p>",
    }  # fmt: skip
    bare = Environment(
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, loader=DictLoader(files), autoescape=False
    )
    bare.filters |= filters_for("en", "RON", "Europe/Bucharest")
    words = Words(Sources(files), ["en"], "en", SHOP)
    assert words.email_parts("t", "en", known, "s").text.text == bare.get_template("t.en.txt").render(known)


def flattened(**files: str) -> bool:
    press = press_for(Sources({f"{name}.txt": text for name, text in files.items()}), "plain", "en", "RON", "UTC")
    return flat(press, "t.txt") is not None


@pytest.mark.parametrize("layout", LAYOUTS)
def test_what_a_layout_is_for_is_laid_flat(layout):
    looped = "{% for x in list %}{% block" in layout
    assert flattened(t='{% extends "top.txt" %}{% block two %}2{% endblock %}', top=layout) is not looped


@pytest.mark.parametrize(
    "text",
    [
        "{% if n %}{% extends 'top.txt' %}{% endif %}",
        "{{ a }}{% extends 'top.txt' %}",
        "{% extends 'top.txt' %}{% if n %}{% block two %}2{% endblock %}{% endif %}",
        "{% extends 'top.txt' %}{% block one %}{% block two %}2{% endblock %}{% endblock %}",
        "{% extends 't.txt' %}",
        "{% extends 'nowhere.txt' %}",
    ],
)
def test_what_cannot_be_known_beforehand_is_left_to_jinja(text):
    assert not flattened(t=text, top=LAYOUTS[0])


def test_a_fault_in_a_layout_is_told_with_its_file_and_line():
    files = {
        "top.txt": "1\n2 {{ customer.town }}{% block two %}{% endblock %}",
        "t.en.txt": '{% extends "top.txt" %}{% block two %}2{% endblock %}', "t.en.html": "<p>x</p>",
    }  # fmt: skip
    with pytest.raises(WordsError) as caught:
        Words(Sources(files), ["en"], "en", SHOP).email("t", "en", {"customer": {}}, "s")
    assert "templates/top.txt:2" in caught.value.sentence
