"""What Regulars did and heard, as SQLModel tables. Singular names; contracts others may build on.

All of them stand on this one long page, so that who reads a ledger has its whole schema before them.

Ids of customers are text, whatever the shop's database holds. Ids of our own are UUIDv7 as 32 hexadecimal digits.
Times are aware and kept in UTC. Personal text is `message.address`, `message.context`, `answer.comment`, and the ids of
customers and orders; addresses are hashes everywhere else. `ledger.held` says column by column what is a person's.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, BigInteger, Column, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from regulars.ledger.columns import Moment, Money, moment, money, partial

STATES = (
    "planned",  # will be sent, not before `not_before`
    "claimed",  # a worker has it, nothing has left
    "sending",  # the intent is committed: from here on only evidence may say it was not sent
    "accepted",  # the provider has it
    "delivered",
    "opened",
    "clicked",
    "dropped",  # the provider gave up before trying
    "bounced",
    "failed",
    "ambiguous",  # the provider's answer was lost
    "unsent",  # ambiguous, and proven not sent
    "suppressed",  # consent, suppression or exit, looked up just before sending
    "expired",  # too late: `send_within` is over
    "skipped",  # its `when` did not hold when it was due
    "dead",  # it can never be sent: a render error, or refused by the provider when alone
)
"""States of a message (DESIGN section 5)."""

FINAL = (
    "accepted",
    "delivered",
    "opened",
    "clicked",
    "dropped",
    "bounced",
    "failed",
    "suppressed",
    "expired",
    "skipped",
    "dead",
)
SENT = ("sending", "accepted", "delivered", "opened", "clicked", "bounced", "ambiguous")
"""States that count as contact: what caps, `last_contacted` and reports count."""


class Enrolment(SQLModel, table=True):
    """Somebody entered a campaign.

    `occasion` is what makes the entry one: `1`, `2` …, a birthday's year, the id of a row.
    """

    __table_args__ = (
        UniqueConstraint("campaign", "customer_id", "occasion"),
        partial("enrolment_running", "campaign", "entered_at", where="ended_at IS NULL"),
        Index("enrolment_cohort", "campaign", "entered_on"),
        partial("enrolment_held_out", "campaign", "entered_at", where="arm = 'shop-holdout'"),
        Index("enrolment_customer", "customer_id"),
    )
    id: str = Field(primary_key=True, max_length=32)
    campaign: str
    customer_id: str
    occasion: str
    arm: str
    """`treated`, `holdout` (the campaign's) or `shop-holdout` (nobody of these ever hears from us)."""
    entered_at: datetime = Field(sa_column=moment())
    due_at: datetime = Field(sa_column=moment())
    """When its first message was due, or when it began where that has a time of its own; later ones count from it."""
    run_id: str = ""
    offer_step: int = 0
    """Which step of the offer's ladder this entry stands on, from 0."""
    ended_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    end_reason: str = ""
    """`finished`, `exit`, `forgotten`, or empty while it runs."""
    row_ids: str = ""
    """JSON list: the rows that `for_each … together` put into this one entry; empty for every other entry."""
    entered_on: str = ""
    """The shop's day (ISO) of `entered_at`: its cohort, with which reports count it."""


class Message(SQLModel, table=True):
    """One message of an enrolment: what will be, or was, sent to one address."""

    __table_args__ = (
        UniqueConstraint("enrolment_id", "name"),
        partial("message_due", "channel", "not_before", where="state = 'planned'"),
        partial("message_lease", "lease_until", where="state IN ('claimed', 'sending')"),
        Index("message_customer", "customer_id", "sent_at"),
        partial("message_attempt", "attempt_id", where="attempt_id <> ''"),
        partial("message_in_doubt", "channel", "sent_at", where="state IN ('ambiguous', 'unsent')"),
        partial("message_variant", "campaign", "name", "variant", where="variant <> ''"),
    )
    id: str = Field(primary_key=True, max_length=32)
    enrolment_id: str = Field(max_length=32)
    campaign: str
    name: str
    customer_id: str
    channel: str
    """`email` or `sms`."""
    language: str
    template: str
    template_hash: str
    """Which version of the words (`template.hash`) it is rendered from; set when it is sent."""
    address: str
    """The e-mail address, or the phone number in E.164; empty for a message that is `skipped`."""
    address_hash: str
    context: str
    """JSON: the variables of the template (DESIGN section 3), minimal."""
    state: str = "planned"
    reason: str = ""
    """Why it is `suppressed`, `expired`, `skipped`, `dead` or `ambiguous`."""
    due_at: datetime = Field(sa_column=moment())
    not_before: datetime = Field(sa_column=moment())
    """Later than `due_at` where quiet hours or a provider's limit moved it."""
    expires_at: datetime = Field(sa_column=moment())
    local_day: str
    """The customer's calendar day (ISO) it counts against in frequency caps; follows `not_before`."""
    claim_token: str = ""
    lease_until: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    attempt_id: str = ""
    tries: int = 0
    provider_id: str = ""
    sent_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    """When the intent to send it was committed."""
    company: int = 0
    """At most so many messages may share its next request; 0: as many as the channel takes. Halved by each refusal."""
    variant: str = ""
    """Which of the message's wordings it is; empty where there is one alone."""


class Attempt(SQLModel, table=True):
    """One request to a provider, written before the request leaves."""

    id: str = Field(primary_key=True, max_length=32)
    channel: str
    through: str = ""
    """The provider that was asked: `sendgrid`, `twilio`, `folder` …; only its word settles what is in doubt."""
    worker: str
    messages: int
    """How many messages it carries."""
    state: str = "intent"
    """`intent`, `accepted`, `rejected`, `throttled`, `notsent`, `config` or `ambiguous`."""
    http_status: int | None = None
    provider_request_id: str = ""
    started_at: datetime = Field(sa_column=moment())
    lease_until: datetime = Field(sa_column=moment())
    finished_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))


class Transition(SQLModel, table=True):
    """Every change of a message's state, in the order they happened. Append only: the database sees to it."""

    __table_args__ = (Index("transition_message", "message_id"),)
    id: int | None = Field(default=None, primary_key=True)
    message_id: str = Field(max_length=32)
    before: str
    after: str
    at: datetime = Field(sa_column=moment())
    cause: str
    attempt_id: str = ""


class Code(SQLModel, table=True):
    """A code, given to one customer, written in the same transaction as its message.

    Each is one customer's alone, unless it is `shared`: written in the campaign's file, and the same for everybody.
    """

    __table_args__ = (
        Index("code_enrolment", "enrolment_id"),
        Index("code_unique", "code", unique=True, sqlite_where=text("NOT shared"), postgresql_where=text("NOT shared")),
        partial("code_counted", "campaign", "issued_at", where="expected IS NOT NULL"),
    )
    code: str = Field(primary_key=True, max_length=32)
    enrolment_id: str = Field(primary_key=True, max_length=32)
    message_name: str = Field(primary_key=True)
    campaign: str
    customer_id: str
    kind: str
    """`percent`, `amount`, `free_delivery` or `gift`."""
    value: Decimal = Field(sa_column=money())
    """Per cent or an amount of `currency`; 0 for the other kinds."""
    currency: str
    issued_at: datetime = Field(sa_column=moment())
    valid_until: datetime = Field(sa_column=moment())
    ended_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    """When a later offer of the same entry replaced it."""
    shared: bool = False
    gift: str = ""
    """What is given, for the kind `gift`."""
    holder_only: bool = False
    """Whether nobody else may use it (`redeem: holder`)."""
    expected: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    """What budgets of `discount` count it as, in hundredths of the shop's currency; None: no budget counts it."""
    at_most: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    """The same of budgets of `redeemed`: what it may still take off, or what it took off."""


class Budget(SQLModel, table=True):
    """How much of one budget is used up in one of its periods: the row that whoever gives codes holds meanwhile.

    A sum that is kept: the codes it counts say the same (`ledger.budgets`).
    """

    scope: str = Field(primary_key=True)
    """`campaign NAME`, or `shop` for all of them together."""
    kind: str = Field(primary_key=True)
    """`discount` or `redeemed`."""
    period: str = Field(primary_key=True)
    """`2026-08-27`, `2026-W35`, `2026-08`, `2026` or `all`, by the shop's calendar."""
    counted: int = Field(sa_column=Column(BigInteger, nullable=False))
    """Hundredths of the shop's currency."""


class Redemption(SQLModel, table=True):
    """An order that carried a code of a message, whoever gets the credit for it. Made anew from the shop's orders."""

    __table_args__ = (
        Index("redemption_entry", "enrolment_id"),
        Index("redemption_campaign", "campaign", "at"),
    )
    order_id: str = Field(primary_key=True)
    code: str
    campaign: str
    enrolment_id: str
    """Whose code it is; of a shared code the customer's own entry, or empty where they were never given it."""
    message_name: str
    customer_id: str
    """Who ordered."""
    standing: str
    """`used`, or why it is told apart: `late`, `again`, `not theirs`, `too early` (see `campaigns.redeeming`)."""
    amount: Decimal = Field(sa_column=money())
    """What was paid."""
    discount: Decimal = Field(sa_column=money())
    """What the code took off, by its terms."""
    at: datetime = Field(sa_column=moment())


class PoolCode(SQLModel, table=True):
    """A code the shop's checkout knows already, to be given to somebody once."""

    __tablename__ = "pool_code"
    __table_args__ = (partial("pool_code_free", "pool", where="taken_at IS NULL"),)
    code: str = Field(primary_key=True, max_length=32)
    pool: str
    imported_at: datetime = Field(sa_column=moment())
    taken_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))


class ReferralCode(SQLModel, table=True):
    """Each advocate's own code, for ever the same."""

    __tablename__ = "referral_code"
    code: str = Field(primary_key=True, max_length=32)
    customer_id: str = Field(unique=True)
    created_at: datetime = Field(sa_column=moment())


class Referral(SQLModel, table=True):
    """A friend's first order that carried an advocate's code, and what became of it: one row for each friend, ever."""

    __table_args__ = (
        Index("referral_advocate", "advocate_id"),
        Index("referral_id", "id", unique=True),
    )
    friend_id: str = Field(primary_key=True)
    advocate_id: str
    code: str
    order_id: str
    amount: Decimal = Field(sa_column=money())
    at: datetime = Field(sa_column=moment())
    recorded_at: datetime = Field(sa_column=moment())
    id: str = Field(max_length=32)
    """Names the row without naming anybody: campaigns that walk referrals enter under it."""
    state: str = "pending"
    """`pending` (the order may still come back), `paid`, `taken_back` (it was paid, and came back) or `refused`."""
    reason: str = ""
    """Why it is refused: `oneself`, `already_customer`, `circle`, `too_many` or `forgotten`."""
    changed_at: datetime = Field(sa_column=moment())
    """When `state` and `reason` became what they are."""
    paid_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    ended_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    """When it was taken back, or refused after all, once it was paid."""
    campaign: str = ""
    """Whose `referral` it was paid by; empty where no campaign had one."""
    place: int = 0
    """Which of the advocate's friends this was when it was paid, from 1."""
    currency: str = ""
    friend_kind: str = ""
    """What the friend had by the code in their first order (see `code.kind`); empty where nothing."""
    friend_value: Decimal = Field(default=Decimal(0), sa_column=money())
    reward_code: str = ""
    """What the advocate was given: a code of the table `code`, under this row's id; empty where nothing."""
    reward_kind: str = ""
    reward_value: Decimal = Field(default=Decimal(0), sa_column=money())
    reward_gift: str = ""
    reward_until: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    spent_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    """When an order that counts carried the reward's code."""
    spent_amount: Decimal = Field(default=Decimal(0), sa_column=money())
    """What was paid for that order."""


class ConsentRecord(SQLModel, table=True):
    """What somebody said to us about being written to; stands over the shop's data."""

    __tablename__ = "consent"
    __table_args__ = (Index("consent_customer", "customer_id", "channel"),)
    id: str = Field(primary_key=True, max_length=32)
    customer_id: str
    channel: str
    given: bool
    source: str
    wording: str = ""
    at: datetime = Field(sa_column=moment())
    topic: str = ""
    """The one topic it was said about; empty: everything."""


class Suppression(SQLModel, table=True):
    """An address that must not be written to: hard bounce, complaint, opt-out. Kept as a hash.

    Under the channel `customer` somebody who was forgotten, by a hash of their id: see `ledger.forgotten`.
    """

    address_hash: str = Field(primary_key=True)
    channel: str = Field(primary_key=True)
    reason: str
    at: datetime = Field(sa_column=moment())
    after_transition: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    """The last transition before it, filled in by the database: no intent to send there may come behind it."""


class Event(SQLModel, table=True):
    """What a provider told us about a message. `key` makes a repeated delivery of the event one row."""

    __table_args__ = (
        Index("event_message", "message_id"),
        partial("event_unjudged", "received_at", where="verdict = 'unjudged'"),
        partial("event_clicked", "at", where="kind = 'clicked'"),
    )
    key: str = Field(primary_key=True)
    provider: str
    message_id: str
    kind: str
    at: datetime = Field(sa_column=moment())
    received_at: datetime = Field(sa_column=moment())
    detail: str = ""
    attempt_id: str = ""
    """The attempt it is about, where the provider said so."""
    machine: bool = False
    """An open or click of a scanner or of a mail program that fetches ahead: kept, and never counted."""
    verdict: str = ""
    """What it says of the address (`ledger.verdicts`), or `unjudged`: a click that may still turn out a scanner's."""
    link: str = ""
    """A hash of the link that was clicked, so that links can be told apart; never the link."""


class Stray(SQLModel, table=True):
    """An event that cannot be applied: of a message, attempt or address that this ledger does not know.

    It may have come before our own commit, be another ledger's, be forged, or tell that this ledger is an old copy.
    """

    __table_args__ = (Index("stray_message", "message_id"), Index("stray_same", "same"))
    key: str = Field(primary_key=True)
    provider: str
    message_id: str
    attempt_id: str
    same: str
    """What the message was, whatever its id: see `ledger.same`."""
    kind: str
    at: datetime = Field(sa_column=moment())
    received_at: datetime = Field(sa_column=moment())
    address_hash: str
    why: str
    """`unknown-message`, `unknown-attempt` or `other-address`."""
    detail: str = ""
    machine: bool = False
    verdict: str = ""
    link: str = ""
    provider_id: str = ""
    """The rest of the event, so that it can be applied once its message is known."""


class Halt(SQLModel, table=True):
    """Something must not go on until somebody lifts it: a campaign, a channel, or this whole ledger."""

    __table_args__ = (partial("halt_in_force", "scope", where="lifted_at IS NULL"),)
    id: str = Field(primary_key=True, max_length=32)
    scope: str
    """`ledger`, `channel email`, `campaign winback` …"""
    reason: str
    at: datetime = Field(sa_column=moment())
    lifted_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    lifted_by: str = ""


class Breaker(SQLModel, table=True):
    """What all workers know of a provider's health: shared, so that an outage is met once and not by each of them."""

    account: str = Field(primary_key=True)
    """A channel's name, such as `sendgrid`."""
    failures: int
    """Since the last success."""
    batch: int
    """At most so many messages share a request now; 0: as many as the channel takes."""
    open_until: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    """Nobody asks before; then one worker may try. None: the way is free."""


class Bucket(SQLModel, table=True):
    """The tokens of a rate limit, shared by all workers."""

    account: str = Field(primary_key=True)
    tokens: float
    filled_at: datetime = Field(sa_column=moment())


class Tally(SQLModel, table=True):
    """How many messages of a campaign an event was told about, each message once: what stops a campaign by itself."""

    campaign: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    n: int = Field(sa_column=Column(BigInteger, nullable=False))


class Link(SQLModel, table=True):
    """Where a short link in a text message leads. Links in messages carry its number, never an address."""

    number: int | None = Field(default=None, primary_key=True)
    url: str = Field(unique=True)
    first_used_at: datetime = Field(sa_column=moment())


class Cursor(SQLModel, table=True):
    """How far something has been read; kept here, so that an older copy of the ledger reads it again."""

    name: str = Field(primary_key=True)
    position: int = Field(sa_column=Column(BigInteger, nullable=False))


class Answer(SQLModel, table=True):
    """What somebody answered to one question of a message's survey; a changed mind replaces the answer before it."""

    __table_args__ = (
        UniqueConstraint("message_id", "question"),
        Index("answer_customer", "customer_id", "at"),
        Index("answer_enrolment", "enrolment_id"),
        Index("answer_at", "at"),
    )
    id: str = Field(primary_key=True, max_length=32)
    customer_id: str
    campaign: str
    enrolment_id: str = Field(max_length=32)
    message_id: str = Field(max_length=32)
    survey: str
    """`nps` (0 to 10), `csat` (1 to 5) or `cli` (1 to 6)."""
    question: str
    """`recommend`, `satisfied`, `buy_again` or `try_others`."""
    score: int
    comment: str
    """What they wrote beside it; on one question of a survey at most."""
    at: datetime = Field(sa_column=moment())
    """When they answered last."""
    machine: bool = False
    """A mail scanner's, which ran the page's script: kept, and never counted."""
    told: str = ""
    """Whether somebody of the shop heard of it by e-mail: empty (not yet), `no` (not wanted), `intent` (it may have
    left), `accepted`, `rejected` or `ambiguous`."""
    told_webhook: str = ""
    """The same of the webhook that is told of it."""


class Conversion(SQLModel, table=True):
    """An order and the one message that gets the credit for it."""

    __table_args__ = (Index("conversion_campaign", "campaign", "at"), Index("conversion_enrolment", "enrolment_id"))
    order_id: str = Field(primary_key=True)
    campaign: str
    enrolment_id: str
    message_id: str
    """The last touch: of the strongest evidence, the latest."""
    customer_id: str
    arm: str
    evidence: str
    """`code`, `referral`, `click` or `window`."""
    amount: Decimal = Field(sa_column=money())
    currency: str
    at: datetime = Field(sa_column=moment())
    recorded_at: datetime = Field(sa_column=moment())


class Touch(SQLModel, table=True):
    """A message that may have had a part in an order. All are kept; the strongest, latest has a `conversion`."""

    __table_args__ = (
        Index("touch_at", "at"),
        Index("touch_campaign", "campaign"),
        Index("touch_enrolment", "enrolment_id"),
    )
    order_id: str = Field(primary_key=True)
    message_id: str = Field(primary_key=True, max_length=32)
    enrolment_id: str = Field(max_length=32)
    campaign: str
    customer_id: str
    """Whose message it is; a code may have been used by somebody else."""
    evidence: str
    """The strongest there is for this message: `code`, `referral`, `click` or `window`."""
    sent_at: datetime = Field(sa_column=moment())
    touched_at: datetime = Field(sa_column=moment())
    """Of a click, the last one before the order; else when the message was sent."""
    amount: Decimal = Field(sa_column=money())
    """The whole order's."""
    currency: str
    at: datetime = Field(sa_column=moment())
    """When the order was placed."""
    recorded_at: datetime = Field(sa_column=moment())


class PostedOrder(SQLModel, table=True):
    """An order that the shop told us of by `POST /orders`: it counts until the shop's own data has it."""

    __tablename__ = "posted_order"
    __table_args__ = (Index("posted_order_at", "at"), Index("posted_order_customer", "customer_id", "at"))
    order_id: str = Field(primary_key=True)
    customer_id: str
    at: datetime = Field(sa_column=moment())
    amount: Decimal = Field(sa_column=money())
    currency: str
    code: str
    counts: bool
    """False once it was cancelled or refunded, and then for ever."""
    posted_at: datetime = Field(sa_column=moment())


class Outcome(SQLModel, table=True):
    """What an entry of any arm did within its conversion window, credited or not: what lift is read from."""

    enrolment_id: str = Field(primary_key=True, max_length=32)
    orders: int
    revenue: Decimal = Field(sa_column=money())
    first_at: datetime = Field(sa_column=moment())
    updated_at: datetime = Field(sa_column=moment())


class Template(SQLModel, table=True):
    """A version of the words that was used at least once: same context + same version = same text, for ever."""

    hash: str = Field(primary_key=True)
    name: str
    files: str
    """JSON: `{"files": {name: text, layouts included}, "shop": {…}}`."""
    first_used_at: datetime = Field(sa_column=moment())


class Run(SQLModel, table=True):
    """One run of a campaign."""

    __table_args__ = (Index("run_campaign", "campaign", "started_at"),)
    id: str = Field(primary_key=True, max_length=32)
    campaign: str
    as_of: datetime = Field(sa_column=moment())
    started_at: datetime = Field(sa_column=moment())
    finished_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    audience: int = 0
    fingerprint: str = ""
    snapshot: str = ""
    """The file name of the snapshot it saw."""
    converts_of: str = ""
    """What counted as success then: `order`, `referral` …; its entries are judged by that, whatever is edited."""
    converts_within: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    """Seconds after entering; 0: of a run that did not note it, whose campaign's file is asked."""
    counts: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    """`{"enrolled": n, "send": {channel: n}, "withheld": {reason: n}, "holdout": n}`"""


class Trial(SQLModel, table=True):
    """The variants of a message, tried on some before the others get the best. Other variants are another trial."""

    campaign: str = Field(primary_key=True)
    message: str = Field(primary_key=True)
    variants: str = Field(primary_key=True)
    """Their names in alphabetical order, with commas between them."""
    started_at: datetime = Field(sa_column=moment())
    """When the first message of it was due."""
    ended_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    """When the others' time had come; empty while it runs. Settled once, with what follows."""
    winner: str = ""
    """The best one; empty where none was known to be."""
    counts: str = "{}"
    """JSON: what was known then, `{variant: [people, of whom did it]}`."""
    sentence: str = ""


class Edition(SQLModel, table=True):
    """The rules and campaigns of a run, as they were written: what `plan` compares an edit with."""

    fingerprint: str = Field(primary_key=True)
    files: str
    """JSON: `{path: text}` of rules.yaml and campaigns/*.yaml."""
    first_used_at: datetime = Field(sa_column=moment())


class Approval(SQLModel, table=True):
    """Somebody of the team has seen a plan and lets it go."""

    id: str = Field(primary_key=True, max_length=32)
    fingerprint: str
    """Of the files that were planned."""
    campaign: str
    name: str
    """Who: a name of `shop.team`."""
    people: int
    """How many the plan would have reached: what was approved, at most."""
    at: datetime = Field(sa_column=moment())


class Membership(SQLModel, table=True):
    """Who was in the audience of a campaign with `repeat: on entry` when it last ran."""

    campaign: str = Field(primary_key=True)
    customer_id: str = Field(primary_key=True)
    since: datetime = Field(sa_column=moment())
    """The run that first saw them there."""
    waiting: bool = False
    """Entered, and not yet sent to: a cap or quiet hours stood in the way."""


class Stage(SQLModel, table=True):
    """Who stands where in a ladder, and since when: a row for each value somebody had, as runs saw it.

    Days are the shop's, ISO. At most one change a day is kept: from where the day found somebody to where it left them.
    """

    __table_args__ = (partial("stage_move", "ladder", "since", where="since <> ''"),)
    customer_id: str = Field(primary_key=True)
    ladder: str = Field(primary_key=True)
    since: str = Field(primary_key=True)
    """The day they came to it; empty where the first run that looked found them there."""
    value: str
    """Empty: they are not among the shop's customers any more."""
    before: str = ""
    """The value they came from; empty where they are new to the shop."""
    by_edit: bool = False
    """It was an edit of the rules that moved them."""
    until: str = ""
    """The day they left it; empty while they are there."""


class StageFlow(SQLModel, table=True):
    """How many people moved between two values of a ladder on one day of the shop; added up from `stage`."""

    __tablename__ = "stage_flow"
    day: str = Field(primary_key=True)
    ladder: str = Field(primary_key=True)
    before: str = Field(primary_key=True)
    after: str = Field(primary_key=True)
    by_edit: bool = Field(primary_key=True)
    people: int


class StageTotal(SQLModel, table=True):
    """How many people stood where on one day of the shop: on the steps of a ladder, `in` an audience or a programme."""

    __tablename__ = "stage_total"
    day: str = Field(primary_key=True)
    ladder: str = Field(primary_key=True)
    """Or an audience, or `programme NAME`."""
    value: str = Field(primary_key=True)
    people: int


class StageRun(SQLModel, table=True):
    """The last time that the stages of a ladder were looked at, and by which rules."""

    __tablename__ = "stage_run"
    ladder: str = Field(primary_key=True)
    day: str
    as_of: datetime = Field(sa_column=moment())
    rules: str
    """A hash of all that the ladder is made of."""
    counted: str
    """The same of what is counted from the shop's tables."""
    people: str
    """The file name of what the source said then."""


class GoalStart(SQLModel, table=True):
    """Where a figure stood when a run first saw a goal for it."""

    __tablename__ = "goal_start"
    figure: str = Field(primary_key=True)
    goal: str = Field(primary_key=True)
    """As it is written: another goal starts anew."""
    since: str
    """A day of the shop, ISO."""
    baseline: float | None = None
    """None where the figure could not be computed."""


class Cohort(SQLModel, table=True):
    """Who fell into one arm of a campaign on one day of the shop's, and what they did: sums that reports add up.

    The cohort of a campaign and a day is all that hangs on the entries of that day, whenever it happens. Its sums, in
    this table and the three below, are kept until something of it changes (`recount`).
    """

    entered_on: str = Field(primary_key=True)
    campaign: str = Field(primary_key=True)
    arm: str = Field(primary_key=True)
    entries: int
    people: int
    """Entries that were their customer's first in this arm of the campaign."""
    converted: int
    """Entries that were their customer's first with an order in its window."""
    orders: int = Field(sa_column=Column(BigInteger, nullable=False))
    revenue: int = Field(sa_column=Column(BigInteger, nullable=False))
    """Hundredths."""
    since: datetime = Field(sa_column=moment())
    """When the first of them entered."""
    first: int
    """Those that are compared: entries that were their customer's first in the campaign, and not before it had held
    anybody out; the four below are of these alone."""
    first_converted: int
    first_orders: int = Field(sa_column=Column(BigInteger, nullable=False))
    first_order_squares: int = Field(sa_column=Column(BigInteger, nullable=False))
    first_since: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    spent: str = ""
    """What each of these spent in the year before and in the window, where it is anything: see `cohorts.spent`."""


class CohortMessages(SQLModel, table=True):
    """The messages of one cohort that have one name, channel, variant and state."""

    __tablename__ = "cohort_messages"
    entered_on: str = Field(primary_key=True)
    campaign: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    channel: str = Field(primary_key=True)
    variant: str = Field(primary_key=True)
    state: str = Field(primary_key=True)
    messages: int
    due: datetime = Field(sa_column=moment())
    """When the first of them was due."""
    converted: int
    """Of messages with variants: whose entry has an order in its window; with `revenue` in hundredths."""
    revenue: int = Field(sa_column=Column(BigInteger, nullable=False))


class CohortCredit(SQLModel, table=True):
    """What the messages of one cohort that have one name are credited with."""

    __tablename__ = "cohort_credit"
    entered_on: str = Field(primary_key=True)
    campaign: str = Field(primary_key=True)
    credit: str = Field(primary_key=True)
    """`last`, `first` or `linear`."""
    message: str = Field(primary_key=True)
    evidence: str = Field(primary_key=True)
    currency: str = Field(primary_key=True)
    orders: float
    revenue: int = Field(sa_column=Column(BigInteger, nullable=False))
    """Hundredths."""


class CohortCodes(SQLModel, table=True):
    """The codes of one cohort with the same value that were given on one day and are good as long."""

    __tablename__ = "cohort_codes"
    entered_on: str = Field(primary_key=True)
    campaign: str = Field(primary_key=True)
    issued_on: str = Field(primary_key=True)
    """The shop's day, ISO."""
    kind: str = Field(primary_key=True)
    value: Decimal = Field(sa_column=Column(Money(), primary_key=True))
    valid_until: datetime = Field(sa_column=Column(Moment(), primary_key=True))
    shared: bool = Field(primary_key=True)
    ended: bool = Field(primary_key=True)
    """Whether a later offer replaced them."""
    codes: int
    sent: int
    """Those of messages that went, or may still go."""
    out: int
    """Of these, the ones that no order has carried."""
    redeemed: int
    """Those that an order has used while they were good."""


class Recount(SQLModel, table=True):
    """Something of a cohort has changed since its sums were made. A row for each change, so that nobody waits."""

    id: int | None = Field(default=None, primary_key=True)
    campaign: str
    entered_on: str


class ShopArm(SQLModel, table=True):
    """What the shop's own holdout, or everybody else, did since it was held out: counted once a day."""

    __tablename__ = "shop_arm"
    arm: str = Field(primary_key=True)
    """`treated` or `holdout`."""
    as_of: datetime = Field(sa_column=moment())
    people: int
    converted: int
    orders: int = Field(sa_column=Column(BigInteger, nullable=False))
    order_squares: int = Field(sa_column=Column(BigInteger, nullable=False))
    since: datetime = Field(sa_column=moment())
    spent: str = ""
    """As in `cohort`."""


class Salt(SQLModel, table=True):
    """Random secrets of this ledger that must outlive a change of environment keys: `arms`, `addresses`, `same`.

    `ledger` is its identity: providers carry it, so that what they tell is known to be about this ledger.

    `campaign NAME` is no secret: the name under which the arms of a renamed campaign are drawn.
    """

    name: str = Field(primary_key=True)
    value: str


class Pulse(SQLModel, table=True):
    """Counts the transactions that changed the ledger, in a few slots so that writers do not queue for one row."""

    slot: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    changes: int = Field(sa_column=Column(BigInteger, nullable=False))
