"""scikit-learn's own tests of its MLPs pass on these estimators, on every engine."""

import ast
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from deltarule.engines import native
from estimators import run_sklearn_tests
from estimators.run_sklearn_tests import LEFT_OUT

ENGINES = ["reference", *(["native"] if native.available() else [])]


@pytest.mark.parametrize("engine", ENGINES)
def test_scikit_learns_tests_pass_with_only_the_import_changed(engine: str) -> None:
    run = subprocess.run([sys.executable, run_sklearn_tests.__file__, engine], capture_output=True, text=True)
    told = next((line for line in run.stdout.splitlines() if line.startswith("scikit-learn")), "")
    print(told)  # noqa: T201
    assert run.returncode == 0, run.stdout[-4000:]
    assert f"engine {engine}: " in told
    assert " 0 failed" in told
    assert int(told.split(" ran,")[0].split()[-1]) >= 52


def test_what_is_left_out_is_there_and_is_little() -> None:
    spec = find_spec("sklearn.neural_network.tests.test_mlp")
    assert spec is not None
    assert spec.origin is not None
    tree = ast.parse(Path(spec.origin).read_text(encoding="utf-8"))
    assert {name.partition("[")[0] for name in LEFT_OUT} <= {
        node.name for node in tree.body if isinstance(node, ast.FunctionDef)
    }
    assert len(LEFT_OUT) <= 7
