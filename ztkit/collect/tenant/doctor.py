"""Finds out what an account may read, and what stays unknown without the rest; asks as little as it can."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from azure.core.exceptions import ClientAuthenticationError
from azure.core.rest import HttpRequest

from ztkit.azure.connection import Connection
from ztkit.azure.pace import Pace
from ztkit.azure.resource_graph import QueryClient
from ztkit.azure.scope import Scope
from ztkit.azure.wire import send
from ztkit.collect.tenant.needs import TableNeed, entities_needed, tables_needed
from ztkit.errors import AccessError, ServiceError
from ztkit.model.check import Check
from ztkit.model.graph import Entity
from ztkit.model.types import Model, ObjectiveId, SourceId

if TYPE_CHECKING:
    from azure.core import PipelineClient

BATCH = 20


class Account(Model):
    """Who is signed in, as the token says: a name for people, no secret."""

    name: str
    kind: str
    tenant: str


class Readable(Model):
    """One table or entity, and what depends on it.

    Attributes:
        rows: how many there are, where the service says it.
        reason: why it cannot be read.
        needs: permission, and licence, of an entity.
        checks: that read it, and are unknown without it.
        objectives: that these checks are of.
    """

    name: str
    source: SourceId
    readable: bool
    rows: int | None = None
    reason: str = ""
    needs: str = ""
    checks: tuple[str, ...] = ()
    objectives: tuple[ObjectiveId, ...] = ()


class Diagnosis(Model):
    """What was found out.

    Attributes:
        clock_seconds: how far this machine's clock is ahead of the service's; None where it was not told.
    """

    account: Account | None
    problem: str = ""
    clock_seconds: float | None = None
    tables: tuple[Readable, ...] = ()


def diagnose(connection: Connection, checks: Iterable[Check], scope: Scope, now: datetime) -> Diagnosis:
    """Find out what may be read: one small query a table, and batches of the first object of each entity.

    Args:
        connection: where, and as whom.
        checks: whose needs are looked at.
        scope: which part of the tenant.
        now: this machine's time.
    """
    wanted = tuple(checks)
    try:
        account = account_of(connection)
        with connection.resource_graph() as arm, connection.microsoft_graph() as graph:
            client = QueryClient(arm, Pace())
            tables = [_table(client, need, scope, wanted) for need in tables_needed(wanted)]
            entities, date = _entities(graph, entities_needed(wanted), wanted)
    except ClientAuthenticationError as problem:
        return Diagnosis(account=None, problem=f"Signing in failed: {str(problem).splitlines()[0]}")
    except AccessError as problem:
        return Diagnosis(account=None, problem=str(problem))
    ahead = (now - parsedate_to_datetime(date).astimezone(UTC)).total_seconds() if date else None
    return Diagnosis(account=account, clock_seconds=ahead, tables=(*tables, *entities))


def account_of(connection: Connection) -> Account:
    """Who the credential is, from the claims of its token; they are read here and kept nowhere.

    Raises:
        ClientAuthenticationError: nobody is signed in.
    """
    token = connection.credential.get_token(connection.cloud.resource_scope).token
    claims = _claims(token)
    user = claims.get("upn") or claims.get("unique_name") or claims.get("preferred_username")
    return Account(
        name=str(user or claims.get("app_displayname") or claims.get("appid") or "not told"),
        kind="user" if user else "application" if claims.get("appid") else "not told",
        tenant=str(claims.get("tid") or "not told"),
    )


def _claims(token: str) -> Mapping[str, Any]:
    """The claims of a JSON web token; none where it is of another form."""
    parts = token.split(".")
    if len(parts) != 3:
        return {}
    try:
        found = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _table(client: QueryClient, need: TableNeed, scope: Scope, checks: Sequence[Check]) -> Readable:
    rows, reason = 0, ""
    try:
        for body in scope.bodies():
            rows += client.page(f"{need.table}\n| order by id asc\n| project id", body, rows=1).total
    except (AccessError, ServiceError) as problem:
        if problem.status in (None, 401):
            raise
        reason = str(problem)
    bearing = [
        check for check in checks if check.source == "resource-graph" and need.table in _tables_of(check)
    ]
    return _readable(need.table, "resource-graph", None if reason else rows, reason, "", bearing)


def _tables_of(check: Check) -> set[str]:
    return {need.table for need in tables_needed([check])}


def _entities(
    client: PipelineClient[Any, Any], wanted: Sequence[Entity], checks: Sequence[Check]
) -> tuple[list[Readable], str]:
    found, date = [], ""
    for at in range(0, len(wanted), BATCH):
        chunk = wanted[at : at + BATCH]
        requests = [
            {"id": str(number), "method": "GET", "url": _first_only(entity)}
            for number, entity in enumerate(chunk)
        ]
        batch = HttpRequest("POST", "/v1.0/$batch", json={"requests": requests})
        answer = send(client, batch, Pace())
        date = next((value for name, value in answer.headers.items() if name.lower() == "date"), date)
        parts = {str(part["id"]): part for part in answer.data["responses"]}
        found += [_entity(entity, parts.get(str(number), {}), checks) for number, entity in enumerate(chunk)]
    return found, date


def _first_only(entity: Entity) -> str:
    if entity.singleton:
        return entity.path
    path = entity.path.split("&$top=")[0]
    return path if "$top=" in path else f"{path}{'&' if '?' in path else '?'}$top=1"


def _entity(entity: Entity, part: Mapping[str, Any], checks: Sequence[Check]) -> Readable:
    status = int(part.get("status", 0))
    error = (part.get("body") or {}).get("error") or {} if isinstance(part.get("body"), dict) else {}
    reason = "" if status == 200 else f"HTTP {status} {error.get('code', '')}: {error.get('message', '')}"
    licence = f" and {entity.licence}" if entity.licence else ""
    bearing = [
        check for check in checks if check.source == "microsoft-graph" and entity.id in check.resource_types
    ]
    return _readable(entity.id, "microsoft-graph", None, reason, entity.permission + licence, bearing)


def _readable(
    name: str, source: SourceId, rows: int | None, reason: str, needs: str, checks: Sequence[Check]
) -> Readable:
    return Readable(
        name=name,
        source=source,
        readable=not reason,
        rows=rows,
        reason=reason,
        needs=needs,
        checks=tuple(check.id for check in checks),
        objectives=tuple(dict.fromkeys(check.objective for check in checks)),
    )
