"""Faults that are an answer with another status, in the words of the service that gives it."""

from __future__ import annotations

from tests.emulator.faults import ERRORS, Fault, Planned
from tests.emulator.quota import seconds_text
from tests.emulator.wire import Response, arm_error, graph_error
from ztkit.model.graph import Entity

_NOT_PREMIUM = (
    403,
    "Authentication_RequestFromNonPremiumTenantOrB2CTenant",
    "Neither tenant is B2C or tenant doesn't have premium license",
)
_LICENCES = (
    ("/deviceManagement", (400, "BadRequest", "Request not applicable to target tenant.")),
    ("/deviceAppManagement", (400, "BadRequest", "Request not applicable to target tenant.")),
    ("/identityProtection", (403, "Forbidden", "Your tenant is not licensed for this feature.")),
    (
        "/roleManagement",
        (400, "AadPremiumLicenseRequired", "The tenant needs to have Microsoft Entra ID P2 license."),
    ),
    (
        "/policies/roleManagement",
        (400, "AadPremiumLicenseRequired", "The tenant needs to have Microsoft Entra ID P2 license."),
    ),
)
_DIRECTORY = (
    "/users",
    "/devices",
    "/applications",
    "/servicePrincipals",
    "/oauth2",
    "/organization",
    "/domains",
)


def arm_status(planned: Planned) -> Response:
    """The answer of Resource Graph or Resource Manager."""
    fault = planned.fault
    if fault in ERRORS:
        code = planned.code or {500: "InternalServerError", 503: "ServiceUnavailable"}.get(ERRORS[fault], "")
        return _gateway(ERRORS[fault]) if not code else arm_error(ERRORS[fault], code, "Try again later.")
    if fault is Fault.THROTTLED:
        message = (
            "Client application has been throttled and should not attempt to repeat the request until an "
        )
        message += "amount of time has elapsed. Please see https://aka.ms/resourcegraph-throttling for help."
        details = [{"code": "RateLimiting", "message": message}]
        code = planned.code or "RateLimiting"
        return arm_error(429, code, "The request was throttled.", details, _retry_after(planned))
    if fault is Fault.NOT_FOUND:
        return arm_error(404, planned.code or "ResourceNotFound", "The resource was not found.")
    message = "The client does not have authorization to perform this action."
    return arm_error(planned.status or 403, planned.code or "AccessDenied", message)


def graph_status(planned: Planned, entity: Entity | None) -> Response:
    """The answer of Microsoft Graph."""
    fault, path = planned.fault, entity.path if entity else ""
    if fault in ERRORS:
        code = planned.code or {500: "InternalServerError", 503: "ServiceUnavailable"}.get(
            ERRORS[fault], "UnknownError"
        )
        return graph_error(ERRORS[fault], code, "Try again later.")
    if fault is Fault.THROTTLED:
        code, message = planned.code or "TooManyRequests", "Too many requests."
        return graph_error(429, code, message, _retry_after(planned))
    if fault is Fault.NOT_FOUND:
        return graph_error(404, planned.code or "Request_ResourceNotFound", "The resource does not exist.")
    if fault is Fault.LICENCE_MISSING:
        status, code, message = next(
            (error for begin, error in _LICENCES if path.startswith(begin)), _NOT_PREMIUM
        )
        return graph_error(planned.status or status, planned.code or code, message)
    usual = "Authorization_RequestDenied" if path.startswith(_DIRECTORY) else "Forbidden"
    return graph_error(403, planned.code or usual, "Insufficient privileges to complete the operation.")


def _retry_after(planned: Planned) -> dict[str, str]:
    return {} if planned.retry_after is None else {"Retry-After": seconds_text(planned.retry_after)}


def _gateway(status: int) -> Response:
    """A gateway says what went wrong in HTML."""
    body = f"<html><head><title>{status}</title></head><body><h2>Our services aren't available right now</h2></body></html>"
    return Response(status, body.encode(), {"Content-Type": "text/html"})
