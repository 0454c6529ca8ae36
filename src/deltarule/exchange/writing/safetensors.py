"""safetensors: the numbers of θ under the names of PyTorch's `nn.Sequential`, and the lines that make one of them.

    8 bytes         length of the header, little-endian
    header          JSON: for each tensor its type, shape and place; under __metadata__ texts by name
    numbers         little-endian, row by row

The metadata holds `deltarule`, what it takes to make the model again (`content.py`), and `pytorch`, the lines. Θ⁽ˡ⁾ is
[bias | weight] as PyTorch has them. The activation of the last layer is no part of the network in PyTorch, so the lines
say it. A table is not in the network: its rows are encoded by `TableEncoder`, whose numbers are in `deltarule`.
"""

import json
import struct
from typing import Any

import numpy as np

from deltarule.exchange.writing.exported import Exported, check_dense
from deltarule.network.parts import Unit

__all__ = ["pytorch_unit", "safetensors_bytes"]

_UNITS = {
    "identity": "Identity",
    "tanh": "Tanh",
    "relu": "ReLU",
    "logistic": "Sigmoid",
    "leaky_relu": "LeakyReLU",
    "elu": "ELU",
    "selu": "SELU",
    "gelu": "GELU",
    "gelu_tanh": "GELU",
    "silu": "SiLU",
    "mish": "Mish",
    "softplus": "Softplus",
}

_ALIGNMENT = 8


def safetensors_bytes(exported: Exported, precision: str) -> bytes:
    """Return a safetensors file."""
    check_dense(exported, "safetensors", "the network is no nn.Sequential, and its encoder would be missing.")
    tensors = {}
    for n, Theta in enumerate(exported.Thetas):
        tensors[f"{2 * n}.weight"] = Theta[:, 1:]
        tensors[f"{2 * n}.bias"] = Theta[:, 0]
    kind = {"float64": "F64", "float32": "F32"}[precision]
    told = {
        "format": "pt",
        "deltarule": json.dumps(exported.content, ensure_ascii=False),
        "pytorch": _pytorch_lines(exported, precision),
    }
    header: dict[str, object] = {"__metadata__": told}
    data = b""
    for name, values in tensors.items():
        raw = np.ascontiguousarray(values, dtype=np.dtype(precision).newbyteorder("<")).tobytes()
        header[name] = {"dtype": kind, "shape": values.shape, "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header, ensure_ascii=False).encode()
    text += b" " * (-len(text) % _ALIGNMENT)
    return struct.pack("<Q", len(text)) + text + data


def pytorch_unit(unit: Unit) -> tuple[str, dict[str, Any]]:
    """Return the class of `torch.nn` that is a hidden unit, and what it is given.

    Softplus of PyTorch is z from z = 20 on, 2e-9 too small; from 40 on no digit is lost.

    >>> pytorch_unit(Unit("elu", 0.5))
    ('ELU', {'alpha': 0.5})
    """
    if unit.name == "gelu_tanh":
        return "GELU", {"approximate": "tanh"}
    named = {"leaky_relu": "negative_slope", "elu": "alpha"}
    given = {named[unit.name]: unit.numbers[0]} if unit.numbers else {}
    return _UNITS[unit.name], {"threshold": 40} if unit.name == "softplus" else given


def _pytorch_lines(exported: Exported, precision: str) -> str:
    """Return the program that makes the network in PyTorch and says what its answer is for X."""
    layers = []
    for n, (inputs, outputs) in enumerate(zip(exported.sizes, exported.sizes[1:], strict=False)):
        layers.append(f"nn.Linear({inputs}, {outputs})")
        if n < len(exported.units):
            name, given = pytorch_unit(exported.units[n])
            layers.append(f"nn.{name}({', '.join(f'{key}={value!r}' for key, value in given.items())})")
    double = ".double()" if precision == "float64" else ""
    return "\n".join(
        [
            "import torch",
            "from safetensors.torch import load_file",
            "from torch import nn",
            f"model = nn.Sequential({', '.join(layers)}){double}",
            f"model.load_state_dict(load_file({f'{exported.name}.safetensors'!r}))",
            *_answer(exported),
        ]
    )


def _answer(exported: Exported) -> list[str]:
    if exported.classes is None:
        h = "torch.exp(model(X))" if exported.output == "exp" else "model(X)"
        scale = exported.scale
        return [f"prediction = {h if scale is None else f'{scale[0]!r} + {scale[1]!r} * {h}.double()'}"]
    if exported.is_binary:
        return ["z = model(X)", "probability = torch.sigmoid(torch.cat([-z, z], 1))"]
    if exported.output == "softmax":
        return ["probability = torch.softmax(model(X), 1)"]
    lines = ["probability = torch.sigmoid(model(X))"]
    return lines if exported.several else [*lines, "probability = probability / probability.sum(1, keepdim=True)"]
