"""One class is fitted, and scikit-learn's tools that meet one in a part of the data go on."""

import io
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
from sklearn.ensemble import BaggingClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import HalvingGridSearchCV, LeaveOneGroupOut, cross_val_score, learning_curve
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier

import deltarule
from deltarule import MLPClassifier
from deltarule.common.errors import InputError

X = np.random.default_rng(0).normal(size=(40, 3))
y = np.where(np.arange(40) < 20, "a", "b")
ONE = np.full(40, "a")


@pytest.fixture(autouse=True)
def runs_may_end_early() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        yield


def made(**parameters: Any) -> MLPClassifier:
    return MLPClassifier(**{"hidden_layer_sizes": (4,), "max_iter": 5, "random_state": 0, **parameters})


def of_one(**parameters: Any) -> MLPClassifier:
    with pytest.warns(RuntimeWarning, match="y holds one class only, 'a': .* every prediction will be that class"):
        return made(**parameters).fit(X, ONE)


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"solver": "lbfgs"},
        {"early_stopping": True},
        {"output": "softmax"},
        {"output": "sigmoid"},
        {"class_weight": "balanced"},
        {"label_smoothing": 0.1},
        {"scoring": "accuracy"},
        {"engine": "reference"},
    ],
    ids=str,
)
def test_one_class_is_predicted_with_certainty(parameters: dict[str, Any]) -> None:
    clf = of_one(**parameters)
    assert clf.classes_.tolist() == ["a"]
    assert clf.predict(X).tolist() == ONE.tolist()
    np.testing.assert_array_equal(clf.predict_proba(X), np.ones((40, 1)))
    np.testing.assert_array_equal(clf.predict_log_proba(X[:1]), np.zeros((1, 1)))
    assert clf.score(X, ONE) == 1
    assert clf.encode(["a", "a"]).tolist() == [[1.0], [1.0]]
    assert (clf.network_.K, clf.network_.output) == (1, "sigmoid")


def test_a_warning_of_one_class_names_the_line_of_fit() -> None:
    with pytest.warns(RuntimeWarning, match="one class only") as told:
        made().fit(X, ONE)
    assert {warning.filename for warning in told} == {__file__}


def test_a_warm_start_from_one_class_to_two_is_refused() -> None:
    clf = of_one(warm_start=True)
    with pytest.raises(InputError, match="warm_start can only be used where `y` has the same classes"):
        clf.fit(X, y)
    clf.set_params(warm_start=False).fit(X, y)
    assert clf.predict_proba(X).shape == (40, 2)


def test_partial_fit_with_classes_knows_the_others() -> None:
    clf = made().partial_fit(X, ONE, classes=["a", "b"])
    assert clf.predict_proba(X).shape == (40, 2)


def test_a_model_of_one_class_comes_back_from_its_file_and_from_a_pickle(tmp_path: Path) -> None:
    clf = of_one()
    clf.save(tmp_path / "one.model")
    again = deltarule.load(tmp_path / "one.model")
    file = io.BytesIO()
    joblib.dump(clf, file)
    file.seek(0)
    for other in (again, joblib.load(file)):
        assert isinstance(other, MLPClassifier)
        assert other.predict(X).tolist() == ONE.tolist()
        assert other.predict_proba(X).shape == (40, 1)
        np.testing.assert_array_equal(other.theta_, clf.theta_)


@pytest.mark.filterwarnings("ignore:y holds one class only:RuntimeWarning")
class TestTools:
    def test_halving_search_scores_every_candidate(self) -> None:
        search = HalvingGridSearchCV(made(), {"alpha": [1e-4, 1.0]}, cv=2, min_resources=4, random_state=0)
        search.fit(X, y)
        assert np.isfinite(search.cv_results_["mean_test_score"]).all()

    def test_a_learning_curve_begins_with_rows_of_one_class(self) -> None:
        _, training, held_out = learning_curve(made(), X, y, train_sizes=[4, 20], cv=2)[:3]
        assert np.isfinite(training).all()
        assert np.isfinite(held_out).all()

    def test_a_group_may_hold_all_rows_of_a_class(self) -> None:
        groups = np.repeat([0, 1], 20)
        scores = cross_val_score(made(), X, y, groups=groups, cv=LeaveOneGroupOut(), error_score="raise")
        assert scores.tolist() == [0.0, 0.0]

    def test_several_outputs_and_chains_may_have_a_constant_one(self) -> None:
        Y = np.column_stack([np.arange(40) % 2, np.ones(40, int)])
        several = MultiOutputClassifier(made()).fit(X, Y)
        assert [proba.shape for proba in several.predict_proba(X)] == [(40, 2), (40, 1)]
        assert several.predict(X)[:, 1].tolist() == [1] * 40
        chain = ClassifierChain(made(), order=[1, 0]).fit(X, Y)
        assert chain.predict(X)[:, 1].tolist() == [1] * 40

    def test_bagging_of_few_rows_meets_samples_of_one_class(self) -> None:
        bagging = BaggingClassifier(made(), n_estimators=10, max_samples=2, random_state=0).fit(X, y)
        assert bagging.predict_proba(X).shape == (40, 2)
