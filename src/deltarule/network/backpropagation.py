"""Cost and gradient of a network on whole matrices.

    z⁽ˡ⁺¹⁾ = Θ⁽ˡ⁾ [1; a⁽ˡ⁾],   a⁽ˡ⁺¹⁾ = g(z⁽ˡ⁺¹⁾)                                       (1)
    J(Θ) = 1/m Σ_t ℓ(z⁽ᴸ⁾, y) + λ/2m Σ_l Σ_i Σ_{j≥1} (Θ⁽ˡ⁾_ij)²                          (2)
    δ⁽ᴸ⁾ = a⁽ᴸ⁾ − y                                                                      (3)
    δ⁽ˡ⁾ = (Θ⁽ˡ⁾ without column 0)ᵀ δ⁽ˡ⁺¹⁾ ⊙ g′(z⁽ˡ⁾)                                    (4)
    Δ⁽ˡ⁾ := Δ⁽ˡ⁾ + δ⁽ˡ⁺¹⁾ [1; a⁽ˡ⁾]ᵀ                                                     (5)
    D⁽ˡ⁾_ij = 1/m (Δ⁽ˡ⁾_ij + λ Θ⁽ˡ⁾_ij) for j ≥ 1,   1/m Δ⁽ˡ⁾_i0 for j = 0               (6)

The output units define the cost ℓ of an example (`units.py`): for sigmoid outputs, the sum of K logistic costs. The
penalty leaves out the bias column. With weights w of the examples, m is Σ w, and (2) and (5) count example t w_t times.
Rows are examples here, so the equations above appear transposed. The parts of the network (`parts.py`) compute (1), (4)
and (5). Sums over the rows are added by leaves in a fixed tree (`summation.py`), so the memory is bounded whatever m
is.

Source: Rumelhart, Hinton and Williams, "Learning representations by back-propagating errors", Nature 323, 1986.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from deltarule.common.arrays import Array, as_float
from deltarule.network.data import TrainingSet, check_inputs, check_lambda
from deltarule.network.network import Network
from deltarule.network.summation import LEAF_ROWS, TreeSum

__all__ = [
    "accumulate",
    "cost",
    "cost_and_gradient",
    "cost_and_gradient_of",
    "costs_of",
    "error_terms",
    "forward",
    "hypothesis",
    "hypothesis_of",
    "penalty",
    "penalty_gradient",
    "sums",
    "total_cost",
    "total_cost_and_gradient",
]


def cost(
    network: Network,
    theta: ArrayLike,
    X: ArrayLike,
    Y: ArrayLike,
    *,
    lambda_: float = 0.0,
    sample_weight: ArrayLike | None = None,
) -> float:
    """Return the regularised cost J(Θ), equation (2).

    Parameters
    ----------
    network : Network
    theta : array of shape (n_parameters,)
        The arithmetic has its dtype, float32 or float64.
    X : array of shape (m, s₁)
    Y : array of shape (m, K)
        Targets: in 0 … 1 for sigmoid and softmax outputs (rows with sum 1 for softmax), real for identity, ≥ 0 for exp.
    lambda_ : float, default 0
        λ ≥ 0, the strength of the penalty.
    sample_weight : array of shape (m,), optional
        Weights ≥ 0; a weight stands for that many repetitions of its row.

    Returns
    -------
    J : float

    Raises
    ------
    ShapeError, InputError
        If X, Y, θ, λ or the weights do not fit.

    Examples
    --------
    With θ = 0 every answer is ½, which costs log 2:

    >>> cost(Network((1, 1)), np.zeros(2), [[3.0]], [[1.0]])
    0.693147...
    """
    theta = as_float(theta)
    data = TrainingSet.of(network, X, Y, sample_weight, theta.dtype)
    return total_cost(network, theta, data, check_lambda(lambda_))


def cost_and_gradient(
    network: Network,
    theta: ArrayLike,
    X: ArrayLike,
    Y: ArrayLike,
    *,
    lambda_: float = 0.0,
    sample_weight: ArrayLike | None = None,
) -> tuple[float, Array]:
    """Return J(Θ), equation (2), and its gradient D, equations (3) to (6).

    Parameters are those of `cost`.

    Returns
    -------
    J : float
    D : array of shape (n_parameters,), of the dtype of θ
        Unrolled like θ; `network.roll(D)` gives the matrices D⁽ˡ⁾.

    Raises
    ------
    ShapeError, InputError
        If X, Y, θ, λ or the weights do not fit.

    Examples
    --------
    One output, no hidden layer, θ = 0: δ = ½ − 1, so D = −½ [1; x].

    >>> cost_and_gradient(Network((1, 1)), np.zeros(2), [[3.0]], [[1.0]])[1]
    array([-0.5, -1.5])
    """
    theta = as_float(theta)
    data = TrainingSet.of(network, X, Y, sample_weight, theta.dtype)
    J, D = total_cost_and_gradient(network, theta, data, check_lambda(lambda_))
    return J, D.astype(theta.dtype, copy=False)


def hypothesis(network: Network, theta: ArrayLike, X: ArrayLike) -> Array:
    """Return h_Θ(x) of every row, equation (1).

    Returns
    -------
    h : array of shape (m, K), of the dtype of θ

    Examples
    --------
    >>> hypothesis(Network((1, 1)), [0.0, 1.0], [[0.0]])
    array([[0.5]])
    """
    theta = as_float(theta)
    return hypothesis_of(network, theta, check_inputs(network, X, theta.dtype))


def forward(
    network: Network, thetas: list[Array], X: Array, factors: Sequence[Array | None] = ()
) -> tuple[list[Any], list[Array]]:
    """Propagate rows forward, equation (1); with dropout, through the thinned network.

    Parameters
    ----------
    factors : sequence of arrays of shape (m, s_l), l = 2 … L, or None
        What a⁽ˡ⁾ is multiplied by before it goes on (`dropout.py`), None where it is not; empty for no layer.

    Returns
    -------
    kept : list
        What each part keeps for the backward pass: for a `Dense` part `Values`, z⁽ˡ⁺¹⁾ and g(z⁽ˡ⁺¹⁾).
    a : list of arrays of shape (m, s_l), l = 1 … L
        The last one is z⁽ᴸ⁾ instead of a⁽ᴸ⁾, which the output units compute from z⁽ᴸ⁾.
    """
    a = [X]
    kept = []
    for n, (part, Theta) in enumerate(zip(network.parts, thetas, strict=True)):
        a_next, values = part.forward(Theta, a[n], factors[n] if n < len(factors) else None)
        a.append(a_next)
        kept.append(values)
    return kept, a


def error_terms(
    network: Network, thetas: list[Array], kept: list[Any], delta: Array, factors: Sequence[Array | None] = ()
) -> Iterator[tuple[int, Array]]:
    """Go back through the parts, the last one first; yield the index n of each part, and its δ⁽ⁿ⁺²⁾.

    Parameters
    ----------
    kept : list
        From `forward` with the same `factors`.
    delta : array of shape (m, K)
        δ⁽ᴸ⁾, equation (3).
    """
    parts = network.parts
    for n in reversed(range(len(parts))):
        yield n, delta
        if n > 0:
            error = parts[n].error(thetas[n], kept[n], delta)  # (4)
            delta = parts[n - 1].delta(thetas[n - 1], kept[n - 1], error, factors[n - 1] if factors else None)


def accumulate(
    network: Network,
    thetas: list[Array],
    X: Array,
    Y: Array,
    weights: Array | None,
    factors: Sequence[Array | None] = (),
) -> tuple[float, Array]:
    """Return Σ_t w_t ℓ_t and Δ, unrolled, over some rows: one leaf, or one mini-batch; `factors` as for `forward`."""
    kept, a = forward(network, thetas, X, factors)
    costs = network.output_unit.costs(a[-1], Y)  # (m,)
    delta = network.output_unit.delta(a[-1], Y)  # (3), (m, K)
    if weights is not None:
        costs = weights * costs
        delta = weights[:, np.newaxis] * delta
    Delta = np.empty(network.n_parameters, dtype=X.dtype)
    Deltas = network.roll(Delta)
    for n, delta_n in error_terms(network, thetas, kept, delta, factors):
        network.parts[n].gradient(kept[n], a[n], delta_n, Deltas[n])  # (5)
    return float(costs.sum(dtype=np.float64)), Delta


def penalty(network: Network, theta: Array, lambda_: float, m: float) -> float:
    """Return λ/2m Σ_l Σ_i Σ_{j≥1} (Θ⁽ˡ⁾_ij)², the second part of (2)."""
    if lambda_ == 0:
        return 0.0
    squares = 0.0
    for segment in network.segments:
        if segment.penalised:
            squares += float(np.square(segment.of(theta), dtype=np.float64).sum())
    return lambda_ / (2 * m) * squares


def penalty_gradient(network: Network, theta: Array, lambda_: float, m: float) -> Array:
    """Return λ/m Θ with the bias columns 0, unrolled: the second part of (6)."""
    gradient = theta * theta.dtype.type(lambda_ / m)
    for segment in network.segments:
        if not segment.penalised:
            segment.of(gradient)[:] = 0
    return np.asarray(gradient)


def total_cost(network: Network, theta: Array, data: TrainingSet, lambda_: float) -> float:
    """Return (2) over a checked training set, without the backward pass."""
    thetas = network.roll(theta.astype(data.X.dtype, copy=False))
    total = TreeSum()
    for X, Y, weights in _leaves(data):
        costs = _costs(network, thetas, X, Y)
        total.add((costs if weights is None else weights * costs).sum(dtype=np.float64, keepdims=True))
    return float(total.result()[0]) / data.m + penalty(network, theta, lambda_, data.m)


def total_cost_and_gradient(network: Network, theta: Array, data: TrainingSet, lambda_: float) -> tuple[float, Array]:
    """Return (2) and (6) over a checked training set; D in float64 whatever the dtype of the data."""
    return cost_and_gradient_of(network, theta, sums(network, theta, data), lambda_, data.m)


def cost_and_gradient_of(network: Network, theta: Array, total: Array, lambda_: float, m: float) -> tuple[float, Array]:
    """Return (2) and (6) from the sums over a whole training set, as `sums` returns them."""
    J = float(total[0]) / m + penalty(network, theta, lambda_, m)
    D = total[1:] / m
    if lambda_ != 0:
        D += penalty_gradient(network, theta, lambda_, m)  # (6)
    return J, D


def sums(network: Network, theta: Array, data: TrainingSet) -> Array:
    """Return [Σ_t w_t ℓ_t, Δ …] over the rows at hand, without the division by m and without the penalty.

    The sums of the parts of a training set add up to the sum of the whole set. If every part but the last has 2ⁿ
    leaves, adding them by a `TreeSum` is bit-identical to the sum of the whole set.

    Returns
    -------
    sums : array of shape (1 + n_parameters,), float64
    """
    thetas = network.roll(theta.astype(data.X.dtype, copy=False))
    total = TreeSum()
    for X, Y, weights in _leaves(data):
        leaf_cost, leaf_Delta = accumulate(network, thetas, X, Y, weights)
        total.add(np.concatenate([[leaf_cost], leaf_Delta], dtype=np.float64))
    return total.result()


def costs_of(network: Network, theta: Array, data: TrainingSet) -> Array:
    """Return the cost of each row of a checked training set, in float64, without weight and without penalty."""
    thetas = network.roll(theta.astype(data.X.dtype, copy=False))
    return np.concatenate([_costs(network, thetas, X, Y) for X, Y, _ in _leaves(data)], dtype=np.float64)


def hypothesis_of(network: Network, theta: Array, X: Array) -> Array:
    """Return h of checked rows, a leaf of rows at a time."""
    thetas = network.roll(theta)
    h = np.empty((X.shape[0], network.K), dtype=theta.dtype)
    for start in range(0, X.shape[0], LEAF_ROWS):
        _, a = forward(network, thetas, X[start : start + LEAF_ROWS])
        h[start : start + LEAF_ROWS] = network.output_unit.h(a[-1])
    return h


def _costs(network: Network, thetas: list[Array], X: Array, Y: Array) -> Array:
    _, a = forward(network, thetas, X)
    return network.output_unit.costs(a[-1], Y)  # (m,)


def _leaves(data: TrainingSet) -> Iterator[tuple[Array, Array, Array | None]]:
    for start in range(0, data.rows, LEAF_ROWS):
        yield data.take(slice(start, start + LEAF_ROWS))
