"""skl2onnx finds the estimators of this library, alone or as the last step of a pipeline, once this module is imported.

    import deltarule.exchange.skl2onnx
    skl2onnx.to_onnx(pipeline, X[:1])

The network is the one that `deltarule.export` writes: double where the input is double, labels of their own type, and
probabilities as one tensor without ZipMap. Estimators of tables take their columns one by one, by name, or in an array
if they were fitted on one:

    skl2onnx.to_onnx(clf, initial_types=[("age", DoubleTensorType([None, 1])), ("town", StringTensorType([None, 1]))])
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
from deltarule.exchange.writing.onnx_encoder import add_encoder
from deltarule.exchange.writing.onnx_parts import add_members
from deltarule.exchange.writing.onnx_units import Graph
from deltarule.tabular.classifier import TableClassifier
from deltarule.tabular.regressor import TableRegressor

__all__: list[str] = []

_LABELS = {"U": StringTensorType, "b": BooleanTensorType, "f": DoubleTensorType}


def _exported(operator: Any) -> Exported:
    """Return the network of an operator.

    Raises
    ------
    InputError
        If its columns come one by one, and it takes an array.
    """
    exported = exported_of(operator.raw_operator)
    if len(operator.inputs) != 1 and not exported.is_committee:
        raise InputError(
            f"The network has {len(operator.inputs)} inputs here, and it takes one array of all columns. Put a "
            "ColumnTransformer before it."
        )
    return exported


def _columns(graph: Graph, exported: Exported, operator: Any, outer: dict[str, str]) -> tuple[str, ...]:
    """Return the columns of an estimator of tables: doubles and texts of the shape [N, 1].

    Parameters
    ----------
    graph : Graph
    exported : Exported
    operator : Operator
    outer : dict of str to str
        Gets the name outside for each name here: a column may be called as an output is.

    Raises
    ------
    InputError
        If a column is missing, or is text where numbers belong, or the other way round.
    """
    given = {source.raw_name: source for source in operator.inputs}
    if len(given) == 1 and not any(column.name in given for column in exported.columns):
        return _columns_of_array(graph, exported, operator)
    names: list[str] = []
    for column in exported.columns:
        source = given.get(column.name)
        if source is None or isinstance(source.type, StringTensorType) == column.is_quantity:
            wanted = "DoubleTensorType" if column.is_quantity else "StringTensorType"
            raise InputError(
                f"The column {column.name!r} is {'missing' if source is None else 'of another type'} among the inputs "
                f"{', '.join(map(repr, given))}. Give initial_types with ({column.name!r}, {wanted}([None, 1]))."
            )
        is_ready = isinstance(source.type, DoubleTensorType | StringTensorType)
        name = f"{graph.prefix}column {len(names) + 1}"
        outer[name] = source.full_name
        names.append(name if is_ready else graph.cast(name, np.float64))
    return tuple(names)


def _columns_of_array(graph: Graph, exported: Exported, operator: Any) -> tuple[str, ...]:
    """Return the columns of the one array that an estimator of tables was fitted on."""
    (source,), fitted = operator.inputs, operator.raw_operator
    if hasattr(fitted, "feature_names_in_") or not all(column.is_quantity for column in exported.columns):
        raise InputError(
            f"The estimator of tables takes columns by name, and the input here is {source.raw_name!r}. Give "
            f"initial_types with an entry for each of {', '.join(column.name for column in exported.columns)[:200]}."
        )
    X = graph.cast(source.full_name, np.float64)
    places = (int(column.name.removeprefix("x")) for column in exported.columns)
    return tuple(graph("Gather", X, graph.constant([place], np.int64, f"[{place}]"), axis=1) for place in places)


def _shapes(operator: Any) -> None:
    exported = _exported(operator)
    rows = operator.inputs[0].get_first_dimension()
    is_double = exported.is_committee or isinstance(operator.inputs[0].type, DoubleTensorType)
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
    outer: dict[str, str] = {}
    graph = Graph(f"{scope.get_unique_variable_name('deltarule')}/", dtype)
    if exported.is_committee:
        graph.dtype = np.float64
        X, _ = add_encoder(graph, exported, _columns(graph, exported, operator, outer))
    else:
        is_number = isinstance(source.type, DoubleTensorType | FloatTensorType)
        X = source.full_name if is_number else graph.cast(source.full_name, dtype)
    add_answer(graph, exported, add_members(graph, exported, X))
    wanted = ("prediction",) if exported.classes is None else ("label", "probability")
    outer |= dict(zip(wanted, (output.full_name for output in operator.outputs), strict=True))
    for name, array in graph.constants.items():
        is_text = array.dtype.kind == "U"
        kind = helper.np_dtype_to_tensor_dtype(np.dtype(object) if is_text else array.dtype)
        container.add_initializer(name, kind, array.shape, array.ravel().tolist())
    for node in graph.nodes:
        container.add_node(
            node.op_type,
            [outer.get(name, name) for name in node.input],
            [outer.get(name, name) for name in node.output],
            op_version=19 if exported.is_committee and node.op_type == "Equal" else _VERSIONS.get(node.op_type, 13),
            name=scope.get_unique_operator_name(node.op_type),
            **{one.name: helper.get_attribute_value(one) for one in node.attribute},
        )


_VERSIONS = {
    "Identity": 14,
    "Relu": 14,
    "Add": 14,
    "Sub": 14,
    "Mul": 14,
    "Div": 14,
    "Where": 16,
    "GreaterOrEqual": 16,
}
"""The least opset in which an operator means what is written here."""

update_registered_converter(MLPClassifier, "DeltaruleMLPClassifier", _shapes, _convert)
update_registered_converter(MLPRegressor, "DeltaruleMLPRegressor", _shapes, _convert)
update_registered_converter(TableClassifier, "DeltaruleTableClassifier", _shapes, _convert)
update_registered_converter(TableRegressor, "DeltaruleTableRegressor", _shapes, _convert)
