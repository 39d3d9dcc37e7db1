"""Check: everything that is wrong with a project, without running anything."""
