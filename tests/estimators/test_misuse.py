"""Ways to misuse the estimators: each gets the message that a user needs, and none leaves half a model behind."""

import warnings
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from sklearn.datasets import load_iris
from sklearn.exceptions import ConvergenceWarning, NotFittedError

from deltarule import MLPClassifier, MLPRegressor, check_gradient
from deltarule.common.arrays import Array
from deltarule.common.errors import DivergedError, InputError, SettingsError

X, y = load_iris(return_X_y=True)
NAMES = np.array(["setosa", "versicolor", "virginica"])[y]
FRAME = pd.DataFrame(X, columns=["sepal length", "sepal width", "petal length", "petal width"])
HOLES = np.where(X > 2, np.nan, X)
SEVERAL = np.eye(4, dtype=int)[np.r_[:4].repeat(38)[:150]] | 1


@pytest.fixture(autouse=True)
def runs_may_end_at_max_iter() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        yield


# What is passed to fit, the parameters, the kind of error, and words of its message.
FITS: dict[str, tuple[tuple[Any, ...], dict[str, Any], type[Exception], str]] = {
    "NaN in X": ((HOLES, NAMES), {}, ValueError, "Input X contains NaN"),
    "infinity in X": ((np.where(X > 2, np.inf, X), NAMES), {}, ValueError, "Input X contains infinity"),
    "text in X": (
        (X.astype(str).astype(object) + "cm", NAMES),
        {},
        InputError,
        "X holds text.* TableClassifier.* OneHotEncoder in",
    ),
    "one dimension": ((X[:, 0], NAMES), {}, ValueError, r"Expected 2D array, got 1D[\s\S]*reshape\(-1, 1\)"),
    "no row": ((X[:0], NAMES[:0]), {}, ValueError, "Found array with 0 sample"),
    "no y": ((X, None), {}, ValueError, "requires y to be passed"),
    "fewer labels than rows": ((X, NAMES[:9]), {}, ValueError, r"inconsistent numbers of samples: \[150, 9\]"),
    "quantities as labels": ((X, X[:, 0]), {}, ValueError, "Unknown label type: continuous"),
    "gaps in y": ((X, np.where(y == 0, np.nan, y)), {}, ValueError, "Input y contains NaN"),
    "several columns": ((X, np.column_stack([y] * 2)), {}, InputError, "several columns of classes are not supported"),
    "weights below 0": ((X, y, -np.ones(150)), {}, InputError, r"holds -1\.0 in row 0: .* 0 or more"),
    "weights that are all 0": ((X, y, np.zeros(150)), {}, ValueError, "at least one non-zero number"),
    "too few weights": ((X, y, np.ones(15)), {}, ValueError, r"sample_weight.shape == \(15,\), expected \(150,\)"),
    "values beyond the dtype": ((1e300 * X, y), {"dtype": "float32"}, InputError, r"the range of float32, ±3\.4e\+38"),
    "λ below 0": ((X, y), {"alpha": -1.0}, SettingsError, r"The 'alpha' parameter of MLPClassifier must .* Got -1\.0"),
    "layer size 0": ((X, y), {"hidden_layer_sizes": (5, 0)}, SettingsError, r"must be > 0, got \[5, 0\]"),
    "half a unit": ((X, y), {"hidden_layer_sizes": 2.5}, SettingsError, r"must be > 0, got \[2\.5\]"),
    "units for other layers": (
        (X, y),
        {"activation": ["relu", "tanh"]},
        SettingsError,
        "names the units of 2 .* has 1",
    ),
    "an unknown unit": ((X, y), {"activation": "ReLU"}, SettingsError, "activation='ReLU' is .*logistic, tanh, relu"),
    "an unknown unit in a list": (
        (X, y),
        {"activation": ["ReLU"]},
        SettingsError,
        "activation='ReLU' is .*logistic, tanh",
    ),
    "no unit": ((X, y), {"activation": None}, SettingsError, "activation=None is not a unit .* Take one of logistic"),
    "a function as unit": ((X, y), {"activation": np.tanh}, SettingsError, "activation=<ufunc 'tanh'> is not a unit"),
    "a number as unit": ((X, y), {"activation": [3]}, SettingsError, "activation=3 is not a unit"),
    "an unknown solver": ((X, y), {"solver": "newton"}, SettingsError, "The 'solver' parameter.* Got 'newton' instead"),
    "an unknown output": ((X, y), {"output": "linear"}, SettingsError, "The 'output' parameter.*'softmax'.* 'linear'"),
    "softmax on several labels": ((X, SEVERAL), {"output": "softmax"}, SettingsError, "gives one label to each row"),
    "a seed that is none": ((X, y), {"random_state": "x"}, SettingsError, "random_state='x' cannot seed"),
    "steps too long": (
        (1e3 * X, y),
        {"solver": "sgd", "learning_rate_init": 1e30, "alpha": 0.0, "activation": "identity"},
        DivergedError,
        "Try 1e.29",
    ),
    "dropout of everything": ((X, y), {"dropout": 1.0}, SettingsError, r"in the range \[0, 1\).* Got 1\.0"),
    "dropout in lbfgs": ((X, y), {"dropout": 0.2, "solver": "lbfgs"}, SettingsError, "Take solver='adam' or 'sgd'"),
    "a rate too many": ((X, y), {"dropout": [0.1, 0.2]}, SettingsError, "has 2 rates, but .* has 1 hidden layer. "),
    "weights in a list": ((X, y), {"class_weight": [1, 2, 3]}, SettingsError, "'balanced' or a dict from labels"),
    "an unknown score": ((X, y), {"scoring": "goodness"}, SettingsError, "no scorer 'goodness'.*get_scorer_names"),
    "early stopping on 6 rows": ((X[::25], y[::25]), {"early_stopping": True}, InputError, "Increase 'validation_frac"),
    "early stopping on nothing": (
        (X, y),
        {"early_stopping": True, "validation_fraction": 0},
        SettingsError,
        r"validation_fraction=0 leaves .* a float in the range \(0, 1\)",
    ),
    "a whole number as a float": ((X, y), {"max_iter": 1e3}, SettingsError, r"an int in the range .* Got 1000\.0"),
    "no such engine": ((X, y), {"engine": "gpu"}, SettingsError, "'auto', 'native', 'reference'.* Got 'gpu'"),
    "other columns on": ((X[:, :3], y), {"warm_start": True}, ValueError, "X has 3 features, but .* expecting 4"),
}


@pytest.mark.parametrize(("given", "parameters", "error", "message"), FITS.values(), ids=FITS)
def test_a_fit_that_fails_says_why_and_leaves_the_model_before_as_it_was(
    given: tuple[Any, ...], parameters: dict[str, Any], error: type[Exception], message: str
) -> None:
    clf = MLPClassifier((5,), random_state=0, max_iter=5).fit(X, y)
    before, proba = dict(clf.__dict__), clf.predict_proba(X)
    clf.set_params(**parameters)
    with pytest.raises(error, match=message):
        clf.fit(*given)
    np.testing.assert_array_equal(clf.predict_proba(X), proba)
    for name in before.keys() - clf.get_params().keys():
        assert clf.__dict__[name] is before[name], name


@pytest.mark.parametrize(
    ("given", "parameters"),
    [(given, parameters) for name, (given, parameters, *_) in FITS.items() if "warm_start" not in parameters],
)
def test_a_first_fit_that_fails_leaves_an_estimator_that_is_not_fitted(
    given: tuple[Any, ...], parameters: dict[str, Any]
) -> None:
    clf = MLPClassifier(**{"hidden_layer_sizes": (5,), "max_iter": 5, **parameters})
    before = dict(clf.__dict__)
    with pytest.raises(ValueError):
        clf.fit(*given)
    assert clf.__dict__ == before
    with pytest.raises(NotFittedError):
        clf.predict(X)


def test_a_validation_fraction_of_0_is_allowed_where_nothing_is_held_out() -> None:
    for parameters in ({"early_stopping": False}, {"early_stopping": True, "solver": "lbfgs"}):
        MLPClassifier((5,), max_iter=2, validation_fraction=0, **parameters).fit(X, y)
    watching = MLPClassifier((5,), max_iter=2, validation_fraction=0, early_stopping=True)
    assert len(watching.fit(X, y, eval_set=(X[::9], y[::9])).validation_scores_ or ()) == 2


@pytest.mark.parametrize("form", [np.asarray, scipy.sparse.csc_array], ids=["dense", "sparse"])
@pytest.mark.parametrize("Estimator", [MLPClassifier, MLPRegressor])
def test_rows_beyond_the_range_of_a_narrower_dtype_are_refused_by_all_that_predicts_and_looks_inside(
    Estimator: Any, form: Callable[[Array], Any]
) -> None:
    model = Estimator(hidden_layer_sizes=(5,), random_state=0, max_iter=5, dtype="float32").fit(form(X), y)
    largest, beyond = X[:9].copy(), X[:9].copy()
    largest[7, 2] = -3.4e38
    beyond[7, 2] = -1e300
    with np.errstate(over="ignore", invalid="ignore"):  # of finite x, z may be beyond the range; x itself is not
        model.predict(form(largest))
    for method in (model.predict, *([model.predict_proba] if Estimator is MLPClassifier else [])):
        with pytest.raises(InputError, match=r"-1e\+300 in row 7, column 2 \(1 such .* range of float32, ±3\.4e\+38"):
            method(form(beyond))
    for look in (model.trace, partial(check_gradient, model)):
        with pytest.raises(InputError, match=r"X holds -1e\+300 in row 7, column 2 "):
            look(form(beyond), y[:9])


REGRESSIONS: dict[str, tuple[Any, dict[str, Any], str]] = {
    "text as quantity": (NAMES, {}, "could not convert string to float: .*'setosa'.* y holds text"),
    "counts below 0": (y - 1.0, {"loss": "poisson"}, r"Y holds \[-1\.0\] in row 0, but targets of exp outputs"),
    "an unknown loss": (y, {"loss": "hinge"}, "'loss' parameter of MLPRegressor must be .* Got 'hinge'"),
    "infinite targets": (np.where(y == 0, np.inf, y), {}, "Input y contains infinity"),
    "a setting of classifiers": (y, {"class_weight": "balanced"}, "Invalid parameter 'class_weight' for estimator"),
}


@pytest.mark.parametrize(("targets", "parameters", "message"), REGRESSIONS.values(), ids=REGRESSIONS)
def test_a_regression_that_fails_says_why_and_leaves_the_model_before(
    targets: Any, parameters: dict[str, Any], message: str
) -> None:
    reg = MLPRegressor(hidden_layer_sizes=(5,), random_state=0, max_iter=5).fit(X, y)
    before = reg.predict(X)
    with pytest.raises(ValueError, match=message):
        reg.set_params(**parameters).fit(X, targets)
    np.testing.assert_array_equal(reg.predict(X), before)


USES: dict[str, tuple[Any, type[Exception], str]] = {
    "other columns": (lambda clf: clf.predict(FRAME.iloc[:, :3]), ValueError, "now missing:\n- petal width"),
    "columns in another order": (lambda clf: clf.predict(FRAME.iloc[:, ::-1]), ValueError, "must be in the same order"),
    "fewer labels": (lambda clf: clf.score(FRAME, NAMES[:5]), ValueError, r"inconsistent numbers .* \[5, 150\]"),
    "a label of elsewhere": (lambda clf: clf.encode(["setosa", "daisy"]), InputError, "label 'daisy', .* of the 3 "),
    "a trace of too few": (lambda clf: clf.trace(X[0, :2], "setosa"), ValueError, "X has 2 columns, but .* takes 4"),
    "a trace of another label": (lambda clf: clf.trace(X[0], "daisy"), InputError, "label 'daisy', which is none"),
    "another eval_set": (
        lambda clf: clf.fit(FRAME, NAMES, eval_set=(FRAME.iloc[:, :2], NAMES)), ValueError, "yet now missing"
    ),
    "eval_set of other labels": (
        lambda clf: clf.fit(FRAME, NAMES, eval_set=(FRAME[:1], ["daisy"])), InputError, "Leave such rows out"
    ),
    "partial_fit of a new class": (
        lambda clf: clf.partial_fit(FRAME[:1], ["daisy"]), InputError, r"`y` has classes not in `self.classes_`.*daisy"
    ),
}  # fmt: skip


@pytest.mark.parametrize(("use", "error", "message"), USES.values(), ids=USES)
def test_a_use_that_does_not_fit_the_model_says_why_and_leaves_it(
    use: Any, error: type[Exception], message: str
) -> None:
    clf = MLPClassifier((5,), random_state=0, max_iter=5).fit(FRAME, NAMES)
    before = dict(clf.__dict__)
    with pytest.raises(error, match=message):
        use(clf)
    assert clf.__dict__ == before


def test_there_are_twenty_ways_and_more() -> None:
    assert len(FITS) + len(REGRESSIONS) + len(USES) >= 20


def test_labels_as_texts_of_any_length_of_numpy_are_labels() -> None:
    texts = NAMES.astype(np.dtypes.StringDType())
    clf = MLPClassifier((4,), max_iter=2, random_state=0).fit(X, texts)
    assert clf.classes_.tolist() == ["setosa", "versicolor", "virginica"]
    assert (clf.theta_ == MLPClassifier((4,), max_iter=2, random_state=0).fit(X, NAMES).theta_).all()
    with_gap = np.array([None, *NAMES[1:]], dtype=np.dtypes.StringDType(na_object=None))
    with pytest.raises(InputError, match="NaN or another gap in row 0"):
        MLPClassifier((4,), max_iter=2).fit(X, with_gap)


def test_labels_of_polars_of_a_type_that_numpy_lacks_are_labels() -> None:
    polars = pytest.importorskip("polars")
    labels = polars.Series(y, dtype=polars.Int128)
    assert MLPClassifier((4,), max_iter=2).fit(X, labels).classes_.tolist() == [0, 1, 2]
