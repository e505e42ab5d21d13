"""A snapshot: an immutable copy of an inventory, and what is known of its completeness."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime

from ztkit.model.types import Model, Prose

TableStatus = Literal["complete", "partial", "unreadable"]

COLUMNS: dict[str, str] = {
    "id": "string",
    "name": "string",
    "type": "string",
    "tenantId": "string",
    "kind": "string",
    "location": "string",
    "resourceGroup": "string",
    "subscriptionId": "string",
    "managedBy": "string",
    "sku": "dynamic",
    "plan": "dynamic",
    "properties": "dynamic",
    "tags": "dynamic",
    "identity": "dynamic",
    "zones": "dynamic",
    "extendedLocation": "dynamic",
}
"""Columns of every table and their KQL types, as Resource Graph gives them."""

GRAPH_COLUMNS: dict[str, str] = {
    "id": "string",
    "displayName": "string",
    "type": "string",
    "tenantId": "string",
    "properties": "dynamic",
}
"""Columns of every table of Microsoft Graph: the entity's name or its derived one is the type."""

TABLES: tuple[str, ...] = (
    "resources",
    "resourcecontainers",
    "securityresources",
    "policyresources",
    "authorizationresources",
    "guestconfigurationresources",
    "patchassessmentresources",
    "maintenanceresources",
    "recoveryservicesresources",
    "advisorresources",
    "alertsmanagementresources",
    "appserviceresources",
    "networkresources",
    "insightsresources",
    "deploymentresources",
    "managedservicesresources",
    "iotsecurityresources",
)
"""Resource Graph tables that a snapshot may hold, beside those of Microsoft Graph (framework/graph-entities.yaml)."""


def columns_of(table: str) -> dict[str, str]:
    """The columns of a table and their KQL types; a table that Resource Graph does not have is of Microsoft Graph."""
    return COLUMNS if table in TABLES else GRAPH_COLUMNS


class TableManifest(Model):
    """One table of a snapshot.

    Attributes:
        rows: rows in the file.
        expected: rows that the source said there were, where it said so.
        sha256: of the Parquet file; empty where there is none.
        status: complete, partial (some rows are missing) or unreadable (nothing could be read).
        reason: why it is not complete, and for an import that nobody vouches for completeness.
        types: rows by resource type.
    """

    name: Prose
    rows: int
    expected: int | None = None
    sha256: str = ""
    status: TableStatus
    reason: str = ""
    types: dict[str, int] = {}


class Scope(Model):
    """What a snapshot covers."""

    tenants: tuple[str, ...] = ()
    subscriptions: tuple[str, ...] = ()
    management_groups: tuple[str, ...] = ()


class SnapshotManifest(Model):
    """The content of manifest.json: what the snapshot is, so that nobody has to trust a file name.

    Attributes:
        taken: when the inventory was read; ``now()`` in a query gives this moment.
        source: how it came here (``import``, ``collect``, ``demo``) and from what.
    """

    schema_version: Literal[1] = 1
    id: Prose
    taken: AwareDatetime
    written: AwareDatetime
    tool: Prose
    source: Literal["import", "collect", "demo"]
    origin: tuple[str, ...] = ()
    scope: Scope
    tables: tuple[TableManifest, ...]
    notes: tuple[str, ...] = ()
