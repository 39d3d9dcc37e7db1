"""What each table holds of a person, and what becomes of it when they are forgotten.

Every table and every column with text has its answer here; a test fails for one that has none. What is counted stays,
without the person: figures, caps and unique keys remain true.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

THEIRS = "customer_id = :customer"
THEIR_MESSAGES = "SELECT id FROM message WHERE customer_id = :customer"
PSEUDONYM = ":pseudonym"
NOW = ":now"


@dataclass(frozen=True)
class Holding:
    """The answer of one table."""

    whose: str = ""
    """SQL: which of its rows are a person's. Empty: none is."""
    becomes: Mapping[str, str] = field(default_factory=dict)
    """Column → SQL of what stands there afterwards."""
    deleted: bool = False
    """Whether their rows go altogether."""
    nobody: Mapping[str, str] = field(default_factory=dict)
    """Column with text → why it says nothing about anybody."""
    hidden: tuple[str, ...] = ()
    """Columns that mean nothing to the person, and are left out of what is given to them."""


OURS = "an id of our own, drawn at random"
SHOPS = "the shop's own words"
WORD = "one of a few words"
COHORT = {"campaign": SHOPS, "entered_on": "a day"}

HELD: dict[str, Holding] = {
    # What hangs on messages comes before the messages: it is found by them.
    "event": Holding(
        whose=f"message_id IN ({THEIR_MESSAGES})",
        becomes={"detail": "''"},
        nobody={"key": "a hash", "provider": WORD, "message_id": OURS, "kind": WORD, "attempt_id": OURS},
        hidden=("key", "attempt_id"),
    ),
    "stray": Holding(
        whose=f"message_id IN ({THEIR_MESSAGES}) OR address_hash IN {{hashes}}",
        deleted=True,
        hidden=("key", "attempt_id", "same", "address_hash"),
    ),
    "transition": Holding(
        whose=f"message_id IN ({THEIR_MESSAGES})",
        nobody={
            "message_id": OURS,
            "before": WORD,
            "after": WORD,
            "cause": "one of our sentences, which quote nobody",
            "attempt_id": OURS,
        },
        hidden=("id", "attempt_id"),
    ),
    "outcome": Holding(
        whose="enrolment_id IN (SELECT id FROM enrolment WHERE customer_id = :customer)", nobody={"enrolment_id": OURS}
    ),
    # An order of theirs, or somebody's with a code of theirs (a reward for a friend stands under the referral's id);
    # found before `code` loses its codes.
    "redemption": Holding(
        whose="customer_id = :customer OR enrolment_id IN (SELECT id FROM enrolment WHERE customer_id = :customer "
        "UNION ALL SELECT id FROM referral WHERE advocate_id = :customer)",
        becomes={
            "order_id": "CASE WHEN customer_id = :customer THEN {drawn} ELSE order_id END",
            "customer_id": "CASE WHEN customer_id = :customer THEN :pseudonym ELSE customer_id END",
            "code": "CASE WHEN EXISTS (SELECT 1 FROM code WHERE code.code = redemption.code AND shared) "
            "THEN code ELSE {drawn} END",
        },
        nobody={"campaign": SHOPS, "enrolment_id": OURS, "message_name": SHOPS, "standing": WORD},
        # Whoever else used their code is told to nobody.
        hidden=("order_id", "customer_id", "amount", "enrolment_id"),
    ),
    "answer": Holding(
        whose=THEIRS,
        becomes={"customer_id": PSEUDONYM, "comment": "''"},
        nobody={
            "id": OURS,
            "campaign": SHOPS,
            "enrolment_id": OURS,
            "message_id": OURS,
            "survey": WORD,
            "question": WORD,
            "told": WORD,
            "told_webhook": WORD,
        },
        hidden=("id", "told", "told_webhook"),
    ),
    "code": Holding(
        whose=THEIRS,
        # A code is in the shop's orders too, and would lead from there to everything else.
        becomes={"customer_id": PSEUDONYM, "code": "CASE WHEN shared THEN code ELSE {drawn} END"},
        nobody={
            "enrolment_id": OURS,
            "message_name": SHOPS,
            "campaign": SHOPS,
            "kind": WORD,
            "currency": WORD,
            "gift": SHOPS,
        },
        hidden=("expected", "at_most"),
    ),
    "budget": Holding(nobody={"scope": "a campaign, or the shop", "kind": WORD, "period": "days"}),
    "conversion": Holding(
        whose=THEIRS,
        becomes={"customer_id": PSEUDONYM, "order_id": "{drawn}"},
        nobody={
            "campaign": SHOPS,
            "enrolment_id": OURS,
            "message_id": OURS,
            "arm": WORD,
            "evidence": WORD,
            "currency": WORD,
        },
    ),
    # The credit itself stays, in `conversion`.
    "touch": Holding(whose=THEIRS, deleted=True),
    "posted_order": Holding(whose=THEIRS, deleted=True),
    "message": Holding(
        whose=THEIRS,
        becomes={
            "customer_id": PSEUDONYM,
            "address": "''",
            # What is in doubt keeps the hash: a late word of the provider is known by it, and should anybody plan such
            # a message again, the suppression stops it.
            "address_hash": "CASE WHEN state IN ('sending', 'ambiguous', 'unsent') THEN address_hash ELSE '' END",
            "context": "'{{}}'",
        },
        nobody={
            "id": OURS,
            "enrolment_id": OURS,
            "campaign": SHOPS,
            "name": SHOPS,
            "channel": WORD,
            "language": WORD,
            "template": SHOPS,
            "template_hash": "a hash of the shop's own words",
            "state": WORD,
            "reason": "one of our sentences, which quote nobody",
            "local_day": "a day",
            "claim_token": OURS,
            "attempt_id": OURS,
            "provider_id": "the provider's id of the message, drawn at random",
            "variant": SHOPS,
        },
        hidden=("address_hash", "claim_token", "attempt_id", "lease_until", "company", "tries"),
    ),
    "enrolment": Holding(
        whose=THEIRS,
        becomes={
            "customer_id": PSEUDONYM,
            # The id of a row, such as a basket, leads to its owner in the shop's data.
            "occasion": "id",
            "row_ids": "''",
            "end_reason": "CASE WHEN ended_at IS NULL THEN 'forgotten' ELSE end_reason END",
            "ended_at": f"COALESCE(ended_at, {NOW})",
        },
        nobody={"id": OURS, "campaign": SHOPS, "arm": WORD, "run_id": OURS},
        hidden=("run_id",),
    ),
    "referral": Holding(
        whose="friend_id = :customer OR advocate_id = :customer",
        becomes={
            "friend_id": "CASE WHEN friend_id = :customer THEN :pseudonym ELSE friend_id END",
            "order_id": "CASE WHEN friend_id = :customer THEN {drawn} ELSE order_id END",
            "advocate_id": "CASE WHEN advocate_id = :customer THEN :pseudonym ELSE advocate_id END",
            "code": "CASE WHEN advocate_id = :customer THEN '' ELSE code END",
            # Nobody can see any more whether it comes back, and nobody is rewarded for somebody unknown.
            "reason": "CASE WHEN state = 'pending' THEN 'forgotten' ELSE reason END",
            "state": "CASE WHEN state = 'pending' THEN 'refused' ELSE state END",
            "reward_code": "CASE WHEN advocate_id = :customer THEN '' ELSE reward_code END",
        },
        nobody={
            "id": OURS,
            "campaign": SHOPS,
            "currency": WORD,
            "friend_kind": WORD,
            "reward_kind": WORD,
            "reward_gift": SHOPS,
        },
        hidden=("id",),
    ),
    "referral_code": Holding(whose=THEIRS, deleted=True),
    "consent": Holding(whose=THEIRS, deleted=True, hidden=("id",)),
    "membership": Holding(whose=THEIRS, deleted=True),
    "stage": Holding(whose=THEIRS, deleted=True),
    "suppression": Holding(
        whose="address_hash IN {hashes}",
        # Only the hash, so that nobody writes there again; why it was closed before is nobody's business any more.
        becomes={"reason": "'forgotten'", "at": NOW},
        nobody={"address_hash": "a salted hash, which is meant to stay", "channel": WORD},
        hidden=("address_hash",),
    ),
    "link": Holding(whose="number IN {links}", becomes={"url": "{drawn}"}, hidden=("number",)),
    "attempt": Holding(
        nobody={
            "id": OURS,
            "channel": WORD,
            "worker": "a machine",
            "state": WORD,
            "provider_request_id": "the provider's id of the request, drawn at random",
        }
    ),
    "pool_code": Holding(
        nobody={"code": "one of the shop's list; who was given it stands in `code` alone", "pool": SHOPS}
    ),
    "halt": Holding(
        nobody={
            "id": OURS,
            "scope": "a campaign, a channel or the ledger",
            "reason": "a figure and its limit",
            "lifted_by": "an operator",
        }
    ),
    "breaker": Holding(nobody={"account": "a provider"}),
    "bucket": Holding(nobody={"account": "a provider"}),
    "tally": Holding(nobody={"campaign": SHOPS, "kind": WORD}),
    "cursor": Holding(nobody={"name": "what is read"}),
    "trial": Holding(
        nobody={
            "campaign": SHOPS,
            "message": SHOPS,
            "variants": SHOPS,
            "winner": SHOPS,
            "counts": "numbers",
            "sentence": "one of our sentences, which quote nobody",
        }
    ),
    "template": Holding(nobody={"hash": "a hash", "name": SHOPS, "files": SHOPS}),
    "run": Holding(
        nobody={
            "id": OURS,
            "campaign": SHOPS,
            "converts_of": WORD,
            "fingerprint": "a hash of the rules",
            "snapshot": "a file's name",
            "counts": "numbers",
        }
    ),
    "edition": Holding(nobody={"fingerprint": "a hash of the rules", "files": SHOPS}),
    "approval": Holding(
        nobody={
            "id": OURS,
            "fingerprint": "a hash of the rules",
            "campaign": SHOPS,
            "name": "somebody of the shop's own team",
        }
    ),
    "stage_flow": Holding(nobody=dict.fromkeys(("ladder", "before", "after"), SHOPS) | {"day": "a day"}),
    "stage_total": Holding(nobody=dict.fromkeys(("ladder", "value"), SHOPS) | {"day": "a day"}),
    "stage_run": Holding(
        nobody={
            "ladder": SHOPS,
            "day": "a day",
            "rules": "a hash of the rules",
            "counted": "a hash of the rules",
            "people": "a file's name",
        }
    ),
    "goal_start": Holding(nobody={"figure": WORD, "goal": SHOPS, "since": "a day"}),
    "cohort": Holding(nobody={**COHORT, "arm": WORD, "spent": "amounts, in no order that says whose they are"}),
    "cohort_messages": Holding(nobody=COHORT | {"name": SHOPS, "variant": SHOPS, "channel": WORD, "state": WORD}),
    "cohort_credit": Holding(
        nobody=COHORT | {"message": SHOPS} | dict.fromkeys(("credit", "evidence", "currency"), WORD)
    ),
    "cohort_codes": Holding(nobody=COHORT | {"issued_on": "a day", "kind": WORD}),
    "recount": Holding(nobody=COHORT),
    "shop_arm": Holding(nobody={"arm": WORD, "spent": "amounts, in no order that says whose they are"}),
    "salt": Holding(nobody={"name": WORD, "value": "drawn at random"}),
    "pulse": Holding(),
}
"""Table → answer, in the order in which a person is taken out of them."""

BESIDE = {"inbox": "what providers posted, as it came: `Inbox.forget` strikes them out of the bodies"}
"""Tables that are not among the models → what becomes of them."""
