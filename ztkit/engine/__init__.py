"""Runs a KQL query on an inventory; every engine answers the same query with the same rows."""
