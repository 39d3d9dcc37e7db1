"""The language: what marketers write, read with positions, and everything that can be wrong with it."""
