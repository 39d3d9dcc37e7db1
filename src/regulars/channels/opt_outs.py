"""How people say stop in a text message, in English, Romanian and Russian; and how they ask to be written to again.

Any reasonable way of saying it counts. A single word counts where it is all that was written. A phrase counts where the
whole message is it, or begins or ends with it, short messages only: in "don't stop, I love these" the word stands and
does not mean it. Letters are compared small, without accents and signs.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

Meant = Literal["", "STOP", "START", "HELP"]

STOP_WORDS = (
    *("stop", "unsubscribe", "end", "quit", "stopall", "stop all", "revoke", "optout", "opt out", "cancel"),
    *("unsub", "remove", "remove me", "stop it", "stop this", "stop sms"),
    *("dezabonare", "dezabonez", "ma dezabonez", "dezaboneaza", "dezaboneaza ma", "dezabonati", "opreste", "opriti"),
    *("renunt", "renunta", "stopati", "destul", "ajunge"),
    *("стоп", "отписаться", "отписка", "отпишите", "отпиши", "отмена", "хватит", "прекратите", "прекрати", "отказ"),
    *("отказываюсь", "довольно"),
)
"""All that was written, but for a "please" and the like."""

STOP_PHRASES = (
    *("stop texting", "stop messaging", "stop sending", "stop writing", "stop contacting", "stop these messages"),
    *("unsubscribe me", "opt me out", "i want to opt out", "i want out"),
    *("take me off", "remove my number", "remove me from", "delete my number", "do not text", "dont text"),
    *(
        "do not contact me",
        "dont contact me",
        "do not write to me",
        "dont write to me",
        "do not message",
        "dont message",
    ),
    *("no more messages", "no more texts", "leave me alone", "i want to unsubscribe", "please unsubscribe"),
    *("nu mai vreau mesaje", "nu mai vreau sa primesc", "nu vreau mesaje", "nu mai vreau sms", "nu doresc mesaje"),
    *("nu mai doresc mesaje", "nu mai doresc sa primesc", "nu mi mai trimiteti", "nu imi mai trimiteti"),
    *("nu mai trimiteti", "nu ma mai contactati", "nu imi mai scrieti", "nu mi mai scrieti", "nu mai scrieti"),
    *("opriti mesajele", "opreste mesajele", "dezabonati ma", "vreau sa ma dezabonez", "doresc sa ma dezabonez"),
    *("stergeti numarul meu", "stergeti ma", "lasati ma in pace", "scoateti ma din lista"),
    *("не пишите мне", "не пиши мне", "не присылайте", "не присылайте мне", "больше не пишите", "больше не присылайте"),
    *("не надо мне писать", "не надо писать", "не хочу получать", "не хочу больше получать", "отпишите меня"),
    *("хочу отписаться", "прекратите писать", "прекратите присылать", "прекратите рассылку", "уберите меня"),
    *(
        "удалите мой номер",
        "удалите меня",
        "оставьте меня в покое",
        "хватит писать",
        "хватит присылать",
        "не звоните и не пишите",
    ),
)
"""The message is this, or begins with it, or ends with it."""

COURTESIES = (
    *("please", "pls", "plz", "now", "thanks", "thank you", "ok", "okay", "hi", "hello", "just"),
    *("va rog", "te rog", "va rog frumos", "multumesc", "mersi", "buna", "buna ziua"),
    *("пожалуйста", "спасибо", "здравствуйте", "добрый день", "всё", "все", "уже"),
)
"""Said around it, and no part of it."""

START_WORDS = ("start", "unstop", "yes")
HELP_WORDS = ("help", "info", "ajutor", "помощь")

NOT_SO = (
    *("dont stop", "do not stop", "never stop", "cant stop", "wont stop", "not stop"),
    *("nu va opriti", "nu te opri", "nu opriti", "nu opri"),
    *("не останавливайтесь", "не прекращайте", "не хватит", "не отписывайте", "не отписываюсь"),
)
"""Whoever writes this wants more of it."""

LONGEST = 12
"""Words: in a longer message a phrase at an end of it is a story, not a wish."""


def meant(text: str) -> Meant:
    """What the sender of a text message wants of us; empty: something else."""
    said = _plain(text)
    bare = _without_courtesies(said)
    if said in START_WORDS:
        return "START"
    if said in HELP_WORDS:
        return "HELP"
    if any(_within(phrase, said) for phrase in NOT_SO):
        return ""
    if said in STOP_WORDS or bare in STOP_WORDS:
        return "STOP"
    if len(said.split()) <= LONGEST and any(
        _at_an_end(phrase, words) for phrase in STOP_PHRASES for words in (said, bare)
    ):
        return "STOP"
    return ""


def _plain(text: str) -> str:
    """Small letters without accents, apostrophes and signs, one space between words. `ё` becomes `е`, `й` stays."""
    apart = unicodedata.normalize("NFKD", text.casefold().replace("й", "\0").replace("’", "").replace("'", ""))
    letters = "".join(letter for letter in apart if not unicodedata.combining(letter)).replace("\0", "й")
    return " ".join(re.sub(r"[\W_]+", " ", letters).split())


def _without_courtesies(said: str) -> str:
    before = None
    while before != said:
        before = said
        for courtesy in _PLAIN_COURTESIES:
            said = said.removeprefix(f"{courtesy} ").removesuffix(f" {courtesy}")
    return said


def _at_an_end(phrase: str, said: str) -> bool:
    return said == phrase or said.startswith(f"{phrase} ") or said.endswith(f" {phrase}")


def _within(phrase: str, said: str) -> bool:
    return f" {phrase} " in f" {said} "


_PLAIN_COURTESIES = tuple(_plain(courtesy) for courtesy in COURTESIES)
