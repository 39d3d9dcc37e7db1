"""The shop's programme: what friends and advocates get, by the one campaign that says so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa

from regulars.lang.project import Project
from regulars.lang.referral import AT_MOST, RETURNS, Referral, Reward
from regulars.ledger.crossing import MONEY

TIERS = pa.schema(
    [("place", pa.int64()), ("kind", pa.string()), ("value", MONEY), ("gift", pa.string()), ("days", pa.int64())]
)


@dataclass(frozen=True)
class Terms:
    """What `referral` of `campaign` says; without such a campaign friends count all the same, and nobody is paid."""

    campaign: str = ""
    referral: Referral | None = None

    @property
    def after(self) -> timedelta:
        """How long a friend's first order may come back."""
        return (self.referral.after if self.referral else RETURNS).delta

    @property
    def at_most(self) -> tuple[int, timedelta]:
        """(n, length): for more than n friends within such a length nobody is paid."""
        cap = self.referral.at_most if self.referral else AT_MOST
        return cap.messages, timedelta(days=cap.days)

    @property
    def friend(self) -> Reward | None:
        """What the code is worth in a friend's first order."""
        return self.referral.friend if self.referral else None

    @property
    def tiers(self) -> pa.Table:
        """What an advocate is given from which friend on: place (from 1), kind, value, gift, days it holds."""
        if self.referral is None:
            return TIERS.empty_table()
        starts = {int(tier): reward for tier, reward in self.referral.tiers.items()}
        if self.referral.advocate is not None:
            starts.setdefault(1, self.referral.advocate)
        rows: list[dict[str, Any]] = [
            {
                "place": place,
                "kind": reward.kind,
                "value": worth(reward),
                "gift": str(reward.gift or ""),
                "days": -(-int(reward.valid.delta.total_seconds()) // 86_400),
            }
            for place, reward in sorted(starts.items())
        ]
        return pa.Table.from_pylist(rows, schema=TIERS)


def worth(reward: Reward) -> Decimal:
    """Per cent, or an amount; 0 for a gift and free delivery."""
    return reward.worth.value if reward.worth else Decimal(0)


def terms(project: Project) -> Terms:
    """The programme in force: a paused campaign still pays what was promised, a draft promises nothing."""
    for name, campaign in project.campaigns.items():
        if campaign.referral is not None and campaign.status != "draft":
            return Terms(name, campaign.referral)
    return Terms()
