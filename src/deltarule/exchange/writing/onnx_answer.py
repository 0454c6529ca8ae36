"""z to the outputs of an ONNX file: labels, probabilities, quantities; for several members the mean of theirs.

Several members answer in double in both precisions: their z is calibrated, and probabilities are averaged, as the model
does.
"""

from typing import Any

import numpy as np

from deltarule.exchange.writing.exported import Exported
from deltarule.exchange.writing.onnx_units import Graph, logistic
from deltarule.tabular.calibration import QuadraticScaling, Temperature
from deltarule.tabular.quantities import Quantity

__all__ = ["add_answer"]


def add_answer(graph: Graph, exported: Exported, members: list[str]) -> list[Any]:
    """Add the outputs; return their descriptions.

    Parameters
    ----------
    graph : Graph
    exported : Exported
    members : list of str
        z of each member.
    """
    from onnx import helper

    if exported.calibration is not None:
        h = _mean(graph, [_calibrated(graph, exported, one) for one in members], "probability")
        return [
            _label(graph, exported, h),
            helper.make_tensor_value_info("probability", _double(), ["N", exported.answers]),
        ]
    if exported.quantity is not None:
        _mean(graph, [_decoded(graph, exported.quantity, one) for one in members], "prediction")
        return [helper.make_tensor_value_info("prediction", _double(), ["N", exported.K])]
    (z,) = members
    kind = helper.np_dtype_to_tensor_dtype(np.dtype(graph.dtype))
    if exported.classes is None:
        h = graph("Exp", z) if exported.output == "exp" else z
        if exported.scale is not None:  # in double, for a quantity of 10⁶ ± 5 as well
            mean, deviation = (graph.constant(number, np.float64) for number in exported.scale)
            h = graph("Add", graph("Mul", graph.cast(h, np.float64), deviation), mean)
            kind = helper.np_dtype_to_tensor_dtype(np.dtype(np.float64))
        graph("Identity", h, output="prediction")
        return [helper.make_tensor_value_info("prediction", kind, ["N", exported.K])]
    h = _probability(graph, exported, z)
    return [
        _label(graph, exported, h),
        helper.make_tensor_value_info("probability", kind, ["N", exported.answers]),
    ]


def _probability(graph: Graph, exported: Exported, z: str) -> str:
    """Add the probabilities; return what the label is taken from."""
    if exported.is_binary:
        z = graph("Concat", graph("Sub", z, z), z, axis=1)
    if exported.is_binary or exported.output == "softmax":
        return graph("Softmax", z, axis=1, output="probability")
    h = logistic(graph, z)
    if exported.several:
        return graph("Identity", h, output="probability")
    axes, zero = graph.constant([1], np.int64, "axes"), graph.constant(0)
    total = graph("ReduceSum", h, axes, keepdims=1)
    is_some = graph("Greater", total, zero)
    share = graph("Div", h, graph("Where", is_some, total, graph.constant(1)))
    graph("Where", is_some, share, graph.constant(1 / exported.K), output="probability")
    return h


def _double() -> int:
    from onnx import TensorProto

    kind: int = TensorProto.DOUBLE
    return kind


def _mean(graph: Graph, members: list[str], output: str) -> str:
    total = members[0]
    for one in members[1:]:
        total = graph("Add", total, one)
    return graph("Div", total, graph.constant(len(members), np.float64), output=output)


def _calibrated(graph: Graph, exported: Exported, z: str) -> str:
    """Add the probabilities of a member, of its calibrated z, in double."""
    z, calibration = graph.cast(z, np.float64), exported.calibration
    if isinstance(calibration, Temperature):
        return graph("Softmax", graph("Mul", z, graph.constant(calibration.beta, np.float64)), axis=1)
    assert calibration is not None
    sides = graph.constant([[-1], [1]], np.float64, "sides")
    q = _quadratic(graph, calibration, graph("MatMul", z, sides))
    return graph("Softmax", graph("Concat", graph("Sub", q, q), q, axis=1), axis=1)


def _quadratic(graph: Graph, q: QuadraticScaling, z: str) -> str:
    """Add q(z) = z + d + (s₁ − 1) A(z) + (s₂ − 1) B(z)."""

    def number(value: float) -> str:
        return graph.constant(value, np.float64)

    low, high, width = number(q.low), number(q.high), q.high - q.low
    inside = graph("Sub", graph("Min", graph("Max", z, low), high), low)
    below = graph("Min", graph("Sub", z, low), number(0))
    above = graph("Max", graph("Sub", z, high), number(0))
    first, second = graph("Add", inside, below), above
    if width > 0:
        rising = graph("Div", graph("Mul", inside, inside), number(2 * width))
        first = graph("Add", graph("Sub", inside, rising), below)
        second = graph("Add", rising, above)
    at_middle = q.at_middle
    A, B = (graph("Sub", one, number(at)) for one, at in zip((first, second), at_middle, strict=True))
    curved = graph("Add", graph("Mul", A, number(q.low_slope - 1)), graph("Mul", B, number(q.high_slope - 1)))
    return graph("Add", z, graph("Add", number(q.shift), curved))


def _decoded(graph: Graph, quantity: Quantity, z: str) -> str:
    """Add the quantities of a member, within the range of training, in double."""
    names = ("means", "deviations", "lowest", "highest")
    mean, deviation, lowest, highest = (
        graph.constant(getattr(quantity, name)[np.newaxis], np.float64, f"{name} of y") for name in names
    )
    h = graph.cast(z, np.float64)
    if quantity.output == "exp":
        h = graph("Exp", h)
    elif quantity.output == "pinball":
        h = graph.sorted(h, quantity.K)
    y = graph("Add", mean, graph("Mul", deviation, h))
    return graph("Min", graph("Max", y, lowest), highest)


def _label(graph: Graph, exported: Exported, h: str) -> Any:
    from onnx import TensorProto, helper

    if exported.several:
        graph.cast(graph("Greater", h, graph.constant(0.5)), np.int64, output="label")
        return helper.make_tensor_value_info("label", TensorProto.INT64, ["N", exported.K])
    classes = exported.classes
    assert classes is not None
    best = graph("ArgMax", h, axis=1, keepdims=0)
    graph("Gather", graph.constant(classes, classes.dtype, "classes"), best, output="label")
    is_text = classes.dtype.kind == "U"
    kind = TensorProto.STRING if is_text else helper.np_dtype_to_tensor_dtype(classes.dtype)
    return helper.make_tensor_value_info("label", kind, ["N"])
