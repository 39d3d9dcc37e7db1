"""`codes`, `approve` and `preview --to` as somebody types them."""

from __future__ import annotations

import json
from typing import Any

import pytest

import shop_days as days
from small_shop import SmallShop

DAY = ("--as-of", "2026-02-01T10:00")
POOL = "[{send: email, template: win/one, subject: S, offer: {percent: 10, valid: 7 days, codes: pool}}]"


@pytest.fixture
def win(shop: SmallShop) -> SmallShop:
    """Two customers, a campaign with codes of a pool, and Ana of the team."""
    shop.rules = shop.rules.replace("site:", "team: {ana: ana@casaverde.example}\n  site:")
    shop.customer("c1")
    shop.customer("c2")
    shop.campaign("win", messages=POOL)
    shop.words("win/one", offer="{{ offer.code }}")
    shop.write()
    return shop


def brought(shop: SmallShop, text: str, encoding: str = "utf-8") -> str:
    path = shop.root / "new.csv"
    path.write_bytes(text.encode(encoding))
    return str(path)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("A1\nA2\nA3\n", "3 codes imported into pool `win`, which has 3 free now\n"),
        ("code\nA1\n", "1 codes imported into pool `win`, which has 1 free now\n"),
        (
            '\ufeff"Coupon Code";value\r\n"A1";10\r\nA2;10\r\n',
            "2 codes imported into pool `win`, which has 2 free now\n",
        ),
        ("A1\nA1\n\n", "1 codes imported into pool `win`, which has 1 free now; 1 stood in the file twice\n"),
    ],
)
def test_codes_are_imported_whatever_the_file_looks_like(regulars: Any, win: SmallShop, text: str, told: str) -> None:
    assert regulars("codes", "import", brought(win, text), "--pool", "win", at=win.root).out == told


def test_known_codes_and_lines_without_one_are_counted_and_no_code_is_printed(regulars: Any, win: SmallShop) -> None:
    regulars("codes", "import", brought(win, "A1\nA2\n"), "--pool", "win", at=win.root)
    told = regulars("codes", "import", brought(win, f"A2\nA3\nnot one\n{'X' * 33}\n"), "--pool", "spring", at=win.root)
    assert told.code == 0
    assert "1 codes imported into pool `spring`" in told.out
    assert "1 were known already" in told.out
    assert "2 lines hold no code (line 3, 4)" in told.out
    assert not any(code in told.out + told.err for code in ("A1", "A2", "A3", "not one"))


def test_a_run_that_would_run_out_of_codes_is_stopped_and_goes_after_an_import(regulars: Any, win: SmallShop) -> None:
    told = regulars("plan", "win", *DAY, at=win.root)
    assert "STOPS" in told.out
    assert "pool `win` has 0 codes and 2 people would need one: regulars codes import FILE --pool win" in " ".join(
        told.out.split()
    )
    regulars("codes", "import", brought(win, "A1\nA2\nA3\n"), "--pool", "win", at=win.root)
    told = regulars("plan", "win", *DAY, at=win.root)
    assert "STOPS" not in told.out
    assert "pool `win` has 3" in told.out


def test_codes_are_counted_by_pool_and_campaign(regulars: Any, win: SmallShop) -> None:
    assert "No codes yet" in regulars("codes", at=win.root).out
    regulars("codes", "import", brought(win, "A1\nA2\nA3\n"), "--pool", "win", at=win.root)
    days.run(win, "win", "2026-02-01 10:00")
    told = regulars("codes", "--as-of", "2026-02-02", at=win.root).out
    assert told.splitlines() == [
        "win  pool: 1 free, 2 taken",
        "win  2 given: 0 used, 0 expired, 0 replaced by a later offer",
    ]
    found = json.loads(regulars("codes", "--format", "json", "--as-of", "2026-03-01", at=win.root).out)
    assert found["pools"] == [{"pool": "win", "free": 1, "taken": 2}]
    assert found["campaigns"] == [{"campaign": "win", "given": 2, "used": 0, "expired": 2, "ended": 0}]


def test_a_code_that_was_used_is_not_expired_too(regulars: Any, win: SmallShop) -> None:
    regulars("codes", "import", brought(win, "A1\nA2\nA3\n"), "--pool", "win", at=win.root)
    days.live(win, "2026-02-01 10:00", "win")
    with win.desk() as desk, desk.ledger.reading() as connection:
        whose = connection.exec_driver_sql("select customer_id, code from code order by code").first()
    assert whose is not None
    win.order(whose[0], "2026-02-02 12:00:00", total=50, coupon_code=whose[1])
    win.order(whose[0], "2026-02-03 12:00:00", total=50, coupon_code=whose[1])
    win.desk().close()  # writes the files
    regulars("conversions", "--as-of", "2026-03-01", at=win.root)
    found = json.loads(regulars("codes", "--format", "json", "--as-of", "2026-03-01", at=win.root).out)
    assert found["campaigns"] == [{"campaign": "win", "given": 2, "used": 1, "expired": 1, "ended": 0}]
    with win.desk(looking=True) as desk, desk.ledger.reading() as connection:
        kept = "select sum(entries), (select sum(redeemed) from cohort_codes) from cohort"
        assert connection.exec_driver_sql(kept).one() == (2, 1)


def test_made_codes_are_exported_without_their_customers(regulars: Any, win: SmallShop) -> None:
    win.campaign("win", messages=POOL.replace(", codes: pool", ""))
    days.run(win, "win", "2026-02-01 10:00")
    told = regulars("codes", "export", "win", "--output", "out.csv", at=win.root)
    assert told.out.startswith("2 codes written to out.csv")
    lines = (win.root / "out.csv").read_text().splitlines()
    assert lines[0] == "code,campaign,kind,value,currency,gift,valid_until"
    assert len(lines) == 3
    assert not any("c1" in line or "c2" in line for line in lines)
    later = regulars("codes", "export", "--since", "2026-02-02", "--output", "later.csv", at=win.root)
    assert later.out.startswith("0 codes")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("codes", "import", "nowhere.csv", "--pool", "win"), "There is no file"),
        (("codes", "import", "rules.yaml"), "the name of their pool"),
        (("codes", "import", "rules.yaml", "--pool", "Înviere"), "cannot be the name of a pool"),
        (("codes", "export"), "--output FILE.csv"),
        (("codes", "export", "winn", "--output", "x.csv"), "Did you mean `win`?"),
        (("codes", "export", "--since", "monday", "--output", "x.csv"), "2026-08-27"),
        (("codes", "--pool", "win"), "alone counts"),
        (("approve", "0000-0000", "--as", "anna"), "Did you mean `ana`?"),
        (("approve", "0000-0000", "--as", "ana"), "not those of plan 0000-0000"),
        (("approve", "0000-0000"), "--as"),
        (("preview", "win", "--to", "mihai"), "nobody of `shop.team`"),
    ],
)
def test_what_has_no_meaning_is_told_in_two_lines(
    regulars: Any, win: SmallShop, words: tuple[str, ...], says: str
) -> None:
    told = regulars(*words, at=win.root)
    assert told.code in (1, 2)
    assert told.out == ""
    assert says in told.err
    assert len(told.err.strip().splitlines()) == 2


def test_an_approval_is_told_and_lets_the_run_go(regulars: Any, win: SmallShop) -> None:
    win.guards = "  approval: over 1"
    win.campaign("win")
    win.write()
    stopped = " ".join(regulars("plan", "win", *DAY, at=win.root).out.split())
    command = stopped.partition("regulars approve ")[2].split()[:3]
    assert command[1:] == ["--as", "ana"]
    told = regulars("approve", *command, *DAY)
    assert told.out.splitlines()[0] == "win  2 people approved by ana"
    assert "STOPS" not in regulars("plan", "win", *DAY).out
    assert "No campaign waits" not in told.out


def test_a_proof_is_told_without_the_address(regulars: Any, win: SmallShop) -> None:
    told = regulars("preview", "win", "--to", "ana", "--language", "ro", *DAY, at=win.root)
    assert told.code == 0
    assert told.out.splitlines()[0] == "one  win/one  email  ro  sent to ana, marked as a test"
    assert "casaverde.example" not in told.out + told.err
