"""Templates can name, choose, repeat and format; they cannot compute, call or fill the memory."""

from __future__ import annotations

import pytest
from jinja2 import TemplateSyntaxError

from effort import within
from regulars.lang.model import Message
from regulars.lang.problems import Problems
from regulars.lang.written import Written
from regulars.words.allowed import refusals
from regulars.words.checking import Check
from regulars.words.reading import parse
from regulars.words.render import WordsError
from regulars.words.sources import Sources
from regulars.words.variables import Known

HOSTILE = [
    "{{ 'x' * 10**9 }}",
    "{{ '%0999999999d' % 1 }}",
    "{{ 2 ** 99999999 }}",
    "{{ 9 // 2 }}",
    "{% for a in range(99999) %}{% for b in range(99999) %}x{% endfor %}{% endfor %}",
    "{{ lipsum(n=100000) }}",
    "{{ 'x'.center(999999999) }}",
    "{{ 'x' | center(999999999) }}",
    "{{ 'x' | indent(999999999) }}",
    "{{ '%s' | format('x') }}",
    "{% set a = 'x' %}",
    "{% set a %}x{% endset %}",
    "{% macro m() %}{% endmacro %}",
    "{% include 'a' %}",
    "{% import 'a' as a %}",
    "{% from 'a' import b %}",
    "{% filter upper %}x{% endfilter %}",
    "{% call x() %}{% endcall %}",
    "{% with a = 1 %}{% endwith %}",
    "{% autoescape false %}{{ a }}{% endautoescape %}",
    "{{ customer.__class__ }}",
    "{{ customer['__class__'] }}",
    "{{ customer[customer.key] }}",
    "{{ customer._private }}",
    "{{ customer | attr('format') }}",
    "{{ customer.first_name | safe }}",
    "{{ customer.delete() }}",
    "{{ self }}",
    "{% block a %}{{ super() }}{% endblock %}",
    "{{ namespace }}{{ namespace() }}",
    "{{ customer.name[0:5] }}",
    "{{ -1 }}",
    "{% extends customer.layout %}",
    "{% for a in x %}{% for b in x %}{% for c in x %}{% endfor %}{% endfor %}{% endfor %}",
    "{% for a in x recursive %}{% endfor %}",
    "{% for a in x | upper %}{% endfor %}",
    "{{ {'a': 1} }}",
    "{% if x is callable %}{% endif %}",
    "{{ range(10**9) }}",
    "{{ range(1000000000) }}",
    "{% set ns.x = ns.x ~ ns.x %}",
    "{% set x = x ~ x %}",
    "{{ customer.first_name.format(customer) }}",
    "{{ '{0.__class__}'.format(customer) }}",
    "{{ ['{0.__class__}'] | map('format', customer) | first }}",
    "{{ 'x' | attr('format') }}",
    "{{ customer.__init__.__globals__ }}",
    "{{ customer['__init__']['__globals__'] }}",
    "{{ x | map(attribute='__class__') }}",
    "{{ x | batch(999999999, 'x') }}",
    "{{ x | slice(999999999) }}",
    "{{ x | sum(start='x') }}",
    "{{ 'x' | wordwrap(1) }}",
    "{{ 'x' | replace('x', 'y' ~ 'y') }}",
    "{{ x | tojson }}",
    "{{ customer | xmlattr }}",
    "{{ cycler('a') }}{{ joiner() }}",
    "{{ caller() }}",
    "{{ loop(x) }}",
    "{% raw %}{% endraw %}{{ config.items() }}",
    "{{ get_flashed_messages.__globals__ }}",
    "{{ x | string | float }}",
    "{% do x.append(1) %}",
    "{% debug %}",
    "{% trans %}x{% endtrans %}",
    "{% break %}",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_template_is_refused_when_read_and_when_rendered(written, text):
    with pytest.raises(TemplateSyntaxError):
        parse_allowed(text)
    with pytest.raises(WordsError, match=r"templates/a\.en\.sms:1: "):
        written({"a.en.sms": text}).sms("a", "en", {"customer": {"first_name": "x"}, "x": [1]})


@pytest.mark.parametrize("text", HOSTILE)
def test_check_tells_where_a_hostile_template_is_hostile(text):
    problems = Problems()
    message = Message.model_validate({"send": "sms", "template": Written("a")})
    Check(Sources({"a.en.sms": f"fine\n{text}"}), message, Known({}), problems).template("a")
    places = [problem.position for problem in problems]
    assert places
    assert {(place.file, place.line) for place in places} == {("templates/a.en.sms", 2)}
    assert all(1 <= place.column <= len(text) and place.length >= 1 for place in places)


BOMBS = {
    "brackets": "{{ " + "(" * 100_000,
    "closed brackets": "{{ " + "(" * 5_000 + "x" + ")" * 5_000 + " }}",
    "filters": "{{ x" + "|upper" * 30_000 + " }}",
    "choices": "{% if x %}" * 20_000,
    "closed choices": "{% if x %}" * 3_000 + "{% endif %}" * 3_000,
    "other choices": "{% if x %}" + "{% elif x %}" * 15_000 + "{% endif %}",
    "negations": "{{ " + "not " * 30_000 + "x }}",
    "texts side by side": "{{ " + "x ~ " * 15_000 + "x }}",
    "sums": "{{ " + "1 + " * 3_000 + "1 }}",
    "dots": "{{ x" + ".y" * 9_000 + " }}",
    "a list": "{{ [" + "1," * 100_000 + "] }}",
    "lists": "{{ " + "[" * 50_000,
    "digits": "{{ " + "9" * 10_000 + " }}",
    "remarks": "{#" * 100_000,
    "blocks": "".join(f"{{% block b{number} %}}" for number in range(5_000)),
    "loops": "{% for a in range(99999) %}{% for b in range(99999) %}x{% endfor %}{% endfor %}",
    "a product": "{{ 'x' * 10**9 }}",
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_is_refused_in_less_than_a_second(written, bomb):
    with within(1), pytest.raises(TemplateSyntaxError):
        parse_allowed(BOMBS[bomb])
    with within(1), pytest.raises(WordsError, match=r"templates/a\.en\.sms:"):
        written({"a.en.sms": BOMBS[bomb]}).sms("a", "en", {"x": {"y": 1}})


def parse_allowed(text):
    """What `check` does with a template first."""
    for refusal in refusals(parse(text)):
        raise TemplateSyntaxError(refusal.sentence, refusal.line)


def test_a_refusal_tells_its_line_and_what_is_allowed():
    (refusal,) = refusals(parse("fine\n{{ range(3) }}"))
    assert refusal.line == 2
    assert "Calling something" in refusal.sentence


def test_an_ordinary_template_is_accepted():
    text = """{% extends "layout/letter.html" %}{% block words %}
    {% if customer.orders > 1 and customer.city in ('Cluj', 'Iași') or not customer.vip %}
    {{ customer.first_name | default("friend") | upper }}{% endif %}
    {% for row in rows %}{{ loop.index }}. {{ row.product ~ ", " }}{{ row["price"] | money }}
    {% if not loop.last %}; {% endif %}{% else %}none{% endfor %}
    {{ rows | length }} {{ rows | length | plural(one="tea", other="teas") }}
    {{ "a" if offer is defined else "b" }}{{ customer.points - 10 }}
    {% endblock %}"""
    assert refusals(parse(text)) == []
