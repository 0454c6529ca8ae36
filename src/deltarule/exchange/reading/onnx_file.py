"""ONNX files: of skl2onnx, PyTorch, Keras and others; a chain of dense layers wherever it came from."""

import math
from typing import Any

import numpy as np

from deltarule.common.errors import ModelFileError
from deltarule.exchange.reading.columns import plain_columns
from deltarule.exchange.reading.elementwise import stages_of
from deltarule.exchange.reading.file import ForeignFile
from deltarule.exchange.reading.foreign import Found
from deltarule.exchange.reading.onnx_graph import LargestClass, Line, Row, Tensor, Unknown, result_of
from deltarule.exchange.reading.onnx_tensors import attributes_of, tensor_of
from deltarule.exchange.reading.protobuf import Message
from deltarule.exchange.reading.stages import Activation, Stage, Weights

__all__ = ["read_onnx"]


def read_onnx(file: ForeignFile) -> Found:
    """Return what an ONNX file holds.

    Raises
    ------
    ModelFileError
        If it is damaged, or its graph is no chain of dense layers.
    """
    model = Message(memoryview(file.data))
    graphs = model.messages(7)
    if len(graphs) != 1:
        raise ModelFileError(f"it is no ONNX file: it has {len(graphs)} graphs.")
    (graph,) = graphs
    opset = next((one.integer(2) for one in model.messages(8) if one.text(1) in ("", "ai.onnx")), 1)
    notes: list[str] = []
    values: dict[str, Tensor] = {}
    for tensor in graph.messages(5):
        values[tensor.text(8)] = tensor_of(file, tensor)
    if graph.messages(15):
        raise ModelFileError("it has sparse weights, which are not read.")
    for one in graph.messages(11):
        if one.text(1) not in values:
            values[one.text(1)] = _input(one)
    for node in graph.messages(1):
        _run(file, node, opset, values, notes)
    outputs = [(one.text(1), values.get(one.text(1))) for one in graph.messages(12)]
    names = next((value.names for _, value in outputs if isinstance(value, LargestClass) and value.names), None)
    scores = _scores(outputs)
    root, width, stages, is_pair = _chain(scores)
    if is_pair:
        notes.append("The pair of outputs 1 − p and p was recognised as one logistic output.")
    producer = model.text(2)[:40]
    return Found(
        f"ONNX file{f' of {producer}' if producer else ''}",
        width,
        stages,
        columns=plain_columns(root) if len(root) == width and width > 1 else None,
        labels=None if names is None else _fitting(names, stages),
        notes=tuple(dict.fromkeys(notes)),
        says_output=_is_probability(stages) or not all(isinstance(value, LargestClass) for _, value in outputs),
    )


def _input(described: Message) -> Tensor:
    """Return an input as it comes: a row of numbers."""
    name = described.text(1)
    kind = [tensor for one in described.messages(2) for tensor in one.messages(1)]
    dims = [one for tensor in kind for shape in tensor.messages(2) for one in shape.messages(1)]
    if not kind or kind[0].integer(1) == 8:
        return Unknown(
            f"its input {name[:40]!r} takes texts, or something that is no tensor. Networks take numbers here."
        )
    sizes = [size if 0 < (size := one.integer(1)) < 1 << 31 else 0 for one in dims]
    flat = math.prod(sizes[1:])
    return Line((name,), sizes[-1] if sizes else 0, flat=flat if len(sizes) > 2 and flat < 1 << 31 else 0)


def _run(file: ForeignFile, node: Message, opset: int, values: dict[str, Tensor], notes: list[str]) -> None:
    """Put in the outputs of a node."""
    op, names, made = node.text(4), node.texts(1), node.texts(2)
    inputs = [
        values.get(name, Unknown(f"the tensor {name[:40]!r} is made nowhere before it is used.")) for name in names
    ]
    while names and not names[-1]:  # an input that is left out
        names, inputs = names[:-1], inputs[:-1]
    attributes = attributes_of(file, node)
    result: Tensor
    if op == "Constant":
        given = next(iter(attributes.values()), None)
        result = None if given is None else given if isinstance(given, np.ndarray) else np.array(given)
    elif any(one.integer(20) in (5, 10) for one in node.messages(5)):
        result = Unknown(f"the operation {op[:40]} runs a graph of its own.")
    else:
        if op in ("Clip",):
            inputs = [None if not name else value for name, value in zip(names, inputs, strict=True)]
        result = result_of(op, attributes, inputs, opset, notes)
    for n, name in enumerate(made):
        values[name] = (
            result if n == 0 or isinstance(result, LargestClass) else Unknown(f"output {n + 1} of {op[:40]}.")
        )


def _scores(outputs: list[tuple[str, Tensor]]) -> Line | Row:
    """Return the output that is the hypothesis."""
    found: list[Line | Row] = []
    why = "it has no output."
    for name, value in outputs:
        if isinstance(value, LargestClass) and value.scores is not None:
            value = value.scores
        if isinstance(value, Line | Row):
            found.append(value)
        elif isinstance(value, Unknown):
            why = f"its output {name[:40]!r} cannot be followed: {value.why}"
    if not found:
        raise ModelFileError(why)
    return found[-1]


def _chain(scores: Line | Row) -> tuple[tuple[str, ...], int, list[Stage], bool]:
    """Return inputs, their number, and the stages; and whether two outputs were one."""
    if isinstance(scores, Row):
        first, second = scores.functions[0], scores.functions[-1]
        parts = stages_of(second)
        is_pair = len(scores.functions) == 2 and np.allclose(first.values, 1 - second.values, rtol=0, atol=1e-6)
        if not is_pair or parts[-1:] != (Activation("logistic"),):
            raise ModelFileError("its outputs are several functions of one value, other than 1 − p and p.")
        line = Line(scores.of.root, scores.of.width, scores.of.behind, scores.of.stage, second)
    else:
        line, is_pair = scores, False
    closed = line.closed()
    stages = closed.stages()
    start: Line | None = closed
    while start is not None and start.behind is not None:
        start = start.behind
    assert start is not None
    first_matrix = next((stage for stage in stages if isinstance(stage, Weights)), None)
    width = start.width or (first_matrix.W.shape[1] if first_matrix is not None else 0)
    return start.root, width, stages, is_pair


def _fitting(names: tuple[Any, ...], stages: list[Stage]) -> tuple[Any, ...] | None:
    """Return the labels, if the outputs are probabilities."""
    return names if _is_probability(stages) else None


def _is_probability(stages: list[Stage]) -> bool:
    last = stages[-1] if stages else None
    return isinstance(last, Activation) and last.name in ("softmax", "logistic")
