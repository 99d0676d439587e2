"""Are the fields of a body there, and of the right type?"""

from __future__ import annotations

import json
from typing import Any

from integrations.sandbox.store import Doc
from integrations.sandbox.tiktok.errors import ApiError, bad_request


def read_json(raw: bytes) -> Doc:
    """Return the object in a body; no body and an empty list mean an empty object."""
    if not raw.strip():
        return {}
    try:
        body = json.loads(raw)
    except ValueError:
        raise ApiError(36009022, "The body is not JSON.", http=400) from None
    if body == []:
        return {}
    if not isinstance(body, dict):
        raise bad_request("body must be an object")
    return body


def check_body(body: Any, schema: Any, where: str = "body") -> None:
    """Refuse a body that lacks a required field or has one of another type.

    A schema is a type name, an object of schemas (a name ending in `*` is required), or a list
    with the schema of its items. Fields that no schema names are let through.
    """
    if isinstance(schema, dict):
        _check_object(body, schema, where)
    elif isinstance(schema, list):
        _expect(isinstance(body, list), where, "a list")
        for index, item in enumerate(body):
            check_body(item, schema[0], f"{where}[{index}]")
    else:
        _expect(_fits(body, schema), where, f"of type {schema}")


def _check_object(body: Any, schema: Doc, where: str) -> None:
    _expect(isinstance(body, dict), where, "an object")
    for marked, inner in schema.items():
        name = marked.removesuffix("*")
        value = body.get(name)
        if value is not None:
            check_body(value, inner, f"{where}.{name}")
        elif marked.endswith("*"):
            raise bad_request(f"{where}.{name} is missing")


def _expect(ok: bool, where: str, what: str) -> None:
    if not ok:
        raise bad_request(f"{where} must be {what}")


def _fits(value: Any, kind: str) -> bool:
    if kind == "string":
        return isinstance(value, str)
    if kind == "int":
        return isinstance(value, int) and not isinstance(value, bool)
    if kind == "bool":
        return isinstance(value, bool)
    return True
