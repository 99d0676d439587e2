"""Habits of this code that no linter knows."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from itertools import chain

from tests.architecture.source import DOMAIN, PRODUCT, ROOT, Module, length, modules

#: The machine, and the jobs: their moves are fenced by the owner of a lease, not by the old state.
WRITERS_OF_STATE = {"marketplace/kernel/states.py", "marketplace/kernel/jobs.py"}


def assigned(node: ast.AST) -> list[ast.expr]:
    if isinstance(node, ast.Assign):
        return list(chain(*(_parts(target) for target in node.targets)))
    return [node.target] if isinstance(node, ast.AnnAssign | ast.AugAssign) else []


def _parts(target: ast.expr) -> list[ast.expr]:
    return list(target.elts) if isinstance(target, ast.Tuple | ast.List) else [target]


def name_of(call: ast.Call) -> str:
    """The last part of what is called: `rows.update(...)` is "update"."""
    return getattr(call.func, "attr", getattr(call.func, "id", ""))


def words(node: ast.AST) -> set[str]:
    """Every text written inside a piece of code."""
    inner = (part for part in ast.walk(node) if isinstance(part, ast.Constant))
    return {part.value for part in inner if isinstance(part.value, str)}


def writes_state(call: ast.Call) -> bool:
    name, keywords = name_of(call), {keyword.arg: keyword.value for keyword in call.keywords}
    if name == "update":
        return "state" in keywords
    if name == "setattr":
        return "state" in words(call)
    if name in ("update_or_create", "bulk_update", "save"):
        return "state" in words(call)
    return False


def state_writes(module: Module) -> Iterator[str]:
    for node in module.nodes(ast.Assign, ast.AnnAssign, ast.AugAssign):
        for target in assigned(node):
            if isinstance(target, ast.Attribute) and target.attr == "state":
                yield f"{module.path}:{node.lineno}"
    for call in module.nodes(ast.Call):
        if writes_state(call):
            yield f"{module.path}:{call.lineno}"


def test_a_state_is_written_by_the_machines_alone() -> None:
    own = [m for m in modules(*PRODUCT, "demo") if not m.path.startswith("integrations/sandbox/")]
    found = {line for module in own for line in state_writes(module)}
    strangers = {line for line in found if line.split(":")[0] not in WRITERS_OF_STATE}
    assert strangers == set()
    assert {line.split(":")[0] for line in found} == WRITERS_OF_STATE


def test_the_look_for_state_writes_sees_each_way_of_writing_one() -> None:
    ways = (
        "order.state = 1",
        "a.x, b.state = 1, 2",
        "rows.update(state=1)",
        "setattr(row, 'state', 1)",
        "rows.bulk_update(found, ['state', 'problem'])",
        "rows.update_or_create(pk=1, defaults={'state': 1})",
        "row.save(update_fields=['state'])",
    )
    assert [len(list(state_writes(Module("x.py", way)))) for way in ways] == [1] * len(ways)
    assert list(state_writes(Module("x.py", "rows.filter(state=1).update(problem='')"))) == []


def test_no_module_is_longer_than_400_lines() -> None:
    everything = modules(*PRODUCT, "demo", "scripts", "benchmarks")
    long = {m.path: len(m.text.splitlines()) for m in everything}
    assert {path: lines for path, lines in long.items() if lines > 400} == {}


def test_no_function_is_longer_than_40_lines() -> None:
    long = {
        f"{module.path}:{node.name}": length(node)
        for module in modules(*PRODUCT, "demo", "scripts")
        for node in module.nodes(ast.FunctionDef, ast.AsyncFunctionDef)
    }
    assert {name: lines for name, lines in long.items() if lines > 40} == {}


def test_nothing_happens_by_a_signal() -> None:
    """What a change brings about is called by whoever makes the change, and can be read there."""
    users = [
        module.path
        for module in modules(*PRODUCT)
        if any(".signals" in name or "django.dispatch" in name for name in module.imported())
    ]
    assert users == []


def test_services_never_enqueue() -> None:
    """Doors nudge; a service that did could not be called by a task."""
    inner = [m for m in modules(*DOMAIN) if "/services/" in m.path or "/models/" in m.path]
    assert inner
    enqueuing = [m.path for m in inner if m.imported() & QUEUE]
    assert enqueuing == []


QUEUE = {"marketplace.kernel.tasks", "marketplace.kernel.tasks.nudge", "marketplace.kernel.jobs"}


def test_money_and_units_are_never_floating_point() -> None:
    floats = {
        f"{module.path}:{node.lineno}"
        for module in modules(*DOMAIN, "integrations/tiktok")
        for node in module.nodes(ast.Call, ast.Constant)
        if is_floating(node) and not module.path.endswith(KNOW_FRACTIONS)
    }
    assert floats == set()


#: Here a fraction is one of seconds, of a picture's sides or of a likeness between words.
KNOW_FRACTIONS = ("/tasks.py", "/client.py", "/media_rules.py", "/suggesting.py")


def is_floating(node: ast.AST) -> bool:
    if isinstance(node, ast.Call):
        return name_of(node) in ("float", "FloatField")
    return isinstance(node, ast.Constant) and isinstance(node.value, float)


def test_every_service_and_port_says_what_it_is() -> None:
    silent = [
        f"{module.path}:{node.name}"
        for module in modules(*DOMAIN, "integrations", "marketplace/kernel")
        if "/services/" in module.path or module.path.endswith("/ports.py")
        for node in module.tree.body
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
        if not ast.get_docstring(node) and not is_plain_data(node)
    ]
    assert silent == []


def is_plain_data(node: ast.AST) -> bool:
    """A class of named values and nothing else, or a function of one expression, says enough."""
    if isinstance(node, ast.ClassDef):
        return all(isinstance(line, ast.AnnAssign | ast.Assign) for line in node.body)
    return isinstance(node, ast.FunctionDef) and length(node) <= 6


def test_the_first_line_of_every_docstring_is_a_sentence() -> None:
    odd = []
    for module in modules(*PRODUCT, "demo"):
        kinds = (ast.Module, ast.ClassDef, ast.FunctionDef)
        for node in module.nodes(*kinds):
            first = (ast.get_docstring(node) or "").split("\n\n")[0]
            if first and first[-1] not in ".:!?”":
                odd.append(f"{module.path}: {first}")
    assert odd == []


def test_nothing_is_left_to_be_done_in_a_comment() -> None:
    mark = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X|HA" + r"CK)\b")
    folders = (*PRODUCT, "demo", "scripts", "benchmarks", "tests", "templates", "docs")
    files = [
        path
        for folder in folders
        for path in (ROOT / folder).rglob("*")
        if path.suffix in (".py", ".html", ".md", ".css", ".js", ".toml")
    ]
    left = [str(path.relative_to(ROOT)) for path in files if mark.search(path.read_text())]
    assert left == []


def test_pages_of_merchants_hold_no_inline_script_or_style() -> None:
    """Their content security policy would block it, in the merchant's browser and not before."""
    inline = re.compile(r"<script(?![^>]*\bsrc=)[^>]*>|<style|\sstyle=|\son[a-z]+=", re.IGNORECASE)
    pages = [
        path
        for path in (ROOT / "templates").rglob("*.html")
        if path.relative_to(ROOT / "templates").parts[0] not in ("admin", "unfold")
    ]
    assert len(pages) > 20
    assert [str(path.relative_to(ROOT)) for path in pages if inline.search(path.read_text())] == []


def test_tests_put_nothing_false_in_place_of_our_own_code() -> None:
    """The remote end is played by the sandbox; the product under test is the real one."""
    names = ("unittest.mock", "pytest_mock", "responses", "requests_mock")
    mocking = [
        module.path
        for module in modules("tests")
        if any(name.startswith(names) for name in module.imported())
    ]
    assert mocking == []
