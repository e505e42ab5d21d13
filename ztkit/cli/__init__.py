"""The command line: thin verbs over the workspace, the engine and the assessment."""

from ztkit.cli.main import main

__all__ = ["main"]
