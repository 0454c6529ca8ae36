"""The terms of the cost ℓ (2) of one example, with numbers."""

from collections.abc import Callable

import numpy as np

from deltarule.common.arrays import Array
from deltarule.explain.numbers import factor, listed, number
from deltarule.network.textbook import ExampleTrace

__all__ = ["cost_terms"]


def cost_terms(trace: ExampleTrace, room: int) -> str:
    """Write the largest terms that fit, with numbers; logarithms are computed from z, so that no digit is lost."""
    z, h, y, output = trace.z[-1], trace.h, trace.y, trace.network.output
    if output == "sigmoid":
        sides = np.column_stack([y, 1 - y]).ravel()
        logs = -np.logaddexp(0, np.column_stack([-z, z]).ravel())  # log h_1, log(1 − h_1), log h_2 …
        return _logarithms(sides, logs, lambda k: _log_of_rest(h[k // 2], logs[k]) if k % 2 else _log(logs[k]), room)
    if output == "softmax":
        logs = z - np.logaddexp.reduce(z)
        return _logarithms(y, logs, lambda k: _log(logs[k]), room)
    if output == "identity":
        return f"½ [ {listed(h - y, lambda k: f'({number(h[k])} − {factor(y[k])})²', ' + ', room)} ]"
    if output == "huber":
        costs = [
            float(trace.network.output_unit.costs(h[[k]][np.newaxis], y[[k]][np.newaxis])[0]) for k in range(len(h))
        ]
        kappa = trace.network.output_numbers[0]
        return listed(np.array(costs), lambda k: _huber(h[k], y[k], kappa), " + ", room)
    if output == "pinball":
        tau = np.array(trace.network.output_numbers)
        costs_of = np.where(y > h, tau * (y - h), (1 - tau) * (h - y))
        return listed(costs_of, lambda k: _pinball(h[k], y[k], tau[k]), " + ", room)
    constant = y * np.log(np.where(y > 0, y, 1)) - y

    def term(k: int) -> str:
        return f"({number(h[k])} − {number(y[k])}·{factor(z[k])} + {factor(constant[k])})"

    return listed(h - y * z + constant, term, " + ", room)


def _huber(h: float, y: float, kappa: float) -> str:
    if abs(h - y) <= kappa:
        return f"½ ({number(h)} − {factor(y)})²"
    high, low = max(h, y), min(h, y)
    return f"{number(kappa)}·({number(high)} − {factor(low)} − {number(kappa / 2)})"


def _pinball(h: float, y: float, tau: float) -> str:
    if y > h:
        return f"{number(tau)}·({number(y)} − {factor(h)})"
    return f"(1 − {number(tau)})·({number(h)} − {factor(y)})"


def _logarithms(factors: Array, logs: Array, write: Callable[[int], str], room: int) -> str:
    there = np.flatnonzero(factors)

    def term(n: int) -> str:
        k = int(there[n])
        return ("" if factors[k] == 1 else f"{number(factors[k])}·") + write(k)

    return f"−[ {listed(factors[there] * logs[there], term, ' + ', room)} ]"


def _log(log: float) -> str:
    """Write log p of a probability p, even if p is very near to 0 or 1."""
    if log < -700:
        return f"log e^{number(log)}"
    return f"log(1 − {number(-np.expm1(log))})" if log > -5e-5 else f"log {number(np.exp(log))}"


def _log_of_rest(h: float, log: float) -> str:
    """Write log(1 − h), with h itself if its four digits determine 1 − h."""
    return f"log(1 − {number(h)})" if h <= 0.99 else _log(log)
