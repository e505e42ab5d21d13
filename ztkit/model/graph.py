"""A Microsoft Graph entity: where its objects are read, what that needs, and the table they become."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from ztkit.model.types import Model, Prose

EntityName = Annotated[str, StringConstraints(pattern=r"^[a-z][A-Za-z0-9]+$")]


class Beyond(Model):
    """Properties of an entity that its public definition does not list, with where they are known from.

    Attributes:
        path: a regular expression over the whole path below ``properties``.
    """

    path: Prose
    reason: Prose


class Entity(Model):
    """An entity of Microsoft Graph v1.0; its objects are the rows of the table of the same name.

    Attributes:
        id: the entity's name, which is the table's.
        title: what one object is, for people.
        path: where the objects are listed, below ``https://graph.microsoft.com/v1.0``, with its options.
        permission: the least application permission that reads them.
        licence: what the tenant must own; empty where every tenant has it.
        singleton: whether the path gives one object and no list.
        first_page: whether only the first page is wanted, such as the newest of a daily score.
        derived: entities that objects of the list may be; the ``type`` of a row says which.
        beyond: properties that checks may read although the definition lacks them.
    """

    id: EntityName
    title: Prose
    path: Annotated[str, StringConstraints(pattern=r"^/[A-Za-z]")]
    permission: Prose
    licence: str = ""
    singleton: bool = False
    first_page: bool = False
    derived: tuple[EntityName, ...] = ()
    beyond: tuple[Beyond, ...] = Field(default=())
