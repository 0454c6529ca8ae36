"""Fits on parts of one data set, side by side, for curves of costs against λ and against m.

Parameters and data are checked once, when a `Problem` is made. Each fit makes its own learning task when its turn
comes, as `estimator.fit` would for its rows. Fits of few rows have an engine each (`training/on_threads.py`); all
others share one (`training/members.py`).
"""

import warnings
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import clone, is_classifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import check_cv

from deltarule.common.arrays import Array
from deltarule.common.errors import InputError
from deltarule.engines.native import NativeEngine, usable_cores
from deltarule.engines.shuffling import new_key
from deltarule.estimators.base import BaseMLP
from deltarule.estimators.checking import Columns, check_examples
from deltarule.estimators.choices import generator_of, settings_of
from deltarule.estimators.predictor import Predictor
from deltarule.estimators.printing import stacklevel_of_call
from deltarule.estimators.targets import Targets
from deltarule.estimators.task import LearningTask, holds_out, learning_task, network_of, targets_of
from deltarule.estimators.training_run import predicting_with
from deltarule.estimators.watching import validation_of
from deltarule.network.backpropagation import penalty
from deltarule.network.data import TrainingSet
from deltarule.network.network import Network
from deltarule.training.loop import Result, first_state
from deltarule.training.members import Chain, Run, rounds_of_chain, train_chains
from deltarule.training.on_threads import Pauses, Stop, ending, on_threads
from deltarule.training.record import RunState
from deltarule.training.settings import Settings
from deltarule.training.solvers.scipy_threads import one_blas_thread

__all__ = ["Draws", "FoldResult", "Problem", "fit_together", "warn_of_unfinished"]

Indices = NDArray[np.int64]
T = TypeVar("T")

_AT_ONCE = 8
"""How many chains may hold their rows in memory on a few threads; with fewer, one chain would be left at the end."""

_SHORT = 1e8
"""Rows times parameters of an epoch that takes some ten milliseconds on a core, after which Ctrl-C is looked for."""

_CONSTANT = 1e-3
"""Predictions whose range is at most this share of the range of the targets count as one constant."""


@dataclass(frozen=True, eq=False)
class FoldResult:
    """The result of the fit of a fold.

    Attributes
    ----------
    training_cost, validation_cost : float
        Mean ℓ over the fitted rows and over the held-out rows, without penalty, with the weights of rows and classes.
    penalty : float
        λ/2m Σ Θ²; added to `training_cost` it gives J (2).
    validation_score : float
        Accuracy of a classifier, or R² of a regressor, on the held-out rows.
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
class Draws:
    """The random numbers of a fit, drawn as in `fit`: seed of the early-stopping split, first θ and shuffle key."""

    seed: int
    theta: Array
    key: int


@dataclass(frozen=True, eq=False)
class FoldTask:
    """The learning task of a fold, the rows to judge it on, and the state in which the fit begins.

    Attributes
    ----------
    task : LearningTask
    held_out : TrainingSet
        Rows to judge the fit on, with the weights of rows and classes.
    scored : TrainingSet
        The same rows without the weights of classes, which scores ignore.
    run_state : RunState
    """

    task: LearningTask
    held_out: TrainingSet
    scored: TrainingSet
    run_state: RunState


@dataclass(frozen=True, eq=False)
class Problem:
    """An estimator's parameters and a data set, checked once.

    Attributes
    ----------
    estimator : BaseMLP
        A clone.
    settings : Settings
    network : Network
    targets : Labels or Quantities
        Of all rows.
    X, y, sample_weight
        As `LearningTask` takes them.
    """

    estimator: BaseMLP
    settings: Settings
    network: Network
    targets: Targets
    X: Array
    y: NDArray[Any]
    sample_weight: Array | None

    @classmethod
    def of(cls, estimator: BaseMLP, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> "Problem":
        """Check parameters and data as `fit` would, on a clone; the estimator is not changed.

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
        settings = settings_of(estimator)
        examples = check_examples(estimator, X, y, sample_weight=sample_weight)
        targets = targets_of(estimator, examples)
        outputs = targets.encode(examples.y[:1]).shape[1]
        network = network_of(estimator, examples.columns.n, outputs, targets.output)
        return cls(estimator, settings, network, targets, examples.X, examples.y, examples.weights)

    @property
    def score_name(self) -> str:
        """The name of the score in `FoldResult.validation_score`."""
        return "accuracy" if is_classifier(self.estimator) else "R²"

    def folds(self, cv: Any) -> list[tuple[Indices, Indices]]:
        """Return the rows to fit and the rows to judge on for each fold, as scikit-learn splits them."""
        splitter = check_cv(cv, self.y, classifier=is_classifier(self.estimator))
        folds = list(splitter.split(np.empty((len(self.y), 0)), self.y))
        if self.sample_weight is not None:
            for number, fold in enumerate(folds, 1):
                if not all(self.sample_weight[indices].any() for indices in fold):
                    raise InputError(
                        f"sample_weight is 0 in every row of a part of fold {number}, which leaves no example there. "
                        "Take fewer folds, or shuffle them."
                    )
        return folds

    def draw(self) -> Draws:
        """Draw the random numbers of the next fit. It advances a generator given as `random_state`: not thread-safe."""
        generator = generator_of(self.estimator.random_state)
        seed = int(generator.integers(2**31)) if holds_out(self.settings) else 0
        return Draws(seed, self.network.first_theta(generator), new_key(generator))

    def task(self, fitted: Indices, held_out: Indices, draws: Draws) -> FoldTask:
        """Return the learning task for a fit of some rows, and the state in which the fit begins."""
        task = learning_task(
            self.estimator,
            self.settings,
            self.X[fitted],
            self.y[fitted],
            None if self.sample_weight is None else self.sample_weight[fitted],
            columns=Columns(self.X.shape[1]),
            targets=self.targets,
            may_lack_classes=True,
            seed=draws.seed,
        )
        y, weights = self.y[held_out], None if self.sample_weight is None else self.sample_weight[held_out]
        in_cost = task.targets.weights_in_cost(y, weights)
        judged = TrainingSet.of(task.network, self.X[held_out], task.targets.encode(y), in_cost, task.dtype)
        begin = first_state(self.settings, draws.theta.astype(task.dtype), draws.key)
        return FoldTask(task, judged, replace(judged, weights=weights), RunState(begin))

    def fit(
        self, worker: Predictor, fold: FoldTask, alpha: float | None = None
    ) -> Generator[Run, Result, tuple[FoldResult, FoldTask]]:
        """Train and judge a fold, with the λ of the settings or another; also return the fold for a warm start.

        A part of a chain: it yields the run to train, and is sent its result. The fold for a warm start begins at the θ
        that was found, unless the network now predicts the same for every example. A warm start could not leave such a
        θ: without weights, δ is 0 below the last layer. The fold is then unchanged.

        Raises
        ------
        KeyboardInterrupt
            If Ctrl-C ended the run.
        """
        settings = self.settings if alpha is None else replace(self.settings, alpha=alpha)
        task, engine, validation = fold.task, worker.engine, None
        if task.validation is not None:
            _, at, answering = predicting_with(self.estimator, task, worker)
            theta = fold.run_state.state.theta
            validation = validation_of(self.estimator, task, engine, at, answering, theta)
        result = yield Run(task.training_set, settings, fold.run_state, validation=validation)
        if result.history.stopped == "interrupted":
            raise KeyboardInterrupt
        theta = result.theta
        found = FoldResult(
            training_cost=engine.cost(theta, task.training_set, 0.0),
            validation_cost=engine.cost(theta, fold.held_out, 0.0),
            penalty=penalty(self.network, theta, settings.alpha, task.training_set.m),
            validation_score=task.targets.score(fold.scored, engine.hypothesis(theta, fold.scored.X)),
            epochs=result.history.epochs,
            stopped=result.history.stopped,
        )
        h = engine.hypothesis(theta, task.training_set.X)
        if np.ptp(h, axis=0).max() <= _CONSTANT * np.ptp(task.training_set.Y, axis=0).max():
            return found, fold
        state = first_state(settings, theta, fold.run_state.state.key)
        if result.run_state is None:
            return found, replace(fold, run_state=RunState(state))
        # As in `warm_start`, the key and the epoch number stay; the rule's vectors and the schedule begin anew.
        state = replace(state, epoch=result.run_state.state.between_epochs().epoch)
        return found, replace(fold, run_state=RunState(state, result.run_state.loop_state.for_new_run()))


def fit_together(problem: Problem, works: Sequence[Callable[[Predictor], Chain[T]]]) -> list[T]:
    """Return the values of chains of fits, trained side by side; an error of one, or Ctrl-C, ends them all.

    Each of `works` gets the predictor to judge fits with, and returns its chain. So that memory does not grow with
    their number, a chain begins only when there is room for it.
    """
    network, settings = problem.network, problem.settings
    threads = settings.n_threads or usable_cores()
    with Predictor(network, settings.engine, settings.n_threads) as worker:
        if threads > 1 and len(works) > 1 and _takes_threads(problem, worker):
            with one_blas_thread():
                tasks = [partial(_alone, problem, work, max(1, threads // len(works))) for work in works]
                return on_threads(tasks, min(threads, len(works)))
        room = 1 if threads == 1 else max(_AT_ONCE, 2 * threads)
        return train_chains(worker.engine, [work(worker) for work in works], at_once=room)


def _takes_threads(problem: Problem, worker: Predictor) -> bool:
    """Whether chains go to threads of Python: short epochs, and no scorer of the user's."""
    work = float(problem.X.shape[0]) * problem.network.n_parameters
    return work < _SHORT and isinstance(worker.engine, NativeEngine) and not holds_out(problem.settings)


def _alone(problem: Problem, work: Callable[[Predictor], Chain[T]], threads: int, is_stopped: Stop) -> Pauses[T]:
    with Predictor(problem.network, problem.settings.engine, threads) as worker:
        return (yield from rounds_of_chain(worker.engine, ending(work(worker), is_stopped)))


def warn_of_unfinished(fits: Sequence[FoldResult], settings: Settings) -> None:
    """Warn once, if `max_iter` ended fits that were still making progress."""
    unfinished = sum(fit.stopped == "max_iter" for fit in fits)
    if unfinished:
        warnings.warn(
            f"{unfinished} of {len(fits)} fits were still making progress after max_iter={settings.max_iter} epochs. "
            "Train for longer to see the costs that they come to.",
            ConvergenceWarning,
            stacklevel_of_call(),
        )
