"""What Regulars did and heard: enrolments, messages, codes, referrals, consents, events, conversions."""
