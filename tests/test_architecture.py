"""The house is built as ARCHITECTURE.md draws it: imports point down its floors or along one, and never in a circle."""

import ast
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "deltarule"
ROOMS = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}

# Traces know how they look in a notebook; the import is inside the function that is asked.
UPWARDS = {("textbook", "explain")}


def floors() -> dict[str, int]:
    """Return how far from the top each room stands in the drawing."""
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    drawing = [line for line in text.split("\n| file | purpose |")[0].splitlines() if line.startswith("    ")]
    names = [line.strip().partition("  ")[0].split(", ") for line in drawing]
    return {name: floor for floor, rooms in enumerate(names) for name in rooms}


def imported(tree: ast.Module) -> Iterator[str]:
    """Return the rooms that a module imports from, wherever in it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "deltarule":
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("deltarule."):
            yield str(node.module).split(".")[1]


@cache
def arrows() -> set[tuple[str, str]]:
    """Return (room, room that it imports from)."""
    found = set()
    for path in PACKAGE.rglob("*.py"):
        room = path.relative_to(PACKAGE).with_suffix("").parts[0]
        names = set(imported(ast.parse(path.read_text(encoding="utf-8"))))
        found |= {(room, name) for name in names & ROOMS if name != room and room != "__init__"}
    return found


def test_every_room_of_the_package_is_drawn_and_no_other() -> None:
    assert set(floors()) == ROOMS - {"__init__"}


def test_every_import_points_down_or_along_its_floor() -> None:
    floor, found = floors(), arrows()
    assert len(found) > 100
    assert {(above, below) for above, below in found if floor[below] < floor[above]} == UPWARDS


def test_imports_make_no_circle() -> None:
    graph: dict[str, set[str]] = {}
    for room, below in arrows() - UPWARDS:
        graph.setdefault(room, set()).add(below)
    assert len(list(TopologicalSorter(graph).static_order())) == len(ROOMS) - 1  # a circle raises CycleError
