"""Types: every operation is held against the real kinds, and what does not fit is told with a way out."""

import pytest

from regulars.lang.conditions import read
from regulars.lang.expressions import Field
from regulars.lang.kinds import Typing
from regulars.lang.problems import Position, Problems
from regulars.lang.written import Written

FIELDS = {
    "orders": Field("number"),
    "city": Field("text", note="`city` is text because 3 of its 9 values are not number"),
    "Stadt": Field("text"),
    "last_order": Field("time"),
    "birthday": Field("date"),
    "vip": Field("yes_no"),
    "lifecycle": Field("text", ("new", "lapsed", "active")),
}


def typed(text, **options):
    problems = Problems()
    written = Written(text, Position("rules.yaml", 1, 1))
    tree = read(written, problems)
    found = Typing(written, FIELDS, problems, **options).expression(tree) if tree else None
    return found, [(problem.code, problem.sentence, problem.way_out) for problem in problems]


def condition(text):
    problems = Problems()
    written = Written(text, Position("rules.yaml", 1, 1))
    found = Typing(written, FIELDS, problems).condition(read(written, problems))
    return found, [problem.code for problem in problems]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("orders + 1", "number"),
        ("city", "text"),
        ("orders > 1 and not vip", "yes_no"),
        ("vip = true", "yes_no"),
        ("vip is not true", "yes_no"),
        ("days_since(last_order) / orders", "number"),
        ("days_until(birthday)", "number"),
        ("birthday = '1990-02-28'", "yes_no"),
        ("'1990-02-28' <= birthday", "yes_no"),
        ("last_order >= '2026-01-05 10:00'", "yes_no"),
        ("last_order >= birthday", "yes_no"),
        ("last_order between '2026-01-01' and today", "yes_no"),
        ("birthday in ('1990-02-28', '1990-03-01')", "yes_no"),
        ("coalesce(last_order, birthday)", "time"),
        ("case when vip then 1 when orders > 3 then 2 end", "number"),
        ("case when vip then null else city end", "text"),
        ("least(orders, 3)", "number"),
        ("upper(city) like 'IA%'", "yes_no"),
        ("lifecycle in ('new', 'lapsed')", "yes_no"),
        ("'new' = lifecycle", "yes_no"),
        ("LIFECYCLE = 'new'", "yes_no"),
        ("Stadt = 'Bern'", "yes_no"),
        ("year(birthday) = 1990", "yes_no"),
        ("quintile(orders, vip) = 5", "yes_no"),
        ("city is null", "yes_no"),
    ],
)
def test_what_fits_has_a_kind(text, kind):
    found, problems = typed(text)
    assert problems == []
    assert found.kind == kind
    assert all(node.kind or node.op in ("null", "all") for node in found.tree.walk())


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("orders = 'one'", "kinds-differ", "`orders` is a number, and this is text"),
        ("city = 3", "kinds-differ", "3 of its 9 values are not number"),
        ("vip = 'yes'", "kinds-differ", "write `= true` or `= false`"),
        ("vip > 1", "kinds-differ", "= true"),
        ("orders and vip", "kinds-differ", "`and` wants yes or no"),
        ("city + 1 > 2", "kinds-differ", "`+` wants a number"),
        ("today - last_order > 3", "kinds-differ", "days_since"),
        ("birthday > 3", "kinds-differ", "days are counted by"),
        ("orders like '1%'", "kinds-differ", "`like` wants text"),
        ("days_since(city) > 3", "kinds-differ", "wants a day"),
        ("birthday = '1990-02-30'", "kinds-differ", "is not a day"),
        ("birthday = '28.02.1990'", "kinds-differ", "is not a day"),
        ("birthday = '2026-W01-1'", "kinds-differ", "is not a day"),
        ("last_order > '2026-01-05 10:00+02:00'", "kinds-differ", "shop's clock"),
        ("coalesce(orders, city) = 1", "kinds-differ", "one kind"),
        ("case when orders then 1 else 0 end = 1", "kinds-differ", "After `when`"),
        ("case when vip then 1 else 'a' end = 1", "kinds-differ", "one kind"),
        ("case when vip then null end", "kinds-differ", "one kind"),
        ("lifecycle = 'lapst'", "unknown-value", "Did you mean 'lapsed'?"),
        ("lifecycle in ('new', 'old')", "unknown-value", "is one of: new, lapsed, active"),
        ("lifecycle = lapsed", "text-in-quotes", "Did you mean the text 'lapsed'?"),
        ("order > 1", "unknown-name", "Did you mean `orders`?"),
        ("days_since(birthday, today) = 1", "wrong-arguments", "takes a day; 2 values stand here."),
        ("days_since() > 1", "wrong-arguments", "takes a day; nothing stands here."),
        ("coalesce(orders) > 1", "wrong-arguments", "takes two values or more; one value stands here."),
        ("round(orders, 1, 2) > 1", "wrong-arguments", "takes a number and, if you want, a number;"),
        ("quintile() > 1", "wrong-arguments", "takes a number and, if you want, a condition;"),
        ('lifecycle = "lapsed"', "text-in-quotes", "lifecycle is one of: new, lapsed, active"),
        ('city = "Cluj Napoca"', "text-in-quotes", "Did you mean the text 'Cluj Napoca'?"),
        ("\"city\" = 'Iasi'", "text-in-quotes", "Did you mean the name city, which needs no quotes?"),
        ("count(*) > 1", "aggregate-here", "count them in a trait"),
        ("orders in (1, null)", "write-is-null", "is null"),
        ("orders + null > 1", "write-is-null", "is null"),
        ("coalesce(orders, null) > 1", "write-is-null", "is null"),
        ("null", "not-a-condition", "unknown value"),
    ],
)
def test_what_does_not_fit_is_told_with_a_way_out(text, code, words):
    found, problems = typed(text)
    assert found is None
    assert [problem[0] for problem in problems] == [code]
    assert words in " ".join(problems[0])


def test_a_condition_is_yes_or_no():
    assert condition("orders >= 1")[0].kind == "yes_no"
    assert condition("orders + 1") == (None, ["not-a-condition"])
    assert condition("lifecycle") == (None, ["not-a-condition"])


def test_rows_do_not_know_people():
    assert typed("quintile(orders) = 1", people=False)[1][0][0] == "aggregate-here"


def test_traits_may_count_rows():
    assert typed("avg(vip)", aggregates=True)[0].kind == "number"
    assert typed("max(last_order)", aggregates=True)[0].kind == "time"
    assert typed("sum(city)", aggregates=True)[1][0][0] == "kinds-differ"
    assert typed("count(distinct city)", aggregates=True)[0].kind == "number"
    assert typed("first(city)", aggregates=True)[0].kind == "text"


@pytest.mark.parametrize("text", ["sum(max(orders))", "first(count(*))", "sum(orders + last(orders))"])
def test_an_aggregate_does_not_stand_inside_another(text):
    ((code, sentence, _),) = typed(text, aggregates=True)[1]
    assert code == "aggregate-here"
    assert "cannot stand inside it" in sentence


def test_all_problems_of_a_condition_that_reads_are_told_at_once():
    assert [problem[0] for problem in typed("order > 1 and lifecycle = 'lapst'")[1]] == [
        "unknown-name",
        "unknown-value",
    ]


ROWS = FIELDS | {"row.returned": Field("yes_no"), "row.Delivered_At": Field("time")}


@pytest.mark.parametrize(
    "text", ["row.returned = false", "ROW.returned is not true", "days_since(row.Delivered_At) >= orders"]
)
def test_a_condition_reads_the_row_it_is_given(text):
    problems = Problems()
    written = Written(text)
    found = Typing(written, ROWS, problems, row="deliveries").condition(read(written, problems))
    assert not len(problems)
    assert {"row.returned", "row.Delivered_At"} & found.names


@pytest.mark.parametrize(
    ("text", "fields", "row", "code", "words"),
    [
        ("row.returned = false", FIELDS, "", "no-row", "`row.returned`: there is no one row here."),
        ("days_since(row.last_order) > 3", FIELDS, "", "no-row", "write `last_order`"),
        ("row.retruned = false", ROWS, "deliveries", "unknown-name", "`deliveries`. Did you mean `row.returned`?"),
        ("row.weight > 3", ROWS, "deliveries", "unknown-name", "`deliveries` has: Delivered_At, returned"),
        ("returned = false", ROWS, "deliveries", "unknown-name", "Did you mean `row.returned`?"),
    ],
)
def test_a_row_that_is_not_there_is_told(text, fields, row, code, words):
    problems, written = Problems(), Written(text, Position("a.yaml", 1, 1))
    assert Typing(written, fields, problems, row=row).condition(read(written, problems)) is None
    (problem,) = problems
    assert problem.code == code
    assert words in f"{problem.sentence} {problem.way_out}"


def test_a_table_that_could_not_be_opened_says_nothing_more_of_its_rows():
    problems, written = Problems(), Written("row.returned = false")
    assert Typing(written, FIELDS, problems, row="deliveries").condition(read(written, problems)) is None
    assert not len(problems)
