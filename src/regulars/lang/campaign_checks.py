"""A campaign against the rules, without looking at any data."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from regulars.lang.budget_checks import check_budget
from regulars.lang.campaign import DATE, Campaign, Limits, Message
from regulars.lang.ladders import Step, Template
from regulars.lang.ledger_rows import LEDGER_TABLES
from regulars.lang.model import Rules
from regulars.lang.problems import Problems
from regulars.lang.referral_checks import check_referral
from regulars.lang.sender_checks import check_sender
from regulars.lang.suggest import did_you_mean, listed
from regulars.lang.variant_checks import check_variants
from regulars.lang.written import Written
from regulars.lang.yaml_text import Document, Spot

MESSAGE_NAME = r"[a-z0-9][a-z0-9_-]*"
WEBHOOK_NAME = r"[a-z][a-z0-9_]{0,39}"
TEMPLATE_NAME = r"[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*"
NONE = "none"
"""`formerly: none`: this campaign is new, and no other one under another name."""
_NEEDS = {"email": "email", "sms": "phone"}


def check_campaign(
    campaign: Campaign, document: Document, rules: Rules, problems: Problems, campaigns: Sequence[str] = ()
) -> None:
    """Everything in one campaign (`document`) that can be checked against `rules`; what is wrong goes to `problems`.

    `campaigns`: the names of all campaigns there are.
    """
    for index, message in enumerate(campaign.messages):
        _message(message, index, campaign, document, rules, problems)
    _rows(campaign, document, rules, problems)
    _service(campaign, document, problems)
    check_budget(campaign, document, rules, problems)
    _own_names(campaign, campaigns, problems)
    _languages(campaign, rules, problems)
    check_sender(campaign.sender, problems)
    _enrich(campaign, document, problems)
    if campaign.referral is not None:
        check_referral(campaign.referral, document, rules, problems)
    for name, limits in (("audience", campaign.expect.audience), ("send", campaign.expect.send)):
        _limits(name, limits, document, problems)
    gives = campaign.offer or any(campaign.offers_of(message) for message in campaign.messages)
    unasked = any(message.when is None for message in campaign.messages[1:])
    if gives and unasked and campaign.exit is None:
        problems.add(
            "no-exit",
            document.position(("messages",), key=True),
            "Somebody who has ordered still gets the later messages, offer included: this campaign has no `exit`.",
            "add   exit: ordered",
            "warning",
        )


def _rows(campaign: Campaign, document: Document, rules: Rules, problems: Problems) -> None:
    """`for_each` against the tables, and what reads a row against `for_each`."""
    walked, tables = campaign.for_each, {str(name): table for name, table in rules.source.tables.items()}
    if walked is not None:
        name = walked.row
        if name not in {*tables, *LEDGER_TABLES}:
            problems.add(
                "unknown-table",
                name.position,
                f"`{name[:60]}` is not a table.{did_you_mean(name, [*tables, *LEDGER_TABLES])}",
                f"source.tables has: {listed(sorted(tables))}; the ledger: {listed(sorted(LEDGER_TABLES))}",
            )
        elif name in tables and tables[str(name)].id is None and name != "orders":
            problems.add(
                "row-without-id",
                name.at(0, len(name)),
                f"Nothing says what makes a row of `{name}` one row, so nobody could know for which one was sent.",
                f"write {name}: {{file: …, id: COLUMN}} under `source.tables`",
            )
        if "repeat" in campaign.model_fields_set:
            problems.add(
                "repeat-of-rows",
                document.position(("repeat",), key=True),
                "With `for_each` everybody enters once for each row; there is nothing to repeat.",
                "delete this line",
            )
        if campaign.schedule.kind == "yearly":
            problems.add(
                "schedule-of-rows",
                document.position(("schedule",)),
                "`yearly on …` counts from a day of the customer; `for_each` walks rows.",
                "write `daily at 10:00`, and the day of the row in `where`",
            )
    for index, message in enumerate(campaign.messages):
        for key, timed in (("after", message.after), ("before", message.before)):
            if timed is not None and timed.column and (walked is None or walked.together):
                _no_row(f"row.{timed.column}", ("messages", index, key), campaign, document, problems)


def _no_row(name: str, spot: tuple[str | int, ...], campaign: Campaign, document: Document, problems: Problems) -> None:
    together = campaign.for_each is not None
    problems.add(
        "no-row",
        document.position(spot),
        f"`{name}` is of one row, and "
        + ("`together` puts many into one entry." if together else "this campaign does not walk rows."),
        "delete `together: true`" if together else "add   for_each: {row: TABLE}",
    )


def _service(campaign: Campaign, document: Document, problems: Problems) -> None:
    if campaign.purpose == "service" and "holdout" in campaign.model_fields_set:
        problems.add(
            "service-holdout",
            document.position(("holdout",), key=True),
            "Nobody is held out of a service message: everybody has to get it.",
            "delete `holdout`, or `purpose: service`",
        )


def _own_names(campaign: Campaign, campaigns: Sequence[str], problems: Problems) -> None:
    topic, former = campaign.topic, campaign.formerly
    if topic is not None and not re.fullmatch(MESSAGE_NAME, topic):
        problems.add(
            "bad-name",
            topic.position,
            f"`{topic[:60]}` cannot be the name of a topic.",
            "small letters without diacritics, digits, - and _",
        )
    if former is not None and former.position.file == f"campaigns/{former}.yaml":
        itself = "A campaign is not what became of itself: `formerly` names the file it had before it was renamed."
        problems.add("still-there", former.position, itself, "delete this line")
    elif former is not None and former != NONE and former in campaigns:
        problems.add(
            "still-there",
            former.position,
            f"`{former[:60]}` is still a campaign of its own: this one cannot be what became of it.",
            f"delete campaigns/{former}.yaml, or write   formerly: none",
        )


def _languages(campaign: Campaign, rules: Rules, problems: Problems) -> None:
    known = [str(language) for language in rules.shop.languages]
    for index, language in enumerate(campaign.languages):
        if language not in known:
            problems.add(
                "campaign-language",
                language.position,
                f"`{language[:20]}` is not a language of the shop.{did_you_mean(language, known)}",
                f"shop.languages has: {', '.join(known)}",
            )
        elif language in campaign.languages[:index]:
            problems.add("twice", language.position, f"`{language}` stands here twice.", "delete one of them")


def _message(
    message: Message, index: int, campaign: Campaign, document: Document, rules: Rules, problems: Problems
) -> None:
    languages = [str(language) for language in campaign.languages or rules.shop.languages]
    lines = [message.subject, message.preview_text]
    lines += [spoken for one in message.variants.values() for spoken in (one.subject, one.preview_text)]
    for language in [one for spoken in lines for one in spoken]:
        if language and language not in languages:
            whose = "this campaign" if campaign.languages else "the shop"
            problems.add(
                "subject-language",
                language.position,
                f"`{language[:20]}` is not a language of {whose}.{did_you_mean(language, languages)}",
                f"{'languages' if campaign.languages else 'shop.languages'} has: {', '.join(languages)}",
            )
    if not re.fullmatch(MESSAGE_NAME, message.name) and not any(
        name.endswith(message.name) for name in message.template.names
    ):
        problems.add(
            "bad-name",
            message.name.position,
            f"`{message.name[:60]}` cannot be the name of a message.",
            "small letters without diacritics, digits, - and _",
        )
    check_variants(message, index, campaign.offer_of(message), document, problems)
    templates: dict[Spot, Template | None] = {("messages", index): message.template}
    templates |= {("messages", index, "variants", str(name)): one.template for name, one in message.variants.items()}
    for spot, template in templates.items():
        if template is not None:
            _ladder(template, (*spot, "template"), document, problems)
            for name in template.names:
                _template(name, problems)
    _told(message, rules, problems)
    for channel in message.send.channels:
        column = _NEEDS[channel]
        if getattr(rules.source.customer, column) is None:
            problems.add(
                "no-column",
                document.position(("messages", index, "send")),
                f"Nobody can be reached by {channel}: rules.yaml does not say which column holds `{column}`.",
                f"add   {column}: COLUMN       under source.customer",
            )


def _told(message: Message, rules: Rules, problems: Problems) -> None:
    """Who hears of answers is somebody of the team with an e-mail address, or a webhook by its name."""
    if message.tell is None:
        return
    webhook = message.tell.webhook
    if webhook is not None and not re.fullmatch(WEBHOOK_NAME, webhook):
        is_address = "://" in webhook
        problems.add(
            "webhook-name",
            webhook.position,
            "The address of a webhook is no part of a campaign: it is a key, and this file is read by many."
            if is_address
            else f"`{webhook[:60]}` cannot be the name of a webhook: it is part of a name in the environment.",
            "write   webhook: crm       and set REGULARS_TELL_URL_CRM"
            if is_address
            else "small letters without diacritics, digits and _, such as   webhook: crm",
        )
    if message.tell.team is None:
        return
    name, team = message.tell.team, {str(one): str(address) for one, address in rules.shop.team.items()}
    if "@" not in team.get(str(name), ""):
        missing = "has no e-mail address" if name in team else "is nobody of `shop.team`"
        reached = [one for one, address in team.items() if "@" in address]
        problems.add(
            "nobody-told",
            name.position,
            f"`{name[:60]}` {missing}.{did_you_mean(name, reached)}",
            f"the team: {listed(reached)}" if reached else "add under `shop`   team: {ana: ana@casaverde.example}",
        )


def _ladder(template: Template, spot: Spot, document: Document, problems: Problems) -> None:
    """A ladder of templates says what everybody gets."""
    steps = template.written
    if template.plain is not None:
        return
    if not steps:
        problems.add(
            "empty-list",
            document.position(spot, key=True),
            "`template` is empty.",
            "write the name of a template, or a ladder of them",
        )
        return
    for step in _behind_otherwise(steps):
        problems.add(
            "after-otherwise",
            step.name.position,
            f"Nobody can get `{step.name[:60]}`: `otherwise` above it takes everybody who is left.",
            "move it above `otherwise`, which is the last step",
        )
    if not any(step.otherwise for step in steps):
        last = steps[-1].name
        problems.add(
            "no-otherwise",
            last.position,
            "This ladder does not say what the others get: its last step is no `otherwise`.",
            "add a last step, such as   - winback/all: otherwise",
        )


def _behind_otherwise(steps: Sequence[Step]) -> Iterator[Step]:
    closed = False
    for step in steps:
        if closed:
            yield step
        closed = closed or step.otherwise


def _template(name: Written, problems: Problems) -> None:
    """A template's name never leaves the folder, and leaves language and ending to us."""
    ending = re.search(r"(\.[a-z]{2,3})?\.(html|txt|sms|j2|jinja2?)$", name)
    braces = re.search(r"\{[^}]*\}?", name.replace(DATE, "·" * len(DATE)))
    if ending:
        problems.add(
            "template-name",
            name.at(ending.start(), len(ending[0])),
            "A template is named without its language and ending.",
            f"write   {name[: ending.start()]}",
        )
    elif braces:
        problems.add(
            "template-name",
            name.at(braces.start(), len(braces[0])),
            "The one thing that a template's name may say in braces is the day: `{date}`.",
            f"write   {name[: braces.start()]}{DATE}",
        )
    elif not re.fullmatch(TEMPLATE_NAME, name.replace(DATE, "date")):
        problems.add(
            "template-name",
            name.position,
            f"`{name[:60]}` cannot be the name of a template.",
            "letters without diacritics, digits, - and _, with / between folders, such as winback/first",
        )


def _enrich(campaign: Campaign, document: Document, problems: Problems) -> None:
    for index, step in enumerate(campaign.enrich):
        named = isinstance(step, dict) and len(step) == 1 and isinstance(next(iter(step.values())), dict)
        if not (isinstance(step, str) or named):
            problems.add(
                "enrich-form",
                document.position(("enrich", index)),
                "A step is a name, or a name with its settings.",
                "write   - recommend       or   - recommend: {limit: 3}",
            )


def _limits(name: str, limits: Limits | None, document: Document, problems: Problems) -> None:
    if limits and limits.min is not None and limits.max is not None and limits.min > limits.max:
        problems.add(
            "limits",
            document.position(("expect", name, "min")),
            f"No number is at least {limits.min:,} and at most {limits.max:,}.",
            "swap them",
        )
