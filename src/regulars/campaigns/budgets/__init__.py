"""Budgets of offers: what a code counts for, in which period, who fits, and what is left (docs/decisions/26)."""
