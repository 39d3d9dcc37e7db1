"""Who messages come from: the shop's sender, and that of a campaign."""

from __future__ import annotations

import re

from regulars.lang.campaign import CampaignSender
from regulars.lang.model import Sender
from regulars.lang.places_and_tongues import wrong_address
from regulars.lang.problems import Problems

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
