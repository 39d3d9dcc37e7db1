"""docs/recipes/nps.md over a month."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from month import Month

import shop_days as days
from regulars.campaigns.desk import Desk
from regulars.ledger import answered
from small_shop import at


def answers(customer: str, score: int, when: str) -> Callable[[Desk], None]:
    def said(desk: Desk) -> None:
        with desk.ledger.writing() as connection:
            asked = "select id from message where name = 'ask' and customer_id = ?"
            (message,) = connection.exec_driver_sql(asked, (customer,)).scalars()
            answered.record(connection, message, "nps", {"recommend": score}, at(when))

    return said


def test_one_question_after_the_second_order_and_an_answer_that_fits(tmp_path: Path) -> None:
    month = Month(tmp_path, "nps", "2026-05-01")
    shop = month.shop
    for name, orders in (("vera", 2), ("ion", 2), ("mia", 3), ("once", 1)):
        shop.customer(name, language="en")
        for number in range(orders):
            shop.order(name, f"2026-04-{20 - number} 12:00:00")
    month.on("2026-05-06", answers("vera", 3, "2026-05-06 00:05"))
    month.on("2026-05-06", answers("vera", 10, "2026-05-06 00:06"))
    month.on("2026-05-06", answers("ion", 2, "2026-05-06 00:05"))

    assert month.lived() == {
        "vera": ["Mon 4 May 11:00 email ask", "Wed 6 May 11:00 email follow_up"],
        "ion": ["Mon 4 May 11:00 email ask", "Wed 6 May 11:00 email follow_up"],
        "mia": ["Mon 4 May 11:00 email ask"],
    }
    assert [month.templates(name)[-1] for name in ("vera", "ion")] == ["nps/promoter", "nps/sorry"]
    assert "?a=" in month.texts("mia")[0]
    own = {row["customer_id"]: row["code"] for row in days.rows(shop, "referral_code")}
    assert own["vera"] in month.texts("vera")[1]
    ended = {row["customer_id"]: row["end_reason"] for row in days.rows(shop, "enrolment")}
    assert ended == dict.fromkeys(("vera", "ion", "mia"), "finished")
