"""`POST /orders`: the shop tells of orders as they are placed, cancelled or refunded, sooner than its data does.

Posting the same order again changes nothing; what was cancelled or refunded stays so, whatever comes later. Who has no
token learns nothing, not even whether the body could be read.
"""

from __future__ import annotations

import hmac
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator

from regulars import clock
from regulars.errors import OutsideError
from regulars.ledger import posted
from regulars.ledger.posted import Told
from regulars.web.house import House
from regulars.web.showing import house_of

PATH = "/orders"
MOST = 1_000
"""Orders in one request."""
LARGEST = 524_288
"""Bytes of a body: a thousand orders with room to spare."""
TOLD_AT_MOST = 10
"""Problems that one answer tells of."""
_NO_CONTROLS = r"^[^\x00-\x1f\x7f]*$"

Text = Annotated[str, Field(max_length=200, pattern=_NO_CONTROLS)]


class Order(BaseModel):
    """One order as the shop knows it now."""

    model_config = ConfigDict(extra="forbid", strict=True, json_schema_extra={"title": "Order"})

    id: Annotated[str, Field(min_length=1, max_length=200, pattern=_NO_CONTROLS)] = Field(
        description="the order's id, the same as in the shop's own data"
    )
    status: Literal["placed", "cancelled", "refunded"] = Field(
        "placed", description="cancelled and refunded take the order back, for ever; they need no more than the id"
    )
    customer: Text = Field("", description="the customer's id, the same as in the shop's own data; empty: nobody known")
    at: AwareDatetime | None = Field(None, strict=False, description="when it was placed, with its offset from UTC")
    amount: Annotated[Decimal, Field(max_digits=12, decimal_places=2, ge=0)] | None = Field(
        None, strict=False, description="what was paid, in the shop's currency"
    )
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] | None = Field(
        None, description="the shop's currency; another one is refused"
    )
    code: Text = Field("", description="the code it carried, as it was typed")

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if self.status == "placed" and (self.at is None or self.amount is None):
            raise ValueError("a placed order needs `at` and `amount`")
        return self

    def told(self, currency: str, now: datetime) -> Told:
        """For the ledger, in a shop of this currency."""
        bare = self.at is None or self.amount is None
        return Told(
            self.id,
            "" if bare else self.customer,
            self.at or now,
            self.amount or Decimal(0),
            currency,
            self.code.strip(),
            self.status == "placed",
            bare,
        )


class Orders(BaseModel):
    """The body of a request."""

    model_config = ConfigDict(extra="forbid", strict=True)

    orders: Annotated[list[Order], Field(min_length=1, max_length=MOST)]


BODY: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["orders"],
    "properties": {"orders": {"type": "array", "minItems": 1, "maxItems": MOST, "items": Order.model_json_schema()}},
}
"""The schema of the body, spelt out: it is read past FastAPI, after the token."""
DESCRIBED: dict[str, Any] = {
    "requestBody": {"required": True, "content": {"application/json": {"schema": BODY}}},
    "security": [{"orders": []}],
}
ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"description": "Kept. `orders`: how many different orders it was about."},
    403: {"description": "No token, or another one."},
    422: {"description": "Nothing was kept. `problems`: where, and what is wrong; never what was sent."},
    503: {"description": "Nothing was kept: the ledger cannot be reached. Come again."},
}

router = APIRouter()


@router.post(PATH, response_class=JSONResponse, responses=ANSWERS, openapi_extra=DESCRIBED)
async def orders(request: Request) -> Response:
    """Keep up to 1,000 orders: all of them, or none."""
    house = house_of(request)
    if not may_post(request, house.settings.orders_token.get_secret_value()):
        return Response(status_code=403)
    return await run_in_threadpool(_keep, house, await request.body())


def _keep(house: House, body: bytes) -> Response:
    currency = str(house.desk.rules.shop.currency)
    try:
        told = Orders.model_validate_json(body).orders
    except ValidationError as error:
        return JSONResponse({"problems": problems(error)}, 422)
    if foreign := [n for n, one in enumerate(told) if one.currency not in (None, currency)]:
        where = [f"orders.{n}.currency" for n in foreign[:TOLD_AT_MOST]]
        return JSONResponse({"problems": [{"where": one, "what": f"is not {currency}"} for one in where]}, 422)
    now = clock.now()
    try:
        with house.ledger.writing() as connection:
            number = posted.keep(connection, [one.told(currency, now) for one in told], now)
    except OutsideError:
        return JSONResponse({"problems": [{"where": "", "what": "the ledger cannot be reached"}]}, 503)
    return JSONResponse({"orders": number})


def may_post(request: Request, tokens: str) -> bool:
    """Whether the request carries one of the tokens; without any nobody may."""
    given = request.headers.get("authorization", "").encode()
    known = [token.strip() for token in tokens.split(",") if token.strip()]
    return any(hmac.compare_digest(given, f"Bearer {token}".encode()) for token in known)


def problems(error: ValidationError) -> list[dict[str, str]]:
    """Where, and what is wrong there: without a word of what was sent."""
    told = error.errors(include_url=False, include_context=False, include_input=False)[:TOLD_AT_MOST]
    return [
        {"where": ".".join(_place(part) for part in one["loc"]), "what": _WHAT.get(one["type"], one["msg"])}
        for one in told
    ]


_WHAT = {"json_invalid": "the body is no JSON", "extra_forbidden": "is not a field of an order"}


def _place(part: int | str) -> str:
    """A number, or a name of ours; a name that was sent is a person's perhaps."""
    return str(part) if isinstance(part, int) or part in {"orders", *Order.model_fields} else "?"
