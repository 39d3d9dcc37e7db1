"""A project, loaded: the sample shop, everything that is wrong at once, and how quick that is."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from effort import within
from regulars.errors import WrongUse
from regulars.lang.project import find_root, load

ROOT = Path(__file__).parents[2]
MINIMAL = Path(__file__).parents[1] / "messages" / "_project"


@pytest.fixture
def shop(tmp_path):
    shutil.copytree(MINIMAL, tmp_path, dirs_exist_ok=True)
    return tmp_path


def edit(shop, file, old, new):
    path = shop / file
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_the_sample_shop_has_no_problem():
    project, problems = load(ROOT)
    assert problems.sorted() == []
    assert list(project.campaigns) == sorted(project.campaigns)
    assert str(project.campaigns["winback"].messages[1].send) == "sms, else email"


def test_positions_are_those_of_the_file():
    project, _ = load(ROOT)
    lines = (ROOT / "campaigns/winback.yaml").read_text("utf-8").split("\n")
    place = project.position("campaigns/winback.yaml", ("messages", 0, "offer", "percent"))
    assert lines[place.line - 1][place.column - 1 :].startswith("10, next_time")
    audience = project.campaigns["winback"].audience
    inside = audience.at(audience.index("'lapsed'"), 8)
    assert lines[inside.line - 1][inside.column - 1 :].startswith("'lapsed'")
    assert project.position("no-such.yaml", ("a",)).file == "no-such.yaml"


def test_the_root_is_found_from_within(shop):
    assert find_root(shop / "campaigns") == shop.resolve()
    with pytest.raises(WrongUse, match="init"):
        find_root(Path("/"))


def test_a_folder_without_rules_says_so(tmp_path):
    project, problems = load(tmp_path)
    assert project is None
    assert [problem.code for problem in problems] == ["no-rules"]


def test_an_unknown_key_hides_no_other_problem(shop):
    edit(shop, "campaigns/hello.yaml", "title: Hello", "title: Hello\nstaus: live\nholdout: 10")
    edit(shop, "rules.yaml", "currency: RON", "currency: lei\n  langages: [ro]")
    _, problems = load(shop)
    assert [(problem.position.file, problem.code) for problem in problems] == [
        ("campaigns/hello.yaml", "unknown-key"),
        ("campaigns/hello.yaml", "share"),
        ("rules.yaml", "currency"),
        ("rules.yaml", "unknown-key"),
    ]


def test_what_is_wrong_is_left_out_and_the_rest_is_there(shop):
    edit(shop, "campaigns/hello.yaml", "title: Hello", "title: Hello\nholdout: 10\nstatus: live")
    project, problems = load(shop)
    assert problems.errors
    assert project.campaigns["hello"].status == "live"
    assert project.campaigns["hello"].holdout.fraction == 0
    assert project.left_out["campaigns/hello.yaml"] == {("holdout",)}


def test_a_broken_trait_is_known_by_its_name(shop):
    edit(shop, "rules.yaml", "{from: orders, value: count(*)}", "{from: orders}")
    project, problems = load(shop)
    assert [problem.code for problem in problems] == ["trait-form"]
    assert project.broken == {"orders"}
    assert list(project.rules.traits) == ["spent", "last_order"]


def test_a_trait_of_a_broken_table_is_not_complained_about_too(shop):
    edit(shop, "rules.yaml", "    orders: data/orders.csv\n", "    orders: data/orders.csv\n    lines: {fle: a.csv}\n")
    edit(shop, "rules.yaml", "traits:\n", "traits:\n  bought: {from: lines, value: count(*)}\n")
    _, problems = load(shop)
    assert {problem.position.line for problem in problems} == {12}


def test_a_campaign_that_cannot_be_read_takes_no_other_with_it(shop):
    (shop / "campaigns/broken.yaml").write_text("title: [", encoding="utf-8")
    project, problems = load(shop)
    assert list(project.campaigns) == ["hello"]
    assert {problem.position.file for problem in problems} == {"campaigns/broken.yaml"}


def test_a_broken_campaign_may_be_named_in_first(shop):
    (shop / "campaigns/broken.yaml").write_text("title: [", encoding="utf-8")
    with (shop / "rules.yaml").open("a") as rules:
        rules.write("guards: {first: [broken, hello]}\n")
    _, problems = load(shop)
    assert {problem.position.file for problem in problems} == {"campaigns/broken.yaml"}


def test_no_campaign_is_a_warning(shop):
    (shop / "campaigns/hello.yaml").unlink()
    project, problems = load(shop)
    assert project.campaigns == {}
    assert [(problem.code, problem.level) for problem in problems] == [("no-campaigns", "warning")]


def test_hundreds_of_problems_are_cut(shop):
    keys = "".join(f"key{number}: 1\n" for number in range(300))
    (shop / "campaigns/hello.yaml").write_text(keys, encoding="utf-8")
    _, problems = load(shop)
    assert len(problems) == 101
    assert "too-many" in {problem.code for problem in problems}


def test_the_fingerprint_follows_what_is_sent(shop):
    def fingerprint():
        project, _ = load(shop)
        return project.fingerprint

    first = fingerprint()
    assert len(first) == 9
    assert first[4] == "-"
    assert fingerprint() == first
    (shop / "data/customers.csv").write_text("customer_id\n1\n")
    assert fingerprint() == first, "people do not count"
    seen = {first}
    for file in ("templates/hello/third.ro.html", "campaigns/again.yaml", "flows/steps.py"):
        (shop / file).parent.mkdir(exist_ok=True)
        shutil.copy(shop / "campaigns/hello.yaml", shop / file)
        seen.add(fingerprint())
    (shop / "templates/hello/third.ro.html").rename(shop / "templates/hello/third.en.html")
    seen.add(fingerprint())
    edit(shop, "rules.yaml", "Casa Verde", "Casa Albă")
    seen.add(fingerprint())
    assert len(seen) == 6


def test_the_sample_shop_loads_in_a_moment():
    load(ROOT)
    with within(0.3):
        load(ROOT)


def test_loading_needs_nothing_heavy():
    heavy = "ibis duckdb sqlmodel sqlalchemy jinja2 prefect fastapi pyarrow aiohttp sqlglot"
    program = (
        "import sys; from pathlib import Path; from regulars.lang.project import load; import regulars.lang.telling;"
        f"load(Path({str(ROOT)!r})); print(*(set({heavy!r}.split()) & set(sys.modules)))"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == ""
