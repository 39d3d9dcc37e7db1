"""Whom a request is about: a customer of the shop, or somebody whom only the ledger still knows."""

from __future__ import annotations

from dataclasses import dataclass

from regulars.campaigns.desk import Desk
from regulars.campaigns.reach import country_of
from regulars.campaigns.whom import Somebody, find
from regulars.errors import WrongUse
from regulars.ledger import erasure, forgotten
from regulars.ledger.erasure import Known
from regulars.people.addresses import email_address, phone_number


@dataclass(frozen=True)
class Person:
    """One customer, and all that names them."""

    known: Known
    shop: Somebody | None = None
    """Their row of the shop's data; None where it has none."""

    @property
    def customer(self) -> str:
        """Their id."""
        return self.known.customer

    @property
    def texts(self) -> frozenset[str]:
        """Every text that is theirs alone, the shop's spellings too."""
        written = {self.shop.email, self.shop.phone} if self.shop else set()
        return self.known.texts | {one for one in written if one}


def whose(desk: Desk, who: str) -> Person:
    """The person with this id, e-mail address or phone.

    Raises WrongUse where there is nobody, where there are several, and where they were forgotten and nothing is left.
    """
    try:
        found = find(desk, who)
    except WrongUse:
        return _of_the_ledger(desk, who)
    if len(found) > 1:
        raise _several([one.customer for one in found])
    (one,) = found
    return Person(erasure.known(desk.ledger, one.customer, _addresses(desk, one.email, one.phone, one.country)), one)


def _of_the_ledger(desk: Desk, who: str) -> Person:
    addresses = _addresses(desk, who, who, "")
    customers = erasure.customers_at(desk.ledger, who, addresses)
    if len(customers) > 1:
        raise _several(customers)
    if customers:
        return Person(erasure.known(desk.ledger, customers[0], {}))
    if since := forgotten.is_forgotten(desk.ledger, who):
        raise WrongUse(
            f"Nothing is held of this customer: they were forgotten on {desk.day(since):%-d %b %Y}.",
            "A salted hash is all that is left, so that nobody writes to them again.",
        )
    raise WrongUse(
        "Nothing is held of anybody with this id or address.",
        f"Ids are those of the column `{desk.rules.source.customer.id}`.",
    )


def _several(customers: list[str]) -> WrongUse:
    return WrongUse(
        f"{len(customers)} customers have this address: {', '.join(customers)}.", "Name one of them by the id."
    )


def _addresses(desk: Desk, email: str, phone: str, country: str) -> dict[str, str]:
    found = {"email": email_address(email), "sms": phone_number(phone, country, country_of(desk))}
    return {channel: address for channel, address in found.items() if address}
