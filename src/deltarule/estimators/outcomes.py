"""Predictions of a fitted network for rows with known targets: computed once, then measured, drawn and reported."""

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from deltarule.common.arrays import Array
from deltarule.network.backpropagation import costs_of
from deltarule.network.data import TrainingSet

__all__ = ["Outcome", "answers_of", "outcome_of"]


@dataclass(frozen=True, eq=False)
class Outcome:
    """Predictions for rows, and the true targets; make it with `outcome_of`.

    Attributes
    ----------
    data : TrainingSet
        X and Y as the network takes them.
    y : array of shape (m,) or (m, K)
        The true labels or quantities.
    predicted : array of the shape of y
    probabilities : array of shape (m, n_classes) or None
        None for quantities.
    classes : array of shape (n_classes,) or None
        None for quantities.
    costs : array of shape (m,)
        ℓ of each row, without weight and penalty, in float64.
    quantiles : tuple of float
        The quantiles that the columns of `predicted`, of shape (m, n_quantiles), say of one quantity; () where it holds
        predictions of another kind.
    """

    data: TrainingSet
    y: NDArray[Any]
    predicted: NDArray[Any]
    probabilities: Array | None
    classes: NDArray[Any] | None
    costs: Array
    quantiles: tuple[float, ...] = ()

    @property
    def central(self) -> NDArray[Any]:
        """The predictions in the shape of y: of several quantiles the one nearest to the median."""
        if not self.quantiles:
            return self.predicted
        return np.asarray(self.predicted[:, int(np.argmin(np.abs(np.array(self.quantiles) - 0.5)))])

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.costs)

    def in_units(self, y: Array, mean: float, deviation: float) -> Self:
        """Return the outcome in units of y, if the regressor learnt (y − mean)/deviation."""
        return replace(self, y=y, predicted=mean + deviation * self.predicted)


def outcome_of(model: Any, X: Any, y: ArrayLike) -> Outcome:
    """Return the predictions of a fitted estimator for rows, with the true targets.

    Parameters
    ----------
    model : MLPClassifier or MLPRegressor
        A fitted estimator.
    X : array, sparse matrix or frame of shape (m, n_features)
    y : array of shape (m,) or (m, K)

    Raises
    ------
    InputError, ShapeError
        If X and y do not fit the network.

    Examples
    --------
    >>> from deltarule import MLPClassifier
    >>> clf = MLPClassifier((), solver="lbfgs", random_state=0).fit([[0.0], [1.0]], ["no", "yes"])
    >>> outcome_of(clf, [[0.0], [1.0]], ["yes", "yes"]).predicted.tolist()
    ['no', 'yes']
    """
    labels = np.asarray(y)
    network, theta = model.network_, model.theta_
    data = TrainingSet.of(network, X, model.encode(labels), dtype=theta.dtype)
    predicted, probabilities = answers_of(model, X)
    return Outcome(
        data=data,
        y=model._targets.hard(labels),
        predicted=predicted,
        probabilities=probabilities,
        classes=getattr(model, "classes_", None),
        costs=costs_of(network, theta, data),
    )


def answers_of(model: Any, X: Any) -> tuple[NDArray[Any], Array | None]:
    """Return the predictions of a fitted estimator, and the probability of each class (None for quantities).

    The rows go through the network once.
    """
    classes = getattr(model, "classes_", None)
    if classes is None:
        return model.predict(X), None
    probabilities = model.predict_proba(X)
    if model.several_labels_:
        return (probabilities > 0.5).astype(np.int64), probabilities
    return classes[probabilities.argmax(axis=1)], probabilities
