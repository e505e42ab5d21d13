"""Stands in for ``az`` (Azure CLI 2.91): the commands of the collection script, with the CLI's options, output and errors.

What it does was compared with the CLI itself, asking the emulator: ``rest --output-file`` writes the body as it came and
prints nothing; an HTTP error leaves the file alone, exits with 1 and prints ``ERROR: Forbidden({...})``, the reason and
the body; a body that ends early is the error of an unexpected exception; a cut body that says so is none.

The environment's ``STANDIN_AZURE`` is JSON: ``url`` and ``ca_file`` of the emulator, ``management`` and ``graph`` tokens,
``tenant`` (empty: nobody is signed in), and ``log``, a file that gets each call's arguments as a line of JSON.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import ssl
import sys
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import quote, urlsplit

METHODS = ("head", "get", "put", "post", "delete", "options", "patch")
SIGN_IN_AGAIN = "Interactive authentication is needed. Please run:\naz logout\naz login"


class CommandError(Exception):
    """The command fails with an error; the exit code follows after it."""

    def __init__(self, message: str, more: str = "", code: int = 1) -> None:
        super().__init__(message)
        self.message, self.more, self.code = message, more, code


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise CommandError(
            message, "https://aka.ms/cli_ref\nRead more about the command in reference docs", 2
        )


def _parser() -> argparse.ArgumentParser:
    shared = _Parser(add_help=False, allow_abbrev=False)
    shared.add_argument("--output", "-o", choices=("json", "tsv", "none"), default="json")
    shared.add_argument("--query")
    shared.add_argument("--only-show-errors", action="store_true")
    parser = _Parser(prog="az", allow_abbrev=False)
    groups = parser.add_subparsers(dest="group", required=True, parser_class=_Parser)
    for group in ("account", "cloud"):
        commands = groups.add_parser(group).add_subparsers(
            dest="command", required=True, parser_class=_Parser
        )
        commands.add_parser("show", parents=[shared], allow_abbrev=False)
    rest = groups.add_parser("rest", parents=[shared], allow_abbrev=False)
    rest.add_argument("--method", "-m", choices=METHODS, default="get")
    rest.add_argument("--url", "--uri", "-u", required=True)
    rest.add_argument("--body", "-b")
    rest.add_argument("--headers", nargs="+", default=[])
    rest.add_argument("--output-file")
    return parser


def main(arguments: list[str], azure: dict[str, str]) -> int:
    """Run a command; returns the exit code."""
    with Path(azure["log"]).open("a", encoding="utf-8") as log:
        log.write(json.dumps(arguments) + "\n")
    try:
        options = _parser().parse_args(arguments)
        result = {"account": _account, "cloud": _cloud, "rest": _rest}[options.group](options, azure)
    except CommandError as failure:
        print(f"ERROR: {failure.message}", file=sys.stderr)  # noqa: T201
        if failure.more:
            print(failure.more, file=sys.stderr)  # noqa: T201
        return failure.code
    for name in (options.query or "").split(".") if options.query else ():
        result = result.get(name) if isinstance(result, dict) else None
    if result is not None and options.output != "none":
        print(result if options.output == "tsv" else json.dumps(result, indent=2))  # noqa: T201
    return 0


def _account(_: argparse.Namespace, azure: dict[str, str]) -> Any:
    if not azure["tenant"]:
        raise CommandError("Please run 'az login' to setup account.")
    return {"environmentName": "AzureCloud", "isDefault": True, "tenantId": azure["tenant"]}


def _cloud(_: argparse.Namespace, azure: dict[str, str]) -> Any:
    endpoints = {"microsoftGraphResourceId": azure["url"] + "/", "resourceManager": azure["url"] + "/"}
    return {"endpoints": endpoints, "isActive": True, "name": "AzureCloud"}


def _rest(options: argparse.Namespace, azure: dict[str, str]) -> Any:
    parts = urlsplit(options.url)
    if f"{parts.scheme}://{parts.netloc}" != azure["url"]:
        raise CommandError(f"{options.url} is not of this cloud; the CLI would send no token to it")
    is_graph = parts.path.startswith("/v1.0/")
    headers = {
        "Authorization": "Bearer " + azure["graph" if is_graph else "management"],
        "User-Agent": "AZURECLI/2.91.0",
    }
    body = _body(options.body)
    if body is not None:
        headers["Content-Type"] = "application/json"
    context = ssl.create_default_context(cafile=azure["ca_file"])
    connection = http.client.HTTPSConnection(parts.netloc, context=context, timeout=60)
    target = quote(parts.path, safe="/%()=',$") + (
        "?" + quote(parts.query, safe="&=$,()%'/:") if parts.query else ""
    )
    try:
        connection.request(options.method.upper(), target, body, headers)
        answer = connection.getresponse()
        data = answer.read()
    except (OSError, http.client.HTTPException) as problem:
        message = f"The command failed with an unexpected error. Here is the traceback:\nERROR: {problem!r}"
        more = "To check existing issues, please visit: https://github.com/Azure/azure-cli/issues"
        raise CommandError(message, f"Traceback (most recent call last):\n{problem!r}\n{more}") from problem
    finally:
        connection.close()
    if answer.status >= 400:
        again = SIGN_IN_AGAIN if answer.status == 401 and answer.getheader("WWW-Authenticate") else ""
        raise CommandError(f"{answer.reason}({data.decode()})" if data else answer.reason, again)
    if options.output_file:
        Path(options.output_file).write_bytes(data)
        return None
    return json.loads(data)


def _body(given: str | None) -> bytes | None:
    if given is None:
        return None
    text = Path(given[1:]).read_text(encoding="utf-8") if given.startswith("@") else given
    try:
        return json.dumps(json.loads(text)).encode()
    except ValueError:
        return text.encode()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], json.loads(os.environ["STANDIN_AZURE"])))
