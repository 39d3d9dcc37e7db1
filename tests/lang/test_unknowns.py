"""Where SQL's reading of a condition drops somebody whom the plain reading keeps: told, with their number."""

import shutil
from pathlib import Path

import pytest

from regulars.campaigns.checking.check import check

PROJECT = Path(__file__).parents[1] / "messages" / "_project"


def said(root, condition):
    shutil.copytree(PROJECT, root, dirs_exist_ok=True)
    campaign = root / "campaigns/hello.yaml"
    campaign.write_text(campaign.read_text("utf-8").replace("orders = 0", condition), encoding="utf-8")
    return [(problem.code, problem.sentence, problem.level) for problem in check(root)]


@pytest.mark.parametrize(
    ("condition", "people", "name"),
    [
        ("country <> 'RO'", "1 person", "country"),
        ("country not in ('RO', 'MD')", "1 person", "country"),
        ("not days_since(last_order) > 30", "2 people", "last_order"),
        ("not (children = 1 and country = 'MD')", "2 people", "children"),
        ("birthday not between '1980-01-01' and '1990-01-01'", "1 person", "birthday"),
    ],
)
def test_people_of_whom_something_is_unknown_are_counted(condition, people, name, tmp_path):
    ((code, sentence, level),) = said(tmp_path, condition)
    assert (code, level) == ("maybe-unknown", "warning")
    assert sentence.startswith(f"{people} of whom `{name}` is not known")


@pytest.mark.parametrize(
    "condition",
    [
        "spent > 500",
        "country = 'RO'",
        "country <> 'RO' or country is null",
        "country <> 'RO' and country is not null",
        "orders <> 1",
        "not orders > 3",
        "coalesce(country, '') <> 'RO'",
        "lifecycle <> 'lapsed'",
        "country in ('RO', 'MD')",
    ],
)
def test_nothing_is_said_where_both_readings_agree(condition, tmp_path):
    assert said(tmp_path, condition) == []
