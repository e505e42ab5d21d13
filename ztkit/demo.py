"""The whole job on a made-up organisation: four quarters of snapshots and responses, assessed and reported."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from ztkit.assess.run import Plan, assess
from ztkit.assess.sources import SnapshotOf
from ztkit.collect import demo as organisation
from ztkit.collect.snapshot import SnapshotWriter
from ztkit.content.library import shipped_library
from ztkit.errors import UsageError
from ztkit.model.assessment import Assessment, Comparison
from ztkit.model.engagement import Engagement
from ztkit.report.publish import comparison_of, publish
from ztkit.workspace import Workspace


def run_demo(
    folder: Path,
    *,
    resources: int,
    seed: int,
    quarters: int,
    replace: bool = False,
    show: Callable[[str], None] = lambda _: None,
) -> tuple[Path, Assessment, Comparison | None]:
    """Make a workspace, fill it, assess it at each date and report the last.

    Args:
        folder: a new or empty folder.
        resources: size of the estate.
        seed: the same seed gives the same organisation.
        quarters: how many of the four dates.
        replace: remove an earlier demo in that folder first.
        show: called with each step's name.

    Returns:
        The report, the last assessment, and how it differs from the one before.

    Raises:
        UsageError: the folder holds something, and is not a demo to be replaced.
    """
    if replace and (folder / "ztkit.toml").is_file():
        _remove_demo(folder)
    engagement = Engagement(organisation=organisation.ORGANISATION, assessor="ztkit demo")
    workspace = Workspace.create(folder, engagement)
    library = shipped_library()
    first = len(organisation.DATES) - quarters
    for quarter in range(first):
        workspace.add_responses(organisation.responses(library, seed=seed, quarter=quarter))
    for quarter in range(first, len(organisation.DATES)):
        at = organisation.DATES[quarter]
        show(f"{at:%B %Y}: collecting")
        with SnapshotWriter(workspace, taken=at, written=at) as writer:
            organisation.write_estate(writer, resources=resources, seed=seed, quarter=quarter)
            manifest = writer.finish("demo", [f"seed {seed}"], {})
        workspace.add_responses(organisation.responses(library, seed=seed, quarter=quarter))
        workspace.write_exceptions(
            organisation.exceptions(library, resources=resources, seed=seed, quarter=quarter)
        )
        assessment = assess(
            workspace,
            library,
            SnapshotOf(workspace, manifest.id),
            Plan(at),
            lambda run, at=at: show(f"{at:%B %Y}: {run.check}"),  # type: ignore[misc]  # bound early
        )
    show("Rendering the report")
    path = publish(workspace)
    comparison = comparison_of(workspace, "previous", "latest") if quarters > 1 else None
    return path, assessment, comparison


def _remove_demo(folder: Path) -> None:
    workspace = Workspace.open(folder)
    others = [item for item in workspace.snapshots() if workspace.manifest(item).source != "demo"]
    if others or workspace.engagement().organisation != organisation.ORGANISATION:
        raise UsageError(f"{folder} is no demo; it is not replaced. Name another folder.")
    shutil.rmtree(folder)
