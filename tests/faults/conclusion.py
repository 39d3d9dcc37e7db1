"""How every fault test ends: the books are compared, the provider reports, and nothing may be left in doubt."""

from __future__ import annotations

from typing import Any

from faults import checks, ears
from faults.figures import Result
from faults.laying import Laid
from faults.peer import Peer
from regulars.ledger.checks import violations


def concluded(
    name: str,
    parameters: str,
    laid: Laid,
    peer: Peer,
    *,
    bound: int | None = None,
    passed: bool = True,
    note: str = "",
    through_web: bool = False,
    again: bool = True,
    **habits: Any,
) -> Result:
    """Compare, settle by the provider's events, send again what is proven unsent, compare again.

    `bound`: as many messages may be in doubt before anything was reported. `again`: whether to send again in the end.
    """
    found = checks.look(laid, peer.truth())
    settled = ears.settle(laid, peer, through_web=through_web, **habits)
    after = checks.look(laid, peer.truth())
    if again:
        ears.send_again(laid, peer)
        ears.hand_over(laid, peer, **habits)
        after = checks.look(laid, peer.truth())
    with laid.desk() as desk:
        broken = {f"doctor {one.invariant}: {one.sentence}": one.number for one in violations(desk.ledger)}
    broken |= {f"{which}, after the reports": n for which, n in after.broken.items() if which not in found.broken}
    broken |= found.broken | {f"complaint: {sort}": n for sort, n in peer.figures()["complaints"].items()}
    if settled.wrong:
        broken["called unsent and sent"] = settled.wrong
    within = bound is None or found.ambiguous <= bound
    told = [f"{found.ambiguous:,} in doubt: {settled.sent:,} sent, {settled.absent:,} not"] if found.ambiguous else []
    if again:
        told.append(f"{len(peer.truth()):,} have it in the end")
    return Result(
        name, parameters,
        passed and within and not broken and not after.duplicates and not after.lost and not settled.left,
        max(found.duplicates, after.duplicates), max(found.lost, after.lost), found.ambiguous, bound,
        settled.sent + settled.absent, "; ".join([*told, *([note] if note else [])]), broken=broken,
    )  # fmt: skip
