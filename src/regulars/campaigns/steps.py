"""The shop's own steps: functions in `flows/steps.py` that add columns to a batch of people, by campaign.

    @step
    def recommend(batch: pa.Table, shop: StepContext, limit: int = 3) -> pa.Table:
        ...

In a campaign: `enrich: [recommend: {limit: 5}]`; in its templates: `customer.recommended`. A step cannot add, drop
or repeat people, nor change what is known about them; whatever it does, `Step.run` gives back the batch it was given,
in its order, with more columns. Steps know nothing of Prefect; the flows wrap them.
"""

from __future__ import annotations

import inspect
import re
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any, overload

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel

from regulars.campaigns.parameters import WHOLE, Fault, faults, model_of
from regulars.errors import ProjectError, RegularsError

ID = "customer_id"
COLUMN = re.compile(r"[a-z_][a-z0-9_]*")
NOTHING: Mapping[str, Any] = MappingProxyType({})


class StepError(ProjectError):
    """A step of the shop cannot be loaded, or did not do what a step does."""


@dataclass(frozen=True)
class StepContext:
    """What a step may look at: the shop's tables, and the day.

    `ask` answers a query in DuckDB's SQL. It is given the query and the people, which the query finds as `batch`,
    beside the tables of `source.tables` under their names there.
    """

    ask: Callable[[str, pa.Table], pa.Table] = field(repr=False)
    as_of: date
    """The day the run is for. Data may be younger: `--as-of` looks back."""
    campaign: str = ""
    batch: pa.Table | None = field(default=None, repr=False)

    def query(self, sql: str) -> pa.Table:
        """The result of `sql` over the shop's tables and `batch`."""
        if self.batch is None:
            raise StepError("A step's shop answers only while the step runs.", "Run it with `Step.run`.")
        return self.ask(sql, self.batch)

    def table(self, name: str) -> pa.Table:
        """All rows of the table `name`. Where a query can do the work, `query` is faster and smaller."""
        quoted = name.replace('"', '""')
        return self.query(f'select * from "{quoted}"')


@dataclass(frozen=True)
class Step:
    """A registered step. Calling it calls the function, unchecked: for tests of the shop."""

    name: str
    function: Callable[..., pa.Table] = field(repr=False)
    parameters: type[BaseModel]
    adds: tuple[str, ...] = ()
    """The columns it says it adds; empty: it does not say, and templates that use one are not checked."""

    def __call__(self, *arguments: Any, **named: Any) -> pa.Table:
        return self.function(*arguments, **named)

    @property
    def description(self) -> str:
        """The first line of the function's docstring."""
        return (self.function.__doc__ or "").strip().split("\n", maxsplit=1)[0]

    def schema(self) -> dict[str, Any]:
        """JSON Schema of its parameters, for editors."""
        return {"description": self.description, **self.parameters.model_json_schema()}

    def faults(self, parameters: Mapping[str, Any]) -> list[Fault]:
        """What is wrong with `parameters`, each with the path to it."""
        return faults(self.parameters, parameters, self.name)

    def check(self, parameters: Mapping[str, Any]) -> list[str]:
        """What is wrong with `parameters`, a sentence each; empty: nothing."""
        return [f"{fault.sentence} {fault.way_out}".strip() for fault in self.faults(parameters)]

    def run(self, batch: pa.Table, shop: StepContext, parameters: Mapping[str, Any] = NOTHING) -> pa.Table:
        """`batch` (a row per person, `customer_id` among the columns) with the columns that the step adds.

        The step may answer with the batch and more, or with `customer_id` and the new columns alone, in any order.
        Raises StepError where the parameters are wrong, the function fails, or the answer is not what a step may give.
        """
        if wrong := self.check(parameters):
            raise StepError(" ".join(wrong))
        return _joined(self, batch, self._answer(batch, replace(shop, batch=batch), parameters))

    def _answer(self, batch: pa.Table, shop: StepContext, parameters: Mapping[str, Any]) -> Any:
        told = self.parameters.model_validate(dict(parameters))
        whole = list(inspect.signature(self.function).parameters)[2:] == [WHOLE]
        named = {WHOLE: told} if whole else {name: getattr(told, name) for name in type(told).model_fields}
        try:
            return self.function(batch, shop, **named)
        except RegularsError:
            raise
        except Exception as error:  # noqa: BLE001  # somebody else's code may raise anything
            # Its message is left out, and the chain cut: it may quote a customer, and errors reach Prefect's database.
            raise StepError(f"The step `{self.name}` failed: {type(error).__name__}, {self._place(error)}.") from None

    def _place(self, error: Exception) -> str:
        """The last line of the shop's own file on the way to `error`: `flows/steps.py:12`."""
        file = inspect.unwrap(self.function).__code__.co_filename
        lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
        return f"{'/'.join(Path(file).parts[-2:])}:{lines[-1] if lines else 1}"


@overload
def step(function: Callable[..., pa.Table], /) -> Step: ...
@overload
def step(*, name: str = "", adds: tuple[str, ...] = ()) -> Callable[[Callable[..., pa.Table]], Step]: ...
def step(
    function: Callable[..., pa.Table] | None = None, /, *, name: str = "", adds: tuple[str, ...] = ()
) -> Step | Callable[[Callable[..., pa.Table]], Step]:
    """Make a function a step that campaigns can name in `enrich`.

    The function takes the batch (`pa.Table`), the shop (`StepContext`) and its parameters: each an argument with a type
    and perhaps a default, or all together as a pydantic model named `parameters`. It answers with a `pa.Table`.

    Args:
        function: the function, where the decorator stands bare.
        name: what campaigns call it; default: the function's name.
        adds: the columns it adds. Saying them lets `check` find a misspelt one in a template.
    """

    def register(function: Callable[..., pa.Table]) -> Step:
        called = name or function.__name__
        try:
            return Step(called, function, model_of(function), adds)
        except TypeError as error:
            raise StepError(f"`{called}` cannot be a step: {error}.") from error

    return register(function) if function is not None else register


def _joined(step: Step, batch: pa.Table, answer: Any) -> pa.Table:
    """`batch` with the new columns of `answer`, person by person."""
    if not isinstance(answer, pa.Table) or ID not in answer.column_names:
        raise StepError(f"The step `{step.name}` has to answer with an Arrow table that has a `{ID}`.")
    answer = _in_order(step, batch, answer)
    new = [name for name in answer.column_names if name not in batch.column_names]
    if len(set(answer.column_names)) != answer.num_columns or not all(COLUMN.fullmatch(name) for name in new):
        raise StepError(
            f"The step `{step.name}` gives its columns names that templates cannot use.",
            "Give each column a name of its own, of small letters, digits and _.",
        )
    if step.adds and set(new) != set(step.adds):
        raise StepError(f"The step `{step.name}` says that it adds {', '.join(step.adds)}, and added {', '.join(new)}.")
    for name in set(answer.column_names) - set(new):
        if not _same(batch[name], answer[name]):
            raise StepError(f"The step `{step.name}` changed `{name}`.", "A step adds columns; give it another name.")
    for name in new:
        batch = batch.append_column(answer.schema.field(name), answer[name])
    return batch


def _in_order(step: Step, batch: pa.Table, answer: pa.Table) -> pa.Table:
    """`answer` with its people in the batch's order; they must be the same ones, once each."""
    given = batch[ID]
    if answer[ID].type != given.type:
        answer = answer.set_column(answer.column_names.index(ID), ID, _cast(answer[ID], given.type))
    if answer[ID].equals(given):
        return answer
    places = pc.index_in(given, value_set=answer[ID].combine_chunks())
    once = pc.count_distinct(answer[ID], mode="all").as_py() == answer.num_rows
    if answer.num_rows != batch.num_rows or not once or places.null_count:
        raise StepError(
            f"The step `{step.name}` was given {batch.num_rows:,} people and answered with {answer.num_rows:,} rows.",
            "A step answers with the same people, a row for each: nobody more, nobody less, nobody twice.",
        )
    return answer.take(places)


def _cast(column: pa.ChunkedArray, wanted: pa.DataType) -> pa.ChunkedArray:
    try:
        return column.cast(wanted)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return pa.chunked_array([pa.nulls(len(column), wanted)])


def _same(before: pa.ChunkedArray, after: pa.ChunkedArray) -> bool:
    """Whether two columns hold the same values; a way through SQL may have changed the type."""
    return bool(before.equals(after) or before.equals(_cast(after, before.type)))
