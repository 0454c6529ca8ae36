"""Excel: a workbook whose formulas are the network, for networks that one can follow.

    Network     a row: the cells, X, z and a of each layer, the answer. Copy the row down for more.
    Features    median, mean and deviation of each column of X, and its word
    Theta1 …    Θ⁽¹⁾ …: a row for each unit, its bias in the first column
    Labels      the labels, in the order of the probabilities

Numbers stand in cells and not in formulas, where Excel keeps 15 digits of them. Words are compared by EXACT, because
`=` takes "Rot" for "rot". A gap is an empty cell. Dates are days since 1970-01-01, 25569 less than those of Excel.
"""

import io
import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from deltarule.common.errors import InputError
from deltarule.exchange.writing.date_steps import Expression, steps_of
from deltarule.exchange.writing.excel_units import logistic, unit_formula
from deltarule.exchange.writing.exported import Exported, Feature, check_dense

__all__ = ["FIRST_ROW", "excel_bytes", "put"]

MOST_PARAMETERS = 3000
"""Most parameters of a network in a workbook: nobody could follow more formulas."""

LONGEST = 32767
"""Most characters of a cell."""

_ESCAPED = re.compile("_x[0-9A-Fa-f]{4}_")
"""A text of this form is an escape, which programs read as another character."""

FIRST_ROW = 3
"""The first row of cells; two rows of names stand above it."""


class _Sheet:
    """The columns of the sheet `Network`, from left to right."""

    def __init__(self, sheet: Any) -> None:
        self._sheet = sheet
        self._n = 0

    def add(self, group: str, name: str, formula: str = "") -> str:
        """Add a column; return how formulas of its row name it."""
        from openpyxl.utils import get_column_letter

        self._n += 1
        put(self._sheet.cell(1, self._n), group)
        put(self._sheet.cell(2, self._n), name)
        if formula:
            self._sheet.cell(FIRST_ROW, self._n, f"={formula}")
        return f"${get_column_letter(self._n)}{FIRST_ROW}"


def excel_bytes(exported: Exported, precision: str) -> bytes:
    """Return a workbook.

    Raises
    ------
    ImportError
        If openpyxl is not installed.
    InputError
        If the network is too large to follow, or a label or word cannot stand in a cell.
    """
    check_dense(exported, "A workbook that one can follow", "it would be many sheets of thousands of numbers.")
    try:
        from openpyxl import Workbook
    except ImportError:
        raise ImportError("Excel files need openpyxl: pip install 'deltarule[exchange]'") from None
    n = sum(Theta.size for Theta in exported.Thetas)
    if n > MOST_PARAMETERS:
        raise InputError(
            f"The network has {n} parameters, and in a workbook one can follow {MOST_PARAMETERS}. Take another format."
        )
    book = Workbook()
    sheet = _Sheet(_named(book.active, "Network"))
    a = _encode(book, sheet, exported)
    for layer, Theta in enumerate(exported.Thetas, 1):
        weights = _named(book.create_sheet(), f"Theta{layer}")
        for (i, j), value in np.ndenumerate(Theta.astype(precision).astype(np.float64)):
            put(weights.cell(i + 1, j + 1), float(value))
        group = f"layer {layer + 1}"
        z = [sheet.add(group, f"z{i}", _z(layer, i, a)) for i in range(1, len(Theta) + 1)]
        if layer <= len(exported.units):
            unit = exported.units[layer - 1]
            a = [sheet.add(group, f"a{i}", unit_formula(unit, one)) for i, one in enumerate(z, 1)]
    _answer(book, sheet, exported, z)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _named(sheet: Any, name: str) -> Any:
    sheet.title = name
    return sheet


def put(cell: Any, value: Any) -> None:
    """Put a value into a cell: a text as a text, whatever it looks like, and a number with all its digits.

    openpyxl writes 16 digits of a number, one too few, but what it takes for a text as it stands.

    Raises
    ------
    InputError
        If no cell can hold a text.
    """
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    if isinstance(value, str) and (
        ILLEGAL_CHARACTERS_RE.search(value) or _ESCAPED.search(value) or len(value) > LONGEST
    ):
        raise InputError(f"The text {value[:40]!r} cannot stand in a cell of a workbook. Take another format.")
    cell.value = repr(value) if isinstance(value, float) else value
    if isinstance(value, str | float):
        cell.data_type = "s" if isinstance(value, str) else "n"


def _z(layer: int, i: int, a: list[str]) -> str:
    """Return (1) of a unit: its bias, and its weights times what comes in."""
    from openpyxl.utils import get_column_letter

    weights = f"Theta{layer}!$B${i}:${get_column_letter(len(a) + 1)}${i}"
    return f"Theta{layer}!$A${i}+SUMPRODUCT({weights},{a[0]}:{a[-1]})"


def _encode(book: Any, sheet: _Sheet, exported: Exported) -> list[str]:
    """Add the cells, what dates are computed by, and X."""
    if not exported.columns:
        return [sheet.add("cells", name) for name in exported.names]
    cells = [sheet.add("cells", column.name) for column in exported.columns]
    angles = {}
    for key, steps in steps_of(exported, [column.name for column in exported.columns]).items():
        places = {exported.columns[key[0]].name: f"N({cells[key[0]]})"}
        for name, expression in steps.items():
            places[name] = sheet.add("dates", name, _formula(expression, places))
        angles[key] = places[name]
    features = _named(book.create_sheet(), "Features")
    for n, title in enumerate(("X", "median", "mean", "deviation", "word"), 1):
        put(features.cell(1, n), title)
    X = []
    for n, (name, feature) in enumerate(zip(exported.names, exported.features, strict=True), 2):
        told = [name, exported.columns[feature.column].median, feature.mean, feature.deviation, feature.word or ""]
        for place, value in enumerate(told, 1):
            put(features.cell(n, place), value)
        angle = angles.get((feature.column, feature.part), "")
        X.append(sheet.add("X", name, _x(exported, feature, n, cells[feature.column], angle)))
    return X


def _x(exported: Exported, feature: Feature, n: int, cell: str, angle: str) -> str:
    """Return the formula of a column of X, whose numbers are in the row n of `Features`."""
    scaled = f"-Features!$C${n})/Features!$D${n}"
    if feature.what == "value":
        return f"(IF(ISNUMBER({cell}),{cell},Features!$B${n}){scaled}"
    if feature.what == "gap":
        return f"(IF(ISNUMBER({cell}),0,1){scaled}"
    if feature.part:
        return f"IF(ISNUMBER({cell}),{'SIN' if feature.what == 'sine' else 'COS'}({angle}),0)"
    if feature.word is None:
        return f"IF(ISBLANK({cell}),1,0)"
    if exported.columns[feature.column].kind == "boolean":
        return f"IF(EXACT(LOWER({cell}),Features!$E${n}),1,0)"
    if feature.word == "":
        return f"IF(AND(NOT(ISBLANK({cell})),LEN({cell})=0),1,0)"
    return f"IF(EXACT({cell},Features!$E${n}),1,0)"


def _formula(expression: Expression, places: dict[str, str]) -> str:
    if isinstance(expression, str):
        return places[expression]
    if isinstance(expression, float):
        return repr(expression)
    function, *arguments = expression
    texts = [_formula(argument, places) for argument in arguments]
    return f"INT({texts[0]})" if function == "floor" else f"({function.join(texts)})"


def _answer(book: Any, sheet: _Sheet, exported: Exported, z: list[str]) -> None:
    if exported.classes is None:
        for k, one in enumerate(z, 1):
            h = f"EXP({one})" if exported.output == "exp" else one
            if exported.scale is not None:
                place = _scale(book, exported.scale)
                h = f"{place}$B$1+{place}$B$2*{h}"
            sheet.add("answer", exported.target if len(z) == 1 and exported.target else f"prediction {k}", h)
        return
    labels = exported.classes.tolist()
    if any(isinstance(label, int) and abs(label) > 2**53 for label in labels):
        raise InputError("A label is a whole number beyond 2^53, which a cell does not hold. Take another format.")
    probabilities = [
        sheet.add("answer", f"probability of {label}", formula)
        for label, formula in zip(labels, _probabilities(sheet, exported, z), strict=True)
    ]
    if exported.several:
        for k, probability in enumerate(probabilities):
            sheet.add("answer", f"label {k}", f"IF({probability}>0.5,1,0)")
        return
    names = _named(book.create_sheet(), "Labels")
    for n, label in enumerate(labels, 1):
        put(names.cell(n, 1), label)
    row = f"{probabilities[0]}:{probabilities[-1]}"
    text = '&""' if exported.classes.dtype.kind == "U" else ""  # INDEX makes 0 of an empty text
    sheet.add("answer", "label", f"INDEX(Labels!$A$1:$A${len(labels)},MATCH(MAX({row}),{row},0)){text}")


def _scale(book: Any, scale: tuple[float, float]) -> str:
    sheet = _named(book.create_sheet(), "Scale")
    for n, (name, value) in enumerate(zip(("mean", "deviation"), scale, strict=True), 1):
        put(sheet.cell(n, 1), name)
        put(sheet.cell(n, 2), value)
    return "Scale!"


def _probabilities(sheet: _Sheet, exported: Exported, z: list[str]) -> Iterator[str]:
    if exported.is_binary:
        yield logistic(f"(-{z[0]})")
        yield logistic(z[0])
    elif exported.output == "softmax":
        row = f"{z[0]}:{z[-1]}"
        largest = sheet.add("answer", "largest z", f"MAX({row})")
        yield from (f"EXP({one}-{largest})/SUMPRODUCT(EXP({row}-{largest}))" for one in z)
    elif exported.several:
        yield from (logistic(one) for one in z)
    else:
        h = [sheet.add("answer", f"h{k}", logistic(one)) for k, one in enumerate(z, 1)]
        total = f"SUM({h[0]}:{h[-1]})"
        yield from (f"IF({total}>0,{one}/{total},1/{len(h)})" for one in h)
