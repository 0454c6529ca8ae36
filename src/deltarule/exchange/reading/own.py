"""Files that this library wrote, ONNX and safetensors: their description gives the model back with the same bits."""

import json
from pathlib import Path

import numpy as np

from deltarule.common.arrays import Array
from deltarule.common.errors import ModelFileError
from deltarule.estimators.classifier import MLPClassifier
from deltarule.estimators.regressor import MLPRegressor
from deltarule.exchange.reading.file import ForeignFile
from deltarule.exchange.reading.onnx_tensors import tensor_of
from deltarule.exchange.reading.protobuf import Message
from deltarule.exchange.reading.safetensors import metadata_in, tensors_in
from deltarule.tables.model import TableModel

__all__ = ["own_model"]

MARK = "deltarule"


def own_model(path: str | Path) -> TableModel | MLPClassifier | MLPRegressor | None:
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
    from deltarule.exchange.writing.content import model_of

    try:
        found = _of_graph(file) if is_graph else _of_tensors(file)
        return None if found is None else model_of(*found)
    except MemoryError:
        raise
    except Exception as error:  # whatever parts of the wrong kind or shape make Python or NumPy raise
        raise ModelFileError(
            f"{path} cannot be imported: it is damaged, or its description does not fit its weights "
            f"({type(error).__name__}: {str(error)[:200]})."
        ) from error


def _of_graph(file: ForeignFile) -> tuple[object, list[Array]] | None:
    """Return the description in an ONNX file, and its matrices."""
    model = Message(memoryview(file.data))
    told = next((one.text(2) for one in model.messages(14) if one.text(1) == MARK), None)
    if told is None:
        return None
    content = json.loads(told)
    tensors = {one.text(8): one for graph in model.messages(7) for one in graph.messages(5)}
    thetas = []
    for n in range(1, len(content["sizes"])):
        names = [f"{content['prefix']}Theta{n}.{part}" for part in ("bias", "weight")]
        bias, weight = (tensor_of(file, tensors[name]) for name in names)
        thetas.append(np.column_stack([bias, weight.T]))
    return content, thetas


def _of_tensors(file: ForeignFile) -> tuple[object, list[Array]] | None:
    """Return the description in a safetensors file, and its matrices."""
    told = metadata_in(file).get(MARK)
    if told is None:
        return None
    content, tensors = json.loads(told), tensors_in(file)
    layers = range(len(content["sizes"]) - 1)
    return content, [np.column_stack([tensors[f"{2 * n}.bias"], tensors[f"{2 * n}.weight"]]) for n in layers]
