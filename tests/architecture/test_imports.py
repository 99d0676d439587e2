"""Imports point down, adapters stand side by side, and the sandbox shares nothing with them."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

from tests.architecture.source import PRODUCT, ROOT, modules


def test_every_import_contract_is_kept() -> None:
    command = Path(sys.executable).with_name("lint-imports")
    told = subprocess.run(
        [command, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert told.returncode == 0, told.stdout[-3000:]
    assert "Contracts: 5 kept, 0 broken." in told.stdout


def test_only_the_start_of_an_app_imports_inside_a_function() -> None:
    late = {
        module.path
        for module in modules(*PRODUCT, "demo")
        for function in module.nodes(ast.FunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    assert {path for path in late if not path.endswith("/apps.py")} == set()


def test_only_the_kernel_speaks_to_the_queue() -> None:
    """One package to change, should the queue ever be another."""
    users = {
        module.path
        for module in modules(*PRODUCT)
        if any(name.split(".")[0] == "django_q" for name in module.imported())
    }
    assert {path for path in users if not path.startswith("marketplace/")} == set()
