"""TableRegressor: a committee of networks that predicts quantities of the rows of a raw table."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.metrics import d2_pinball_score
from sklearn.utils.validation import check_is_fitted

from deltarule.common.arrays import Array
from deltarule.common.errors import SettingsError
from deltarule.network.losses import MOST_QUANTILES, THRESHOLD, quantiles_of, threshold_of
from deltarule.tabular.base import BaseTable
from deltarule.tabular.examples import TableExamples
from deltarule.tabular.fitting import TrainedMembers
from deltarule.tabular.quantities import LOSSES, Quantity
from deltarule.tabular.recipe import Recipe
from deltarule.tabular.validation import MOST_FOLDS

__all__ = ["TableRegressor"]


class TableRegressor(RegressorMixin, BaseTable):  # type: ignore[misc]
    """Quantities of the rows of a raw table, by several networks that are trained side by side.

    It takes a frame as `TableClassifier` does. The quantities are brought to a scale of their own inside, and
    predictions stay within the range of the training rows.

    Parameters
    ----------
    n_members : int, default 5
        How many networks predict together; their predictions are averaged.
    loss : {"squared_error", "poisson", "huber", "pinball"}, default "squared_error"
        What is predicted. "squared_error": the mean. "poisson": the mean of counts and other y ≥ 0, whose errors grow
        with it. "huber": the centre, with errors counted linearly where they are large, so that outliers do little.
        "pinball": the quantiles of one quantity; `predict` returns a column for each, and they never cross.
    quantiles : sequence of float, default (0.1, 0.5, 0.9)
        For loss="pinball": ascending, each between 0 and 1.
    delta : float, default 1.35
        For loss="huber": the error from which on it counts linearly, in deviations of y, taken from its quartiles.
    validation : {"folds", "holdout", "time"}, default "folds"
        How rows are held out: in folds, at random a fifth for each member, or the last fifth. Groups given to `fit`
        stay whole. A single member watches one of ten folds.
    hidden_layer_sizes : sequence of int, default (256, 256, 256)
        Units of each hidden layer.
    epochs : int, default 128
        Passes of each member over its rows; the step size follows a schedule over all of them.
    time_budget, categories, keep, drop, gaps, dates, random_state, engine, dtype, n_threads, verbose
        As for `TableClassifier`.

    Attributes
    ----------
    columns_, network_, members_, notices_, feature_importances_, importance_intervals_, n_members_, \
thetas_, n_features_in_, feature_names_in_
        As of `TableClassifier`.
    quantity_ : Quantity
        Mean, deviation and range of each quantity.
    held_out_predictions_ : array of the shape of y
        What the members that did not learn from a training row predict for it; NaN where all of them learnt from it.
        Model files do not hold it.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"size": [1.0, 2.0, 8.0, 9.0] * 10})
    >>> reg = TableRegressor(1, random_state=0).fit(table, [10.0, 20.0, 80.0, 90.0] * 10)
    >>> bool(reg.score(table, [10.0, 20.0, 80.0, 90.0] * 10) > 0.99)
    True
    """

    _target: Quantity

    def __init__(
        self,
        n_members: int = 5,
        *,
        loss: str = "squared_error",
        quantiles: Sequence[float] = (0.1, 0.5, 0.9),
        delta: float = THRESHOLD,
        validation: str = "folds",
        hidden_layer_sizes: Sequence[int] | int = (256, 256, 256),
        epochs: int = 128,
        time_budget: float | None = None,
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

    def predict(self, X: Any) -> Array:
        """Return the quantity of each row, of shape (m,), or (m, K) for several.

        With loss="pinball" the quantiles of each row, of shape (m, n_quantiles), ascending.
        """
        return self._answers_of(self._outputs(X))

    def _answers_of(self, z: Array) -> Array:
        return np.asarray(np.mean([self._target.decode(of_member) for of_member in z], axis=0))

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return R² of the predictions; with loss="pinball" the mean over the quantiles of D², which is like it.

        D² of a quantile is the share by which the pinball loss is smaller than that of the quantile of y itself.
        """
        if self.loss != "pinball":
            return float(super().score(X, y, sample_weight))
        predicted = self.predict(X)
        shares = [
            d2_pinball_score(y, column, sample_weight=sample_weight, alpha=tau)
            for column, tau in zip(predicted.T, self._target.numbers, strict=True)
        ]
        return float(np.mean(shares))

    @property
    def quantity_(self) -> Quantity:
        """Mean and deviation of each quantity, by which it is standardised, and the range that predictions stay in."""
        check_is_fitted(self, "_committee")
        quantity: Quantity = self._target
        return quantity

    @property
    def _folds(self) -> int | None:
        # A tenth instead of a fifth takes 4 ± 2 % off the RMSE of one member on three small sets (docs/tables.md).
        return MOST_FOLDS if self.n_members == 1 else None

    @property
    def _is_quantity(self) -> bool:
        return True

    def _check_parameters(self) -> None:
        super()._check_parameters()
        if self.loss not in LOSSES:
            raise SettingsError(
                f"The 'loss' parameter of {type(self).__name__} must be a str among {', '.join(map(repr, LOSSES))}. "
                f"Got {self.loss!r} instead."
            )
        for name, fitting in (
            ("delta", "a number above 0"),
            ("quantiles", f"1 to {MOST_QUANTILES} numbers between 0 and 1, ascending"),
        ):
            try:
                self._threshold() if name == "delta" else self._ascending()
            except (SettingsError, TypeError):
                raise SettingsError(
                    f"The {name!r} parameter of {type(self).__name__} must be {fitting}. Got {getattr(self, name)!r} "
                    "instead."
                ) from None

    def _threshold(self) -> tuple[float, ...]:
        return threshold_of((self.delta,), 1)

    def _ascending(self) -> tuple[float, ...]:
        given = tuple(self.quantiles)
        if not given:
            raise SettingsError("quantiles is empty.")
        return quantiles_of(given, len(given))

    @property
    def _numbers(self) -> tuple[float, ...]:
        """The numbers of the output units."""
        if self.loss == "huber":
            return self._threshold()
        return self._ascending() if self.loss == "pinball" else ()

    def _target_of(self, examples: TableExamples) -> Quantity:
        return Quantity.of(examples.y, examples.weights, self.loss, self._numbers)

    def _recipe(self, target: Quantity) -> Recipe:
        del target
        return Recipe.for_quantities(self.epochs, self._hidden)

    def _weights(self, target: Quantity, examples: TableExamples) -> Array | None:
        del target
        return examples.weights

    def _costs(self, learnt: TrainedMembers) -> Callable[[Array, Array], Array]:
        target = learnt.job.target
        assert isinstance(target, Quantity)
        return target.costs

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = self.loss != "pinball"
        tags.target_tags.positive_only = self.loss == "poisson"
        return tags
