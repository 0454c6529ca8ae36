"""What the tests judge by: an oracle in many digits that shares no code with the library, and a rounding bound."""

from itertools import pairwise
from typing import Any

import mpmath as mp
import numpy as np

from deltarule import Network
from deltarule.common.arrays import Array
from deltarule.network.data import TrainingSet
from deltarule.network.parts import Unit

mp.mp.dps = 60

_SELU_SCALE, _SELU_ALPHA = mp.mpf("1.0507009873554805"), mp.mpf("1.6732632423543772")


def _elu(z: Any, alpha: float = 1.0) -> Any:
    return z if z > 0 else mp.mpf(alpha) * mp.expm1(z)


# Each takes z and the numbers of the unit.
HIDDEN: dict[str, Any] = {
    "logistic": lambda z: 1 / (1 + mp.exp(-z)),
    "tanh": mp.tanh,
    "relu": lambda z: z if z > 0 else mp.mpf(0),
    "identity": lambda z: z,
    "leaky_relu": lambda z, slope=0.01: z if z > 0 else z * mp.mpf(slope),
    "elu": _elu,
    "selu": lambda z: _SELU_SCALE * (z if z > 0 else _SELU_ALPHA * _elu(z)),
    "gelu": lambda z: z * mp.ncdf(z),
    "gelu_tanh": lambda z: z / (1 + mp.exp(-2 * mp.sqrt(2 / mp.pi) * (z + mp.mpf("0.044715") * z**3))),
    "silu": lambda z: z / (1 + mp.exp(-z)),
    "mish": lambda z: z * mp.tanh(mp.log1p(mp.exp(z))),
    "softplus": lambda z: mp.log1p(mp.exp(z)),
}


def _row_cost(network: Network, z: list[Any], y: list[Any]) -> Any:
    """Cost of one example from the definitions: negative log-likelihood, ½ squared error, half the Poisson deviance,
    Huber's function by cases, the pinball losses of sorted quantiles."""
    output, numbers = network.output, network.output_numbers
    if output == "huber":
        kappa = mp.mpf(numbers[0])
        r = [abs(z_k - y_k) for z_k, y_k in zip(z, y, strict=True)]
        return sum(r_k**2 / 2 if r_k <= kappa else kappa * r_k - kappa**2 / 2 for r_k in r)
    if output == "pinball":
        r = [y_k - h_k for h_k, y_k in zip(sorted(z), y, strict=True)]
        return sum(
            r_k * mp.mpf(tau) if r_k > 0 else -r_k * (1 - mp.mpf(tau)) for r_k, tau in zip(r, numbers, strict=True)
        )
    if output == "sigmoid":
        h = [1 / (1 + mp.exp(-z_k)) for z_k in z]
        return -sum(y_k * mp.log(h_k) + (1 - y_k) * mp.log(1 - h_k) for h_k, y_k in zip(h, y, strict=True))
    if output == "softmax":
        total = sum(mp.exp(z_k) for z_k in z)
        return -sum(y_k * mp.log(mp.exp(z_k) / total) for z_k, y_k in zip(z, y, strict=True))
    if output == "identity":
        return sum((z_k - y_k) ** 2 for z_k, y_k in zip(z, y, strict=True)) / 2
    return sum(
        mp.exp(z_k) - y_k * z_k + (y_k * mp.log(y_k) if y_k > 0 else 0) - y_k for z_k, y_k in zip(z, y, strict=True)
    )


def mp_cost(
    network: Network,
    theta: list[Any],
    X: Array,
    Y: Array,
    lambda_: float = 0.0,
    weights: Array | None = None,
) -> Any:
    """J of equation (2) with 60 digits, example by example, unit by unit, θ read by hand from the flat vector."""
    w = [mp.mpf(1)] * len(X) if weights is None else [mp.mpf(float(v)) for v in weights]
    m = sum(w)
    data, squares = mp.mpf(0), mp.mpf(0)
    for t in range(len(X)):
        a = [mp.mpf(float(v)) for v in X[t]]
        place = 0
        for layer, (s, s_next) in enumerate(pairwise(network.sizes)):
            z = []
            for _ in range(s_next):
                row = theta[place : place + s + 1]
                place += s + 1
                z.append(row[0] + mp.fdot(row[1:], a))
                if t == 0:
                    squares += sum(v * v for v in row[1:])
            if layer < len(network.hidden):
                g, numbers = HIDDEN[network.hidden[layer]], network.hidden_numbers[layer]
                z = [g(z_i, *numbers) for z_i in z]
            a = z
        data += w[t] * _row_cost(network, a, [mp.mpf(float(v)) for v in Y[t]])
    return data / m + mp.mpf(lambda_) / (2 * m) * squares


def mp_gradient(
    network: Network, theta: Array, X: Array, Y: Array, lambda_: float = 0.0, weights: Array | None = None
) -> tuple[float, Array]:
    """J and its central differences with a step of 1e-20 at 60 digits: 1e-40 is the error that is left."""
    exact = [mp.mpf(float(v)) for v in theta]
    h = mp.mpf(10) ** -20
    D = np.empty(len(theta))
    for p in range(len(theta)):
        up, down = exact.copy(), exact.copy()
        up[p] += h
        down[p] -= h
        D[p] = float(
            (mp_cost(network, up, X, Y, lambda_, weights) - mp_cost(network, down, X, Y, lambda_, weights)) / (2 * h)
        )
    return float(mp_cost(network, exact, X, Y, lambda_, weights)), D


NUMBERED = [
    Unit("elu", 30),
    Unit("leaky_relu", 0.2),
    Unit("leaky_relu", 0.0),
    Unit("leaky_relu", 1.0),
    Unit("elu", 0.5),
]
"""Units whose numbers are not their defaults."""

# The largest |g′|, the largest |g″|, and units of rounding in g and g′ themselves. Those of elu are for α = 1.
_SLOPE = {"logistic": 0.25, "tanh": 1.0, "relu": 1.0, "identity": 1.0, "leaky_relu": 1.0, "elu": 1.0}
_SLOPE |= {"selu": 1.7581, "gelu": 1.1290, "gelu_tanh": 1.1290, "silu": 1.0999, "mish": 1.0885, "softplus": 1.0}
_CURVE = {"logistic": 0.0963, "tanh": 0.77, "relu": 0.0, "identity": 0.0, "leaky_relu": 0.0, "elu": 1.0}
_CURVE |= {"selu": 1.7581, "gelu": 0.7979, "gelu_tanh": 0.7979, "silu": 0.5, "mish": 0.6443, "softplus": 0.25}
_OWN = 8


def _steepest(unit: Unit) -> float:
    return max(_SLOPE[unit.name], *unit.numbers) if unit.numbers else _SLOPE[unit.name]


def _bent(unit: Unit) -> float:
    return _CURVE[unit.name] * (unit.numbers[0] if unit.numbers else 1.0)


def _gamma(n: int, u: float) -> float:
    return n * u / (1 - n * u)


def rounding_bound(
    network: Network,
    theta: Array,
    X: Array,
    Y: Array,
    lambda_: float = 0.0,
    weights: Array | None = None,
    u: float = float(np.finfo(np.float64).eps) / 2,
) -> tuple[float, Array]:
    """Bounds to first order in u on the rounding error of J and of each D, by Higham 2002, §3.1.

    A sum of n products carries γ_n Σ|a||b|; errors that come in are carried on by |Θ|, by the largest slope of a unit
    and, through g′, by its largest curvature. Holds for any order of summation.
    """
    thetas = [np.asarray(Theta, dtype=np.float64) for Theta in network.roll(theta)]
    w = np.ones(len(X)) if weights is None else np.asarray(weights, dtype=np.float64)
    m = w.sum()
    unit = network.output_unit
    a, error_a, z, error_z = [np.asarray(X, dtype=np.float64)], [np.zeros(X.shape)], [], []
    for n, Theta in enumerate(thetas):
        size = np.abs(a[n]) @ np.abs(Theta[:, 1:]).T + np.abs(Theta[:, 0])
        error_z.append(_gamma(Theta.shape[1] + 2, u) * size + error_a[n] @ np.abs(Theta[:, 1:]).T)
        z.append(a[n] @ Theta[:, 1:].T + Theta[:, 0])
        if n < len(network.hidden):
            a.append(network.hidden_units[n].g(z[n]))
            error_a.append(_steepest(network.hidden_units[n]) * error_z[n] + _OWN * u * np.abs(a[-1]))
    y = np.asarray(Y, dtype=np.float64)
    h, delta = unit.h(z[-1]), unit.delta(z[-1], y)
    one = np.ones(h.shape)  # the slope of δ; that of pinball jumps between the examples of a test
    slope = {"sigmoid": one / 4, "softmax": one, "identity": one, "exp": h, "huber": one, "pinball": 0 * one}
    spread = error_z[-1].max(axis=1, keepdims=True) if network.output == "softmax" else error_z[-1]
    own = _OWN * network.K * u * (np.abs(h) + np.abs(y))
    error = slope[network.output] * spread + own
    row_costs = unit.costs(z[-1], y)
    cost_terms = np.abs(row_costs) + (np.abs(z[-1]) * (1 + np.abs(y)) + np.abs(h) + y * y).sum(axis=1)
    error_cost = (
        w @ ((np.abs(delta) * error_z[-1]).sum(axis=1) + _gamma(_OWN + 2 * network.K, u) * cost_terms)
        + _gamma(len(X) + 4, u) * (w @ np.abs(row_costs))
    ) / m
    squares = sum(float((Theta[:, 1:] ** 2).sum()) for Theta in thetas)
    error_J = error_cost + _gamma(network.n_parameters + 8, u) * lambda_ / (2 * m) * squares
    bounds: list[Array] = []
    delta, error = w[:, np.newaxis] * delta, w[:, np.newaxis] * (error + 2 * u * np.abs(delta))
    for n in reversed(range(len(thetas))):
        ones = np.ones((len(X), 1))
        inputs, input_errors = np.hstack([ones, np.abs(a[n])]), np.hstack([0 * ones, error_a[n]])
        total = error.T @ inputs + np.abs(delta).T @ input_errors
        total += _gamma(len(X) + 8, u) * (np.abs(delta).T @ inputs)
        total += 8 * u * lambda_ * np.abs(thetas[n])
        bounds.insert(0, total / m)
        if n > 0:
            hidden, Theta = network.hidden_units[n - 1], np.abs(thetas[n][:, 1:])
            back = np.abs(delta @ thetas[n][:, 1:])
            g_slope = np.abs(hidden.derivative(z[n - 1], a[n]))
            error = (error @ Theta + _gamma(len(Theta) + 2, u) * (np.abs(delta) @ Theta)) * g_slope + back * (
                _bent(hidden) * error_z[n - 1] + _OWN * u * _steepest(hidden)
            )
            delta = (delta @ thetas[n][:, 1:]) * network.hidden_units[n - 1].derivative(z[n - 1], a[n])
    return float(error_J), network.unroll(bounds)


def problem(
    network: Network, m: int, seed: int = 0, weighted: bool = False
) -> tuple[Array, Array, Array, Array | None]:
    """θ, X, Y and weights that fit a network, from a seed. θ has biases too."""
    generator = np.random.default_rng(seed)
    theta = network.first_theta(generator) + 0.1 * generator.standard_normal(network.n_parameters)
    X = generator.standard_normal((m, network.sizes[0]))
    if network.output == "softmax":
        Y = np.eye(network.K)[generator.integers(0, network.K, m)]
    elif network.output == "sigmoid":
        Y = generator.integers(0, 2, (m, network.K)).astype(np.float64)
    elif network.output == "exp":
        Y = generator.poisson(2.0, (m, network.K)).astype(np.float64)
    else:
        Y = generator.standard_normal((m, network.K))
    return theta, X, Y, generator.integers(1, 4, m).astype(np.float64) if weighted else None


def training_set(
    network: Network, m: int, dtype: type = np.float64, weighted: bool = True
) -> tuple[Array, TrainingSet]:
    theta, X, Y, weights = problem(network, m, weighted=weighted)
    data = TrainingSet.of(network, X.astype(dtype), Y, weights, np.dtype(dtype))
    return (0.5 * theta).astype(dtype), data
