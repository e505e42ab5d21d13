"""What to do next, and in which order."""
