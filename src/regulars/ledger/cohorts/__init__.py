"""Cohorts: all that hangs on those who entered a campaign on one day, as sums that reports add up.

Sums that are kept are as good as the rows they were made from: whoever changes something of a cohort writes that down
in the same transaction (`changes`), and its rows are counted again (`rows`, `sums`).
"""
