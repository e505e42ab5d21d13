"""What accepted risks take out of the failing findings, and what became of each. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from ztkit.assess.evaluate import CheckRun
from ztkit.interview.exceptions import state_of
from ztkit.model.assessment import ExceptionResult
from ztkit.model.response import RiskException


@dataclass(frozen=True)
class TakenOut:
    """What exceptions do to the failing findings of one check.

    Attributes:
        count: findings that those in force take out together.
        each: findings that each would take out alone, expired ones too.
        unnamed: how many in force name resources and take nothing out, since what fails was counted and not named.
    """

    count: int = 0
    each: Mapping[RiskException, int] = field(default_factory=dict)
    unnamed: int = 0

    @property
    def note(self) -> str:
        """What a reader of the check has to know; empty where there is nothing to say."""
        if not self.unnamed:
            return ""
        one = "an exception names" if self.unnamed == 1 else f"{self.unnamed} exceptions name"
        return f"{one} resources and takes nothing out: failing resources were counted and not named"


def in_force(exceptions: Iterable[RiskException], at: datetime) -> list[RiskException]:
    """Exceptions that have not expired."""
    return [item for item in exceptions if item.expires >= at.date()]


def take_out(
    run: CheckRun, findings: pa.Table, exceptions: Sequence[RiskException], at: datetime
) -> TakenOut:
    """Hold the exceptions of one check against its findings.

    Args:
        run: of the check.
        findings: those that fail are among them, or none where they were counted only.
        exceptions: of this check.
        at: the moment that expiries count from.
    """
    if not exceptions:
        return TakenOut()
    failing = pc.utf8_lower(findings.filter(pc.equal(findings["status"], "fail"))["id"])
    current = in_force(exceptions, at)
    return TakenOut(
        count=_count(run, failing, current),
        each={item: _count(run, failing, [item]) for item in exceptions},
        unnamed=sum(bool(item.resources) for item in current) if run.failed > len(failing) else 0,
    )


def _count(run: CheckRun, failing: pa.ChunkedArray, exceptions: Sequence[RiskException]) -> int:
    if any(not item.resources for item in exceptions):
        return run.failed
    ids = {resource.lower() for item in exceptions for resource in item.resources}
    return int(pc.sum(pc.is_in(failing, value_set=pa.array(sorted(ids), pa.string()))).as_py() or 0)


def exception_results(
    exceptions: Iterable[RiskException],
    taken_out: Mapping[str, TakenOut],
    checks: Iterable[str],
    at: datetime,
    *,
    named: bool,
) -> list[ExceptionResult]:
    """What became of each exception.

    Args:
        exceptions: all of them.
        taken_out: by check.
        checks: ids of all checks; other criteria are questions.
        at: the moment that expiries count from.
        named: whether failing findings are named. If not, neither are the resources of exceptions.
    """
    known = set(checks)
    results = []
    for item in exceptions:
        of_check = taken_out.get(item.criterion, TakenOut())
        count = of_check.each.get(item, 0)
        state = state_of(item, at.date(), unused=item.criterion in known and not count)
        if state == "unused" and item.resources and of_check.unnamed:
            state = "not-applied"
        results.append(
            ExceptionResult(exception=item if named else _without_names(item), state=state, findings=count)
        )
    return results


def _without_names(item: RiskException) -> RiskException:
    """An exception that says how many resources it names, and not which."""
    said = (f"{len(item.resources)} named in exceptions.yaml",) if item.resources else ()
    return item.model_copy(update={"resources": said})
