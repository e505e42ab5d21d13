"""Every error that ztkit raises on purpose: one family, each saying what happened, where, what next."""

from __future__ import annotations


class ZtkitError(Exception):
    """Something a person can act on.

    Attributes:
        exit_code: what the command line returns (2 wrong usage or content, 3 could not run).
    """

    exit_code = 3


class StoppedError(ZtkitError):
    """Somebody pressed Ctrl-C; whatever was being built is gone, what was finished before is kept."""


class UsageError(ZtkitError):
    """The call was wrong: an unknown id, a missing option, a workspace that is not one."""

    exit_code = 2


class ContentError(ZtkitError):
    """Content (framework, checks, questionnaires, responses, exceptions) does not hold together.

    Attributes:
        problems: every problem found, each as ``path:line: message``.
    """

    exit_code = 2

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        count = f"{len(problems)} problem" + ("s" if len(problems) != 1 else "")
        super().__init__(count + " in content:\n" + "\n".join(problems))


class InputError(ZtkitError):
    """An inventory file could not be read; the message names file, line and what was expected."""

    exit_code = 2


class SnapshotError(ZtkitError):
    """A snapshot is missing, unfinished or altered."""


class QueryError(ZtkitError):
    """A query could not be run on the inventory."""


class UnsupportedConstructError(QueryError):
    """The offline engine does not know a KQL construct.

    Attributes:
        construct: the construct, in the engine's words.
        line: its line in the query, counted from 1, or None where the engine cannot tell.
    """

    def __init__(self, construct: str, line: int | None) -> None:
        self.construct = construct
        self.line = line
        where = f"line {line}: " if line else ""
        super().__init__(f"{where}the offline engine does not support {construct}")


class TableUnreadableError(QueryError):
    """A query reads a table that the snapshot does not hold."""


class ReportError(ZtkitError):
    """A report could not be rendered; nothing was published."""


class ServiceError(ZtkitError):
    """A cloud service did not answer, or answered with an error.

    Attributes:
        status: of the HTTP answer; None where there was none.
        code: the service's own name for the error.
    """

    def __init__(self, message: str, status: int | None, code: str) -> None:
        self.status, self.code = status, code
        super().__init__(message)


class AccessError(ServiceError):
    """Signing in failed, or the account may not read what was asked for."""


class ReadOnlyError(ZtkitError):
    """Something other than reading was about to be sent; it was not."""
