"""What others build on changes on purpose only; the stubs of the compiled core say what it takes."""

import ast
import inspect
from importlib.resources import files
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


def stubs() -> dict[str, ast.FunctionDef | ast.ClassDef]:
    tree = ast.parse(files("deltarule").joinpath("_native.pyi").read_text(encoding="utf-8"))
    return {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}


def parameters(function: ast.FunctionDef) -> list[str]:
    return [argument.arg for argument in function.args.args]


def parameters_of_core(function: Any) -> list[str]:
    ((signature, *_),) = function.__nb_signature__
    line = signature.splitlines()[-1].replace("= \\0", "= None")  # how nanobind writes the first default
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
