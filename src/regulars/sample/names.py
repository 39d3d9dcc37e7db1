"""Names for people who do not exist, in the languages of the shop, and how a name becomes an e-mail address.

Common first names and surnames are drawn independently; no list of real people stands behind them.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

_CYRILLIC = dict(zip("абвгдеёзийклмнопрстуфыэ", "abvgdeeziyklmnoprstufye", strict=True)) | {
    "ж": "zh", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ъ": "", "ь": "", "ю": "yu", "я": "ya",
}  # fmt: skip


@dataclass(frozen=True)
class Tongue:
    """The names of one language: first names of women and of men, and surnames (the form a man bears)."""

    women: tuple[str, ...]
    men: tuple[str, ...]
    surnames: tuple[str, ...]
    inflected: bool = False
    """Whether a woman bears another form of the surname."""

    def surname(self, index: int, woman: bool) -> str:
        """The surname at `index` as a woman or a man bears it."""
        name = self.surnames[index]
        if not (woman and self.inflected):
            return name
        return name.removesuffix("ий") + "ая" if name.endswith("ий") else name + "а"


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


TONGUES: dict[str, Tongue] = {
    "ro": Tongue(
        women=_words(
            "Ana Maria Ioana Elena Andreea Cristina Mihaela Alexandra Gabriela Daniela Raluca Simona Roxana Anca "
            "Iulia Bianca Larisa Diana Teodora Sorina Ștefania Ruxandra Brândușa Ilinca Smărăndița Măriuca Sânziana "
            "Crenguța Mălina Ana-Maria Maria-Elena Luminița Lăcrămioara Păuna Anișoara Oana Corina Viorica"
        ),
        men=_words(
            "Andrei Mihai Alexandru Ștefan Cristian Gabriel Ionuț Adrian Bogdan Cătălin Dănuț Florin Radu Vlad Tudor "
            "Răzvan Sorin Nicolae Gheorghe Marius Lucian Octavian Călin Șerban Mircea Horațiu Costică Costin "
            "Andrei-Cristian Ion Petre Matei Luca Mugurel Pătru Sebastian Dragoș Ilie"
        ),
        surnames=_words(
            "Popescu Ionescu Popa Radu Dumitru Stan Stoica Gheorghe Matei Ciobanu Rusu Munteanu Moldovan Bălan Țurcanu "
            "Șerban Lăzărescu Rădulescu Stănescu Mănescu Pârvu Câmpeanu Vâlcan Dănilă Crăciun Ungureanu Pădurariu "
            "Roșu Roșca Negruț Mocanu Olteanu Sârbu Țăranu Știrbu Fântânaru Brânză Grădinaru Păun Cojocaru Croitoru "
            "Lupu Ursu Vulpe Bucur Ghiță Gheorghiță Ionescu-Pop Stan-Bălănescu Popa-Lungu Iordache Neagu Tănase "
            "Mîndru Gîrleanu Voinea Preda Ene Toma Sandu Dobre Barbu"
        ),
    ),
    "ru": Tongue(
        women=_words(
            "Анна Мария Елена Ольга Наталья Светлана Татьяна Ирина Екатерина Юлия Людмила Галина Вера Надежда Любовь "
            "Ксения Дарья Полина Алёна Анна-Мария"
        ),
        men=_words(
            "Олег Иван Сергей Алексей Дмитрий Андрей Николай Михаил Владимир Виктор Юрий Павел Артём Илья Фёдор Пётр "
            "Семён Игорь Роман Егор"
        ),
        surnames=_words(
            "Иванов Смирнов Кузнецов Попов Соколов Лебедев Козлов Новиков Морозов Волков Зайцев Павлов Голубев Беляев "
            "Тарасов Фёдоров Щукин Ильин Никитин Воробьёв Царёв Ежов Жуков Чернов Каменский Покровский"
        ),
        inflected=True,
    ),
    "en": Tongue(
        women=_words(
            "Kate Emily Olivia Sophie Grace Hannah Alice Zoë Chloé Mary-Jane Siân Renée Lucy Rose Ellen Ruth Nora Jane"
        ),
        men=_words(
            "James Oliver Jack Harry Tom George William Seán Noël Liam Dylan Owen Jean-Luc Peter Hugh Neil Ian Max"
        ),
        surnames=_words(
            "Smith Jones Taylor Brown Evans O'Brien O'Connor D'Arcy O’Neill Smith-Jones Walker Wright Green Baker "
            "Cooper Turner Hill Ward Carter Bennett Lloyd-Price Fisher Mason Knight Palmer Brontë"
        ),
    ),
    "hu": Tongue(
        women=_words("Katalin Erzsébet Ilona Zsuzsa Ágnes Réka Emőke Tünde Boglárka Kinga"),
        men=_words("László István Zoltán Gábor Ferenc Attila Botond Szilárd Jenő Győző"),
        surnames=_words("Nagy Kovács Szabó Tóth Kiss Fekete Székely Balogh Szűcs Győrfi Bíró Ördög"),
    ),
    "de": Tongue(
        women=_words("Anna Grete Ursula Käthe Jutta Inge Hannelore Änne"),
        men=_words("Hans Jürgen Günther Karl Björn Matthias Jörg Uwe"),
        surnames=_words("Müller Schmidt Weiß Groß Böhm Schäfer Krämer Schuster Zimmermann Hönig"),
    ),
}


def plain(text: str) -> str:
    """`text` in the plain letters and hyphens that an address can hold: Фёдор → fedor, O'Brien → obrien."""
    spelt = "".join(_CYRILLIC.get(letter, letter) for letter in text.lower()).replace("ß", "ss")
    bare = unicodedata.normalize("NFKD", spelt).encode("ascii", "ignore").decode()
    return "".join(letter for letter in bare if letter.isalnum() or letter == "-")
