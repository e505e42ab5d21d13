"""The clouds that Azure runs in: where to sign in, and where the two services are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

CloudName = Literal["public", "us-government", "china"]


@dataclass(frozen=True)
class Cloud:
    """Endpoints of one cloud.

    Attributes:
        authority: where tokens come from.
        resource_manager: Azure Resource Manager, which Resource Graph is part of.
        resource_scope: what a token for it is asked for.
        graph: Microsoft Graph.
    """

    name: CloudName
    authority: str
    resource_manager: str
    resource_scope: str
    graph: str

    @property
    def graph_scope(self) -> str:
        """What a token for Microsoft Graph is asked for."""
        return f"{self.graph}/.default"


CLOUDS: dict[CloudName, Cloud] = {
    "public": Cloud(
        "public",
        "login.microsoftonline.com",
        "https://management.azure.com",
        "https://management.azure.com/.default",
        "https://graph.microsoft.com",
    ),
    "us-government": Cloud(
        "us-government",
        "login.microsoftonline.us",
        "https://management.usgovcloudapi.net",
        "https://management.core.usgovcloudapi.net/.default",
        "https://graph.microsoft.us",
    ),
    "china": Cloud(
        "china",
        "login.chinacloudapi.cn",
        "https://management.chinacloudapi.cn",
        "https://management.chinacloudapi.cn/.default",
        "https://microsoftgraph.chinacloudapi.cn",
    ),
}
"""Endpoints by the cloud's name; those of Resource Manager are also in azure-core's `AzureClouds`."""
