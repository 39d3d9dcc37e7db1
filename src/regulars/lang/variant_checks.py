"""The variants of a message: how many there are, what they are called, and who gets which."""

from __future__ import annotations

import re

from regulars.lang.campaign import Message, Offer
from regulars.lang.problems import Problems
from regulars.lang.yaml_text import Document

VARIANT_NAME = r"[a-z0-9][a-z0-9_-]*"


def check_variants(message: Message, index: int, offer: Offer | None, document: Document, problems: Problems) -> None:
    """Add what is wrong with the variants of message number `index`, which gives `offer`, and with its test."""
    spot = ("messages", index, "variants")
    if message.test is not None and not message.variants:
        problems.add(
            "no-variants",
            document.position(("messages", index, "test"), key=True),
            "There is nothing to test: this message has no `variants`.",
            "write   variants: {calm: {subject: …}, price: {subject: …}}",
        )
    if "variants" in message.model_fields_set and len(message.variants) == 1:
        problems.add(
            "no-variants",
            document.position(spot, key=True),
            "One variant alone has nothing to be compared with.",
            "write a second one; `plain: {}` is the message as it stands",
        )
    for name in message.variants:
        if not re.fullmatch(VARIANT_NAME, name):
            problems.add(
                "bad-name",
                name.position,
                f"`{name[:60]}` cannot be the name of a variant.",
                "small letters without diacritics, digits, - and _",
            )
    for name, one in message.variants.items():
        if offer is not None and offer.codes is not None and one.offer is not None and one.offer.code is not None:
            problems.add(
                "variant-codes",
                document.position((*spot, str(name), "offer", "code")),
                "The codes of this message come from a pool, and so do those of its variants.",
                "delete this line, or `codes` in the offer of the message",
            )
    if reason := _shares(message):
        said = "the shares come to 100% together; who has none gets an equal part of the rest"
        problems.add("variant-shares", document.position(spot, key=True), reason, said)


def _shares(message: Message) -> str:
    """What is wrong with the shares of its variants, in a sentence; empty where nothing is."""
    said = [one.share.fraction for one in message.variants.values() if one.share is not None]
    if len(message.variants) < 2 or not said:
        return ""
    whole, silent = sum(said), len(message.variants) - len(said)
    percent = f"{whole * 100:g}%"
    if whole > 1 + 1e-9:
        return f"The shares of these variants come to {percent}."
    if silent and whole > 1 - 1e-9:
        return "The shares leave nobody for the variants that have none."
    return f"The shares of these variants come to {percent} only." if not silent and whole < 1 - 1e-9 else ""
