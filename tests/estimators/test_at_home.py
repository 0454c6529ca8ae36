"""The estimators among scikit-learn's tools, pandas, polars and joblib."""

import io
import warnings
from collections.abc import Iterator
from typing import Any

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse
import sklearn
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_iris
from sklearn.ensemble import StackingClassifier, StackingRegressor
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, KFold, cross_val_predict, cross_validate
from sklearn.neural_network import MLPClassifier as JudgeClassifier
from sklearn.neural_network import MLPRegressor as JudgeRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import check_is_fitted

from deltarule import MLPClassifier, MLPRegressor
from deltarule.engines import native

X, y = load_iris(return_X_y=True)
X = (X - X.mean(axis=0)) / X.std(axis=0)
NAMES = np.array(["setosa", "versicolor", "virginica"])[y]
COLUMNS = ["sepal length", "sepal width", "petal length", "petal width"]
ENGINES = ["reference", *(["native"] if native.available() else [])]
PAIRS = [(MLPClassifier, JudgeClassifier), (MLPRegressor, JudgeRegressor)]


@pytest.fixture(autouse=True)
def runs_may_end_at_max_iter() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        yield


def made(Estimator: Any = MLPClassifier, **parameters: Any) -> Any:
    given = {"hidden_layer_sizes": (10,), "max_iter": 30, "learning_rate_init": 0.03, "random_state": 0}
    return Estimator(**{**given, **parameters})


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
@pytest.mark.parametrize("Estimator", [MLPClassifier, MLPRegressor])
def test_frames_are_learnt_by_their_numbers_and_remembered_by_their_names(Estimator: Any, frame: Any) -> None:
    table = frame(dict(zip(COLUMNS, X.T, strict=True)))
    estimator = made(Estimator, early_stopping=True).fit(table, y)
    np.testing.assert_array_equal(estimator.theta_, made(Estimator, early_stopping=True).fit(X, y).theta_)
    assert estimator.feature_names_in_.tolist() == COLUMNS
    np.testing.assert_array_equal(estimator.predict(table), estimator.predict(table[COLUMNS]))
    with pytest.raises(ValueError, match="The feature names should match those that were passed during fit"):
        estimator.predict(table[COLUMNS[::-1]])
    with pytest.warns(UserWarning, match=f"X does not have valid feature names, but {Estimator.__name__} was fitted"):
        estimator.predict(X)


@pytest.mark.parametrize("labels", [pd.Series(NAMES), pd.Series(NAMES, dtype="category"), pl.Series(NAMES.tolist())])
def test_labels_may_be_a_column_of_a_frame(labels: Any) -> None:
    assert made().fit(X, labels).score(X, NAMES) > 0.9


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
@pytest.mark.parametrize("form", [scipy.sparse.csr_matrix, scipy.sparse.csc_array, scipy.sparse.coo_array])
def test_sparse_rows_are_learnt_like_dense_ones(engine: str, solver: str, form: Any) -> None:
    few = np.where(np.abs(X) < 0.8, 0, X)
    dense, sparse = (made(engine=engine, solver=solver, dtype="float64", tol=0.0) for _ in range(2))
    dense.fit(few, NAMES)
    sparse.fit(form(few), NAMES)
    np.testing.assert_allclose(sparse.theta_, dense.theta_, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(sparse.predict_proba(form(few)), sparse.predict_proba(few), rtol=1e-12)
    assert np.mean(sparse.predict(form(few)) == sparse.predict(few)) == 1


@pytest.mark.parametrize("Estimator", [MLPClassifier, MLPRegressor])
def test_sparse_rows_are_learnt_in_parts_with_weights_and_with_early_stopping(Estimator: Any) -> None:
    sparse = scipy.sparse.csr_array(X)
    weights = np.linspace(0.5, 1.5, 150)
    classes = {"classes": [0, 1, 2]} if Estimator is MLPClassifier else {}
    one, other = (made(Estimator, dtype="float64", engine="reference") for _ in range(2))
    for _ in range(3):
        one.partial_fit(X, y, weights, **classes)
        other.partial_fit(sparse, y, weights, **classes)
    np.testing.assert_allclose(one.theta_, other.theta_, rtol=1e-9)
    stopped = made(Estimator, early_stopping=True).fit(sparse, y, eval_set=(sparse[:40], y[:40]))
    assert stopped.best_validation_score_ == pytest.approx(stopped.score(sparse[:40], y[:40]), rel=1e-5)
    assert len(made(Estimator, early_stopping=True).fit(sparse, y).validation_scores_) > 1


def test_several_labels_may_be_a_sparse_matrix() -> None:
    labels = np.column_stack([y > 0, y == 2]).astype(int)
    dense, sparse = made().fit(X, labels), made().fit(X, scipy.sparse.csr_matrix(labels))
    np.testing.assert_array_equal(dense.theta_, sparse.theta_)


@pytest.mark.parametrize("engine", ENGINES)
def test_pipelines_grid_search_and_cross_validation_work_in_processes(engine: str) -> None:
    pipeline = make_pipeline(StandardScaler(), made(engine=engine))
    search = GridSearchCV(pipeline, {"mlpclassifier__alpha": [1e-4, 1.0]}, cv=3, n_jobs=2).fit(X, NAMES)
    assert search.best_score_ > 0.9
    assert cross_val_predict(pipeline, X, NAMES, cv=3, method="predict_proba").shape == (150, 3)


def test_stacking_and_calibration_take_the_estimators() -> None:
    stack = StackingClassifier([("mlp", made()), ("lr", LogisticRegression())], LogisticRegression(), cv=3)
    assert stack.fit(X, NAMES).score(X, NAMES) > 0.9
    quantity = X @ [1.0, -1.0, 2.0, 0.0]
    mlp = made(MLPRegressor, max_iter=100)
    regressor = StackingRegressor([("mlp", mlp)], cv=KFold(3, shuffle=True, random_state=0))
    assert regressor.fit(X, quantity).score(X, quantity) > 0.9
    calibrated = CalibratedClassifierCV(made(), cv=3).fit(X, NAMES, sample_weight=np.ones(150))
    np.testing.assert_allclose(calibrated.predict_proba(X).sum(axis=1), 1, rtol=1e-6)


def test_weights_are_routed_to_fit_where_they_are_requested() -> None:
    weights = np.where(y == 1, 5.0, 0.1)
    with sklearn.config_context(enable_metadata_routing=True):
        wants = made(MLPClassifier).set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
        wants.set_partial_fit_request(sample_weight=True, classes=True)
        result = cross_validate(wants, X, NAMES, params={"sample_weight": weights}, cv=3, return_estimator=True)
        refuses = made(MLPClassifier).set_fit_request(sample_weight=False).set_score_request(sample_weight=True)
        other = cross_validate(refuses, X, NAMES, params={"sample_weight": weights}, cv=3, return_estimator=True)
    assert not np.array_equal(result["estimator"][0].theta_, other["estimator"][0].theta_)


@pytest.mark.parametrize("Estimator", [MLPClassifier, MLPRegressor])
def test_joblib_and_clone_keep_what_they_should(Estimator: Any) -> None:
    estimator = made(Estimator).fit(X, y)
    file = io.BytesIO()
    joblib.dump(estimator, file)
    file.seek(0)
    again = joblib.load(file)
    np.testing.assert_array_equal(again.predict(X), estimator.predict(X))
    np.testing.assert_array_equal(again.partial_fit(X, y).theta_, estimator.partial_fit(X, y).theta_)
    assert not hasattr(clone(estimator), "theta_")
    assert clone(estimator).get_params() == estimator.get_params()


@pytest.mark.parametrize(("Estimator", "Judge"), PAIRS)
@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
@pytest.mark.parametrize("early_stopping", [False, True])
def test_a_fit_leaves_every_public_attribute_of_scikit_learn_with_its_type_and_shape(
    Estimator: Any, Judge: Any, solver: str, early_stopping: bool
) -> None:
    settings = {"solver": solver, "early_stopping": early_stopping, "max_iter": 5}
    ours, judge = (made(kind, **settings).fit(X, y) for kind in (Estimator, Judge))
    for name in (name for name in vars(judge) if name.endswith("_") and not name.startswith("_")):
        mine, his = getattr(ours, name), getattr(judge, name)
        assert isinstance(mine, type(his)) or {type(mine), type(his)} <= {float, np.float64, np.float32}, name
        if isinstance(his, list):
            assert [np.shape(value) for value in mine] == [np.shape(value) for value in his], name
        if isinstance(his, int | str):
            assert mine == his, name
    missing = set(dir(Judge)) - set(dir(Estimator))
    assert {name for name in missing if not name.startswith("_")} == set()


@pytest.mark.parametrize("Estimator", [MLPClassifier, MLPRegressor])
@pytest.mark.parametrize("solver", ["lbfgs", "cg", "gd"])
def test_early_stopping_without_an_eval_set_is_nothing_to_full_batch_solvers(Estimator: Any, solver: str) -> None:
    stopped, plain = (made(Estimator, solver=solver, early_stopping=on).fit(X, y) for on in (True, False))
    np.testing.assert_array_equal(stopped.theta_, plain.theta_)
    assert stopped.best_loss_ == plain.best_loss_ == min(plain.loss_curve_)
    assert (stopped.validation_scores_, stopped.best_validation_score_) == (None, None)
    watched = made(Estimator, solver=solver, early_stopping=True).fit(X, y, eval_set=(X, y))
    assert watched.best_loss_ is None
    assert watched.best_validation_score_ == max(watched.validation_scores_)
    assert len(watched.validation_scores_) == watched.n_iter_


@pytest.mark.parametrize("Estimator", [MLPClassifier, MLPRegressor])
def test_what_is_not_fitted_has_no_fitted_attribute(Estimator: Any) -> None:
    estimator, fitted = made(Estimator), made(Estimator).fit(X, y)
    names = [name for name in dir(fitted) if name.endswith("_") and not name.startswith("_")]
    assert {"coefs_", "intercepts_", "theta_", "loss_", "t_"} <= set(names)
    assert [name for name in names if hasattr(estimator, name)] == []
    with pytest.raises(NotFittedError, match=f"This {Estimator.__name__} instance is not fitted yet"):
        estimator.predict(X)
    with pytest.raises(NotFittedError):
        check_is_fitted(estimator)
