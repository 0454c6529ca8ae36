"""Each format in a runtime of its own: a file and rows in, labels and numbers out."""

import ctypes
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltarule.common.arrays import Array
from deltarule.common.errors import InputError
from deltarule.exchange.writing.c_texts import identifier
from deltarule.exchange.writing.evaluating import answers_of_z, encoded, labels_of
from deltarule.exchange.writing.exported import Column, Exported
from deltarule.exchange.writing.onnx_encoder import input_names, word_of_gap
from deltarule.exchange.writing.pmml import pmml_labels, pmml_names
from deltarule.exchange.writing.safetensors import pytorch_unit

__all__ = ["onnx_feed", "run_c", "run_onnx", "run_pmml", "run_safetensors"]


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


def run_c(path: Path, exported: Exported, cells: Any, precision: str) -> tuple[NDArray[Any] | None, Array]:
    """Compile a file of C, with every warning an error, and call it for each row."""
    compiler = next((found for name in ("cc", "gcc", "clang") if (found := shutil.which(name))), None)
    if compiler is None:
        raise ImportError("C files are checked by a C compiler, and there is none (cc, gcc or clang). Install one.")
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder) / "model.so"
        command = [compiler, "-std=c99", "-Wall", "-Wextra", "-pedantic", "-Werror", "-O2", "-fPIC", "-shared"]
        said = subprocess.run([*command, str(path), "-o", str(library), "-lm"], capture_output=True, text=True)
        if said.returncode:
            raise InputError(f"{path} does not compile: {said.stderr.strip()[:500]}")
        return _call(getattr(ctypes.CDLL(str(library)), f"{identifier(path.stem)}_predict"), exported, cells, precision)


def _call(predict: Any, exported: Exported, cells: Any, precision: str) -> tuple[NDArray[Any] | None, Array]:
    is_double = precision == "float64" or exported.classes is None or exported.is_committee
    real: Any = ctypes.c_double if is_double else ctypes.c_float
    h, several = (real * exported.answers)(), (ctypes.c_int * exported.K)()
    kind = "" if exported.classes is None else exported.classes.dtype.kind
    types = {"U": ctypes.c_char_p, "f": ctypes.c_double, "u": ctypes.c_ulonglong, "b": ctypes.c_int}
    predict.restype = None if exported.several or not kind else types.get(kind, ctypes.c_longlong)
    labels, numbers = [], []
    for row in _c_rows(exported, cells, precision):
        label = predict(row, several, h) if exported.several else predict(row, h)
        labels.append(list(several) if exported.several else label.decode() if kind == "U" else label)
        numbers.append(list(h))
    dtype = np.int64 if exported.several else None if exported.classes is None else exported.classes.dtype
    return (np.array(labels, dtype=dtype) if kind else None), np.array(numbers)


def _c_rows(exported: Exported, cells: Any, precision: str) -> Iterator[Any]:
    if not exported.columns:
        real: Any = ctypes.c_double if precision == "float64" else ctypes.c_float
        yield from ((real * len(values))(*values) for values in cells.tolist())
        return
    types = [
        ctypes.c_double if column.is_quantity else ctypes.c_int if column.kind == "boolean" else ctypes.c_char_p
        for column in exported.columns
    ]
    members = [(f"column{n}", kind) for n, kind in enumerate(types)]
    Row = type("Row", (ctypes.Structure,), {"_fields_": members})
    for n in range(len(cells[0])):
        row = [_c_cell(column, values[n]) for column, values in zip(exported.columns, cells, strict=True)]
        yield ctypes.byref(Row(*row))


def _c_cell(column: Column, value: Any) -> Any:
    if column.is_quantity:
        return float(value)
    if column.kind == "boolean":
        return {"true": 1, "false": 0, None: -1}.get(value, 2)
    return None if value is None else value.encode()


def run_safetensors(path: Path, exported: Exported, cells: Any, precision: str) -> tuple[NDArray[Any] | None, Array]:
    """Put the tensors of a safetensors file into an `nn.Sequential`, and give it X."""
    try:
        import torch  # noqa: TID251  # only because a user asks whether the file is right in it
        from safetensors.torch import load_file
    except ImportError:
        raise ImportError("safetensors files are checked by PyTorch: pip install torch safetensors") from None
    layers = []
    for n, Theta in enumerate(exported.Thetas):
        layers.append(torch.nn.Linear(Theta.shape[1] - 1, Theta.shape[0]))
        if n < len(exported.units):
            name, given = pytorch_unit(exported.units[n])
            layers.append(getattr(torch.nn, name)(**given))
    network = torch.nn.Sequential(*layers).to(getattr(torch, precision))
    network.load_state_dict(load_file(path))
    with torch.no_grad():
        z = network(torch.from_numpy(encoded(exported, cells).astype(precision))).numpy()
    numbers = answers_of_z(exported, z)
    return labels_of(exported, numbers), numbers


def run_pmml(path: Path, exported: Exported, cells: Any, precision: str) -> tuple[NDArray[Any] | None, Array]:
    """Score rows with JPMML, or else with PMML4S."""
    del precision
    score = _scorer(path)
    fields, targets = pmml_names(exported)
    columns = cells if exported.columns else cells.T
    rows = [[None if _is_gap(value) else value for value in column.tolist()] for column in columns]
    said = [score(dict(zip(fields, row, strict=True))) for row in zip(*rows, strict=True)]
    numbered = [""] if len(targets) == 1 else [f" {n + 1}" for n in range(len(targets))]
    if labels := pmml_labels(exported):
        numbers = np.array([[one[f"probability({label})"] for label in labels] for one in said])
        return np.array([one["predicted"] for one in said]), numbers
    numbers = np.array([[one[f"predicted{number}"] for number in numbered] for one in said])
    return (np.array([[one[f"label{n}"] for n in numbered] for one in said]) if exported.several else None), numbers


def _scorer(path: Path) -> Callable[[dict[str, Any]], Any]:
    if shutil.which("java") is None:
        raise ImportError("PMML files are checked by scorers that are written in Java, and there is none. Install it.")
    try:
        from jpmml_evaluator import make_evaluator

        evaluator = make_evaluator(str(path))
        return lambda row: evaluator.evaluate(row)
    except ImportError:
        pass
    try:
        from pypmml import Model

        model = Model.load(str(path))
        return lambda row: model.predict(row)
    except ImportError:
        raise ImportError("PMML files are checked by JPMML or PMML4S: pip install jpmml-evaluator, or pypmml") from None


def _is_gap(value: Any) -> bool:
    return value is None or value != value  # NaN
