"""The one way out to Azure: azure-core pipelines that can only read, and sending that outlives faults.

Every request passes `ReadOnlyPolicy`, which lets through GET, the query of Resource Graph, and batches of GET of
Microsoft Graph. No logging policy is in the pipelines: no header, and with it no token, can reach a log.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    DecodeError,
    ServiceRequestError,
    ServiceResponseError,
)
from azure.core.pipeline import PipelineRequest
from azure.core.pipeline.policies import (
    BearerTokenCredentialPolicy,
    ProxyPolicy,
    RequestIdPolicy,
    SansIOHTTPPolicy,
    UserAgentPolicy,
)

from ztkit import __version__
from ztkit.azure.pace import Pace
from ztkit.errors import AccessError, ReadOnlyError, ServiceError

if TYPE_CHECKING:
    from azure.core import PipelineClient
    from azure.core.credentials import TokenCredential
    from azure.core.rest import HttpRequest, HttpResponse

QUERY_PATH = "/providers/microsoft.resourcegraph/resources"
BATCH_PATH = "/v1.0/$batch"
ATTEMPTS = 7
"""How often a request is sent before its fault counts as one: waits of 0.5 s to 32 s in between."""
_FIRST_WAIT = 0.5
_SIGN_INS = 3
_PASS = (408, 429, 500, 502, 503, 504)
_THROTTLED = "HTTP 429"
"""The quota knows how long to wait for it."""


class ReadOnlyPolicy(SansIOHTTPPolicy):  # type: ignore[type-arg]  # any request, any response
    """Refuses whatever could change something in a tenant, before it leaves."""

    def on_request(self, request: PipelineRequest[Any]) -> None:
        """Look at a request.

        Raises:
            ReadOnlyError: it is neither GET, nor the query, nor a batch of GET.
        """
        method = request.http_request.method.upper()
        path = urlsplit(request.http_request.url).path.lower().rstrip("/")
        if method == "GET" or (method == "POST" and path == QUERY_PATH):
            return
        if method == "POST" and path == BATCH_PATH and _only_gets(request.http_request):
            return
        raise ReadOnlyError(
            f"ztkit only reads, and does not send {method} {path}. This is a defect of ztkit."
        )


def _only_gets(request: Any) -> bool:
    body = (
        getattr(request, "content", None) or getattr(request, "body", None) or getattr(request, "data", None)
    )
    parts = json.loads(body)["requests"] if isinstance(body, str | bytes) else []
    return bool(parts) and all(part["method"] == "GET" for part in parts)


class FreshTokenPolicy(BearerTokenCredentialPolicy[Any, Any]):
    """Signs requests, and signs once more where the service says that the token is no longer good."""

    def on_challenge(self, request: PipelineRequest[Any], response: Any) -> bool:
        """Answer a 401; a challenge for claims (continuous access evaluation) is azure-core's own."""
        if super().on_challenge(request, response):
            return True
        self.authorize_request(request, *self._scopes)
        return True


def policies(credential: TokenCredential, scope: str) -> list[Any]:
    """The policies of every pipeline, in order. No retry policy: see `send`."""
    return [
        ReadOnlyPolicy(),
        RequestIdPolicy(),
        UserAgentPolicy(base_user_agent=f"ztkit/{__version__}"),
        ProxyPolicy(),
        FreshTokenPolicy(credential, scope, enable_cae=True),
    ]


@dataclass(frozen=True)
class Answer:
    """What a service answered."""

    data: Any
    headers: Mapping[str, str]


def send(
    client: PipelineClient[Any, Any], request: HttpRequest, pace: Pace, *, attempts: int = ATTEMPTS
) -> Answer:
    """Send a request within a quota, again where the fault passes: network, 5xx, 429, a body cut short.

    Args:
        client: what it goes through; its base URL completes that of the request.
        request: what to send, each time the same.
        pace: the quota of the service.
        attempts: how often to send it at most.

    Raises:
        AccessError: the service refuses (401, 403, 404), or nobody is signed in.
        ServiceError: it answers with another error, or the fault did not pass.
        StoppedError: the pace was stopped.
    """
    request.url = client.format_url(request.url)
    for attempt in range(1, attempts + 1):
        response, fault = _once(client, request, pace)
        if response is not None and response.status_code < 400:
            try:
                return Answer(json.loads(response.content), dict(response.headers))
            except ValueError:
                fault = "the answer was cut short"
        elif response is not None:
            fault = _passing(response, attempt)
        if attempt < attempts and fault != _THROTTLED:
            pace.rest(_FIRST_WAIT * 2 ** (attempt - 1) * (0.75 + random.random() / 2))  # noqa: S311 - jitter
    raise ServiceError(f"The service did not answer after {attempts} attempts: {fault}.", None, "")


def _once(
    client: PipelineClient[Any, Any], request: HttpRequest, pace: Pace
) -> tuple[HttpResponse | None, str]:
    """Send a request once; returns the answer, or what kept it from coming."""
    response: HttpResponse | None = None
    begun = pace.begin()
    try:
        response = client.send_request(request)
    except ClientAuthenticationError as problem:
        raise AccessError(f"Signing in failed: {_first_line(problem)}", 401, "") from None
    except DecodeError:  # a body short of its length is one
        return None, "the answer was cut short"
    except (ServiceRequestError, ServiceResponseError) as problem:
        return None, _first_line(problem)
    except AzureError as problem:
        raise ServiceError(_first_line(problem), None, "") from None
    finally:
        headers = {} if response is None else response.headers
        throttled = response is not None and response.status_code == 429
        pace.end(begun, headers, retry_after(headers) if throttled else None)
    return response, ""


def _passing(response: HttpResponse, attempt: int) -> str:
    """What an error answer says that may pass.

    Raises:
        AccessError: the service refuses.
        ServiceError: it answers with an error that does not pass.
    """
    if response.status_code == 401:
        # a token that ran out was replaced by then; when that of several threads does at once, once is not enough
        if attempt >= _SIGN_INS:
            raise AccessError(f"Signing in failed: {error_of(response)}", 401, "")
    elif response.status_code not in _PASS:
        raise error_of(response)
    return f"HTTP {response.status_code}"


def retry_after(headers: Mapping[str, str]) -> float:
    """Seconds that a 429 asks to wait; 5 where it does not say."""
    text = next((value for name, value in headers.items() if name.lower() == "retry-after"), "")
    return float(text) if text.replace(".", "", 1).isdigit() else 5.0


def error_of(response: HttpResponse) -> AccessError | ServiceError:
    """An error answer in our words: its code and message, never its request."""
    status = response.status_code
    code, message = _told(response)
    text = f"HTTP {status} {code}: {message}".strip()
    if status in (401, 403, 404):
        return AccessError(text, status, code)
    return ServiceError(text, status, code)


def _told(response: HttpResponse) -> tuple[str, str]:
    """Code and message of an error answer, whichever of the two services wrote it."""
    try:
        body = json.loads(response.content)
    except ValueError:
        return "", "no explanation was given"
    error = body.get("error", {}) if isinstance(body, dict) else {}
    details = [item for item in error.get("details") or () if isinstance(item, dict)]
    codes = [str(error.get("code", "")), *(str(item.get("code", "")) for item in details)]
    messages = [str(error.get("message", "")), *(str(item.get("message", "")) for item in details)]
    return "/".join(filter(None, codes)), " ".join(filter(None, messages))[:500]


def _first_line(problem: BaseException) -> str:
    return str(problem).strip().splitlines()[0][:300] if str(problem).strip() else type(problem).__name__
