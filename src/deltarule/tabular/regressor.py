"""TableRegressor: a committee of networks that predicts quantities of the rows of a raw table."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.utils.validation import check_is_fitted

from deltarule.common.arrays import Array
from deltarule.common.errors import SettingsError
from deltarule.tabular.base import BaseTable
from deltarule.tabular.examples import Examples
from deltarule.tabular.fitting import TrainedMembers
from deltarule.tabular.recipe import Recipe
from deltarule.tabular.target_coding import Quantity

__all__ = ["TableRegressor"]

LOSSES = ("squared_error",)


class TableRegressor(RegressorMixin, BaseTable):  # type: ignore[misc]
    """Quantities of the rows of a raw table, by several networks that are trained side by side.

    It takes a frame as `TableClassifier` does. The quantities are standardised inside, and predictions stay within the
    range of the training rows.

    Parameters
    ----------
    n_members : int, default 5
        How many networks predict together; their predictions are averaged.
    loss : {"squared_error"}, default "squared_error"
    validation : {"folds", "holdout", "time"}, default "folds"
        How rows are held out: in folds, at random a fifth for each member, or the last fifth. Groups given to `fit`
        stay whole.
    hidden_layer_sizes : sequence of int, default (256, 256, 256)
        Units of each hidden layer.
    epochs : int, default 256
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
        validation: str = "folds",
        hidden_layer_sizes: Sequence[int] | int = (256, 256, 256),
        epochs: int = 256,
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
        """Return the quantity of each row, of shape (m,), or (m, K) for several."""
        return self._answers_of(self._outputs(X))

    def _answers_of(self, z: Array) -> Array:
        return np.asarray(np.mean([self._target.decode(of_member) for of_member in z], axis=0))

    @property
    def quantity_(self) -> Quantity:
        """Mean and deviation of each quantity, by which it is standardised, and the range that predictions stay in."""
        check_is_fitted(self, "_committee")
        quantity: Quantity = self._target
        return quantity

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

    def _target_of(self, examples: Examples) -> Quantity:
        return Quantity.of(examples.y, examples.weights)

    def _recipe(self, target: Quantity) -> Recipe:
        del target
        return Recipe.for_quantities(self.epochs, self._hidden)

    def _weights(self, target: Quantity, examples: Examples) -> Array | None:
        del target
        return examples.weights

    def _costs(self, learnt: TrainedMembers) -> Callable[[Array, Array], Array]:
        del learnt
        return lambda z, Y: np.asarray(np.square(z - Y).mean(axis=1))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
