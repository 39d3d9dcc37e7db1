"""A small part of `make fuzz`: damaged conditions, files and shops never make a traceback."""

import random

import pytest

from fuzzing import lay, one_check, one_condition, one_load
from regulars.campaigns.checking.check import check

TURNS = {one_condition: 1_700, one_load: 280, one_check: 20}


@pytest.mark.parametrize("one", TURNS, ids=lambda one: one.__name__)
def test_damage_is_told_and_never_raised(one, tmp_path):
    lay(tmp_path)
    for seed in range(TURNS[one]):
        one(random.Random(1_000_000 + seed), tmp_path)


def test_what_is_damaged_was_whole(tmp_path):
    lay(tmp_path)
    assert check(tmp_path).sorted() == []
