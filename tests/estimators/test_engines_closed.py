"""What opens engines closes them: fits, refits, failed fits, copies, loaded models and cross-validation."""

import copy
import gc
import pickle
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import deltarule
from deltarule import MLPClassifier, Network, TableClassifier
from deltarule.common.errors import DivergedError
from deltarule.engines import ReferenceEngine, register_engine, registry

GENERATOR = np.random.default_rng(0)
X = GENERATOR.normal(size=(40, 3))
y = np.array(["a", "b"])[(X[:, 0] > 0).astype(int)]


class Counted(ReferenceEngine):
    """Counts the engines that were made and those that are open."""

    made = 0
    open: set[int]

    def __init__(self, network: Network) -> None:
        super().__init__(network)
        Counted.made += 1
        self.number = Counted.made
        Counted.open.add(self.number)

    def close(self) -> None:
        super().close()
        Counted.open.discard(self.number)


@pytest.fixture(autouse=True)
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Register the engine "counted" for one test, which must end with none open."""
    monkeypatch.setattr(registry, "_MAKERS", dict(registry._MAKERS))
    monkeypatch.setattr(Counted, "made", 0)
    monkeypatch.setattr(Counted, "open", set(), raising=False)
    register_engine("counted", lambda network, n_threads: Counted(network))
    yield
    gc.collect()  # tracebacks of expected errors are cycles
    assert not Counted.open


def classifier(**parameters: Any) -> MLPClassifier:
    return MLPClassifier((3,), engine="counted", max_iter=2, tol=0.0, random_state=0, **parameters)


def accuracy_of(clf: MLPClassifier, X: Any, y: Any) -> float:
    return float(clf.score(X, y))


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
class TestEngines:
    """Engines of estimators."""

    def test_are_closed_when_the_estimator_goes(self) -> None:
        clf = classifier().fit(X, y)
        clf.predict_log_proba(X)  # asks for the weighted inputs of the last layer, which takes another engine
        assert (Counted.made, len(Counted.open)) == (2, 2)
        del clf
        assert not Counted.open

    def test_are_kept_for_a_fit_of_the_same_network_and_closed_for_another(self) -> None:
        clf = classifier().fit(X, y).fit(X, y)
        assert (Counted.made, len(Counted.open)) == (1, 1)
        clf.set_params(hidden_layer_sizes=(4,)).fit(X, y)
        assert (Counted.made, len(Counted.open)) == (2, 1)
        clf.set_params(engine="reference").fit(X, y)
        assert not Counted.open

    def test_of_a_copy_are_its_own(self) -> None:
        clf = classifier().fit(X, y)
        other = copy.copy(clf)
        expected = clf.predict_proba(X)
        del clf
        assert not Counted.open
        assert np.array_equal(other.predict_proba(X), expected)
        assert Counted.open

    def test_are_closed_after_a_fit_that_failed(self) -> None:
        with pytest.raises(DivergedError):
            classifier(solver="sgd", learning_rate_init=1e300, alpha=1.0, dtype="float64").fit(1e3 * X, y)
        gc.collect()
        assert Counted.made == 1
        assert not Counted.open

    def test_of_scorers_and_of_early_stopping_are_that_of_the_fit(self) -> None:
        clf = classifier(early_stopping=True, scoring=["accuracy", "neg_log_loss"]).fit(X, y)
        assert Counted.made <= 2  # the second is for the logarithms of probabilities
        del clf
        assert not Counted.open

    def test_of_models_from_files_and_pickles_are_closed_with_them(self, tmp_path: Path) -> None:
        clf = classifier().fit(X, y)
        clf.save(tmp_path / "a.model")
        pickled = pickle.dumps(clf)
        again: Any
        for again in (partial(deltarule.load, tmp_path / "a.model"), partial(pickle.loads, pickled)):
            before, model = len(Counted.open), again()
            model.set_params(engine="counted")
            model.predict(X)
            assert len(Counted.open) == before + 1
            del model
            assert len(Counted.open) == before

    def test_of_paths_are_closed_when_the_path_is_there_or_fails(self) -> None:
        deltarule.lambda_path(classifier(), X, y, lambdas=[0.1, 1.0], cv=2)
        deltarule.size_path(classifier(), X, y, sizes=[0.5, 1.0], cv=2)
        assert Counted.made == 2
        assert not Counted.open
        diverging = classifier(solver="sgd", learning_rate_init=1e300, alpha=1.0, dtype="float64")
        with pytest.raises(DivergedError):
            deltarule.lambda_path(diverging, 1e3 * X, y, lambdas=[1.0], cv=2)
        assert not Counted.open

    @pytest.mark.parametrize(
        ("scoring", "most"),
        # The second engine is for the logarithms of probabilities.
        [("accuracy", 1), ("neg_log_loss", 2), (["accuracy", "neg_log_loss"], 2), (accuracy_of, 1)],
        ids=["a name", "of logarithms", "several names", "a callable"],
    )
    def test_of_a_path_whose_epochs_are_scored_do_not_grow_in_number_with_epochs_folds_and_lambdas(
        self, scoring: Any, most: int
    ) -> None:
        clf = classifier(early_stopping=True, scoring=scoring, n_iter_no_change=99).set_params(max_iter=12)
        path = deltarule.lambda_path(clf, X, y, lambdas=[0.1, 1.0], cv=3)
        assert (path.epochs == 12).all()  # 72 scores
        assert Counted.made <= most

    def test_of_tables_are_kept_for_a_fit_of_the_same_network(self) -> None:
        table = TableClassifier(2, hidden_layer_sizes=(3,), epochs=2, random_state=0, engine="counted")
        table.fit(X, y).fit(X, y)
        table.predict(X)
        made = Counted.made
        table.fit(X, y).predict(X)
        assert (Counted.made, len(Counted.open)) == (made, 2)
        assert "_predictor" not in vars(pickle.loads(pickle.dumps(table)))
        del table
        assert not Counted.open
