"""Plan: what a run would do, against the last one and against an edit, before anything happens."""
