"""Networks and plans as arguments of the compiled core, which knows names and numbers and no class of this package."""

from collections.abc import Sequence
from typing import Any

from deltarule.engines.plan import Plan
from deltarule.network.curves import Periodic, PiecewiseLinear
from deltarule.network.first_floor import Beside, Embedding, Keep, Scale
from deltarule.network.network import Network
from deltarule.network.parametric import Parametric
from deltarule.network.parts import Dense, Part

__all__ = ["network_arguments", "plan_arguments"]

_CoreFloor = list[tuple[str, int, int, int, list[list[float]]]]
"""Kind, inputs, width, size and knots of each part that stands beside others."""


def network_arguments(network: Network) -> dict[str, Any] | None:
    """Return the arguments of the core's `Engine` that describe a network; None if the core has no code for it.

    The core takes a chain of three: parts of the first floor side by side, or one alone, or none; a `Scale` behind
    them, or none; and `Dense` parts, each of which may have `Parametric` behind it.

    Examples
    --------
    >>> network_arguments(Network((3, 4, 2), "tanh"))["sizes"]
    [3, 4, 2]
    >>> network_arguments(Network([Dense(3, 4, "tanh"), Scale(4), Dense(4, 2)])) is None
    True
    """
    parts = list(network.parts)
    floor: _CoreFloor = []
    is_scaled = False
    if not isinstance(parts[0], Dense | Parametric):
        first = parts.pop(0)
        columns = [_of_floor(part) for part in (first.parts if isinstance(first, Beside) else [first])]
        floor = [column for column in columns if column is not None]
        if len(floor) < len(columns):
            return None
        is_scaled = isinstance(parts[0], Scale)
        if is_scaled:
            parts.pop(0)
    layers = _layers(parts)
    if layers is None:
        return None
    dense, learnt = layers
    return {
        "sizes": [dense[0].inputs, *(part.outputs for part in dense)],
        "hidden": list(network.hidden),
        "hidden_numbers": [list(numbers) for numbers in network.hidden_numbers],
        "output": network.output,
        "output_numbers": list(network.output_numbers),
        "learnt": learnt,
        "floor": floor,
        "scaled": is_scaled,
    }


def plan_arguments(network: Network, plan: Plan) -> dict[str, Any]:
    """Return the arguments of the core's `Plan`."""
    factors = None
    if plan.factors:
        factors = [(one.rate, one.decay) for one in plan.factors_of(network)]
    return {
        "rule": plan.rule.name,
        "numbers": list(plan.rule.parameters),
        "batch_size": plan.batches.size,
        "shuffle": plan.batches.shuffle,
        "lambda_": plan.lambda_,
        "max_norm": plan.max_norm,
        "factors": factors,
    }


def _of_floor(part: Part) -> tuple[str, int, int, int, list[list[float]]] | None:
    match part:
        case Keep() | Scale():
            return part.kind, part.inputs, 1, 0, []
        case Embedding():
            return part.kind, 1, part.width, part.categories, []
        case PiecewiseLinear():
            return part.kind, part.inputs, part.width, 0, [list(column) for column in part.knots]
        case Periodic():
            return part.kind, part.columns, part.width, part.frequencies, []
    return None


def _layers(parts: Sequence[Part]) -> tuple[list[Dense], list[bool]] | None:
    """Return the `Dense` parts, and whether `Parametric` follows each but the last; None if there are other parts."""
    dense: list[Dense] = []
    learnt: list[bool] = []
    for part in parts:
        if isinstance(part, Dense):
            dense.append(part)
            learnt.append(False)
        elif isinstance(part, Parametric) and dense and dense[-1].unit is None and not learnt[-1]:
            learnt[-1] = True
        else:
            return None
    return dense, learnt[:-1]
