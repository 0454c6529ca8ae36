"""What others build on changes on purpose only; the stubs of the compiled core say what it takes."""

import ast
import inspect
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from deltarule.engines import native
from public_api import FILE, lines


def test_the_public_surface_is_the_one_that_is_written_down() -> None:
    # A change that is meant: python tests/public_api.py, and a line in CHANGELOG.md. What goes away warns first
    # (CONTRIBUTING.md, "Deprecation").
    assert list(lines()) == FILE.read_text(encoding="utf-8").splitlines()


def test_the_package_says_that_it_has_types() -> None:
    assert files("deltarule").joinpath("py.typed").is_file()


def test_what_a_module_of_the_package_exports_is_used_elsewhere_or_documented() -> None:
    root = FILE.parents[1]
    code = {
        path: path.read_text(encoding="utf-8")
        for part in ("src", "tests", "site", "benchmarks", "torture")
        for path in (root / part).rglob("*.py")
    }
    words = {path: set(re.findall(r"\w+", text)) for path, text in code.items() if path != Path(__file__)}
    documented = {
        word for path in (root / "docs").rglob("*.md") for word in re.findall(r"\w+", path.read_text("utf-8"))
    }
    documented.add("Edge")  # what `NetworkPicture.edges` holds
    exported = [
        (path, name)
        for path in words
        if path.is_relative_to(root / "src")
        for node in ast.parse(code[path]).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
        for name in ast.literal_eval(node.value)
    ]
    assert len(exported) > 200
    for path, name in exported:
        used = any(name in there for other, there in words.items() if other != path)
        assert used or name in documented, f"{path} exports {name}"


def stubs() -> dict[str, ast.FunctionDef | ast.ClassDef]:
    tree = ast.parse(files("deltarule").joinpath("_native.pyi").read_text(encoding="utf-8"))
    return {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}


def parameters(function: ast.FunctionDef) -> list[str]:
    return [argument.arg for argument in function.args.args]


def parameters_of_core(function: Any) -> list[str]:
    ((signature, *_),) = function.__nb_signature__
    line = re.sub(r"= \\\d+", "= None", signature.splitlines()[-1])  # how nanobind writes defaults
    (parsed,) = ast.parse(f"{line}: ...").body
    assert isinstance(parsed, ast.FunctionDef)
    return parameters(parsed)


@pytest.mark.skipif(not native.available(), reason="the compiled core was not built")
def test_the_stubs_of_the_core_name_what_it_has_with_the_arguments_that_it_takes() -> None:
    core, written = native._core, stubs()
    assert {name for name in dir(core) if not name.startswith("_")} == set(written)
    for name, node in written.items():
        if isinstance(node, ast.FunctionDef):
            assert parameters(node) == parameters_of_core(getattr(core, name)), name
    for name in ("Engine32", "Engine64"):  # the stub of the second inherits from the first
        engine, node = getattr(core, name), written["Engine32"]
        assert isinstance(node, ast.ClassDef)
        methods = {one.name: one for one in node.body if isinstance(one, ast.FunctionDef)}
        properties = {
            one.target.id for one in node.body if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name)
        }
        has = {member for member in dir(engine) if not member.startswith("_")}
        assert has == set(methods) | properties
        assert {member for member in has if isinstance(inspect.getattr_static(engine, member), property)} == properties
        for member, method in methods.items():
            assert parameters(method) == parameters_of_core(getattr(engine, member)), member
