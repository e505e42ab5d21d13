"""Clients for the two services, made of a cloud and a credential, on pipelines that can only read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ztkit.azure.clouds import Cloud
from ztkit.azure.wire import policies

if TYPE_CHECKING:
    from azure.core import PipelineClient
    from azure.core.credentials import TokenCredential


@dataclass(frozen=True)
class Connection:
    """Where to read, and as whom.

    Attributes:
        transport: options of azure-core's transport, such as ``connection_verify`` for a proxy's own certificates.
    """

    cloud: Cloud
    credential: TokenCredential
    transport: Mapping[str, Any] = field(default_factory=dict)

    def resource_graph(self) -> PipelineClient[Any, Any]:
        """A client for Azure Resource Manager, which Resource Graph is part of."""
        return self._client(self.cloud.resource_manager, self.cloud.resource_scope)

    def microsoft_graph(self) -> PipelineClient[Any, Any]:
        """A client for Microsoft Graph."""
        return self._client(self.cloud.graph, self.cloud.graph_scope)

    def _client(self, url: str, scope: str) -> PipelineClient[Any, Any]:
        from azure.core import PipelineClient

        return PipelineClient(
            base_url=url,
            policies=policies(self.credential, scope),
            **{"connection_timeout": 30, "read_timeout": 120, **self.transport},
        )
