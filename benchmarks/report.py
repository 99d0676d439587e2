"""The figures of a run as a table, for the screen and for a file."""

from __future__ import annotations

from typing import Any

HEADER = ("What", "Measured", "Floor", "Times the floor", "How", "Budget", "Kept at this size")


def as_markdown(run: dict[str, Any]) -> str:
    """Everything about a run: when, on what, and a table for each database."""
    machine = run["machine"]
    lines = [
        f"# Benchmarks of {run['date']}",
        "",
        f"Scale {run['scale']:g}; {machine['cores']} cores ({machine['processor']}), "
        f"{machine['memory']} of memory, {machine['system']}, Python {machine['python']}, "
        f"Django {machine['django']}. The sandbox ran on the same machine.",
    ]
    for database in run["databases"]:
        lines += ["", f"## {database['database']}", "", _row(HEADER), _row(("---",) * len(HEADER))]
        lines += [_row(_cells(figure)) for figure in database["figures"]]
        lines += [
            "",
            f"Peak memory of the measuring process: {database['peak_memory_mib']} MiB. "
            f"Load of the machine at the start: {database['machine']['load']}.",
        ]
    return "\n".join(lines) + "\n"


def _row(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"


def _cells(figure: dict[str, Any]) -> tuple[str, ...]:
    kept = {True: "yes", False: "**no**", None: ""}[figure["is_kept"]]
    floor = ""
    if figure["floor"] is not None:
        floor = f"{_number(figure['floor'])} {figure['unit']} ({figure['floor_is']})"
    ratio = f"{figure['ratio']:.1f}" if figure["ratio"] else ""
    measured = f"{_number(figure['value'])} {figure['unit']}"
    return (figure["what"], measured, floor, ratio, figure["note"], figure["budget"], kept)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"
