"""Talks to a Kusto cluster (Azure Data Explorer, Fabric): who and where, requests, repeats, cancelling.

Everything goes through Microsoft's own client, azure-kusto-data, which is imported only here and only when it is
used: ztkit works without it.
"""

from __future__ import annotations

import importlib
import threading
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import pyarrow as pa

from ztkit.engine.kusto_answers import may_pass, to_arrow, worded
from ztkit.errors import QueryError, UsageError

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.kusto.data import ClientRequestProperties

TIMEOUT = timedelta(minutes=10)
"""What the cluster gives a query; its own default is 4 minutes, and it gives no more than an hour."""
CANCEL_TIMEOUT = timedelta(seconds=10)
"""What the cluster gets to stop a query."""
PAUSES = (1.0, 2.0, 4.0)
"""Seconds to wait before each further attempt at what may pass: throttling, a broken connection, a busy node."""
OPTIONS = {
    "notruncation": True,
    "request_readonly": True,
    "request_callout_disabled": True,
    "request_external_data_disabled": True,
    "request_remote_entities_disabled": True,
}
"""Request properties of every query: all rows, however many; nothing written; nothing read but this database."""

_LOCAL = frozenset({"127.0.0.1", "localhost", "::1"})
T = TypeVar("T")


@dataclass(frozen=True)
class Database:
    """A database on a cluster, and who uses it.

    Attributes:
        cluster: the query URI, such as ``https://contoso.westeurope.kusto.windows.net``; ``http`` only on loopback.
        name: the database; one a tenant.
        credential: of azure-identity; None for a local cluster, which asks for none.

    Raises:
        UsageError: the address is none, or the credential would travel where it must not.
    """

    cluster: str
    name: str
    credential: TokenCredential | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        address = urlsplit(self.cluster)
        if address.scheme not in ("http", "https") or not address.hostname or ";" in self.cluster:
            raise UsageError(
                f"{self.cluster!r} is no cluster; its query URI looks like https://NAME.REGION.kusto.windows.net."
            )
        if not self.name:
            raise UsageError(f"Name a database on {self.cluster}; there is one a tenant.")
        if self.is_local and address.scheme == "https" and self.credential is None:
            raise UsageError("A cluster on this machine that asks for no sign-in is reached with http.")
        if not self.is_local and (address.scheme != "https" or self.credential is None):
            raise UsageError(
                f"{self.cluster} needs https and a sign-in; only a cluster on this machine needs neither."
            )
        if self.credential is not None and address.scheme != "https":
            raise UsageError(f"{self.cluster} is not encrypted; a sign-in is not sent there.")

    @property
    def is_local(self) -> bool:
        """Whether the cluster is on this machine."""
        return urlsplit(self.cluster).hostname in _LOCAL

    def __str__(self) -> str:
        return f"database {self.name} on {self.cluster}"


class Connection:
    """One database, for any number of threads. Use as a context manager, or call `close`.

    Attributes:
        database: which one.
        clock_by_statement: give the moment of ``now()`` in the text (``set query_now = …;``) and not as a request
            property; see `hold_clock`.
    """

    def __init__(
        self, database: Database, *, timeout: timedelta = TIMEOUT, pauses: tuple[float, ...] = PAUSES
    ) -> None:
        self.database = database
        self.clock_by_statement = False
        self._timeout = timeout
        self._pauses = pauses
        self._data = package("azure.kusto.data")
        self._client: Any = self._data.KustoClient(connection_string(database))
        self._running: set[str] = set()
        self._stopped = threading.Event()
        self._guard = threading.Lock()

    def query(self, text: str, now: datetime | None = None) -> pa.Table:
        """Run a query and read all of its answer, repeating what may pass.

        Args:
            text: KQL for this cluster.
            now: what ``now()`` gives; the cluster's own clock if None.

        Raises:
            TableUnreadableError: it names one of our tables, which is not there.
            QueryError: it failed; with the reason and what to do.
        """
        if now is not None and self.clock_by_statement:
            text = f"set query_now = datetime({iso(now)}); {text}"  # on the same line: errors name lines
        return self._tried(lambda: self._answer(text, now))

    def command(self, text: str, *, repeat: bool = True) -> list[list[Any]]:
        """Run a management command and return its rows.

        Args:
            text: the command.
            repeat: whether it may run twice; if not, only what the cluster turned away is sent again.
        """

        def run() -> list[list[Any]]:
            properties = self._properties()
            found = self._client.execute_mgmt(self.database.name, text, properties)
            return [list(row) for row in found.primary_results[0].raw_rows]

        return self._tried(run, repeat=repeat)

    def hold_clock(self, now: datetime) -> None:
        """Make sure that ``now()`` can be a moment of ours: as a request property, or else as a statement.

        Raises:
            QueryError: the cluster takes neither, so that ages would count from today.
        """
        moment = now.astimezone(UTC).replace(tzinfo=None)
        for self.clock_by_statement in (False, True):
            if self.query("print moment = now()", now)["moment"].to_pylist() == [moment]:
                return
        raise QueryError(
            f"{self.database} counts ages from today and not from the snapshot: it takes `query_now` neither as a"
            " request property nor as a statement. Assess the snapshot with the offline engine."
        )

    def cancel(self) -> None:
        """Ask the cluster to stop every query of ours that runs, and run no other."""
        self._stopped.set()
        with self._guard:
            running = tuple(self._running)
        for identifier in running:
            with suppress(Exception):  # nothing depends on it, and the timeout ends the query anyway
                command = f'.cancel query "{identifier}"'
                self._client.execute_mgmt(self.database.name, command, self._properties(CANCEL_TIMEOUT))

    def close(self) -> None:
        """Stop what runs and close the connection."""
        self.cancel()
        self._client.close()

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _answer(self, text: str, now: datetime | None) -> pa.Table:
        """One attempt at a query; its rows become Arrow while they arrive."""
        properties = self._properties()
        for name, value in OPTIONS.items():
            properties.set_option(name, value)
        if now is not None and not self.clock_by_statement:
            properties.set_option("query_now", iso(now))
        identifier = properties.client_request_id
        with self._guard:
            self._running.add(identifier)
        try:
            response = self._client.execute_streaming_query(
                self.database.name, text, self._timeout, properties=properties
            )
            response.set_skip_incomplete_tables(True)  # rows are read as they come, not as its objects
            primary = next(iter(response.iter_primary_results()))
            answer = to_arrow([(c.column_name, c.column_type) for c in primary.columns], primary.raw_rows)
            for _ in response:  # what follows the rows says whether they are all there
                pass
            if problems := response.get_exceptions():
                raise self._data.exceptions.KustoServiceError(problems[0])
            return answer
        finally:
            with self._guard:
                self._running.discard(identifier)

    def _properties(self, timeout: timedelta | None = None) -> ClientRequestProperties:
        properties: ClientRequestProperties = self._data.ClientRequestProperties()
        properties.client_request_id = f"ztkit.check;{uuid.uuid4()}"
        properties.application = "ztkit"
        properties.set_option(properties.request_timeout_option_name, timeout or self._timeout)
        return properties

    def _tried(self, call: Callable[[], T], *, repeat: bool = True) -> T:
        """Call, again after each pause while what went wrong may pass, and raise what is left in our words."""
        kinds = self._data.exceptions
        for pause in (*self._pauses, None):
            if self._stopped.is_set():
                break
            try:
                return call()
            except Exception as problem:  # the client's own, and those of the libraries below it
                throttled = isinstance(problem, kinds.KustoThrottlingError)
                if pause is None or not (throttled or (repeat and may_pass(problem, kinds))):
                    raise worded(problem, self.database, self._timeout, kinds) from problem
                self._stopped.wait(pause)
        raise QueryError(f"stopped before {self.database} answered")


def package(name: str) -> Any:
    """Import one of Microsoft's Kusto packages, all of its parts that are used here.

    Raises:
        UsageError: it is not installed.
    """
    try:
        module = importlib.import_module(name)
        if name == "azure.kusto.data":
            importlib.import_module("azure.kusto.data.exceptions")
            importlib.import_module("azure.kusto.data.data_format")
    except ImportError as problem:
        raise UsageError(
            f"A Kusto cluster needs {name.replace('.', '-')}, which is not installed: `pip install 'ztkit[kusto]'`."
        ) from problem
    return module


def connection_string(database: Database) -> Any:
    """A new connection string builder of azure-kusto-data for a database's cluster."""
    builder = package("azure.kusto.data").KustoConnectionStringBuilder
    if database.credential is None:
        return builder.with_no_authentication(database.cluster)
    return builder.with_azure_token_credential(database.cluster, credential=database.credential)


def iso(moment: datetime) -> str:
    """A moment as Kusto reads it, in UTC, to the microsecond."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
