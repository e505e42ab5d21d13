"""How the command line talks: one console for results, one for messages."""

from __future__ import annotations

import json
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

out = Console(highlight=False, soft_wrap=True)
"""Results: what a person asked for, on standard output."""
err = Console(stderr=True, highlight=False, soft_wrap=True)
"""Messages and progress, on standard error."""


def print_json(data: Any) -> None:
    """Write plain JSON to standard output, for other programs."""
    out.file.write(json.dumps(data, indent=2, ensure_ascii=False, default=str) + "\n")


def progress_bar() -> Progress:
    """Progress of long work, on standard error, gone when it is done."""
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=err,
        transient=True,
    )
