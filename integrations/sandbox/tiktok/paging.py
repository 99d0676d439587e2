"""Pages of a search: a size, and a token that says where the last page ended."""

from __future__ import annotations

import base64
import binascii
from dataclasses import replace

from integrations.sandbox.store import Doc, Query
from integrations.sandbox.tiktok.errors import ApiError, bad_request
from integrations.sandbox.tiktok.wire import Call


def page_size(call: Call, maximum: int, default: int | None = None) -> int:
    """Return the size asked for; it is required where there is no default."""
    text = call.query("page_size", "" if default is None else str(default))
    if not text.isdigit() or not 1 <= int(text) <= maximum:
        raise bad_request(f"page_size must be between 1 and {maximum}")
    return int(text)


def encode_token(time: int, key: str, seen: int = 0) -> str:
    """Return an opaque token for a position."""
    return base64.b64encode(f"{time}:{seen}:{key}".encode()).decode()


def decode_token(token: str) -> tuple[int, str, int] | None:
    """Return the time, the key and the count at a token, or nothing for the first page."""
    if not token:
        return None
    try:
        time, seen, key = base64.b64decode(token, validate=True).decode().split(":", 2)
        return int(time), key, int(seen)
    except (binascii.Error, ValueError):
        raise bad_request("page_token is not valid") from None


def paged(
    call: Call,
    query: Query,
    *,
    maximum: int,
    default: int | None = None,
    key: str = "id",
    cap: int | None = None,
) -> tuple[list[Doc], str, int]:
    """Return one page of documents, the token of the next one, and how many there are in all.

    Documents must carry their key and the time they are ordered by as fields. Past the cap there
    are no more pages.
    """
    size = page_size(call, maximum, default)
    lag = call.visible_until()
    if lag is not None:
        query = replace(query, create_lt=min(query.create_lt or lag, lag))
    place = decode_token(call.query("page_token"))
    seen = place[2] if place else 0
    if cap is not None and seen >= cap:
        raise ApiError(12052180, f"A search shows at most {cap} results.")
    found = call.store.find(query, limit=size + 1, after=place[:2] if place else None)
    docs, token = found[:size], ""
    if len(found) > size:
        last = docs[-1 - _repeated(call, size)]
        token = encode_token(last[query.order_by], last[key], seen + size)
    return docs, token, call.store.count(query)


def _repeated(call: Call, size: int) -> int:
    """Return how many rows of this page the next one shows again; the page still moves on."""
    rule = call.fault("repeated_rows")
    return 0 if rule is None else min(int(rule.get("rows", 10)), size - 1)
