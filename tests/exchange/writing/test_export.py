"""`deltarule.export`: what it takes and refuses, and that a file is whole or not there."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import deltarule
from deltarule.common.errors import InputError, OutputError, SettingsError
from deltarule.estimators.classifier import MLPClassifier
from deltarule.exchange.writing.checking import cells_of, check
from deltarule.exchange.writing.evaluating import encoded, numbers_of_rows
from deltarule.exchange.writing.from_models import exported_of
from deltarule.tables import TableEncoder
from exported_models import LABELS, classifier, fitted, of_table


@pytest.fixture
def model() -> MLPClassifier:
    made: MLPClassifier = fitted(MLPClassifier((2,), "tanh"), np.eye(3), np.array(["a", "b", "a"]))
    return made


def test_what_is_exported_says_what_the_model_says(
    encoder: TableEncoder, table: pd.DataFrame, rows: pd.DataFrame
) -> None:
    estimator = classifier(encoder.transform(table), LABELS["three words"])
    exported = exported_of(of_table(encoder, estimator))
    X = encoded(exported, cells_of(encoder, exported, rows))
    assert np.array_equal(X, encoder.transform(rows))
    np.testing.assert_allclose(numbers_of_rows(exported, X), estimator.predict_proba(X), atol=1e-14)


def test_the_format_is_what_the_name_ends_in(model: MLPClassifier, tmp_path: Path) -> None:
    deltarule.export(model, tmp_path / "M.C")
    assert (tmp_path / "M.C").read_text().startswith("/* Multilayer perceptron 3-2-1")
    deltarule.export(model, tmp_path / "plain", "pmml")
    assert (tmp_path / "plain").read_text().startswith("<?xml")


@pytest.mark.parametrize(
    ("path", "arguments", "error", "message"),
    [
        ("m.docx", {}, SettingsError, "ends in '.docx', which says no format. Take one of .onnx, .c, "),
        ("m.c", {"format": "docx"}, SettingsError, "format='docx' is unknown. Take one of onnx, c, "),
        (
            "m.c",
            {"precision": "float16"},
            SettingsError,
            "precision='float16' is unknown. Take one of float64, float32",
        ),
        ("no/m.c", {}, OutputError, "there is no folder"),
        (".", {"format": "c"}, OutputError, "is a folder"),
    ],
)
def test_what_does_not_fit_is_refused_in_a_sentence(
    path: str, arguments: dict[str, str], error: type[Exception], message: str, model: MLPClassifier, tmp_path: Path
) -> None:
    with pytest.raises(error, match=message):
        deltarule.export(model, tmp_path / path, **arguments)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (MLPClassifier(), "This MLPClassifier is not fitted, so there is nothing to export. Fit it first."),
        (
            "model.deltarule",
            "A str cannot be exported. Give a fitted MLPClassifier or MLPRegressor, a model of a",
        ),
    ],
)
def test_what_is_no_fitted_model_is_refused(other: Any, message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message):
        deltarule.export(other, tmp_path / "m.c")


def test_labels_that_no_file_can_name_are_refused(model: MLPClassifier, tmp_path: Path) -> None:
    model.classes_ = np.array(["a", 1], dtype=object)
    with pytest.raises(InputError, match="objects of several types"):
        deltarule.export(model, tmp_path / "m.c")


def test_a_file_that_cannot_be_written_leaves_the_one_before(
    model: MLPClassifier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "m.c").write_text("before")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OutputError, match="No space left"):
        deltarule.export(model, tmp_path / "m.c")
    assert [path.name for path in tmp_path.iterdir()] == ["m.c"]
    assert (tmp_path / "m.c").read_text() == "before"


def test_a_package_that_is_missing_is_named_and_nothing_is_written(
    model: MLPClassifier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "onnx", None)
    with pytest.raises(ImportError, match=r"ONNX files need onnx: pip install 'deltarule\[exchange\]'"):
        deltarule.export(model, tmp_path / "m.onnx")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_does_not_run_fails_its_check(model: MLPClassifier, tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    with pytest.raises(InputError, match="Nothing runs docx files here"):
        check(model, tmp_path / "m.docx", "docx", np.eye(3))
