"""What is held about one person: found, given to them, erased."""
