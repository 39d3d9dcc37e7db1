"""What it earned: budgets, redemptions, referrals, rewards, touches, posted orders, answers, stages, variants."""

from __future__ import annotations

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    _offers()
    _referrals()
    _attribution()
    _surveys()
    _stages()
    _variants()


def _offers() -> None:
    """Budgets and redeemed codes."""


def _referrals() -> None:
    """Rewards, and referrals that were refused."""


def _attribution() -> None:
    """Every touch of an order, and orders that were posted."""


def _surveys() -> None:
    """Answers."""


def _stages() -> None:
    """Who stands where in each ladder, since when."""


def _variants() -> None:
    """Which wording somebody got."""
