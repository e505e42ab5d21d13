"""Opaque, signed tokens that say where a page begins."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json


class TokenError(ValueError):
    """A token is not ours, is of another query, or is too old."""


class PageTokens:
    """Makes and reads the tokens of one emulator.

    Args:
        secret: what they are signed with.
    """

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()

    def make(self, subject: str, offset: int, issued: int) -> str:
        """A token.

        Args:
            subject: what is paged; the token is good for nothing else.
            offset: where the page begins.
            issued: the number of the request that it was issued for.
        """
        text = json.dumps([_digest(subject), offset, issued], separators=(",", ":")).encode()
        return base64.urlsafe_b64encode(self._sign(text) + text).decode().rstrip("=")

    def read(self, token: str, subject: str) -> tuple[int, int]:
        """The offset of a token, and the number of the request that it was issued for.

        Raises:
            TokenError: it is not ours, or of another query.
        """
        try:
            data = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        except ValueError:
            data = b""
        signature, text = data[:16], data[16:]
        if not text or not hmac.compare_digest(signature, self._sign(text)):
            raise TokenError("the token is not one that was issued")
        digest, offset, issued = json.loads(text)
        if digest != _digest(subject):
            raise TokenError("the token was issued for another query")
        return int(offset), int(issued)

    def _sign(self, text: bytes) -> bytes:
        return hmac.digest(self._secret, text, "sha256")[:16]


def _digest(subject: str) -> str:
    return hashlib.sha256(subject.encode()).hexdigest()[:24]
