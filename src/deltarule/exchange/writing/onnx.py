"""ONNX: the whole way from a row of the table to its answer, in operators of ai.onnx alone.

    inputs      one of the shape [N, 1] for each column: double, NaN in a gap; string, "" in a gap. Without a table one
                input X of the shape [N, s₁].
    outputs     label and probability [N, K] of a classifier, prediction [N, K] of a regressor

The operators of ai.onnx.ml are left out on purpose: Imputer has no double kernel, Scaler computes in float32,
OneHotEncoder stops at unknown words, ZipMap hides the probabilities from most programs. Opset 19 is the first that
compares strings; version 9 of the format is one that every onnxruntime since 1.16 loads. Two classes are a softmax of
[0, z], because Sigmoid has no tail (`onnx_units.py`).

The encoder is double in both precisions: a column of 10⁶ ± 5 has lost its digits in float32 before its mean is taken.
"""

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltarule.exchange.writing.exported import Column, Exported, unlike, wave_tables
from deltarule.exchange.writing.onnx_units import Graph, hidden, logistic

__all__ = ["add_answer", "add_network", "input_names", "onnx_bytes", "word_of_gap"]

OPSET, IR_VERSION = 19, 9

_GAP = "a gap"
"""What stands for a gap in a column of which "" is a known word."""

_DAYS_OF_400_YEARS, _DAYS_TO_1970 = 146097, 719468
"""The second is counted from 0000-03-01, with which a period of 400 years begins."""


def onnx_bytes(exported: Exported, precision: str) -> bytes:
    """Return an ONNX file.

    Raises
    ------
    ImportError
        If onnx is not installed.
    """
    onnx = _onnx()
    dtype = np.dtype(precision).type
    names = input_names(exported)
    graph = Graph(_prefix(names), dtype)
    X, inputs = _inputs(graph, exported, names, precision)
    z = add_network(graph, exported, X)
    outputs = add_answer(graph, exported, z)
    helper = onnx.helper
    proto = helper.make_graph(
        graph.nodes,
        "deltarule",
        inputs,
        outputs,
        [_tensor(onnx, array, name) for name, array in graph.constants.items()],
        doc_string=_doc_string(exported),
    )
    model = helper.make_model(
        proto,
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="deltarule",
        producer_version=exported.version,
    )
    told = {**exported.content, "inputs": list(names), "prefix": graph.prefix}
    helper.set_model_props(model, {"deltarule": json.dumps(told, ensure_ascii=False)})
    onnx.checker.check_model(model, full_check=True)
    data: bytes = model.SerializeToString(deterministic=True)
    return data


def input_names(exported: Exported) -> tuple[str, ...]:
    """Return the name of each input: that of the column, unless it is the name of an output."""
    taken = {"label", "probability", "prediction", *(column.name for column in exported.columns)}
    names = []
    for column in exported.columns:
        name = column.name if column.name not in _outputs(exported) else unlike(f"{column.name}_", taken)
        names.append(name)
        taken.add(name)
    return tuple(names) or ("X",)


def word_of_gap(column: Column) -> str:
    """Return what stands for a gap in a column of words: "", unless it is a known word.

    >>> word_of_gap(Column("a", "category", words=("x", None))), word_of_gap(Column("a", "category", words=("", "x")))
    ('', 'a gap')
    """
    return "" if "" not in column.words else unlike(_GAP, column.words)


def _onnx() -> Any:
    try:
        import onnx
    except ImportError:
        raise ImportError("ONNX files need onnx: pip install 'deltarule[exchange]'") from None
    return onnx


def _prefix(names: tuple[str, ...]) -> str:
    prefix = "deltarule/"
    while any(name.startswith(prefix) for name in names):
        prefix += "/"
    return prefix


def _outputs(exported: Exported) -> tuple[str, ...]:
    return ("prediction",) if exported.classes is None else ("label", "probability")


def _tensor(onnx: Any, array: NDArray[Any], name: str) -> Any:
    if array.dtype.kind != "U":
        return onnx.numpy_helper.from_array(array, name)
    words = [word.encode() for word in array.ravel().tolist()]
    return onnx.helper.make_tensor(name, onnx.TensorProto.STRING, array.shape, words)


def _inputs(graph: Graph, exported: Exported, names: tuple[str, ...], precision: str) -> tuple[str, list[Any]]:
    """Add the encoder; return X in the precision of the network, and the descriptions of the inputs."""
    from onnx import TensorProto, helper

    if not exported.columns:
        kind = TensorProto.DOUBLE if precision == "float64" else TensorProto.FLOAT
        return "X", [helper.make_tensor_value_info("X", kind, ["N", exported.sizes[0]])]
    inputs = [
        helper.make_tensor_value_info(
            name, TensorProto.DOUBLE if column.is_quantity else TensorProto.STRING, ["N", 1], _says(column)
        )
        for name, column in zip(names, exported.columns, strict=True)
    ]
    pieces = _scaled(graph, exported, names) + _waves(graph, exported, names) + _words(graph, exported, names)
    X = pieces[0] if len(pieces) == 1 else graph("Concat", *pieces, axis=1)
    return (X if precision == "float64" else graph.cast(X, np.float32)), inputs


def _says(column: Column) -> str:
    what = {"number": "a number", "date": "days since 1970-01-01 (UTC)", "duration": "days"}.get(column.kind)
    if what:
        return f"{what}; NaN in a gap"
    words = ", ".join(json.dumps(word, ensure_ascii=False) for word in column.words[:20] if word is not None)
    return f"one of {words}; {json.dumps(word_of_gap(column))} in a gap"


def _scaled(graph: Graph, exported: Exported, names: tuple[str, ...]) -> list[str]:
    """Add (v − mean)/deviation of all values and marks of gaps at once."""
    features = [feature for feature in exported.features if feature.what in ("value", "gap")]
    if not features:
        return []
    quantities = [n for n, column in enumerate(exported.columns) if column.is_quantity]
    values = [names[n] for n in quantities]
    cells = values[0] if len(values) == 1 else graph("Concat", *values, axis=1)
    holes = graph("IsNaN", cells)
    medians = graph.constant([[exported.columns[n].median for n in quantities]], np.float64, "medians")
    v = graph("Where", holes, medians, cells)
    marked = [quantities.index(feature.column) for feature in features if feature.what == "gap"]
    if marked:
        marks = graph("Gather", holes, graph.constant(marked, np.int64, "marked"), axis=1)
        v = graph("Concat", v, graph.cast(marks, np.float64), axis=1)
    means = graph.constant([[feature.mean for feature in features]], np.float64, "means")
    deviations = graph.constant([[feature.deviation for feature in features]], np.float64, "deviations")
    return [graph("Div", graph("Sub", v, means), deviations)]


def _waves(graph: Graph, exported: Exported, names: tuple[str, ...]) -> list[str]:
    """Add sine and cosine of each part of a date, 0 in a gap.

    Months and weekdays look theirs up, so that they have the bits of the model whatever sine a runtime has.
    """
    pieces = []
    for column, part in dict.fromkeys((one.column, one.part) for one in exported.features if one.part):
        zero = graph.constant(0, np.float64)
        hole = graph("IsNaN", names[column])
        days = graph("Where", hole, zero, names[column])
        whole = graph("Floor", days)
        if part == "time":
            turns = graph("Mul", graph("Sub", days, whole), graph.constant(2 * np.pi, np.float64))
            waves = [graph("Sin", turns), graph("Cos", turns)]
        else:
            place = _weekday(graph, whole) if part == "weekday" else _month(graph, whole)
            waves = [
                graph("Gather", graph.constant(table, np.float64, f"{part}, {name}"), place)
                for name, table in zip(("sine", "cosine"), wave_tables(part), strict=True)
            ]
        pieces += [graph("Where", hole, zero, wave) for wave in waves]
    return pieces


def _weekday(graph: Graph, whole: str) -> str:
    days = graph.cast(whole, np.int64)
    return graph("Mod", graph("Add", days, graph.constant(3, np.int64)), graph.constant(7, np.int64))


def _month(graph: Graph, whole: str) -> str:
    """Add the month from 0 of a day, counted in years that begin in March, so that the leap day is the last one."""

    def number(value: int) -> str:
        return graph.constant(value, np.int64)

    days = graph("Add", graph.cast(whole, np.int64), number(_DAYS_TO_1970))
    day = graph("Mod", days, number(_DAYS_OF_400_YEARS))  # from 0, also before the year 0
    # Leap days so far, taken out of the day, leave years of 365.
    leaps = graph("Sub", graph("Div", day, number(36524)), graph("Div", day, number(1460)))
    leaps = graph("Sub", leaps, graph("Div", day, number(146096)))
    year = graph("Div", graph("Add", day, leaps), number(365))
    before = graph("Add", graph("Mul", year, number(365)), graph("Div", year, number(4)))
    before = graph("Sub", before, graph("Div", year, number(100)))
    in_year = graph("Sub", day, before)
    # Months of 31, 30, 31, 30, 31 days, again and again: 153 in five months.
    month = graph("Div", graph("Add", graph("Mul", in_year, number(5)), number(2)), number(153))
    return graph("Mod", graph("Add", month, number(2)), number(12))


def _words(graph: Graph, exported: Exported, names: tuple[str, ...]) -> list[str]:
    """Add the marks of words, all of a column at once."""
    pieces = []
    for name, column in zip(names, exported.columns, strict=True):
        if column.words:
            gap = word_of_gap(column)
            words = np.array([[gap if word is None else word for word in column.words]], dtype=str)
            known = graph.constant(words, str, f"words of {name}")
            pieces.append(graph.cast(graph("Equal", name, known), np.float64))
    return pieces


def add_network(graph: Graph, exported: Exported, a: str) -> str:
    """Add (1) for each layer; return z of the last."""
    z = a
    for n, Theta in enumerate(exported.Thetas, 1):
        weight = graph.constant(Theta[:, 1:].T, graph.dtype, f"Theta{n}.weight")
        bias = graph.constant(Theta[:, 0], graph.dtype, f"Theta{n}.bias")
        z = graph("Add", graph("MatMul", a, weight), bias)
        if n < len(exported.Thetas):
            a = hidden(graph, exported.units[n - 1], z)
    return z


def add_answer(graph: Graph, exported: Exported, z: str) -> list[Any]:
    """Add the outputs; return their descriptions."""
    from onnx import helper

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


def _doc_string(exported: Exported) -> str:
    what = f"predicts {exported.target!r} of a table" if exported.target else "takes X as it is"
    return f"Multilayer perceptron {'-'.join(map(str, exported.sizes))}, which {what}. Made by deltarule."
