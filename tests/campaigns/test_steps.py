"""Steps: what they may be, what they may be told, and what they may do to a batch of people."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from regulars.campaigns import enrich
from regulars.campaigns.step_files import steps_of
from regulars.campaigns.steps import Step, StepContext, StepError, step
from regulars.lang.problems import Position, Problems

ROOT = Path(__file__).parents[2]
BATCH = pa.table({"customer_id": ["1", "2", "3"], "spent": [10.0, None, 30.0]})


def shop(**tables: pa.Table) -> StepContext:
    """A shop of the given tables, on 21 November 2026."""

    def ask(sql: str, batch: pa.Table) -> pa.Table:
        connection = duckdb.connect()
        for name, table in {**tables, "batch": batch}.items():
            connection.register(name, table)
        return connection.execute(sql).to_arrow_table()

    return StepContext(ask, date(2026, 11, 21))


def answering(answer: Callable[[pa.Table], Any], **said: Any) -> Step:
    """A step whose answer is `answer` of the batch."""

    @step(name="answer", **said)
    def function(batch: pa.Table, shop: StepContext) -> pa.Table:
        return answer(batch)

    return function


class Wishes(BaseModel):
    limit: int = 3


@step
def letters(
    batch: pa.Table,
    shop: StepContext,
    tone: Literal["warm", "plain"],
    limit: Annotated[int, Field(ge=1, le=9)] = 3,
    loud: bool = False,
) -> pa.Table:
    """Add letters.

    More about letters.
    """
    return batch.append_column("letters", pa.array([tone[:limit] + "!" * loud] * batch.num_rows))


# What a step may be told.


def test_parameters_come_from_the_functions_arguments_with_their_defaults() -> None:
    told = {"tone": "warm", "limit": "2", "loud": "yes"}  # values of YAML arrive as text
    assert letters.run(BATCH, shop(), told)["letters"].to_pylist() == ["wa!"] * 3
    assert letters.run(BATCH, shop(), {"tone": "plain"})["letters"].to_pylist() == ["pla"] * 3


def test_parameters_may_be_a_pydantic_model() -> None:
    @step
    def wishes(batch: pa.Table, shop: StepContext, parameters: Wishes) -> pa.Table:
        return batch.append_column("wish", pa.array([parameters.limit] * batch.num_rows))

    assert wishes.parameters is Wishes
    assert wishes.run(BATCH, shop(), {"limit": 5})["wish"].to_pylist() == [5, 5, 5]
    assert wishes.check({"limt": 5}) == [
        "`limt` is not a parameter of the step `wishes`. Did you mean `limit`? `wishes` takes: limit"
    ]


@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        ({}, "The step `letters` needs `tone`. write   tone: …"),
        ({"tone": "cold"}, "`tone` of the step `letters` cannot be `cold`. write one of: 'warm' or 'plain'"),
        ({"tone": "warm", "limit": "three"}, "`limit` of the step `letters` cannot be `three`. write a whole number"),
        ({"tone": "warm", "limit": "0"}, "`limit` of the step `letters` cannot be `0`. write at least 1"),
        ({"tone": "warm", "limit": 10}, "`limit` of the step `letters` cannot be `10`. write at most 9"),
        ({"tone": "warm", "loud": "often"}, "`loud` of the step `letters` cannot be `often`. write yes or no"),
        (
            {"tone": "warm", "tine": 2},
            "`tine` is not a parameter of the step `letters`. Did you mean `tone`? `letters` takes: tone, limit, loud",
        ),
    ],
)
def test_a_wrong_parameter_is_told_in_plain_words(told: dict[str, Any], sentence: str) -> None:
    assert letters.check(told) == [sentence]
    with pytest.raises(StepError) as raised:
        letters.run(BATCH, shop(), told)
    assert str(raised.value) == sentence


def test_right_parameters_have_no_faults() -> None:
    assert letters.check({"tone": "warm", "limit": 9, "loud": "no"}) == []


def test_several_wrong_parameters_are_told_at_once() -> None:
    assert [fault.path for fault in letters.faults({"limit": "x", "limits": 1})] == [("limits",), ("tone",), ("limit",)]


def test_a_schema_for_editors_says_what_a_step_takes() -> None:
    schema = letters.schema()
    assert schema["description"] == "Add letters."
    assert schema["required"] == ["tone"]
    assert schema["additionalProperties"] is False
    assert schema["properties"]["limit"] == {
        "default": 3,
        "maximum": 9,
        "minimum": 1,
        "title": "Limit",
        "type": "integer",
    }


@pytest.mark.parametrize(
    ("function", "sentence"),
    [
        (lambda batch: batch, "it takes the batch and the shop first"),
        (lambda batch, shop, limit: batch, "`limit` needs a type"),
        (lambda batch, shop, **more: batch, "`**more` cannot be written in YAML"),
    ],
)
def test_a_function_that_cannot_be_a_step_is_refused_at_once(function: Callable[..., Any], sentence: str) -> None:
    with pytest.raises(StepError, match="cannot be a step") as raised:
        step(function)
    assert sentence in str(raised.value)


def test_a_step_is_still_a_function() -> None:
    assert letters(BATCH, shop(), "warm").num_columns == 3


# What a step may do.


def test_new_columns_are_joined_person_by_person_in_the_batchs_order() -> None:
    backwards = answering(lambda batch: pa.table({"customer_id": ["3", "1", "2"], "place": [3, 1, 2]}))
    assert backwards.run(BATCH, shop()) == BATCH.append_column("place", pa.array([1, 2, 3]))


def test_the_way_through_sql_may_change_types_but_nothing_is_lost() -> None:
    batch = pa.table({"customer_id": pa.array(["1", "2"], pa.large_string()), "n": pa.array([1, 2], pa.int16())})
    answer = pa.table({"customer_id": ["2", "1"], "n": [2, 1], "more": [20, 10]})
    joined = answering(lambda batch: answer).run(batch, shop())
    assert joined.schema == batch.schema.append(pa.field("more", pa.int64()))
    assert joined["more"].to_pylist() == [10, 20]


@pytest.mark.parametrize(
    ("ids", "rows"),
    [(["1", "2"], 2), (["1", "2", "3", "4"], 4), (["1", "2", "2"], 3), (["1", "2", "4"], 3), (["1", "2", None], 3)],
)
def test_a_step_cannot_add_drop_or_repeat_people(ids: list[str | None], rows: int) -> None:
    with pytest.raises(StepError, match=f"was given 3 people and answered with {rows} rows"):
        answering(lambda batch: pa.table({"customer_id": ids, "more": ids})).run(BATCH, shop())


def test_a_step_cannot_change_what_is_known() -> None:
    with pytest.raises(StepError, match="changed `spent`"):
        answering(lambda batch: batch.set_column(1, "spent", pa.array([10.0, 20.0, 30.0]))).run(BATCH, shop())


@pytest.mark.parametrize("answer", [None, [1], pa.table({"more": [1, 2, 3]})])
def test_a_step_that_answers_with_something_else_is_refused(answer: Any) -> None:
    with pytest.raises(StepError, match="has to answer with an Arrow table that has a `customer_id`"):
        answering(lambda batch: answer).run(BATCH, shop())


@pytest.mark.parametrize("name", ["Recommended", "for you", "customer.x", "share%", ""])
def test_a_column_that_no_template_could_name_is_refused(name: str) -> None:
    with pytest.raises(StepError, match="names that templates cannot use"):
        answering(lambda batch: batch.append_column(name, pa.array([1, 2, 3]))).run(BATCH, shop())


def test_a_step_adds_what_it_says_it_adds() -> None:
    with pytest.raises(StepError, match="says that it adds one, and added other"):
        answering(lambda batch: batch.append_column("other", pa.array([1, 2, 3])), adds=("one",)).run(BATCH, shop())


def test_an_empty_batch_stays_empty() -> None:
    assert letters.run(BATCH.slice(0, 0), shop(), {"tone": "warm"}).column_names == ["customer_id", "spent", "letters"]


@given(st.lists(st.text(max_size=3), unique=True, max_size=20), st.randoms())
def test_whatever_the_order_of_the_answer_everybody_keeps_their_own(ids: list[str], chance: Any) -> None:
    batch = pa.table({"customer_id": pa.array(ids, pa.string())})
    shuffled = chance.sample(ids, len(ids))
    answer = pa.table({"customer_id": pa.array(shuffled, pa.string()), "own": pa.array(shuffled, pa.string())})
    joined = answering(lambda batch: answer).run(batch, shop())
    assert joined["customer_id"].to_pylist() == joined["own"].to_pylist() == ids


def test_a_failing_step_is_told_by_its_line_and_never_by_what_it_was_looking_at() -> None:
    def stumble(batch: pa.Table) -> pa.Table:
        raise KeyError("ana@example.com")

    with pytest.raises(StepError, match=r"The step `answer` failed: KeyError, campaigns/test_steps.py:\d+\.") as raised:
        answering(stumble).run(BATCH, shop())
    assert "ana" not in str(raised.value)
    assert raised.value.__suppress_context__


# What a step may look at.


def test_a_step_asks_the_shops_tables_about_its_batch() -> None:
    orders = pa.table({"customer_id": ["1", "1", "3", "9"], "total": [5, 6, 7, 8]})

    @step
    def biggest(batch: pa.Table, shop: StepContext) -> pa.Table:
        return shop.query(
            "select customer_id, max(total) as biggest from batch left join orders using (customer_id) group by 1"
        )

    assert biggest.run(BATCH, shop(orders=orders))["biggest"].to_pylist() == [6, None, 7]


def test_a_step_reads_a_whole_table_by_its_name() -> None:
    odd = pa.table({"n": [1]})
    seen: list[pa.Table] = []

    @step
    def reads(batch: pa.Table, shop: StepContext) -> pa.Table:
        seen.append(shop.table('my "odd" table'))
        return batch

    reads.run(BATCH, shop(**{'my "odd" table': odd}))
    assert seen == [odd]


def test_a_shop_is_silent_outside_a_step() -> None:
    with pytest.raises(StepError, match="answers only while the step runs"):
        shop().query("select 1")


# `enrich` of a campaign.


def test_steps_run_one_after_the_other_each_on_what_the_one_before_added() -> None:
    @step
    def doubled(batch: pa.Table, shop: StepContext, of: str) -> pa.Table:
        return shop.query(f"select customer_id, {of} * 2 as doubled_{of} from batch")

    told = [{"doubled": {"of": "spent"}}, {"doubled": {"of": "doubled_spent"}}]
    batch = enrich.enriched(BATCH, told, {"doubled": doubled}, shop())
    assert batch["doubled_doubled_spent"].to_pylist() == [40.0, None, 120.0]


def test_a_step_may_stand_bare_with_parameters_or_with_nothing_after_the_colon() -> None:
    assert enrich.uses(["a", {"b": {"limit": 3}}, {"c": None}, {"d": 1, "e": 2}, 7]) == [
        ("a", {}),
        ("b", {"limit": 3}),
        ("c", {}),
    ]


def test_problems_of_enrich_stand_where_they_were_written() -> None:
    problems = Problems()
    enrich.check(
        ["leters", {"letters": {"tone": "warm", "limit": "many"}}],
        {"letters": letters},
        lambda path: Position(".".join(map(str, path))),
        problems,
    )
    assert [(p.position.file, p.code, p.sentence, p.way_out) for p in problems] == [
        (
            "enrich.0",
            "unknown-step",
            "There is no step `leters`. Did you mean `letters`?",
            "the steps in flows/steps.py are: letters",
        ),
        (
            "enrich.1.letters.limit",
            "wrong-parameter",
            "`limit` of the step `letters` cannot be `many`.",
            "write a whole number",
        ),
    ]


def test_a_step_that_is_gone_stops_the_run() -> None:
    with pytest.raises(StepError, match="There is no step `letters`"):
        enrich.enriched(BATCH, ["letters"], {}, shop())


def test_what_steps_add_is_known_where_every_one_says_so() -> None:
    says = answering(lambda batch: batch, adds=("one", "two"))
    assert enrich.added(["says"], {"says": says}) == {"one", "two"}
    assert enrich.added(["says", "letters"], {"says": says, "letters": letters}) is None
    assert enrich.added([], {}) == set()


# flows/steps.py of a project.


def project(root: Path, steps: str) -> Path:
    """A project whose flows/steps.py holds `steps`."""
    (root / "flows").mkdir(parents=True, exist_ok=True)
    (root / "flows/steps.py").write_text("from regulars.campaigns.steps import step\n" + textwrap.dedent(steps))
    return root


HELLO = """
    @step
    def {name}(batch, shop):
        return batch.append_column("hello", [["{name}"] * batch.num_rows])
"""


def test_a_project_without_steps_has_none(tmp_path: Path) -> None:
    assert steps_of(tmp_path) == {}


def test_steps_are_found_by_name_and_two_projects_do_not_share_them(tmp_path: Path) -> None:
    one = project(tmp_path / "one", HELLO.format(name="hello"))
    other = project(tmp_path / "other", HELLO.format(name="salut"))
    assert (list(steps_of(one)), list(steps_of(other)), list(steps_of(one))) == (["hello"], ["salut"], ["hello"])
    assert steps_of(one)["hello"].run(BATCH, shop())["hello"].to_pylist() == ["hello"] * 3


def test_loading_leaves_no_module_named_steps_and_no_bytecode(tmp_path: Path) -> None:
    before = set(sys.modules)
    steps_of(project(tmp_path, HELLO.format(name="hello")))
    new = set(sys.modules) - before
    assert len(new) == 1
    assert new.pop().startswith("regulars_steps_")
    assert [path.name for path in (tmp_path / "flows").iterdir()] == ["steps.py"]


def test_an_edited_file_is_read_again(tmp_path: Path) -> None:
    assert list(steps_of(project(tmp_path, HELLO.format(name="hello")))) == ["hello"]
    assert list(steps_of(project(tmp_path, HELLO.format(name="salut")))) == ["salut"]


def test_dataclasses_and_types_written_as_text_work_in_a_steps_file(tmp_path: Path) -> None:
    text = """
        from __future__ import annotations
        from dataclasses import dataclass
        from typing import TYPE_CHECKING
        if TYPE_CHECKING:
            import polars

        @dataclass
        class Wish:
            name: str

        from regulars.campaigns.steps import step
        @step
        def wish(batch: polars.DataFrame, shop: object, limit: int = 3): ...
    """
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows/steps.py").write_text(textwrap.dedent(text))
    assert steps_of(tmp_path)["wish"].check({"limit": "x"}) != []


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("\nx = (1,\n", "flows/steps.py:3 SyntaxError: "),
        ("\nx = 1\ny = 1 / 0\n", "flows/steps.py:4 ZeroDivisionError: division by zero"),
        ("\nimport no_such_library\n", "flows/steps.py:3 ModuleNotFoundError: No module named 'no_such_library'"),
        ("\n@step\ndef f(batch, shop, limit): ...\n", "`f` cannot be a step: `limit` needs a type"),
        ("\n@step\ndef f(batch, shop, limit: 'Number'): ...\n", "`f` cannot be a step: `Number` is not known"),
    ],
)
def test_a_file_that_cannot_be_loaded_says_where(tmp_path: Path, text: str, sentence: str) -> None:
    before = set(sys.modules)
    with pytest.raises(StepError) as raised:
        steps_of(project(tmp_path, text))
    assert sentence in str(raised.value)
    assert not [name for name in set(sys.modules) - before if name.startswith("regulars_steps_")]


def test_two_steps_cannot_have_one_name(tmp_path: Path) -> None:
    twice = HELLO.format(name="one") + '    two = step(name="one")(lambda batch, shop: batch)'
    with pytest.raises(StepError, match="two steps named `one`"):
        steps_of(project(tmp_path, twice))


# The sample shop's own step.


def line(customer: str, product: str, category: str, quantity: int = 1, day: int = 1, price: float = 10.0) -> dict:
    moment = f"2026-11-{day:02d} 10:00:00"
    return {
        "customer_id": customer, "product": product, "category": category,
        "quantity": quantity, "price": price, "ordered_at": moment,
    }  # fmt: skip


@pytest.fixture
def recommend() -> Step:
    return steps_of(ROOT)["recommend"]


LINES = [
    line("1", "mint", "tea", 9),
    line("2", "linden", "tea", 5),
    line("2", "sencha", "tea", 3),
    line("2", "santos", "coffee", 7, price=69),
    line("9", "santos", "coffee", 7, day=3, price=71.5),
    line("9", "vase", "ceramics", 1),
    line("9", "bargain", "tea", 99, day=30),
]


def recommended(step: Step, limit: int, *customers: str) -> dict[str, list[str]]:
    """The products recommended to each of `customers`."""
    batch = pa.table({"customer_id": list(customers)})
    answer = step.run(batch, shop(lines=pa.Table.from_pylist(LINES)), {"limit": limit})
    lists = answer["recommended"].to_pylist()
    return {who: [p["product"] for p in products] for who, products in zip(customers, lists, strict=True)}


def test_the_best_sellers_of_favourite_categories_come_first_and_nothing_that_was_bought(recommend: Step) -> None:
    assert recommended(recommend, 3, "2", "1") == {"1": ["linden", "sencha", "santos"], "2": ["mint", "vase"]}


def test_whoever_has_bought_nothing_gets_the_best_sellers_of_all(recommend: Step) -> None:
    assert recommended(recommend, 2, "new") == {"new": ["santos", "mint"]}


def test_what_sold_after_the_day_is_not_known_yet(recommend: Step) -> None:
    assert "bargain" not in recommended(recommend, 9, "1")["1"]


def test_a_recommendation_has_product_category_and_the_latest_price_as_text(recommend: Step) -> None:
    answer = recommend.run(pa.table({"customer_id": ["new"]}), shop(lines=pa.Table.from_pylist(LINES)), {"limit": 1})
    assert answer["recommended"].to_pylist() == [[{"product": "santos", "category": "coffee", "price": "71.50"}]]
    text = pa.string()
    product = pa.struct([("product", text), ("category", text), ("price", text)])
    assert answer.schema.field("recommended").type.value_type == product


def test_recommend_takes_a_limit_and_says_what_it_adds(recommend: Step) -> None:
    assert recommend.check({"limit": "0"}) == ["`limit` of the step `recommend` cannot be `0`. write at least 1"]
    assert recommend.adds == ("recommended",)
    assert recommend.description.startswith("What sells best")
