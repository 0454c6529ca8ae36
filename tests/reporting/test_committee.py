"""Measures of networks that predict together."""

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, log_loss, roc_auc_score

from deltarule.estimators.outcomes import Outcome
from deltarule.network.data import TrainingSet
from deltarule.reporting.committee import measures_of, samples_for
from deltarule.reporting.measures import of_committee


def outcome(classes: int, rows: int = 60) -> Outcome:
    generator = np.random.default_rng(classes)
    y = generator.integers(classes, size=rows)
    probabilities = generator.dirichlet(np.ones(classes), rows) + 0.3 * np.eye(classes)[y]
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    names = np.array([f"class {k}" for k in range(classes)])
    costs = -np.log(probabilities[np.arange(rows), y])
    data = TrainingSet(np.zeros((rows, 1)), np.eye(classes)[y])
    return Outcome(data, names[y], names[probabilities.argmax(axis=1)], probabilities, names, costs)


@pytest.mark.parametrize("classes", [2, 4])
def test_measures_of_labels_are_those_of_scikit_learn(classes: int) -> None:
    found = outcome(classes)
    values = {one.name: one.value for one in measures_of(found, seed=0)}
    probabilities = np.asarray(found.probabilities)
    scores = probabilities[:, 1] if classes == 2 else probabilities
    assert values == pytest.approx(
        {
            "error": np.mean(found.predicted != found.y),
            "log-loss": log_loss(found.y, probabilities),
            "ROC AUC": roc_auc_score(found.y, scores, multi_class="ovr"),
            "balanced error": 1 - balanced_accuracy_score(found.y, found.predicted),
        }
    )


def test_the_area_is_a_mean_over_the_classes_that_a_sample_has() -> None:
    found = outcome(4)
    without = (found.y != "class 3").astype(float)[np.newaxis]
    (area,) = [one.of(without)[0] for one in of_committee(found) if one.name == "ROC AUC"]
    rows = found.y != "class 3"
    probabilities = np.asarray(found.probabilities)[rows]
    each = [roc_auc_score(found.y[rows] == name, probabilities[:, k]) for k, name in enumerate(found.classes[:3])]  # type: ignore[index]
    assert area == pytest.approx(np.mean(each))


def test_many_classes_and_rows_take_fewer_samples() -> None:
    assert samples_for(outcome(4)) == 1000
    assert samples_for(outcome(4, 20_000)) == 250
    assert samples_for(outcome(2, 20_000)) == 1000


def test_rows_of_a_group_are_drawn_together_so_that_copies_of_rows_narrow_no_interval() -> None:
    found = outcome(2)
    places = np.repeat(np.arange(60), 5)
    data = TrainingSet(found.data.X[places], found.data.Y[places])
    parts = (found.y[places], found.predicted[places], np.asarray(found.probabilities)[places])
    copies = Outcome(data, *parts, found.classes, found.costs[places])
    alone, together = measures_of(found, seed=0), measures_of(copies, seed=0, groups=places)
    narrow = measures_of(copies, seed=0)
    for one, other, wrong in zip(alone, together, narrow, strict=True):
        assert (one.value, one.low, one.high) == pytest.approx((other.value, other.low, other.high))
        assert wrong.high - wrong.low < 0.6 * (one.high - one.low)
