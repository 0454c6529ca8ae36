"""ONNX: the whole way from a row of the table to its answer, in operators of ai.onnx alone.

    inputs      one of the shape [N, 1] for each column: double, NaN in a gap; string, "" in a gap. Without a table one
                input X of the shape [N, s₁].
    outputs     label and probability [N, K] of a classifier, prediction [N, K] of a regressor

The operators of ai.onnx.ml are left out on purpose: Imputer has no double kernel, Scaler computes in float32,
OneHotEncoder stops at unknown words, ZipMap hides the probabilities from most programs. Opset 19 is the first that
compares strings; version 9 of the format is one that every onnxruntime since 1.16 loads. Two classes are a softmax of
[0, z], because Sigmoid has no tail (`onnx_units.py`).

The encoder is double in both precisions: a column of 10⁶ ± 5 has lost its digits in float32 before its mean is taken.

`onnx_encoder.py` makes X of the columns, `onnx_parts.py` z of X, `onnx_answer.py` the outputs of z.
"""

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltarule.exchange.writing.exported import Exported
from deltarule.exchange.writing.onnx_answer import add_answer
from deltarule.exchange.writing.onnx_encoder import add_encoder, input_names
from deltarule.exchange.writing.onnx_parts import add_members
from deltarule.exchange.writing.onnx_units import Graph

__all__ = ["onnx_bytes"]

OPSET, IR_VERSION = 19, 9


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
    X, inputs = add_encoder(graph, exported, names)
    outputs = add_answer(graph, exported, add_members(graph, exported, X))
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


def _tensor(onnx: Any, array: NDArray[Any], name: str) -> Any:
    if array.dtype.kind != "U":
        return onnx.numpy_helper.from_array(array, name)
    words = [word.encode() for word in array.ravel().tolist()]
    return onnx.helper.make_tensor(name, onnx.TensorProto.STRING, array.shape, words)


def _doc_string(exported: Exported) -> str:
    takes = "predicts rows of a table" if exported.columns else "takes X as it is"
    what = f"predicts {exported.target!r} of a table" if exported.target else takes
    n = f"{len(exported.thetas)} × " if len(exported.thetas) > 1 else ""
    return f"Multilayer perceptron {n}{exported.network}, which {what}. Made by deltarule."
