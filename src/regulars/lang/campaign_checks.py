"""A campaign against the rules, without looking at any data."""

from __future__ import annotations

import re

from regulars.lang.campaign import Campaign, Limits, Message
from regulars.lang.model import Rules
from regulars.lang.problems import Problems
from regulars.lang.suggest import did_you_mean
from regulars.lang.yaml_text import Document

MESSAGE_NAME = r"[a-z0-9][a-z0-9_-]*"
TEMPLATE_NAME = r"[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*"
_NEEDS = {"email": "email", "sms": "phone"}


def check_campaign(campaign: Campaign, document: Document, rules: Rules, problems: Problems) -> None:
    """Everything in one campaign (`document`) that can be checked against `rules`; what is wrong goes to `problems`."""
    for index, message in enumerate(campaign.messages):
        _message(message, index, document, rules, problems)
    _enrich(campaign, document, problems)
    for name, limits in (("audience", campaign.expect.audience), ("send", campaign.expect.send)):
        _limits(name, limits, document, problems)
    gives = campaign.offer or any(message.offer for message in campaign.messages)
    unasked = any(message.when is None for message in campaign.messages[1:])
    if gives and unasked and campaign.exit is None:
        problems.add(
            "no-exit",
            document.position(("messages",), key=True),
            "Somebody who has ordered still gets the later messages, offer included: this campaign has no `exit`.",
            "add   exit: ordered",
            "warning",
        )


def _message(message: Message, index: int, document: Document, rules: Rules, problems: Problems) -> None:
    languages = [str(language) for language in rules.shop.languages]
    for language in message.subject:
        if language and language not in languages:
            problems.add(
                "subject-language",
                language.position,
                f"`{language[:20]}` is not a language of the shop.{did_you_mean(language, languages)}",
                f"shop.languages has: {', '.join(languages)}",
            )
    from_template = message.name == message.template.rsplit("/", 1)[-1]
    if not from_template and not re.fullmatch(MESSAGE_NAME, message.name):
        problems.add(
            "bad-name",
            message.name.position,
            f"`{message.name[:60]}` cannot be the name of a message.",
            "small letters without diacritics, digits, - and _",
        )
    _template(message, problems)
    for channel in message.send.channels:
        column = _NEEDS[channel]
        if getattr(rules.source.customer, column) is None:
            problems.add(
                "no-column",
                document.position(("messages", index, "send")),
                f"Nobody can be reached by {channel}: rules.yaml does not say which column holds `{column}`.",
                f"add   {column}: COLUMN       under source.customer",
            )


def _template(message: Message, problems: Problems) -> None:
    """A template's name never leaves the folder, and leaves language and ending to us."""
    name = message.template
    ending = re.search(r"(\.[a-z]{2,3})?\.(html|txt|sms|j2|jinja2?)$", name)
    if ending:
        problems.add(
            "template-name",
            name.at(ending.start(), len(ending[0])),
            "A template is named without its language and ending.",
            f"write   {name[: ending.start()]}",
        )
    elif not re.fullmatch(TEMPLATE_NAME, name):
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
