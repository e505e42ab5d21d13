"""`ztkit doctor`: what this machine has, what the account may read, and what stays unknown without the rest."""

from __future__ import annotations

import platform
import shutil
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from ztkit import __version__
from ztkit.cli.console import out, print_json
from ztkit.cli.tenant import (
    CertificateOption,
    ClientOption,
    CloudOption,
    SignInOption,
    TenantOption,
    connect,
)
from ztkit.cli.workspace import WorkspaceOption

if TYPE_CHECKING:
    from ztkit.collect.tenant.doctor import Diagnosis

_PACKAGES = ("duckdb", "duckdb-kql", "azure-identity", "azure-mgmt-resourcegraph", "papermill")
_BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "msedge",
    "microsoft-edge",
)
_CLOCK_SECONDS = 120
"""How far a clock may be off before tokens are refused."""


def doctor(
    workspace: WorkspaceOption = Path(),
    sign_in: SignInOption = "default",
    tenant: TenantOption = "",
    client: ClientOption = "",
    certificate: CertificateOption = None,
    cloud: CloudOption = "public",
    offline: Annotated[
        bool, typer.Option("--offline", help="Look at this machine only; do not sign in.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Plain JSON, for other programs.")] = False,
) -> None:
    """Say who is signed in, what may be read, what is missing, and which checks that leaves unknown."""
    machine = machine_of(workspace)
    found = None
    if not offline:
        from ztkit.azure.scope import Scope
        from ztkit.collect.tenant.doctor import diagnose
        from ztkit.content.library import shipped_library

        connection = connect(sign_in, cloud, tenant, client, certificate)
        checks = shipped_library().checks.values()
        found = diagnose(connection, checks, Scope(), datetime.now(UTC))
    if as_json:
        print_json({"machine": machine, "tenant": found.model_dump(mode="json") if found else None})
        return
    _print_machine(machine)
    if found:
        _print_tenant(found)


def machine_of(folder: Path) -> dict[str, Any]:
    """Versions, free disk space where the workspace is, and a browser that can print."""
    return {
        "ztkit": __version__,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()}",
        "packages": {name: _version(name) for name in _PACKAGES},
        "disk_free_bytes": shutil.disk_usage(folder.resolve()).free,
        "browser": next((path for name in _BROWSERS if (path := shutil.which(name))), None),
    }


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "missing"


def _print_machine(machine: dict[str, Any]) -> None:
    packages = ", ".join(f"{name} {number}" for name, number in machine["packages"].items())
    out.print(f"ztkit {machine['ztkit']}, Python {machine['python']}, {escape(machine['system'])}")
    out.print(packages)
    out.print(f"Disk: {machine['disk_free_bytes'] / 1e9:,.1f} GB free")
    out.print(f"Browser: {escape(machine['browser'] or 'none found; reports are HTML, open them in any')}")


def _print_tenant(found: Diagnosis) -> None:
    if found.account is None:
        out.print(f"[red]Account:[/] {escape(found.problem)}")
        return
    out.print(
        f"Account: {escape(found.account.name)} ({found.account.kind}), tenant {escape(found.account.tenant)}"
    )
    if found.clock_seconds is not None and abs(found.clock_seconds) > _CLOCK_SECONDS:
        out.print(f"[red]Clock:[/] {found.clock_seconds:+.0f} s against the service's; tokens may be refused")
    readable = [item for item in found.tables if item.readable]
    out.print(f"Readable: {len(readable)} of {len(found.tables)} tables")
    for item in found.tables:
        rows = f"{item.rows:,} rows" if item.rows is not None else ""
        mark = "[green]yes[/]" if item.readable else "[red]no[/] "
        out.print(f"  {mark} {item.name:<42} {rows}")
    for item in found.tables:
        if not item.readable:
            needs = (
                f" Needs {item.needs}." if item.needs else " Needs Reader, or Security Reader, on the scope."
            )
            out.print(
                f"\n[bold]{item.name}[/]: {escape(item.reason)}.{escape(needs)} Leaves {len(item.checks)} checks of "
                f"{', '.join(item.objectives)} unknown."
            )
