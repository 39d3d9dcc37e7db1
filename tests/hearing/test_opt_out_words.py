"""How people say stop, start and help; and what only looks like it."""

from __future__ import annotations

import pytest

from regulars.channels.opt_outs import meant

STOP = """
STOP
stop.
Stop!!!
please stop
STOP PLEASE
UNSUBSCRIBE
unsubscribe me
END
quit
STOPALL
stop all
REVOKE
OPTOUT
opt out
Opt-out
cancel
Please unsubscribe
stop texting me
Stop sending me messages
please stop messaging me
take me off this list
take me off your list
remove my number
don't text me again
Do not contact me
do not text me anymore
No more messages, thanks
leave me alone
I want to opt out
DEZABONARE
dezabonează-mă
Mă dezabonez
OPRESTE
OPREȘTE
opreşte
RENUNT
renunț
Renunţ!
nu mai vreau mesaje
Nu mai vreau să primesc mesaje de la voi
Va rog nu mai vreau mesaje
nu-mi mai trimiteți mesaje
Nu îmi mai trimiteți SMS
vă rog să nu mai trimiteți
stop vă rog
Stop, mulțumesc
doresc să mă dezabonez
lăsați-mă în pace
ștergeți numărul meu
Opriți mesajele
стоп
СТОП!
Стоп, пожалуйста
отписаться
отпишите меня
хватит
Хватит писать мне
не пишите мне
Не пишите мне больше
Пожалуйста, не присылайте больше
больше не пишите
отмена
не хочу получать ваши сообщения
прекратите присылать смс
удалите мой номер
оставьте меня в покое
Отпишите меня, пожалуйста
""".strip().splitlines()

NOT_STOP = """
don't stop
Please don't stop, I love these
never stop
stop by tomorrow?
Can I stop by the shop tomorrow?
where is the bus stop
the end of the week is fine
When does the sale end?
Is there a way to cancel my order 1234?
I would like to cancel the order and get another one
quit smoking tea, do you have it?
ok thanks
yes please
Cât costă?
Bună, aveți stoc?
nu vă opriți, sunt super
nu am primit comanda
Renunț la mărimea 40, vreau 41
Опоздаю, хватит ли мне времени?
мне хватит двух
Не прекращайте
остановка автобуса где?
Спасибо!
да
👍
""".strip().splitlines()


@pytest.mark.parametrize("words", STOP)
def test_whoever_says_stop_is_understood(words: str) -> None:
    assert meant(words) == "STOP"


@pytest.mark.parametrize("words", NOT_STOP)
def test_who_says_something_else_is_not_taken_for_it(words: str) -> None:
    assert meant(words) != "STOP"


@pytest.mark.parametrize(("words", "wanted"), [("START", "START"), ("unstop", "START"), ("Yes!", "START"), ("", "")])
def test_start_lets_us_write_again(words: str, wanted: str) -> None:
    assert meant(words) == wanted


@pytest.mark.parametrize("words", ["HELP", "info", "Ajutor!", "помощь"])
def test_help_is_asked_for_in_each_language(words: str) -> None:
    assert meant(words) == "HELP"
