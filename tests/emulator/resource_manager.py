"""The little of Resource Manager that says what can be read: ``GET /subscriptions`` and ``GET /tenants``."""

from __future__ import annotations

import re

from tests.emulator.estate import Estate
from tests.emulator.wire import Request, Response, arm_error, json_response

SERVICE = "resource-manager"


def handle(request: Request, estate: Estate) -> Response:
    """Answer a request."""
    listed = {"/subscriptions": estate.subscriptions, "/tenants": estate.tenants}
    for path, rows in listed.items():
        if request.is_for(path):
            if request.method != "GET":
                return arm_error(405, "HttpMethodNotSupported", f"{request.method} is not supported here.")
            value = rows()
            return json_response(200, {"value": value, "count": {"type": "Total", "value": len(value)}})
    return arm_error(404, "InvalidResource", f"There is nothing at {request.path}.")


def version_problem(request: Request) -> Response | None:
    """What is wrong with the version of the interface that a request names."""
    version = request.options.get("api-version", "")
    if not version:
        message = "The api-version query parameter (?api-version=) is required for all requests."
        return arm_error(400, "MissingApiVersionParameter", message)
    if not re.fullmatch(r"20\d\d-\d\d-\d\d(-preview)?", version):
        return arm_error(400, "InvalidApiVersionParameter", f"The api-version '{version}' is invalid.")
    return None
