"""What the team does: approve, and get proofs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from regulars.cli.app import AsOfOption, ProjectOption, answer, app, moment, root_of
from regulars.errors import MessagesFailed


@app.command()
def approve(
    fingerprint: Annotated[str, typer.Argument(help="The fingerprint of the plan you have seen.")],
    campaigns: Annotated[
        list[str] | None,
        typer.Argument(metavar="[CAMPAIGN]...", help="Names of campaigns. Default: all that wait for an approval."),
    ] = None,
    project: ProjectOption = None,
    as_of: AsOfOption = "",
    *,
    name: Annotated[str, typer.Option("--as", metavar="NAME", help="Who you are: a name of `shop.team`.")],
) -> None:
    """Let a plan go that reaches more people than `guards.approval` allows without asking."""
    from regulars.campaigns.approval import GROWTH
    from regulars.campaigns.desk import Desk
    from regulars.campaigns.planning.approving import approve as approved

    with Desk.open(root_of(project)) as desk:
        for campaign in campaigns or []:
            desk.campaign(campaign)
        let_go = approved(desk, fingerprint, name, campaigns or [], moment(as_of, desk.zone))
    if not let_go:
        answer("No campaign waits for an approval. Nothing was written down.")
        return
    widest = max(len(one.campaign) for one in let_go)
    for one in let_go:
        beside = "" if one.needed else " · it needed no approval"
        answer(f"{one.campaign:<{widest}}  {one.people:,} people approved by {name}{beside}")
    answer(
        f"It holds for plan {fingerprint}, as long as nobody edits the files, and for up to {GROWTH} % more people. "
        "Nothing was sent."
    )


def send_proofs(
    root: Path, campaign: str, name: str, as_of: str, *, customer: str = "", message: str = "", language: str = ""
) -> None:
    """Send a campaign's messages to `name` of the team and tell what became of each.

    Raises MessagesFailed where one of them did not go out, WrongUse for a name that is not of the team.
    """
    from regulars.campaigns.desk import Desk
    from regulars.campaigns.trying.proofs import prove

    with Desk.open(root, looking=True) as desk:
        at = moment(as_of, desk.zone)
        proofs = prove(desk, campaign, name, at, customer=customer, message=message, language=language)
    for one in proofs:
        told = f"sent to {name}, marked as a test" if one.sent else one.outcome
        parts = (one.message, one.variant, one.template, one.channel, one.language, told)
        answer("  ".join(part for part in parts if part))
    answer("It counts against no cap and for no conversion; its codes are none.")
    failed = sum(1 for one in proofs if not one.sent)
    if failed:
        raise MessagesFailed(f"{failed} of {len(proofs)} tests did not go out.", "The lines above say why.")
