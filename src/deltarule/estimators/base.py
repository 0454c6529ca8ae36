"""What the estimators share: from parameters and data to a trained θ, and the attributes that a fit leaves."""

import warnings
from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from copy import copy
from dataclasses import replace
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from deltarule.common.arrays import Array
from deltarule.common.errors import DivergedError, SettingsError
from deltarule.common.messages import Message
from deltarule.engines import Engine
from deltarule.estimators.callbacks import (
    OF_CALLBACKS,
    CallbackSupportMixin,
    EpochTasks,
    check_callables,
    telling,
    with_callbacks,
)
from deltarule.estimators.checking import checked, checked_pair, weights_of
from deltarule.estimators.choices import dtypes_of, generator_of, hidden_layers
from deltarule.estimators.continuing import (
    How,
    check_goes_on,
    check_resumable,
    check_same_network,
    place_of,
    saved_run,
    where_to_begin,
)
from deltarule.estimators.fitted import FittedMLP
from deltarule.estimators.printing import Printer, check_verbose, stacklevel_of_call, warn_of
from deltarule.estimators.splitting import hold_out
from deltarule.estimators.watching import Examples, check_measurable, scorers_of, scores_at
from deltarule.estimators.weights import unrolled
from deltarule.network.data import TrainingSet
from deltarule.network.network import Network
from deltarule.network.parts import Unit
from deltarule.training.checkpoint import SavedRun, check_same_run, digest_of, keeping
from deltarule.training.history import History
from deltarule.training.loop import Result, train
from deltarule.training.record import Callback, LoopState, RunState, Validation
from deltarule.training.settings import MINI_BATCH_SOLVERS, SETTINGS, Settings

__all__ = ["BaseMLP"]

SOME_ROWS = 256
"""By which a run in memory knows its examples again: all of 60 000 × 784 would cost every fit a tenth of a second."""


class BaseMLP(CallbackSupportMixin, FittedMLP):
    """Base of the estimators; not for use by itself."""

    hidden_layer_sizes: Any
    activation: str | Unit | Sequence[str | Unit]
    solver: str
    random_state: Any
    verbose: Any
    warm_start: bool
    early_stopping: bool
    scoring: Any

    n_iter_: int
    t_: int

    _measure: str  # name of what early stopping watches by default

    @abstractmethod
    def _learn_targets(self, y: NDArray[Any], continues: bool, incremental: bool) -> str:
        """Take in what y says of the network; return the name of the output units."""

    @abstractmethod
    def _strata(self, Y: Array) -> NDArray[Any] | None:
        """Return what a hold-out keeps the shares of."""

    @abstractmethod
    def _validation_score(self, data: TrainingSet, h: Array) -> float:
        """Return what early stopping watches by default; larger is better."""

    def _learn_class_weights(self, y: NDArray[Any], weights: Array | None, incremental: bool) -> None:
        """Take in what y says of the weights of classes; only classifiers have some."""

    def _in_cost(self, y: NDArray[Any], weights: Array | None) -> Array | None:
        """Return the weights of rows times those of their classes."""
        del y
        return weights

    def _smoothed(self, Y: Array) -> Array:
        """Return the targets to learn from."""
        return Y

    @with_callbacks
    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        eval_set: tuple[Any, ...] | None = None,
        callbacks: Sequence[Callback] = (),
        resume: bool = False,
        checkpoint: Any = None,
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
        eval_set : (X, y) or (X, y, sample_weight), optional
            Rows to measure cost and scores on after each epoch, instead of held-out ones.
        callbacks : sequence of callables
            Each gets the `Progress` after each epoch, with the `History` so far; one that returns True stops the run.
            Those of scikit-learn's protocol are set by `set_callbacks`.
        resume : bool, default False
            Take up the run that stopped (by Ctrl-C, a callback or `max_iter`) where it stands, to the bit, and go on
            until it has taken `max_iter` epochs in all. On the same rows, and with the same parameters but for
            `max_iter` (where no schedule stretches over it), `n_threads` and `on_divergence`; solvers adam and sgd.
            From the weights of then: if `coefs_` or `intercepts_` were written to in between, it is refused. With
            `checkpoint`, the run in that file, if there is one; else a new one.
        checkpoint : path or Checkpoint, optional
            A file to write the run to, every minute or as the `Checkpoint` says, and at its end.

        Raises
        ------
        ValueError
            If data or settings do not fit. A fit that fails leaves the model of the fit before as it was.
        DivergedError
            If the cost leaves the finite numbers.
        """
        check_callables(callbacks)
        with self._whole_or_not_at_all():
            how: How = "resume" if resume else "fit"
            self._learn(X, y, sample_weight, how, eval_set=eval_set, callbacks=callbacks, checkpoint=checkpoint)
        return self

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
            # Callbacks that were set up must still be torn down.
            of_callbacks = {name: value for name, value in vars(self).items() if name in OF_CALLBACKS}
            self.__dict__ = before | of_callbacks
            raise

    def _settings(self) -> Settings:
        return Settings(**{name: getattr(self, name) for name in SETTINGS}, owner=type(self).__name__)

    def _network(self, features: int, outputs: int, output: str) -> Network:
        layers, units = hidden_layers(self.hidden_layer_sizes, self.activation)
        return Network((features, *layers, outputs), units, output)

    def _examples(self, X: Array, y: NDArray[Any], weights: Array | None) -> Examples:
        return Examples(X, y, self.encode(y), weights, self._in_cost(y, weights))

    def _learn(
        self,
        X: Any,
        y: Any,
        sample_weight: ArrayLike | None,
        how: How,
        *,
        eval_set: tuple[Any, ...] | None = None,
        callbacks: Sequence[Callback] = (),
        checkpoint: Any = None,
    ) -> None:
        """Train and set what that leaves."""
        given = X, y, sample_weight
        settings = self._settings()
        check_verbose(self.verbose)
        if how == "partial_fit" and settings.early_stopping:
            raise SettingsError("partial_fit does not support early_stopping=True: it sees one epoch at a time.")
        place = place_of(checkpoint)
        saved = saved_run(place, settings, how == "resume")
        if saved is None and how == "resume":
            if place is not None and self._run is None:
                how = "fit"  # the first time, there is nothing to go on with yet
            else:
                check_resumable(self._run, settings)
        continues = hasattr(self, "theta_") and (how != "fit" or self.warm_start) and saved is None
        X, y = checked(self, X, y, reset=not continues)
        output = self._learn_targets(y, continues, incremental=how == "partial_fit")
        weights = weights_of(X, sample_weight)
        self._learn_class_weights(y, weights, incremental=how == "partial_fit")
        rows = self._examples(X, y, weights)
        network = self._network(X.shape[1], rows.Y.shape[1], output)
        dtype, kept_dtype = dtypes_of(settings, X, rows.Y, rows.in_cost)
        generator = generator_of(self.random_state)

        watched, seed = None, 0
        if eval_set is not None:
            X_watched, y_watched, w_watched = checked_pair(self, eval_set)
            watched = self._examples(X_watched, y_watched, w_watched)
        elif settings.early_stopping and settings.solver in MINI_BATCH_SOLVERS:
            seed = int(generator.integers(2**31))
            if how == "resume":
                seed = saved.seed if saved is not None else self._run.seed if self._run is not None else seed
            learnt, held_out = hold_out(len(y), settings.validation_fraction, seed, self._strata(rows.Y))
            rows, watched = rows.take(learnt), rows.take(held_out)
        data = TrainingSet.of(network, rows.X, self._smoothed(rows.Y), rows.in_cost, dtype)
        if (
            settings.solver in MINI_BATCH_SOLVERS
            and not isinstance(settings.batch_size, str)
            and settings.batch_size > data.rows
        ):
            warnings.warn(
                Message(
                    "Got `batch_size` less than 1 or larger than sample size. It is going to be clipped "
                    f"(batch_size={settings.batch_size}, {data.rows} rows)."
                ),
                stacklevel=stacklevel_of_call(),
            )

        earlier = saved.history if saved is not None else self.history_ if continues else None
        if saved is not None:
            start = saved.run_state
        else:
            start = self._where_to_begin(how, settings, network, dtype, generator, continues)
        epochs = {"fit": settings.max_iter, "partial_fit": 1, "resume": settings.max_iter - start.memory.done}[how]
        some = "" if how == "partial_fit" else digest_of(data, SOME_ROWS)
        in_memory = SavedRun(start, earlier or History.empty(), network, settings, seed, data.rows, some)
        run = in_memory if place is None else replace(in_memory, digest=digest_of(data))
        if saved is not None and place is not None:
            check_same_run(place.path, saved, run)
        elif how == "resume" and self._run is not None:
            check_goes_on(self._run, in_memory, dtype, self.theta_)

        def attributes(theta: Array) -> dict[str, Any]:
            # A copy of an estimator has no engine, and making one for every epoch costs more than a prediction.
            return {"network_": network, "theta_": theta.astype(kept_dtype), "_engine": self._engine}

        if how == "resume" and (epochs <= 0 or start.memory.idle > settings.n_iter_no_change):  # it has come to its end
            result = Result(start.found, History.empty(run.history.stopped), start)
        else:
            engine = self._engine_of(network)
            first_theta = None if how == "partial_fit" and continues else start.state.theta
            validation = self._validation(engine, rows, watched, attributes, dtype, first_theta)
            with (
                telling(self, settings, epochs, given, attributes) as tellers,
                nullcontext() if place is None else keeping(place, run) as keep,
            ):
                everyone = [*callbacks, *tellers]
                result = _trained(
                    engine, data, settings, start, epochs=epochs, validation=validation, callbacks=everyone, keep=keep
                )
                for teller in tellers:
                    if isinstance(teller, Printer | EpochTasks):
                        teller.end(result)
            warn_of(result.history, settings, at_the_end=how != "partial_fit")
        self.t_ = result.run_state.memory.seen if result.run_state is not None else self.t_ if continues else 0
        self._set_fitted(network, result.theta.astype(kept_dtype), result.history, earlier)
        self._run = None
        if result.run_state is not None:
            self._run = replace(in_memory, run_state=result.run_state, history=History.empty())

    def _where_to_begin(
        self,
        how: How,
        settings: Settings,
        network: Network,
        dtype: np.dtype[Any],
        generator: np.random.Generator,
        continues: bool,
    ) -> RunState:
        if continues:
            check_same_network(self.network_, network, how)
            before = self.theta_, LoopState(self.history_.epochs, self.history_.epochs, self.t_), self._run
            return where_to_begin(how, settings, dtype, None, before, generator)
        first = self.__dict__.pop("_first_weights", None)
        begins_there = first is not None and (how != "fit" or self.warm_start)
        theta = unrolled(network, **first) if begins_there else network.first_theta(generator)
        return where_to_begin(how, settings, dtype, theta, None, generator)

    def _validation(
        self,
        engine: Engine,
        learnt: Examples,
        watched: Examples | None,
        attributes: Callable[[Array], dict[str, Any]],
        dtype: np.dtype[Any],
        first_theta: Array | None,
    ) -> Validation | None:
        """Return what is measured after each epoch, tried at `first_theta`."""
        network = engine.network
        data = None if watched is None else TrainingSet.of(network, watched.X, watched.Y, watched.in_cost, dtype)
        if self.scoring is None:
            if watched is None or data is None:
                return None
            unweighted = replace(data, weights=watched.weights)
            name = f"validation_{self._measure}"
            return Validation(
                data, lambda theta: {name: self._validation_score(unweighted, engine.hypothesis(theta, data.X))}, name
            )
        scorers = scorers_of(self.scoring, self)
        sets = {"train": learnt} if watched is None else {"train": learnt, "validation": watched}

        def at(theta: Array) -> BaseMLP:
            there = copy(self)
            there.__dict__.pop("feature_names_in_", None)  # X has lost its names
            there.__dict__.update(attributes(theta))
            return there

        def scores(theta: Array) -> dict[str, float]:
            return scores_at(at(theta), scorers, sets)

        if first_theta is not None:
            check_measurable(at(first_theta), scorers, sets)

        first, scorer = next(iter(scorers.items()))
        return Validation(data, scores, f"validation_{first}" if scorer is not None and data is not None else None)

    def _set_fitted(self, network: Network, theta: Array, history: History, earlier: History | None = None) -> None:
        self.n_iter_ = history.epochs
        self.network_, self.theta_ = network, theta
        self.history_ = history = history if earlier is None else history.after(earlier)
        self.n_layers_, self.n_outputs_ = network.L, network.K
        self.out_activation_ = {"sigmoid": "logistic"}.get(network.output, network.output)
        self.loss_curve_ = history.cost.tolist()
        self.loss_ = self.loss_curve_[-1] if self.loss_curve_ else np.nan
        # As in scikit-learn, early_stopping is nothing to full-batch solvers, which hold nothing out; an eval_set is.
        has_watched = not np.isnan(history.validation_cost).all()
        stops_on_it = self.early_stopping and (self.solver in MINI_BATCH_SOLVERS or has_watched)
        self.best_loss_ = None if stops_on_it else min(self.loss_curve_, default=np.inf)
        self.validation_loss_curve_ = history.validation_cost.tolist()
        self.scores_ = {name: scores.tolist() for name, scores in history.scores.items()}
        watched = -history.validation_cost if np.isnan(history.validation_score).all() else history.validation_score
        self.validation_scores_ = watched.tolist() if stops_on_it else None
        self.best_validation_score_ = max(
            (score for score in self.validation_scores_ or () if not np.isnan(score)), default=None
        )


def _trained(*arguments: Any, **more: Any) -> Result:
    """Train, with scikit-learn's words where that fails."""
    try:
        return train(*arguments, **more)
    except DivergedError as error:
        raise DivergedError(
            "Solver produced non-finite parameter weights. The input data may contain large values and need to be "
            f"preprocessed. {error}"
        ) from error
