"""Objects of Microsoft Graph as rows of the table of their entity. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ztkit.model.graph import Entity


def columns_of_object(thing: Mapping[str, Any], entity: Entity, tenant: str = "") -> dict[str, Any]:
    """What is no column of its own goes to ``properties``.

    Args:
        thing: an object as the service gives it.
        entity: what it is.
        tenant: whose it is; the service does not say it.

    Raises:
        ValueError: it has no id, though it is one of a list.
    """
    whole = {key: value for key, value in thing.items() if not key.startswith("@")}
    identifier = whole.pop("id", None) or (entity.id if entity.singleton else None)
    if not isinstance(identifier, str):
        raise ValueError("the object has no `id`")
    name = whole.pop("displayName", None)
    derived = str(thing.get("@odata.type", "")).removeprefix("#microsoft.graph.")
    return {
        "id": identifier,
        "displayName": name,
        "type": derived or entity.id,
        "tenantId": tenant,
        "properties": whole,
    }
