"""ONNX files that this library wrote: their description gives the model back with the same bits."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from deltarule.common.arrays import Array
from deltarule.common.errors import ModelFileError
from deltarule.exchange.reading.columns import plain_columns
from deltarule.exchange.reading.file import ForeignFile
from deltarule.exchange.reading.foreign import ForeignNetwork
from deltarule.exchange.reading.onnx_tensors import tensor_of
from deltarule.exchange.reading.protobuf import Message
from deltarule.files.archive import of_type
from deltarule.network.network import Network
from deltarule.network.parts import Unit
from deltarule.tables.encoding import TableEncoder

__all__ = ["own_network"]

MARK = b"deltarule"

STANDARDISED = "The estimator gives the quantity standardised; saved as a model of a table, in its own units."

FORMAT = 1
"""Of the description; a file of a later one is read as any other graph."""


def own_network(path: str | Path) -> tuple[ForeignNetwork, TableEncoder | None] | None:
    """Return the model in an ONNX file of this library; None if it is another file.

    Raises
    ------
    ModelFileError
        If the description does not fit the weights.
    """
    file = ForeignFile.open(path)
    if not file.data.startswith(b"\x08") or MARK not in file.data:
        return None
    try:
        model = Message(memoryview(file.data))
        told = next((one.text(2) for one in model.messages(14) if one.text(1) == "deltarule"), None)
        content = None if told is None else json.loads(told)
        if content is None or content["format"] != FORMAT:
            return None
        return _network(file, model, content)
    except MemoryError:
        raise
    except Exception as error:  # whatever parts of the wrong kind or shape make Python or NumPy raise
        raise ModelFileError(
            f"{path} cannot be imported: its description does not fit its weights ({type(error).__name__}: "
            f"{str(error)[:200]})."
        ) from error


def _network(
    file: ForeignFile, model: Message, content: Mapping[str, Any]
) -> tuple[ForeignNetwork, TableEncoder | None]:
    (graph,) = model.messages(7)
    tensors = {one.text(8): one for one in graph.messages(5)}
    units = [Unit(of_type(str, name), *numbers) for name, *numbers in content["hidden"]]
    network = Network(tuple(content["sizes"]), tuple(units), of_type(str, content["output"]))
    file.check_room(network.n_parameters)
    thetas: list[Array] = []
    for n in range(1, network.L):
        weight, bias = (tensor_of(file, tensors[f"{content['prefix']}Theta{n}.{part}"]) for part in ("weight", "bias"))
        thetas.append(np.column_stack([bias, weight.T]))
    theta = network.unroll(thetas)
    encoder = None
    if content["encoder"] is not None:
        parts = dict(content["encoder"])
        arrays = {name: np.array(parts.pop(name), dtype=np.float64) for name in ("medians", "means", "deviations")}
        encoder = TableEncoder.from_content(parts, arrays)
        if len(encoder.names) != network.sizes[0]:
            raise ValueError(f"{len(encoder.names)} columns for a network {network}")
    classes = content["classes"]
    labels = None if classes is None else tuple(classes["values"])
    names = content["names"] or [f"x{n}" for n in range(1, network.sizes[0] + 1)]
    foreign = ForeignNetwork(
        tool=f"ONNX file of deltarule {str(content['deltarule'])[:20]}",
        network=network,
        theta=theta,
        labels=labels,
        several_labels=of_type(bool, content["several_labels"]),
        columns=plain_columns(names),
        has_names=encoder is not None or content["names"] is not None,
        target=str(content["target"] or "y"),
        notes=() if content["scale"] is None else (STANDARDISED,),
        scale=(0.0, 1.0) if content["scale"] is None else tuple(map(float, content["scale"])),  # type: ignore[arg-type]
    )
    return foreign, encoder
