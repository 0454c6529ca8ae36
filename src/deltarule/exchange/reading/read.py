"""Which reader a file is for."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from deltarule.common.errors import DeltaruleError, ModelFileError, SettingsError
from deltarule.exchange.reading.fann import read_fann
from deltarule.exchange.reading.file import ForeignFile, unpacked
from deltarule.exchange.reading.foreign import ForeignNetwork, Found, foreign_network
from deltarule.exchange.reading.keras import read_h5, read_keras
from deltarule.exchange.reading.matlab import read_matlab
from deltarule.exchange.reading.nnet import read_nnet
from deltarule.exchange.reading.onnx_file import read_onnx
from deltarule.exchange.reading.opencv import read_opencv
from deltarule.exchange.reading.pmml import read_pmml
from deltarule.exchange.reading.state_dict import read_safetensors, read_torch
from deltarule.exchange.reading.weka import read_weka

__all__ = ["FORMATS", "network_in"]


@dataclass(frozen=True)
class Asked:
    """What the caller says because some formats do not: units, their order, the table of Weka's ranges."""

    activation: str | Sequence[Any] | None = None
    layers: Sequence[str] | None = None
    table: str | Path | None = None


FORMATS: dict[str, Callable[[ForeignFile, Asked], Found]] = {
    "fann": lambda file, _: read_fann(file),
    "h5": lambda file, _: read_h5(file),
    "keras": lambda file, _: read_keras(file),
    "matlab": lambda file, _: read_matlab(file),
    "nnet": lambda file, _: read_nnet(file),
    "onnx": lambda file, _: read_onnx(file),
    "opencv": lambda file, _: read_opencv(file),
    "pmml": lambda file, _: read_pmml(file),
    "safetensors": lambda file, asked: read_safetensors(file, asked.activation, asked.layers),
    "torch": lambda file, asked: read_torch(file, asked.activation, asked.layers),
    "weka": lambda file, asked: read_weka(file, None if asked.table is None else ForeignFile.open(asked.table)),
}
"""Readers by the name of a format."""

ONLY_FOR = {"activation": ("safetensors", "torch"), "layers": ("safetensors", "torch"), "table": ("weka",)}
"""The formats that need an argument, because their files do not say what it says."""


def network_in(
    path: str | Path,
    *,
    format: str | None = None,  # noqa: A002
    labels: Sequence[Any] | None = None,
    output: str | None = None,
    features: Sequence[str] | None = None,
    activation: str | Sequence[Any] | None = None,
    layers: Sequence[str] | None = None,
    table: str | Path | None = None,
) -> ForeignNetwork:
    """Return the network in a file of another tool.

    Raises
    ------
    ModelFileError
        If the file is missing, damaged, of no known format, or holds a network that does not fit.
    SettingsError
        If the file leaves open what must be known; the message names the argument that says it.
    """
    file = ForeignFile.open(path)
    if format is not None and format not in FORMATS:
        raise SettingsError(f"format={format!r} is not read. Take one of {', '.join(FORMATS)}.")
    try:
        with np.errstate(all="ignore"):
            kind = format or _format_of(file)
            asked = Asked(activation, layers, table)
            for name, formats in ONLY_FOR.items():
                if getattr(asked, name) is not None and kind not in formats:
                    raise SettingsError(f"{name}=… is for files of {', '.join(formats)}; this is {kind}. Leave it out.")
            found = FORMATS[kind](file, asked)
            return foreign_network(found, labels=labels, output=output, features=features)
    except ModelFileError as error:
        raise ModelFileError(f"{path} cannot be imported: {error}") from error
    except (DeltaruleError, MemoryError, ImportError):
        raise
    except Exception as error:  # whatever parts of the wrong kind or shape make Python or NumPy raise
        raise ModelFileError(
            f"{path} cannot be imported: it is damaged, or of a version that is not known "
            f"({type(error).__name__}: {str(error)[:200]})."
        ) from error


def _format_of(file: ForeignFile) -> str:
    """Return the format that a file's first bytes show, or its ending."""
    head = file.data[:4096]
    if head.startswith(_PACKED):
        head = unpacked(file.data)[:4096]
    for mark, kind in _MARKS:
        if head.startswith(mark):
            return kind
    if file.path.suffix == ".pt2":
        raise ModelFileError(
            "it is a program of torch.export, whose parameters are not read here. Write it with torch.onnx.export, or "
            "save the module's state_dict()."
        )
    if head.startswith(b"PK"):
        return "keras" if b"config.json" in file.data or file.path.suffix == ".keras" else "torch"
    if head[8:9] == b"{" and int.from_bytes(head[:8], "little") <= len(file.data):
        return "safetensors"
    for part, kind in _PARTS:
        if part in head:
            return kind
    for part, why in _REFUSED:
        if part in head[:600]:
            raise ModelFileError(why)
    kind = _ENDINGS.get(file.path.suffix.lower(), "")
    if not kind:
        raise ModelFileError(f"its format is not known. If it is one of {', '.join(FORMATS)}, say which: format=…")
    return kind


_PACKED = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ")

_MARKS = ((b"\x89HDF", "h5"), (b"FANN_F", "fann"), (b"X\n", "nnet"), (b"RDX", "nnet"))

_PARTS = (
    (b"<PMML", "pmml"),
    (b"layer_sizes", "opencv"),
    (b"opencv_storage", "opencv"),
    (b"Sigmoid Node 0", "weka"),
    (b"Linear Node 0", "weka"),
    (b"IW1_1", "matlab"),
    (b"x1_step1", "matlab"),
)

_REFUSED = (
    (b"MATLAB 5.0 MAT-file", "it is a MAT-file, which hides a network object. In MATLAB write "
     "genFunction(net,'file.m','MatrixOnly','yes') and read that text."),
    (b"\xac\xed\x00\x05", "it is a Java object, as Weka saves models, and no data. Read the text that Weka prints."),
)  # fmt: skip

_ENDINGS = {
    ".net": "fann",
    ".m": "matlab",
    ".onnx": "onnx",
    ".pt": "torch",
    ".pth": "torch",
    ".safetensors": "safetensors",
    ".rds": "nnet",
    ".rdata": "nnet",
    ".rda": "nnet",
}
