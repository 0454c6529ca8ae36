"""What a fitted network offers: its parameters as views, its hypothesis, its way through an example."""

from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted, validate_data

from deltarule.common.arrays import Array, as_float
from deltarule.engines import Engine, engine_for
from deltarule.estimators.stored import save
from deltarule.estimators.weights import Views
from deltarule.network.data import check_inputs, is_sparse
from deltarule.network.network import Network
from deltarule.network.textbook import ExampleTrace, Trace, trace, trace_example
from deltarule.training.checkpoint import SavedRun
from deltarule.training.history import History

__all__ = ["FittedMLP"]

_LARGE = 16384
"""Numbers of X from which a sum pays: 10 000 × 64 are predicted in 362 µs for 452, one row would take 2 µs more."""


class FittedMLP(BaseEstimator):
    """What the estimators offer once they are fitted; not for use by itself."""

    alpha: float
    engine: str
    n_threads: int | None

    network_: Network
    theta_: Array
    history_: History
    n_features_in_: int
    _engine: tuple[Any, Engine] | None = None
    _run: SavedRun | None = None

    @abstractmethod
    def encode(self, y: ArrayLike) -> Array:
        """Return the targets Y of shape (m, K)."""

    @property
    def coefs_(self) -> list[Array]:
        """Weights of each layer, of shape (s_l, s_{l+1}): views of θ.

        Assigned before the first fit, they and `intercepts_` are where `partial_fit`, or `fit` with `warm_start`,
        begins.
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
            If X has other columns than the network was trained on, or y holds what it does not know.
        """
        check_is_fitted(self, "theta_")
        return check_inputs(self.network_, self._checked(X), self.theta_.dtype), self.encode(y)

    def trace(self, X: ArrayLike, y: Any) -> ExampleTrace | Trace:
        """Return every z, a, δ and contribution to Δ, as the lecture notes compute them, unit by unit.

        Parameters
        ----------
        X : array of shape (n_features,), or array, sparse matrix or frame of shape (m, n_features)
            One example, or several: then Δ and D too, with λ = `alpha`. It is slow; take few.
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
        check_is_fitted(self, "theta_")
        if np.ndim(X) == 1:
            return trace_example(self.network_, self.theta_, X, self.encode([y])[0])
        return trace(self.network_, self.theta_, *self.arrays_of(X, y), lambda_=self.alpha)

    def save(self, path: str | Path) -> None:
        """Write the fitted estimator to a model file; `deltarule.load` gives it back with the same bits.

        Raises
        ------
        OutputError
            If the file cannot be written.
        ModelFileError
            If it holds what a model file does not take, such as a generator as `random_state`.
        """
        check_is_fitted(self, "theta_")
        save(path, self)

    def _engine_of(self, network: Network) -> Engine:
        asked = (network, self.engine, self.n_threads)
        had = self._engine
        if had is None or had[0] != asked:
            had = self._engine = (asked, engine_for(*asked))
        return had[1]

    def _hypothesis(self, X: Any) -> Array:
        theta = getattr(self, "theta_", None)
        if theta is None:
            check_is_fitted(self, "theta_")
        # What scikit-learn would ask of such an array, without the 40 µs that its own check takes to begin and the pass
        # over X that it makes besides.
        if not (
            type(X) is np.ndarray
            and X.dtype in (np.float32, np.float64)
            and X.ndim == 2
            and X.shape[0] > 0
            and X.shape[1] == self.n_features_in_
            and not hasattr(self, "feature_names_in_")
            and _is_finite(X)
        ):
            X = self._checked(X)
        dtype = self.theta_.dtype
        if X.dtype != dtype:
            X = check_inputs(self.network_, X, dtype)  # a narrower one may not hold every number
        elif not is_sparse(X):
            X = as_float(X, dtype)
        # After pickling there is none.
        engine = self._engine[1] if self._engine else self._engine_of(self.network_)
        return engine.hypothesis(self.theta_, X)

    def _checked(self, X: Any) -> Any:
        """Return rows as scikit-learn checks them, dense or compressed."""
        return validate_data(self, X, accept_sparse="csr", dtype=(np.float64, np.float32), order="C", reset=False)

    def __getstate__(self) -> dict[str, Any]:
        # It may be the very `__dict__` of this estimator, which keeps its engine.
        state: dict[str, Any] = super().__getstate__()
        return {name: value for name, value in state.items() if name != "_engine"}

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


def _is_finite(X: Array) -> bool:
    """Whether no value is NaN or infinite.

    Of a large array a finite sum says so with one pass less; a sum that is not finite may only have overflowed.
    """
    if X.size > _LARGE:
        with np.errstate(over="ignore", invalid="ignore"):
            if np.isfinite(X.sum()):
                return True
    return bool(np.isfinite(X).all())
