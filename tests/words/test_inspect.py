"""Templates are checked against what their campaign offers, before anybody gets them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from regulars.lang.problems import Problem
from regulars.lang.project import load
from regulars.words.inspect import Surroundings, problems, variables
from regulars.words.render import WordsError

RULES = """
shop:
  name: Casa Verde
  currency: RON
  timezone: Europe/Bucharest
  languages: [en, ro]
  from: {email: "Casa Verde <salut@casaverde.example>"}
  address: Str. Lungă 7
source:
  tables: {customers: data/customers.csv, orders: data/orders.csv}
  customer: {id: customer_id, first_name: first_name, email: email}
  order: {id: order_id, customer: customer_id, at: ordered_at, amount: total}
"""
CAMPAIGN = """title: Hello
audience: first_name = 'x'
schedule: daily at 10:00
messages:
  - send: SEND
    template: hello
    subject: "SUBJECT"
"""
FOOT = "{{ links.unsubscribe }} {{ shop.address }}"
LETTER = "{{ customer.first_name }} " + FOOT
CUSTOMER = {"first_name", "city", "orders"}


@pytest.fixture
def check(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., list[Problem]]:
    """The problems of one campaign with these templates; those not given are right."""

    def checked(
        files: dict[str, str | None],
        *,
        send: str = "email",
        subject: str = "Hello",
        more: str = "",
        enriched=None,
        campaign=CAMPAIGN,
        **around,
    ) -> list[Problem]:
        tmp_path = tmp_path_factory.mktemp("shop")
        right = {f"hello.{language}.{suffix}": LETTER for language in ("en", "ro") for suffix in ("html", "txt")}
        (tmp_path / "campaigns").mkdir()
        (tmp_path / "rules.yaml").write_text(RULES)
        (tmp_path / "campaigns" / "hello.yaml").write_text(
            campaign.replace("SEND", send).replace("SUBJECT", subject) + more
        )
        for name, text in (right | files).items():
            if text is not None:
                path = tmp_path / "templates" / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
        project, _ = load(tmp_path)
        assert project is not None
        assert project.campaigns
        return problems(project, Surroundings(CUSTOMER, enriched or {}, **around))

    return checked


def only(found: list[Problem]) -> Problem:
    assert len(found) == 1, found
    return found[0]


def test_the_shops_own_templates_have_no_problem(root):
    project, _ = load(root)
    assert project is not None
    assert problems(project, Surroundings({"first_name"}, {"discount": ["recommended"]})) == []


def test_right_templates_have_no_problem(check):
    assert check({}) == []


def test_an_unknown_variable_is_told_at_its_word_with_what_was_meant(check):
    found = only(check({"hello.en.html": FOOT + "\n<p>\n  Dear {{ customer.frist_name }},"}))
    assert found.code == "unknown-variable"
    assert str(found.position) == "templates/hello.en.html:3:20"
    assert found.position.length == len("frist_name")
    assert "Did you mean `first_name`?" in found.sentence
    assert found.way_out == "customer has: city, first_name, orders"


def test_an_unknown_variable_of_a_subject_is_told_in_the_campaign(check):
    found = only(check({}, subject="Hi {{ custmer.first_name }}"))
    assert found.code == "unknown-variable"
    assert str(found.position) == "campaigns/hello.yaml:7:21"
    assert "Did you mean `customer`?" in found.sentence


def test_an_unknown_variable_of_a_layout_is_told_in_the_layout(check):
    layout = "{{ shop.nmae }}\n{% block words %}{{ customer.nowhere }}{% endblock %}" + FOOT
    found = only(
        check({"layout.html": layout, "hello.en.html": '{% extends "layout.html" %}{% block words %}x{% endblock %}'})
    )
    assert str(found.position) == "templates/layout.html:1:9"


def test_an_offer_must_be_there_before_it_is_mentioned(check):
    found = only(check({"hello.en.txt": LETTER + "{{ offer.code }}"}))
    assert found.code == "unknown-variable"
    assert found.way_out == "give it an `offer`"


def test_what_is_mentioned_must_fit_the_kind_of_offer(check):
    offer = "    offer: {percent: 10, valid: 3 days}\n"
    text = LETTER + "{{ offer.code }} {{ offer.amount | money }}"
    assert "`offer.amount` is not known" in only(check({"hello.en.html": text}, more=offer)).sentence


def test_a_variable_under_is_defined_may_be_missing(check):
    text = (
        "{% if offer is defined %}{{ offer.code }}{% if offer.percent is defined %}{{ offer.percent }}{% endif %}"
        "{% endif %}{{ customer.badge | default('-') }}{{ rows is defined }}"
    )
    assert check({"hello.en.html": LETTER + text}) == []


def test_after_else_the_variable_is_missing_again(check):
    text = "{% if offer is defined %}yes{% else %}{{ offer.code }}{% endif %}"
    assert only(check({"hello.en.html": LETTER + text})).code == "unknown-variable"


def test_variables_of_loops_are_their_own(check):
    text = "{% for row in customer.orders %}{{ row.anything }}{{ loop.index }}{% endfor %}"
    assert check({"hello.en.html": LETTER + text}) == []
    outside = only(check({"hello.en.html": LETTER + text + "{{ row.anything }}"}))
    assert outside.sentence == "`row.anything` is used, and this campaign is not about one row."


def test_columns_of_a_step_are_known_to_its_campaign(check):
    files = {"hello.en.html": LETTER + "{{ customer.recommended }}"}
    assert check(files, more="enrich: [recommend]\n", enriched={"hello": ["recommended"]}) == []


def test_a_missing_file_in_the_fallback_is_an_error_and_in_another_language_a_warning(check):
    found = check({"hello.ro.html": None, "hello.ro.txt": None, "hello.en.txt": None})
    assert [(p.code, p.level) for p in found] == [("missing-plain-text", "error"), ("missing-words", "warning")]
    assert found[0].way_out == "add templates/hello.en.txt"
    assert {str(p.position) for p in found} == {"campaigns/hello.yaml:6:15"}


def test_no_file_at_all_asks_what_was_meant(check):
    right = {f"hello.{language}.{suffix}": None for language in ("en", "ro") for suffix in ("html", "txt")}
    found = only(check({**right, "helo.en.html": LETTER}))
    assert found.code == "missing-words"
    assert found.sentence == "There are no words `hello`. Did you mean `helo`?"


def test_a_channel_without_words_is_told(check):
    found = check({}, send="sms, else email")
    assert [p.code for p in found] == ["missing-words", "missing-words"]
    assert "text message" in found[0].sentence


@pytest.mark.parametrize("suffix", ["html", "txt"])
@pytest.mark.parametrize(
    ("text", "code"), [("{{ shop.address }}", "missing-unsubscribe"), ("{{ links.unsubscribe }}", "missing-address")]
)
def test_an_email_lets_its_reader_unsubscribe_and_says_where_the_shop_is(check, suffix, text, code):
    found = only(check({f"hello.en.{suffix}": text}))
    assert (found.code, str(found.position)) == (code, f"templates/hello.en.{suffix}:1:1")


def test_a_footer_that_was_replaced_does_not_count(check):
    layout = "{% block foot %}" + FOOT + "{% endblock %}"
    found = check({"l.html": layout, "hello.en.html": '{% extends "l.html" %}{% block foot %}bye{% endblock %}'})
    assert {p.code for p in found} == {"missing-unsubscribe", "missing-address"}


def test_a_syntax_error_has_its_line(check):
    found = only(check({"hello.en.html": FOOT + "\n{% if customer %}"}))
    assert (found.code, found.position.line) == ("template-syntax", 2)


def test_what_may_not_stand_in_a_template_is_told(check):
    found = only(check({"hello.en.html": FOOT + "\n{% set a = 1 %}"}))
    assert (found.code, found.position.line) == ("not-in-a-template", 2)
    assert only(check({}, subject="{{ x() }}")).code == "not-in-a-template"


def test_a_layout_that_does_not_exist_is_told(check):
    found = only(check({"layout.html": "x", "hello.en.html": '{% extends "layuot.html" %}'}))
    assert found.sentence == "The layout `layuot.html` does not exist. Did you mean `layout.html`?"


def test_a_text_message_longer_than_twilio_takes_is_told(check):
    files = {f"hello.{language}.sms": "x" * 1_601 for language in ("en", "ro")}
    found = check(files, send="sms")
    assert [p.code for p in found] == ["sms-too-long", "sms-too-long"]


def test_an_email_needs_a_subject(check):
    assert only(check({}, subject="")).code == "missing-subject"


def test_variables_are_those_of_all_languages_forms_layouts_and_subjects(root):
    found = variables(root, "discount/due", ["{{ customer.city }}, {{ shop.name }}"])
    assert found["customer"] == {"first_name", "recommended", "city"}
    assert found["offer"] == {"percent", "amount", "gift", "code", "valid_until"}
    assert found["links"] == {"shop", "unsubscribe"}


def test_variables_of_a_broken_template_are_an_error(tmp_path):
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "a.en.txt").write_text("x\n{{ }")
    with pytest.raises(WordsError, match=r"templates/a\.en\.txt:2: "):
        variables(tmp_path, "a")


ROWS = "for_each: {row: orders}\n"
TOGETHER = "for_each: {row: orders, together: true}\n"
COLUMNS = {"hello": {"order_id", "total", "product"}}


def test_the_columns_of_the_row_are_known(check):
    files = {"hello.en.html": LETTER + "{{ row.product }}"}
    assert check(files, more=ROWS, columns=COLUMNS) == []
    found = only(check({"hello.en.html": LETTER + "{{ row.prodact }}"}, more=ROWS, columns=COLUMNS))
    assert found.sentence == "`row.prodact` is not known. Did you mean `product`?"
    assert found.way_out == "row has: order_id, product, total"


def test_the_columns_of_rows_are_known_through_the_variable_of_a_loop(check):
    loop = "{{% for one in rows %}}{{{{ one.{name} }}}} {{{{ loop.index }}}}{{% endfor %}} {{{{ rows | length }}}}"
    assert check({"hello.en.html": LETTER + loop.format(name="product")}, more=TOGETHER, columns=COLUMNS) == []
    found = only(check({"hello.en.html": FOOT + loop.format(name="prodact")}, more=TOGETHER, columns=COLUMNS))
    assert found.sentence == "`one.prodact` is not known. Did you mean `product`?"
    assert (found.position.column, found.position.length) == (len(FOOT + "{% for one in rows %}{{ one.") + 1, 7)


def test_a_whole_row_is_no_text(check):
    text = LETTER + "{% for one in rows %}{{ one }}{% endfor %}"
    found = only(check({"hello.en.html": text}, more=TOGETHER, columns=COLUMNS))
    assert found.sentence == "`one` is a whole row: say which column."
    assert only(check({"hello.en.html": LETTER + "{{ row }}"}, more=ROWS, columns=COLUMNS)).way_out.startswith("row. w")


def test_one_row_is_not_many_and_many_are_not_one(check):
    one = only(check({"hello.en.html": LETTER + "{{ row.product }}"}, more=TOGETHER, columns=COLUMNS))
    assert one.sentence == "`row.product` is used. `together` puts many rows into one message."
    many = only(check({"hello.en.html": LETTER + "{% for one in rows %}x{% endfor %}"}, more=ROWS, columns=COLUMNS))
    assert many.sentence == "`rows` is used. Without `together` each message is about one row."


def test_the_first_of_rows_is_read_like_the_others(check):
    text = LETTER + "{{ rows[0].product }} {{ (rows | first).total }}"
    assert check({"hello.en.html": text}, more=TOGETHER, columns=COLUMNS) == []
    wrong = text.replace("total", "totl")
    assert only(check({"hello.en.html": wrong}, more=TOGETHER, columns=COLUMNS)).sentence.startswith("`rows.totl`")


def test_the_preview_text_is_a_variable_where_there_is_one(check):
    files = {"hello.en.html": LETTER + "{{ preview_text }}"}
    assert check(files, more="    preview_text: Look inside\n") == []
    assert "this message has none" in only(check(files)).sentence
    found = only(check({}, more="    preview_text: '{{ customer.frist_name }}'\n"))
    assert str(found.position) == "campaigns/hello.yaml:8:32"


def test_a_missing_language_is_told_with_how_many_read_it(check):
    files = {"hello.ro.txt": None}
    found = only(check(files, readers={"hello": lambda: {"en": 8_666, "ro": 1_000, "ro-MD": 200, "RO": 4}}))
    assert found.sentence == "`hello` has no Romanian plain text. 1,204 of 9,870 people read ro; they would get en."
    assert found.way_out == "add templates/hello.ro.txt, or `languages: [en]` in this campaign"
    assert only(check(files)).sentence == "`hello` has no Romanian plain text. Who reads ro would get en."


def test_a_campaign_needs_words_in_its_own_languages_only(check):
    files = {"hello.ro.html": None, "hello.ro.txt": None}
    assert [p.level for p in check(files)] == ["warning"]
    assert check(files, more="languages: [en]\n") == []
    other = {"hello.en.html": None, "hello.en.txt": None}
    assert check(other, more="languages: [ro]\n") == []


DAILY = "  - name: daily\n    send: email\n    after: 1 day\n    template: news/{date}\n    subject: News\n"
NEWS = {
    f"news/2026-08-{day}.{lang}.{form}": LETTER for day in (20, 27) for lang in ("en", "ro") for form in ("html", "txt")
}


def test_words_of_days_to_come_are_looked_at_and_those_of_days_gone_are_not(check):
    old = {"news/2026-08-20.en.html": LETTER + "{{ customer.nothing }}", "news/2026-08-27.ro.html": None}
    found = only(check(NEWS | old, more=DAILY, today=date(2026, 8, 21)))
    assert found.sentence == "`news/2026-08-27` has no Romanian HTML. Who reads ro would get en."
    assert (found.position.line, found.position.length) == (11, len("news/{date}"))


def test_words_of_the_next_day_are_missed_before_it_comes(check):
    first = CAMPAIGN.replace("template: hello", "template: hello/{date}")
    found = check({}, campaign=first, next_day={"hello": date(2026, 8, 27)}, today=date(2026, 8, 21))
    said = "There are no words `hello/2026-08-27` yet: on Thursday, 27 August, nothing would be sent."
    assert [(p.sentence, p.level) for p in found] == [(said, "warning")]
    assert check({}, campaign=first, today=date(2026, 8, 21)) == []


def test_each_step_of_a_ladder_is_looked_at_and_a_subject_once(check):
    ladder = CAMPAIGN.replace(
        "template: hello", "name: hi\n    template:\n      - hello: first_name = 'x'\n      - other: otherwise"
    )
    found = check({"hello.en.txt": LETTER + "{{ customer.a }}"}, campaign=ladder, subject="{{ customer.b }}")
    assert [p.sentence.split("`")[1] for p in found] == ["other", "customer.b", "customer.a"]
