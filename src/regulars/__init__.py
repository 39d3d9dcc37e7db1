"""Regulars: loyalty marketing as code."""
