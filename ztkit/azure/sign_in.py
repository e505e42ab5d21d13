"""Signing in: azure-identity's credentials by the names that people use. No secret passes through here."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ztkit.azure.clouds import Cloud
from ztkit.errors import UsageError

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

WAYS = (
    "default",
    "cli",
    "device-code",
    "browser",
    "managed-identity",
    "workload-identity",
    "certificate",
)
"""Ways of signing in; the default tries what the machine has, as azure-identity's default chain does."""


def credential(
    way: str,
    cloud: Cloud,
    *,
    tenant: str = "",
    client: str = "",
    certificate: str = "",
    prompt: Callable[[str], None] = lambda _: None,
) -> TokenCredential:
    """A credential of azure-identity.

    Args:
        way: one of `WAYS`.
        cloud: where tokens come from.
        tenant: id or domain of the tenant; empty for the account's own.
        client: id of the application; empty for Microsoft's own public client, or a system-assigned identity.
        certificate: path of a PEM or PFX file with the private key, for ``certificate``.
        prompt: shows a person the code and the address of a device-code sign-in.

    Raises:
        UsageError: the way is unknown, or needs something that is not given.
    """
    import azure.identity as identity

    host = cloud.authority
    named: dict[str, Any] = {"tenant_id": tenant} if tenant else {}
    client_named: dict[str, Any] = {"client_id": client} if client else {}
    if way == "default":
        chosen = {"managed_identity_client_id": client} if client else {}
        return identity.DefaultAzureCredential(authority=host, **chosen)
    if way == "cli":
        return identity.AzureCliCredential(**named)
    if way == "device-code":
        return identity.DeviceCodeCredential(
            authority=host,
            prompt_callback=lambda url, code, _: prompt(f"Open {url} and enter the code {code}"),
            **named,
            **client_named,
        )
    if way == "browser":
        return identity.InteractiveBrowserCredential(authority=host, **named, **client_named)
    if way == "managed-identity":
        return identity.ManagedIdentityCredential(**client_named)
    if way == "workload-identity":
        return identity.WorkloadIdentityCredential(authority=host, **named, **client_named)
    if way == "certificate":
        if not (tenant and client and certificate):
            raise UsageError("Signing in by certificate needs --tenant, --client and --certificate.")
        return identity.CertificateCredential(tenant, client, certificate, authority=host)
    raise UsageError(f"There is no way of signing in {way!r}. There are: {', '.join(WAYS)}.")
