"""Every sentence of the pages, in each language they are written in.

What a reader agrees to is kept in the ledger word for word (`STOP_ALL`, `STOP_TOPIC`, `YES` …): reword it here, and
what was agreed to before stays as it was read.
"""

from __future__ import annotations

from collections.abc import Mapping

LANGUAGES = ("ro", "ru", "en")

Said = Mapping[str, str]
"""Language → sentence, with `{shop}`, `{channel}`, `{topic}` … in it."""

CHANNELS: Mapping[str, Said] = {
    "email": {"ro": "e-mailuri", "ru": "письма", "en": "e-mails"},
    "sms": {"ro": "SMS-uri", "ru": "SMS", "en": "text messages"},
}

# What is asked, and kept as the wording of consent.
STOP_ALL: Said = {
    "ro": "Nu mai vreau {channel} de la {shop}.",
    "ru": "Я больше не хочу получать {channel} от {shop}.",
    "en": "I want no more {channel} from {shop}.",
}
STOP_TOPIC: Said = {
    "ro": "Nu mai vreau {channel} de la {shop} despre „{topic}”.",
    "ru": "Я больше не хочу получать {channel} от {shop} на тему «{topic}».",
    "en": "I want no more {channel} from {shop} about “{topic}”.",
}
YES_ALL: Said = {
    "ro": "Vreau {channel} de la {shop}.",
    "ru": "Я хочу получать {channel} от {shop}.",
    "en": "I want {channel} from {shop}.",
}
YES_TOPIC: Said = {
    "ro": "despre „{topic}”",
    "ru": "на тему «{topic}»",
    "en": "about “{topic}”",
}

# The page where somebody confirms that an address is theirs, and that they want what it gets.
CONFIRM_TITLE: Said = {"ro": "Confirmă adresa", "ru": "Подтвердите адрес", "en": "Confirm your address"}
CONFIRM_BUTTON: Said = {"ro": "Confirm", "ru": "Подтверждаю", "en": "I confirm"}
CONFIRM: Said = {
    "ro": "Adresa este a mea, și vreau {channel} de la {shop}.",
    "ru": "Это мой адрес, и я хочу получать {channel} от {shop}.",
    "en": "This address is mine, and I want {channel} from {shop}.",
}
CONFIRMED: Said = {
    "ro": "Mulțumim. Te poți răzgândi oricând: linkul este în fiecare mesaj.",
    "ru": "Спасибо. Передумать можно всегда: ссылка есть в каждом сообщении.",
    "en": "Thank you. You can change your mind at any time: the link is in every message.",
}

# The page that stops.
STOP_TITLE: Said = {"ro": "Dezabonare", "ru": "Отписаться", "en": "Unsubscribe"}
STOP_BUTTON: Said = {"ro": "Dezabonează-mă", "ru": "Отписаться", "en": "Unsubscribe me"}
STOP_ALL_BUTTON: Said = {
    "ro": "Opriți toate {channel}",
    "ru": "Больше никаких сообщений этого вида",
    "en": "Stop all {channel}",
}
STOPPED_TITLE: Said = {"ro": "Gata", "ru": "Готово", "en": "Done"}
STOPPED_ALL: Said = {
    "ro": "Nu mai primești {channel} de la {shop}.",
    "ru": "Вы больше не будете получать {channel} от {shop}.",
    "en": "You get no more {channel} from {shop}.",
}
STOPPED_TOPIC: Said = {
    "ro": "Nu mai primești {channel} de la {shop} despre „{topic}”. Restul rămâne cum era.",
    "ru": "Вы больше не будете получать {channel} от {shop} на тему «{topic}». Остальное не изменилось.",
    "en": "You get no more {channel} from {shop} about “{topic}”. The rest stays as it was.",
}
ON_THE_WAY: Said = {
    "ro": "Un mesaj care a plecat deja mai poate ajunge. Cele despre o comandă a ta vin în continuare.",
    "ru": "Сообщение, которое уже отправлено, ещё может прийти. Сообщения о ваших заказах приходят как раньше.",
    "en": "A message that has left already may still arrive. Those about an order of yours go on coming.",
}
NOTHING_YET: Said = {
    "ro": "Nu s-a schimbat nimic până nu apeși butonul.",
    "ru": "Пока вы не нажмёте кнопку, ничего не изменится.",
    "en": "Nothing changes until you press the button.",
}
CHOOSE_INSTEAD: Said = {
    "ro": "Alege ce primești",
    "ru": "Выбрать, что получать",
    "en": "Choose what you get",
}
CHANGED_MIND: Said = {"ro": "M-am răzgândit", "ru": "Я передумал(а)", "en": "I changed my mind"}

# The page where somebody chooses.
CHOICE_TITLE: Said = {
    "ro": "Ce primești de la {shop}",
    "ru": "Что вы получаете от {shop}",
    "en": "What you get from {shop}",
}
SAVE: Said = {"ro": "Salvează", "ru": "Сохранить", "en": "Save"}
SAVED: Said = {"ro": "Am salvat ce ai ales.", "ru": "Ваш выбор сохранён.", "en": "Your choice is saved."}
UNCHANGED: Said = {"ro": "Nu s-a schimbat nimic.", "ru": "Ничего не изменилось.", "en": "Nothing has changed."}
# By why the address is suppressed (`ledger.verdicts`); the rest is `other`. `opted-out` is about text messages alone.
SHUT: Mapping[str, Said] = {
    "bounced": {
        "ro": "Adresa nu primește mesaje: ultimele s-au întors la noi. Nu mai scriem la ea, orice ai alege aici.",
        "ru": "Ваш адрес не принимает сообщения: последние вернулись. Мы туда больше не пишем, что бы вы ни выбрали.",
        "en": "Your address takes no messages: the last ones came back. We write there no more, whatever you choose.",
    },
    "complaint": {
        "ro": "Un mesaj de la noi a fost marcat ca spam. Nu mai scriem la această adresă, orice ai alege aici.",
        "ru": "Наше сообщение отметили как спам. Мы больше не пишем на этот адрес, что бы вы ни выбрали.",
        "en": "A message of ours was marked as spam. We write to this address no more, whatever you choose here.",
    },
    "opted-out": {
        "ro": "Ai oprit mesajele de la acest număr. Ca să le primești iar, trimite START la numărul de la care veneau.",
        "ru": "Вы остановили сообщения с этого номера. Чтобы получать их снова, отправьте на него START.",
        "en": "You stopped messages from this number. To get them again, send START to the number they came from.",
    },
    "other": {
        "ro": "Adresa sau numărul este oprit la noi. Nu scriem acolo, orice ai alege aici.",
        "ru": "Этот адрес или номер у нас закрыт. Мы не пишем на него, что бы вы ни выбрали.",
        "en": "This address or number is closed with us. We do not write there, whatever you choose here.",
    },
}
WRITE_TO: Said = {
    "ro": "Dacă nu e bine așa, scrie-ne: {email}",
    "ru": "Если это не так, напишите нам: {email}",
    "en": "If that is not right, write to us: {email}",
}

# Where a friend arrives.
FRIEND_TITLE: Said = {
    "ro": "Ai un cod de la un prieten",
    "ru": "У вас код от друга",
    "en": "A code from a friend",
}
FRIEND_HOW: Said = {
    "ro": "Scrie-l la casă, la prima ta comandă la {shop}.",
    "ru": "Введите его при оформлении первого заказа в {shop}.",
    "en": "Type it at the checkout of your first order at {shop}.",
}
FRIEND_WORTH: Said = {
    "ro": "La prima comandă primești cu el: {gives}.",
    "ru": "С ним в первом заказе: {gives}.",
    "en": "With your first order it gives you: {gives}.",
}
FRIEND_GIFT: Said = {"ro": "un cadou", "ru": "подарок", "en": "a gift"}
FRIEND_FREE: Said = {"ro": "livrare gratuită", "ru": "бесплатная доставка", "en": "free delivery"}
FRIEND_CODE: Said = {"ro": "Codul tău", "ru": "Ваш код", "en": "Your code"}
FRIEND_BUTTON: Said = {"ro": "La magazin", "ru": "В магазин", "en": "To the shop"}

# The page that asks. `QUESTIONS` and what stands at the ends of their scales, by question.
ASK_TITLE: Said = {"ro": "O întrebare", "ru": "Один вопрос", "en": "One question"}
_LIKELY: tuple[Said, Said] = (
    {"ro": "deloc probabil", "ru": "совсем маловероятно", "en": "not at all likely"},
    {"ro": "foarte probabil", "ru": "очень вероятно", "en": "very likely"},
)
QUESTIONS: Mapping[str, Said] = {
    "recommend": {
        "ro": "Cât de probabil este să recomanzi {shop} unui prieten?",
        "ru": "Насколько вероятно, что вы порекомендуете {shop} другу?",
        "en": "How likely are you to recommend {shop} to a friend?",
    },
    "satisfied": {
        "ro": "Ce impresie ți-a lăsat {shop}?",
        "ru": "Насколько вы довольны {shop}?",
        "en": "How satisfied are you with {shop}?",
    },
    "buy_again": {
        "ro": "Cât de probabil este să mai cumperi de la noi?",
        "ru": "Насколько вероятно, что вы снова у нас купите?",
        "en": "How likely are you to buy from us again?",
    },
    "try_others": {
        "ro": "Cât de probabil este să încerci și alte produse de la noi?",
        "ru": "Насколько вероятно, что вы попробуете другие наши товары?",
        "en": "How likely are you to try other products of ours?",
    },
}
ASK_LOW: Mapping[str, Said] = dict.fromkeys(QUESTIONS, _LIKELY[0]) | {
    "satisfied": {"ro": "foarte slabă", "ru": "совсем не доволен", "en": "not at all"}
}
ASK_HIGH: Mapping[str, Said] = dict.fromkeys(QUESTIONS, _LIKELY[1]) | {
    "satisfied": {"ro": "foarte bună", "ru": "очень доволен", "en": "very much"}
}
ASK_COMMENT: Said = {
    "ro": "De ce? Scrie-ne, dacă vrei.",
    "ru": "Почему? Напишите, если хотите.",
    "en": "Why? Tell us, if you like.",
}
ANSWER_BUTTON: Said = {"ro": "Trimite răspunsul", "ru": "Отправить ответ", "en": "Send my answer"}
ANSWER_AGAIN: Said = {"ro": "Trimite", "ru": "Отправить", "en": "Send"}
ANSWERED_TITLE: Said = {"ro": "Mulțumim", "ru": "Спасибо", "en": "Thank you"}
ANSWERED: Said = {
    "ro": "Am primit răspunsul tău. Îl poți schimba, sau ne poți scrie de ce.",
    "ru": "Мы получили ваш ответ. Его можно изменить или написать, почему он такой.",
    "en": "We have your answer. You can change it, or tell us why.",
}
ANSWERED_ALL: Said = {
    "ro": "Am primit răspunsul și cuvintele tale. Le citește un om.",
    "ru": "Мы получили ваш ответ и ваши слова. Их прочитает человек.",
    "en": "We have your answer and your words. A person reads them.",
}

# What is not as it should be.
NOT_FOUND_TITLE: Said = {"ro": "Pagina nu există", "ru": "Такой страницы нет", "en": "There is no such page"}
NOT_FOUND: Said = {
    "ro": "Linkul este greșit sau a fost tăiat pe drum. Deschide-l încă o dată din mesaj, întreg.",
    "ru": "Ссылка неверна или обрезана по дороге. Откройте её ещё раз из сообщения, целиком.",
    "en": "The link is wrong, or was cut on its way. Open it from the message once more, the whole of it.",
}
NO_MESSAGE_TITLE: Said = {
    "ro": "Mesajul nu mai este la noi",
    "ru": "Этого сообщения у нас нет",
    "en": "We do not have this message",
}
NO_MESSAGE: Said = {
    "ro": "Linkul este al nostru, dar mesajul a fost o probă sau a fost șters. Nu s-a schimbat nimic. "
    "Ca să nu mai primești nimic, scrie-ne: {email}",
    "ru": "Ссылка наша, но сообщение было пробным или удалено. Ничего не изменилось. "
    "Чтобы больше ничего не получать, напишите нам: {email}",
    "en": "The link is ours, but the message was a test, or has been deleted. Nothing has changed. "
    "To get nothing more, write to us: {email}",
}
TOO_OFTEN_TITLE: Said = {"ro": "Prea multe încercări", "ru": "Слишком много попыток", "en": "Too many tries"}
TOO_OFTEN: Said = {
    "ro": "Încearcă din nou peste zece minute.",
    "ru": "Попробуйте снова через десять минут.",
    "en": "Try again in ten minutes.",
}
REFUSED_TITLE: Said = {"ro": "Nu merge așa", "ru": "Так не получится", "en": "That does not work"}
REFUSED: Said = {
    "ro": "Nu am înțeles cererea. Nu s-a schimbat nimic.",
    "ru": "Мы не поняли запрос. Ничего не изменилось.",
    "en": "We did not understand the request. Nothing has changed.",
}
BROKEN_TITLE: Said = {"ro": "Ceva nu a mers", "ru": "Что-то пошло не так", "en": "Something went wrong"}
BROKEN: Said = {
    "ro": "Este vina noastră. Încearcă din nou peste câteva minute.",
    "ru": "Это наша вина. Попробуйте снова через несколько минут.",
    "en": "It is our fault. Try again in a few minutes.",
}


def say(said: Said, language: str, **names: str) -> str:
    """`said` in `language` (one of `LANGUAGES`) with its names filled in; `channel` is `email` or `sms`."""
    if "channel" in names:
        names["channel"] = CHANNELS[names["channel"]][language]
    if "topic" in names:
        names["topic"] = names["topic"].replace("_", " ")
    return said[language].format_map(names)
