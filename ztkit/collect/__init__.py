"""Brings an inventory into a snapshot: from files, from the demo organisation, later from a live tenant."""
