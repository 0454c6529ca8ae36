"""The nodes of an ONNX graph, followed from the input to the output as a chain of stages.

What a tensor holds is a constant, a `Line` (a function of single values behind a chain of stages), a `Row` of such
functions of one value (p and 1 − p), labels, sizes of another tensor, or something unknown, which is refused only if
the output depends on it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from deltarule.common.arrays import Array
from deltarule.common.errors import ModelFileError
from deltarule.exchange.reading.elementwise import IDENTITY, Function, is_near, stages_of
from deltarule.exchange.reading.onnx_ops import BINARY, folded, unary
from deltarule.exchange.reading.stages import Activation, Affine, Stage, Weights

__all__ = ["LargestClass", "Line", "Row", "Tensor", "Unknown", "result_of"]


@dataclass(frozen=True, eq=False)
class Line:
    """A function of single values behind stages, which start at the inputs `root`.

    `flat` is how many values a row of the input has if it is laid out flat; 0 if that is not known, or behind a stage.
    """

    root: tuple[str, ...]
    width: int
    behind: "Line | None" = None
    stage: Stage | None = None
    function: Function = IDENTITY
    flat: int = 0

    def stages(self) -> list[Stage]:
        """Return the stages from the input on."""
        found: list[Stage] = []
        line: Line | None = self
        while line is not None:
            found += [] if line.stage is None else [line.stage]
            line = line.behind
        return found[::-1]

    def closed(self) -> "Line":
        """Return the same with its function as stages."""
        line = replace(self, function=IDENTITY)
        if self.function is not IDENTITY:
            for stage in stages_of(self.function):
                line = Line(line.root, line.width, line, stage)
        return line

    def then(self, stage: Stage, width: int | None = None) -> "Line":
        """Return what a stage makes of it."""
        line = self.closed()
        return Line(line.root, line.width if width is None else width, line, stage)

    def is_beside(self, other: "Line") -> bool:
        """Whether another is a function of the same values."""
        return self.root == other.root and self.behind is other.behind and self.stage is other.stage


@dataclass(frozen=True, eq=False)
class Row:
    """Functions of one value side by side."""

    of: Line
    functions: tuple[Function, ...]


@dataclass(frozen=True, eq=False)
class LargestClass:
    """Which class is largest, with the names of all if they are known."""

    names: tuple[Any, ...] | None = None
    scores: "Line | Row | None" = None


@dataclass(frozen=True, eq=False)
class Unknown:
    """What is not read, and why."""

    why: str


@dataclass(frozen=True, eq=False)
class Sizes:
    """Sizes of a tensor, and what is computed from them: exporters give them to Reshape, to lay rows out flat."""


Tensor = Array | Line | Row | LargestClass | Sizes | Unknown | None

SHAPES = ("Identity", "Cast", "CastLike", "Dropout", "Flatten", "Reshape", "Squeeze", "Unsqueeze")
"""Operations that leave the values of a row as they are."""


@dataclass(frozen=True, eq=False)
class _Call:
    op: str
    attributes: Mapping[str, Any]
    inputs: Sequence[Tensor]
    opset: int
    notes: list[str] = field(default_factory=list)


def result_of(op: str, attributes: Mapping[str, Any], inputs: Sequence[Tensor], opset: int, notes: list[str]) -> Tensor:
    """Return what an operation makes of its inputs.

    Raises
    ------
    ModelFileError
        If it is one that cannot be a part of a network here.
    """
    op = "Add" if op == "Sum" and len(inputs) == 2 else op
    call = _Call(op, attributes, inputs, opset, notes)
    for value in inputs:
        if isinstance(value, Unknown):
            return value
    if inputs and all(isinstance(value, np.ndarray) for value in inputs):
        constant = folded(op, attributes, [value for value in inputs if isinstance(value, np.ndarray)])
        return Unknown(f"the operation {op} on constants is not read.") if constant is None else constant
    first = inputs[0] if inputs else None
    if op == "Cast" and isinstance(first, Line):
        return _cast(attributes.get("to", 1), first)
    if op in ("Flatten", "Reshape", "Squeeze") and isinstance(first, Line) and first.flat:
        return replace(first, width=first.flat)
    if op in SHAPES and first is not None:
        return first
    if (op == "Shape" and first is not None) or any(isinstance(value, Sizes) for value in inputs):
        return Sizes()
    labels = _labels(call)
    if labels is not None:
        return labels
    if isinstance(first, Line) and (line := _of_line(call, first)) is not None:
        return line
    if isinstance(first, Row):
        return _of_row(call, first)
    if op == "Concat":
        return _side_by_side(call)
    if op == "Where" and len(inputs) == 3:
        return _where(inputs)
    if op in BINARY and len(inputs) == 2:
        return _binary(call)
    return Unknown(f"the operation {op[:40]} is no part of a network of dense layers.")


def _cast(to: int, line: Line) -> Tensor:
    """Return what is left of a row's values in another type, whose number in ONNX is `to`."""
    if to in _FLOATS:
        return line
    if to == _STRING:
        return Unknown("a Cast makes texts of numbers.")
    rounded = (lambda z: z != 0) if to == _BOOL else np.trunc
    return replace(line, function=line.function.then("Cast", rounded))


_FLOATS = (1, 10, 11, 16)  # float, float16, double, bfloat16
_STRING, _BOOL = 8, 9


def _labels(call: _Call) -> Tensor:
    """Return labels, where an operation makes or keeps them."""
    first, last = call.inputs[0], call.inputs[-1]
    if call.op == "ArgMax" and isinstance(first, Line | Row):
        return LargestClass(None, first)
    if (
        call.op in ("ArrayFeatureExtractor", "Gather")
        and isinstance(last, LargestClass)
        and isinstance(first, np.ndarray)
    ):
        return replace(last, names=tuple(first.ravel().tolist()))
    if call.op == "ZipMap" and isinstance(first, Line | Row):
        names = call.attributes.get("classlabels_strings") or call.attributes.get("classlabels_int64s")
        return LargestClass(tuple(names) if names else None, first)
    if any(isinstance(value, LargestClass) for value in call.inputs):
        return next(value for value in call.inputs if isinstance(value, LargestClass))
    return None


def _of_line(call: _Call, line: Line) -> Tensor:
    """Return what an operation of one row makes of it; None if it is none of them."""
    op, attributes, others = call.op, call.attributes, call.inputs[1:]
    constants = [value for value in others if isinstance(value, np.ndarray)]
    if op == "MatMul" and len(constants) == 1:
        return line.then(_weights(constants[0].T, None), _width(constants[0], 1))
    if op == "Gemm" and len(constants) == len(others) > 0:
        if attributes.get("transA", 0):
            return Unknown("a Gemm transposes its rows.")
        W = constants[0] if attributes.get("transB", 0) else constants[0].T
        W = float(attributes.get("alpha", 1.0)) * W
        b = float(attributes.get("beta", 1.0)) * constants[1] if len(constants) > 1 else None
        return line.then(_weights(W, b), _width(W, 0))
    if op == "BatchNormalization" and len(constants) == 4 and not attributes.get("training_mode", 0):
        gamma, beta, mean, variance = (value.astype(np.float64) for value in constants)
        factor = gamma / np.sqrt(variance + float(attributes.get("epsilon", 1e-5)))
        call.notes.append("Batch normalisation was folded into Θ.")
        return line.then(Affine(factor, beta - mean * factor))
    if op == "Scaler":
        offset, scale = (np.array(attributes.get(name, value)) for name, value in (("offset", [0.0]), ("scale", [1.0])))
        call.notes.append("The Scaler before the network was folded into Θ.")
        return line.then(Affine(scale, -offset * scale))
    if op == "PRelu" and len(constants) == 1:
        slopes = constants[0].astype(np.float64).ravel()
        if not (slopes == slopes[0]).all():
            return Unknown("PRelu has a slope for each unit; here a layer has one.")
        return line.then(Activation("leaky_relu", (float(slopes[0]),)))
    if op in ("Softmax", "LogSoftmax"):
        axis = attributes.get("axis", 1 if call.opset < 13 else -1)
        if axis not in (1, -1):
            return Unknown(f"{op} goes along axis {axis}, over the rows and not over the classes.")
        if op == "LogSoftmax":
            call.notes.append(
                "The outputs of the file are logarithms of probabilities (LogSoftmax); here probabilities."
            )
        return line.then(Activation("softmax"))
    if op == "Clip":
        bounds: list[Any] = [*constants] or [attributes.get("min"), attributes.get("max")]
        low, high = [*(None if one is None else float(np.ravel(one)[0]) for one in bounds), None, None][:2]
        return replace(line, function=line.function.then(op, lambda z: np.clip(z, low, high)))
    if len(call.inputs) == 1 and (found := unary(op, attributes)) is not None:
        g, parts = found
        function = line.function
        made = function.then(op, g)
        stages = None if parts is None or function.stages is None else (*function.stages, *parts)
        return replace(line, function=replace(made, stages=stages))
    return None


def _weights(W: Array, b: Array | None) -> Weights:
    if W.ndim != 2 or W.dtype.kind not in "fiub":
        raise ModelFileError(f"a matrix has the shape {W.shape}, where rows and columns belong.")
    bias = np.zeros(len(W)) if b is None else np.broadcast_to(np.asarray(b, np.float64).ravel(), len(W))
    return Weights(W.astype(np.float64), bias)


def _width(W: Array, axis: int) -> int:
    return W.shape[axis] if W.ndim == 2 else 0


def _binary(call: _Call) -> Tensor:
    """Return what two values, of which one may be a constant, make together."""
    left, right = call.inputs
    g = BINARY[call.op]
    if isinstance(left, Line) and isinstance(right, Line):
        if not left.is_beside(right):
            return Unknown(
                f"the operation {call.op} joins two branches, as skip connections do. Layers here take what the layer "
                "below "
                "gives."
            )
        return replace(left, function=left.function.with_other(call.op, g, right.function))
    line, constant = (left, right) if isinstance(left, Line) else (right, left)
    if not isinstance(line, Line) or not isinstance(constant, np.ndarray) or constant.dtype.kind not in "fiub":
        return Unknown(f"the operation {call.op} is no part of a network of dense layers.")
    numbers = constant.astype(np.float64)
    is_first = isinstance(right, Line)
    affine = _affine(call.op, numbers.ravel(), is_first)
    is_bias = line.function is IDENTITY and isinstance(line.stage, Weights) and call.op == "Add" and line.width == 1
    if numbers.size == 1 and not is_bias:
        number = float(numbers.ravel()[0])
        f = (lambda z: g(number, z)) if is_first else (lambda z: g(z, number))  # type: ignore[arg-type]
        return replace(line, function=line.function.then(call.op, f, affine))
    if affine is None or numbers.size != line.width:
        return Unknown(f"the operation {call.op} takes {numbers.size} constants for {line.width} values.")
    return line.then(affine)


def _affine(op: str, c: Array, is_first: bool) -> Affine | None:
    """Return an operation with constants as an affine map of each value."""
    if op == "Add":
        return Affine(1.0, c)
    if op == "Mul":
        return Affine(c)
    if op == "Sub":
        return Affine(-1.0, c) if is_first else Affine(1.0, -c)
    return Affine(1 / c) if op == "Div" and not is_first else None


def _where(inputs: Sequence[Tensor]) -> Tensor:
    lines = [value for value in inputs if isinstance(value, Line)]
    if not all(isinstance(value, Line) or (isinstance(value, np.ndarray) and value.size == 1) for value in inputs):
        return Unknown("the operation Where is no part of a network of dense layers.")
    if not all(lines[0].is_beside(line) for line in lines):
        return Unknown("the operation Where joins two branches.")
    values = [
        value.function.values if isinstance(value, Line) else np.ravel(value)[0]  # type: ignore[arg-type]
        for value in inputs
    ]
    names = tuple(name for line in lines for name in line.function.names)
    joined = Function(np.where(values[0].astype(bool), values[1], values[2]), (*names, "Where"), None)
    # torch writes softplus with a slope as Where(bz > 20, z, log(1 + exp(bz))/b): its third input but for rounding.
    same = (line.function for line in lines if is_near(joined.values, line.function.values))
    stages = next((function.stages for function in same if function.stages is not None), None)
    return replace(lines[0], function=replace(joined, stages=stages))


def _side_by_side(call: _Call) -> Tensor:
    """Return what Concat makes of inputs, or of functions of one value."""
    lines = [value for value in call.inputs if isinstance(value, Line)]
    if len(lines) < len(call.inputs) or call.attributes.get("axis", 1) not in (1, -1):
        return Unknown("the operation Concat joins what is no row of numbers.")
    if all(line.width == 1 and lines[0].is_beside(line) for line in lines):
        return Row(lines[0], tuple(line.function for line in lines))
    if all(line.behind is None and line.stage is None and line.function is IDENTITY for line in lines):
        return Line(tuple(name for line in lines for name in line.root), sum(line.width for line in lines))
    return Unknown("the operation Concat joins two branches, as skip connections do.")


def _of_row(call: _Call, row: Row) -> Tensor:
    """Return what an operation makes of functions side by side: softmax, scores of two classes."""
    if call.op == "Softmax":
        z = np.array([function.values for function in row.functions])
        e = np.exp(z - z.max(axis=0))
        names = (*(name for function in row.functions for name in function.names), "Softmax")
        return replace(row, functions=tuple(Function(one, names, None) for one in e / e.sum(axis=0)))
    return Unknown(f"the operation {call.op[:40]} on two outputs is not read.")
