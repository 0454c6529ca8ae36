"""A workbook in LibreOffice: rows go below the first, its formulas with them, and what they say is read back."""

import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltarule.common.arrays import Array
from deltarule.common.errors import InputError
from deltarule.exchange.writing.excel import FIRST_ROW, put
from deltarule.exchange.writing.exported import Exported

__all__ = ["run_excel"]


def run_excel(path: Path, exported: Exported, cells: Any, precision: str) -> tuple[NDArray[Any] | None, Array]:
    """Compute a workbook for each row."""
    del precision
    office = shutil.which("soffice") or shutil.which("libreoffice")
    if office is None:
        raise ImportError("Excel files are checked by LibreOffice, and there is none (soffice). Install it.")
    with tempfile.TemporaryDirectory() as folder:
        filled = Path(folder) / "filled.xlsx"
        rows = _fill(path, filled, cells if exported.columns else cells.T)
        command = [office, "--headless", f"-env:UserInstallation=file://{folder}/profile", "--convert-to", "xlsx"]
        said = subprocess.run([*command, "--outdir", f"{folder}/out", str(filled)], capture_output=True, text=True)
        computed = Path(folder) / "out" / "filled.xlsx"
        if not computed.exists():
            raise InputError(f"{path} is not computed by LibreOffice: {said.stderr.strip()[-300:]}")
        return _read(computed, exported, rows)


def _fill(path: Path, filled: Path, columns: Any) -> int:
    from openpyxl import load_workbook
    from openpyxl.formula.translate import Translator

    book = load_workbook(path)
    sheet = book["Network"]
    rows = len(columns[0])
    formulas = {cell.column: (cell.coordinate, cell.value) for cell in sheet[FIRST_ROW] if cell.value is not None}
    for n in range(rows):
        for place, (coordinate, formula) in formulas.items():
            cell = sheet.cell(FIRST_ROW + n, place)
            cell.value = Translator(formula, coordinate).translate_formula(cell.coordinate)
        for place, values in enumerate(columns, 1):
            value = values[n]
            if value is None or value != value:  # NaN
                continue
            cell = sheet.cell(FIRST_ROW + n, place)
            if value == "":
                cell.value = '=""'  # a cell with an empty text would be written as an empty cell
            else:
                put(cell, value if isinstance(value, str) else float(value))
    for other in book:
        for cell in (cell for row in other.iter_rows() for cell in row if type(cell.value) is float):
            put(cell, cell.value)
    book.save(filled)
    return rows


def _read(computed: Path, exported: Exported, rows: int) -> tuple[NDArray[Any] | None, Array]:
    from openpyxl import load_workbook

    sheet = load_workbook(computed, data_only=True)["Network"]
    K = exported.answers
    table = [list(row) for row in sheet.iter_rows(FIRST_ROW, FIRST_ROW + rows - 1, values_only=True)]
    ends = [len(row) - (0 if exported.classes is None else K if exported.several else 1) for row in table]
    numbers = np.array([row[end - K : end] for row, end in zip(table, ends, strict=True)], dtype=np.float64)
    if exported.classes is None:
        return None, numbers
    if exported.several:
        return np.array([row[-K:] for row in table], dtype=np.int64), numbers
    labels = ["" if row[-1] is None else row[-1] for row in table]
    return np.array(labels, dtype=exported.classes.dtype), numbers
