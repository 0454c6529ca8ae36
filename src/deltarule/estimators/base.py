"""What the estimators share: from constructor parameters to a trained θ, and the attributes that a fit leaves."""

import sys
import warnings
from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from deltarule.arrays import Array, as_float
from deltarule.data import TrainingSet
from deltarule.engines import Engine, engine_for
from deltarule.errors import SettingsError
from deltarule.history import History, Progress
from deltarule.network import Network
from deltarule.settings import SETTINGS, Settings, check_setting
from deltarule.shuffling import new_key
from deltarule.training import Callback, Validation, first_state, train

__all__ = ["BaseMLP"]

_FEW_ROWS = 256


class BaseMLP(BaseEstimator):
    """Base of the estimators; not for use by itself."""

    network_: Network
    theta_: Array
    history_: History
    n_features_in_: int
    _engine: Engine | None

    @abstractmethod
    def encode(self, y: ArrayLike) -> Array:
        """Return the targets Y of shape (m, K)."""

    @abstractmethod
    def _validation_score(self, data: TrainingSet, h: Array) -> float:
        """Return what early stopping watches; larger is better."""

    @property
    def coefs_(self) -> list[Array]:
        """Weights of each layer, of shape (s_l, s_{l+1}): views of θ."""
        return [Theta[:, 1:].T for Theta in self.network_.roll(self.theta_)]

    @property
    def intercepts_(self) -> list[Array]:
        """Biases of each layer, of shape (s_{l+1},): views of θ."""
        return [Theta[:, 0] for Theta in self.network_.roll(self.theta_)]

    @property
    def loss_curve_(self) -> list[float]:
        """Cost by epoch."""
        return [float(cost) for cost in self.history_.cost]

    @property
    def loss_(self) -> float:
        """Cost of the last epoch."""
        return self.loss_curve_[-1]

    @property
    def best_loss_(self) -> float | None:
        """Smallest cost of an epoch; None where early stopping watched something else."""
        return None if self.early_stopping else min(self.loss_curve_)

    @property
    def n_iter_(self) -> int:
        """Number of epochs, or iterations of a full-batch solver."""
        return self.history_.epochs

    @property
    def n_layers_(self) -> int:
        """Number of layers, L."""
        return self.network_.L

    @property
    def n_outputs_(self) -> int:
        """Number of outputs, K."""
        return self.network_.K

    @property
    def out_activation_(self) -> str:
        """Name of the output units, as scikit-learn calls them."""
        return {"sigmoid": "logistic"}.get(self.network_.output, self.network_.output)

    def _settings(self) -> Settings:
        values = {name: getattr(self, name) for name in SETTINGS}
        for name, value in values.items():
            check_setting(name, value, type(self).__name__)
        return Settings(**values)

    def _network(self, features: int, outputs: int, output: str) -> Network:
        layers = np.atleast_1d(np.asarray(self.hidden_layer_sizes, dtype=object)).tolist()
        if any(isinstance(size, bool) or not isinstance(size, int | np.integer) or size < 1 for size in layers):
            raise SettingsError(
                f"hidden_layer_sizes must be > 0 and whole, got {self.hidden_layer_sizes!r}. "
                "Give the number of units of each hidden layer, (100,) for one layer of 100."
            )
        return Network((features, *layers, outputs), self.activation, output)

    def _check_rows(self, X: Any, y: Any) -> tuple[Array, Any]:
        X, y = validate_data(self, X, y, multi_output=True, dtype=(np.float64, np.float32), order="C")
        return X, y

    def _dtype(self, settings: Settings, X: Array) -> np.dtype[Any]:
        if settings.dtype == "auto":
            return np.dtype(np.float32) if settings.solver in ("sgd", "adam") else X.dtype
        return np.dtype(settings.dtype)

    def _train(
        self,
        X: Array,
        Y: Array,
        sample_weight: ArrayLike | None,
        output: str,
        eval_data: tuple[Array, Array] | None,
        stratify: Any,
        callbacks: Sequence[Callback],
    ) -> None:
        """Train on checked rows and set what a fit leaves."""
        settings = self._settings()
        network = self._network(X.shape[1], Y.shape[1], output)
        dtype = self._dtype(settings, X)
        weights = None
        if sample_weight is not None:
            weights = _check_sample_weight(sample_weight, X, dtype=X.dtype)
        generator = _generator(self.random_state)

        validation = None
        if eval_data is not None:
            validation = Validation(TrainingSet.of(network, *eval_data, dtype=dtype), self._validation_score)
        elif settings.early_stopping and settings.solver in ("sgd", "adam"):
            X, Y, weights, held_out = _hold_out(
                X, Y, weights, stratify, settings.validation_fraction, int(generator.integers(2**31))
            )
            validation = Validation(TrainingSet.of(network, *held_out, dtype=dtype), self._validation_score)
        data = TrainingSet.of(network, X, Y, weights, dtype)

        theta = self._first_theta(network, generator).astype(dtype)
        state = first_state(settings, theta, new_key(generator))
        every = [*callbacks, _print_progress] if self.verbose else callbacks
        engine = engine_for(network, settings.engine, settings.n_threads)
        result = train(engine, data, settings, state, validation=validation, callbacks=every)
        self._warn(result.history, settings)
        self.network_, self.theta_, self.history_ = network, result.theta, result.history
        self._engine = engine

    def _first_theta(self, network: Network, generator: np.random.Generator) -> Array:
        if self.warm_start and hasattr(self, "theta_"):
            if self.network_ != network:
                raise SettingsError(
                    f"warm_start=True goes on from the fitted network {self.network_}, but the parameters and data "
                    f"now make {network}. Keep layers, units and classes, or set warm_start=False."
                )
            return self.theta_.copy()
        return network.first_theta(generator)

    def _hypothesis(self, X: Any) -> Array:
        theta = getattr(self, "theta_", None)
        if theta is None:
            check_is_fitted(self, "theta_")
        # What an array of few rows must pass costs less than scikit-learn's own check of it (40 µs) takes to begin.
        if not (
            type(X) is np.ndarray
            and X.dtype in (np.float32, np.float64)
            and X.ndim == 2
            and 0 < X.shape[0] <= _FEW_ROWS
            and X.shape[1] == self.n_features_in_
            and not hasattr(self, "feature_names_in_")
            and np.isfinite(X).all()
        ):
            X = validate_data(self, X, dtype=(np.float64, np.float32), order="C", reset=False)
        if self._engine is None:  # after pickling
            self._engine = engine_for(self.network_, self.engine, self.n_threads)
        return self._engine.hypothesis(self.theta_, as_float(X, self.theta_.dtype))

    def __getstate__(self) -> dict[str, Any]:
        state: dict[str, Any] = super().__getstate__()
        return {**state, "_engine": None} if "_engine" in state else state

    def _warn(self, history: History, settings: Settings) -> None:
        if history.stopped == "interrupted":
            warnings.warn("Training interrupted by user.", UserWarning, stacklevel=4)
        elif history.stopped == "max_iter":
            solver = "Stochastic Optimizer" if settings.solver in ("sgd", "adam") else settings.solver
            warnings.warn(
                f"{solver}: Maximum iterations ({settings.max_iter}) reached and the optimization "
                "hasn't converged yet.",
                ConvergenceWarning,
                stacklevel=4,
            )


def _generator(random_state: Any) -> np.random.Generator:
    """Return a Generator from what scikit-learn's users pass as `random_state`."""
    if isinstance(random_state, np.random.RandomState):
        return np.random.default_rng(random_state.randint(0, 2**32, size=4, dtype=np.uint64))
    try:
        return np.random.default_rng(random_state)
    except (TypeError, ValueError) as error:
        raise SettingsError(
            f"random_state={random_state!r} cannot seed a generator: {error}. Pass a whole number from 0 on, a NumPy "
            "Generator or RandomState, or None."
        ) from error


def _hold_out(
    X: Array, Y: Array, weights: Array | None, stratify: Any, fraction: float, seed: int
) -> tuple[Array, Array, Array | None, tuple[Array, Array, Array | None]]:
    from sklearn.model_selection import train_test_split

    rows, held_out = train_test_split(np.arange(X.shape[0]), test_size=fraction, random_state=seed, stratify=stratify)
    w, w_out = (None, None) if weights is None else (weights[rows], weights[held_out])
    return X[rows], Y[rows], w, (X[held_out], Y[held_out], w_out)


def _print_progress(progress: Progress) -> None:
    held_out = "" if np.isnan(progress.validation_score) else f", validation score: {progress.validation_score:.6f}"
    sys.stdout.write(f"Iteration {progress.epoch}, loss = {progress.cost:.8f}{held_out}\n")
