"""One fit: from checked examples to a committee of trained members."""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltarule.common.arrays import Array
from deltarule.estimators.predictor import Predictor
from deltarule.estimators.printing import stacklevel_of_call
from deltarule.network.data import TrainingSet
from deltarule.network.network import Network
from deltarule.tabular.checkpoint import SavedMembers, bytes_of
from deltarule.tabular.examples import TableExamples
from deltarule.tabular.frames import Given
from deltarule.tabular.importance import Watched
from deltarule.tabular.quantities import Quantity
from deltarule.tabular.recipe import Recipe
from deltarule.tabular.side_by_side import Course, MemberState, RoundProgress, first_member, train_side_by_side
from deltarule.tabular.table_columns import TableColumns
from deltarule.tabular.target_coding import Classes
from deltarule.tabular.validation import Split, Splits, splits_for
from deltarule.training.kept_file import KeptFile

__all__ = ["Job", "TrainedMembers", "learn", "prepare"]

_ROWS_FOR_FIRST = 4096
"""Most rows from which first weights are drawn: deviations over as many are right to two per cent."""


FEWEST_EPOCHS = 64
"""A time budget first takes epochs away, down to this number for each member, and then members."""


@dataclass(frozen=True, eq=False)
class Job:
    """Everything that training needs, decided before it begins.

    Attributes
    ----------
    given : Given
        The rows as they came, without those of weight 0.
    columns : TableColumns
    target : Classes or Quantity
    recipe : Recipe
    network : Network
    X, Y : array of shape (m, inputs), (m, K)
    weights : array of shape (m,), or None
    watched : TrainingSet or None
        The rows of `eval_set`, which all members are measured on.
    splits : Splits
        The rows of each member.
    seed : int
    notices : tuple of str
    kept : array of shape (m_given,), or None
        Which of the rows that were given are in X; None: all of them.
    """

    given: Given
    columns: TableColumns
    target: Classes | Quantity
    recipe: Recipe
    network: Network
    X: Array
    Y: Array
    weights: Array | None
    watched: TrainingSet | None
    splits: Splits
    seed: int
    notices: tuple[str, ...] = ()
    kept: NDArray[np.bool_] | None = None


@dataclass(frozen=True, eq=False)
class TrainedMembers:
    """The result of training.

    Attributes
    ----------
    job : Job
        With what a time budget left of it.
    members : list of MemberState
        Also those that diverged, or had no epoch, before anything was measured.
    stopped : str
        `"epochs"`, `"time"` or `"interrupted"`.
    thetas : array of shape (n_members_, n_parameters)
        The best parameters of each member that has some.
    watched : list of Watched
        For each of them the rows that it was measured on and did not learn from; empty if there are none.
    run : SavedMembers
        From which the fit can go on.
    """

    job: Job
    members: list[MemberState]
    stopped: str
    thetas: Array
    watched: list[Watched]
    run: SavedMembers

    @property
    def held(self) -> list[tuple[Array, Array, Array | None]]:
        """Outputs of each member on these rows, their targets and weights."""
        return [(one.z, one.Y, one.weights) for one in self.watched]


def prepare(
    examples: TableExamples,
    target: Classes | Quantity,
    columns: TableColumns,
    recipe: Recipe,
    *,
    watched: TableExamples | None,
    weights: Array | None,
    watched_weights: Array | None,
    validation: str,
    n_members: int,
    seed: int,
    dtype: np.dtype[Any],
    folds: int | None = None,
) -> Job:
    """Encode the rows and choose what each member learns from."""
    X = columns.transform(examples.given.frame).astype(dtype)
    Y = target.encode(examples.y).astype(dtype)
    network = recipe.network(columns, target.K, target.output, target.numbers)
    held = None
    notices = [*columns.notices]
    if watched is not None:
        inputs, strays = columns.encode(watched.given.frame)
        notices += [f"In eval_set, {one[0].lower()}{one[1:]}" for one in strays]
        held = TrainingSet(
            inputs.astype(dtype), target.encode(watched.y, "y of eval_set").astype(dtype), _as(watched_weights, dtype)
        )
        every = np.arange(examples.rows)
        splits = Splits((Split(every, every[:0]),) * n_members)
    else:
        splits = splits_for(
            examples.rows,
            validation,
            n_members=n_members,
            seed=seed,
            labels=target.labels.hard(examples.y) if isinstance(target, Classes) else None,
            groups=examples.groups,
            weights=weights,
            folds=folds,
        )
    notices += splits.notices
    return Job(
        examples.given,
        columns,
        target,
        recipe,
        network,
        X,
        Y,
        _as(weights, dtype),
        held,
        splits,
        seed,
        tuple(map(str, notices)),
        examples.kept,
    )


def learn(
    job: Job,
    predictor: Predictor,
    run: SavedMembers,
    *,
    threads: int,
    budget: float = np.inf,
    tell: Callable[[RoundProgress], None] | None = None,
    file: KeptFile | None = None,
) -> TrainedMembers:
    """Train all members of a job, or as many and as far as a budget of seconds allows.

    Parameters
    ----------
    job : Job
    predictor : Predictor
    run : SavedMembers
        The run that goes on, or a new one, without members.
    threads : int
        Members that are trained at the same time.
    budget : float
        Seconds from now on.
    tell : callable, optional
        Called after each round.
    file : KeptFile, optional
        To which the run is written now and then, and at the end.
    """
    began = perf_counter()
    deadline = began + budget
    if run.members:
        splits = replace(job.splits, members=job.splits.members[: len(run.members)])
        job = replace(job, recipe=run.recipe, splits=splits)
    courses = courses_of(job)
    if np.isfinite(budget) and not run.members:
        job, notices = _within(job, courses, predictor, threads, deadline)
        courses = courses[: len(job.splits.members)]
        run = replace(run, recipe=job.recipe, notices=notices)

    def after(members: Sequence[MemberState], stopped: str = "running") -> SavedMembers:
        return replace(run, members=tuple(members), seconds=run.seconds + perf_counter() - began, stopped=stopped)

    def keep(members: Sequence[MemberState]) -> None:
        if file is not None and file.is_due(epochs := sum(one.epochs for one in members)):
            file.write(bytes_of(after(members)), epochs)

    begin = run.members or _first_members(job, courses)
    members, stopped = _trained(job, begin, courses, predictor, threads, deadline, tell, keep)
    run = after(members, stopped)
    if file is not None:
        file.write(bytes_of(run), run.epochs)
    job = replace(job, notices=(*job.notices, *run.notices, *_endings(members, stopped, job.recipe.epochs)))
    known = [n for n, one in enumerate(members) if one.best_epoch]
    watched = [
        Watched(members[n].theta, rows.X, predictor.z(members[n].theta, rows.X), rows.Y, rows.weights)
        for n, rows in enumerate(course.held for course in courses)
        if n in known and (job.watched is not None or len(job.splits.members[n].validation))
    ]
    predictor.release()
    return TrainedMembers(job, members, stopped, np.stack([members[n].theta for n in known]), watched, run)


def _endings(members: Sequence[MemberState], stopped: str, epochs: int) -> list[str]:
    """Return notices of members that were stopped by the clock, and warn of what else kept some from their ends."""
    notices = []
    if stopped == "interrupted":
        warnings.warn(
            f"Training interrupted by user after {max(one.epochs for one in members)} of {epochs} epochs. Each member "
            "is kept at its best epoch so far; resume=True goes on.",
            UserWarning,
            stacklevel=stacklevel_of_call(),
        )
    began = [one.epochs for one in members if one.epochs]
    if stopped == "time":
        fewest = min(one.epochs for one in members if one.best_epoch)
        notices.append(f"time_budget was over after {fewest} epochs of each member.")
    if len(began) < len(members):
        notices.append(
            f"{len(members) - len(began)} of {len(members)} members had no epoch before the end and are left out."
        )
    diverged = sum(one.diverged and not one.best_epoch for one in members)
    if diverged:
        warnings.warn(
            f"{diverged} of {len(members)} members diverged in their first epoch and are left out.",
            RuntimeWarning,
            stacklevel=stacklevel_of_call(),
        )
    return notices


def _first_members(job: Job, courses: Sequence[Course]) -> list[MemberState]:
    return [
        first_member(job.recipe, _first_theta(job, n, course), _key(job.seed, n)) for n, course in enumerate(courses)
    ]


def _trained(
    job: Job,
    begin: Sequence[MemberState],
    courses: Sequence[Course],
    predictor: Predictor,
    threads: int,
    deadline: float = np.inf,
    tell: Callable[[RoundProgress], None] | None = None,
    keep: Callable[[Sequence[MemberState]], None] | None = None,
) -> tuple[list[MemberState], str]:
    return train_side_by_side(
        predictor.engine,
        predictor.z,
        begin,
        courses,
        job.recipe,
        job.target.measure,
        threads=threads,
        deadline=deadline,
        tell=tell,
        keep=keep,
    )


def _within(
    job: Job, courses: Sequence[Course], predictor: Predictor, threads: int, deadline: float
) -> tuple[Job, tuple[str, ...]]:
    """Return a job with as many members and epochs as fit before the deadline, and notices of what is left out.

    What fits is judged by the time that one epoch takes. Epochs are given up first, down to `FEWEST_EPOCHS`, then
    members, then epochs again. Schedules span the epochs that are left, so the last steps are short ones whatever the
    budget is.
    """
    began = perf_counter()
    trial = courses[:threads]
    once = replace(job, recipe=replace(job.recipe, epochs=1))
    _trained(once, _first_members(once, trial), trial, predictor, threads)
    turn = perf_counter() - began  # of one epoch of as many members as train at the same time
    epochs, n, left = job.recipe.epochs, len(courses), deadline - perf_counter()

    def fitting(members: int) -> int:
        return int(left / (turn * max(members / threads, 1)))

    fewest = min(FEWEST_EPOCHS, epochs)
    members = next((k for k in range(n, 0, -1) if fitting(k) >= fewest), 1)
    possible = max(1, min(epochs, fitting(members)))
    if (members, possible) == (n, epochs):
        return job, ()
    notice = (
        f"time_budget has room for {members} of {n} members and {possible} of {epochs} epochs: one epoch of "
        f"{min(n, threads)} {'members' if min(n, threads) > 1 else 'member'} takes {turn:.2g} seconds."
    )
    splits = replace(job.splits, members=job.splits.members[:members])
    return replace(job, recipe=replace(job.recipe, epochs=possible), splits=splits), (notice,)


def courses_of(job: Job) -> Sequence[Course]:
    """Return what each member learns from and is measured on."""
    courses = []
    smoothing = job.recipe.smoothing
    for split in job.splits.members:
        data = _rows(job, split.training)
        learnt = TrainingSet(data.X, job.target.smoothed(data.Y, smoothing).astype(data.Y.dtype), data.weights)
        if job.watched is not None:
            held = job.watched
        else:
            held = _rows(job, split.validation) if len(split.validation) else data
        courses.append(Course(learnt, held))
    return courses


def _rows(job: Job, rows: Array) -> TrainingSet:
    weights = None if job.weights is None else job.weights[rows]
    return TrainingSet(job.X[rows], job.Y[rows], weights)


def _first_theta(job: Job, member: int, course: Course) -> Array:
    """Return the first parameters of a member; vectors of words that it never sees are 0, as those of unknown words."""
    generator = np.random.default_rng([job.seed, member])
    X = course.data.X
    if len(X) > _ROWS_FOR_FIRST:
        X = X[generator.choice(len(X), _ROWS_FOR_FIRST, replace=False)]
    theta = job.network.first_theta(generator, X.astype(np.float64))
    tables = [segment for segment in job.network.segments if segment.name.endswith(".table")]
    tables = tables[len(tables) - len(job.columns.categories) :] if job.columns.categories else []
    for n, segment in enumerate(tables):
        seen = np.unique(course.data.X[:, job.columns.n_scaled + n].astype(np.intp))
        unseen = np.setdiff1d(np.arange(segment.shape[0]), seen)
        segment.of(theta)[unseen] = 0
    return theta.astype(job.X.dtype)


def _key(seed: int, member: int) -> int:
    """Return the key of a member's shuffles and dropout."""
    return int(np.random.default_rng([seed, member, 1]).integers(2**63))


def _as(weights: Array | None, dtype: np.dtype[Any]) -> Array | None:
    return None if weights is None else weights.astype(dtype)
