"""Trained networks as files of other tools: whole, encoder and labels included, and as exact as their arithmetic is.

exported.py      what is exported, as one plain value, which every writer takes; from_models.py makes it
content.py       what a file says of its model besides, for readers of this library
onnx.py          ONNX; onnx_encoder.py, onnx_parts.py with onnx_units.py, and onnx_answer.py
c.py             C99; its units in c_units.py, dates in c_dates.py
pmml.py          PMML 4.4
excel.py         a workbook of formulas
date_steps.py    parts of dates in steps, for both
safetensors.py   safetensors, with the lines that make the network in PyTorch
evaluating.py    what is exported, computed in NumPy
checking.py      a written file in its own runtime, side by side with the model; each runtime in runtimes.py
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from deltarule.common.errors import SettingsError
from deltarule.exchange.writing.c import c_bytes
from deltarule.exchange.writing.excel import excel_bytes
from deltarule.exchange.writing.exported import Exported, check_precision
from deltarule.exchange.writing.from_models import exported_of
from deltarule.exchange.writing.onnx import onnx_bytes
from deltarule.exchange.writing.pmml import pmml_bytes
from deltarule.exchange.writing.safetensors import safetensors_bytes
from deltarule.files.whole import check_writable, write_whole

__all__ = ["FORMATS", "SUFFIXES", "export", "format_of"]

FORMATS: Mapping[str, Callable[[Exported, str], bytes]] = {
    "onnx": onnx_bytes,
    "c": c_bytes,
    "pmml": pmml_bytes,
    "excel": excel_bytes,
    "safetensors": safetensors_bytes,
}

SUFFIXES = {"onnx": ".onnx", "c": ".c", "pmml": ".pmml", "excel": ".xlsx", "safetensors": ".safetensors"}


def export(model: Any, path: str | Path, format: str | None = None, precision: str = "float64") -> None:  # noqa: A002
    """Write a trained network to a file that other tools read.

    Parameters
    ----------
    model : MLPClassifier, MLPRegressor, TableClassifier, TableRegressor, or model of a table
        Fitted. The file of a model or estimator of tables takes rows of the table as they are: numbers with gaps, dates
        as days since 1970-01-01 (UTC), words. Of an estimator of tables it holds all members, their calibration and
        their mean; PMML, Excel and safetensors do not hold such estimators.
    path : str or Path
    format : {"onnx", "c", "pmml", "excel", "safetensors"}, optional
        By default what the name of the file ends in says.
    precision : {"float64", "float32"}, default "float64"
        Of the weights and of the arithmetic of the network. The numbers of a table are double in both. An estimator of
        tables with `dtype="float32"` computes in float32 itself, so a file in float64 rounds less than it.

    Raises
    ------
    SettingsError
        If format or precision is unknown.
    InputError
        If the model is not fitted, or the format cannot hold it.
    ImportError
        If the format needs a package that is not installed.
    OutputError
        If the file cannot be written; one that was there before is as it was.
    """
    name = format_of(path) if format is None else format
    if name not in FORMATS:
        raise SettingsError(f"format={format!r} is unknown. Take one of {', '.join(FORMATS)}.")
    check_precision(precision)
    check_writable(path)
    write_whole(path, FORMATS[name](replace(exported_of(model), name=Path(path).stem), precision))


def format_of(path: str | Path) -> str:
    """Return the format that the name of a file says.

    Raises
    ------
    SettingsError
        If it says none.
    """
    suffix = Path(path).suffix.lower()
    for name, usual in SUFFIXES.items():
        if suffix == usual:
            return name
    raise SettingsError(
        f"{path} ends in {suffix!r}, which says no format. Take one of {', '.join(SUFFIXES.values())}, or name the "
        "format."
    )
