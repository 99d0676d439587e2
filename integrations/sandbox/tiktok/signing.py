"""How a request and a notification are signed."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable

UNSIGNED = {"sign", "access_token"}


def request_signature(
    secret: str, path: str, query: Iterable[tuple[str, str]], body: bytes, content_type: str
) -> str:
    """Return the signature of a request; values are decoded, the body is as it was sent."""
    pairs = sorted((pair for pair in query if pair[0] not in UNSIGNED), key=lambda pair: pair[0])
    text = path + "".join(name + value for name, value in pairs)
    signed_body = b"" if content_type.lower().startswith("multipart/form-data") else body
    message = secret.encode() + text.encode() + signed_body + secret.encode()
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def is_signed(
    sign: str,
    secret: str,
    path: str,
    query: list[tuple[str, str]],
    body: bytes,
    content_type: str,
) -> bool:
    """Tell whether a signature is right. An empty object may be signed as if it were no body."""
    bodies = [body, b""] if body.strip() == b"{}" else [body]
    return any(
        hmac.compare_digest(
            sign.encode(),
            request_signature(secret, path, query, candidate, content_type).encode(),
        )
        for candidate in bodies
    )


def notification_signature(app_key: str, secret: str, body: bytes) -> str:
    """Return the signature that a notification carries in its Authorization header."""
    return hmac.new(secret.encode(), app_key.encode() + body, hashlib.sha256).hexdigest()
