# ruff: noqa: S301, S608 - the stand-in is ours, and so are the names in its statements
"""Stands in for a Kusto cluster: the Kusto-compatible server of duckdb-kql on loopback.

That server lacks a little of what a cluster has, and `StandIn` adds it, no more: request properties as clients send them
(as text), commands that make, fill and empty tables, and properties that ask for what it does anyway.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import pickle
import re
import threading
import time
from contextlib import contextmanager
from types import SimpleNamespace

import duckdb
import duckdb_kql
import duckdb_kql.server as standin_server
import pytest
from duckdb_kql import engine

from tests.emulator.whole_run import note
from tests.emulator.wire import Request
from ztkit.engine.kusto import Database
from ztkit.engine.staging import stage

_TYPES = {"string": "VARCHAR", "dynamic": "JSON", "long": "BIGINT", "datetime": "TIMESTAMP"}
_COMMAND = re.compile(
    r"\.(create-merge|clear|ingest inline into) table \['(\w+)'\](?: data$| with \(format=\"csv\"\) <\|\n| \((.*)\)$)"
)
_ALREADY_SO = ("notruncation", "request_remote_entities_disabled")


class _Handler(standin_server._Handler):
    def __getattr__(self, name):
        if name.startswith("do_"):  # a method that a cluster does not know is recorded all the same
            return self._refuse
        raise AttributeError(name)

    def do_GET(self):  # noqa: N802 - the name that http.server calls
        self._recorded()
        super().do_GET()

    def _refuse(self):
        self._recorded()
        self.send_error(405)

    def _recorded(self):
        """The request's body, once the request is in the recording of the whole run."""
        data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path, _, query = self.path.partition("?")
        note("kusto", Request(0, time.monotonic(), self.command, path, query, body=data))
        return data

    def do_POST(self):  # noqa: N802 - the name that http.server calls
        body = json.loads(self._recorded())
        if self.kusto.deaf:
            self.close_connection = True
            return
        body["properties"] = json.loads(body.get("properties") or "{}")
        self.kusto.requests.append(body)
        if self.kusto.answers:
            status, answer = self.kusto.answers.pop(0)
            self._send(status, answer)
            return
        if not self.kusto.hears_properties:
            body["properties"] = {}
        data, original = json.dumps(body).encode(), self.rfile
        self.headers.replace_header("Content-Length", str(len(data)))
        self.rfile = io.BytesIO(data)
        try:
            super().do_POST()
        finally:
            self.rfile = original


class StandIn(standin_server.KustoRestServer):
    """The server of duckdb-kql with what a cluster has beyond it.

    Attributes:
        requests: the bodies of all requests, with their properties read.
        answers: status and body to give to the next requests, in place of what they ask for.
        hears_properties: whether request properties reach it.
        deaf: close connections without an answer.
    """

    def __init__(self, folder):
        super().__init__(duckdb.connect(":memory:"), port=0, quiet=True)
        self.RequestHandlerClass = _Handler
        self.folder = folder
        self.requests, self.answers, self.hears_properties, self.deaf = [], [], True, False

    def database_named(self, name):
        """A database, made where it is not there yet."""
        with self._lock:
            self._con.execute(f"ATTACH IF NOT EXISTS ':memory:' AS {name}")
        return Database(self.url, name)

    def sql(self, text, *values):
        """Run a statement behind the server's back."""
        with self._lock:
            return self._con.execute(text, list(values)).fetchall()

    def run(self, csl, parameters=None, database=None, options=None):
        """Run a query or command."""
        if csl == ".show tables":  # the server's own shows those of the database that it was started with
            rows = self.sql(
                "SELECT table_name, table_catalog FROM information_schema.tables WHERE table_catalog = ?",
                database,
            )
            names = ("TableName", "DatabaseName")
            return standin_server.Result(
                [standin_server.RestColumn.derived(name, "string") for name in names], rows
            )
        command = _COMMAND.match(csl)
        if command is None:
            return super().run(csl, parameters, database, options)
        verb, table, columns = command.groups()
        name = f'{database}."{table}"'
        if verb == "create-merge":
            listed = ", ".join(
                f'"{column}" {_TYPES[kind]}' for column, kind in re.findall(r"\['(\w+)'\]:(\w+)", columns)
            )
            self.sql(f"CREATE TABLE IF NOT EXISTS {name} ({listed})")
        elif verb == "clear":
            self.sql(f"DELETE FROM {name}")
        else:
            self._take(name, csl[command.end() :])
        return standin_server.Result([standin_server.RestColumn.derived("ExtentId", "string")], [("x",)])

    def _take(self, name, text):
        path = self.folder / "inline.csv"
        path.write_text(text, encoding="utf-8", newline="")
        kinds = dict(self.sql(f"SELECT column_name, column_type FROM (DESCRIBE {name})"))
        values = ", ".join(
            f'"{column}"' if kind == "VARCHAR" else f"nullif(\"{column}\", '')::{kind}"
            for column, kind in kinds.items()
        )
        self.sql(
            f"INSERT INTO {name} SELECT {values} FROM read_csv(?, header = false, auto_detect = false, delim = ',',"
            " quote = '\"', escape = '\"', allow_quoted_nulls = false, parallel = false, max_line_size = 8000000,"
            " columns = ?)",
            str(path),
            dict.fromkeys(kinds, "VARCHAR"),
        )


@contextmanager
def serving(folder, cache=None):
    """A stand-in that answers while the block runs.

    Args:
        folder: for files of its own.
        cache: pytest's, to keep translations in: without them the tests take minutes.
    """
    checked = standin_server.check_options
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            standin_server,
            "check_options",
            lambda options: checked({name: options[name] for name in options if name not in _ALREADY_SO}),
        )
        patch.setattr(engine, "kql", _planned_once)
        if cache is not None:
            patch.setattr(
                duckdb_kql, "to_sql", _remembering(duckdb_kql.to_sql, cache.mkdir("kusto-translations"))
            )
        server = StandIn(folder)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()
        server.server_close()
        server._con.close()


def _planned_once(connection, query, *how, **options):
    """What the server gets of a query: its own way plans it once for the columns and again for the rows."""
    sql, bound = engine._prepare(connection, query, *how, **options)
    found = connection.execute(sql, bound or None)
    names, types = [column[0] for column in found.description], [column[1] for column in found.description]
    return SimpleNamespace(columns=names, types=types, fetchall=found.fetchall)


def _remembering(translate, folder):
    """The server's translation of KQL, of staged queries as offline, and kept."""

    def to_sql(kql, schema=None, database=None, query_now=None, **options):
        if database is None:  # the offline engine's, which stages and keeps its own
            return translate(kql, schema=schema, query_now=query_now, **options)
        columns = sorted(item for item in (schema or {}).items() if item[0].startswith(f"{database}."))
        key = repr((duckdb_kql.__version__, kql, columns, database, query_now))
        path = folder / hashlib.sha256(key.encode()).hexdigest()
        if path.exists():
            return pickle.loads(path.read_bytes())
        made = translate(stage(kql), schema=schema, database=database, query_now=query_now, **options)
        unfinished = folder / f"{path.name}-{os.getpid()}"
        unfinished.write_bytes(pickle.dumps(made))
        unfinished.replace(path)
        return made

    return to_sql
