"""Collects a live tenant into a snapshot, to be gone on with wherever it was interrupted."""
