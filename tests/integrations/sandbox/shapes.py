"""Do answers have the documented shape? Types only: {"GET /path": data}, `[x]` is a list of x."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

SHAPES: dict[str, Any] = json.loads(Path(__file__).with_name("shapes.json").read_text())
KINDS = {"string": str, "int": int, "bool": bool, "number": (int, float)}


def misfits(value: Any, shape: Any, where: str = "data") -> list[str]:
    """Return what an answer has that its shape has not, or has otherwise; absent is fine."""
    if shape == "any" or (shape == {} and value in ({}, None)):
        return []
    if isinstance(shape, dict):
        if not isinstance(value, dict):
            return [f"{where}: not an object"]
        return [
            text
            for name, inner in value.items()
            for text in (
                misfits(inner, shape[name], f"{where}.{name}")
                if name in shape
                else [f"{where}.{name}: unknown"]
            )
        ]
    if isinstance(shape, list):
        if not isinstance(value, list):
            return [f"{where}: not a list"]
        return [t for i, item in enumerate(value) for t in misfits(item, shape[0], f"{where}[{i}]")]
    right = isinstance(value, KINDS[shape]) and (shape == "bool" or not isinstance(value, bool))
    return [] if right else [f"{where}: not of type {shape}"]


def check_answer(call: str, answer: dict[str, Any]) -> None:
    """Fail unless a good answer to `METHOD /path/template` has the documented shape."""
    assert sorted(answer) == ["code", "data", "message", "request_id"], answer
    assert (answer["code"], answer["message"]) == (0, "Success"), answer
    assert misfits(answer["data"], SHAPES[call]) == []
