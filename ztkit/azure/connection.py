"""Clients for the two services, made of a cloud and a credential."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ztkit.azure.clouds import Cloud
from ztkit.azure.wire import policies

if TYPE_CHECKING:
    from azure.core import PipelineClient
    from azure.core.credentials import TokenCredential
    from azure.mgmt.resourcegraph import ResourceGraphClient


@dataclass(frozen=True)
class Connection:
    """Where to read, and as whom.

    Attributes:
        transport: options of azure-core's transport, such as ``connection_verify`` for a proxy's own certificates.
    """

    cloud: Cloud
    credential: TokenCredential
    transport: Mapping[str, Any] = field(default_factory=dict)

    def resource_graph(self) -> ResourceGraphClient:
        """Microsoft's client for Resource Graph, on pipelines that can only read."""
        from azure.mgmt.resourcegraph import ResourceGraphClient

        return ResourceGraphClient(
            self.credential,
            base_url=self.cloud.resource_manager,
            policies=policies(self.credential, self.cloud.resource_scope),
            **{"connection_timeout": 30, "read_timeout": 120, **self.transport},
        )

    def microsoft_graph(self) -> PipelineClient[Any, Any]:
        """A client of azure-core for Microsoft Graph, on the same kind of pipeline."""
        from azure.core import PipelineClient

        return PipelineClient(
            base_url=self.cloud.graph,
            policies=policies(self.credential, self.cloud.graph_scope),
            **{"connection_timeout": 30, "read_timeout": 120, **self.transport},
        )
