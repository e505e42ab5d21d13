"""Times saving one answer, and showing what it did, with responses on file: ``python -m benchmarks saving [RESPONSES]``.

The target is 50 ms at the median for saving one answer with 5,000 responses on file.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from typing import TypeVar

from ztkit.assess.standing import Ground, effect
from ztkit.content.library import shipped_library
from ztkit.interview.log import ResponseLog
from ztkit.interview.record import response_to, save
from ztkit.interview.session import session
from ztkit.model.engagement import Engagement
from ztkit.workspace import Workspace

T = TypeVar("T")
ON_FILE, SAVES = 5000, 200
NOTE = "Most of it; what is missing is on the list of the platform team, with an owner and a date for each."


def main(on_file: int = ON_FILE) -> None:
    """Measure and print."""
    library, begin = shipped_library(), datetime(2026, 1, 5, 8, tzinfo=UTC)
    engagement = Engagement(organisation="Benchmark")
    questions = cycle(library.questions.values())
    with tempfile.TemporaryDirectory() as temporary:
        workspace = Workspace.create(Path(temporary) / "w", engagement)
        workspace.add_responses(
            [
                response_to(item, begin + timedelta(minutes=number), answer=item.answers[-2].id, note=NOTE)
                for number, item in enumerate(islice(questions, on_file))
            ]
        )
        seconds, log = _timed(lambda: ResponseLog(workspace))
        print(f"{on_file:,} responses on file, read in {1000 * seconds:.0f} ms")
        saving: list[float] = []
        viewing: list[float] = []
        showing: list[float] = []
        ground = Ground(engagement)
        for number, item in enumerate(islice(questions, SAVES)):
            at = begin + timedelta(days=90, minutes=number)
            said = response_to(item, at, answer=item.answers[-1].id, note=NOTE, respondent="Platform lead")
            seen = log.last(item.id)
            showing.append(_timed(partial(effect, library, ground, log.responses, said, at))[0])
            saving.append(_timed(partial(save, log, library, said, seen))[0])
            viewing.append(_timed(partial(session, library, engagement, log.responses, at))[0])
    for what, times in (
        ("saving one answer", saving),
        ("its effect on the objective", showing),
        ("the whole session", viewing),
    ):
        print(f"  {what:<28} median {_ms(statistics.median(times))}, p95 {_ms(_p95(times))}")


def _timed(call: Callable[[], T]) -> tuple[float, T]:
    started = time.perf_counter()
    result = call()
    return time.perf_counter() - started, result


def _p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20)[-1]


def _ms(seconds: float) -> str:
    return f"{1000 * seconds:.1f} ms"
