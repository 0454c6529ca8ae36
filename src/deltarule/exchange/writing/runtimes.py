"""Each format in a runtime of its own: a file and rows in, labels and numbers out."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltarule.common.arrays import Array
from deltarule.exchange.writing.exported import Exported
from deltarule.exchange.writing.onnx import input_names, word_of_gap

__all__ = ["onnx_feed", "run_onnx"]


def run_onnx(path: Path, exported: Exported, cells: Any, precision: str) -> tuple[NDArray[Any] | None, Array]:
    """Run an ONNX file in onnxruntime."""
    try:
        import onnxruntime
    except ImportError:
        raise ImportError("ONNX files are checked by onnxruntime: pip install onnxruntime") from None
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    answers = session.run(None, onnx_feed(exported, cells, precision))
    if exported.classes is None:
        return None, answers[0]
    labels, numbers = answers
    return (labels.astype(str) if labels.dtype.kind == "O" else labels), numbers


def onnx_feed(exported: Exported, cells: Any, precision: str) -> dict[str, NDArray[Any]]:
    """Return what a session takes: each column as [N, 1] under the name of its input, gaps as the file knows them."""
    if not exported.columns:
        return {"X": cells.astype(precision)}
    feed = {}
    for name, column, values in zip(input_names(exported), exported.columns, cells, strict=True):
        if not column.is_quantity:
            gap = word_of_gap(column)
            # An unknown word that is written as a gap is would be one.
            values = np.array([gap if word is None else f"{word} " if word == gap else word for word in values], object)
        feed[name] = values[:, np.newaxis]
    return feed
