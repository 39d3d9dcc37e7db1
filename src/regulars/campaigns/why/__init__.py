"""Why: what was decided about one customer, and what each test saw."""
