"""TableClassifier: a committee of networks that tells classes of the rows of a raw table apart."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from deltarule.common.arrays import Array
from deltarule.common.errors import SettingsError
from deltarule.estimators.predictor import Predictor
from deltarule.network.probabilities import log_softmax
from deltarule.network.units import OUTPUT_UNITS
from deltarule.tabular.base import BaseTable
from deltarule.tabular.calibration import Calibration
from deltarule.tabular.committee import calibrated_on, mean_of_members
from deltarule.tabular.examples import TableExamples
from deltarule.tabular.fitting import Job, TrainedMembers
from deltarule.tabular.recipe import Recipe
from deltarule.tabular.target_coding import Classes
from deltarule.training.settings import check_setting

__all__ = ["TableClassifier"]

OBJECTIVES = ("accuracy", "log_loss", "auc")


class TableClassifier(ClassifierMixin, BaseTable):  # type: ignore[misc]
    """Classes of the rows of a raw table, by several networks that are trained side by side.

    It takes a frame as it comes: numbers, words, booleans, dates, durations, gaps, and at prediction words that it has
    never seen. Numbers are scaled so that outliers do no harm and go through learnt curves; columns of many words are
    looked up in learnt vectors. Each member learns from its own part of the rows and is kept at the epoch at which it
    was best on the others; their probabilities are averaged.

    Parameters
    ----------
    n_members : int, default 5
        How many networks predict together.
    objective : {"log_loss", "accuracy", "auc"}, default "log_loss"
        What counts on the held-out rows of a member. "accuracy" smooths labels in training, by 0.1.
    validation : {"folds", "holdout", "time"}, default "folds"
        How rows are held out: in folds, at random a fifth for each member, or the last fifth. Groups given to `fit`
        stay whole.
    hidden_layer_sizes : sequence of int, default (256, 256, 256)
        Units of each hidden layer.
    epochs : int, default 256
        Passes of each member over its rows; the step size follows a schedule over all of them.
    time_budget : float, optional
        Seconds that `fit` may take. It takes fewer epochs or members where all do not fit, and says so.
    class_weight : dict or "balanced", optional
        Weight of the rows of each class in every cost. A dict has a number for each label, 1 for labels that it lacks.
    categories, keep, drop : list of str or int, optional
        Columns, by name or position: to use as words though they look like numbers; to use though they look like names
        or row numbers; not to use.
    gaps : str or list of str, optional
        Texts that mean a gap, such as "?".
    dates : {"day-first", "month-first"}, optional
        Order of day and month in dates such as 03/04/2024.
    random_state : int, Generator, RandomState or None
        Seed of the folds, the first weights, the shuffles and the dropout.
    engine, n_threads
        See `deltarule.settings.Settings`.
    dtype : {"float32", "float64"}, default "float32"
        Precision of training and of the stored parameters.
    verbose : bool or "bar", default False
        Print a line now and then, or show a progress bar.

    Attributes
    ----------
    classes_ : array of shape (n_classes,)
    columns_ : TableColumns
        What the columns of the table were taken for.
    network_ : Network
        The network of each member.
    members_ : tuple of MemberRecord
        Each with its best epoch, and the cost and what was watched after each epoch.
    notices_ : tuple of str
        What one should know of the columns and of the held-out rows, a sentence each.
    feature_importances_ : array of shape (n_features_in_,)
        How much the cross-entropy of held-out rows rises when a column is shuffled among them.
    importance_intervals_ : array of shape (n_features_in_, 2)
        The ends of an interval of 95 % for each.
    thetas_ : array of shape (n_members_, network_.n_parameters)
        The parameters of each member.
    calibration_ : QuadraticScaling or Temperature
        What z of each member goes through before their probabilities are averaged.
    held_out_predictions_ : array of shape (n_samples, n_classes)
        The probabilities that each training row has from the members that did not learn from it; NaN for a row from
        which all of them learnt. Model files do not hold them.
    n_members_, n_features_in_, feature_names_in_

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"size": [1.0, 2.0, 8.0, 9.0] * 10, "colour": ["red", "red", "blue", None] * 10})
    >>> clf = TableClassifier(1, epochs=8, random_state=0).fit(table, ["small", "small", "large", "large"] * 10)
    >>> clf.predict(table[:3]).tolist()
    ['small', 'small', 'large']
    """

    classes_: NDArray[Any]
    _target: Classes
    _calibration: Calibration

    def __init__(
        self,
        n_members: int = 5,
        *,
        objective: str = "log_loss",
        validation: str = "folds",
        hidden_layer_sizes: Sequence[int] | int = (256, 256, 256),
        epochs: int = 256,
        time_budget: float | None = None,
        class_weight: Mapping[Any, float] | str | None = None,
        categories: Sequence[str | int] | None = None,
        keep: Sequence[str | int] | None = None,
        drop: Sequence[str | int] | None = None,
        gaps: Sequence[str] | str | None = None,
        dates: str | None = None,
        random_state: Any = None,
        engine: Any = "auto",
        dtype: str = "float32",
        n_threads: int | None = None,
        verbose: Any = False,
    ) -> None:
        self._keep(locals())

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the label of each row: the class with the largest probability."""
        z = self._z(X)
        return np.asarray(self.classes_[z.argmax(axis=1)])

    def predict_proba(self, X: Any) -> Array:
        """Return the probability of each class, of shape (m, n_classes), in the order of `classes_`."""
        return self._answers_of(self._outputs(X))

    def predict_log_proba(self, X: Any) -> Array:
        """Return the logarithm of `predict_proba`, accurate even where a probability rounds to 0 or 1."""
        return log_softmax(self._z(X))

    @property
    def calibration_(self) -> Calibration:
        """The map that z of each member goes through before their probabilities are averaged."""
        check_is_fitted(self, "_committee")
        return self._calibration

    def _z(self, X: Any) -> Array:
        """Return the weighted inputs of softmax outputs for the committee, of shape (m, n_classes)."""
        return mean_of_members(self._outputs(X), self._calibration)

    def _answers_of(self, z: Array) -> Array:
        return OUTPUT_UNITS["softmax"].h(mean_of_members(z, self._calibration))

    @property
    def _is_quantity(self) -> bool:
        return False

    def _check_parameters(self) -> None:
        super()._check_parameters()
        if self.objective not in OBJECTIVES:
            raise SettingsError(
                f"The 'objective' parameter of {type(self).__name__} must be a str among "
                f"{', '.join(map(repr, OBJECTIVES))}. Got {self.objective!r} instead."
            )
        check_setting("class_weight", self.class_weight, type(self).__name__)

    def _target_of(self, examples: TableExamples) -> Classes:
        return Classes.of(examples.y, self.objective, examples.class_names)

    def _recipe(self, target: Classes) -> Recipe:
        del target
        return Recipe.for_labels(self.epochs, self._hidden, smooths=self.objective == "accuracy")

    def _weights(self, target: Classes, examples: TableExamples) -> Array | None:
        labels = target.labels.weighed(self.class_weight, examples.y, examples.weights)
        return labels.weights_in_cost(examples.y, examples.weights)

    def _costs(self, learnt: TrainedMembers) -> Callable[[Array, Array], Array]:
        calibration = calibrated_on(learnt.held, learnt.job.target.K)
        return lambda z, Y: -(Y * log_softmax(mean_of_members(z[np.newaxis], calibration))).sum(axis=1)

    def _take_over(self, job: Job, learnt: TrainedMembers, predictor: Predictor) -> None:
        calibration = calibrated_on(learnt.held, job.target.K)
        super()._take_over(job, learnt, predictor)
        self.classes_, self._calibration = self._target.labels.classes, calibration
