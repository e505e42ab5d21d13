"""What was asked in a whole run of the tests, by any process of it, and whether all of it only reads.

The first process of a run names a folder in its environment. Whatever stands in for a service (`tests.emulator`,
`tests.standins.cluster`) appends each request to a file of its process there, and so records what other processes ask of it
too. When all have come to their end the first process judges the files; see ``tests/conftest.py``.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tests.emulator.judge import harms, parts_of, writes
from tests.emulator.wire import BATCH_PATH, RESOURCES_PATH, Request
from tests.shared import REQUESTS

EMULATORS_OWN = "tests/unit/emulator/"
"""Tests of the emulator itself: their clients are not ztkit's, and also ask what ztkit never would."""
Service = Literal["azure", "kusto"]


@dataclass(frozen=True)
class Verdict:
    """What is said of a run.

    Attributes:
        counts: requests by what they are.
        left_out: how many are of the emulator's own tests, and not judged.
        problems: each request that does not only read, with the test that it was made in.
    """

    counts: dict[str, int]
    left_out: int
    problems: tuple[str, ...]

    def __str__(self) -> str:
        counted = ", ".join(f"{kind} {count:,}" for kind, count in sorted(self.counts.items())) or "none"
        left_out = f"; of the emulator's own tests, not judged: {self.left_out:,}" if self.left_out else ""
        return f"requests judged: {counted}{left_out}"


def note(service: Service, request: Request) -> None:
    """Remember a request, with the test that runs, where a run is recorded; of what is only read, not what it asks."""
    folder = os.environ.get(REQUESTS)
    if not folder:
        return
    reads = request.method == "GET" or request.is_for(RESOURCES_PATH)
    line = {
        "service": service,
        "test": os.environ.get("PYTEST_CURRENT_TEST", "").partition(" (")[0],
        "method": request.method,
        "path": request.path,
        "body": "" if reads else request.body.decode("utf-8", "replace"),
    }
    data = json.dumps(line).encode() + b"\n"
    descriptor = os.open(Path(folder) / f"{os.getpid()}.jsonl", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(descriptor, data)  # whole, whichever thread it comes from
    finally:
        os.close(descriptor)


def judge(folder: Path) -> Verdict:
    """Judge all that was recorded in a folder."""
    counts: Counter[str] = Counter()
    problems: list[str] = []
    left_out = 0
    for line in _lines(folder):
        request = Request(0, 0, line["method"], line["path"], body=line["body"].encode())
        if line["test"].startswith(EMULATORS_OWN):
            left_out += 1
            continue
        counts.update(_kinds(line["service"], request))
        found = writes(request) if line["service"] == "azure" else harms(request)
        problems += [f"{line['service']}: {problem} ({line['test'] or 'no test'})" for problem in found]
    return Verdict(dict(counts), left_out, tuple(problems))


def _lines(folder: Path) -> Iterator[dict[str, str]]:
    for path in sorted(folder.glob("*.jsonl")):
        with path.open(encoding="utf-8") as file:
            yield from map(json.loads, file)


def _kinds(service: str, request: Request) -> dict[str, int]:
    """What a request is, and how many others are in it."""
    if service == "kusto":
        return {"commands to Kusto" if "mgmt" in request.path else "queries to Kusto": 1}
    if request.is_for(BATCH_PATH):
        return {"batches": 1, "GET in batches": len(parts_of(request) or ())}
    return {"queries" if request.is_for(RESOURCES_PATH) else request.method: 1}
