"""One example of a step, followed: every quantity from its x to the new Θ, and what other values would have made of it.

A step takes a batch; (1) to (5) are about one example of it, (6) and the update about the batch. Where dropout leaves
units out of this step, the numbers are those of the thinned network.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from deltarule.common.arrays import Array, length
from deltarule.common.errors import InputError
from deltarule.engines.dropout import dropout_factors
from deltarule.engines.plan import DECAY, DROPOUT, RATE, Plan
from deltarule.engines.reference import ReferenceEngine
from deltarule.engines.shuffling import row_order
from deltarule.network.backpropagation import accumulate, penalty, penalty_gradient
from deltarule.play.parts_followed import Layers, has_layers_of_units_alone, through_parts
from deltarule.play.searches import Search
from deltarule.play.snapshot import Snapshot
from deltarule.training.mini_batch_run import MiniBatchRun
from deltarule.training.record import Recorder
from deltarule.training.solvers.schedules import step_sizes

__all__ = [
    "Followed",
    "follow",
]

WhatIf = tuple[str, int, int, int, float]
"""(symbol, layer, i, j, value) of a quantity that is to be another."""

CHANGEABLE = ("Θ", "x", "y", "z", "a", "δ", "λ", "η")


@dataclass(frozen=True, eq=False)
class NextStep:
    """The step that follows a snapshot.

    Attributes
    ----------
    rows : array of int
        Its batch: places in the training set, in the order in which it takes them.
    eta, decay : float
        Step size, and weight decay. η is NaN where the solver chooses its own.
    dropout : tuple of float
        Rates by hidden layer.
    plan : Plan or None
        Of mini-batches.
    """

    rows: NDArray[np.int64]
    eta: float
    decay: float = 0.0
    dropout: tuple[float, ...] = ()
    plan: Plan | None = None


def next_step(snapshot: Snapshot) -> NextStep:
    """Return the step that follows."""
    problem, run = snapshot.problem, snapshot.place.run
    settings, rows = problem.settings, problem.training.rows
    if run is None:
        eta = float("nan")
        if settings.solver == "gd" and settings.learning_rate != "adaptive":
            done = snapshot.place.since
            eta = float(step_sizes(settings, done, 1, 1, seen=done)[0, 0])
        return NextStep(np.arange(rows), eta)
    engine = ReferenceEngine(problem.network)
    recorder = Recorder(engine, settings, problem.training.m, run.loop_state, None, (), 1)
    plan = MiniBatchRun(engine, problem.training, settings, run.state, recorder).next_call().plan
    order = row_order(run.state.key, run.state.epoch, rows, plan.batches.shuffle)
    rates = plan.rates[0]
    return NextStep(
        rows=order[run.state.position : run.state.position + plan.batches.size],
        eta=float(rates[RATE]),
        decay=float(rates[DECAY]),
        dropout=tuple(map(float, rates[DROPOUT:])),
        plan=plan,
    )


@dataclass(eq=False)
class Followed:
    """All quantities of one example at θ.

    Attributes
    ----------
    thetas : list of arrays
    x, y : arrays
    z, a, slope, error, delta : lists of arrays
        `z[n]`, `slope[n]`, `error[n]` and `delta[n]` are of layer n + 2, `a[n]` of layer n + 1; `error` is what comes
        from above before it is multiplied by `slope`, which layer L has not.
    factors : list of arrays or None
        What dropout multiplies a⁽ⁿ⁺²⁾ by.
    contributions : list of arrays
        What the example adds to Δ.
    in_batch : bool
        Whether the example belongs to the next step.
    Deltas : list of arrays
        Δ over the batch.
    cost, batch_cost : float
        ℓ of the example, and Σ ℓ over the batch.
    search : Search or None
        The line search of a solver that chooses its own step.
    parts : Layers or None
        Of networks with other parts than layers of units; `z`, `slope` and `error` are empty then.
    """

    snapshot: Snapshot
    step: NextStep
    theta: Array
    x: Array
    y: Array
    factors: list[Array | None]
    in_batch: bool
    lambda_: float
    z: list[Array] = field(default_factory=list)
    a: list[Array] = field(default_factory=list)
    slope: list[Array] = field(default_factory=list)
    error: list[Array] = field(default_factory=list)
    delta: list[Array] = field(default_factory=list)
    cost: float = 0.0
    place: int = 0
    search: Search | None = None
    parts: Layers | None = None

    @cached_property
    def thetas(self) -> list[Array]:
        """Θ⁽¹⁾ … Θ⁽ᴸ⁻¹⁾."""
        return self.snapshot.problem.network.roll(self.theta)

    @cached_property
    def contributions(self) -> list[Array]:
        """What the example adds to Δ, (5)."""
        if self.parts is not None:
            return self.parts.contributions
        return [np.outer(d, np.concatenate([[1.0], a])) for d, a in zip(self.delta, self.a, strict=False)]

    @cached_property
    def batch(self) -> tuple[float, list[Array]]:
        """Σ ℓ and Δ over the batch, with this example as it was followed."""
        problem = self.snapshot.problem
        rows, network = self.step.rows, problem.network
        X = problem.training.X[rows].astype(np.float64)
        Y = problem.training.Y[rows].astype(np.float64)
        with np.errstate(over="ignore", invalid="ignore"):
            cost, Delta = accumulate(network, self.thetas, X, Y, None, _factors(self.snapshot, self.step, rows))
        Deltas = network.roll(Delta)
        if self.in_batch:
            plain = follow_row(self.snapshot, self.step, self.theta, self.place, self.lambda_, ())
            cost += self.cost - plain.cost
            for here, now, before in zip(Deltas, self.contributions, plain.contributions, strict=True):
                here += now - before
        return cost, Deltas

    @cached_property
    def D(self) -> list[Array]:
        """The gradient (6) of the batch."""
        problem, b = self.snapshot.problem, len(self.step.rows)
        of_penalty = penalty_gradient(problem.network, self.theta, self.lambda_, problem.training.m)
        return [Delta / b + more for Delta, more in zip(self.batch[1], problem.network.roll(of_penalty), strict=True)]

    @cached_property
    def clipping(self) -> float:
        """What D is multiplied by where it is longer than `max_grad_norm`; else 1."""
        norm = self.norm
        longest = float("inf") if self.step.plan is None else self.step.plan.max_norm
        return min(1.0, longest / norm) if norm else 1.0

    @cached_property
    def norm(self) -> float:
        """‖D‖."""
        return length(*self.D)

    @cached_property
    def new_theta(self) -> Array | None:
        """θ after the step, in float64; None where the solver chooses its own step."""
        step, run, network = self.step, self.snapshot.place.run, self.snapshot.problem.network
        if np.isnan(step.eta):
            return None if self.search is None else self.search.new_theta
        D = network.unroll(self.D) * self.clipping
        if step.plan is None or run is None:
            return np.asarray(self.theta - step.eta * D)
        start = self.theta.copy()
        for segment in network.segments:
            segment.of(start)[:] *= 1 - step.eta * step.decay * segment.decay
        vectors = tuple(vector.astype(np.float64) for vector in run.state.vectors)
        return step.plan.rule.step(start, D, vectors, run.state.step, step.eta)[0]

    @cached_property
    def new_J(self) -> float:
        """J of the batch after the step."""
        problem, rows = self.snapshot.problem, self.step.rows
        assert self.new_theta is not None
        X, Y = (array[rows].astype(np.float64) for array in (problem.training.X, problem.training.Y))
        factors = _factors(self.snapshot, self.step, rows)
        with np.errstate(over="ignore", invalid="ignore"):
            cost, _ = accumulate(problem.network, problem.network.roll(self.new_theta), X, Y, None, factors)
            new = penalty(problem.network, self.new_theta, self.lambda_, problem.training.m)
        return cost / len(rows) + new

    @cached_property
    def J(self) -> float:
        """J of the batch."""
        return self.batch[0] / len(self.step.rows) + self.penalty

    @cached_property
    def penalty(self) -> float:
        """λ/2m Σ Θ²."""
        return penalty(self.snapshot.problem.network, self.theta, self.lambda_, self.snapshot.problem.training.m)


def follow(snapshot: Snapshot, example: int, what_if: Sequence[WhatIf] = ()) -> Followed:
    """Follow an example, counted from 1 over all rows, through the step that comes next.

    Raises
    ------
    InputError
        If there is no such example, or a quantity that is to be another cannot be.
    """
    dataset, problem = snapshot.opening.dataset, snapshot.problem
    if not 1 <= example <= len(dataset.X):
        raise InputError(f"There is no example {example}: they are 1 to {len(dataset.X)}.")
    for symbol, *_ in what_if:
        if symbol not in CHANGEABLE:
            raise InputError(f"{symbol[:20]!r} cannot be changed here. What can be is {', '.join(CHANGEABLE)}.")
    step = next_step(snapshot)
    theta, lambda_ = np.array(snapshot.theta), problem.settings.alpha
    for symbol, layer, i, j, value in what_if:
        if symbol == "Θ":
            _set(problem.network.roll(theta), (layer - 1, i - 1, j), value, symbol)
        elif symbol == "λ":
            lambda_ = value
        elif symbol == "η":
            step = NextStep(step.rows, value, step.decay, step.dropout, step.plan)
    found = follow_row(snapshot, step, theta, example - 1, lambda_, what_if)
    if snapshot.place.searches is not None and not what_if:
        found.search = snapshot.place.searches.of(snapshot.place.since)
    return found


def follow_row(
    snapshot: Snapshot, step: NextStep, theta: Array, place: int, lambda_: float, what_if: Sequence[WhatIf]
) -> Followed:
    """Follow the row at a place of the data set."""
    dataset, problem = snapshot.opening.dataset, snapshot.problem
    network = problem.network
    in_training = np.searchsorted(dataset.training, place)
    is_learnt = in_training < len(dataset.training) and dataset.training[in_training] == place
    in_batch = bool(is_learnt and (step.rows == in_training).any())
    factors: list[Array | None] = [None] * len(network.parts)
    if in_batch and any(step.dropout):
        factors = [None if f is None else f[0] for f in _factors(snapshot, step, np.array([in_training]))]
    found = Followed(
        snapshot, step, theta, dataset.X[place].copy(), problem.Y[place].copy(), factors, in_batch, lambda_
    )
    found.place = place
    if not has_layers_of_units_alone(network):
        if what_if:
            raise InputError("What if is for networks of layers of units; this one has other parts too.")
        layers = found.parts = through_parts(network, found.thetas, found.x, found.y, factors)
        found.a, found.delta, found.cost = layers.a, layers.delta, layers.cost
        return found
    wanted = [one for one in what_if if one[0] in ("x", "y", "z", "a", "δ")]

    def changed(symbol: str, layer: int, values: Array) -> Array:
        for name, number, i, _, value in wanted:
            if name == symbol and (number == layer or symbol in ("x", "y")):
                _set([values], (0, i - 1), value, symbol)
        return values

    unit = network.output_unit
    with np.errstate(over="ignore", invalid="ignore"):
        found.y = changed("y", 0, found.y)
        found.a.append(changed("a", 1, changed("x", 1, found.x)))
        for n, (part, Theta, factor) in enumerate(zip(network.parts, found.thetas, factors, strict=True)):
            z = changed("z", n + 2, Theta[:, 0] + Theta[:, 1:] @ found.a[n])  # (1)
            g = unit.h(z[np.newaxis])[0] if part.unit is None else part.unit.g(z)
            found.z.append(z)
            found.slope.append(np.ones_like(z) if part.unit is None else part.unit.derivative(z, g))
            found.a.append(changed("a", n + 2, g if factor is None else factor * g))
        last, y = found.z[-1][np.newaxis], found.y[np.newaxis]
        found.cost = float(unit.costs(last, y)[0])
        delta = unit.delta(last, y)[0]  # (3)
        if any(one[0] == "a" and one[1] == network.L for one in wanted):
            delta = found.a[-1] - found.y
        deltas, errors = [changed("δ", network.L, delta)], [delta]
        for n in reversed(range(len(network.parts) - 1)):
            error = found.thetas[n + 1][:, 1:].T @ deltas[0]  # (4)
            factor = factors[n]
            delta = error * found.slope[n] * (1.0 if factor is None else factor)
            errors.insert(0, error)
            deltas.insert(0, changed("δ", n + 2, delta))
    found.delta, found.error = deltas, errors
    return found


def _factors(snapshot: Snapshot, step: NextStep, rows: NDArray[np.int64]) -> list[Array | None]:
    """Return the factors of dropout by part, for rows of the training set."""
    network, run = snapshot.problem.network, snapshot.place.run
    if run is None or not any(step.dropout):
        return []
    key, epoch, rate_of = run.state.key, run.state.epoch, iter(step.dropout)
    return [
        None
        if part.unit is None
        else dropout_factors(key, epoch, rows, layer, part.outputs, next(rate_of), np.dtype(np.float64))
        for layer, part in enumerate(network.parts, 2)
    ]


def _set(arrays: Sequence[Array], place: tuple[int, ...], value: float, symbol: str) -> None:
    n, *rest = place
    if not (
        min(place) >= 0 and n < len(arrays) and all(k < size for k, size in zip(rest, arrays[n].shape, strict=True))
    ):
        raise InputError(f"There is no such {symbol}: layers and units count from 1, and j = 0 is the bias.")
    arrays[n][tuple(rest)] = value
