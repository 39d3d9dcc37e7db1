"""The outside world: how a rendered message leaves the house, and what came back.

A channel takes messages and answers for each of them what is known of its fate. It never retries, never decides who
gets what, and never reads the ledger: `campaigns.deliver` does. `registry.CHANNELS` is the list of them.
"""
