"""Measures against scikit-learn's, on the rows and on samples of them."""

from collections.abc import Callable

import numpy as np
import pytest
from sklearn.metrics import (
    accuracy_score,
    balanced_accuracy_score,
    mean_absolute_error,
    mean_pinball_loss,
    r2_score,
    roc_auc_score,
)

from deltarule.common.arrays import Array
from deltarule.reporting.bootstrap import Statistic, resamples
from deltarule.reporting.measures import of_labels, of_quantiles, of_quantities, of_several_labels

GENERATOR = np.random.default_rng(0)
M = 40
COSTS = GENERATOR.exponential(size=M)
CLASSES = np.array(["a", "b"])
LABELS = CLASSES[(GENERATOR.random(M) < 0.3).astype(int)]
SCORES = np.round(np.clip(0.3 + 0.3 * (LABELS == "b") + 0.3 * GENERATOR.normal(size=M), 0, 1), 1)  # many are equal
PREDICTED = CLASSES[(SCORES > 0.5).astype(int)]
Y = GENERATOR.normal(1e4, 1, size=(M, 2))  # far from 0: the spread must not lose its digits
H = Y + 0.5 * GENERATOR.normal(size=Y.shape)


def by_name(statistics: list[Statistic]) -> dict[str, Callable[[Array], Array]]:
    return {statistic.name: statistic.of for statistic in statistics}


TWO = by_name(of_labels(LABELS, PREDICTED, CLASSES, np.column_stack([1 - SCORES, SCORES]), COSTS))
REAL = by_name(of_quantities(Y, H, COSTS))


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (TWO["accuracy"], lambda rows: accuracy_score(LABELS[rows], PREDICTED[rows])),
        (TWO["balanced accuracy"], lambda rows: balanced_accuracy_score(LABELS[rows], PREDICTED[rows])),
        (TWO["ROC AUC"], lambda rows: roc_auc_score(LABELS[rows] == "b", SCORES[rows])),
        (TWO["mean cost"], lambda rows: COSTS[rows].mean()),
        (REAL["R²"], lambda rows: r2_score(Y[rows], H[rows])),
        (REAL["mean absolute error"], lambda rows: mean_absolute_error(Y[rows], H[rows])),
        (REAL["mean cost"], lambda rows: COSTS[rows].mean()),
    ],
    ids=["accuracy", "balanced accuracy", "ROC AUC", "cost", "R²", "absolute error", "cost of quantities"],
)
def test_a_measure_of_weights_is_scikit_learns_of_rows_repeated_so_often(
    ours: Callable[[Array], Array], theirs: Callable[[Array], float]
) -> None:
    weights = np.concatenate([np.ones((1, M)), next(resamples(M, 30, seed=2))])
    expected = [theirs(np.repeat(np.arange(M), counts.astype(int))) for counts in weights]
    np.testing.assert_allclose(ours(weights), expected, rtol=1e-8)


def test_a_class_that_a_sample_lacks_does_not_count_in_its_balanced_accuracy() -> None:
    weights = (LABELS == "a").astype(float)[np.newaxis]
    recall = np.mean(PREDICTED[LABELS == "a"] == "a")
    np.testing.assert_allclose(TWO["balanced accuracy"](weights), recall)


def test_a_sample_of_one_class_has_no_area_and_one_of_equal_targets_no_determination() -> None:
    assert np.isnan(TWO["ROC AUC"]((LABELS == "a").astype(float)[np.newaxis])).all()
    assert np.isnan(REAL["R²"](np.eye(M)[:1])).all()


def test_only_two_classes_have_an_area() -> None:
    names = by_name(of_labels(LABELS, PREDICTED, np.array(["a", "b", "c"]), np.full((M, 3), 1 / 3), COSTS))
    assert list(names) == ["accuracy", "balanced accuracy", "mean cost"]


def test_several_labels_are_right_together_or_one_by_one() -> None:
    truth, said = np.array([[1, 0], [1, 1], [0, 0]]), np.array([[1, 0], [1, 0], [1, 1]])
    measures = by_name(of_several_labels(truth, said, np.array([1.0, 2.0, 6.0])))
    assert {name: of(np.ones((1, 3)))[0] for name, of in measures.items()} == pytest.approx(
        {"accuracy": 1 / 3, "label accuracy": 1 / 2, "mean cost": 3.0}
    )


def test_measures_of_quantiles_are_their_losses_and_how_often_y_is_below() -> None:
    y, predicted = np.array([1.0, 2.0, 6.0]), np.array([[0.0, 1.0], [2.0, 3.0], [3.0, 5.0]])
    ones = np.ones((1, 3))
    found = {one.name: float(one.of(ones)[0]) for one in of_quantiles(y, predicted, (0.25, 0.75))}
    losses = [np.mean([mean_pinball_loss(y, predicted[:, k], alpha=tau)]) for k, tau in enumerate((0.25, 0.75))]
    assert found == pytest.approx(
        {
            "pinball loss": np.mean(losses),
            "below quantile 0.25": 1 / 3,
            "below quantile 0.75": 2 / 3,
            "between the outermost": 2 / 3,
        }
    )
