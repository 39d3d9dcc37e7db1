"""docs/recipes/confirm.md over a month."""

from __future__ import annotations

from pathlib import Path

from month import Month, page

from regulars.campaigns.why.explain import why
from regulars.cli.why_text import of_why
from regulars.ledger import consent
from small_shop import at


def test_the_question_is_asked_once_and_marketing_waits_for_the_answer(tmp_path: Path) -> None:
    month = Month(tmp_path, "confirm", "2026-05-01")
    shop = month.shop
    assert "double_opt_in: [email]" in page("confirm")[0].text
    shop.rules = shop.rules.replace("guards:\n", "guards:\n  double_opt_in: [email]\n")
    shop.customer("ana", signed_up="2026-05-03", language="en")
    shop.customer("ion", signed_up="2026-05-03", email_consent="no")
    shop.customer("old", signed_up="2020-05-03")
    shop.campaign("news", audience="orders >= 0", schedule="daily at 12:00", repeat="once")
    lived = month.lived()
    assert {who: len(letters) for who, letters in lived.items()} == {"ana": 1}
    assert lived["ana"][0].endswith("email question")
    assert "/o/" in month.texts("ana")[0] or "o=" in month.texts("ana")[0]
    with shop.desk(looking=True) as desk:
        assert "not confirmed" in of_why(why(desk, "ana", ["news"], at("2026-06-01 12:00")))
    with shop.desk() as desk, desk.ledger.writing() as connection:
        consent.record(connection, "ana", "email", at("2026-05-04 09:00"), given=True, source="double opt-in")
    with shop.desk(looking=True) as desk:
        assert "SENT" in of_why(why(desk, "ana", ["news"], at("2026-06-01 12:00"))).replace("NOT SENT", "")
