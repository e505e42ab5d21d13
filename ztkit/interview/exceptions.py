"""Accepted risks: added, listed and ended, safely while others write."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from ztkit.content.library import Library
from ztkit.errors import UsageError
from ztkit.model.assessment import ExceptionState
from ztkit.model.response import RiskException
from ztkit.workspace import Workspace

EXPIRING_WITHIN = timedelta(days=30)
"""How long before its expiry an exception is shown as expiring."""


@dataclass(frozen=True)
class Listed:
    """An exception as it stands on a day.

    Attributes:
        findings: how many failing resources it took out in the newest assessment; None where that is not known.
    """

    exception: RiskException
    state: ExceptionState
    findings: int | None


def state_of(exception: RiskException, on: date, *, unused: bool = False) -> ExceptionState:
    """How an exception stands on a day; it is in force up to and on the day of its expiry.

    Args:
        exception: the exception.
        on: the day.
        unused: whether it takes nothing out.
    """
    if exception.expires < on:
        return "expired"
    if unused:
        return "unused"
    return "expiring" if exception.expires < on + EXPIRING_WITHIN else "in-force"


def listed(
    exceptions: Sequence[RiskException], on: date, findings: Mapping[str, int] | None = None
) -> tuple[Listed, ...]:
    """Exceptions by when they expire, the next one first.

    Args:
        exceptions: those of the workspace.
        on: the day.
        findings: by id, what each exception on a check took out in the newest assessment.
    """
    known = findings or {}
    found = [
        Listed(item, state_of(item, on, unused=known.get(item.id) == 0), known.get(item.id))
        for item in exceptions
    ]
    return tuple(sorted(found, key=lambda item: (item.exception.expires, item.exception.criterion)))


def problems(library: Library, exception: RiskException, today: date) -> list[str]:
    """Why an exception cannot be added; empty where it can."""
    found = []
    name = exception.criterion
    if name not in library.questions and name not in library.checks:
        found.append(
            f"there is no question or check {name!r}; `ztkit questions list` and `ztkit checks list` show them"
        )
    if exception.resources and name in library.questions:
        checks = ", ".join(link.check for link in library.questions[name].checks) or "none"
        found.append(f"resources are excepted from a check, and {name} is a question; its checks: {checks}")
    if exception.expires <= today:
        found.append(f"the expiry {exception.expires} is not in the future")
    return found


def add(workspace: Workspace, library: Library, exception: RiskException, today: date) -> RiskException:
    """Add an exception to exceptions.yaml, durably.

    A second one on the same criterion may stand beside the first, such as one that goes on where it ends.

    Raises:
        UsageError: with everything that is wrong with it, or it is there already.
        ContentError: exceptions.yaml cannot be read.
    """
    if found := problems(library, exception, today):
        raise UsageError("The exception was not added: " + "; ".join(found) + ".")

    def with_it(known: tuple[RiskException, ...]) -> tuple[RiskException, ...]:
        if any(item.id == exception.id for item in known):
            raise UsageError(f"This exception is there already, as {exception.id}.")
        return (*known, exception)

    _change(workspace, with_it)
    return exception


def end(workspace: Workspace, wanted: str, today: date) -> RiskException:
    """End an exception: what it took out counts again from today. It stays on file as expired.

    Args:
        workspace: whose exception it is.
        wanted: its id, or its criterion where only one is in force on that.
        today: the first day on which it holds no more.

    Returns:
        The exception as it is on file now.

    Raises:
        UsageError: there is none in force of that name, or there are several.
        ContentError: exceptions.yaml cannot be read.
    """
    ended: list[RiskException] = []

    def without_it(known: tuple[RiskException, ...]) -> tuple[RiskException, ...]:
        found = [item for item in known if wanted in (item.id, item.criterion) and item.expires >= today]
        if len(found) != 1:
            there = ", ".join(
                f"{item.id} ({item.criterion})" for item in found or known if item.expires >= today
            )
            how_many = "several exceptions are" if found else "no exception is"
            raise UsageError(f"{wanted!r}: {how_many} in force of that name. In force: {there or 'none'}.")
        ended.append(found[0].model_copy(update={"expires": today - timedelta(days=1)}))
        return tuple(ended[0] if item is found[0] else item for item in known)

    _change(workspace, without_it)
    return ended[0]


def _change(
    workspace: Workspace, change: Callable[[tuple[RiskException, ...]], tuple[RiskException, ...]]
) -> None:
    """Read, change and write the exceptions while nobody else does."""
    with workspace.lock():
        workspace.write_exceptions(change(workspace.exceptions()))
