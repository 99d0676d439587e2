"""The project's own source, read once, for tests of how it is written."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOMAIN = ("catalog", "orders")
PRODUCT = ("marketplace", *DOMAIN, "integrations")
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    """One file of Python."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @cached_property
    def _nodes(self) -> list[ast.AST]:
        return list(ast.walk(self.tree))

    def nodes(self, *kinds: type[ast.AST]) -> Iterator[ast.AST]:
        return (node for node in self._nodes if isinstance(node, kinds))

    def imported(self) -> set[str]:
        """Full names of all that is imported: modules, and what is taken out of them."""
        names: set[str] = set()
        for node in self.nodes(ast.Import, ast.ImportFrom):
            inside = f"{node.module}." if isinstance(node, ast.ImportFrom) else ""
            names |= {inside + alias.name for alias in node.names}
        return names


@cache
def _module(path: Path) -> Module:
    return Module(str(path.relative_to(ROOT)), path.read_text())


def modules(*packages: str) -> tuple[Module, ...]:
    """Every module of these packages but migrations, which a machine writes."""
    found = [
        path
        for package in packages
        for path in sorted((ROOT / package).rglob("*.py"))
        if "migrations" not in path.parts
    ]
    assert found, packages
    return tuple(map(_module, found))


def length(function: Function) -> int:
    """Lines from the first statement to the last; what it promises in words is not counted."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0
