"""What the estimators share: from parameters and data to a trained θ, and the attributes that a fit leaves."""

import warnings
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import replace
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, column_or_1d, validate_data

from deltarule.arrays import Array, as_float
from deltarule.data import TrainingSet, is_sparse
from deltarule.engines import Engine, TrainingState, engine_for
from deltarule.errors import DivergedError, SettingsError
from deltarule.estimators.choices import dtypes_of, generator_of
from deltarule.estimators.printing import Printer, warn_of
from deltarule.estimators.splitting import hold_out
from deltarule.estimators.weights import Views, unrolled
from deltarule.history import History
from deltarule.network import Network
from deltarule.settings import MINI_BATCH_SOLVERS, SETTINGS, Settings, check_setting
from deltarule.shuffling import new_key
from deltarule.training import Callback, Validation, first_state, train

__all__ = ["BaseMLP"]

_LARGE = 16384
"""Numbers of X from which a sum pays: 10 000 × 64 are predicted in 362 µs for 452, one row would take 2 µs more."""


class BaseMLP(BaseEstimator):
    """Base of the estimators; not for use by itself."""

    hidden_layer_sizes: Any
    activation: str | Sequence[str]
    solver: str
    random_state: Any
    verbose: Any
    warm_start: bool
    early_stopping: bool
    engine: str
    n_threads: int | None

    network_: Network
    theta_: Array
    history_: History
    n_features_in_: int
    n_iter_: int
    t_: int
    _engine: tuple[Any, Engine] | None = None
    _run: tuple[str, TrainingState] | None = None  # the solver and where its run stands, for partial_fit

    @abstractmethod
    def encode(self, y: ArrayLike) -> Array:
        """Return the targets Y of shape (m, K)."""

    @abstractmethod
    def _learn_targets(self, y: NDArray[Any], continues: bool, incremental: bool) -> str:
        """Take in what y says of the network; return the name of the output units."""

    @abstractmethod
    def _strata(self, Y: Array) -> NDArray[Any] | None:
        """Return what a hold-out keeps the shares of."""

    @abstractmethod
    def _validation_score(self, data: TrainingSet, h: Array) -> float:
        """Return what early stopping watches; larger is better."""

    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        eval_set: tuple[ArrayLike, ArrayLike] | None = None,
        callbacks: Sequence[Callback] = (),
    ) -> Self:
        """Train on rows with their targets.

        Parameters
        ----------
        X : array, sparse matrix or frame of shape (m, n_features)
        y : array of shape (m,) or (m, K)
            For a classifier labels of any type, or a 0/1 matrix with a column for each of several labels; for a
            regressor numbers.
        sample_weight : array of shape (m,), optional
            A weight stands for that many repetitions of its row.
        eval_set : (X, y), optional
            Rows to measure cost and score on after each epoch, instead of held-out ones.
        callbacks : sequence of callables
            Each gets the `Progress` after each epoch; one that returns True stops the run.

        Raises
        ------
        ValueError
            If data or settings do not fit. A fit that fails leaves the model of the fit before as it was.
        DivergedError
            If the cost leaves the finite numbers.
        """
        with self._whole_or_not_at_all():
            self._learn(X, y, sample_weight, incremental=False, eval_set=eval_set, callbacks=callbacks)
        return self

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

    def for_prediction(self) -> Self:
        """Return a copy that predicts the same and has forgotten what only going on with the training needs."""
        other = copy(self)
        other._run = None
        return other

    def _keep(self, parameters: dict[str, Any]) -> None:
        """Set what a constructor was given: its `locals()`."""
        self.__dict__.update((name, value) for name, value in parameters.items() if name != "self")

    def _offers_partial_fit(self) -> bool:
        if self.solver not in MINI_BATCH_SOLVERS:
            raise AttributeError(
                f"partial_fit is only available for stochastic optimizers. {self.solver} is not stochastic."
            )
        return True

    @contextmanager
    def _whole_or_not_at_all(self) -> Iterator[None]:
        """Put the model back as it was if something is raised."""
        before = dict(self.__dict__)
        try:
            yield
        except BaseException:
            self.__dict__ = before
            raise

    def _settings(self) -> Settings:
        values = {name: getattr(self, name) for name in SETTINGS}
        for name, value in values.items():
            check_setting(name, value, type(self).__name__)
        return Settings(**values)

    def _network(self, features: int, outputs: int, output: str) -> Network:
        layers = np.atleast_1d(np.asarray(self.hidden_layer_sizes, dtype=object)).tolist()
        if any(isinstance(size, bool) or not isinstance(size, int | np.integer) or size < 1 for size in layers):
            raise SettingsError(
                f"hidden_layer_sizes must be > 0, got {layers}. "
                "Give the whole number of units of each hidden layer, (100,) for one layer of 100."
            )
        return Network((features, *layers, outputs), self.activation, output)

    def _checked(self, X: Any, y: Any, *, reset: bool) -> tuple[Array, Any]:
        X, y = validate_data(
            self,
            X,
            y,
            accept_sparse="csr",
            multi_output=True,
            y_numeric=getattr(self, "_estimator_type", None) == "regressor",
            dtype=(np.float64, np.float32),
            order="C",
            reset=reset,
        )
        y = y.toarray() if is_sparse(y) else y
        return X, column_or_1d(y, warn=True) if y.ndim == 2 and y.shape[1] == 1 else y

    def _learn(
        self,
        X: Any,
        y: Any,
        sample_weight: ArrayLike | None,
        *,
        incremental: bool,
        eval_set: tuple[ArrayLike, ArrayLike] | None = None,
        callbacks: Sequence[Callback] = (),
    ) -> None:
        """Train for `max_iter` epochs, or for one if `incremental`, and set what that leaves."""
        settings = self._settings()
        if incremental:
            if settings.early_stopping:
                raise SettingsError("partial_fit does not support early_stopping=True: it sees one epoch at a time.")
            settings = replace(settings, max_iter=1)
        continues = hasattr(self, "theta_") and (incremental or self.warm_start)
        X, y = self._checked(X, y, reset=not continues)
        output = self._learn_targets(y, continues, incremental)
        Y = self.encode(y)
        network = self._network(X.shape[1], Y.shape[1], output)
        dtype, kept_dtype = dtypes_of(settings, X, Y)
        weights = None if sample_weight is None else _check_sample_weight(sample_weight, X, dtype=X.dtype)
        generator = generator_of(self.random_state)

        validation = None
        if eval_set is not None:
            X_watched, y_watched = self._checked(*eval_set, reset=False)
            watched = TrainingSet.of(network, X_watched, self.encode(y_watched), dtype=dtype)
            validation = Validation(watched, self._validation_score)
        elif settings.early_stopping and settings.solver in MINI_BATCH_SOLVERS:
            seed = int(generator.integers(2**31))
            learnt, held_out = hold_out(len(Y), settings.validation_fraction, seed, self._strata(Y))
            w = None if weights is None else weights[held_out]
            watched = TrainingSet.of(network, X[held_out], Y[held_out], w, dtype)
            validation = Validation(watched, self._validation_score)
            X, Y, weights = X[learnt], Y[learnt], None if weights is None else weights[learnt]
        data = TrainingSet.of(network, X, Y, weights, dtype)
        if (
            settings.solver in MINI_BATCH_SOLVERS
            and not isinstance(settings.batch_size, str)
            and settings.batch_size > data.rows
        ):
            warnings.warn(
                "Got `batch_size` less than 1 or larger than sample size. It is going to be clipped "
                f"(batch_size={settings.batch_size}, {data.rows} rows).",
                stacklevel=3,
            )

        state = self._first_state(settings, network, dtype, generator, continues, incremental)
        printer = [Printer(settings)] if self.verbose else []
        engine = self._engine_of(network)
        try:
            result = train(engine, data, settings, state, validation=validation, callbacks=[*callbacks, *printer])
        except DivergedError as error:
            raise DivergedError(
                "Solver produced non-finite parameter weights. The input data may contain large values and need to be "
                f"preprocessed. {error}"
            ) from error
        for one in printer:
            one.end(result.history)
        if not (incremental and result.history.stopped == "max_iter"):
            warn_of(result.history, settings, stacklevel=4)
        self._set_fitted(network, result.theta.astype(kept_dtype), result.history, data.rows, continues)
        self._run = None if result.state is None else (settings.solver, result.state)

    def _first_state(
        self,
        settings: Settings,
        network: Network,
        dtype: np.dtype[Any],
        generator: np.random.Generator,
        continues: bool,
        incremental: bool,
    ) -> TrainingState:
        """Return where the run begins: at new parameters, or at those that are there, with or without the solver's."""
        if not continues:
            given = self.__dict__.pop("_first_weights", None)
            begins_there = given is not None and (incremental or self.warm_start)
            theta = unrolled(network, **given) if begins_there else network.first_theta(generator)
            return first_state(settings, theta.astype(dtype), new_key(generator))
        if (self.network_.sizes, self.network_.output) != (network.sizes, network.output):
            raise SettingsError(
                f"{'partial_fit' if incremental else 'warm_start=True'} goes on from the fitted network "
                f"{self.network_}, but the parameters and data now make {network}. Keep layers, units and classes, or "
                "fit with warm_start=False."
            )
        theta = self.theta_.astype(dtype)
        if self._run is None:
            return first_state(settings, theta, new_key(generator))
        solver, state = self._run
        state = state.between_epochs()
        if incremental and solver == settings.solver:
            return replace(state, theta=theta, vectors=tuple(vector.astype(dtype) for vector in state.vectors))
        return replace(first_state(settings, theta, state.key), epoch=state.epoch)

    def _set_fitted(self, network: Network, theta: Array, history: History, rows: int, continues: bool) -> None:
        seen = rows * history.epochs if self.solver in MINI_BATCH_SOLVERS else 0
        self.n_iter_ = history.epochs
        self.t_ = self.t_ + seen if continues else seen
        self.network_, self.theta_ = network, theta
        self.history_ = history = history.after(self.history_) if continues else history
        self.n_layers_, self.n_outputs_ = network.L, network.K
        self.out_activation_ = {"sigmoid": "logistic"}.get(network.output, network.output)
        self.loss_curve_ = history.cost.tolist()
        self.loss_ = self.loss_curve_[-1] if self.loss_curve_ else np.nan
        self.best_loss_ = None if self.early_stopping else min(self.loss_curve_, default=np.inf)
        self.validation_scores_ = history.validation_score.tolist() if self.early_stopping else None
        self.best_validation_score_ = max(
            (score for score in self.validation_scores_ or () if not np.isnan(score)), default=None
        )

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
            X = validate_data(self, X, accept_sparse="csr", dtype=(np.float64, np.float32), order="C", reset=False)
        dtype = self.theta_.dtype
        X = X.astype(dtype, copy=False) if is_sparse(X) else as_float(X, dtype)
        # After pickling there is none.
        engine = self._engine[1] if self._engine else self._engine_of(self.network_)
        return engine.hypothesis(self.theta_, X)

    def __getstate__(self) -> dict[str, Any]:
        state: dict[str, Any] = super().__getstate__()
        state.pop("_engine", None)
        return state

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
