"""Conditions are SQL's `where`, read by a whitelist: what is not on it is refused at its place, in plain words."""

import pytest

from regulars.lang.conditions import read
from regulars.lang.expressions import LARGEST_TEXT, LARGEST_TREE
from regulars.lang.problems import Position, Problems
from regulars.lang.written import Written
from regulars.lang.yaml_text import read_bytes


def refused(text):
    """(code, the words the caret stands under) of the one problem of `text`."""
    problems = Problems()
    assert read(Written(text, Position("rules.yaml", 1, 1)), problems) is None
    (problem,) = problems.sorted()
    assert problem.sentence[-1] in ".?"
    place = problem.position
    return problem.code, text[place.column - 1 : place.column - 1 + place.length]


def tree(text):
    """The tree of `text` as nested tuples."""
    problems = Problems()
    found = read(Written(text), problems)
    assert found is not None, problems.sorted()
    return shape(found)


def shape(node):
    inner = tuple(shape(arg) for arg in node.args)
    return (node.op, *inner) if node.value is None else (node.op, node.value)


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("orders > 1; drop table orders", "one-condition", ";"),
        ("orders > 1;", "one-condition", ";"),
        ("orders > 1 -- all of them", "comment-here", "--"),
        ("orders > 1 /* all */", "comment-here", "/*"),
        ("orders in (select 3)", "not-a-condition", None),
        ("(select 1) = orders", "not-a-condition", None),
        ("exists (select 1)", "not-a-condition", None),
        ("orders = any(select 1)", "not-a-condition", None),
        ("cast(orders as text) = '1'", "not-a-condition", None),
        ("orders::text = '1'", "not-a-condition", None),
        ("try_cast(orders as text) = '1'", "not-a-condition", None),
        ("orders > 1 many", "condition-syntax", "many"),
        ("orders > 1 as many", "condition-syntax", "as"),
        ("row_number() over () > 1", "not-a-condition", None),
        ("sum(orders) over (partition by city) > 1", "not-a-condition", None),
        ("orders == 1", "write-equals", "=="),
        ("orders = 1 && vip", "write-and", "&&"),
        ("orders = 1 || vip", "write-or", "||"),
        ('lifecycle = "lapsed', "text-in-quotes", '"'),
        ("lifecycle = “lapsed”", "typographic-quotes", "“"),
        ("lifecycle = ‘lapsed’", "typographic-quotes", "‘"),
        ("lifecycle = «lapsed»", "typographic-quotes", "«"),
        ("lifecycle = `lapsed`", "text-in-quotes", "`"),
        ("lifecycle = {{ stage }}", "no-templates", "{{"),
        ("lifecycle = ${STAGE}", "no-templates", "${"),
        ("city = null", "write-is-null", "city"),
        ("null <> city", "write-is-null", None),
        ("orders.total > 3", "no-dots", "orders.total"),
        ("points.row.total > 3", "no-dots", "points.row.total"),
        ("from = 'advert'", "sql-word", "from"),
        ("vip and days_since(from) > 3", "sql-word", "from"),
        ("when > 3", "sql-word", "when"),
        ("where orders > 3", "condition-syntax", "where"),
        ("orders in (select 1 from x)", "not-a-condition", "select 1 from x"),
        ("orders -> 0.5", "condition-syntax", None),
        ("a = 1 or b = 2 and c = 3", "brackets", "b = 2 and c = 3"),
        ("a = 1 and b = 2 or c = 3", "brackets", "a = 1 and b = 2"),
        ("orderz(3) > 1", "unknown-function", "orderz"),
        ("pg_sleep(3) = 1", "unknown-function", "pg_sleep"),
        ("read_csv('/etc/passwd') = 1", "unknown-function", None),
        ("orders % 2 = 0", "not-a-condition", None),
        ("name similar to 'a'", "not-a-condition", None),
        ("name ilike 'a%'", "not-a-condition", None),
        ("orders > 1e6", "condition-syntax", "1e6"),
        ("orders[1] = 2", "not-a-condition", None),
        ("interval '1 day' > 3", "not-a-condition", None),
        ("orders > ?", "not-a-condition", None),
        ("orders > $1", "not-a-condition", None),
        ("orders > :n", "not-a-condition", None),
        ("case city when 'x' then 1 end = 1", "not-a-condition", None),
        ("city = 'it''s", "condition-syntax", None),
        ("orders >", "condition-syntax", None),
        ("(orders > 1", "condition-syntax", None),
        ("orders > 1)", "condition-syntax", None),
        ("drop table customers", None, None),
        ("select 1", "not-a-condition", "select"),
        ("copy customers to 'x'", None, None),
        ("orders between symmetric 3 and 1", "not-a-condition", None),
        ("trim(leading from city) = 'x'", "not-a-condition", None),
        ("city like 'a' escape '!'", "not-a-condition", None),
        ("max(orders order by city) > 1", "not-a-condition", None),
        ("coalesce(orders, 1) ignore nulls > 1", "not-a-condition", None),
        ("count(*) filter (where vip) > 1", "not-a-condition", None),
        ("city collate nocase = 'x'", "not-a-condition", None),
        ("   ", "condition-empty", None),
    ],
)
def test_what_is_not_a_condition_is_refused_at_its_place(text, code, words):
    found = refused(text)
    assert code in (None, found[0]), found
    assert words in (None, found[1]), found


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("orders >= 1", (">=", ("column", "orders"), ("number", "1"))),
        ("city = 'O''Neill; -- && “x”'", ("=", ("column", "city"), ("text", "O'Neill; -- && “x”"))),
        ("not vip", ("not", ("column", "vip"))),
        ("city is not null", ("not", ("is_null", ("column", "city")))),
        ("vip is true", ("coalesce", ("column", "vip"), ("yes_no", False))),
        ("vip is not true", ("not", ("coalesce", ("column", "vip"), ("yes_no", False)))),
        ("vip is false", ("not", ("coalesce", ("column", "vip"), ("yes_no", True)))),
        ("a in (1, 2)", ("in", ("column", "a"), ("number", "1"), ("number", "2"))),
        ("a not in (1)", ("not", ("in", ("column", "a"), ("number", "1")))),
        ("a between 1 and 2", ("between", ("column", "a"), ("number", "1"), ("number", "2"))),
        ("a != 1", ("<>", ("column", "a"), ("number", "1"))),
        ("-a < 1", ("<", ("neg", ("column", "a")), ("number", "1"))),
        ("(a or b) and c", ("and", ("or", ("column", "a"), ("column", "b")), ("column", "c"))),
        ("a and b and c", ("and", ("and", ("column", "a"), ("column", "b")), ("column", "c"))),
        ("day <= today", ("<=", ("column", "day"), ("today",))),
        ("OREȘUL = 'x'", ("=", ("column", "OREȘUL"), ("text", "x"))),
        ("größe > 1", (">", ("column", "größe"), ("number", "1"))),
    ],
)
def test_conditions_mean_what_sql_means(text, meaning):
    assert tree(text) == meaning


def test_case_without_else_is_unknown():
    assert tree("case when a then 1 end")[-1] == ("null",)


@pytest.mark.parametrize("name", ["floor", "ceil", "round", "length", "lower", "upper", "trim", "year", "month", "abs"])
def test_functions_of_sql_keep_their_names(name):
    assert tree(f"{name}(a)") == (name, ("column", "a"))


def test_counting_different_ones():
    assert tree("count(distinct city)") == ("count_distinct", ("column", "city"))
    assert tree("count(*)") == ("count", ("all",))


@pytest.mark.parametrize(
    ("yaml", "place"),
    [
        ("audience: orders >= 1 and citty = 'x' many\n", (1, 39)),
        ("audience: 'orders >= 1 and city = ''x'' many'\n", (1, 41)),
        ("audience: \"orders >= 1 and city = 'x' many\"\n", (1, 39)),
        ("audience: |\n  orders >= 1\n  and city = 'x' many\n", (3, 18)),
        ("audience: >\n  orders >= 1\n  and city = 'x' many\n", (3, 18)),
        ("audience:\n  orders >= 1\n  and city = 'x' many\n", (3, 18)),
    ],
)
def test_the_caret_points_at_the_word_however_the_text_is_written(yaml, place):
    problems = Problems()
    document = read_bytes(yaml.encode(), "a.yaml", problems)
    assert read(document.value["audience"], problems) is None
    (problem,) = problems.sorted()
    assert (problem.position.line, problem.position.column, problem.position.length) == (*place, 4)


def test_a_condition_has_so_many_characters_and_parts():
    assert refused("a" * (LARGEST_TEXT + 1))[0] == "condition-too-long"
    assert refused(" and ".join(["a = 1"] * LARGEST_TREE))[0] == "condition-too-long"
    assert tree(" and ".join(["a = 1"] * (LARGEST_TREE // 4)))


@pytest.mark.parametrize("text", ["(" * 900 + "a" + ")" * 900, "not " * 490 + "a", "-" + " -" * 900 + "a", "(" * 1999])
def test_a_nested_condition_is_told_and_does_not_overflow(text):
    problems = Problems()
    found = read(Written(text), problems)
    assert found is not None or problems.errors
