"""The examples of the pages of explanation are true: the wrong one makes exactly that problem, the right one none.

An example is put where it belongs in a small shop: a key of a campaign into the campaign, a trait under `traits`, a
template into `templates/hello/first.ro.html`, rows into their file.
"""

import csv
import io
import re
import shutil
from pathlib import Path

import pytest

from regulars.campaigns.checking.check import check
from regulars.lang.codes import explanation, known_codes
from regulars.lang.model import Campaign, Guards, Message, Rules, Shop

PROJECT = Path(__file__).parents[1] / "messages" / "_project"
NOT_IN_FILES = {
    "cannot-reach-source": "needs a database that does not answer",
    "webhook-unset": "is about the environment",
    "no-rules": "is about the folder one stands in",
    "unreadable-file": "root may read every file",
    "too-large": "20,000 values fit on no page",
    "too-many": "100 problems fit on no page",
    "not-yaml": "what YAML says nothing better about",
    "empty-table": "names a file that is not shown",
    "sms-too-long": "1,600 characters fit on no page",
    "name-taken": "shows two ways at once",
    "two-programmes": "is about two campaigns",
    "unknown-message": "is about tests/rules",
    "unknown-person": "is about tests/rules",
    "test-as-of": "is about tests/rules",
    "test-day": "is about tests/rules",
}
ALSO = {
    "file-name": {"no-campaigns"},
    "merge-key": {"yaml-alias"},
}
"""Problems that a mistake brings with it."""
ABOUT_THE_SHOP = ("language", "sender-address", "sms-sender")
"""Keys that a campaign has as well."""
TRAITS = "  first_order: {from: orders, value: min(ordered_at)}\n"
STEPS = """import pyarrow as pa

from regulars.campaigns.steps import StepContext, step


"""
RECOMMEND = """@step
def recommend(batch: pa.Table, shop: StepContext, limit: int{default}) -> pa.Table:
    return batch
"""
CUSTOMER = "customer_id,first_name,email,phone,birthday,city,country,children"
ORDER = "order_id,customer_id,ordered_at,total,discount,status"
DEFAULTS = {
    "customers": dict(zip(CUSTOMER.split(","), "9,Ana,a@example.com,,,,RO,0".split(","), strict=True)),  # noqa: SIM905  # a row of the file
    "orders": dict(zip(ORDER.split(","), "o9,1,2026-01-05 10:00:00,20,0,paid".split(","), strict=True)),  # noqa: SIM905  # a row of the file
}


def examples(code):
    found = re.findall(r"^(?:Wrong|Right):\n\n```(\w*)\n(.+?)\n```$", explanation(code), re.MULTILINE | re.DOTALL)
    return [(language, text.replace("<tab>", "\t").replace("<U+2028>", "\u2028")) for language, text in found]


@pytest.fixture
def shop(tmp_path):
    shutil.copytree(PROJECT, tmp_path, dirs_exist_ok=True)
    for name in ("again/first", "winback/first", "winback/last", "winter/first"):
        for words in (PROJECT / "templates/hello").glob("first.*"):
            target = tmp_path / "templates" / f"{name}{words.name.removeprefix('first')}"
            target.parent.mkdir(exist_ok=True)
            shutil.copy(words, target)
    (tmp_path / "flows").mkdir()
    for name in ("birthday", "welcome"):
        shutil.copy(PROJECT / "campaigns/hello.yaml", tmp_path / f"campaigns/{name}.yaml")
    return tmp_path


def put(shop, code, language, text, wrong):
    """Put the example into the shop; `wrong`: whether it is the wrong one."""
    rules = shop / "rules.yaml"
    rules.write_text(within(rules.read_text("utf-8"), "traits", TRAITS), encoding="utf-8")
    default = "" if code == "missing-parameter" else " = 3"
    (shop / "flows/steps.py").write_text(STEPS + (text if language == "python" else RECOMMEND.format(default=default)))
    if code in SURVEYS:
        ask(shop)
    if language == "html":
        if code == "survey-unasked":
            for campaign in (shop / "campaigns").iterdir():
                edit(campaign, "    subject: Salut\n", "    subject: Salut\n    survey: nps\n")
        if code == "offer-unguarded":
            offer = "    offer: {percent: 10, valid: 14 days, unless: spent > 500}\n"
            for campaign in (shop / "campaigns").iterdir():
                edit(campaign, "    subject: Salut\n", f"    subject: Salut\n{offer}")
        duty = {"missing-address": "{{ links.unsubscribe }}", "missing-unsubscribe": "{{ shop.address }}"}
        rest = duty.get(code, "{{ links.unsubscribe }} {{ shop.address }}")
        (shop / "templates/hello/first.ro.html").write_text(f"{text}\n<p>{rest}</p>\n", encoding="utf-8")
    elif code in ("not-utf-8", "template-unreadable"):
        name = "campaigns/hello.yaml" if code == "not-utf-8" else "templates/hello/first.ro.html"
        if wrong:
            (shop / name).write_bytes(re.sub("Salut|Bună", "ă", (shop / name).read_text("utf-8")).encode("cp1250"))
    elif "/" in text.split()[0] and not text.startswith(("-", "#")):
        put_files(shop, code, text)
    elif re.match(r"[a-z_]+(,[a-z_]+)*\n", text) and language != "yaml":
        put_rows(shop, text)
    elif language == "yaml":
        put_yaml(shop, code, text, wrong=wrong)


SURVEYS = ("no-survey", "survey-unasked", "nobody-told", "webhook-name")


def ask(shop):
    """Let its words show the link of a survey, Ana be of the team, and the environment know a webhook."""
    url, secret = "REGULARS_TELL_URL_CRM=https://crm.example.com", f"REGULARS_TELL_SECRET_CRM=whsec_{'a' * 32}"
    (shop / ".env").write_text(f"{url}\n{secret}\n", encoding="utf-8")
    for words in (shop / "templates/hello").iterdir():
        said = words.read_text("utf-8")
        words.write_text(said + "{% if survey is defined %}{{ survey.link }}{% endif %}\n", encoding="utf-8")
    edit(shop / "rules.yaml", "shop:\n", "shop:\n  team: {ana: ana@casaverde.example}\n")


def put_files(shop, code, text):
    listed = [line.split("  ")[0] for line in text.split("\n")]
    mentioned = {line.split("  ")[0] for _, example in examples(code) for line in example.split("\n")}
    for name in mentioned - set(listed) if code.startswith("missing") else ():
        (shop / name).unlink()
    if code in ("file-name", "no-campaigns"):
        for campaign in (shop / "campaigns").iterdir():
            campaign.unlink()
        for name in listed if not listed[0].endswith("/") else []:
            shutil.copy(PROJECT / "campaigns/hello.yaml", shop / name)


def put_rows(shop, text):
    rows = list(csv.DictReader(io.StringIO(text)))
    table = "customers" if "email" in rows[0] else "orders"
    if "customer_id" in rows[0] and table == "orders":
        rows = [{**row, "customer_id": row["customer_id"].replace("17", "1")} for row in rows]
    with (shop / f"data/{table}.csv").open("a", newline="", encoding="utf-8") as file:
        csv.DictWriter(file, DEFAULTS[table], lineterminator="\n").writerows({**DEFAULTS[table], **row} for row in rows)


def put_yaml(shop, code, text, *, wrong):
    campaign, rules = shop / "campaigns/hello.yaml", shop / "rules.yaml"
    text = prepared(shop, code, text, wrong=wrong)
    if code in WHOLE_FILES:
        campaign.write_text(f"{text}\n{rest_of(campaign, code, wrong=wrong)}", encoding="utf-8")
        return
    if text.startswith("- send"):
        text = "messages:\n" + re.sub(r"^", "  ", text, flags=re.MULTILINE)
    for block in [text] if code == "duplicate-key" else re.split(r"\n(?=[a-z_A-Z])", text):
        key = (re.match(r"[\w<]+", block) or [""])[0]
        if place := place_in_rules(key, block, code):
            section, depth = place
            inner = block.split("\n", 1)[1] + "\n" if section == key else indented(block, depth)
            said = rules.read_text("utf-8")
            rules.write_text(within(said if f"{section}:\n" in said else f"{said}{section}:\n", section, inner))
        elif key in Message.takes() and key not in Campaign.takes():
            put_message_key(campaign, key, block)
        else:
            text = re.sub(rf"^{re.escape(key)}:.*\n(?:[ ].*\n)*", "", campaign.read_text("utf-8"), flags=re.MULTILINE)
            said = block if code == "missing-subject" or (wrong and code == "indentation") else with_subjects(block)
            campaign.write_text(f"{text}{said}\n" if key == "messages" else f"{said}\n{text}", encoding="utf-8")


WHOLE_FILES = ("empty-file", "not-keys", "two-documents", "yaml-directive", "missing-key", "odd-key")


def rest_of(campaign, code, *, wrong):
    """What the campaign says beside an example that begins its file."""
    if code in ("empty-file", "missing-key") or (wrong and code == "not-keys"):
        return ""
    said = campaign.read_text("utf-8")
    said = said if code == "odd-key" else re.sub(r"^title: .*\n", "", said)
    return re.sub(r"^audience: .*\n", "", said) if code == "two-documents" else said


def prepared(shop, code, text, *, wrong):
    """The example, once the shop is such that it can be wrong."""
    if code == "no-column":
        edit(shop / "campaigns/hello.yaml", "send: email", "send: sms")
    if code == "negative-amount":
        edit(shop / "data/orders.csv", ",75,", ",-75,")
    if code == "missing-column":
        return text.replace("_id}", "_id, email: email, phone: phone}")
    if code == "budget":
        edit(shop / "campaigns/hello.yaml", "schedule:", "offer: {percent: 10, valid: 14 days}\nschedule:")
    if code == "offer-over":
        edit(shop / "campaigns/hello.yaml", "schedule:", "status: live\nschedule:")
    if code in ("referral-reward", "referral-tier"):
        edit(shop / "rules.yaml", "amount: total}", "amount: total, code: status}")
    if code == "no-code-column":
        edit(shop / "campaigns/hello.yaml", "schedule:", "referral: {friend: {percent: 15}}\nschedule:")
        return text.replace("coupon_code", "status")
    if code == "odd-key" and not wrong:
        return "# nothing"
    if code not in ("when-rows", "whose-rows"):
        return text
    edit(shop / "data/points.csv", "earned_on", "earned_at")
    other = "customer: customer_id" if code == "when-rows" else "at: earned_at"
    if code == "whose-rows":
        edit(shop / "data/points.csv", "customer_id", "member_id")
    trait = "  earned: {from: points, value: sum(points), last: 30 days}\n"
    rules = shop / "rules.yaml"
    rules.write_text(within(rules.read_text("utf-8"), "traits", trait), encoding="utf-8")
    return f"points: {{file: data/points.csv, {other}}}" if wrong else text.replace(".csv,", f".csv, {other},")


def place_in_rules(key, block, code):
    """The section of rules.yaml that the example belongs to, and its indentation; None: to the campaign."""
    if ("from:" in block and key not in ("from", *Campaign.takes(), *Rules.takes())) or code == "circle":
        return "traits", 2
    if "data/" in block and key != "tables":
        return "  tables", 4
    named = {"lifecycle": "segments", "average_order": "traits"} | dict.fromkeys(
        ("customer", "order", "tables"), "source"
    )
    if key in named:
        return named[key], 2
    if key in Rules.takes():
        return key, 2
    if key in Campaign.takes() and code not in ABOUT_THE_SHOP:
        return None
    if key in Guards.takes():
        return "guards", 2
    return ("shop", 2) if key in Shop.takes() else None


def put_message_key(campaign, key, block):
    said = re.sub(rf"^    {key}: .*\n", "", campaign.read_text("utf-8"), flags=re.MULTILINE)
    before, own = "  - send: email\n", indented(block, 4)
    said = said.replace(before, f"  - {block}\n" if key == "send" else before + own)
    campaign.write_text(said, encoding="utf-8")


def with_subjects(block):
    """`block` with a subject for each of its messages, which most examples leave out."""
    if "subje" in block:
        return block
    if "{send" in block:
        return re.sub(r"(?<=template: )([\w/]+)", r"\1, subject: Hi", block)
    return re.sub(r"^( *)template: .*$", r"\g<0>\n\1subject: Hi", block, flags=re.MULTILINE)


def indented(text, by):
    return re.sub(r"^(?=.)", " " * by, text, flags=re.MULTILINE) + "\n"


def edit(path, old, new):
    path.write_text(path.read_text("utf-8").replace(old, new), encoding="utf-8")


def within(text, section, lines):
    """`text` with `lines` at the start of `section`, in place of what has the same name there."""
    depth = len(section) - len(section.lstrip()) + 2
    head, mark, rest = text.partition(f"{section}:\n")
    body = re.match(rf"(?:[ ]{{{depth}}}.*\n)*", rest)[0]
    for name in re.findall(rf"^[ ]{{{depth}}}([\w ]+):", lines, re.MULTILINE):
        body = re.sub(rf"^[ ]{{{depth}}}{name}:.*\n(?:[ ]{{{depth + 1}}}.*\n)*", "", body, flags=re.MULTILINE)
    return head + mark + lines + body + rest[len(re.match(rf"(?:[ ]{{{depth}}}.*\n)*", rest)[0]) :]


@pytest.mark.parametrize("code", sorted(known_codes() - NOT_IN_FILES.keys()))
def test_the_examples_are_true(code, shop, tmp_path_factory):
    (wrong_language, wrong), (right_language, right) = examples(code)
    second = tmp_path_factory.mktemp("right") / "shop"
    shutil.copytree(shop, second)
    put(shop, code, wrong_language, wrong, wrong=True)
    assert code in {problem.code for problem in check(shop)} <= {code} | ALSO.get(code, set())
    put(second, code, right_language, right, wrong=False)
    assert [problem.code for problem in check(second).sorted()] == []
