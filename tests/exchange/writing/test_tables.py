"""Estimators of tables in runtimes of their own, side by side with the estimator that a file was written of."""

import json
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

import deltarule
from deltarule import TableClassifier
from deltarule.common.errors import InputError, ModelFileError
from deltarule.exchange.writing.checking import cells_of, check
from deltarule.exchange.writing.evaluating import encoded, numbers_of_rows
from deltarule.exchange.writing.from_models import exported_of
from deltarule.network.curves import Periodic, PiecewiseLinear
from deltarule.network.first_floor import Beside, Embedding, Keep, Scale
from deltarule.network.network import Network
from deltarule.network.parametric import Parametric
from deltarule.network.parts import Dense, Part, Unit
from deltarule.tabular.calibration import QuadraticScaling, Temperature
from deltarule.tabular.committee import Committee
from deltarule.tabular.committee_model import CommitteeModel
from exported_tables import TASKS, estimator_of, rows_to_predict, table_to_fit

LARGEST = {"float64": 1e-12, "float32": 2e-6}
SUFFIXES = {"onnx": ".onnx", "c": ".c"}
MISSING = {
    "onnx": not (find_spec("onnx") and find_spec("onnxruntime")) and "onnx and onnxruntime are not installed",
    "c": not shutil.which("cc") and "there is no C compiler",
}


@pytest.fixture(params=SUFFIXES)
def kind(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    if MISSING[name]:
        pytest.skip(str(MISSING[name]))
    return name


@pytest.fixture(scope="module")
def estimators() -> dict[str, Any]:
    return {task: estimator_of(task) for task in TASKS}


@pytest.mark.parametrize("precision", LARGEST)
@pytest.mark.parametrize("task", TASKS)
def test_a_file_predicts_raw_rows_as_all_members_do_together(
    task: str, precision: str, kind: str, estimators: dict[str, Any], tmp_path: Path
) -> None:
    estimator, file = estimators[task], tmp_path / f"m{SUFFIXES[kind]}"
    deltarule.export(estimator, file, precision=precision)
    found = check(estimator, file, kind, rows_to_predict(), precision)
    assert found.difference <= LARGEST[precision]
    assert found.other_labels == 0
    assert np.ptp(found.model.numbers) > (0.3 if found.model.labels is not None else 5)
    if found.model.labels is not None:
        assert found.file.labels is not None
        assert found.file.labels.dtype == found.model.labels.dtype


def test_what_is_exported_says_what_the_estimator_says(estimators: dict[str, Any]) -> None:
    for task, rows in (("three words", rows_to_predict()), ("two quantities", table_to_fit())):
        estimator = estimators[task]
        exported = exported_of(estimator)
        X = encoded(exported, cells_of(estimator.columns_.encoder, exported, rows))
        assert np.array_equal(X, estimator.columns_.transform(rows))
        said = estimator.predict_proba(rows) if task == "three words" else estimator.predict(rows)
        np.testing.assert_allclose(numbers_of_rows(exported, X), said, rtol=1e-13)


@pytest.mark.parametrize("task", ["two words", "three words"])
def test_both_tails_keep_their_digits_beyond_60(task: str, kind: str, tmp_path: Path) -> None:
    estimator, file = estimator_of(task, largest=6.0, n_members=1), tmp_path / f"m{SUFFIXES[kind]}"
    if task == "two words":
        estimator._calibration = QuadraticScaling(0.5, 0.7, 1.4, -40.0, 30.0, 1.0)
    rows = rows_to_predict()
    logarithms = estimator.predict_log_proba(rows)
    assert logarithms.min() < -60
    deltarule.export(estimator, file)
    p = check(estimator, file, kind, rows).file.numbers
    normal = logarithms > -700
    np.testing.assert_allclose(p[normal], estimator.predict_proba(rows)[normal], rtol=1e-9)
    assert not p[logarithms < -800].any()


def test_calibration_of_held_out_rows_without_a_width_is_exported(kind: str, tmp_path: Path) -> None:
    estimator, file = estimator_of("two words"), tmp_path / f"m{SUFFIXES[kind]}"
    for map_ in (QuadraticScaling(-0.25, 0.5, 2.0, 0.75, 0.75, 0.5), QuadraticScaling(0.0, 1.0, 1.0, 0.0, 0.0, 0.0)):
        estimator._calibration = map_
        deltarule.export(estimator, file)
        assert check(estimator, file, kind, rows_to_predict()).difference <= 1e-12
    estimator = estimator_of("three words")
    estimator._calibration = Temperature(0.01)
    deltarule.export(estimator, file)
    assert check(estimator, file, kind, rows_to_predict()).difference <= 1e-12


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("task", ["two words", "three words", "two quantities", "counts", "quantiles"])
def test_a_file_of_onnx_gives_the_estimator_back_with_the_same_bits(task: str, dtype: str, tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    estimator, rows = estimator_of(task, dtype), rows_to_predict()
    deltarule.export(estimator, tmp_path / "m.onnx")
    imported = deltarule.read_foreign(tmp_path / "m.onnx")
    again: Any = imported.estimator
    assert type(again) is type(estimator)
    assert again.thetas_.dtype == estimator.thetas_.dtype
    assert np.array_equal(again.thetas_, estimator.thetas_)
    assert np.array_equal(again.predict(rows), estimator.predict(rows))
    assert np.array_equal(again.feature_importances_, estimator.feature_importances_, equal_nan=True)
    assert again.members_ == estimator.members_
    assert f"{type(estimator).__name__} of 2 members" in str(imported)
    deltarule.export(again, tmp_path / "again.onnx")
    assert (tmp_path / "again.onnx").read_bytes() == (tmp_path / "m.onnx").read_bytes()
    imported.save(tmp_path / "m.deltarule")
    loaded: Any = deltarule.load(tmp_path / "m.deltarule")
    assert np.array_equal(loaded.predict(rows), estimator.predict(rows))


def test_a_graph_has_an_input_for_each_column_and_operators_of_onnx_alone(
    estimators: dict[str, Any], tmp_path: Path
) -> None:
    onnx = pytest.importorskip("onnx")
    deltarule.export(estimators["two words"], tmp_path / "m.onnx")
    proto = onnx.load(tmp_path / "m.onnx")
    assert (proto.ir_version, [(one.domain, one.version) for one in proto.opset_import]) == (9, [("", 19)])
    assert {node.domain for node in proto.graph.node} == {""}
    assert [one.name for one in proto.graph.input] == [
        "x", "size (m²)", "day", "seen at", "took", "colour", "probability_", "flag", "town", "pair", "yes",
    ]  # fmt: skip
    operators = {node.op_type for node in proto.graph.node}
    assert not operators & {"Sigmoid", "Softplus", "Erf", "Gelu", "Selu", "Mish", "ZipMap", "OneHotEncoder"}
    told = {one.key: one.value for one in proto.metadata_props}["deltarule"]
    json.loads(told, parse_constant=lambda word: pytest.fail(f"{word} is none of JSON"))


def test_a_damaged_description_is_refused(estimators: dict[str, Any], tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    deltarule.export(estimators["two words"], tmp_path / "m.onnx")
    proto = onnx.load(tmp_path / "m.onnx")
    whole = proto.metadata_props[0].value
    for old, new in (
        ('"dtype": "float64"', '"dtype": "complex128"'),
        ('"kind": "quadratic"', '"kind": "temperature"'),
        ('"categories": 12', '"categories": 13'),
        ('"format": 2', '"format": 3'),
        ('"kind": "TableClassifier"', '"kind": "Pipeline"'),
    ):
        assert old in whole
        proto.metadata_props[0].value = whole.replace(old, new)
        onnx.save(proto, tmp_path / "m.onnx")
        with pytest.raises(ModelFileError, match="cannot be imported"):
            deltarule.read_foreign(tmp_path / "m.onnx")


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("m.pmml", r"PMML does not hold an estimator of tables \(2 × .*\): it has no learnt vectors of words"),
        ("m.xlsx", "A workbook that one can follow does not hold an estimator of tables"),
        ("m.safetensors", r"safetensors does not hold .* its encoder would be missing. Export to ONNX or C"),
    ],
)
def test_formats_that_cannot_hold_it_say_so(name: str, why: str, estimators: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(InputError, match=why):
        deltarule.export(estimators["two words"], tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_an_estimator_that_is_not_fitted_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="This TableClassifier is not fitted"):
        deltarule.export(TableClassifier(), tmp_path / "m.onnx")


def test_an_estimator_of_arrays_takes_its_columns_by_number(kind: str, tmp_path: Path) -> None:
    X: NDArray[Any] = np.random.default_rng(0).standard_normal((60, 3))
    X[::9, 1] = np.nan
    estimator = TableClassifier(1, epochs=2, hidden_layer_sizes=(4,), random_state=0, dtype="float64")
    estimator.fit(X, X[:, 0] > 0)
    file = tmp_path / f"m{SUFFIXES[kind]}"
    deltarule.export(estimator, file)
    found = check(estimator, file, kind, X)
    assert found.difference <= 1e-12
    assert found.other_labels == 0


@pytest.mark.skipif(bool(MISSING["c"]), reason="there is no C compiler")
@pytest.mark.parametrize("precision", LARGEST)
@pytest.mark.parametrize("task", ["two words", "three words", "two quantities", "counts", "quantiles"])
def test_the_self_test_of_c_compiles_without_a_warning_and_passes(
    task: str, precision: str, estimators: dict[str, Any], tmp_path: Path
) -> None:
    deltarule.export(estimators[task], tmp_path / "m.c", precision=precision)
    strict = ["-std=c99", "-Wall", "-Wextra", "-pedantic", "-Wconversion", "-Wdouble-promotion", "-Werror"]
    command = ["cc", *strict, "-DM_TEST", "m.c", "-o", "program", "-lm"]
    subprocess.run(command, check=True, cwd=tmp_path)
    said = subprocess.run([str(tmp_path / "program")], capture_output=True, text=True, check=True)
    assert said.stdout.startswith("largest difference in 4 rows: ")


@pytest.mark.parametrize("precision", LARGEST)
def test_networks_of_any_parts_are_exported(precision: str, kind: str, tmp_path: Path) -> None:
    """A model file may hold networks that no recipe makes."""
    estimator, generator = estimator_of("three words"), np.random.default_rng(0)
    n, codes = estimator.columns_.n_scaled, len(estimator.columns_.categories)
    knots = [[-1.0, 0.5], [-2.0, -0.5, 0.0, 1.0]]
    first: list[Any] = [PiecewiseLinear(knots, width=3), Periodic(2, 5, 3), Scale(1), Keep(n - 5)]
    floor = Beside([*first, *(Embedding(5, 2) for _ in range(codes))])
    width = floor.outputs
    parts: list[Part] = [
        floor,
        Keep(width),
        Dense(width, 6),
        Parametric(6, Unit("elu", 0.5)),
        Dense(6, 4, "gelu"),
        Dense(4, 3),
    ]
    network = Network(parts, output="softmax")
    estimator.network_ = network
    estimator._committee = Committee(network, generator.uniform(-1, 1, (2, network.n_parameters)))
    estimator._predictor = None
    file = tmp_path / f"m{SUFFIXES[kind]}"
    deltarule.export(estimator, file, precision=precision)
    found = check(estimator, file, kind, rows_to_predict(), precision)
    assert found.difference <= LARGEST[precision]
    assert np.ptp(found.model.numbers) > 0.1
    if kind == "onnx" and precision == "float64":
        again: Any = deltarule.read_foreign(file).estimator
        assert np.array_equal(again.thetas_, estimator.thetas_)
        assert again.network_ == network


def test_no_rows_and_one_row_are_predicted(estimators: dict[str, Any], tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    deltarule.export(estimators["three words"], tmp_path / "m.onnx")
    whole = check(estimators["three words"], tmp_path / "m.onnx", "onnx", rows_to_predict())
    one = check(estimators["three words"], tmp_path / "m.onnx", "onnx", rows_to_predict()[:1])
    np.testing.assert_allclose(one.file.numbers, whole.file.numbers[:1], rtol=1e-14)


def test_a_model_of_the_command_line_travels_with_its_target(kind: str, tmp_path: Path) -> None:
    estimator, rows = estimator_of("three words"), rows_to_predict()
    model = CommitteeModel(estimator, target="which", seed=3, settings={"holdout": 0}, version="9.8.7")
    file = tmp_path / f"m{SUFFIXES[kind]}"
    deltarule.export(model, file)
    assert check(model, file, kind, rows).difference <= 1e-12
    assert b"9.8.7" in file.read_bytes()
    if kind == "onnx":
        imported = deltarule.read_foreign(file)
        assert (imported.target, imported.is_of_tables) == ("which", True)
        imported.save(tmp_path / "m.deltarule")
        again: Any = deltarule.load(tmp_path / "m.deltarule")
        assert (again.target, again.seed, again.settings, again.version) == ("which", 3, {"holdout": 0}, "9.8.7")
        pd.testing.assert_frame_equal(again.predict(rows)[0], model.predict(rows)[0], check_exact=True)


def test_the_command_line_exports_and_checks_it(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    from typer.testing import CliRunner

    from deltarule.cli import app

    table = pd.DataFrame({"size": [1.0, 2.0, 8.0, 9.0] * 10, "colour": ["red", "red", "blue", None] * 10})
    estimator = TableClassifier(2, epochs=2, hidden_layer_sizes=(4,), random_state=0)
    estimator.fit(table, ["small", "small", "large", "large"] * 10).save(tmp_path / "m.deltarule")
    table.to_csv(tmp_path / "rows.csv", index=False)
    arguments = ["export", str(tmp_path / "m.deltarule"), "--format", "onnx", "--check", str(tmp_path / "rows.csv")]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    assert "Largest difference in 40 rows" in done.output
    assert "0 with another label" in done.output
