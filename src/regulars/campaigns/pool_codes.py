"""Codes from a pool: whether there are enough, and whose they become."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from regulars.campaigns.desk import Desk
from regulars.campaigns.letters import OFFER_OFF, Letters
from regulars.errors import Stopped
from regulars.ledger import pools

if TYPE_CHECKING:
    from sqlalchemy import Connection


def left(desk: Desk, campaign: str) -> dict[str, int]:
    """The pools that the messages of a campaign take codes from, in order, and how many codes each has left."""
    messages = desk.campaign(campaign).messages
    names = dict.fromkeys(Letters(desk, campaign, message).pool for message in messages)
    return {name: pools.free(desk.ledger, name) for name in names if name}


def too_few(desk: Desk, campaign: str, table: str) -> str:
    """Why a run by the decisions in `table` would run out of codes; empty where it would not."""
    pool = Letters(desk, campaign, desk.campaign(campaign).messages[0]).pool
    if not pool:
        return ""
    wanted = f"select count(*) from {table} where reason is null and not coalesce({OFFER_OFF}, false)"
    need = (desk.connection.execute(wanted).fetchone() or (0,))[0]
    free = pools.free(desk.ledger, pool)
    if need <= free:
        return ""
    return (
        f"pool `{pool}` has {free:,} {'code' if free == 1 else 'codes'} and {need:,} "
        f"{'person' if need == 1 else 'people'} would need one: regulars codes import FILE --pool {pool}"
    )


def drawing(connection: Connection, pool: str, at: datetime) -> Callable[[int], list[str]]:
    """What takes codes for a whole part of a run, or none: raises Stopped where the pool has too few by now."""

    def draw(wanted: int) -> list[str]:
        taken = pools.take(connection, pool, wanted, at)
        if len(taken) < wanted:
            raise Stopped(
                f"Pool `{pool}` has run out of codes: this part of the run needs {wanted:,}, and {len(taken):,} are "
                "left. Nobody of this part has entered.",
                f"regulars codes import FILE --pool {pool}, and run it again: nobody enters twice.",
            )
        return taken

    return draw


def first_served(
    connection: Connection, letters: Letters, rows: pa.Table, at: datetime
) -> tuple[pa.Table, Callable[[int], Sequence[str]]]:
    """Of follow-ups those that go with the codes the pool has, and what gives these codes.

    Whoever is left without one has no message yet, and is decided about again until it is too late.
    """
    gives = letters.gives(rows)
    taken = pools.take(connection, letters.pool, pc.sum(gives).as_py() or 0, at)
    served = pc.less_equal(pc.cumulative_sum(gives.cast(pa.int64())), len(taken))
    left = iter(taken)
    return rows.filter(pc.or_(pc.invert(gives), served)), lambda wanted: list(islice(left, wanted))
