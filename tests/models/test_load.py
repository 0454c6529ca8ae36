"""Every kind of model comes back from its file with the same bits, and forged ones do not."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import deltarule
from deltarule import MLPClassifier, MLPRegressor, TableModel
from deltarule.common.errors import ModelFileError
from deltarule.estimators.stored import FORMAT
from deltarule.tables.table_run import TableTask, learn, prepare
from mutations import archive_of, members

X = np.random.default_rng(0).normal(size=(40, 3))
TABLE = pd.DataFrame({"a": X[:, 0], "b": X[:, 1], "price": 1e5 + 1e4 * X[:, 0]})


def fitted(Estimator: Any, y: Any, X: Any = X, **parameters: Any) -> Any:
    return Estimator(hidden_layer_sizes=(3,), solver="lbfgs", random_state=0, max_iter=300, tol=0.1, **parameters).fit(
        X, y
    )


ESTIMATORS = {
    "labels": lambda: fitted(MLPClassifier, np.where(X[:, 0] > 0, "yes", "no")),
    "several labels": lambda: fitted(MLPClassifier, (X > 0).astype(int)),
    "weights of classes": lambda: fitted(MLPClassifier, (X[:, 0] > 0).astype(int), class_weight={0: 2.0, 1: 1}),
    "a quantity": lambda: fitted(MLPRegressor, X[:, 0]),
    "several quantities": lambda: fitted(MLPRegressor, X[:, :2]),
    "counts": lambda: fitted(MLPRegressor, np.round(np.exp(X[:, 0])), loss="poisson"),
    "columns with names": lambda: fitted(MLPRegressor, X[:, 0], pd.DataFrame(X, columns=["a", "b", "ü"])),
}


@pytest.mark.parametrize("kind", ESTIMATORS)
def test_an_estimator_comes_back_and_predicts_the_same_bits(kind: str, tmp_path: Path) -> None:
    estimator = ESTIMATORS[kind]()
    estimator.save(tmp_path / "model")
    loaded: Any = deltarule.load(tmp_path / "model")
    assert type(loaded) is type(estimator)
    rows = pd.DataFrame(X, columns=estimator.feature_names_in_) if kind == "columns with names" else X
    np.testing.assert_array_equal(loaded.predict(rows), estimator.predict(rows))
    if hasattr(estimator, "predict_proba"):
        np.testing.assert_array_equal(loaded.predict_proba(rows), estimator.predict_proba(rows))
    assert loaded.get_params() == estimator.get_params()
    assert loaded.history_.stopped == estimator.history_.stopped
    assert list(getattr(loaded, "feature_names_in_", [])) == list(getattr(estimator, "feature_names_in_", []))


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_an_estimator_that_is_loaded_can_be_trained_further(tmp_path: Path) -> None:
    y = (X[:, 0] > 0).astype(int)
    estimator = MLPClassifier((3,), random_state=0, max_iter=2, warm_start=True).fit(X, y)
    estimator.save(tmp_path / "model")
    loaded: Any = deltarule.load(tmp_path / "model")
    before = loaded.theta_.copy()
    assert loaded.fit(X, y).history_.epochs == 4
    assert not np.array_equal(before, loaded.theta_)


def test_a_model_of_a_quantity_comes_back_with_its_units(tmp_path: Path) -> None:
    model = learn(prepare(TABLE, TableTask("price")), {"hidden_layer_sizes": (), "solver": "lbfgs"}).model
    model.save(tmp_path / "model")
    loaded = deltarule.load(tmp_path / "model")
    assert isinstance(loaded, TableModel)
    assert (loaded.scale, loaded.form, loaded.held_out) == (model.scale, model.form, model.held_out)
    pd.testing.assert_frame_equal(loaded.predict(TABLE)[0], model.predict(TABLE)[0], check_exact=True)


def test_an_estimator_that_is_not_fitted_is_not_saved(tmp_path: Path) -> None:
    from sklearn.exceptions import NotFittedError

    with pytest.raises(NotFittedError):
        MLPRegressor().save(tmp_path / "model")
    assert list(tmp_path.iterdir()) == []


def test_the_file_names_no_type_and_is_of_the_newest_format(tmp_path: Path) -> None:
    ESTIMATORS["a quantity"]().save(tmp_path / "model")
    header = json.loads(members((tmp_path / "model").read_bytes())["deltarule.json"])
    assert (header["kind"], header["format"]) == ("model", FORMAT)
    assert "encoder" not in header
    assert header["estimator"]["kind"] == "MLPRegressor"
    assert "n_threads" not in header["estimator"]["parameters"]


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (("estimator", "kind"), "system", "'system' where one of MLPClassifier, MLPRegressor belongs"),
        (("estimator", "kind"), "MLPClassifier", "cannot be put together"),
        (("estimator", "names"), ["a"], "1 names of columns, and a network 2-1"),
        (("estimator", "names"), ["a", 7], "'7' where a value of type str belongs"),
        (("estimator", "outputs"), 2, "finite numbers belong"),
        (("scale",), None, "a MLPRegressor of 1 outputs, and a scale of None"),
        (("scale", "deviation"), 0.0, "a target of mean"),
        (("scale", "deviation"), "1", "'1' where a value of type float belongs"),
        (("held_out", "rows"), 1.5, "'1.5' where a value of type int belongs"),
        (("held_out", "accuracy"), 1.5, "unexpected keyword argument 'accuracy'"),
        (("form",), {"number": 1}, "'1' where a value of type dict belongs"),
    ],
)
def test_a_forged_model_of_a_quantity_is_refused(
    tmp_path: Path, place: tuple[str, ...], value: Any, message: str
) -> None:
    path = tmp_path / "model"
    learn(prepare(TABLE, TableTask("price")), {"hidden_layer_sizes": (), "solver": "lbfgs"}).model.save(path)
    parts = members(path.read_bytes())
    header = json.loads(parts["deltarule.json"])
    inner = header
    for name in place[:-1]:
        inner = inner[name]
    inner[place[-1]] = value
    path.write_bytes(archive_of({**parts, "deltarule.json": json.dumps(header).encode()}))
    with pytest.raises(ModelFileError) as caught:
        deltarule.load(path)
    assert message in str(caught.value)
