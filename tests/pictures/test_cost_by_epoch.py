"""The learning curve of a run."""

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

import deltarule
from deltarule import History, MLPClassifier
from deltarule.common.arrays import Array
from deltarule.pictures import learning_curve


def history(cost: list[float], held_out: list[float] | None = None, best_epoch: int = 1) -> History:
    nothing = np.full(len(cost), np.nan)
    validation = nothing if held_out is None else np.array(held_out)
    return History(np.array(cost), validation, nothing, nothing, nothing, "max_iter", best_epoch)


def test_it_shows_both_costs_and_the_best_epoch() -> None:
    axes = learning_curve(history([1.0, 0.5, 0.4], [1.1, 0.7, 0.8], best_epoch=2)).plot()
    training, held_out, best = axes.lines
    assert training.get_label() == "training, $J(\\Theta)$"
    assert np.asarray(training.get_xdata()).tolist() == [1, 2, 3]
    assert np.asarray(training.get_ydata()).tolist() == [1.0, 0.5, 0.4]
    assert held_out.get_label() == "held out, no penalty"
    assert np.asarray(held_out.get_ydata()).tolist() == [1.1, 0.7, 0.8]
    assert best.get_label() == "best epoch, 2"
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("epoch", "cost per example")
    assert axes.get_yscale() == "linear"


def test_curves_differ_in_dashes_and_markers_too() -> None:
    training, held_out, _ = learning_curve(history([1.0, 1.0], [1.0, 1.0])).plot().lines
    assert training.get_linestyle() != held_out.get_linestyle()
    assert training.get_marker() != held_out.get_marker()


def test_without_held_out_rows_there_is_one_curve() -> None:
    axes = learning_curve(history([1.0, 0.001])).plot()
    assert [line.get_label() for line in axes.lines] == ["training, $J(\\Theta)$", "best epoch, 1"]
    assert axes.get_yscale() == "log"


def test_a_run_that_ended_before_its_first_epoch_is_drawn_too() -> None:
    assert learning_curve(history([], best_epoch=0)).plot().get_xlabel() == "epoch"


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_the_penalty_stands_apart_and_makes_j_with_the_rest(digits: tuple[Array, Array]) -> None:
    X, y = digits
    clf = MLPClassifier((8,), solver="lbfgs", alpha=5.0, max_iter=20, random_state=0).fit(X, y)
    curve = learning_curve(clf)
    data = deltarule.cost(clf.network_, clf.theta_, X, clf.encode(y))
    assert curve.penalty[-1] == pytest.approx(curve.cost[-1] - data, rel=1e-9)
    line = curve.plot().lines[1]
    assert line.get_label() == "penalty, part of $J$"
    np.testing.assert_array_equal(line.get_ydata(), curve.penalty)


def test_a_history_without_penalties_has_none_in_the_curve() -> None:
    assert np.isnan(learning_curve(history([1.0, 0.5])).penalty).all()


def test_an_estimator_without_a_fit_is_refused() -> None:
    with pytest.raises(NotFittedError, match="This MLPClassifier instance is not fitted yet"):
        learning_curve(MLPClassifier())
