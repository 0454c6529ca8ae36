"""The base class of the estimators: it turns parameters and data into a trained θ, and sets the attributes of a fit."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from deltarule.blocks.sources import Given, check_paths, is_source
from deltarule.common.arrays import Array
from deltarule.common.errors import InputError, SettingsError, ShapeError
from deltarule.estimators.callbacks import CallbackSupportMixin, check_callables, with_callbacks
from deltarule.estimators.checking import Columns, validation_set_of
from deltarule.estimators.choices import generator_of, settings_of
from deltarule.estimators.continuing import (
    SOME_ROWS,
    check_goes_on,
    check_resumable,
    check_same_network,
    checkpoint_of,
    checksum,
    new_run,
    next_epoch,
    run_of,
    saved_run,
    sharing_theta,
    warm_start,
)
from deltarule.estimators.fitted import FittedMLP
from deltarule.estimators.targets import Targets
from deltarule.estimators.task import LearningTask, Rows, are_stored, holds_out, learning_task, network_of
from deltarule.estimators.training_run import FitCall, TrainingRun, learn
from deltarule.estimators.weights import unrolled
from deltarule.network.network import Network
from deltarule.network.parts import Unit
from deltarule.training.checkpoint import SavedRun, check_same_run
from deltarule.training.history import History
from deltarule.training.loop import Result
from deltarule.training.record import Callback, LoopState, RunState
from deltarule.training.settings import MINI_BATCH_SOLVERS, Settings
from deltarule.training.solvers import rule_of

__all__ = ["BaseMLP"]


class BaseMLP(CallbackSupportMixin, FittedMLP):
    """Base class of the estimators; do not use it directly."""

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

    @with_callbacks
    def fit(
        self,
        X: ArrayLike | Given,
        y: ArrayLike | None = None,
        sample_weight: ArrayLike | str | None = None,
        *,
        eval_set: tuple[Any, ...] | None = None,
        X_val: ArrayLike | None = None,
        y_val: ArrayLike | None = None,
        sample_weight_val: ArrayLike | None = None,
        callbacks: Sequence[Callback] = (),
        resume: bool = False,
        checkpoint: Any = None,
    ) -> Self:
        """Train on rows with their targets.

        Parameters
        ----------
        X : array, sparse matrix or frame of shape (m, n_features), or a source
            A source is read block by block, so it may be larger than the memory: the path of a Parquet file, of a
            folder of them, a pattern such as "train/*.parquet" or a list of paths; a LazyFrame of polars, a dataset of
            Arrow, a relation of DuckDB; or `Blocks`.
        y : array of shape (m,) or (m, K), or name of a column
            For a classifier labels of any type; a 0/1 matrix with a column for each of several labels; or a matrix of
            probabilities with a column for each class, whose rows sum to 1 and whose columns may be named by the
            classes, in ascending order. A matrix of 0 and 1 alone is taken for probabilities if `output="softmax"`.
            For a regressor numbers. For a source the name of its column, or a list of names; nothing for `Blocks`.
        sample_weight : array of shape (m,), or name of a column, optional
            A weight of w counts as w copies of its row.
        eval_set : (X, y) or (X, y, sample_weight), optional
            Rows to measure cost and scores on after each epoch, instead of held-out rows. In any form that X and y may
            have; `(blocks,)` for `Blocks`.
        X_val, y_val, sample_weight_val : arrays, optional
            The same as separate arguments, as in scikit-learn's `HistGradientBoostingClassifier`. A pipeline can then
            transform X_val like X: `Pipeline(steps, transform_input=["X_val"])`.
        callbacks : sequence of callables
            Each is called with a `Progress` after each epoch, which holds the `History` so far; it stops the run by
            returning True. Set callbacks of scikit-learn's protocol by `set_callbacks`.
        resume : bool, default False
            Continue the run that stopped (by Ctrl-C, a callback or `max_iter`) until it has taken `max_iter` epochs in
            all; results are bit-identical to those of an uninterrupted run. The solver must be adam or sgd, the rows
            and parameters the same, except `max_iter` (unless a schedule depends on it), `n_threads` and
            `on_divergence`. It is refused if `coefs_` or `intercepts_` were written to since. With `checkpoint`, the
            run in that file continues; if the file does not exist, a new run begins. A file knows every row of its
            run; in memory, about 256 rows are compared.
        checkpoint : path or Checkpoint, optional
            A file to write the run to: every minute, or as the `Checkpoint` says, and at the end.

        Raises
        ------
        ValueError
            If data or settings do not fit. A fit that fails leaves the previously fitted model unchanged.
        DivergedError
            If the cost becomes non-finite.
        """
        check_callables(callbacks)
        validation_set = validation_set_of(eval_set, X_val, y_val, sample_weight_val)
        call = FitCall(X, y, sample_weight, validation_set, callbacks, checkpoint_of(checkpoint))
        settings = settings_of(self)
        saved = saved_run(call.checkpoint, settings, resume)
        with call.held:
            if saved is not None:
                learnt = self._resume_from_file(call, settings, saved)
            elif resume and (self._run is not None or call.checkpoint is None):
                learnt = self._resume_from_memory(call, settings)
            else:  # also resume=True with a checkpoint file that does not exist yet
                learnt = self._fit(call, settings)
            self._take_over(learnt)
        return self

    def _offers_partial_fit(self) -> bool:
        if self.solver not in MINI_BATCH_SOLVERS:
            raise AttributeError(
                f"partial_fit is only available for stochastic optimizers. {self.solver} is not stochastic."
            )
        return True

    @classmethod
    def _of_parts(
        cls, network: Network, theta: ArrayLike, targets: Targets, history: History | None, t: int, parameters: Any
    ) -> Self:
        """Return a fitted estimator; see `from_parts`."""
        units = [unit.name if unit == Unit(unit.name) else unit for unit in network.hidden_units]
        hidden = units[0] if len(set(units)) == 1 else units
        of_network = {"hidden_layer_sizes": network.sizes[1:-1]} | ({"activation": hidden} if hidden else {})
        estimator = cls(**{**of_network, **parameters})
        settings_of(estimator)
        if network_of(estimator, network.sizes[0], network.K, network.output) != network:
            raise SettingsError(
                f"hidden_layer_sizes={estimator.hidden_layer_sizes!r} and activation={estimator.activation!r} do not "
                f"make the hidden layers of the network {network} ({', '.join(network.hidden)}). Leave them out: they "
                "follow from the network."
            )
        values = np.array(theta)  # a copy, because users write into it through `coefs_`
        if values.dtype not in (np.float32, np.float64):
            values = values.astype(np.float64)
        if values.shape != (network.n_parameters,):
            raise ShapeError(
                f"theta has the shape {values.shape}, but the network {network} has {network.n_parameters} parameters. "
                "Pass them in one vector, as network.unroll makes it."
            )
        if not np.isfinite(values).all():
            raise InputError("theta holds values that are not finite. Pass the parameters of a trained network.")
        if not (isinstance(t, int | np.integer) and t >= 0):
            raise InputError(f"t={t!r} is not a number of examples. Pass a whole number, 0 or more.")
        estimator.t_ = int(t)
        Columns(network.sizes[0]).set_on(estimator)
        estimator._set_fitted(targets, network, values, History.empty() if history is None else history)
        return estimator

    def _fit(self, call: FitCall, settings: Settings) -> TrainingRun:
        """Train a new run, from new parameters or, with `warm_start`, from those of the previous fit."""
        goes_on = self.warm_start and hasattr(self, "theta_")
        generator = generator_of(self.random_state)
        seed = int(generator.integers(2**31)) if call.eval_set is None and holds_out(settings) else 0
        task = self._task(call, settings, goes_on, seed=seed)
        if goes_on:
            check_same_network(self.network_, task.network, "warm_start=True")
            begin = warm_start(settings, self.theta_.astype(task.dtype), self._counts(), self._run, generator)
        else:
            begin = self._new_run(task, generator, self.warm_start)
        theta = begin.state.theta
        run = run_of(task, begin, self.history_ if goes_on else None, SOME_ROWS)
        return learn(self, self._predictor_for(task.network), call, task, run, settings.max_iter, first_theta=theta)

    def _fit_one_epoch(self, X: Any, y: Any, sample_weight: Any, targets: Targets | None) -> Self:
        """Train one epoch, continuing from the previous call; `targets` are given in a first call only."""
        settings = settings_of(self)
        if settings.early_stopping:
            raise SettingsError("partial_fit does not support early_stopping=True: it sees one epoch at a time.")
        goes_on = hasattr(self, "theta_")
        call = FitCall(X, y, sample_weight)
        known = {} if targets is None else {"targets": targets}
        generator = generator_of(self.random_state)
        task = self._task(call, settings, goes_on, may_lack_classes=True, **known)
        if goes_on:
            check_same_network(self.network_, task.network, "partial_fit")
            begin = next_epoch(settings, self.theta_.astype(task.dtype), self._counts(), self._run, generator)
        else:
            begin = self._new_run(task, generator, may_be_assigned=True)
        run = run_of(task, begin, self.history_ if goes_on else None, 0)
        self._take_over(
            learn(
                self,
                self._predictor_for(task.network),
                call,
                task,
                run,
                1,
                first_theta=None if goes_on else begin.state.theta,
                is_whole=False,
            )
        )
        return self

    def _resume_from_memory(self, call: FitCall, settings: Settings) -> TrainingRun:
        """Continue the run of the previous fit."""
        paused = check_resumable(self._run, settings)
        task = self._task(call, settings, goes_on=True, seed=paused.seed)
        check_same_network(self.network_, task.network, "resume=True")
        run = run_of(task, paused.run_state, self.history_, SOME_ROWS)
        check_goes_on(paused, run, task.dtype, self.theta_, self._run_checksum)
        return self._go_on(call, task, run)

    def _resume_from_file(self, call: FitCall, settings: Settings, saved: SavedRun) -> TrainingRun:
        """Continue the run of a checkpoint; what this estimator learnt before is ignored."""
        task = self._task(call, settings, goes_on=False, seed=saved.seed)
        assert call.checkpoint is not None
        check_same_run(call.checkpoint.path, saved, run_of(task, saved.run_state, saved.history))
        return self._go_on(call, task, run_of(task, saved.run_state, saved.history, SOME_ROWS))

    def _go_on(self, call: FitCall, task: LearningTask, run: SavedRun) -> TrainingRun:
        """Train the rest of a resumed run; return at once if it has already ended."""
        begin, settings = run.run_state, task.settings
        epochs = settings.max_iter - begin.loop_state.done
        if epochs <= 0 or begin.loop_state.idle > settings.n_iter_no_change:
            result = Result(begin.found(rule_of(settings)), History.empty(run.history.stopped), begin)
            learnt = TrainingRun(task, run, result, self._predictor_for(task.network))
        else:
            learnt = learn(
                self, self._predictor_for(task.network), call, task, run, epochs, first_theta=begin.state.theta
            )
        return replace(learnt, epochs=learnt.end.loop_state.done)

    def _task(self, call: FitCall, settings: Settings, goes_on: bool, **more: Any) -> LearningTask:
        known = {"columns": Columns.of(self), "targets": self._targets} if goes_on else {}
        X, y, sample_weight = call.given
        if isinstance(X, Rows):
            return X.learning_task(self, settings, eval_set=call.eval_set, **{**known, **more})
        if isinstance(y, str):
            check_paths(X)
        if is_source(X) and not more.get("may_lack_classes"):
            from deltarule.estimators.streamed import streamed_task  # not needed by most fits

            return streamed_task(self, settings, call.given, call.held, eval_set=call.eval_set, **{**known, **more})
        eval_set = call.eval_set
        if are_stored(eval_set):
            from deltarule.estimators.streamed import watched_on_disk

            more, eval_set = more | {"watch": partial(watched_on_disk, self, eval_set, call.held)}, None
        return learning_task(self, settings, X, y, sample_weight, eval_set=eval_set, **{**known, **more})

    def _counts(self) -> LoopState:
        """Return the numbers of epochs and examples of the fits so far."""
        return LoopState(self.history_.epochs, self.history_.epochs, self.t_)

    def _new_run(self, task: LearningTask, generator: np.random.Generator, may_be_assigned: bool) -> RunState:
        """Return a new run, at `coefs_` and `intercepts_` if allowed and assigned, else at random parameters."""
        assigned = vars(self).get("_first_weights")
        if may_be_assigned and assigned is not None:
            theta = unrolled(task.network, **assigned)
        else:
            theta = task.network.first_theta(generator)
        return new_run(task.settings, theta.astype(task.dtype), generator)

    def _take_over(self, learnt: TrainingRun) -> None:
        """Set all attributes of a finished fit; none of them is set earlier."""
        task, result, run = learnt.task, learnt.result, learnt.run
        theta = result.theta.astype(task.kept_dtype)
        self.t_ = learnt.end.loop_state.seen
        task.columns.set_on(self)
        self._set_fitted(task.targets, task.network, theta, result.history.after(run.history))
        self.n_iter_ = learnt.epochs or result.history.epochs
        self._predictor = learnt.predictor
        self.__dict__.pop("_first_weights", None)
        self._run = None
        if result.run_state is not None:
            # The run state shares θ: a copy would take a quarter of the memory of a fitted estimator.
            self._run_checksum = checksum(result.theta)
            run_state = sharing_theta(result.run_state, theta)
            self._run = replace(run, run_state=run_state, history=History.empty())

    def _set_fitted(self, targets: Targets, network: Network, theta: Array, history: History) -> None:
        self.n_iter_ = history.epochs
        self._targets = targets
        self.__dict__.update(targets.attributes())
        self.network_, self.theta_, self.history_ = network, theta, history
        self.n_layers_, self.n_outputs_ = network.L, network.K
        self.out_activation_ = {"sigmoid": "logistic"}.get(network.output, network.output)
        self.loss_curve_ = history.cost.tolist()
        self.loss_ = self.loss_curve_[-1] if self.loss_curve_ else np.nan
        # As in scikit-learn, full-batch solvers hold no rows out, so early_stopping counts there only with an eval_set.
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
