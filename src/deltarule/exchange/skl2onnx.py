"""skl2onnx finds the estimators of this library, alone or as the last step of a pipeline, once this module is imported.

    import deltarule.exchange.skl2onnx
    skl2onnx.to_onnx(pipeline, X[:1])

The network is the one that `deltarule.export` writes: double where the input is double, labels of their own type, and
probabilities as one tensor without ZipMap.
"""

from typing import Any

import numpy as np
from skl2onnx import update_registered_converter
from skl2onnx.common.data_types import (
    BooleanTensorType,
    DoubleTensorType,
    FloatTensorType,
    Int64TensorType,
    StringTensorType,
)

from deltarule.common.errors import InputError
from deltarule.estimators.classifier import MLPClassifier
from deltarule.estimators.regressor import MLPRegressor
from deltarule.exchange.writing.exported import Exported
from deltarule.exchange.writing.from_models import exported_of
from deltarule.exchange.writing.onnx_answer import add_answer
from deltarule.exchange.writing.onnx_parts import add_members
from deltarule.exchange.writing.onnx_units import Graph

__all__: list[str] = []

_LABELS = {"U": StringTensorType, "b": BooleanTensorType, "f": DoubleTensorType}


def _exported(operator: Any) -> Exported:
    """Return the network of an operator.

    Raises
    ------
    InputError
        If its columns come one by one.
    """
    if len(operator.inputs) != 1:
        raise InputError(
            f"The network has {len(operator.inputs)} inputs here, and it takes one array of all columns. Put a "
            "ColumnTransformer before it."
        )
    return exported_of(operator.raw_operator)


def _shapes(operator: Any) -> None:
    exported = _exported(operator)
    rows = operator.inputs[0].get_first_dimension()
    is_double = isinstance(operator.inputs[0].type, DoubleTensorType)
    Number = DoubleTensorType if is_double else FloatTensorType
    operator.outputs[-1].type = Number([rows, exported.answers])
    if exported.classes is not None:
        Label: Any = _LABELS.get(exported.classes.dtype.kind, Int64TensorType)
        operator.outputs[0].type = Int64TensorType([rows, exported.K]) if exported.several else Label([rows])


def _convert(scope: Any, operator: Any, container: Any) -> None:
    from onnx import helper

    exported = _exported(operator)
    source = operator.inputs[0]
    dtype = np.float64 if isinstance(source.type, DoubleTensorType) else np.float32
    graph = Graph(f"{scope.get_unique_variable_name('deltarule')}/", dtype)
    is_number = isinstance(source.type, DoubleTensorType | FloatTensorType)
    X = source.full_name if is_number else graph.cast(source.full_name, dtype)
    add_answer(graph, exported, add_members(graph, exported, X))
    wanted = ("prediction",) if exported.classes is None else ("label", "probability")
    outer = dict(zip(wanted, (output.full_name for output in operator.outputs), strict=True))
    for name, array in graph.constants.items():
        is_text = array.dtype.kind == "U"
        kind = helper.np_dtype_to_tensor_dtype(np.dtype(object) if is_text else array.dtype)
        container.add_initializer(name, kind, array.shape, array.ravel().tolist())
    for node in graph.nodes:
        container.add_node(
            node.op_type,
            [outer.get(name, name) for name in node.input],
            [outer.get(name, name) for name in node.output],
            op_version=_VERSIONS.get(node.op_type, 13),
            name=scope.get_unique_operator_name(node.op_type),
            **{one.name: helper.get_attribute_value(one) for one in node.attribute},
        )


_VERSIONS = {"Identity": 14, "Relu": 14, "Add": 14, "Sub": 14, "Mul": 14, "Div": 14, "Where": 16, "GreaterOrEqual": 16}
"""Of the operators: the least opset in which they are what is written here."""

update_registered_converter(MLPClassifier, "DeltaruleMLPClassifier", _shapes, _convert)
update_registered_converter(MLPRegressor, "DeltaruleMLPRegressor", _shapes, _convert)
