from __future__ import annotations

import invented
from ledger_rows import NOON, campaign_of

from regulars.measure import report

WINBACK = """\
Win back the lapsed (winback)
  messages   120 planned · 702 delivered · 741 opened · 288 clicked · 21 bounced · 14 suppressed
  earned by  70 orders with our code, 11,630.50 · 22 orders soon after a message, 3,721.25
  codes      1,084 issued · 70 redeemed
  arms       treated 1,084 people, 99 ordered (9.1 %) · holdout 420 people, 17 ordered (4.0 %)
  holdout    Known: 9.1 % of the 1,084 treated ordered, 4.0 % of the 420 held out. With 1,084 and
             420 customers you can see differences of 4.9 points or more; you saw 5.1 ± 2.6. They
             added between 4,930 and 18,100 RON in all. The windows of 14 people are still open, so
             this will change.
  lift       who ordered +126 % (37 to 271), p 0.001 ·
             RON per person +202 % (76 to 683), p below 0.001 ·
             counted up to the ceiling +10.63 RON (4.55 to 16.72), p below 0.001
  message    sent  by                   opened  clicked  orders        RON
  first     1,068  1,068 email             640      128      61  10,230.50
  reminder    745  318 email + 427 sms     389       77      31   5,121.25
"""

TABLE = """\
Casa Verde: what the messages earned · 27 Aug 2026 to 21 Nov 2026 · amounts in RON

                               entered   sent  orders    revenue  against the holdout
Win back the lapsed              1,504  1,813      92  15,351.75  +5.1 points (2.3 to 7.5)
A reduction when they are due    1,798  1,562     101  13,110.00  not known yet
Thank you for the order          2,240  2,230      44   6,120.40  no holdout
in all                           5,542  5,605     237  34,582.15
"""


def test_the_report_begins_with_what_every_campaign_earned():
    assert report.text(invented.figures()).startswith(TABLE)


def test_each_campaign_says_what_was_sent_what_it_earned_and_what_is_known():
    assert WINBACK in report.text(invented.figures())


def test_a_campaign_that_nobody_entered_takes_no_room():
    assert "Welcome" not in report.text(invented.figures())


def test_an_empty_ledger_says_so(empty_ledger):
    figures = report.figures(empty_ledger, currency="RON", now=NOON, campaigns={"winback": campaign_of("W")})
    assert report.text(figures) == (
        "What the messages earned · as of 27 Aug 2026 · amounts in RON\n\n"
        "Nothing has been sent, and nobody has entered a campaign. "
        "1 campaign can run: `regulars plan` shows who would get what.\n"
    )


def test_no_line_is_wider_than_a_terminal_can_show():
    assert max(map(len, report.text(invented.figures()).splitlines())) <= 100
