"""Somebody is forgotten everywhere, and stays so although the shop's own data still names them."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pages import REPOSITORY
from regulars import clock
from regulars.campaigns import convert, deliver, followups, running
from regulars.campaigns.desk import Desk
from regulars.campaigns.held import places
from regulars.campaigns.held.export import MEANS, export
from regulars.campaigns.held.forget import forget
from regulars.campaigns.held.whose import whose
from regulars.campaigns.planning.plan import plan
from regulars.campaigns.trying.preview import preview
from regulars.campaigns.why.explain import why
from regulars.cli.why_text import of_why
from regulars.errors import WrongUse
from regulars.ledger import consent
from regulars.ledger.held import HELD
from regulars.measure import report
from small_shop import SmallShop, at

WHO, FIRST, LAST = "zqwx-17", "Zqwxana", "Zqwxescu"
EMAIL, PHONE = "zqwx.ana@example.com", "+40700118833"
MARKS = (WHO, FIRST, LAST, EMAIL, PHONE)
MONDAY = at("2026-02-02 10:00")
TUESDAY = at("2026-02-03 10:00")

NAMED = re.compile(
    r"""(?:desk\.folder|self\.folder|"\.regulars"|OURS) / "([\w.-]+)"|home\.folder\(root, "([\w-]+)"\)"""
)
"""A place below `.regulars`, as code names it."""
DIALECTS = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]


@pytest.fixture(params=DIALECTS)
def peopled(request: pytest.FixtureRequest, shop: SmallShop, monkeypatch: pytest.MonkeyPatch) -> SmallShop:
    """A shop in which the person was written to, ordered, brought a friend and spoke; campaigns wait in the outbox."""
    if request.param == "postgresql":
        monkeypatch.setenv("REGULARS_LEDGER", str(request.getfixturevalue("postgres_url")))
    shop.customer(WHO, first_name=FIRST, last_name=LAST, email=EMAIL, phone=PHONE)
    shop.customer("ion", phone="+40700000055")
    shop.customer("eva", phone="+40700000066")
    for customer in (WHO, "ion"):
        shop.order(customer, "2026-01-05 10:00:00")
    shop.campaign(
        "hello",
        messages="""
  - {send: email, template: hello/one, subject: "Salut {{ customer.first_name }}", offer: {percent: 10, valid: 14 days}}
  - {send: sms, after: 20 days, template: hello/two}""",
    )
    shop.words("hello/one", offer="{{ offer.code }} {{ referral.link }}")
    shop.campaign("entry", repeat="on entry", audience="orders >= 1")
    shop.campaign("begun")
    shop.campaign("later", schedule="daily at 23:00", messages="[{send: sms, template: later/one}]")
    return shop


def live(shop: SmallShop) -> None:
    """A day: campaigns run and are sent, orders come with codes, words are said, a letter is looked at."""
    with shop.desk() as desk, clock.frozen(MONDAY):
        for name in ("hello", "entry"):
            run(desk, name)
        deliver.deliver(desk, "email", 100, MONDAY, "w")
        run(desk, "later")
        with desk.ledger.writing() as connection:
            consent.record(connection, WHO, "email", MONDAY, given=True, source="preference page", wording=f"{FIRST}")
        mine = code_of(desk)
        preview(desk, "hello", WHO, MONDAY)
        (desk.folder / "logs").mkdir()
        (desk.folder / "logs" / "worker.log").write_text(f"refused: <{EMAIL}> is unknown\n")
    shop.order(WHO, "2026-02-02 15:00:00", total=80, coupon_code=mine)
    shop.order("ion", "2026-02-02 16:00:00", total=30)
    with shop.desk() as desk, clock.frozen(TUESDAY):
        convert.convert(desk, TUESDAY)
        running.select(desk, "begun", TUESDAY)


def run(desk: Desk, name: str) -> None:
    selected = running.select(desk, name, clock.now())
    for chunk in range(selected.chunks):
        running.enrol(desk, selected.run_id, chunk)
    running.finish(desk, selected.run_id)


def code_of(desk: Desk) -> str:
    held = export(desk, whose(desk, WHO), MONDAY)
    return str(held["ledger"]["code"]["rows"][0]["code"])


@contextmanager
def tuesday(shop: SmallShop) -> Iterator[Desk]:
    with shop.desk() as desk, clock.frozen(TUESDAY):
        yield desk


def named_in(root: Path, marks: tuple[str, ...]) -> list[str]:
    """Files below `.regulars` in which a mark can be read, Parquet by its values."""
    import pyarrow.parquet as pq

    found = []
    for file in (root / ".regulars").rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            if file.suffix == ".parquet":
                content += str(pq.read_table(file).to_pylist()).encode()
            if any(mark.lower().encode() in content.lower() for mark in marks) or any(
                mark in file.name for mark in marks
            ):
                found.append(file.relative_to(root).as_posix())
    return sorted(found)


def rows(desk: Desk) -> str:
    from sqlalchemy import text
    from sqlmodel import SQLModel

    with desk.ledger.reading() as connection:
        return "\n".join(
            str(tuple(row))
            for name in SQLModel.metadata.tables
            for row in connection.execute(text(f"select * from {name}"))
        )


def test_nothing_names_them_in_the_ledger_or_in_any_file(peopled: SmallShop) -> None:
    live(peopled)
    with tuesday(peopled) as desk:
        code = code_of(desk)
        marks = (*MARKS, code)
        before = named_in(peopled.root, marks)
        folders = {name.split("/")[1] for name in before}
        assert {"codes", "decisions", "logs", "outbox", "preview", "runs", "snapshots", "tables"} <= folders
        assert all(mark in rows(desk) for mark in (WHO, FIRST, EMAIL, PHONE, code))
        told = forget(desk, whose(desk, EMAIL), TUESDAY)
        left = rows(desk)
    assert not [mark for mark in marks if mark in left]
    assert named_in(peopled.root, marks) == []
    assert told.in_the_shop
    assert told.clean
    assert told.files["letters in the outbox"] == 1
    assert "ion@example.com" in left


def test_their_export_tells_every_table_that_holds_them(peopled: SmallShop) -> None:
    live(peopled)
    with tuesday(peopled) as desk:
        told = export(desk, whose(desk, WHO), TUESDAY)
        json.dumps(told, default=str)
        sent = next(one for one in told["ledger"]["message"]["rows"] if one["state"] == "accepted")
    assert {"enrolment", "message", "code", "conversion", "referral_code", "consent", "membership"} <= set(
        told["ledger"]
    )
    assert sent["words"]["subject"] == f"Salut {FIRST}" or FIRST in sent["words"]["text"]
    assert told["traits_and_segments"]["lifecycle"] == "active"
    assert {one["campaign"] for one in told["decisions"]} == {"hello", "entry", "later", "begun"}
    assert "ion" not in json.dumps(told, default=str).replace("decisions", "").replace("conversion", "").split()


def test_what_tables_mean_is_told_for_each_that_holds_people() -> None:
    assert set(MEANS) == {name for name, holding in HELD.items() if holding.whose}


def test_figures_stay_as_they_were(peopled: SmallShop) -> None:
    live(peopled)
    with tuesday(peopled) as desk:
        before = report.figures(desk.ledger, currency="RON", now=TUESDAY)
        forget(desk, whose(desk, WHO), TUESDAY)
    with tuesday(peopled) as desk:
        again = convert.convert(desk, TUESDAY)
        after = report.figures(desk.ledger, currency="RON", now=TUESDAY)
        assert WHO not in rows(desk)
    assert (again.orders, again.withdrawn, again.by_strangers) == (0, 0, 0)
    for one in (*before["campaigns"], *after["campaigns"]):
        one["messages"] = {"all": sum(one["messages"].values())}
    assert after["campaigns"] == before["campaigns"]


def test_why_says_that_they_were_forgotten_although_the_days_snapshot_has_no_trace_of_them(peopled: SmallShop) -> None:
    live(peopled)
    with tuesday(peopled) as desk:
        forget(desk, whose(desk, WHO), TUESDAY)
    with tuesday(peopled) as desk, pytest.raises(WrongUse, match="asked to be forgotten on 20"):
        why(desk, WHO, ["hello"], TUESDAY)


def test_they_are_left_out_of_every_run_with_the_reason_and_no_trace(peopled: SmallShop) -> None:
    live(peopled)
    with tuesday(peopled) as desk:
        forget(desk, whose(desk, WHO), TUESDAY)
    # The shop writes its data anew. Without that the day's snapshot is kept, and `why` does not find who was taken out.
    os.utime(peopled.root / "data" / "customers.csv")
    with tuesday(peopled) as desk:
        foreseen = {one["campaign"]: one["withheld"] for one in plan(desk, [], TUESDAY)["campaigns"]}
        for name in ("hello", "entry", "later"):
            run(desk, name)
        followups.advance(desk, TUESDAY)
        deliver.deliver(desk, "email", 100, TUESDAY, "w")
        assert WHO not in rows(desk)
        told = of_why(why(desk, WHO, ["hello"], TUESDAY))
    assert {name: withheld.get("forgotten") for name, withheld in foreseen.items()} == dict.fromkeys(foreseen, 1)
    assert "forgotten" in told
    assert not [name for name in named_in(peopled.root, (WHO,)) if "/decisions/" in name or "/runs/" in name]


def test_a_second_time_changes_nothing_and_says_so(peopled: SmallShop) -> None:
    live(peopled)
    with tuesday(peopled) as desk:
        forget(desk, whose(desk, WHO), TUESDAY)
    with tuesday(peopled) as desk:
        again = forget(desk, whose(desk, WHO), TUESDAY)
    assert set(again.ledger) == {"suppression"}
    peopled.customers = [one for one in peopled.customers if one["customer_id"] != WHO]
    with tuesday(peopled) as desk, pytest.raises(WrongUse, match="forgotten on"):
        whose(desk, WHO)


def test_somebody_whom_the_shop_has_erased_is_still_found_by_address(peopled: SmallShop) -> None:
    live(peopled)
    peopled.customers = [one for one in peopled.customers if one["customer_id"] != WHO]
    with tuesday(peopled) as desk:
        told = forget(desk, whose(desk, EMAIL.upper()), TUESDAY)
        assert (told.customer, told.in_the_shop) == (WHO, False)
    assert named_in(peopled.root, MARKS) == []


def test_every_file_that_is_written_has_an_answer(peopled: SmallShop) -> None:
    live(peopled)
    names = [
        file.relative_to(peopled.root / ".regulars").as_posix() for file in (peopled.root / ".regulars").rglob("*")
    ]
    files = [name for name in names if (peopled.root / ".regulars" / name).is_file()]
    assert files
    assert [name for name in files if places.place_of(name) is None] == []


def test_every_folder_that_code_names_has_an_answer() -> None:
    names: set[str] = set()
    for module in (REPOSITORY / "src" / "regulars").rglob("*.py"):
        for found in NAMED.finditer(module.read_text(encoding="utf-8")):
            names.add(next(name for name in found.groups() if name))
    assert {"snapshots", "outbox", "logs", "preview", "tables", "tmp", "runs"} <= names
    answered = {place.pattern.partition("/")[0].rstrip("*") for place in places.PLACES}
    assert names - {"templates", "campaigns", "data", "rules.yaml", "salts.json.lock"} <= answered
