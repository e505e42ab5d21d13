"""What part of a tenant is read, as Resource Graph takes it."""

from __future__ import annotations

from typing import Any

from pydantic import model_validator

from ztkit.model.types import Model

SUBSCRIPTIONS_A_REQUEST = 300
"""One larger query costs less quota than many small ones; more than this makes the service slow."""
SUBSCRIPTION_LIMIT = "x-ms-tenant-subscription-limit-hit"
LIMITED = "the scope has more than the 10,000 subscriptions that Resource Graph looks at; name management groups or subscriptions"
"""Why rows are missing where the service says so."""


class Scope(Model):
    """Management groups or subscriptions; neither means everything that may be read."""

    management_groups: tuple[str, ...] = ()
    subscriptions: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _one_kind(self) -> Scope:
        if self.management_groups and self.subscriptions:
            raise ValueError("name management groups or subscriptions, not both")
        return self

    def bodies(self) -> tuple[dict[str, Any], ...]:
        """The scope as parts of request bodies; more than one where there are many subscriptions."""
        if self.management_groups:
            return ({"managementGroups": list(self.management_groups)},)
        every = self.subscriptions
        starts = range(0, len(every), SUBSCRIPTIONS_A_REQUEST)
        return tuple({"subscriptions": list(every[at : at + SUBSCRIPTIONS_A_REQUEST])} for at in starts) or (
            {},
        )
