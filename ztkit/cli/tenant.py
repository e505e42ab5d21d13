"""What every verb that asks a live tenant shares: how to sign in, which cloud, which part of the tenant."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from ztkit.cli.console import err
from ztkit.errors import UsageError

if TYPE_CHECKING:
    from ztkit.azure.clouds import CloudName
    from ztkit.azure.connection import Connection
    from ztkit.azure.scope import Scope
    from ztkit.model.types import SourceId

SignInOption = Annotated[
    str,
    typer.Option(
        "--sign-in",
        help="default, cli, device-code, browser, managed-identity, workload-identity or certificate.",
    ),
]
CloudOption = Annotated[str, typer.Option(help="public, us-government or china.")]
TenantOption = Annotated[str, typer.Option(help="Id or domain of the tenant; the account's own by default.")]
ClientOption = Annotated[str, typer.Option(help="Id of the application or managed identity to sign in as.")]
CertificateOption = Annotated[
    Path | None, typer.Option(help="PEM or PFX file with certificate and key, for --sign-in certificate.")
]
SubscriptionOption = Annotated[
    list[str] | None, typer.Option(help="Only this subscription; may be given several times.")
]
ManagementGroupOption = Annotated[
    list[str] | None, typer.Option(help="Only below this management group; may be given several times.")
]


def connect(way: str, cloud: str, tenant: str, client: str, certificate: Path | None) -> Connection:
    """A connection as the options say; tests put their own in its place."""
    from ztkit.azure.clouds import CLOUDS
    from ztkit.azure.connection import Connection
    from ztkit.azure.sign_in import credential

    chosen = CLOUDS[cloud_named(cloud)]
    made = credential(
        way,
        chosen,
        tenant=tenant,
        client=client,
        certificate=str(certificate or ""),
        prompt=lambda text: err.print(escape(text)),
    )
    return Connection(chosen, made)


def cloud_named(name: str) -> CloudName:
    """A cloud by name.

    Raises:
        UsageError: there is none.
    """
    from ztkit.azure.clouds import CLOUDS

    for known in CLOUDS:
        if known == name:
            return known
    raise UsageError(f"There is no cloud {name!r}. There are: {', '.join(CLOUDS)}.")


def scope_named(subscriptions: Sequence[str] | None, management_groups: Sequence[str] | None) -> Scope:
    """Which part of a tenant is meant.

    Raises:
        UsageError: both kinds are named.
    """
    from ztkit.azure.scope import Scope

    if subscriptions and management_groups:
        raise UsageError("Name subscriptions or management groups, not both.")
    return Scope(subscriptions=tuple(subscriptions or ()), management_groups=tuple(management_groups or ()))


def services_named(names: Sequence[str]) -> frozenset[SourceId]:
    """Services by name.

    Raises:
        UsageError: there is no such service.
    """
    from ztkit.model.types import SOURCE_TITLES

    if unknown := [name for name in names if name not in SOURCE_TITLES]:
        raise UsageError(f"There is no service {unknown[0]!r}. There are: {', '.join(SOURCE_TITLES)}.")
    return frozenset(name for name in SOURCE_TITLES if name in names)
