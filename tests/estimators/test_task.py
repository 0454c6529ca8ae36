"""What is learnt is a value: made without setting anything, looked over once, and let go after the fit."""

import gc
import os
import subprocess
import sys
import warnings
import weakref
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array
from sklearn.datasets import load_iris
from sklearn.exceptions import ConvergenceWarning

import deltarule
from deltarule import MLPClassifier, MLPRegressor, lambda_path, size_path
from deltarule.common.arrays import Array
from deltarule.common.errors import SettingsError
from deltarule.engines import native
from deltarule.estimators import checking
from deltarule.estimators.choices import settings_of
from deltarule.estimators.cross_validation import Problem
from deltarule.estimators.task import learning_task

X, y = load_iris(return_X_y=True)
X = (X - X.mean(axis=0)) / X.std(axis=0)
NAMES = np.array(["setosa", "versicolor", "virginica"])[y]


@pytest.fixture(autouse=True)
def runs_may_end_at_max_iter() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        yield


@pytest.mark.parametrize("rows", [X, csr_array(X), pd.DataFrame(X, columns=list("abcd"))], ids=["X", "sparse", "frame"])
@pytest.mark.parametrize("Estimator", [MLPClassifier, MLPRegressor])
def test_a_task_sets_nothing_on_the_estimator(Estimator: Any, rows: Any) -> None:
    estimator = Estimator(early_stopping=True, scoring="accuracy" if Estimator is MLPClassifier else "r2")
    before = dict(vars(estimator))
    task = learning_task(estimator, settings_of(estimator), rows, y, np.ones(150))
    assert vars(estimator) == before
    assert (task.training_set.rows, task.validation_set.rows if task.validation_set else 0) == (135, 15)
    assert task.training_set.X.dtype == np.float32
    assert task.training.X.dtype == task.kept_dtype == np.float64  # as a scorer gets them
    assert (task.columns.names is not None) == isinstance(rows, pd.DataFrame)


@pytest.mark.parametrize("given", [np.float32, np.float64])
@pytest.mark.parametrize("order", ["C", "F"])
def test_blocks_find_every_value_that_is_not_finite_and_convert_the_rest(
    given: Any, order: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checking, "_BLOCK", 8)
    rows = np.array(X[:11].astype(given), order=order)
    clf = MLPClassifier()
    found = checking.check_examples(clf, rows, y[:11], None, np.dtype(np.float32))
    np.testing.assert_array_equal(found.inputs, rows.astype(np.float32))
    assert found.inputs.flags.c_contiguous
    assert given is np.float32 or found.largest == np.abs(rows).max()
    for value in (np.nan, np.inf, -np.inf):
        for place in ((0, 0), (5, 3), (10, 1)):
            bad = rows.copy(order="K")
            bad[place] = value
            with pytest.raises(ValueError, match=r"Input X contains (NaN|infinity)"):
                checking.check_examples(clf, bad, y[:11], None, np.dtype(np.float32))


@pytest.mark.parametrize("Estimator", [MLPClassifier, MLPRegressor])
def test_a_fitted_estimator_keeps_no_training_set(Estimator: Any) -> None:
    rows = X.astype(np.float32)  # which is the X of the training set itself
    seen = weakref.ref(rows)
    estimator = Estimator(max_iter=2).fit(rows, y)
    del rows
    gc.collect()
    assert seen() is None
    assert estimator.predict(X).shape == (150,)


HELD = """
import gc, os, warnings
import numpy as np
from deltarule import MLPRegressor
warnings.simplefilter("ignore")

def resident():
    gc.collect()
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

rng = np.random.default_rng(0)
X, y = rng.normal(size=(60, 1000)).astype(np.float32), rng.normal(size=60)

def fitted():
    return MLPRegressor(hidden_layer_sizes=(1000,), max_iter=2, random_state=0, n_threads=2).fit(X, y)

del fitted().theta_  # what the process needs once
before, threads = resident(), len(os.listdir("/proc/self/task"))
models = [fitted() for _ in range(10)]
bytes_held = resident() - before
print(bytes_held / sum(model.theta_.nbytes for model in models), len(os.listdir("/proc/self/task")) - threads)
"""


@pytest.mark.skipif(sys.platform != "linux" or not native.available(), reason="reads /proc of the compiled core")
def test_a_fitted_estimator_holds_three_and_a_half_times_its_parameters_at_most() -> None:
    # Else glibc keeps what was freed for the next allocation, and the process does not shrink.
    exact = {**os.environ, "MALLOC_MMAP_THRESHOLD_": "65536"}
    run = subprocess.run([sys.executable, "-c", HELD], capture_output=True, text=True, check=True, env=exact)
    share, threads = run.stdout.split()
    assert float(share) < 3.5
    assert int(threads) <= 10


def test_a_run_shares_its_parameters_with_the_estimator_and_still_sees_when_they_are_written_to() -> None:
    clf = MLPClassifier((5,), max_iter=3, random_state=0).fit(X.astype(np.float32), y)
    assert clf._run is not None
    assert clf._run.run_state.state.theta is clf.theta_
    clf.coefs_[0][0, 0] += 1
    clf.set_params(max_iter=5)
    with pytest.raises(ValueError, match="coefs_ or intercepts_ were written to since then"):
        clf.fit(X.astype(np.float32), y, resume=True)
    clf.coefs_[0][0, 0] -= 1


@pytest.mark.parametrize("scoring", [None, "accuracy", ["accuracy", "f1_macro"]], ids=str)
def test_folds_have_one_engine(scoring: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    engines: list[Any] = []

    def engine_for(*asked: Any) -> Any:
        engines.append(asked)
        return deltarule.engines.engine_for(*asked)

    monkeypatch.setattr("deltarule.estimators.predictor.engine_for", engine_for)
    clf = MLPClassifier((5,), early_stopping=True, scoring=scoring, max_iter=4, n_threads=2, random_state=0)
    lambda_path(clf, X, y, lambdas=[0.1, 1.0], cv=3)
    assert len(engines) == 1
    size_path(clf, X, y, sizes=[0.4, 0.7, 1.0], cv=3)
    assert len(engines) == 2


def test_rows_of_a_fold_are_taken_when_its_work_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[Any] = []
    at_once: list[int] = []
    task, fit = Problem.task, Problem.fit

    def counted_task(problem: Problem, *asked: Any) -> Any:
        made = task(problem, *asked)
        taken.append(weakref.ref(made))
        return made

    def counted_fit(problem: Problem, *asked: Any) -> Any:
        at_once.append(sum(one() is not None for one in taken))
        return fit(problem, *asked)

    monkeypatch.setattr(Problem, "task", counted_task)
    monkeypatch.setattr(Problem, "fit", counted_fit)
    size_path(MLPClassifier((5,), max_iter=2, n_threads=1), X, y, sizes=[0.4, 0.7, 1.0], cv=3)
    assert len(taken) == 9
    assert max(at_once) <= 2  # the one at work, and perhaps the one before


@pytest.mark.parametrize(
    ("labels", "other"),
    [(["0", "1", "2"], [0, 1, 2]), ([0, 1, 2], ["0", "1", "2"])],
    ids=["texts", "numbers"],
)
def test_labels_of_another_type_are_told_apart_in_the_message(labels: list[Any], other: list[Any]) -> None:
    names, others = (np.array(kind)[y] for kind in (labels, other))
    kinds = [type(kind[0]).__name__ for kind in (other, labels)]
    message = (
        rf"the label {other[0]!r}, which is none of the 3 classes .*: {labels[0]!r}, {labels[1]!r}, {labels[2]!r}\. "
        rf"The types differ, {kinds[0]} and {kinds[1]}"
    )
    with pytest.raises(ValueError, match=message):
        MLPClassifier(max_iter=2).fit(X, names, eval_set=(X, others))


LABELS: list[Any] = [
    pd.Series(NAMES),
    pd.Series(NAMES, dtype=object),
    pd.Series(NAMES, dtype="category"),
    NAMES.astype(object),
    NAMES.tolist(),
]


@pytest.mark.parametrize("labels", LABELS, ids=lambda labels: f"{type(labels).__name__} {getattr(labels, 'dtype', '')}")
def test_classes_have_the_dtype_that_scikit_learn_gives_them(labels: Any) -> None:
    from sklearn.neural_network import MLPClassifier as Judge

    clf, judge = (kind(max_iter=2, random_state=0).fit(X, labels) for kind in (MLPClassifier, Judge))
    assert clf.classes_.dtype == judge.classes_.dtype
    np.testing.assert_array_equal(clf.classes_, judge.classes_)
    assert clf.predict(X).dtype == judge.predict(X).dtype
    shares: Array = np.mean(clf.predict(X) == np.asarray(labels))
    assert shares > 0


def test_settings_are_checked_once_and_values_of_other_types_are_not_taken_for_them() -> None:
    first, again = (settings_of(MLPClassifier(max_iter=7, dropout=0.0)) for _ in range(2))
    assert first is again
    assert settings_of(MLPClassifier(max_iter=7, dropout=[0.5])).dropout == (0.5,)
    with pytest.raises(SettingsError, match="'max_iter' parameter of MLPClassifier"):
        settings_of(MLPClassifier(max_iter=7.0))  # type: ignore[arg-type]
    assert settings_of(MLPClassifier(max_iter=1)).max_iter == 1
    with pytest.raises(SettingsError, match="'max_iter' parameter of MLPClassifier"):
        settings_of(MLPClassifier(max_iter=True))
    with pytest.raises(SettingsError, match="'max_iter' parameter of MLPRegressor"):
        settings_of(MLPRegressor(max_iter=-1))
