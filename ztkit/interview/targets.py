"""The share of each objective that an organisation wants to reach, kept in ztkit.toml."""

from __future__ import annotations

from pydantic import TypeAdapter, ValidationError

from ztkit.content.library import Library
from ztkit.errors import UsageError
from ztkit.model.types import Share
from ztkit.workspace import Workspace

_SHARE: TypeAdapter[Share] = TypeAdapter(Share)


def set_target(workspace: Workspace, library: Library, objective: str, share: object) -> None:
    """Set or take back the target of an objective.

    Args:
        workspace: whose ztkit.toml is changed; the rest of the file stays as it is.
        library: the content.
        objective: id of the objective.
        share: from 0 to 1, as a number or as a text such as ``9/10``; None for the share from which an
            objective is met.

    Raises:
        UsageError: there is no such objective, or it is no share.
        ContentError: ztkit.toml does not hold together.
    """
    if objective not in library.objectives:
        raise UsageError(f"There is no objective {objective!r}. There are: {', '.join(library.objectives)}.")
    try:
        wanted = None if share is None else _SHARE.validate_python(share)
    except ValidationError as problem:
        raise UsageError(f"A target is a share from 0 to 1, such as 0.9 or 9/10; got {share!r}.") from problem
    workspace.write_target(objective, wanted)
