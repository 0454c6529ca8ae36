"""The house is built as ARCHITECTURE.md draws it: imports point down its floors or along one, and never in a circle."""

import ast
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "deltarule"
FILES = sorted(PACKAGE.rglob("*.py"))
MODULES = {
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__"): path for path in FILES
}
ROOF = "deltarule"

# A value that is asked how it looks imports who writes it inside the method that is asked. The first points up.
WHEN_ASKED = {
    ("deltarule.network.textbook", "deltarule.explain"),
    ("deltarule.reporting.content", "deltarule.reporting.document"),
}


def drawn() -> list[list[str]]:
    """Return the names on each line of the drawing, from the top."""
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    drawing = [line for line in text.split("\n| file | purpose |")[0].splitlines() if line.startswith("    ")]
    return [line.strip().partition("  ")[0].split(", ") for line in drawing]


def floors() -> dict[str, int]:
    """Return how far from the top each floor stands in the drawing."""
    return {name: floor for floor, rooms in enumerate(drawn()) for name in rooms}


def floor_of(module: str) -> str:
    """Return the folder, or the file beside the folders, that a module belongs to; "" for the roof."""
    return module.removeprefix(ROOF).removeprefix(".").partition(".")[0]


def imported(tree: ast.Module) -> Iterator[str]:
    """Return the modules of this package that a module imports, wherever in it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.partition(".")[0] == ROOF)
        elif isinstance(node, ast.ImportFrom) and str(node.module).partition(".")[0] == ROOF:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in MODULES or inner == "deltarule._native" else str(node.module)


@cache
def arrows() -> set[tuple[str, str]]:
    """Return (module, module that it imports)."""
    found = set()
    for module, path in MODULES.items():
        for name in imported(ast.parse(path.read_text(encoding="utf-8"))):
            if name in MODULES and name != module and module != ROOF:
                found.add((module, name))
    return found


def test_every_floor_of_the_package_is_drawn_and_no_other() -> None:
    assert set(floors()) == {floor_of(module) for module in MODULES} - {""}


def test_every_floor_is_drawn_once() -> None:
    names = [name for floor in drawn() for name in floor]
    assert sorted(names) == sorted(set(names))


def test_every_import_points_down_or_along_its_floor() -> None:
    floor = floors()
    inner = {(above, below) for above, below in arrows() if below != ROOF}
    assert len(inner) > 200
    upwards = {(above, below) for above, below in inner if floor[floor_of(below)] < floor[floor_of(above)]}
    assert upwards == {("deltarule.network.textbook", "deltarule.explain")}


def test_only_the_command_line_imports_the_roof() -> None:
    assert {floor_of(above) for above, below in arrows() if below == ROOF} == {"cli"}


def test_files_import_each_other_in_no_circle() -> None:
    graph: dict[str, set[str]] = {}
    for above, below in arrows() - WHEN_ASKED:
        if below != ROOF:
            graph.setdefault(above, set()).add(below)
    assert len(list(TopologicalSorter(graph).static_order())) > 90  # a circle raises CycleError


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("import deltarule", ["deltarule"]),
        ("import deltarule.explain as e, os", ["deltarule.explain"]),
        ("def f():\n    from deltarule.common import errors, Thing", ["deltarule.common.errors", "deltarule.common"]),
        ("from deltarule import cost", ["deltarule"]),
        ("import deltarules", []),
    ],
)
def test_every_form_of_an_import_is_seen(code: str, found: list[str]) -> None:
    assert list(imported(ast.parse(code))) == found
