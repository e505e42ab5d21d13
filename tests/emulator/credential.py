"""A credential for tests: its tokens are good at the emulator only, and can be made to expire."""

from __future__ import annotations

import hashlib
import threading
import time
from dataclasses import dataclass
from enum import Enum
from typing import Any

from azure.core.credentials import AccessToken, AccessTokenInfo

MARK = "SECRET-TOKEN"
"""Stands in every token, so that a test can search files and logs for one."""


class Verdict(Enum):
    """What a server thinks of a token."""

    GOOD = "good"
    EXPIRED = "expired"
    REVOKED = "revoked"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Issued:
    """A token that was asked for: with what scopes and claims."""

    scopes: tuple[str, ...]
    claims: str = ""


class FakeCredential:
    """A ``TokenCredential`` without a sign-in.

    Attributes:
        principal: whose tokens these are; a quota is his.
        issued: every token that was asked for, in order.
        refuses: raised by every request for a token from now on, such as ``ClientAuthenticationError``.
        lifetime: seconds that a token says it lasts; azure-core asks anew in the last five minutes.
    """

    def __init__(self, principal: str = "assessor", *, lifetime: float = 3600) -> None:
        self.principal = principal
        self.lifetime = lifetime
        self.issued: list[Issued] = []
        self.refuses: Exception | None = None
        self._lock = threading.Lock()
        self._tokens: dict[str, tuple[Issued, Verdict]] = {}
        self._revoked = False

    def get_token(self, *scopes: str, claims: str | None = None, **_: Any) -> AccessToken:
        """A fresh token each time."""
        return AccessToken(*self._issue(scopes, claims))

    def get_token_info(self, *scopes: str, options: Any = None) -> AccessTokenInfo:
        """A fresh token each time."""
        return AccessTokenInfo(*self._issue(scopes, (options or {}).get("claims")))

    def close(self) -> None:
        """Nothing to close; credentials of azure-identity have this too."""

    def __enter__(self) -> FakeCredential:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def expire(self, token: str | None = None) -> None:
        """Let one token, or all that were issued so far, expire; a token asked for afterwards is good."""
        with self._lock:
            for known, (issued, _) in self._tokens.items():
                if token in (None, known):
                    self._tokens[known] = (issued, Verdict.EXPIRED)

    def revoke(self) -> None:
        """Refuse this principal's tokens for good, those too that are asked for later."""
        with self._lock:
            self._revoked = True

    def judge(self, token: str, audience: str) -> Verdict:
        """What the service of an audience (``management`` or ``graph``) thinks of a token."""
        with self._lock:
            if token not in self._tokens:
                return Verdict.UNKNOWN
            issued, verdict = self._tokens[token]
            if self._revoked:
                return Verdict.REVOKED
        other = {"management": "graph", "graph": "management"}[audience]
        is_for_other = any(scope.partition("://")[2].startswith(other + ".") for scope in issued.scopes)
        return Verdict.UNKNOWN if is_for_other else verdict

    def _issue(self, scopes: tuple[str, ...], claims: str | None) -> tuple[str, int]:
        if self.refuses is not None:
            raise self.refuses
        with self._lock:
            issued = Issued(scopes, claims or "")
            self.issued.append(issued)
            number = len(self.issued)
            noise = hashlib.sha256(f"{self.principal}/{number}".encode()).hexdigest()[:24]
            token = f"{MARK}-{self.principal}-{number}-{noise}"
            self._tokens[token] = (issued, Verdict.GOOD)
        return token, int(time.time() + self.lifetime)
