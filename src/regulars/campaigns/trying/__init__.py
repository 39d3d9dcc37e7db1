"""Trying things out: one letter, a proof for the team, a day or a season of history. Nothing real is touched."""
