"""The verb of the team: approve."""

from __future__ import annotations

from typing import Annotated

import typer

from regulars.cli.app import AsOfOption, ProjectOption, answer, app, moment, root_of


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
    from regulars.campaigns.approval import approve as approved
    from regulars.campaigns.desk import Desk

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
