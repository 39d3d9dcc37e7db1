"""Who messages come from, and who at the shop answers for them."""

from __future__ import annotations

import re

from regulars.lang.campaign import CampaignSender
from regulars.lang.model import Rules, Sender
from regulars.lang.places_and_tongues import wrong_address
from regulars.lang.problems import Position, Problems

SMS_SENDER = r"[A-Za-z0-9 ]{1,11}|\+?[0-9 ]{3,18}"


def check_sender(sender: Sender | CampaignSender, problems: Problems) -> None:
    """What no mail server and no phone network would take goes to `problems`."""
    for address in (sender.email, sender.reply_to):
        if address is not None and (reason := wrong_address(address)):
            problems.add(
                "sender-address",
                address.position,
                f"This is not an e-mail address: {reason}",
                "write   Casa Verde <salut@casaverde.example>   in quotes, or the address alone",
            )
    if sender.sms is not None and not re.fullmatch(SMS_SENDER, sender.sms):
        problems.add(
            "sms-sender",
            sender.sms.position,
            "No phone network takes this as a sender.",
            "up to 11 letters and digits without diacritics, or a number such as +40 700 000 100",
        )


PHONE = r"\+[0-9][0-9 ]{6,18}"


def check_team(rules: Rules, approval: Position, problems: Problems) -> None:
    """Who gets proofs must be reachable, and where plans wait for an approval somebody must be there to give it.

    `approval`: where `guards.approval` stands.
    """
    for name, address in rules.shop.team.items():
        if not re.fullmatch(PHONE, address) and (reason := wrong_address(address)):
            problems.add(
                "team-address",
                address.at(0, len(address)),
                f"`{name}` cannot be reached here: {reason}",
                f"write   {name}: {name}@casaverde.example       or a phone number such as +40 700 000 100",
            )
    if rules.guards.approval is not None and not rules.shop.team:
        limit = rules.guards.approval
        problems.add(
            "nobody-approves",
            approval,
            f"Plans for more than {limit.people:,} people wait for somebody of `shop.team`, and nobody is there.",
            "add under `shop`   team: {ana: ana@casaverde.example}",
        )
