"""TikTok Shop's two signatures: on the requests we send and on the webhooks it sends."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable

UNSIGNED = frozenset({"sign", "access_token"})


def sign_request(
    secret: str,
    path: str,
    query: Iterable[tuple[str, str]],
    body: bytes = b"",
    *,
    multipart: bool = False,
) -> str:
    """Return the signature of a request: over its path, its sorted query and its exact body.

    The query is signed decoded, and a multipart body is not signed at all.
    """
    pairs = sorted((name, value) for name, value in query if name not in UNSIGNED)
    text = path + "".join(name + value for name, value in pairs)
    signed = text.encode() + (b"" if multipart else body)
    key = secret.encode()
    return hmac.new(key, key + signed + key, hashlib.sha256).hexdigest()


def sign_webhook(app_key: str, secret: str, body: bytes) -> str:
    """Return the signature a webhook with this raw body must carry."""
    return hmac.new(secret.encode(), app_key.encode() + body, hashlib.sha256).hexdigest()


def is_genuine_webhook(app_key: str, secret: str, body: bytes, signature: str) -> bool:
    """Say whether a webhook comes from TikTok; takes equally long for every wrong signature."""
    if not secret or not signature:
        return False
    expected = sign_webhook(app_key, secret, body)
    return hmac.compare_digest(expected.encode(), signature.strip().lower().encode())
