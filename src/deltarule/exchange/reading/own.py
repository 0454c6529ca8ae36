"""Files that this library wrote, ONNX and safetensors: their description gives the model back with the same bits."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from deltarule.common.arrays import Array
from deltarule.common.errors import ModelFileError
from deltarule.estimators.classifier import MLPClassifier
from deltarule.estimators.regressor import MLPRegressor
from deltarule.exchange.reading.file import ForeignFile
from deltarule.exchange.reading.onnx_tensors import tensor_of
from deltarule.exchange.reading.protobuf import Message
from deltarule.exchange.reading.safetensors import metadata_in, tensors_in
from deltarule.exchange.writing.content import committee_model_of, model_of, network_of, table_estimator_of
from deltarule.exchange.writing.onnx_parts import is_turned, name_of_piece
from deltarule.network.network import Network
from deltarule.tables.model import TableModel
from deltarule.tabular.base import BaseTable
from deltarule.tabular.committee_model import CommitteeModel

__all__ = ["OwnModel", "own_model"]

MARK = "deltarule"

OwnModel = CommitteeModel | TableModel | MLPClassifier | MLPRegressor | BaseTable


def own_model(path: str | Path) -> OwnModel | None:
    """Return the model in a file that this library exported; None if it is another file.

    Raises
    ------
    ModelFileError
        If its description does not fit its weights.
    """
    file = ForeignFile.open(path)
    if MARK.encode() not in file.data:
        return None
    is_graph = file.data.startswith(b"\x08")
    if not is_graph and file.data[8:9] != b"{":
        return None
    try:
        return _of_graph(file) if is_graph else _of_tensors(file)
    except MemoryError:
        raise
    except Exception as error:  # whatever parts of the wrong kind or shape make Python or NumPy raise
        raise ModelFileError(
            f"{path} cannot be imported: it is damaged, or its description does not fit its weights "
            f"({type(error).__name__}: {str(error)[:200]})."
        ) from error


def _of_graph(file: ForeignFile) -> OwnModel | None:
    """Return the model in an ONNX file."""
    model = Message(memoryview(file.data))
    told = next((one.text(2) for one in model.messages(14) if one.text(1) == MARK), None)
    if told is None:
        return None
    content = json.loads(told)
    tensors = {one.text(8): one for graph in model.messages(7) for one in graph.messages(5)}

    def tensor(name: str) -> Array:
        values = tensor_of(file, tensors[f"{content['prefix']}{name}"])
        return np.swapaxes(values, -1, -2) if is_turned(name) else values

    return _model(content, tensor, lambda name: f"{content['prefix']}{name}" in tensors)


def _of_tensors(file: ForeignFile) -> OwnModel | None:
    """Return the model in a safetensors file."""
    told = metadata_in(file).get(MARK)
    if told is None:
        return None
    content, tensors = json.loads(told), tensors_in(file)

    def tensor(name: str) -> Array:
        if name.startswith("Theta"):  # nn.Sequential counts units too
            number, _, piece = name.removeprefix("Theta").partition(".")
            name = f"{2 * int(number) - 2}.{piece}"
        return tensors[name]

    return _model(content, tensor, lambda name: name in tensors)


def _model(content: Any, tensor: Callable[[str], Array], is_there: Callable[[str], bool]) -> OwnModel:
    """Return the model of a description, whose pieces of θ are named as in a file of ONNX."""
    network = network_of(content)
    if "table_estimator" not in content:
        return model_of(content, network.roll(_theta(network, 1, tensor)))
    first = network.segments[0].name
    thetas: list[Array] = []
    while is_there(name_of_piece(network, len(thetas) + 1, first)):
        thetas.append(_theta(network, len(thetas) + 1, tensor))
    estimator = table_estimator_of(content, np.stack(thetas))
    told = content.get("committee_model")
    return estimator if told is None else committee_model_of(told, estimator)


def _theta(network: Network, member: int, tensor: Callable[[str], Array]) -> Array:
    """Return θ of a member."""
    pieces = [tensor(name_of_piece(network, member, one.name)) for one in network.segments]
    if sum(piece.size for piece in pieces) != network.n_parameters:
        raise ValueError(f"{sum(piece.size for piece in pieces)} weights, and a network {network}")
    theta = np.empty(network.n_parameters, dtype=np.result_type(*pieces))
    for segment, piece in zip(network.segments, pieces, strict=True):
        if piece.shape != segment.shape:
            raise ValueError(f"{segment.name} of the shape {piece.shape}, and not {segment.shape}")
        segment.of(theta)[...] = piece
    return theta
