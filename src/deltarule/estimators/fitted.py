"""The interface of a fitted network: its parameters as views, its hypotheses, and a trace of single examples."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from deltarule.common.arrays import Array, as_float
from deltarule.estimators.checking import check_rows, is_plain
from deltarule.estimators.predictor import GivenHypotheses, Predictor
from deltarule.estimators.stored import save
from deltarule.estimators.targets import Targets
from deltarule.estimators.weights import Views
from deltarule.estimators.with_engines import WithEngines
from deltarule.network.data import check_inputs, is_sparse
from deltarule.network.network import Network
from deltarule.network.textbook import ExampleTrace, Trace, trace, trace_example
from deltarule.training.checkpoint import SavedRun
from deltarule.training.history import History

__all__ = ["FittedMLP"]


class FittedMLP(WithEngines):
    """Base class with what a fitted estimator offers; do not use it directly."""

    alpha: float

    network_: Network
    theta_: Array
    history_: History
    n_features_in_: int
    _targets: Targets
    _run: SavedRun | None = None
    _run_checksum: int = 0

    @property
    def coefs_(self) -> list[Array]:
        """Weights of each layer, of shape (s_l, s_{l+1}): views of θ.

        If they and `intercepts_` are assigned before the first fit, `partial_fit`, or `fit` with `warm_start`, begins
        there.
        """
        return self._views("coefs_", lambda Theta: Theta[:, 1:].T)

    @coefs_.setter
    def coefs_(self, matrices: Sequence[Array]) -> None:
        self._assign("coefs_", matrices)

    @property
    def intercepts_(self) -> list[Array]:
        """Biases of each layer, of shape (s_{l+1},): views of θ."""
        return self._views("intercepts_", lambda Theta: Theta[:, 0])

    @intercepts_.setter
    def intercepts_(self, vectors: Sequence[Array]) -> None:
        self._assign("intercepts_", vectors)

    def _views(self, name: str, part: Any) -> list[Array]:
        first: dict[str, list[Array]] = vars(self).get("_first_weights", {})
        return first[name] if name in first else Views(map(part, self.network_.roll(self.theta_)))

    def _assign(self, name: str, arrays: Sequence[Array]) -> None:
        if hasattr(self, "theta_"):
            getattr(self, name)[:] = arrays
        else:
            self._first_weights = {**vars(self).get("_first_weights", {}), name: list(arrays)}

    def arrays_of(self, X: ArrayLike, y: ArrayLike) -> tuple[Array, Array]:
        """Return X and Y as `deltarule.cost` and its neighbours take them, in the dtype of θ; sparse X stays sparse.

        Raises
        ------
        ValueError
            If X has other columns than in training, or y holds unknown labels.
        """
        self._check_fitted()
        return check_inputs(self.network_, check_rows(self, X), self.theta_.dtype), self._targets.encode(y)

    def predict_to_parquet(self, X: Any, path: str | Path) -> int:
        """Write the predictions for a source, which may be larger than the memory, to a file of Parquet block by block.

        Parameters
        ----------
        X : source
            As for `fit`, without y.
        path : str or Path
            The file has a row for each row of X, in order: `predicted` in the type of the labels, or of a quantity;
            and for labels the probability of each, `probability_yes`. Several targets are `predicted_0`, `predicted_1`
            and so on. It gets its name when it is whole; if anything goes wrong before, there is none, or the old one.

        Returns
        -------
        rows : int

        Raises
        ------
        InputError
            If X is no source, or does not fit the network.
        OutputError
            If the file cannot be written, which is found before the first prediction where possible.
        """
        from deltarule.estimators.streamed_predictions import predictions_written

        return predictions_written(self, X, path)

    def trace(self, X: ArrayLike, y: Any) -> ExampleTrace | Trace:
        """Return every z, a, δ and contribution to Δ, computed unit by unit as in the lecture notes.

        Parameters
        ----------
        X : array of shape (n_features,), or array, sparse matrix or frame of shape (m, n_features)
            One example; or several, which also gives Δ and D with λ = `alpha`. It is slow, so pass few.
        y : label or number, or array of shape (m,)

        Returns
        -------
        ExampleTrace or Trace

        Examples
        --------
        >>> from deltarule import MLPClassifier
        >>> clf = MLPClassifier((2,), solver="lbfgs", random_state=1).fit([[0.0], [1.0]], ["no", "yes"])
        >>> example = clf.trace([1.0], "yes")
        >>> float(round(example.delta[-1][0] - (example.a[-1][0] - 1), 12))  # δ⁽ᴸ⁾ = a⁽ᴸ⁾ − y (3)
        0.0
        """
        self._check_fitted()
        if np.ndim(X) == 1:
            return trace_example(self.network_, self.theta_, X, self._targets.encode([y])[0])
        return trace(self.network_, self.theta_, *self.arrays_of(X, y), lambda_=self.alpha)

    def save(self, path: str | Path) -> None:
        """Write the fitted estimator to a model file; `deltarule.load` restores it bit-identically.

        Raises
        ------
        OutputError
            If the file cannot be written.
        ModelFileError
            If it holds a value that a model file cannot hold, such as a generator as `random_state`.
        """
        self._check_fitted()
        save(path, self)

    def _hypothesis(self, X: Any, of_z: bool = False) -> Array:
        """Return h of each row, of shape (m, K), or z of the last layer."""
        if hasattr(self, "theta_") and self._predictor is not None and is_plain(self, X):
            found = self._predictor.of_unchecked(self.theta_, X, of_z)
            if found is not None:
                return found
        predictor, X = self._ready_for(X)
        return (predictor.z if of_z else predictor.hypothesis)(self.theta_, X)

    def _ready_for(self, X: Any) -> tuple[Predictor | GivenHypotheses, Array]:
        """Return the predictor, and X as an engine takes it."""
        if not hasattr(self, "theta_"):
            self._check_fitted()
        X = check_rows(self, X)
        dtype = self.theta_.dtype
        if X.dtype != dtype:
            X = check_inputs(self.network_, X, dtype)  # a narrower dtype may not hold every number
        elif not is_sparse(X):
            X = as_float(X, dtype)
        if self._predictor is None:  # the estimator was unpickled, or made by `from_parts`
            self._predictor = self._predictor_for(self.network_)
        return self._predictor, X

    def _check_fitted(self) -> None:
        """Raise NotFittedError, which says what to do, if the estimator is not fitted."""
        if hasattr(self, "theta_"):
            return
        if "_first_weights" in vars(self):
            name = type(self).__name__
            raise NotFittedError(
                f"This {name} instance is not fitted yet: coefs_ and intercepts_ were assigned, which do not say what "
                f"units and outputs the network has. Make a fitted one by {name}.from_parts(network, theta, …), "
                "or call fit with warm_start=True or partial_fit, which begin there."
            )
        check_is_fitted(self, "theta_")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags
