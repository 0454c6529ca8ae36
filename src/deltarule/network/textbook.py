"""Backpropagation exactly as in the lecture notes, to be read beside them and to test the fast version.

    Δ⁽ˡ⁾_ij := 0
    for t = 1 … m:
        a⁽¹⁾ := x⁽ᵗ⁾
        forward:   z⁽ˡ⁺¹⁾_i = Θ⁽ˡ⁾_i0 + Σ_j Θ⁽ˡ⁾_ij a⁽ˡ⁾_j,   a⁽ˡ⁺¹⁾_i = g(z⁽ˡ⁺¹⁾_i)       (1)
        δ⁽ᴸ⁾_k = a⁽ᴸ⁾_k − y⁽ᵗ⁾_k                                                        (3)
        back to layer 2:   δ⁽ˡ⁾_j = (Σ_i Θ⁽ˡ⁾_ij δ⁽ˡ⁺¹⁾_i) g′(z⁽ˡ⁾_j)                    (4)
        Δ⁽ˡ⁾_ij := Δ⁽ˡ⁾_ij + a⁽ˡ⁾_j δ⁽ˡ⁺¹⁾_i   with a⁽ˡ⁾_0 = 1                            (5)
    D⁽ˡ⁾_ij = 1/m (Δ⁽ˡ⁾_ij + λ Θ⁽ˡ⁾_ij)  for j ≥ 1
    D⁽ˡ⁾_i0 = 1/m Δ⁽ˡ⁾_i0                for j = 0                                      (6)

A network may have other parts than layers of units; for their Θ, δ and Δ, `textbook_floor.py` has equations (7) to
(11), and z⁽ˡ⁾ is a⁽ˡ⁾ where a part has no weighted inputs.

Every sum over units is a loop over units, in double precision. It is slow, and meant to be: nothing here is shared
with `parts.py` and `backpropagation.py` but the units, the shapes and the checks of the input. For training, use
anything else in this library.

Source: the machine-learning course whose notation this is (lecture 9 and exercise 4), after Rumelhart, Hinton and
Williams 1986.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from deltarule.common.arrays import Array, as_dense
from deltarule.network.data import TrainingSet, check_lambda
from deltarule.network.network import Network
from deltarule.network.parts import Dense
from deltarule.network.textbook_floor import contribution_of, error_of, out_of

__all__ = ["ExampleTrace", "Trace", "trace", "trace_example"]


@dataclass(frozen=True, eq=False)
class ExampleTrace:
    """One example's pass through the network: every value that the algorithm computes for it.

    Attributes
    ----------
    network : Network
    thetas : list of arrays
        Θ⁽¹⁾ … Θ⁽ᴸ⁻¹⁾, the parameters of each part.
    x : array of shape (s₁,)
    y : array of shape (K,)
    weight : float
        How many repetitions the example stands for; `delta`, `contributions` and `cost` are those of one.
    z : list of arrays of shape (s_l,)
        z⁽²⁾ … z⁽ᴸ⁾: `z[0]` is z⁽²⁾. Of parts other than `Dense` it is a.
    a : list of arrays of shape (s_l,)
        a⁽¹⁾ = x … a⁽ᴸ⁾ = h: `a[0]` is a⁽¹⁾.
    delta : list of arrays of shape (s_l,)
        δ⁽²⁾ … δ⁽ᴸ⁾, ∂ℓ/∂z: `delta[0]` is δ⁽²⁾.
    contributions : list of arrays
        What the example adds to Δ⁽¹⁾ … Δ⁽ᴸ⁻¹⁾, of the shapes of Θ.
    cost : float
        ℓ, its term of the cost (2) before the division by m.
    """

    network: Network
    thetas: list[Array]
    x: Array
    y: Array
    weight: float
    z: list[Array]
    a: list[Array]
    delta: list[Array]
    contributions: list[Array]
    cost: float

    @property
    def h(self) -> Array:
        """The hypothesis a⁽ᴸ⁾."""
        return self.a[-1]

    def _repr_html_(self) -> str:
        return _written(self, "html")

    def _repr_markdown_(self) -> str:
        return _written(self, "markdown")


@dataclass(frozen=True, eq=False)
class Trace:
    """A whole pass over a training set.

    Attributes
    ----------
    examples : list of ExampleTrace
    Delta, D : list of arrays
        Δ⁽ˡ⁾ of (5) and D⁽ˡ⁾ of (6), of the shapes of Θ.
    data_cost, penalty : float
        The two parts of (2).
    lambda_ : float
        The strength λ of the penalty.
    """

    examples: list[ExampleTrace]
    Delta: list[Array]
    D: list[Array]
    data_cost: float
    penalty: float
    lambda_: float

    @property
    def network(self) -> Network:
        """The network that the examples went through."""
        return self.examples[0].network

    @property
    def m(self) -> float:
        """The number of examples; with weights their sum."""
        return sum(example.weight for example in self.examples)

    @property
    def J(self) -> float:
        """The regularised cost, (2)."""
        return self.data_cost + self.penalty

    def _repr_html_(self) -> str:
        return _written(self, "html")

    def _repr_markdown_(self) -> str:
        return _written(self, "markdown")


def trace(
    network: Network,
    theta: ArrayLike,
    X: ArrayLike,
    Y: ArrayLike,
    *,
    lambda_: float = 0.0,
    sample_weight: ArrayLike | None = None,
) -> Trace:
    """Run the algorithm at the head of this file over a training set and keep every value.

    Parameters and errors are those of `deltarule.cost_and_gradient`. Sparse rows become dense one by one.

    Examples
    --------
    >>> result = trace(Network((1, 1)), [0.0, 0.0], [[3.0], [1.0]], [[1.0], [0.0]])
    >>> result.Delta[0], result.D[0]
    (array([[ 0., -1.]]), array([[ 0. , -0.5]]))
    """
    thetas = network.roll(np.asarray(theta, dtype=np.float64))
    data = TrainingSet.of(network, X, Y, sample_weight, np.dtype(np.float64))
    lambda_ = check_lambda(lambda_)
    weights = [1.0] * data.rows if data.weights is None else [float(w) for w in data.weights]
    m = sum(weights)

    Delta = [np.zeros(shape) for shape in network.shapes]
    examples = []
    data_cost = 0.0
    for t in range(data.rows):
        example = _example(network, thetas, as_dense(data.X[[t]])[0], data.Y[t], weights[t])
        examples.append(example)
        data_cost += weights[t] * example.cost
        for Delta_l, contribution in zip(Delta, example.contributions, strict=True):
            Delta_l += weights[t] * contribution  # (5)

    D = [np.zeros(shape) for shape in network.shapes]
    squares = 0.0
    for part, Theta, Delta_l, D_l in zip(network.parts, thetas, Delta, D, strict=True):
        if not isinstance(part, Dense):
            for place in np.ndindex(part.shape):
                D_l[place] = Delta_l[place] / m  # (6) without penalty
            continue
        s_next, columns = Theta.shape
        for i in range(s_next):
            D_l[i, 0] = Delta_l[i, 0] / m  # (6), j = 0
            for j in range(1, columns):
                D_l[i, j] = (Delta_l[i, j] + lambda_ * Theta[i, j]) / m  # (6)
                squares += float(Theta[i, j]) ** 2
    return Trace(examples, Delta, D, data_cost / m, lambda_ / (2 * m) * squares, lambda_)


def trace_example(
    network: Network, theta: ArrayLike, x: ArrayLike, y: ArrayLike, *, weight: float = 1.0
) -> ExampleTrace:
    """Follow one example through (1), (3), (4) and (5).

    Parameters
    ----------
    network : Network
    theta : array of shape (n_parameters,)
    x : array of shape (s₁,), or a row of a sparse matrix
    y : array of shape (K,)
    weight : float, default 1

    Raises
    ------
    ShapeError, InputError
        If θ, x or y does not fit the network.

    Examples
    --------
    >>> trace_example(Network((1, 1)), [0.0, 0.0], [3.0], [1.0]).delta
    [array([-0.5])]
    """
    thetas = network.roll(np.asarray(theta, dtype=np.float64))
    data = TrainingSet.of(network, np.atleast_2d(as_dense(x)), np.atleast_2d(y), [weight], np.dtype(np.float64))
    return _example(network, thetas, data.X[0], data.Y[0], weight)


def _example(network: Network, thetas: list[Array], x: Array, y: Array, weight: float) -> ExampleTrace:
    a = [x]
    z = []
    for n, (part, Theta) in enumerate(zip(network.parts, thetas, strict=True)):
        if not isinstance(part, Dense):
            a.append(out_of(part, Theta, a[n]))  # (7) to (11)
            z.append(a[-1])
            continue
        s_next, columns = Theta.shape
        z_next = np.zeros(s_next)
        for i in range(s_next):
            z_next[i] = Theta[i, 0]  # times the bias unit, 1
            for j in range(1, columns):
                z_next[i] += Theta[i, j] * a[n][j - 1]  # (1)
        z.append(z_next)
        if n == len(thetas) - 1:
            a.append(network.output_unit.h(z_next[np.newaxis])[0])
        else:
            a.append(z_next if part.unit is None else part.unit.g(z_next))

    last_z, last_y = z[-1][np.newaxis], y[np.newaxis]
    deltas = [network.output_unit.delta(last_z, last_y)[0]]  # (3)
    for n in reversed(range(1, len(thetas))):
        part, below, Theta, delta_next = network.parts[n], network.parts[n - 1], thetas[n], deltas[0]
        if isinstance(part, Dense):
            delta = np.zeros(len(a[n]))
            for j in range(len(delta)):
                for i in range(len(delta_next)):
                    delta[j] += Theta[i, j + 1] * delta_next[i]  # (4)
        else:
            delta = error_of(part, Theta, a[n], delta_next)  # (7) to (11)
        if isinstance(below, Dense) and below.unit is not None:
            slope = below.unit.derivative(z[n - 1], a[n])
            for j in range(len(delta)):
                delta[j] *= slope[j]  # (4)
        deltas.insert(0, delta)

    contributions = []
    for n, (part, Theta) in enumerate(zip(network.parts, thetas, strict=True)):
        if not isinstance(part, Dense):
            contributions.append(contribution_of(part, Theta, a[n], deltas[n]))  # (7) to (11)
            continue
        contribution = np.zeros(Theta.shape)
        for i in range(Theta.shape[0]):
            contribution[i, 0] = deltas[n][i]  # a_0 = 1
            for j in range(1, Theta.shape[1]):
                contribution[i, j] = a[n][j - 1] * deltas[n][i]  # (5)
        contributions.append(contribution)
    cost = float(network.output_unit.costs(last_z, last_y)[0])
    return ExampleTrace(network, thetas, x, y, weight, z, a, deltas, contributions, cost)


def _written(trace: ExampleTrace | Trace, form: str) -> str:
    # A notebook asks the value for its HTML. `explain` is in a layer above this file, so it is imported only here.
    from deltarule.explain import explain

    return explain(trace, form=form)
