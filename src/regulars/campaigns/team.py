"""The shop's team: who may get proofs and approve."""

from __future__ import annotations

import difflib

from regulars.campaigns.desk import Desk
from regulars.errors import WrongUse


def of_the_team(desk: Desk, name: str) -> str:
    """The address of one of `shop.team`; raises WrongUse with the nearest name where there is nobody of that name."""
    team = {str(one): str(address) for one, address in desk.rules.shop.team.items()}
    if name in team:
        return team[name]
    near = difflib.get_close_matches(name, team, 1)
    hint = f" Did you mean `{near[0]}`?" if near else ""
    raise WrongUse(
        f"`{name}` is nobody of `shop.team` in rules.yaml.{hint}",
        f"The team: {', '.join(team)}." if team else "Write it there:  team: {ana: ana@casaverde.example}",
    )
