"""Rule tests about campaigns that walk rows, and about who comes into an audience."""

import pytest

from regulars.testing.rules import run_rule_tests, told

TABLES = """source:
  tables:
    customers: data/customers.csv
    orders: data/orders.csv
    deliveries: {file: data/deliveries.csv, customer: customer_id, at: delivered_at, id: parcel_id}
    due: {file: data/due.csv, customer: customer_id, at: due_on, id: due_id}
"""
CARE = """title: How does it grow?
status: live
for_each: {row: deliveries, where: days_since(delivered_at) <= 12}
schedule: daily at 10:00
send_within: 2 days
messages:
  - {name: how_to, send: email, template: care/one, subject: Salut, after: 2 days from row.delivered_at}
  - {name: review, send: email, template: care/two, subject: Salut, after: 10 days from row.delivered_at,
     when: row.returned = false}
"""
REPLENISH = """title: Nearly empty?
status: live
for_each: {row: due, where: days_until(due_on) between 0 and 3, together: true}
schedule: daily at 9:00
messages:
  - {send: email, template: care/three, subject: Salut}
"""


@pytest.fixture
def tried(shop):
    """Runs rule tests written as YAML; gives what each that failed says."""
    files = "source:\n  tables: {customers: data/customers.csv, orders: data/orders.csv}\n"
    assert files in shop.rules
    shop.rules = shop.rules.replace(files, TABLES)
    for number in ("one", "two", "three"):
        shop.words(f"care/{number}")

    def run(text):
        shop.write()
        file = shop.root / "tests" / "rules" / "rows.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        results = run_rule_tests(shop.root)
        assert not results.problems.errors, [one.sentence for one in results.problems.errors]
        return [told(one) for one in results.tests if not one.passed]

    return run


def test_a_row_is_given_with_what_the_campaign_reads_of_it(shop, tried):
    shop.campaign("care", CARE)
    assert not tried("""
- name: two days after the parcel comes the letter about it
  as_of: 2026-06-10
  given:
    customers: [{id: ana}, {id: ion}]
    deliveries:
      - {customer: ana, id: p1, at: 2 days ago}
      - {customer: ion, id: p2, at: 1 day ago}
  expect:
    ana: {messages: [care/how_to by email]}
    ion: {messages: []}
""")


def test_a_message_about_a_row_was_sent_before(shop, tried):
    shop.campaign("care", CARE)
    failed = tried("""
- name: nobody is asked about what they sent back
  as_of: 2026-06-10
  given:
    customers: [{id: ana}, {id: ion}]
    deliveries:
      - {customer: ana, id: p1, at: 10 days ago}
      - {customer: ion, id: p2, at: 10 days ago, returned: yes}
  sent:
    - {customer: ana, campaign: care/how_to, row: p1, at: 8 days ago}
    - {customer: ion, campaign: care/how_to, row: p2, at: 8 days ago}
  expect:
    ana: {messages: [care/review by email]}
    ion: {messages: [], withheld: {care/review: when}}
""")
    assert not failed, failed


def test_rows_taken_together_go_in_one_message_and_never_again(shop, tried):
    shop.campaign("replenish", REPLENISH)
    assert not tried("""
- name: two things that are due are one letter, and what was written about is not written about again
  as_of: 2026-06-10
  given:
    customers: [{id: ana}, {id: ion}]
    due:
      - {customer: ana, id: d1, at: in 1 day}
      - {customer: ana, id: d2, at: in 2 days}
      - {customer: ion, id: d3, at: in 2 days}
  sent: [{customer: ion, campaign: replenish/three, row: d3, at: 1 day ago}]
  expect:
    ana: {messages: [replenish/three by email]}
    ion: {messages: []}
""")


def test_who_was_inside_the_day_before_does_not_come_in(shop, tried):
    shop.campaign("two", audience="orders >= 2", repeat="on entry")
    assert not tried("""
- name: the second order brings the letter on its day, and not later
  as_of: 2026-06-10
  given:
    customers: [{id: ana}, {id: ion}]
    orders:
      - {customer: ana, at: 30 days ago}
      - {customer: ana, at: today}
      - {customer: ion, at: 30 days ago}
      - {customer: ion, at: 5 days ago}
  expect:
    ana: {messages: [two/one by email]}
    ion: {messages: [], withheld: {two: not-entering}}
""")


def test_history_of_a_campaign_that_walks_rows_names_the_row(shop):
    shop.campaign("care", CARE)
    shop.rules = shop.rules.replace(
        "source:\n  tables: {customers: data/customers.csv, orders: data/orders.csv}\n", TABLES
    )
    shop.words("care/one")
    shop.words("care/two")
    shop.write()
    file = shop.root / "tests" / "rules" / "rows.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(
        "- name: which parcel\n  as_of: 2026-06-10\n  given: {customers: [{id: ana}]}\n"
        "  sent: [{customer: ana, campaign: care/how_to, at: 8 days ago}]\n  expect: {ana: {messages: []}}\n",
        encoding="utf-8",
    )
    results = run_rule_tests(shop.root)
    assert [one.code for one in results.problems.errors] == ["missing-key"]
