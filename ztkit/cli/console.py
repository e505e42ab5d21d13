"""How the command line talks: one console for results, one for messages."""

from __future__ import annotations

import json
from typing import Any

from rich.console import Console

out = Console(highlight=False, soft_wrap=True)
"""Results: what a person asked for, on standard output."""
err = Console(stderr=True, highlight=False, soft_wrap=True)
"""Messages and progress, on standard error."""


def print_json(data: Any) -> None:
    """Write plain JSON to standard output, for other programs."""
    out.file.write(json.dumps(data, indent=2, ensure_ascii=False, default=str) + "\n")
