"""Who gets what, who does not and why, and what became of it."""
