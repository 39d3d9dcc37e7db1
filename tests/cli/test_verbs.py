"""Every verb as a newcomer uses it: the answer on stdout, the story on stderr, a code that says how it went."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from regulars.campaigns import convert
from regulars.cli import entry as command_line
from small_shop import SmallShop

DAY = ("--as-of", "2026-02-02")


def test_without_a_verb_the_verbs_are_listed(regulars: Any) -> None:
    told = regulars("--help")
    assert told.code == 0
    assert told.out.index("init") < told.out.index("check") < told.out.index("plan") < told.out.index("deploy")


def test_the_version_is_told(regulars: Any) -> None:
    assert regulars("--version").out.startswith("regulars 0.")


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("plna",), 2, "plan"),
        (("plan", "--as_of", "2026-01-01"), 2, "--as-of"),
        (("plan", "helo"), 1, "Did you mean `hello`?"),
        (("why", "nobody"), 2, "no customer"),
        (("why",), 2, "customer"),
        (("plan", "--as-of", "tomorrow"), 2, "2026-08-27"),
        (("explain", "unknwn-key"), 2, "Did you mean `unknown-key`?"),
        (("segments", "--output", "people.xls", *DAY), 2, ".csv"),
        (("report", "helo", *DAY), 1, "Did you mean `hello`?"),
        (("preview", "hello", "--message", "two", *DAY), 2, "one"),
        (("run", "helo"), 1, "Did you mean `hello`?"),
        (("plan", "--format", "xml"), 2, "json"),
    ],
)
def test_wrong_use_is_told_in_two_lines_and_leaves_stdout_empty(
    regulars: Any, hello: SmallShop, words: tuple[str, ...], code: int, says: str
) -> None:
    told = regulars(*words, at=hello.root)
    assert (told.code, told.out) == (code, "")
    assert says in told.err
    assert len(told.err.strip().splitlines()) <= 2
    assert "Traceback" not in told.err


def test_a_folder_without_a_project_says_how_to_get_one(regulars: Any, tmp_path: Path) -> None:
    told = regulars("plan", at=tmp_path)
    assert told.code == 2
    assert "regulars init" in told.err


def test_the_project_is_found_from_a_folder_below_it_and_by_name(
    regulars: Any, hello: SmallShop, tmp_path: Path
) -> None:
    assert regulars("check", at=hello.root / "campaigns").code == 0
    assert regulars("check", "--project", hello.root / "templates", at=tmp_path).code == 0


def test_check_tells_problems_as_text_and_as_json(regulars: Any, hello: SmallShop) -> None:
    assert regulars("check", at=hello.root).out.startswith("No problems")
    (hello.root / "campaigns" / "hello.yaml").write_text("titel: Hello\n")
    told = regulars("check", at=hello.root)
    assert told.code == 1
    assert "campaigns/hello.yaml:1:1" in told.out
    found = json.loads(regulars("check", "--format", "json", at=hello.root).out)
    assert any(one["code"] == "unknown-key" for one in found["problems"])


def test_problems_stop_a_plan_and_are_told_on_stderr(regulars: Any, hello: SmallShop) -> None:
    (hello.root / "campaigns" / "hello.yaml").write_text("titel: Hello\n")
    told = regulars("plan", at=hello.root)
    assert (told.code, told.out) == (1, "")
    assert "unknown-key" in told.err


def test_segments_answers_with_counts(regulars: Any, hello: SmallShop) -> None:
    told = regulars("segments", "--format", "json", *DAY, at=hello.root)
    found = json.loads(told.out)
    assert {key: found[key] for key in ("as_of", "customers", "segments")} == {
        "as_of": "2026-02-02",
        "customers": 2,
        "segments": {"lifecycle": {"prospect": 1, "lapsed": 0, "active": 1}},
    }
    assert [step["condition"] for step in found["steps"]["lifecycle"]][0::2] == ["orders = 0", "otherwise"]


def test_segments_writes_a_row_per_customer(regulars: Any, hello: SmallShop) -> None:
    told = regulars("segments", "--output", "people.csv", *DAY, at=hello.root)
    assert told.code == 0
    with (hello.root / "people.csv").open(newline="") as file:
        ana, ion = csv.DictReader(file)
    assert list(ana) == ["customer_id", "orders", "spent", "first_order", "last_order", "average_order", "lifecycle"]
    assert (ana["customer_id"], ana["orders"], ana["lifecycle"], ion["average_order"]) == ("ana", "1", "active", "")
    regulars("segments", "--output", "people.parquet", *DAY, at=hello.root)
    assert pq.read_table(hello.root / "people.parquet").column_names == list(ana)


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r", "\n", " ="])
def test_text_that_a_spreadsheet_would_run_is_made_harmless_and_numbers_are_left_alone(
    regulars: Any, shop: SmallShop, begin: str
) -> None:
    shop.rules = shop.rules.replace(
        "average_order: spent / orders", "average_order: spent / orders\n  debt: 0 - spent\n  named: lower(city)"
    )
    shop.customer("ana", city=f"{begin}sum(a1)")
    shop.order("ana", "2026-01-05 10:00:00", total=120)
    shop.campaign("hello")
    shop.write()
    regulars("segments", "--output", "people.csv", *DAY, at=shop.root)
    with (shop.root / "people.csv").open(newline="") as file:
        (ana,) = csv.DictReader(file)
    # Spaces around a value are gone before anybody sees it.
    assert ana["named"] == "'" + f"{begin}sum(a1)".strip(" ")
    assert float(ana["debt"]) == -120


def test_plan_says_that_nothing_has_been_sent(regulars: Any, hello: SmallShop) -> None:
    told = regulars("plan", *DAY, at=hello.root)
    assert "NOTHING HAS BEEN SENT" in told.out
    assert "1 no-consent" in told.out
    assert max(map(len, told.out.splitlines())) <= 100
    found = json.loads(regulars("plan", "hello", "--format", "json", *DAY, at=hello.root).out)
    assert found["campaigns"][0]["send"] == {"email": 1}


def test_why_shows_every_test(regulars: Any, hello: SmallShop) -> None:
    told = regulars("why", "ion@example.com", "hello", *DAY, at=hello.root)
    assert "NOT SENT: no-consent" in told.out
    assert "✗ email" in told.out
    assert max(map(len, told.out.splitlines())) <= 100


def test_preview_writes_what_somebody_would_see(regulars: Any, hello: SmallShop) -> None:
    told = regulars("preview", "hello", "--customer", "ana", *DAY, at=hello.root)
    page = hello.root / ".regulars" / "preview" / "hello-one-email-ro.html"
    assert str(page) in told.out
    assert "Bună Ana" in page.read_text()


def test_conversions_and_report_work_before_anything_was_sent(regulars: Any, hello: SmallShop) -> None:
    assert json.loads(regulars("conversions", "--format", "json", *DAY, at=hello.root).out)["orders"] == 0
    assert json.loads(regulars("report", "--format", "json", *DAY, at=hello.root).out)["loyalty"]["customers"] == 2
    told = regulars("report", "--format", "html", "--output", "report.html", *DAY, at=hello.root)
    assert (told.code, told.out) == (0, "")
    assert (hello.root / "report.html").read_text().startswith("<!doctype html>")


def test_explain_shows_a_wrong_and_a_right_example(regulars: Any) -> None:
    assert "unknown-key" in regulars("explain", "unknown-key").out
    assert "unknown-key" in regulars("explain").out.splitlines()


def test_schema_writes_what_editors_read(regulars: Any, hello: SmallShop) -> None:
    told = regulars("schema", at=hello.root)
    assert sorted(told.out.splitlines()) == ["schemas/campaign.schema.json", "schemas/rules.schema.json"]


def test_a_fingerprint_of_other_files_stops_a_run(regulars: Any, hello: SmallShop) -> None:
    told = regulars("run", "hello", "--plan", "0000-0000", "--yes", at=hello.root)
    assert (told.code, told.out) == (1, "")
    assert "0000-0000" in told.err


def test_a_day_on_which_nothing_is_due_says_so(regulars: Any, shop: SmallShop) -> None:
    shop.customer("ana")
    shop.campaign("hello", schedule="once on 2026-11-26 at 9:00")
    shop.write()
    told = regulars("run", *DAY, at=shop.root)
    assert told.code == 0
    assert "Nothing was sent" in told.out


@pytest.mark.parametrize("debug", [False, True])
def test_a_mistake_of_ours_shows_a_traceback_only_when_asked(
    regulars: Any, hello: SmallShop, monkeypatch: pytest.MonkeyPatch, debug: bool
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("ana@example.com")

    monkeypatch.setattr(convert, "convert", broken)
    told = regulars("conversions", *(["--debug"] if debug else []), at=hello.root)
    assert (told.code, told.out) == (3, "")
    assert ("Traceback" in told.err) is debug
    assert ("ana@example.com" in told.err) is debug
    assert "a mistake of ours (ZeroDivisionError)" in told.err


def test_ctrl_c_leaves_with_130(regulars: Any, hello: SmallShop, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(convert, "convert", interrupted)
    told = regulars("conversions", at=hello.root)
    assert told.code == 130
    assert "nothing is sent twice" in told.err


@pytest.mark.parametrize("day", ["2026-02-02", "2026-02-02T09:30", "2026-02-02T09:30:00+02:00", "2026-02-02 09:30"])
def test_a_day_and_a_moment_may_be_named(regulars: Any, hello: SmallShop, day: str) -> None:
    found = json.loads(regulars("plan", "--format", "json", "--as-of", day, at=hello.root).out)
    assert found["as_of"].startswith("2026-02-02T12:00" if len(day) == 10 else "2026-02-02T09:30")


def test_check_loads_neither_prefect_nor_a_web_server_nor_a_database_library(hello: SmallShop) -> None:
    heavy = ("prefect", "fastapi", "sqlalchemy", "sqlmodel", "aiohttp", "sendgrid", "twilio", "pandas")
    script = (
        "import sys; from regulars.cli.entry import run; code = run(['check', '--project', sys.argv[1]]); "
        f"print([name for name in {heavy!r} if name in sys.modules]); sys.exit(code)"
    )
    # The first check of a day counts the traits, for which it needs Ibis; the others find them counted.
    for named in (script, script.replace("('prefect'", "('ibis', 'prefect'")):
        done = subprocess.run(
            [sys.executable, "-c", named, str(hello.root)], capture_output=True, text=True, check=True
        )
        assert done.stdout.splitlines()[-1] == "[]"


def test_every_verb_has_its_place_in_the_story(regulars: Any) -> None:
    regulars("--version")
    assert set(command_line._verbs()) == set(command_line.STORY)
