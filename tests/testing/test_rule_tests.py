"""Rule tests in YAML: what holds passes, what does not is told with its why, and nothing real is touched."""

import json
import os
import shutil
import subprocess
import sys
from datetime import date, datetime
from decimal import Decimal

import pytest

from regulars.lang.rule_tests import When
from regulars.testing.rules import run_rule_tests, told
from regulars.testing.rules.expectations import same

LAPSED = """
- name: {name}
  as_of: 2026-06-01
  given:
    customers: [{{id: ana}}, {{id: ion}}]
    orders:
      - {{customer: ana, at: 200 days ago, total: 250}}
      - {{customer: ion, at: 20 days ago}}
  expect:
    ana: {expect}
    ion: {{segments: {{lifecycle: active}}, messages: []}}
"""


@pytest.fixture
def lapsed(shop):
    """A shop with one campaign for the lapsed; the returned function writes a test about ana and runs it."""
    shop.campaign("winback", audience="lifecycle = 'lapsed'", holdout="100%", expect="{audience: {min: 50}}")

    def run(expect, name="ana", text=LAPSED):
        shop.write()
        file = shop.root / "tests" / "rules" / "lapsed.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text.format(expect=expect, name=name), encoding="utf-8")
        return run_rule_tests(shop.root)

    return run


def everything_in(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_what_holds_passes_whatever_the_holdout_and_the_limits_of_the_campaign(lapsed):
    results = lapsed(
        "{segments: {lifecycle: lapsed}, traits: {spent: 250, orders: 1}, messages: [winback/one by email]}"
    )
    assert results.passed, [told(one) for one in results.tests]


def test_what_does_not_hold_is_told_with_the_values_the_rules_saw(lapsed):
    results = lapsed("{segments: {lifecycle: active}, traits: {spent: 251}}", name="ana is active")
    assert not results.passed
    words = told(results.tests[0])
    assert "tests/rules/lapsed.yaml:2:9  FAILED  ana is active" in words
    assert "expected  active" in words
    assert "got       lapsed" in words
    assert "got       250.00" in words
    assert "lifecycle reads last_order = 2025-11-13 12:00, orders = 1" in words


def test_a_message_that_does_not_come_is_explained_as_why_explains_it(lapsed):
    results = lapsed("{messages: []}")
    words = told(results.tests[0])
    assert "got       winback/one by email" in words
    assert "winback: sent" in words
    assert "lifecycle = 'lapsed'" in words


def test_a_message_may_leave_its_channel_open(lapsed):
    assert lapsed("{messages: [winback/one]}").passed
    assert not lapsed("{messages: [winback/one by sms]}").passed


def test_what_was_sent_before_counts(lapsed):
    history = LAPSED + "  sent: [{{customer: ana, campaign: winback, at: 3 days ago}}]\n"
    assert lapsed("{messages: [], withheld: {winback: already-enrolled}}", text=history).passed


def test_names_that_do_not_exist_are_told_where_they_stand(lapsed):
    results = lapsed("{segments: {lifecycle: lapst}, traits: {spend: 1}, messages: [winbak/one by fax]}")
    found = {(one.code, one.position.line) for one in results.problems.found}
    assert found == {("unknown-value", 10), ("unknown-name", 10), ("unknown-campaign", 10), ("unknown-message", 10)}
    assert "Did you mean `spent`?" in " ".join(one.sentence for one in results.problems.found)
    assert results.tests == []


def test_a_column_that_no_rule_reads_and_an_order_of_nobody_are_told(lapsed):
    wrong = LAPSED.replace("{{id: ion}}", "{{id: ion, frist_name: Ion}}").replace("customer: ion", "customer: jon")
    codes = sorted(one.code for one in lapsed("{messages: []}", text=wrong).problems.found)
    assert codes == ["missing-column", "unknown-person"]


def test_unknown_keys_are_refused(lapsed):
    results = lapsed("{segment: {lifecycle: lapsed}}")
    assert [one.code for one in results.problems.errors] == ["unknown-key"]


def test_nothing_of_the_project_is_touched(shop, lapsed):
    lapsed("{messages: [winback/one]}")
    before = everything_in(shop.root)
    lapsed("{messages: [winback/one]}")
    assert everything_in(shop.root) == before
    assert not (shop.root / ".regulars").exists()


def test_a_shop_without_a_file_of_data_can_be_tested(shop, lapsed):
    lapsed("{messages: []}")
    shutil.rmtree(shop.root / "data")
    assert run_rule_tests(shop.root).problems.found == []


def test_cases_with_the_same_names_do_not_meet(lapsed):
    other = LAPSED.replace("{name}", "other").replace("{expect}", "{{traits: {{orders: 1}}}}")
    assert lapsed("{traits: {orders: 1}}", text=LAPSED + other).passed


def test_the_command_leaves_with_1_where_a_test_fails(shop, lapsed):
    lapsed("{segments: {lifecycle: active}}")
    command = [sys.executable, "-c", "from regulars.cli import main; main()", "test", "--project", str(shop.root)]
    run = subprocess.run([*command, "--format", "json"], capture_output=True, text=True, check=False)
    assert run.returncode == 1, run.stderr
    found = json.loads(run.stdout)["tests"][0]["differences"]
    assert [(one["customer"], one["expected"], one["got"]) for one in found] == [("ana", "active", "lapsed")]


def test_pytest_collects_the_same_files(shop, lapsed):
    lapsed("{messages: []}", name="nothing for ana")
    environment = os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    command = [sys.executable, "-m", "pytest", "-p", "regulars.testing.plugin", "-p", "no:cacheprovider", "tests"]
    run = subprocess.run(command, cwd=shop.root, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 1, run.stderr
    assert "1 failed" in run.stdout
    assert "got       winback/one by email" in run.stdout
    assert "Traceback" not in run.stdout


def test_the_plugin_loads_nothing_heavy():
    heavy = "sorted(sys.modules.keys() & {'pyarrow', 'duckdb', 'ibis', 'pydantic', 'aiohttp', 'sqlalchemy', 'ruamel'})"
    code = f"import sys, regulars.testing.plugin; print({heavy})"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("2026-05-01", datetime(2026, 5, 1, 12)),
        ("2026-05-01 09:30", datetime(2026, 5, 1, 9, 30)),
        ("today", datetime(2026, 6, 1, 12)),
        ("5 days ago", datetime(2026, 5, 27, 12)),
        ("in 2 weeks", datetime(2026, 6, 15, 12)),
    ],
)
def test_days_are_written_out_or_counted_from_the_day_of_the_test(words, meant):
    assert When.parse(words).on(date(2026, 6, 1)) == meant


@pytest.mark.parametrize("words", ["5 days", "in 5 days ago", "someday", "2026-02-30", ""])
def test_what_is_no_day_is_refused(words):
    with pytest.raises(ValueError):  # noqa: PT011  # pydantic turns it into our problem
        When.parse(words)


@pytest.mark.parametrize(
    ("expected", "got", "holds"),
    [
        ("333.33", 1000 / 3, True),
        ("333.34", 1000 / 3, False),
        ("250", Decimal("250.00"), True),
        ("unknown", None, True),
        ("0", None, False),
        ("yes", True, True),
        ("5 days ago", datetime(2026, 5, 27, 18), True),
        ("lapsed", "lapsed", True),
    ],
)
def test_values_are_compared_as_people_write_them(expected, got, holds):
    assert same(expected, got, date(2026, 6, 1)) is holds
