"""A small part of `make fuzz`: damaged conditions, files and shops never make a traceback."""

import random
import shutil

import pytest

from fuzzing import SHOP, one_check, one_condition, one_load

TURNS = {one_condition: 1_700, one_load: 280, one_check: 20}


@pytest.mark.parametrize("one", TURNS, ids=lambda one: one.__name__)
def test_damage_is_told_and_never_raised(one, tmp_path):
    shutil.copytree(SHOP, tmp_path, dirs_exist_ok=True)
    for seed in range(TURNS[one]):
        one(random.Random(1_000_000 + seed), tmp_path)
