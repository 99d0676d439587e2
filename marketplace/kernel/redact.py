"""Keeping secrets and people's data out of logs."""

from __future__ import annotations

import re
from typing import Any

HIDDEN = "[hidden]"

SECRET_NAMES = re.compile(
    r"token|secret|^sign$|signature|password|authorization|auth_code|cipher", re.IGNORECASE
)
PERSONAL_NAMES = re.compile(
    r"address|phone|first_name|last_name|full_name|buyer_|recipient|email|postal|zip"
    r"|^cpf|contact_person|nickname",
    re.IGNORECASE,
)


def redact(value: Any, *, personal: bool = True) -> Any:
    """Return a copy of a JSON-like value with secrets, and by default people's data, hidden."""
    if isinstance(value, dict):
        return {
            key: HIDDEN
            if inner and _is_hidden(str(key), personal)
            else redact(inner, personal=personal)
            for key, inner in value.items()
        }
    if isinstance(value, list | tuple):
        return [redact(inner, personal=personal) for inner in value]
    return value


def _is_hidden(key: str, personal: bool) -> bool:
    if key in ("next_page_token", "page_token"):
        return False
    return bool(SECRET_NAMES.search(key) or (personal and PERSONAL_NAMES.search(key)))
