"""The training of several networks of one shape side by side, each on rows of its own and kept at its best epoch.

A round is one call of `Engine.steps_of_members`, in which as many members as keep all threads busy take an epoch; after
it their outputs on their held-out rows are measured. Of equal values the later epoch is kept: its steps were the
shorter ones. A member ends after the last epoch of the recipe, or once it has waited long enough for a better one
(`PATIENCE_EPOCHS`). Ctrl-C and the end of a time budget end the training of all members between
two rounds, and what was best so far is the result.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from time import perf_counter

import numpy as np

from deltarule.common.arrays import Array
from deltarule.common.errors import DivergedError
from deltarule.engines import Engine, Member, Plan, TrainingState, tabular_factors
from deltarule.network.data import TrainingSet
from deltarule.tabular.recipe import Recipe
from deltarule.tabular.watched_measures import Measure
from deltarule.training.members import filling_threads
from deltarule.training.solvers import rates_of, shares_done, step_sizes

__all__ = ["Course", "MemberRecord", "MemberState", "RoundProgress", "first_member", "train_side_by_side"]


PATIENCE_EPOCHS, PATIENCE_STEPS = 20, 200
"""How long a member waits for a better epoch: as many epochs as it took to its best, and besides so many epochs, or the
epochs of so many steps if those are more. `coslog4` lets the step size fall four times, each time over twice as many
epochs as before, so a member that was best at the end of one fall sees the end of the next."""


@dataclass(frozen=True, eq=False)
class Course:
    """What one member learns from and is measured on.

    Attributes
    ----------
    data : TrainingSet
    held : TrainingSet
        Rows outside `data`; their targets are not smoothed.
    """

    data: TrainingSet
    held: TrainingSet


@dataclass(frozen=True, eq=False)
class MemberState:
    """One member between two epochs.

    Attributes
    ----------
    state : TrainingState
    epochs : int
        Epochs so far.
    best : float
        The smallest value that was measured, `best_epoch` when (from 1; 0: never), and `theta` the parameters then.
    costs, values : tuple of float
        The training cost of each epoch and what was measured after it.
    diverged : bool
        Whether a cost was not finite, after which the member takes no more steps.
    ended : bool
        Whether the member takes no more steps. Its state is then that of `theta`, without vectors.
    """

    state: TrainingState
    theta: Array
    epochs: int = 0
    best: float = np.inf
    best_epoch: int = 0
    costs: tuple[float, ...] = ()
    values: tuple[float, ...] = ()
    diverged: bool = False
    ended: bool = False


@dataclass(frozen=True)
class MemberRecord:
    """What happened to one member.

    Attributes
    ----------
    best_epoch : int
        The epoch after which it is kept, from 1; 0 if it diverged, or training ended, before anything was measured, so
        that it is left out.
    costs : tuple of float
        The training cost of each epoch.
    values : tuple of float
        What was measured on its held-out rows after each epoch; smaller is better.
    """

    best_epoch: int
    costs: tuple[float, ...]
    values: tuple[float, ...]

    @classmethod
    def of(cls, member: MemberState) -> "MemberRecord":
        """Return what happened to a member."""
        return cls(member.best_epoch, member.costs, member.values)


@dataclass(frozen=True)
class RoundProgress:
    """What is told after each round.

    Attributes
    ----------
    epoch, epochs : int
        Epochs that are done, of all members together, and that there will be if none ends early.
    value : float
        Mean over the members of the best that was measured.
    seconds, left : float
        Seconds that training took, and that it will take at this speed.
    """

    epoch: int
    epochs: int
    value: float
    seconds: float
    left: float


@dataclass
class _Clock:
    """Seconds since the beginning, and the end of the budget."""

    deadline: float
    began: float = field(default_factory=perf_counter)

    @property
    def seconds(self) -> float:
        return perf_counter() - self.began

    @property
    def is_over(self) -> bool:
        return perf_counter() >= self.deadline


def first_member(recipe: Recipe, theta: Array, key: int) -> MemberState:
    """Return a member before its first step."""
    return MemberState(TrainingState(theta=theta, vectors=recipe.rule.init(theta), key=key), theta)


def train_side_by_side(
    engine: Engine,
    outputs: Callable[[Array, Array], Array],
    members: Sequence[MemberState],
    courses: Sequence[Course],
    recipe: Recipe,
    measure: Measure,
    *,
    threads: int,
    deadline: float = np.inf,
    tell: Callable[[RoundProgress], None] | None = None,
    keep: Callable[[Sequence[MemberState]], None] | None = None,
) -> tuple[list[MemberState], str]:
    """Train members of one shape until each has ended.

    Parameters
    ----------
    engine : Engine
    outputs : callable
        (θ, X) ↦ what is measured, of shape (m, K).
    members : sequence of MemberState
    courses : sequence of Course
        One for each member.
    recipe : Recipe
    measure : Measure
    threads : int
        Members that the engine trains at the same time.
    deadline : float
        The time, as `perf_counter` counts it, at which training ends.
    tell, keep : callable, optional
        Called after each round: with the progress, and with the members, from which a run can go on.

    Returns
    -------
    members : list of MemberState
    stopped : str
        `"epochs"`, `"time"` or `"interrupted"`.

    Raises
    ------
    DivergedError
        If no member has parameters that were measured and finite.
    """
    now = list(members)
    stopped, clock = "epochs", _Clock(deadline)
    begun = sum(one.epochs for one in now)
    try:
        while going := _going(now):
            epochs = [one.epochs for one in now]
            chosen = sorted(filling_threads(going, epochs.__getitem__, threads))
            if clock.is_over and any(one.best_epoch for one in now):
                stopped = "time"
                break
            after = _after_round(engine, outputs, now, chosen, courses, recipe, measure)
            if after is None:
                stopped = "interrupted"
                break
            now = after
            if keep is not None:
                keep(now)
            if tell is not None:
                tell(_progress(now, _going(now), recipe.epochs, begun, clock.seconds))
    except KeyboardInterrupt:  # between two calls of the engine
        stopped = "interrupted"
    if all(one.best_epoch == 0 for one in now):
        if stopped == "interrupted":
            raise KeyboardInterrupt
        raise DivergedError(
            f"The cost of every member became non-finite in its first epochs, with steps of {recipe.learning_rate} "
            "at most. Look for extreme weights or targets, or take dtype='float64'."
        )
    return now, stopped


def _going(members: Sequence[MemberState]) -> list[int]:
    """Return the numbers of the members that have not ended."""
    return [n for n, one in enumerate(members) if not one.ended]


def _goes_on(member: MemberState, rows: int, recipe: Recipe) -> bool:
    """Return whether a member that learns from so many rows takes another epoch."""
    steps = recipe.batches(rows).steps_of_an_epoch(rows)
    patience = max(PATIENCE_EPOCHS, PATIENCE_STEPS // steps)
    has_patience = member.best_epoch == 0 or member.epochs <= 2 * member.best_epoch + patience
    return member.epochs < recipe.epochs and not member.diverged and has_patience


def _progress(
    members: Sequence[MemberState], going: Sequence[int], epochs: int, begun: int, seconds: float
) -> RoundProgress:
    done = sum(one.epochs for one in members)
    left = sum(epochs - members[n].epochs for n in going)
    value = float(np.mean([one.best for one in members]))
    return RoundProgress(done, done + left, value, seconds, seconds / (done - begun) * left)


def _after_round(
    engine: Engine,
    outputs: Callable[[Array, Array], Array],
    members: list[MemberState],
    chosen: Sequence[int],
    courses: Sequence[Course],
    recipe: Recipe,
    measure: Measure,
) -> list[MemberState] | None:
    """Return the members after one more epoch of the chosen ones; None if Ctrl-C cut it short."""
    plans = [_plan(engine, recipe, courses[n].data.rows, members[n].epochs) for n in chosen]
    taken = engine.steps_of_members(
        [Member(members[n].state, courses[n].data, plan) for n, plan in zip(chosen, plans, strict=True)]
    )
    if any(one.interrupted for one in taken):
        return None
    after = list(members)
    for n, steps in zip(chosen, taken, strict=True):
        after[n] = _measured(members[n], steps.state, steps.costs, courses[n], recipe, outputs, measure)
    return after


def _measured(
    member: MemberState,
    state: TrainingState,
    costs: Array,
    course: Course,
    recipe: Recipe,
    outputs: Callable[[Array, Array], Array],
    measure: Measure,
) -> MemberState:
    """Return a member after an epoch, with what was measured."""
    theta = recipe.rule.found(state.theta, state.vectors)
    with np.errstate(over="ignore", invalid="ignore"):
        z = outputs(theta, course.held.X)
        is_finite = bool(np.isfinite(costs[-1]) and np.isfinite(z).all())
        value = measure(z, course.held.Y, course.held.weights) if is_finite else np.nan
    member = replace(
        member,
        state=state,
        epochs=member.epochs + 1,
        costs=(*member.costs, float(np.mean(costs))),
        values=(*member.values, value),
        diverged=not is_finite,
    )
    if value <= member.best:
        member = replace(member, best=value, best_epoch=member.epochs, theta=theta)
    if _goes_on(member, course.data.rows, recipe):
        return member
    return replace(member, state=replace(member.state, theta=member.theta, vectors=()), ended=True)


def _plan(engine: Engine, recipe: Recipe, rows: int, epoch: int) -> Plan:
    """Return the plan of one epoch."""
    settings, batches = recipe.settings, recipe.batches(rows)
    of_epoch = (settings, epoch, 1, batches.steps_of_an_epoch(rows))
    rates = rates_of(settings, engine.network, step_sizes(*of_epoch), shares_done(*of_epoch))
    return Plan(recipe.rule, batches, rates, factors=tabular_factors(engine.network))
