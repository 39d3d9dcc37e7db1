"""Taking a person out of the ledger, and reading all it holds of them; `held` says what that is, table by table."""

from __future__ import annotations

import json
import re
import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import unquote_plus

import pyarrow as pa
from sqlalchemy import Connection, TextClause, bindparam, select, text
from sqlmodel import SQLModel, col

from regulars.errors import OutsideError
from regulars.ledger import bulk, consent, crossing, engine, forgotten, moves
from regulars.ledger.columns import Moment
from regulars.ledger.held import HELD, Holding
from regulars.ledger.moves import Change
from regulars.ledger.store import Ledger
from regulars.ledger.tables import Code, Link, Message, Referral, ReferralCode, Suppression
from regulars.ledger.turnstile import turn

IDS = frozenset({"customer_id", "friend_id", "advocate_id"})
"""Columns that hold the id of a customer."""
NOT_LEFT = ("planned", "claimed")
"""States of messages of which nothing has left: they never will."""
_DRAWN = {
    "sqlite": "'forgotten-' || lower(hex(randomblob(11)))",
    "postgresql": "'forgotten-' || substr(replace(CAST(gen_random_uuid() AS text), '-', ''), 1, 22)",
}
_LIST = {"sqlite": "(SELECT value FROM json_each(:{0}))", "postgresql": "(SELECT unnest(CAST(:{0} AS {1}[])))"}
_LONG_ENOUGH = 4
"""Characters an id must have to be looked for in the links: a shorter one is in many that are nobody's."""

# Of people forgotten before: what was in doubt then is settled now, and what providers told since is theirs too.
_SWEEP = (
    """UPDATE message SET address_hash = '' WHERE customer_id LIKE 'forgotten-%' AND address_hash <> ''
       AND state NOT IN ('sending', 'ambiguous', 'unsent')""",
    """UPDATE event SET detail = '' WHERE detail <> ''
       AND message_id IN (SELECT id FROM message WHERE customer_id LIKE 'forgotten-%')""",
)


@dataclass(frozen=True)
class Known:
    """By what the ledger, or the shop, knows one customer."""

    customer: str
    addresses: Mapping[str, frozenset[str]] = field(default_factory=dict, repr=False)
    """Channel → addresses as they are written to."""
    hashes: Mapping[str, frozenset[str]] = field(default_factory=dict, repr=False)
    """Channel → hashes of addresses; under `customer` that of the id."""
    messages: frozenset[str] = frozenset()
    codes: frozenset[str] = field(default_factory=frozenset, repr=False)
    """Codes that are theirs alone."""

    @property
    def texts(self) -> frozenset[str]:
        """Every text that names them: the id, addresses, codes."""
        return frozenset({self.customer, *self.codes}.union(*self.addresses.values()))

    @property
    def all_hashes(self) -> list[str]:
        """The hashes of every channel."""
        return sorted(frozenset().union(*self.hashes.values()))


def known(ledger: Ledger, customer: str, addresses: Mapping[str, str]) -> Known:
    """What names `customer` in the ledger, and `addresses` (channel → address), which are the shop's of today."""
    salt = ledger.salt(forgotten.SALT)
    with ledger.reading() as connection:
        rows = connection.execute(
            select(col(Message.id), col(Message.channel), col(Message.address), col(Message.address_hash)).where(
                col(Message.customer_id) == customer
            )
        ).all()
        own = select(col(Code.code)).where(col(Code.customer_id) == customer, col(Code.shared).is_(False))
        advocates = select(col(ReferralCode.code)).where(col(ReferralCode.customer_id) == customer)
        brought = select(col(Referral.code)).where(col(Referral.advocate_id) == customer)
        codes = {code for statement in (own, advocates, brought) for code in connection.execute(statement).scalars()}
    written: dict[str, set[str]] = {channel: {address} for channel, address in addresses.items() if address}
    hashes: dict[str, set[str]] = {forgotten.CHANNEL: {forgotten.customer_hash(salt, customer)}}
    for row in rows:
        if row.address:
            written.setdefault(row.channel, set()).add(row.address)
        if row.address_hash:
            hashes.setdefault(row.channel, set()).add(row.address_hash)
    for channel, several in written.items():
        hashes.setdefault(channel, set()).update(consent.address_hash(salt, address) for address in several)
    return Known(
        customer,
        {channel: frozenset(several) for channel, several in written.items()},
        {channel: frozenset(several) for channel, several in hashes.items()},
        frozenset(row.id for row in rows),
        frozenset(code for code in codes if code),
    )


def customers_at(ledger: Ledger, who: str, addresses: Mapping[str, str]) -> list[str]:
    """Ids under which the ledger knows `who`: an id that stands in it, or whoever was written to at these addresses."""
    salt = ledger.salt(forgotten.SALT)
    found: set[str] = set()
    with ledger.reading() as connection:
        for table in SQLModel.metadata.sorted_tables:
            for column in IDS & {one.name for one in table.columns}:
                statement = select(table.c[column]).where(table.c[column] == who).limit(1)
                if connection.execute(statement).first():
                    return [who]
        for channel, address in addresses.items():
            there = select(col(Message.customer_id)).distinct().where(
                col(Message.channel) == channel,
                col(Message.address_hash) == consent.address_hash(salt, address),
                col(Message.address) != "",
            )  # fmt: skip
            found |= set(connection.execute(there).scalars())
    return sorted(found)


def others_messages(ledger: Ledger, person: Known, message_ids: Iterable[str]) -> set[str]:
    """Those of `message_ids` that are messages of somebody else."""
    asked = pa.array(sorted(set(message_ids) - person.messages), pa.string())
    with ledger.reading() as connection:
        return set(bulk.existing(connection, Message, "id", asked).to_pylist())


def holdings(ledger: Ledger, person: Known) -> dict[str, list[dict[str, Any]]]:
    """Table → what it holds of them, without columns that mean nothing to a person; only tables that hold something."""
    found: dict[str, list[dict[str, Any]]] = {}
    with ledger.reading() as connection:
        bound = _bound(connection, person)
        for name, holding in HELD.items():
            if not holding.whose:
                continue
            table = SQLModel.metadata.tables[name]
            where, used = _filled(connection, holding.whose, bound)
            told = (one for one in table.columns if one.name not in holding.hidden)
            statement = select(*told).where(where).order_by(*table.primary_key.columns)
            if rows := [dict(row) for row in connection.execute(statement, used).mappings()]:
                found[name] = rows
    return found


def forget(ledger: Ledger, person: Known, at: datetime, beside: Callable[[], None] = lambda: None) -> Mapping[str, int]:
    """Take them out, in one transaction; table → how many rows were theirs. Running it again changes nothing.

    What was planned is `suppressed`; what may have left stays to be settled, without its address. Hashes stay among
    the suppressions. `beside` is called inside, while nobody can write them down anew.
    """
    counts: Counter[str] = Counter()
    stand_in = forgotten.PSEUDONYM + secrets.token_hex(8)
    with ledger.writing() as connection:
        if ledger.dialect == "sqlite":
            connection.exec_driver_sql("PRAGMA secure_delete = ON")
        consent.speak(connection)
        forgotten.alone(connection)
        _let_go(connection, person, at)
        bound = _bound(connection, person) | {"pseudonym": stand_in, "now": at}
        for name, holding in HELD.items():
            if holding.deleted or holding.becomes:
                counts[name] = _erase(connection, name, holding, bound)
        counts["suppression"] = _suppress(connection, person, at)
        for statement in _SWEEP:
            connection.execute(text(statement))
        beside()
    return {name: number for name, number in counts.items() if number}


def scrub(ledger: Ledger) -> bool:
    """Leave nothing of erased rows in a SQLite file or its log; whether that came off. PostgreSQL sees to it itself.

    Waits for its turn among the writers. False where a reader held the log open all the time.
    """
    if ledger.dialect != "sqlite":
        return True
    with turn(engine.file_of(ledger.url)):
        try:
            return engine.scrub(ledger.engine)
        except ledger.engine.dialect.loaded_dbapi.OperationalError:
            raise OutsideError(
                "The person is forgotten, and the ledger's file could not be written anew.",
                "See that the disk has room for a second copy of it, and run `regulars forget` again.",
            ) from None


def _let_go(connection: Connection, person: Known, at: datetime) -> None:
    """Nothing planned goes out any more; a worker that holds it finds it gone when it is about to send."""
    statement = (
        select(col(Message.id), col(Message.state))
        .where(col(Message.customer_id) == person.customer, col(Message.state).in_(NOT_LEFT))
        .order_by(col(Message.id))
        .with_for_update()
    )
    changes = [Change(row.id, row.state, "suppressed", forgotten.REASON) for row in connection.execute(statement)]
    moves.leave(connection, changes, at, forgotten.REASON)


def _erase(connection: Connection, name: str, holding: Holding, bound: Mapping[str, Any]) -> int:
    becomes = ", ".join(f"{column} = {sql}" for column, sql in holding.becomes.items())
    verb = f"DELETE FROM {name}" if holding.deleted else f"UPDATE {name} SET {becomes}"
    statement, used = _filled(connection, f"{verb} WHERE {holding.whose}", bound)
    return connection.execute(statement, used).rowcount


def _filled(connection: Connection, sql: str, bound: Mapping[str, Any]) -> tuple[TextClause, dict[str, Any]]:
    """A statement of `held` for this database, and what it binds."""
    spelt = _LIST[connection.dialect.name]
    lists = {"hashes": spelt.format("hashes", "varchar"), "links": spelt.format("links", "integer")}
    sql = sql.format(drawn=_DRAWN[connection.dialect.name], **lists)
    used = {name: value for name, value in bound.items() if re.search(rf":{name}\b", sql)}
    moments = [bindparam(name, type_=Moment()) for name in used if name == "now"]
    return text(sql).bindparams(*moments), used


def _bound(connection: Connection, person: Known) -> dict[str, Any]:
    """What statements of `held` may bind."""
    asked = select(col(Link.number), col(Link.url))
    links = [link.number for link in connection.execute(asked) if _names(person, link.url)]
    listed = links if connection.dialect.name == "postgresql" else json.dumps(links)
    return {"customer": person.customer, "hashes": bulk.listed(connection, person.all_hashes), "links": listed}


def _names(person: Known, url: str) -> bool:
    """Whether a link leads to a place of this person's: it holds an address or a code of theirs, or their id."""
    plain = unquote_plus(url)
    if any(one in plain for one in person.texts - {person.customer}):
        return True
    bounded = re.compile(rf"(?<![\w-]){re.escape(person.customer)}(?![\w-])")
    return len(person.customer) >= _LONG_ENOUGH and bounded.search(plain) is not None


def _suppress(connection: Connection, person: Known, at: datetime) -> int:
    """Keep the hashes of all addresses and of the id."""
    pairs = [(one, channel) for channel, several in person.hashes.items() for one in sorted(several)]
    rows = {
        "address_hash": [one for one, _ in pairs],
        "channel": [channel for _, channel in pairs],
        "reason": [forgotten.REASON] * len(pairs),
        "at": pa.array([at] * len(pairs), crossing.MOMENT),
    }
    bulk.insert(connection, Suppression, pa.table(rows), skip_existing=True)
    return len(pairs)
