"""Fits on parts of one data set, side by side on the machine's cores: what costs against λ and against m are made of.

The data are checked once. Each fit takes its rows in the precision in which `estimator.fit` would learn from them, and
begins from the same numbers. Fits run in threads. The compiled core releases the GIL while it trains, so
they do not wait for each other; while there are as many fits as cores, each has one thread of the core.
"""

import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from copy import copy
from dataclasses import dataclass, replace
from threading import Event
from typing import Any, Self, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import clone, is_classifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import check_cv

from deltarule.common.arrays import Array
from deltarule.common.errors import InputError
from deltarule.engines import Engine, StepsTaken, engine_for
from deltarule.engines.native import usable_cores
from deltarule.engines.shuffling import new_key
from deltarule.estimators.base import BaseMLP
from deltarule.estimators.checking import checked, weights_of
from deltarule.estimators.choices import dtypes_of, generator_of
from deltarule.estimators.printing import stacklevel_of_call
from deltarule.estimators.splitting import hold_out
from deltarule.estimators.watching import Examples
from deltarule.network.backpropagation import penalty
from deltarule.network.data import TrainingSet, check_inputs
from deltarule.network.network import Network
from deltarule.training.loop import first_state, train
from deltarule.training.record import RunState
from deltarule.training.settings import MINI_BATCH_SOLVERS, Settings

__all__ = ["Fit", "Problem", "Start", "side_by_side", "warn_of_unfinished"]

Rows = NDArray[np.int64]
T = TypeVar("T")

_CONSTANT = 1e-3
"""Answers that vary by less than this share of what the targets do are taken for one constant answer."""


@dataclass(frozen=True, eq=False)
class Fit:
    """What one fit came to.

    Attributes
    ----------
    training_cost, validation_cost : float
        Mean ℓ over the rows that were fitted and over those that were not, without penalty; with the weights of rows
        and classes.
    penalty : float
        λ/2m Σ Θ², which with `training_cost` makes J (2).
    validation_score : float
        Accuracy of a classifier, R² of a regressor, on the rows that were not fitted.
    epochs : int
    stopped : str
        As `History.stopped`.
    """

    training_cost: float
    validation_cost: float
    penalty: float
    validation_score: float
    epochs: int
    stopped: str


@dataclass(frozen=True, eq=False)
class Start:
    """Where a fit begins.

    Attributes
    ----------
    estimator : BaseMLP
        Knows the classes and what those of these rows weigh.
    learnt, held_out : TrainingSet
        What to fit, and what to judge it on; rows count as much as they and their classes weigh.
    scored : TrainingSet
        The latter without what classes weigh, as scores are taken.
    rows, watched : Examples or None
        Where training stops early: the rows that it learns from, and those that it watches.
    run_state : RunState
    kept_dtype : dtype
        Of the parameters that a fitted estimator would have.
    """

    estimator: BaseMLP
    learnt: TrainingSet
    held_out: TrainingSet
    scored: TrainingSet
    rows: Examples
    watched: Examples | None
    run_state: RunState
    kept_dtype: np.dtype[Any]


@dataclass(frozen=True, eq=False)
class Problem:
    """An estimator's parameters and a data set, checked once.

    Attributes
    ----------
    estimator : BaseMLP
        A clone, which knows the classes.
    settings : Settings
    network : Network
    data : TrainingSet
        In the precision in which it was given, with the targets as they are, neither smoothed nor rounded.
    y : array of shape (m,) or (m, K)
        What the targets are made of.
    """

    estimator: BaseMLP
    settings: Settings
    network: Network
    data: TrainingSet
    y: NDArray[Any]

    @classmethod
    def of(cls, estimator: BaseMLP, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> "Problem":
        """Check parameters and data as `fit` would, on a clone: the estimator stays as it is.

        Raises
        ------
        ValueError
            If data or settings do not fit.
        """
        if not isinstance(estimator, BaseMLP):
            raise InputError(
                f"estimator is a {type(estimator).__name__}, but this takes deltarule's MLPClassifier or MLPRegressor."
            )
        estimator = clone(estimator)
        settings = estimator._settings()
        inputs, labels = checked(estimator, X, y, reset=True)
        output = estimator._learn_targets(labels, continues=False, incremental=False)
        Y = estimator.encode(labels)
        network = estimator._network(inputs.shape[1], Y.shape[1], output)
        data = TrainingSet.of(network, inputs, Y, weights_of(inputs, sample_weight), inputs.dtype)
        return cls(estimator, settings, network, replace(data, Y=Y), labels)  # `fit` smooths Y before it rounds it

    @property
    def score_name(self) -> str:
        """What `Fit.validation_score` is."""
        return "accuracy" if is_classifier(self.estimator) else "R²"

    def folds(self, cv: Any) -> list[tuple[Rows, Rows]]:
        """Return the rows to fit and those to judge on of each fold, as scikit-learn's tools cut them."""
        splitter = check_cv(cv, self.y, classifier=is_classifier(self.estimator))
        folds = list(splitter.split(np.empty((len(self.y), 0)), self.y))
        if self.data.weights is not None:
            for number, fold in enumerate(folds, 1):
                if not all(self.data.weights[rows].any() for rows in fold):
                    raise InputError(
                        f"sample_weight is 0 in every row of a part of fold {number}, which leaves no example there. "
                        "Take fewer folds, or shuffle them."
                    )
        return folds

    def start(self, learnt: Rows, held_out: Rows) -> Start:
        """Return where the fit of some rows begins; draws as `fit` does, so it is not for threads."""
        generator = generator_of(self.estimator.random_state)
        estimator = copy(self.estimator)
        estimator._learn_class_weights(self.y[learnt], self._weights(learnt), incremental=False)
        in_cost = estimator._in_cost(self.y[learnt], self._weights(learnt))
        dtype, kept_dtype = dtypes_of(self.settings, self.data.X[learnt], self.data.Y[learnt], in_cost)
        kept, watched = learnt, None
        if self.settings.early_stopping and self.settings.solver in MINI_BATCH_SOLVERS:
            seed, strata = int(generator.integers(2**31)), estimator._strata(self.data.Y[learnt])
            inner, aside = hold_out(len(learnt), self.settings.validation_fraction, seed, strata)
            kept, watched = learnt[inner], self._examples(estimator, learnt[aside], dtype)
        rows, judged = (self._examples(estimator, part, dtype) for part in (kept, held_out))
        held_out_set = TrainingSet.of(self.network, judged.X, judged.Y, judged.in_cost, dtype)
        theta = self.network.first_theta(generator).astype(dtype)
        return Start(
            estimator=estimator,
            learnt=TrainingSet.of(self.network, rows.X, estimator._smoothed(rows.Y), rows.in_cost, dtype),
            held_out=held_out_set,
            scored=replace(held_out_set, weights=judged.weights),
            rows=rows,
            watched=watched,
            run_state=RunState(first_state(self.settings, theta, new_key(generator))),
            kept_dtype=kept_dtype,
        )

    def fit(self, engine: Engine, start: Start, alpha: float | None = None) -> tuple[Fit, Start]:
        """Train and judge, with the λ of the settings or another; return also where a warm start goes on.

        That is the θ that was found, unless the network now gives one answer to every example. From there it could
        not get away: without weights δ is 0 below the last layer. Then it is the start as it was.
        """
        settings = self.settings if alpha is None else replace(self.settings, alpha=alpha)
        validation = None
        if start.watched is not None:

            def attributes(theta: Array) -> dict[str, Any]:
                return {"network_": self.network, "theta_": theta.astype(start.kept_dtype)}

            theta = start.run_state.state.theta
            validation = start.estimator._validation(
                engine, start.rows, start.watched, attributes, start.learnt.X.dtype, theta
            )
        result = train(engine, start.learnt, settings, start.run_state, validation=validation)
        theta = result.theta
        fit = Fit(
            training_cost=engine.cost(theta, start.learnt, 0.0),
            validation_cost=engine.cost(theta, start.held_out, 0.0),
            penalty=penalty(self.network, theta, settings.alpha, start.learnt.m),
            validation_score=start.estimator._validation_score(start.scored, engine.hypothesis(theta, start.scored.X)),
            epochs=result.history.epochs,
            stopped=result.history.stopped,
        )
        h = engine.hypothesis(theta, start.learnt.X)
        if np.ptp(h, axis=0).max() <= _CONSTANT * np.ptp(start.learnt.Y, axis=0).max():
            return fit, start
        state = first_state(settings, theta, start.run_state.state.key)
        if result.run_state is None:
            return fit, replace(start, run_state=RunState(state))
        # As `warm_start` does: the key and the epoch's number stay, the rule's vectors and the schedule begin anew.
        state = replace(state, epoch=result.run_state.state.between_epochs().epoch)
        return fit, replace(start, run_state=RunState(state, result.run_state.memory.for_new_run()))

    def _weights(self, rows: Rows) -> Array | None:
        return None if self.data.weights is None else self.data.weights[rows]

    def _examples(self, estimator: BaseMLP, rows: Rows, dtype: np.dtype[Any]) -> Examples:
        weights = self._weights(rows)
        X = check_inputs(self.network, self.data.X[rows], dtype)
        return Examples(X, self.y[rows], self.data.Y[rows], weights, estimator._in_cost(self.y[rows], weights))


def side_by_side(problem: Problem, works: Sequence[Callable[[Engine], T]]) -> list[T]:
    """Do works in threads, each with an engine of its own; return what they return, in their order.

    The cores are those of `n_threads`. An error in one work, or Ctrl-C, stops the others within a call of the engine.
    """
    cores = problem.settings.n_threads or usable_cores()
    workers = min(cores, len(works))
    stop = Event()

    def do(work: Callable[[Engine], T]) -> T:
        return work(_Stoppable(engine_for(problem.network, problem.settings.engine, cores // workers), stop))

    with ThreadPoolExecutor(workers) as pool:
        try:  # Ctrl-C may come between two works, too
            futures = [pool.submit(do, work) for work in works]
            waiting, failed = set(futures), None
            while waiting and failed is None:  # not in one go: a signal that another thread takes does not end a wait
                done, waiting = wait(futures, timeout=0.1, return_when=FIRST_EXCEPTION)
                failed = next((future for future in done if future.exception()), None)
            if failed is not None:
                failed.result()
            return [future.result() for future in futures]
        except BaseException:
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def warn_of_unfinished(fits: Sequence[Fit], settings: Settings) -> None:
    """Warn once, if `max_iter` ended fits that were still making progress."""
    unfinished = sum(fit.stopped == "max_iter" for fit in fits)
    if unfinished:
        warnings.warn(
            f"{unfinished} of {len(fits)} fits were still making progress after max_iter={settings.max_iter} epochs. "
            "Train for longer to see the costs that they come to.",
            ConvergenceWarning,
            stacklevel_of_call(),
        )


class _Stoppable:
    """An engine that can be told from another thread to stop: Ctrl-C reaches the main thread only."""

    def __init__(self, engine: Engine, stop: Event) -> None:
        self.network, self.exact = engine.network, engine.exact
        self._engine, self._stop = engine, stop

    def cost(self, *arguments: Any) -> float:
        return self._unless_stopped().cost(*arguments)

    def cost_and_gradient(self, *arguments: Any) -> tuple[float, Array]:
        return self._unless_stopped().cost_and_gradient(*arguments)

    def steps(self, *arguments: Any) -> StepsTaken:
        return self._unless_stopped().steps(*arguments)

    def steps_of_members(self, *arguments: Any) -> list[StepsTaken]:
        return self._unless_stopped().steps_of_members(*arguments)

    def sums(self, *arguments: Any) -> Array:
        return self._unless_stopped().sums(*arguments)

    def hypothesis(self, *arguments: Any) -> Array:
        return self._unless_stopped().hypothesis(*arguments)

    def release(self) -> None:
        self._engine.release()

    def close(self) -> None:
        self._engine.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _unless_stopped(self) -> Engine:
        if self._stop.is_set():
            raise KeyboardInterrupt
        return self._engine
