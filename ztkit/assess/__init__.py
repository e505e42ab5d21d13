"""From an inventory and responses to a scored assessment: evaluate, score, ledger, compare."""
