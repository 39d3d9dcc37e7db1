"""What it earned: budgets, redemptions, referrals, rewards, touches, posted orders, answers, stages, variants."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from regulars.ledger.columns import Moment, Money

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    _offers()
    _referrals()
    _attribution()
    _surveys()
    _stages()
    _variants()
    _cohorts()


def _offers() -> None:
    """Budgets and redeemed codes."""
    op.add_column("code", sa.Column("holder_only", sa.Boolean(), nullable=False, server_default=sa.false()))
    for name in ("expected", "at_most"):
        op.add_column("code", sa.Column(name, sa.BigInteger(), nullable=True))
    counted = sa.text("expected IS NOT NULL")
    columns = ["campaign", "issued_at"]
    op.create_index("code_counted", "code", columns, sqlite_where=counted, postgresql_where=counted)
    op.create_table(
        "budget",
        *(sa.Column(name, sa.String(), nullable=False) for name in ("scope", "kind", "period")),
        sa.Column("counted", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("scope", "kind", "period"),
    )
    money = sa.Numeric(14, 2).with_variant(sa.REAL(), "sqlite")
    texts = ("order_id", "code", "campaign", "enrolment_id", "message_name", "customer_id", "standing")
    op.create_table(
        "redemption",
        *(sa.Column(name, sa.String(), nullable=False) for name in texts),
        *(sa.Column(name, money, nullable=False) for name in ("amount", "discount")),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("order_id"),
    )
    op.create_index("redemption_entry", "redemption", ["enrolment_id"])
    op.create_index("redemption_campaign", "redemption", ["campaign", "at"])


def _referrals() -> None:
    """What became of a friend's first order. Friends of before count as they did, and nobody is rewarded for them."""
    texts = ("reason", "campaign", "currency", "friend_kind", "reward_code", "reward_kind", "reward_gift")
    sums = ("friend_value", "reward_value", "spent_amount")
    moments = ("changed_at", "paid_at", "ended_at", "reward_until", "spent_at")
    op.add_column("referral", sa.Column("id", sa.String(32), nullable=False, server_default=""))
    op.add_column("referral", sa.Column("state", sa.String(), nullable=False, server_default="paid"))
    op.add_column("referral", sa.Column("place", sa.Integer(), nullable=False, server_default="0"))
    for name in texts:
        op.add_column("referral", sa.Column(name, sa.String(), nullable=False, server_default=""))
    amount = sa.Numeric(14, 2).with_variant(sa.REAL(), "sqlite")
    for name in sums:
        op.add_column("referral", sa.Column(name, amount, nullable=False, server_default="0"))
    for name in moments:
        op.add_column("referral", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    drawn = {"sqlite": "lower(hex(randomblob(16)))", "postgresql": "replace(gen_random_uuid()::text, '-', '')"}
    op.execute(
        f"UPDATE referral SET id = {drawn[op.get_bind().dialect.name]}, changed_at = recorded_at, paid_at = recorded_at"
    )
    with op.batch_alter_table("referral") as table:
        table.alter_column("changed_at", existing_type=sa.DateTime(timezone=True), nullable=False)
    op.create_index("referral_id", "referral", ["id"], unique=True)


def _attribution() -> None:
    """Every touch of an order, and orders that were posted."""
    op.add_column("run", sa.Column("converts_of", sa.String(), nullable=False, server_default=""))
    op.add_column("run", sa.Column("converts_within", sa.BigInteger(), nullable=False, server_default="0"))
    clicked = sa.text("kind = 'clicked'")
    op.create_index("event_clicked", "event", ["at"], sqlite_where=clicked, postgresql_where=clicked)
    op.create_table(
        "touch",
        sa.Column("order_id", sa.String(), nullable=False),
        sa.Column("message_id", sa.String(32), nullable=False),
        sa.Column("enrolment_id", sa.String(32), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("campaign", "customer_id", "evidence", "currency")),
        sa.Column("amount", Money(), nullable=False),
        *(sa.Column(name, Moment(), nullable=False) for name in ("sent_at", "touched_at", "at", "recorded_at")),
        sa.PrimaryKeyConstraint("order_id", "message_id"),
    )
    op.create_index("touch_at", "touch", ["at"])
    op.create_index("touch_campaign", "touch", ["campaign"])
    op.create_table(
        "posted_order",
        *(sa.Column(name, sa.String(), nullable=False) for name in ("order_id", "customer_id", "currency", "code")),
        *(sa.Column(name, Moment(), nullable=False) for name in ("at", "posted_at")),
        sa.Column("amount", Money(), nullable=False),
        sa.Column("counts", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("order_id"),
    )
    op.create_index("posted_order_at", "posted_order", ["at"])
    op.create_index("posted_order_customer", "posted_order", ["customer_id", "at"])


def _surveys() -> None:
    """Answers."""
    names = ("customer_id", "campaign", "survey", "question", "comment", "told", "told_webhook")
    op.create_table(
        "answer",
        *(sa.Column(name, sa.String(32), nullable=False) for name in ("id", "enrolment_id", "message_id")),
        *(sa.Column(name, sa.String(), nullable=False) for name in names),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("machine", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("message_id", "question"),
    )
    op.create_index("answer_customer", "answer", ["customer_id", "at"])
    op.create_index("answer_enrolment", "answer", ["enrolment_id"])
    op.create_index("answer_at", "answer", ["at"])


def _stages() -> None:
    """Who stands where in each ladder, since when."""
    texts = ("customer_id", "ladder", "since", "value", "before", "until")
    op.create_table(
        "stage",
        *(sa.Column(name, sa.String(), nullable=False) for name in texts),
        sa.Column("by_edit", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("customer_id", "ladder", "since"),
    )
    moved = sa.text("since <> ''")
    op.create_index("stage_move", "stage", ["ladder", "since"], sqlite_where=moved, postgresql_where=moved)
    op.create_table(
        "stage_flow",
        *(sa.Column(name, sa.String(), nullable=False) for name in ("day", "ladder", "before", "after")),
        sa.Column("by_edit", sa.Boolean(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "ladder", "before", "after", "by_edit"),
    )
    op.create_table(
        "stage_total",
        *(sa.Column(name, sa.String(), nullable=False) for name in ("day", "ladder", "value")),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "ladder", "value"),
    )
    op.create_table(
        "stage_run",
        *(sa.Column(name, sa.String(), nullable=False) for name in ("ladder", "day", "rules", "counted", "people")),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("ladder"),
    )
    op.create_table(
        "goal_start",
        *(sa.Column(name, sa.String(), nullable=False) for name in ("figure", "goal", "since")),
        sa.Column("baseline", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("figure", "goal"),
    )


def _variants() -> None:
    """Which wording somebody got, and trials of wordings."""
    op.add_column("message", sa.Column("variant", sa.String(), nullable=False, server_default=""))
    several = sa.text("variant <> ''")
    index = ["campaign", "name", "variant"]
    op.create_index("message_variant", "message", index, sqlite_where=several, postgresql_where=several)
    names = ("campaign", "message", "variants", "winner", "counts", "sentence")
    op.create_table(
        "trial",
        *(sa.Column(name, sa.String(), nullable=False) for name in names),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("campaign", "message", "variants"),
    )


def _cohorts() -> None:
    """Sums that reports add up. The day of an entry that is here already is the one it was in Greenwich."""
    op.add_column("enrolment", sa.Column("entered_on", sa.String(), nullable=False, server_default=""))
    day = {"sqlite": "substr(entered_at, 1, 10)", "postgresql": "to_char(entered_at AT TIME ZONE 'UTC', 'YYYY-MM-DD')"}
    op.execute(f"UPDATE enrolment SET entered_on = {day[op.get_bind().dialect.name]}")
    op.create_index("enrolment_cohort", "enrolment", ["campaign", "entered_on"])
    held = sa.text("arm = 'shop-holdout'")
    op.create_index(
        "enrolment_held_out", "enrolment", ["campaign", "entered_at"], sqlite_where=held, postgresql_where=held
    )
    op.create_index("touch_enrolment", "touch", ["enrolment_id"])
    cohort = ("entered_on", "campaign")
    _kept(
        "cohort",
        (*_texts(*cohort, "arm"), *_whole("entries", "people", "converted"), *_large("orders", "revenue")),
        (sa.Column("since", Moment(), nullable=False), *_whole("first", "first_converted")),
        (*_large("first_orders", "first_order_squares"), sa.Column("first_since", Moment(), nullable=True)),
        (*_texts("spent"), sa.PrimaryKeyConstraint(*cohort, "arm")),
    )
    kind = ("name", "channel", "variant", "state")
    _kept(
        "cohort_messages",
        (*_texts(*cohort, *kind), *_whole("messages"), sa.Column("due", Moment(), nullable=False)),
        (*_whole("converted"), *_large("revenue"), sa.PrimaryKeyConstraint(*cohort, *kind)),
    )
    kind = ("credit", "message", "evidence", "currency")
    _kept(
        "cohort_credit",
        (*_texts(*cohort, *kind), sa.Column("orders", sa.Float(), nullable=False), *_large("revenue")),
        (sa.PrimaryKeyConstraint(*cohort, *kind),),
    )
    value = ("issued_on", "kind", "value", "valid_until", "shared", "ended")
    _kept(
        "cohort_codes",
        (*_texts(*cohort, "issued_on", "kind"), sa.Column("value", Money(), nullable=False)),
        (sa.Column("valid_until", Moment(), nullable=False),),
        tuple(sa.Column(name, sa.Boolean(), nullable=False) for name in ("shared", "ended")),
        (*_whole("codes", "sent", "out", "redeemed"), sa.PrimaryKeyConstraint(*cohort, *value)),
    )
    _kept(
        "recount", (sa.Column("id", sa.Integer(), nullable=False), *_texts(*cohort)), (sa.PrimaryKeyConstraint("id"),)
    )
    _kept(
        "shop_arm",
        (*_texts("arm"), sa.Column("as_of", Moment(), nullable=False), *_whole("people", "converted")),
        (*_large("orders", "order_squares"), sa.Column("since", Moment(), nullable=False), *_texts("spent")),
        (sa.PrimaryKeyConstraint("arm"),),
    )


def _kept(name: str, *parts: tuple[sa.schema.SchemaItem, ...]) -> None:
    op.create_table(name, *(one for part in parts for one in part))


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String(), nullable=False) for name in names]


def _whole(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.Integer(), nullable=False) for name in names]


def _large(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger(), nullable=False) for name in names]
