"""What `plan` prints: the same words as LANGUAGE section 5, and as Markdown for a pull request."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from regulars import clock
from regulars.campaigns import running
from small_shop import RULES, SmallShop, at

YESTERDAY, DAY = at("2026-02-01 12:00"), ("--as-of", "2026-02-02")
WINBACK = """title: Win back the lapsed
status: live
audience: lifecycle = 'lapsed'
schedule: daily at 10:00
repeat: every 90 days
exit: ordered
messages:
  - send: email
    template: winback/one
    subject: "{{ customer.first_name }}, ne e dor"
    offer: {percent: 10, valid: 14 days}
  - send: sms, else email
    after: 5 days
    template: winback/two
    subject: Codul
expect: {audience: {max: 2000}}
"""


def git(root: Path, *words: str) -> None:
    who = ("-c", "user.name=Ana", "-c", "user.email=ana@example.com")
    subprocess.run(["git", *who, *words], cwd=root, check=True, capture_output=True)


@pytest.fixture
def edited(shop: SmallShop, monkeypatch: pytest.MonkeyPatch) -> SmallShop:
    """Four people; Ana and Dan become lapsed by themselves, Eva by an edit, Ion orders; it ran yesterday."""
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("REGULARS_CHANNEL", "folder")
    for name, when in (("ana", "2025-08-05"), ("dan", "2025-08-05"), ("eva", "2025-08-20"), ("ion", "2025-06-01")):
        shop.customer(name, last_name="Popa", phone=f"+4070000000{len(name) + len(shop.customers)}")
        shop.order(name, f"{when} 10:00:00")
    shop.customers[1]["language"] = "de"
    shop.campaign("winback", WINBACK)
    for template in ("winback/one", "winback/two"):
        shop.words(template, offer="{{ offer.code }}")
    with shop.desk() as desk, clock.frozen(YESTERDAY):
        selected = running.select(desk, "winback", YESTERDAY)
        running.enrol(desk, selected.run_id, 0)
        running.finish(desk, selected.run_id)
    git(shop.root, "init", "--quiet", "--initial-branch=main")
    git(shop.root, "add", "rules.yaml", "campaigns")
    git(shop.root, "commit", "--quiet", "--message", "before")
    shop.order("ion", "2026-02-01 18:00:00")
    shop.rules = RULES.replace("> 180", "> 150") + "prices: {sms: {RO: 0.30, other: 0.50}}\n"
    shop.write()
    return shop


def rows(told: str) -> dict[str, str]:
    """The first line of each named row."""
    return {line.split()[0]: line for line in reversed(told.splitlines()) if line.startswith("  ") and line[2] != " "}


def test_the_rows_of_a_plan_read_as_the_language_says(regulars: Any, edited: SmallShop) -> None:
    told = regulars("plan", "winback", *DAY, at=edited.root).out
    named = rows(told)
    assert named["audience"] == "  audience       3 people      yesterday 1: +3 in, −1 out"
    assert "       +2 by themselves        became 'lapsed' (days_since(last_order) passed 180)" in told
    line = edited.rules.splitlines().index("    - lapsed: days_since(last_order) > 150") + 1
    assert f"       +1 BY YOUR EDIT         rules.yaml:{line} lapsed: days_since(last_order) > 180 → > 150" in told
    assert "       −1                      ordered" in told
    assert named["SENT"] == "  SENT           3             3 email: 3 ro (1 of the ro speak something else)"
    assert named["later"].endswith("`two`, sms, else email, Sat 7 Feb 12:00, unless they have ordered by then")
    assert named["inside"].endswith("entered earlier; your edit changes nothing for them")
    assert named["offer"] == "  offer          3 codes       10 %, until Mon 16 Feb 24:00"
    assert named["stops"] == "  stops       none             expect at most 2,000 in the audience ✓"
    assert "#ana Ana P.  email ro  “Ana, ne e dor”" in told
    assert "Today in all: 3 people, 3 email" in told
    assert "send: regulars run winback (you will type 3)" in " ".join(told.split())


def test_no_line_is_wider_than_a_narrow_terminal(
    regulars: Any, edited: SmallShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    told = regulars("plan", "winback", *DAY, at=edited.root).out
    assert max(map(len, told.splitlines())) <= 80


def test_against_a_revision_only_the_edit_counts(regulars: Any, edited: SmallShop) -> None:
    told = regulars("plan", "winback", "--against", "main", *DAY, at=edited.root).out
    assert "main 2: +1 in" in told
    assert "by themselves" not in told
    assert "compared with main, over the same data" in told


def test_a_campaign_that_is_new_or_gone_is_told_against_a_revision(regulars: Any, edited: SmallShop) -> None:
    (edited.root / "campaigns" / "winback.yaml").unlink()
    edited.campaign("hello", formerly="none")
    found = json.loads(regulars("plan", "--against", "main", "--format", "json", *DAY, at=edited.root).out)
    assert found["vanished"] == ["winback"]
    assert found["campaigns"][0]["compared"]["note"] == "this campaign is new"


@pytest.mark.parametrize("revision", ["nothing", "--output=x", "HEAD~9", "-p"])
def test_a_revision_git_does_not_know_is_wrong_use(regulars: Any, edited: SmallShop, revision: str) -> None:
    told = regulars("plan", f"--against={revision}", *DAY, at=edited.root)
    assert told.code == 2
    assert f"Git knows no revision `{revision}`" in told.err


def test_without_a_repository_it_says_so(regulars: Any, shop: SmallShop) -> None:
    shop.campaign("hello")
    shop.write()
    told = regulars("plan", "--against", "main", *DAY, at=shop.root)
    assert (told.code, told.out) == (2, "")
    assert "not in a git repository" in told.err


def test_markdown_has_the_figures_and_nobodys_name_or_id(regulars: Any, edited: SmallShop) -> None:
    edited.campaign("winback", WINBACK.replace("Win back the lapsed", "'<b>@all</b> | [x](y)'"))
    told = regulars("plan", "--against", "main", "--format", "markdown", *DAY, at=edited.root).out
    assert "### Regulars: +1 −0 people in 1 campaign" in told
    assert "| +1 |" in told
    assert "days&#95;since(last&#95;order) &#62; 180 → &#62; 150" in told
    for private in ("ana", "Ana", "Popa", "eva", "@example", "+40"):
        assert private not in told.replace("manage", "")
    assert not {"<b>", "@all", "[x]"} & set(told.split())
    assert "<b>" not in told
    assert "@all" not in told


def test_plan_and_preview_tell_what_plain_letters_would_save(regulars: Any, edited: SmallShop) -> None:
    def told(verb: str) -> str:
        return " ".join(regulars(verb, "winback", *DAY, at=edited.root).out.split())

    for file in (edited.root / "templates").rglob("*.sms"):
        file.write_text(file.read_text("utf-8") + "ș" * 70, encoding="utf-8")
    campaign = WINBACK.replace("  - send: email\n", "  - send: sms\n")
    edited.campaign("winback", campaign, words=False)
    assert "3 sms = 6 segments, 3 with plain letters" in told("plan")
    assert "(2 segments, 1 with plain letters)" in told("preview")
    edited.campaign("winback", campaign.replace("- send: sms\n", "- send: sms\n    plain_letters: true\n"), words=False)
    assert "3 sms = 3 segments, 6 without plain letters" in told("plan")
    assert "(1 segment, with plain letters)" in told("preview")


def test_json_keeps_its_keys_and_has_the_new_ones(regulars: Any, edited: SmallShop) -> None:
    found = json.loads(regulars("plan", "winback", "--format", "json", *DAY, at=edited.root).out)
    (one,) = found["campaigns"]
    assert {"as_of", "fingerprint", "campaigns"} <= found.keys()
    assert {"campaign", "audience", "send", "withheld", "holdout", "cost", "liability"} <= one.keys()
    assert one["other_tongues"] == {"ro": 1}
    assert (one["compared"]["entered"], one["compared"]["left"]) == (3, 1)


def test_text_messages_are_priced_by_the_country_of_the_phone(regulars: Any, edited: SmallShop) -> None:
    edited.campaign("winback", WINBACK.replace("  - send: email\n", "  - send: sms\n"))
    edited.customers[0]["phone"] = "+37360123456"
    edited.write()
    named = rows(regulars("plan", "winback", *DAY, at=edited.root).out)
    assert "3 sms = 3 segments, 1.10 RON" in named["SENT"]
    edited.rules = edited.rules.replace(", other: 0.50", "")
    edited.write()
    named = rows(regulars("plan", "winback", *DAY, at=edited.root).out)
    assert "0.60 RON and 1 to MD, which have no price" in named["SENT"]


def test_who_is_held_back_by_a_cap_is_told_until_when(regulars: Any, edited: SmallShop) -> None:
    edited.guards = "  frequency: {any: 1 per 2 days}\n"
    edited.campaign("winback", WINBACK.replace("every 90 days", "every run"))
    edited.orders = [one for one in edited.orders if one["ordered_at"] < "2026"]
    edited.write()
    with edited.desk() as desk, desk.ledger.writing() as connection:
        connection.exec_driver_sql("update enrolment set ended_at = entered_at")
    assert "1 frequency (again tomorrow)" in rows(regulars("plan", "winback", *DAY, at=edited.root).out)["not"]


def test_unknown_is_told_with_what_is_not_known(regulars: Any, edited: SmallShop) -> None:
    edited.customer("nobody")
    edited.campaign("winback", WINBACK.replace("lifecycle = 'lapsed'", "average_order > 50"))
    edited.write()
    told = regulars("plan", "winback", *DAY, at=edited.root).out
    assert "        1 unknown              average_order not known → not in" in told


def test_words_that_were_edited_are_told_to_those_inside(regulars: Any, edited: SmallShop) -> None:
    with edited.desk() as desk, desk.ledger.writing() as connection:
        connection.exec_driver_sql(
            "insert into template (hash, name, files, first_used_at) values ('old', 'winback/two', '{}', '2026-01-01')"
        )
    told = regulars("plan", "winback", *DAY, at=edited.root).out
    assert "1 of their messages change: the words were edited" in rows(told)["inside"]
