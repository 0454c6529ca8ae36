"""Which reader a file is for."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from deltarule.common.errors import DeltaruleError, ModelFileError, SettingsError
from deltarule.exchange.reading.fann import read_fann
from deltarule.exchange.reading.file import ForeignFile, unpacked
from deltarule.exchange.reading.foreign import ForeignNetwork, Found, foreign_network
from deltarule.exchange.reading.matlab import read_matlab
from deltarule.exchange.reading.nnet import read_nnet
from deltarule.exchange.reading.onnx_file import read_onnx
from deltarule.exchange.reading.opencv import read_opencv
from deltarule.exchange.reading.pmml import read_pmml
from deltarule.exchange.reading.weka import read_weka

__all__ = ["FORMATS", "network_in"]

FORMATS: dict[str, Callable[[ForeignFile], Found]] = {
    "fann": read_fann,
    "matlab": read_matlab,
    "nnet": read_nnet,
    "onnx": read_onnx,
    "opencv": read_opencv,
    "pmml": read_pmml,
}
"""Readers by the name of a format; Weka's takes a table as well."""


def network_in(
    path: str | Path,
    *,
    format: str | None = None,  # noqa: A002
    labels: Sequence[Any] | None = None,
    output: str | None = None,
    features: Sequence[str] | None = None,
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
    if format is not None and format not in (*FORMATS, "weka"):
        raise SettingsError(f"format={format!r} is not read. Take one of {', '.join(sorted([*FORMATS, 'weka']))}.")
    try:
        with np.errstate(all="ignore"):
            kind = format or _format_of(file)
            if kind == "weka":
                found = read_weka(file, None if table is None else ForeignFile.open(table))
            else:
                found = FORMATS[kind](file)
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
    for part, kind in _PARTS:
        if part in head:
            return kind
    for part, why in _REFUSED:
        if part in head[:600]:
            raise ModelFileError(why)
    kind = _ENDINGS.get(file.path.suffix.lower(), "")
    if not kind:
        raise ModelFileError(
            f"its format is not known. If it is one of {', '.join(sorted([*FORMATS, 'weka']))}, say which: format=…"
        )
    return kind


_PACKED = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ")

_MARKS = ((b"FANN_F", "fann"), (b"X\n", "nnet"), (b"RDX", "nnet"))

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
    (b"\xac\xed\x00\x05", "it is a Java object, as Weka saves models, which would run code. Read the text that Weka prints."),
)  # fmt: skip

_ENDINGS = {".net": "fann", ".m": "matlab", ".onnx": "onnx", ".rds": "nnet", ".rdata": "nnet", ".rda": "nnet"}
