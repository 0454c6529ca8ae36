"""What `TableClassifier` and `TableRegressor` have in common: parameters, `fit`, and what a fit leaves."""

import warnings
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_is_fitted

from deltarule.common.arrays import Array
from deltarule.common.errors import InputError
from deltarule.engines.cores import usable_cores
from deltarule.estimators.choices import generator_of, hidden_layers
from deltarule.estimators.continuing import checkpoint_of
from deltarule.estimators.predictor import Predictor
from deltarule.estimators.printing import stacklevel_of_call
from deltarule.estimators.with_engines import WithEngines
from deltarule.network.network import Network
from deltarule.tabular.checking import check_parameters
from deltarule.tabular.checkpoint import SavedMembers
from deltarule.tabular.committee import Committee
from deltarule.tabular.continuing import check_goes_on, new_run, saved_members
from deltarule.tabular.examples import TableExamples, examples_of
from deltarule.tabular.fitting import Job, TrainedMembers, learn, prepare
from deltarule.tabular.frames import given_rows, names_of, options_of
from deltarule.tabular.held_out import held_out_predictions
from deltarule.tabular.importance import importances
from deltarule.tabular.quantities import Quantity
from deltarule.tabular.recipe import Recipe
from deltarule.tabular.side_by_side import MemberRecord, RoundProgress
from deltarule.tabular.stored import save
from deltarule.tabular.table_columns import TableColumns
from deltarule.tabular.target_coding import Classes
from deltarule.tabular.telling import teller
from deltarule.training.kept_file import held

__all__ = ["BaseTable"]


class BaseTable(WithEngines):
    """Base class of the estimators of tables; do not use it directly."""

    n_members: int
    hidden_layer_sizes: Sequence[int] | int
    validation: str
    epochs: int
    time_budget: float | None
    categories: Sequence[str | int] | None
    keep: Sequence[str | int] | None
    drop: Sequence[str | int] | None
    gaps: Sequence[str] | str | None
    dates: str | None
    random_state: Any
    dtype: str
    verbose: Any

    n_features_in_: int
    columns_: TableColumns
    network_: Network
    members_: tuple[MemberRecord, ...]
    notices_: tuple[str, ...]
    held_out_predictions_: Array
    _committee: Committee
    _importances: Array
    _target: Any
    _run: SavedMembers | None = None

    def fit(
        self,
        X: Any,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        eval_set: tuple[Any, ...] | None = None,
        groups: ArrayLike | None = None,
        resume: bool = False,
        checkpoint: Any = None,
    ) -> Self:
        """Train the members on the rows of a table.

        Parameters
        ----------
        X : DataFrame of pandas or polars, Table of Arrow, or array of shape (m, n_columns)
            As it comes: numbers, words, booleans, dates, durations and gaps.
        y : array of shape (m,), or (m, K)
            Labels, or the probability of each class in columns that a frame may name; for a regressor numbers, or a
            column of numbers for each of several quantities.
        sample_weight : array of shape (m,), optional
            A weight of w counts as w copies of its row; a row of weight 0 is left out.
        eval_set : (X, y) or (X, y, sample_weight), optional
            Rows to measure each member on after each epoch. All members then learn from all rows of X.
        groups : array of shape (m,), optional
            The group of each row. Rows of one group are learnt together or held out together.
        resume : bool, default False
            Continue the run that Ctrl-C or a time budget stopped; the result is bit-identical to that of a run never
            stopped. Rows and parameters must be the same, except `random_state`, which the run keeps, `n_threads`,
            `verbose` and `time_budget`. A budget counts the seconds of the run before, too; what it left out when the
            run began stays left out. With `checkpoint`, the run in that file continues; if the file does not exist, a
            new run begins.
        checkpoint : path or Checkpoint, optional
            A file to write all members to: every minute, or as the `Checkpoint` says, whose epochs count those of all
            members together, and at the end.

        Raises
        ------
        ValueError
            If data or parameters do not fit. A fit that fails leaves the previously fitted model unchanged.
        DivergedError
            If the cost of every member becomes non-finite.
        """
        return self._fit(X, y, sample_weight, eval_set=eval_set, groups=groups, resume=resume, checkpoint=checkpoint)

    def _fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        eval_set: Any = None,
        groups: Any = None,
        columns: TableColumns | None = None,
        tell: Callable[[RoundProgress], None] | None = None,
        resume: bool = False,
        checkpoint: Any = None,
    ) -> Self:
        """Fit on X, whose columns may have been learnt from a table that it is a part of."""
        began = perf_counter()
        self._check_parameters()
        place = checkpoint_of(checkpoint)
        saved, path = saved_members(place, self._run, resume)
        job = self._job(X, y, sample_weight, eval_set, groups, columns, None if saved is None else saved.seed)
        run = new_run(self, job)
        if saved is not None:
            check_goes_on(saved, run, path)
            if not saved.members:  # the run in memory has come to its end
                return self
            run = saved
        predictor = self._predictor_for(job.network)
        epochs = job.recipe.epochs * len(job.splits.members)
        with (
            teller(self.verbose, epochs) if tell is None else nullcontext(tell) as told,
            nullcontext(None) if place is None else held(place, self.engine, run.epochs) as file,
        ):
            budget = np.inf if self.time_budget is None else began + self.time_budget - run.seconds - perf_counter()
            threads = self.n_threads or usable_cores()
            learnt = learn(job, predictor, run, threads=threads, budget=budget, tell=told, file=file)
        self._take_over(learnt.job, learnt, predictor)
        self.held_out_predictions_ = held_out_predictions(learnt, self._answers_of)
        return self

    @property
    def feature_importances_(self) -> Array:
        """How much worse held-out rows are predicted when a column is shuffled among them, of shape (n_features_in_,).

        The mean rise of the cost of a row: for classes the cross-entropy, for quantities the squared error as a share
        of the variance. `importance_intervals_` has the ends of an interval of 95 %. NaN if no row was held out.
        """
        check_is_fitted(self, "_importances")
        return self._importances[:, 0].copy()

    @property
    def importance_intervals_(self) -> Array:
        """The ends of an interval of 95 % for each importance, of shape (n_features_in_, 2).

        It says how well the held-out rows tell the importance to these members, not how another training would differ.
        """
        check_is_fitted(self, "_importances")
        return self._importances[:, 1:].copy()

    @property
    def thetas_(self) -> Array:
        """θ of each member, of shape (n_members_, network_.n_parameters)."""
        check_is_fitted(self, "_committee")
        return self._committee.thetas

    def save(self, path: str | Path) -> None:
        """Write the fitted estimator to a model file; `deltarule.load` restores it bit-identically.

        Raises
        ------
        OutputError
            If the file cannot be written.
        ModelFileError
            If it holds a value that a model file cannot hold, such as a generator as `random_state`.
        """
        check_is_fitted(self, "_committee")
        save(path, self)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        return tags

    def _target_of(self, examples: TableExamples) -> Classes | Quantity:
        """Return what is to be learnt."""
        raise NotImplementedError

    def _recipe(self, target: Any) -> Recipe:
        """Return the recipe."""
        raise NotImplementedError

    def _weights(self, target: Any, examples: TableExamples) -> Array | None:
        """Return the weights of rows in the cost."""
        raise NotImplementedError

    @property
    def _hidden(self) -> tuple[int, ...]:
        return tuple(hidden_layers(self.hidden_layer_sizes, "relu")[0])

    @property
    def _folds(self) -> int | None:
        """Number of folds; None: by the number of members."""
        return None

    @property
    def _is_quantity(self) -> bool:
        raise NotImplementedError

    def _check_parameters(self) -> None:
        """Raise SettingsError if a parameter is outside its range."""
        check_parameters(self)

    def _answers_of(self, z: Array) -> Array:
        """Return what members together say of rows: the probability of each class, or quantities.

        Parameters
        ----------
        z : array of shape (members, m, K)
        """
        raise NotImplementedError

    def _job(
        self,
        X: Any,
        y: Any,
        sample_weight: Any,
        eval_set: Any,
        groups: Any,
        columns: TableColumns | None = None,
        seed: int | None = None,
    ) -> Job:
        """Check everything that was given, and decide everything that training needs; draw a seed if there is none."""
        examples = examples_of(X, y, sample_weight, groups, self, is_quantity=self._is_quantity)
        if examples.rows < 2:
            raise InputError(
                f"X has n_samples = {examples.rows}: one sample, from which nothing can be learnt. Give more rows."
            )
        target = self._target_of(examples)
        if columns is None:
            options = options_of(
                examples.given,
                categories=self.categories,
                keep=self.keep,
                drop=self.drop,
                gaps=self.gaps,
                dates=self.dates,
            )
            columns = TableColumns.fit(examples.given.frame, options)
        watched = None if eval_set is None else self._eval_set(eval_set, examples)
        if seed is None:
            seed = int(generator_of(self.random_state).integers(2**63))
        return prepare(
            examples,
            target,
            columns,
            self._recipe(target),
            watched=watched,
            weights=self._weights(target, examples),
            watched_weights=None if watched is None else self._weights(target, watched),
            validation=self.validation,
            n_members=int(self.n_members),
            seed=seed,
            dtype=np.dtype(self.dtype),
            folds=self._folds,
        )

    def _eval_set(self, eval_set: Any, examples: TableExamples) -> TableExamples:
        if not (isinstance(eval_set, tuple | list) and len(eval_set) in (2, 3)):
            length = f" of length {len(eval_set)}" if hasattr(eval_set, "__len__") else ""
            raise InputError(
                f"eval_set is a {type(eval_set).__name__}{length}. Pass one tuple, (X, y) or (X, y, sample_weight)."
            )
        weight = eval_set[2] if len(eval_set) == 3 else None
        watched = examples_of(
            eval_set[0], eval_set[1], weight, None, self, is_quantity=self._is_quantity, name="y of eval_set"
        )
        if watched.y.ndim != examples.y.ndim or watched.y.shape[1:] != examples.y.shape[1:]:
            raise InputError(f"y of eval_set has the shape {watched.y.shape}, but y has {examples.y.shape}.")
        if watched.given.named != examples.given.named:
            raise InputError(
                "X has names of columns and eval_set has not, or the other way round. Give both as frames, or both as "
                "arrays."
            )
        return watched

    def _costs(self, learnt: TrainedMembers) -> Callable[[Array, Array], Array]:
        """Return (z, Y) ↦ the cost of each row, by which importances are measured."""
        raise NotImplementedError

    def _measured(self, learnt: TrainedMembers, predictor: Predictor) -> Array:
        """Return the importances of the columns that were given; NaN where Ctrl-C came, which keeps the fit."""
        job, columns = learnt.job, list(learnt.job.given.frame.columns)
        try:
            return importances(
                learnt.watched, predictor.z, self._costs(learnt), job.columns.of_inputs, columns, job.seed
            )
        except KeyboardInterrupt:
            warnings.warn(
                "Ctrl-C came when training was over: the model is whole, but without importances of columns.",
                UserWarning,
                stacklevel=stacklevel_of_call(),
            )
            return np.full((len(columns), 3), np.nan)

    def _take_over(self, job: Job, learnt: TrainedMembers, predictor: Predictor) -> None:
        """Set all attributes of a finished fit; none of them is set earlier."""
        self._importances = self._measured(learnt, predictor)
        self.n_features_in_, names = job.given.frame.shape[1], names_of(job.given)
        self.__dict__.pop("feature_names_in_", None)
        if names is not None:
            self.feature_names_in_ = names
        self.columns_, self.network_, self.notices_ = job.columns, job.network, job.notices
        self.members_ = tuple(MemberRecord.of(one) for one in learnt.members)
        self.stopped_ = learnt.stopped
        # A run at its end is kept in memory only to know it again.
        self._run = replace(learnt.run, members=()) if learnt.stopped == "epochs" else learnt.run
        self._target, self._committee, self._predictor = job.target, Committee(job.network, learnt.thetas), predictor
        self.n_members_ = len(learnt.thetas)

    def _outputs(self, X: Any) -> Array:
        """Return z of each member for rows as they come, of shape (n_members, m, K)."""
        check_is_fitted(self, "_committee")
        return self._outputs_of_inputs(self.columns_.transform(self.as_frame(X)))

    def _outputs_of_inputs(self, X: Array) -> Array:
        """Return z of each member for inputs of the network."""
        self._predictor = predictor = self._predictor_for(self.network_)  # there may be none yet, as after unpickling
        return self._committee.outputs(predictor, X)

    def as_frame(self, X: Any) -> Any:
        """Return rows to predict as a frame with the columns of training."""
        given = given_rows(X, self)
        names: NDArray[Any] | None = getattr(self, "feature_names_in_", None)
        if given.named and names is not None:
            return given.frame
        n = given.frame.shape[1]
        if n != self.n_features_in_:
            raise InputError(
                f"X has {n} features, but {type(self).__name__} is expecting {self.n_features_in_} features as input. "
                "Pass the columns of training, in the same order or as a frame with their names."
            )
        if given.named == (names is not None):
            return given.frame

        came, fitted = (
            ("X has feature names", "without") if given.named else ("X does not have valid feature names", "with")
        )
        warnings.warn(
            f"{came}, but {type(self).__name__} was fitted {fitted} feature names",
            UserWarning,
            stacklevel=stacklevel_of_call(),
        )
        return given.frame.set_axis(list(self._names), axis=1)

    @property
    def _names(self) -> list[str]:
        names = getattr(self, "feature_names_in_", None)
        return [f"x{i}" for i in range(self.n_features_in_)] if names is None else list(names)
