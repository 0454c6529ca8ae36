"""Files of C: what their compiler says, what is in them, and what their self-test finds."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from deltarule.common.errors import InputError
from deltarule.estimators.classifier import MLPClassifier
from deltarule.estimators.regressor import MLPRegressor
from deltarule.exchange.writing import export
from deltarule.exchange.writing.checking import check
from deltarule.exchange.writing.from_models import exported_of
from deltarule.tables import TableEncoder
from deltarule.tables.target_column import TargetScale
from exported_models import LABELS, classifier, fitted, of_table
from exported_tables import estimator_of

needs_compiler = pytest.mark.skipif(not shutil.which("cc"), reason="there is no C compiler")


def compiled(path: Path, name: str, *more: str) -> Path:
    program = path / "program"
    strict = ["-std=c99", "-Wall", "-Wextra", "-pedantic", "-Wconversion", "-Wdouble-promotion", "-Werror"]
    subprocess.run(["cc", *strict, *more, str(path / name), "-o", str(program), "-lm"], check=True)
    return program


@needs_compiler
@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize("kind", ["labels", "several labels", "quantity", "array"])
def test_the_self_test_compiles_without_a_warning_and_passes(
    kind: str, precision: str, encoder: TableEncoder, table: pd.DataFrame, tmp_path: Path
) -> None:
    X = encoder.transform(table)
    models: dict[str, Any] = {
        "labels": of_table(encoder, classifier(X, LABELS["two words"], activation=("gelu", "mish"))),
        "several labels": of_table(encoder, fitted(MLPClassifier((3,)), X, (X[:, :2] > 0).astype(int))),
        "quantity": of_table(
            encoder, fitted(MLPRegressor("squared_error", (3,)), X, X[:, 0], 0.1), TargetScale(1e6, 5.0)
        ),
        "array": fitted(MLPRegressor("poisson", (3,)), X, abs(X[:, :2]), 0.1),
    }
    export(models[kind], tmp_path / "my model.c", precision=precision)
    program = compiled(tmp_path, "my model.c", "-DMY_MODEL_TEST")
    said = subprocess.run([str(program)], capture_output=True, text=True, check=True)
    assert said.stdout.startswith("largest difference in 4 rows: ")


@needs_compiler
def test_the_self_test_finds_a_changed_weight(encoder: TableEncoder, table: pd.DataFrame, tmp_path: Path) -> None:
    export(of_table(encoder, classifier(encoder.transform(table), LABELS["two words"], 0.5)), tmp_path / "m.c")
    text = (tmp_path / "m.c").read_text()
    before, weights, after = re.split(r"(?<=Theta2\[\] = )(\{[^}]*\})", text)
    (tmp_path / "m.c").write_text(before + re.sub(r"\d", "1", weights) + after)
    assert subprocess.run([str(compiled(tmp_path, "m.c", "-DM_TEST"))], capture_output=True).returncode == 1


@needs_compiler
def test_words_that_c_reads_in_another_way_stay_what_they_are(tmp_path: Path) -> None:
    words = ['??/"', "\\n", "a\nb", "\x7f1", "*/ int", "é1", "", "%s"]
    table = pd.DataFrame({word: np.tile(words, 5) for word in ("/* a */ ??/", "int")})
    encoder = TableEncoder.fit(table)
    model = of_table(encoder, classifier(encoder.transform(table), np.array(words)))
    export(model, tmp_path / "m.c")
    compiled(tmp_path, "m.c", "-c")
    found = check(model, tmp_path / "m.c", "c", table)
    assert found.difference <= 1e-12
    assert found.other_labels == 0


@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_every_number_of_theta_stands_in_the_file_once_and_nothing_of_its_size_besides(
    precision: str, tmp_path: Path
) -> None:
    X = np.random.default_rng(0).standard_normal((9, 40))
    estimator = fitted(MLPClassifier((100,)), X, X[:, 0] > 0)
    export(estimator, tmp_path / "m.c", precision=precision)
    text = (tmp_path / "m.c").read_text()
    numbers = [one for part in re.findall(r"Theta\d\[\] = \{([^}]*)\}", text) for one in part.replace(",", " ").split()]
    kept = np.array([float(one.rstrip("f")) for one in numbers], dtype=precision)
    assert np.array_equal(kept, estimator.theta_.astype(precision))
    assert sum(map(len, numbers)) > 0.6 * len(text)


def test_a_file_includes_mathematics_alone_and_takes_no_memory(
    encoder: TableEncoder, table: pd.DataFrame, tmp_path: Path
) -> None:
    export(of_table(encoder, classifier(encoder.transform(table), LABELS["two words"])), tmp_path / "m.c")
    text = (tmp_path / "m.c").read_text(encoding="ascii").partition("#ifdef M_TEST")[0]
    assert re.findall(r"#include (.*)", text) == ["<math.h>"]
    assert "alloc" not in text


def test_a_text_that_c_cannot_hold_is_refused(tmp_path: Path) -> None:
    table = pd.DataFrame({"a": ["x\0y", "z"] * 4})
    encoder = TableEncoder.fit(table)
    with pytest.raises(InputError, match="holds a NUL"):
        export(of_table(encoder, classifier(encoder.transform(table), LABELS["booleans"])), tmp_path / "m.c")
    assert list(tmp_path.iterdir()) == []


def sections(path: Path, name: str, *more: str) -> dict[str, int]:
    """Return the bytes of code, of constants and of memory that can be written, of a compiled file."""
    command = ["cc", "-std=c99", "-Os", "-c", "-fno-pic", "-fno-asynchronous-unwind-tables", *more]
    subprocess.run([*command, str(path / name), "-o", str(path / "m.o")], check=True)
    said = subprocess.run(["size", "-A", str(path / "m.o")], capture_output=True, text=True, check=True).stdout
    found = [line.split()[:2] for line in said.splitlines() if line.startswith(".")]
    kinds = {"code": (".text",), "constants": (".rodata",), "memory": (".data", ".bss", ".tbss")}
    return {kind: sum(int(n) for name, n in found if name.startswith(begins)) for kind, begins in kinds.items()}


@pytest.mark.skipif(not shutil.which("cc") or not shutil.which("size"), reason="there is no C compiler, or no size")
@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize("kind", ["array", "table", "estimator of tables"])
def test_what_is_compiled_holds_the_weights_and_the_words_and_little_else(
    kind: str, precision: str, encoder: TableEncoder, table: pd.DataFrame, tmp_path: Path
) -> None:
    X = encoder.transform(table)
    model: Any = estimator_of("three words") if kind == "estimator of tables" else classifier(X, LABELS["three words"])
    model = of_table(encoder, model) if kind == "table" else model
    export(model, tmp_path / "m.c", precision=precision)
    found = sections(tmp_path, "m.c")
    exported = exported_of(model)
    n = sum(theta.size for theta in exported.thetas)
    words = [word for column in exported.columns for word in column.words if word is not None]
    words += exported.classes.tolist() if exported.classes is not None else []
    texts = sum(len(word.encode()) + 1 + 8 for word in words)  # each with its end and a pointer
    marks = 2 * len(exported.features)
    numbers = np.dtype(precision).itemsize * (n + marks) + 8 * 3 * len(exported.features)
    assert found["memory"] == 0  # all of it can stay in flash
    assert np.dtype(precision).itemsize * n <= found["constants"] <= numbers + texts + 400
    assert found["code"] < 4000 + 100 * len(exported.features)
