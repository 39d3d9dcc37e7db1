"""What it earned: sums of the ledger, what the holdouts say about them, and the loyalty figures."""
