"""An object of Microsoft Graph as the demo makes it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any

from ztkit.collect.demo.estate import Row, Scene
from ztkit.engine.rows import canonical

_NAMESPACE = uuid.UUID("3f1f1f86-7c0b-5a0e-9a5c-57a1f2f6b0d1")


@dataclass(frozen=True)
class Object:
    """One object.

    Attributes:
        table: the entity that its table is named for.
        id: as Microsoft Graph gives it.
        properties: everything but id and displayName.
        type: the derived entity, where the table holds several.
    """

    table: str
    id: str
    name: str = ""
    properties: dict[str, Any] = field(default_factory=dict)
    type: str = ""

    def row(self, scene: Scene) -> Row:
        """The row of the table."""
        form = canonical(
            {
                "id": self.id,
                "displayName": self.name,
                "type": self.type or self.table,
                "tenantId": scene.organisation.tenant,
                "properties": self.properties,
            },
            self.table,
        )
        return tuple(form.values())


def guid(*parts: object) -> str:
    """A GUID that is the same each time for the same parts."""
    return str(uuid.uuid5(_NAMESPACE, "/".join(map(str, parts))))
