"""Finds, loads, validates and lints the content: framework, checks, questionnaires."""
