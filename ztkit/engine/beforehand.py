"""Translates many queries at once, in processes of their own: the parser is pure Python, and keeps one core busy.

It happens once a version of ztkit, when nothing is kept yet, and takes half a minute on one core.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress

from ztkit.engine.translation import can_keep, is_kept, translate
from ztkit.errors import QueryError

LEAST = 24
"""Queries that are worth a process: it takes a second to start, as long as these to translate."""
MOST = 8
"""Processes at the most; each takes some 150 MiB."""


def translate_beforehand(queries: Sequence[str]) -> int:
    """Translate queries that are not kept, so that `translate` finds them.

    What a process did not translate, for whatever reason, `translate` does when it is asked.

    Returns:
        How many processes worked: 0 where it is not worth it, or where nothing can be kept or started.
    """
    waiting = [query for query in dict.fromkeys(queries) if not is_kept(query)]
    count = min(cores(), MOST, len(waiting) // LEAST)
    if count < 2 or not sys.executable or not can_keep():
        return 0
    processes: list[subprocess.Popen[bytes]] = []
    try:
        for number in range(count):
            processes.append(_started(waiting[number::count]))  # noqa: PERF401 - to be ended if the next fails
        for process in processes:
            process.wait()
    except OSError:  # no process can be started here
        return 0
    finally:
        for process in processes:
            if process.poll() is None:
                process.kill()
                process.wait()
    return count


def _started(queries: Sequence[str]) -> subprocess.Popen[bytes]:
    with tempfile.TemporaryFile("w+", encoding="utf-8") as given:
        json.dump(queries, given)
        given.seek(0)
        quiet = subprocess.DEVNULL
        # -P: the folder that ztkit is started in is no place to import from
        command = [sys.executable, "-P", "-m", __name__]
        return subprocess.Popen(command, stdin=given, stdout=quiet, stderr=quiet)  # noqa: S603 - ourselves


def cores() -> int:
    """How many cores this process may use, which may be fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def main() -> None:
    """Translate the queries that come as JSON, and keep them."""
    for query in json.load(sys.stdin.buffer):
        with suppress(QueryError):  # running it says what is wrong
            translate(query)


if __name__ == "__main__":
    main()
