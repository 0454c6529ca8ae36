"""Whether a written file says what its model says: it runs in a runtime of its own, on rows of a table."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltarule.common.arrays import Array
from deltarule.common.errors import InputError
from deltarule.estimators.classifier import MLPClassifier
from deltarule.exchange.writing import runtimes
from deltarule.exchange.writing.excel_running import run_excel
from deltarule.exchange.writing.exported import Exported
from deltarule.exchange.writing.from_models import exported_of, parts_of
from deltarule.tables.cells import Form, numbers_of, words_of
from deltarule.tables.encoding import TableEncoder
from deltarule.tables.reading import as_frame, check_columns
from deltarule.tabular.base import BaseTable
from deltarule.tabular.classifier import TableClassifier

__all__ = ["Answers", "Check", "cells_of", "check"]

Runtime = Callable[[Path, Exported, Any, str], tuple[NDArray[Any] | None, Array]]

RUNTIMES: Mapping[str, tuple[str, Runtime]] = {
    "onnx": ("onnxruntime", runtimes.run_onnx),
    "c": ("the C compiler", runtimes.run_c),
    "pmml": ("JPMML or PMML4S", runtimes.run_pmml),
    "excel": ("LibreOffice", run_excel),
    "safetensors": ("PyTorch", runtimes.run_safetensors),
}
"""What runs each format: its name, and a function of the file, what is in it, the rows and the precision."""


TOLERANCES = {"float64": 1e-9, "float32": 1e-4}
"""A larger difference is an error and no rounding; weights of hundreds lose some digits of a probability."""


@dataclass(frozen=True, eq=False)
class Answers:
    """What is said of rows.

    Attributes
    ----------
    labels : array of shape (m,), or (m, K) for several labels, or None
        None for quantities.
    numbers : array of shape (m, K)
        Probabilities, or quantities.
    """

    labels: NDArray[Any] | None
    numbers: Array


@dataclass(frozen=True, eq=False)
class Check:
    """How a written file compares with its model.

    Attributes
    ----------
    runtime : str
        What ran the file.
    model, file : Answers
    is_single : bool
        Whether the model itself computes in float32, which rounds more than a file in float64.
    """

    runtime: str
    model: Answers
    file: Answers
    is_single: bool = False

    @property
    def difference(self) -> float:
        """The largest |Δ|/max(1, |model|) of all probabilities or quantities; infinite where one is not finite."""
        file, model = self.file.numbers.astype(np.float64), self.model.numbers
        if not np.isfinite(file).all():
            return float("inf")
        return float((np.abs(file - model) / np.maximum(1, np.abs(model))).max(initial=0.0))

    def passed(self, precision: str) -> bool:
        """Return whether the difference is one of rounding, and every label is the same."""
        return self.difference <= TOLERANCES["float32" if self.is_single else precision] and not self.other_labels

    @property
    def other_labels(self) -> int:
        """How many rows have another label."""
        if self.model.labels is None or self.file.labels is None:
            return 0
        other = np.asarray(self.file.labels != self.model.labels)
        return int(np.count_nonzero(other.reshape(len(other), -1).any(axis=1)))


def check(model: Any, path: str | Path, format: str, rows: Any, precision: str = "float64") -> Check:  # noqa: A002
    """Run a written file on rows, side by side with its model.

    Parameters
    ----------
    model : fitted estimator, model of a table, or estimator of tables
    path : str or Path
        Of the file that `export` wrote of it.
    format : str
    rows : DataFrame, or array for an estimator that was fitted on one
    precision : str
        With which the file was written.

    Raises
    ------
    ImportError
        If what runs the format is not installed.
    InputError
        If nothing runs the format, or the file does not run.
    """
    exported = exported_of(model)
    estimator, of_table = parts_of(model)
    if format not in RUNTIMES:
        raise InputError(f"Nothing runs {format} files here. {', '.join(RUNTIMES)} can be checked.")
    name, run = RUNTIMES[format]
    if isinstance(estimator, BaseTable):
        cells: Any = cells_of(estimator.columns_.encoder, exported, estimator.as_frame(rows))
    else:
        cells = np.asarray(rows, dtype=np.float64) if of_table is None else cells_of(of_table.encoder, exported, rows)
    labels, numbers = run(Path(path), exported, cells, precision)
    is_single = isinstance(estimator, BaseTable) and exported.thetas[0].dtype == np.float32
    return Check(name, _answers_of(model, rows), Answers(labels, numbers), is_single)


def _answers_of(model: Any, rows: Any) -> Answers:
    """Return what a model says of rows: labels and probabilities, or quantities in units of the target."""
    estimator, of_table = parts_of(model)
    X = rows if of_table is None else of_table.encoder.transform(rows)
    if isinstance(estimator, MLPClassifier | TableClassifier):
        return Answers(estimator.predict(X), estimator.predict_proba(X))
    predicted = np.asarray(estimator.predict(X))
    if of_table is not None and of_table.scale is not None:
        predicted = of_table.scale.mean + of_table.scale.deviation * predicted
    return Answers(None, predicted.reshape(len(predicted), -1))


def cells_of(encoder: TableEncoder, exported: Exported, table: Any) -> list[NDArray[Any]]:
    """Return the columns that a written file takes: float64 with NaN for gaps, and texts with None for gaps.

    Raises
    ------
    TableError
        If a column is missing, or holds what it did not hold in training.
    """
    table = as_frame(table)
    check_columns(table, encoder.kinds, "the model was trained on")
    cells: list[NDArray[Any]] = []
    for column in exported.columns:
        form = encoder.forms.get(column.name, Form())
        if column.is_quantity:
            values, strange = numbers_of(table[column.name], column.kind, form)
            if strange.any():
                encoder.transform(table)  # which says what is wrong
            cells.append(values)
        else:
            codes, words = words_of(table[column.name], column.kind, form)
            cells.append(np.array([*words, None], dtype=object)[codes])
    return cells
