"""The parts of a network in ONNX: z of X, for each member.

Constants are the pieces of θ under their own names, the last two axes of a weight exchanged, as MatMul takes them:
`Theta1.weight` of one network, `member1/periodic1.frequency` of an estimator of tables. What follows from them, such as
2πω and 1 − α, is computed in the graph, which runtimes do once when they load it.
"""

from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any

import numpy as np

from deltarule.common.arrays import Array
from deltarule.exchange.writing.exported import Exported
from deltarule.exchange.writing.onnx_units import Graph, hidden
from deltarule.network.curves import Periodic, PiecewiseLinear
from deltarule.network.first_floor import Beside, Embedding, Keep, Scale
from deltarule.network.network import Network
from deltarule.network.parametric import Parametric
from deltarule.network.parts import Dense, Part

__all__ = ["add_members", "is_turned", "name_of_piece"]

Pieces = Mapping[str, Array]
"""The pieces of the θ of a part, by the names of their constants."""


def add_members(graph: Graph, exported: Exported, X: str) -> list[str]:
    """Add the way of X through each member; return the weighted inputs z of the last layer."""
    return [_add_network(graph, exported, member, X) for member in range(1, len(exported.thetas) + 1)]


def name_of_piece(network: Network, member: int, piece: str) -> str:
    """Return the name of the constant that is a piece of θ.

    >>> name_of_piece(Network((2, 3, 1)), 1, "dense2.bias")
    'Theta2.bias'
    """
    if all(isinstance(part, Dense) for part in network.parts):
        return piece.replace("dense", "Theta")
    return f"member{member}/{piece}"


def is_turned(piece: str) -> bool:
    """Return whether the last two axes of a piece of θ are exchanged in a file."""
    return piece.endswith(".weight")


def _add_network(graph: Graph, exported: Exported, member: int, a: str) -> str:
    network, theta = exported.network, exported.thetas[member - 1]
    for n, part in enumerate(network.parts):
        pieces = {name_of_piece(network, member, one.name): one.of(theta) for one in network.segments if one.part == n}
        a = _add_part(graph, part, pieces, a)
    return a


def _add_part(graph: Graph, part: Part, pieces: Pieces, a: str) -> str:
    return _PARTS[type(part)](graph, part, pieces, a)


def _piece(graph: Graph, pieces: Pieces, last: str) -> str:
    """Add the piece whose name ends so; return the name of its constant."""
    name = next(name for name in pieces if name.rpartition(".")[2] == last)
    values = pieces[name]
    return graph.constant(np.swapaxes(values, -1, -2) if is_turned(name) else values, name=name)


def _dense(graph: Graph, part: Any, pieces: Pieces, a: str) -> str:
    weight, bias = _piece(graph, pieces, "weight"), _piece(graph, pieces, "bias")
    z = graph("Add", graph("MatMul", a, weight), bias)  # (1)
    return z if part.unit is None else hidden(graph, part.unit, z)


def _scale(graph: Graph, part: Any, pieces: Pieces, a: str) -> str:
    del part
    return graph("Mul", a, _piece(graph, pieces, "scale"))  # (7)


def _embedding(graph: Graph, part: Any, pieces: Pieces, a: str) -> str:
    """Add the rows of the table by their numbers; a row of zeros behind the last is that of any other number."""
    width, zero = part.width, graph.constant(0)
    table = _piece(graph, pieces, "table")
    rows = graph("Concat", table, graph.constant(np.zeros((1, width)), name=f"{width} zeros"), axis=0)
    last = graph.constant(part.categories)
    is_known = graph("And", graph("GreaterOrEqual", a, zero), graph("Less", a, last))
    is_known = graph("And", is_known, graph("Equal", a, graph("Floor", a)))
    place = graph.cast(graph("Where", is_known, a, last), np.int64)
    return graph("Gather", rows, graph("Squeeze", place, _axis(graph, 1)), axis=0)  # (8)


def _parametric(graph: Graph, part: Any, pieces: Pieces, z: str) -> str:
    alpha = _piece(graph, pieces, "alpha")
    rest = graph("Mul", graph("Sub", graph.constant(1), alpha), z)
    return graph("Add", rest, graph("Mul", alpha, hidden(graph, part.unit, z)))  # (11)


def _periodic(graph: Graph, part: Any, pieces: Pieces, a: str) -> str:
    """Add (10), for all columns at once; x has the shape (columns, N, 1)."""
    x = graph("Unsqueeze", graph("Transpose", a, perm=[1, 0]), _axis(graph, 2))
    omega, b, v = (graph("Unsqueeze", _piece(graph, pieces, one), _axis(graph, 1)) for one in _ROWS)
    turns = graph("Mul", omega, graph.constant(2 * np.pi))
    cos = graph("Cos", graph("Add", graph("Mul", x, turns), b))  # (columns, N, F)
    sums = graph("Add", graph("MatMul", cos, _piece(graph, pieces, "weight")), v)  # (columns, N, width − 1)
    both = graph("Transpose", graph("Concat", x, sums, axis=2), perm=[1, 0, 2])
    return graph("Reshape", both, graph.constant([0, part.outputs], np.int64, f"(N, {part.outputs})"))


_ROWS = ("frequency", "phase", "bias")


def _piecewise(graph: Graph, part: Any, pieces: Pieces, a: str) -> str:
    """Add (9), column by column; places are found in double, in which knots that are close stay apart."""
    tables, outs, start = _piece(graph, pieces, "table"), [], 0
    (name,) = pieces
    for c, knots in enumerate(part.knots):
        x = graph.cast(_columns(graph, a, c, c + 1), np.float64)  # (N, 1)
        inner = graph.constant([[*knots[1:-1], np.inf]], np.float64, f"{name} knots {c + 1} inside")
        passed = graph.cast(graph("GreaterOrEqual", x, inner), np.int64)
        k = graph("ReduceSum", passed, _axis(graph, 1), keepdims=0)  # of the knot below, from 0
        low = graph.constant([[one] for one in knots[:-1]], np.float64, f"{name} knots {c + 1}")
        gaps = graph.constant([[one] for one in np.diff(knots)], np.float64, f"{name} gaps {c + 1}")
        r = graph("Div", graph("Sub", x, graph("Gather", low, k, axis=0)), graph("Gather", gaps, k, axis=0))
        r = graph("Min", graph("Max", r, graph.constant(0, np.float64)), graph.constant(1, np.float64))
        r = r if graph.dtype is np.float64 else graph.cast(r, graph.dtype)
        below = graph("Add", k, graph.constant(start, np.int64))
        above = graph("Add", k, graph.constant(start + 1, np.int64))
        ends = [graph("Gather", tables, one, axis=0) for one in (below, above)]
        rest = graph("Sub", graph.constant(1), r)
        outs.append(graph("Add", graph("Mul", rest, ends[0]), graph("Mul", r, ends[1])))  # (9)
        start += len(knots)
    return outs[0] if len(outs) == 1 else graph("Concat", *outs, axis=1)


def _beside(graph: Graph, part: Any, pieces: Pieces, a: str) -> str:
    outs, start, rest = [], 0, iter(pieces.items())
    for one in part.parts:
        mine = dict(islice(rest, len(one.segments)))
        outs.append(_add_part(graph, one, mine, _columns(graph, a, start, start + one.inputs)))
        start += one.inputs
    return outs[0] if len(outs) == 1 else graph("Concat", *outs, axis=1)


def _columns(graph: Graph, a: str, start: int, end: int) -> str:
    places = (graph.constant([place], np.int64, f"[{place}]") for place in (start, end))
    return graph("Slice", a, *places, _axis(graph, 1))


def _axis(graph: Graph, axis: int) -> str:
    return graph.constant([axis], np.int64, f"[{axis}]")


_PARTS: Mapping[type, Callable[[Graph, Any, Pieces, str], str]] = {
    Dense: _dense,
    Keep: lambda graph, part, pieces, a: a,  # noqa: ARG005
    Scale: _scale,
    Embedding: _embedding,
    Parametric: _parametric,
    Periodic: _periodic,
    PiecewiseLinear: _piecewise,
    Beside: _beside,
}
