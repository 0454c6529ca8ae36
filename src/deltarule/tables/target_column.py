"""The column to predict: labels or a quantity, and the rows that have a value.

    text, booleans      labels
    fractions           a quantity
    whole numbers       labels, unless at least 20 different ones occur, most of them in few rows

The caller may decide instead. In both cases one sentence says what the target was taken for, and why.
"""

from dataclasses import dataclass, field
from typing import Any, Literal, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from deltarule.common.arrays import Array
from deltarule.common.errors import SettingsError, TableError
from deltarule.common.messages import Message
from deltarule.files.archive import of_type
from deltarule.tables.cells import Form, gap_words_of, number_that_fits, numbers_of
from deltarule.tables.labels import known_labels, left_out, training_labels
from deltarule.tables.meaning import meaning_of, settle_marks
from deltarule.tables.notices import said_of_form
from deltarule.tables.options import TableOptions
from deltarule.tables.reading import check_columns, place_of

__all__ = [
    "TASKS",
    "Target",
    "TargetScale",
    "Task",
    "check_varies",
    "known_target",
    "no_numbers",
    "quantity_of",
    "reason_of_numbers",
    "training_target",
]  # fmt: skip

Task = Literal["auto", "classify", "regress"]
TASKS: tuple[Task, ...] = ("auto", "classify", "regress")

MANY = 20
"""Fewest different whole numbers that may be a quantity."""

RARE = 10
"""A whole number in fewer rows than this is rare."""


@dataclass(frozen=True)
class TargetScale:
    """How a quantity is standardised: the network learns (y − mean)/deviation."""

    mean: float
    deviation: float

    @classmethod
    def of(cls, y: Array) -> Self:
        """Return mean and deviation of a quantity that varies."""
        centre = float(y[0]) + float(np.mean(y - y[0]))
        largest = float(np.abs(y - centre).max())
        return cls(centre, largest * float(np.sqrt(np.square((y - centre) / largest).mean())))

    @classmethod
    def from_content(cls, content: Any) -> Self:
        """Return the scale in the content of a file.

        Raises
        ------
        KeyError, TypeError, ValueError
            If a part is missing, of another type, or out of range.
        """
        scale = cls(of_type(float, content["mean"]), of_type(float, content["deviation"]))
        if not (np.isfinite(scale.mean) and np.isfinite(scale.deviation) and scale.deviation > 0):
            raise ValueError(f"a target of mean {scale.mean} and deviation {scale.deviation}")
        return scale

    def standardised(self, y: Array) -> Array:
        """Return (y − mean)/deviation."""
        return (y - self.mean) / self.deviation


@dataclass(frozen=True, eq=False)
class Target:
    """The target values to learn or to compare with.

    Attributes
    ----------
    values : array of shape (m,)
        Labels as int64, bool or str, or a quantity as float64; without gaps.
    rows : array of shape (m,)
        Positions of the rows of the table that have a value, ascending.
    is_quantity : bool
    form : Form
        How a quantity is written in the cells; of labels, which words are gaps.
    why : str
        What it was taken for, and why: `"classification: 'label' holds 3 different texts"`.
    notices : tuple of str
    """

    values: NDArray[Any]
    rows: NDArray[np.intp]
    is_quantity: bool
    form: Form = field(default_factory=Form)
    why: str = ""
    notices: tuple[str, ...] = ()


def training_target(table: pd.DataFrame, name: str, task: Task, options: TableOptions) -> Target:
    """Return the target to learn.

    Raises
    ------
    SettingsError
        If the task is an unknown word.
    TableError
        If the table has no such column, the column is empty or holds the same value everywhere, or it does not fit the
        task.

    Examples
    --------
    >>> table = pd.DataFrame({"price": [1.5, 2.5, 4.0], "colour": ["red", "blue", "red"]})
    >>> training_target(table, "price", "auto", TableOptions()).why
    "regression: 'price' holds numbers with fractions"
    >>> training_target(table, "colour", "auto", TableOptions()).why
    "classification: 'colour' holds 2 different texts"
    """
    if task not in TASKS:
        raise SettingsError(f"task={task!r} is unknown. Take one of {', '.join(TASKS)}.")
    check_columns(table, [name], "is the target")
    column = table[name]
    if task == "classify":
        return _labels(column, options.gaps, "classification, as asked")
    meanings = {name: meaning_of(column, options)}
    settle_marks(table, meanings, options)
    meaning = meanings[name]
    if meaning.kind == "empty":
        return _labels(column, options.gaps)
    if meaning.kind != "number":
        if task == "auto":
            what = {"boolean": "booleans", "category": "texts"}.get(meaning.kind, f"{meaning.kind}s")
            return _labels(column, options.gaps, f"classification: {{name}} holds {{n}} different {what}")
        raise no_numbers(name, meaning.kind, str(column.dropna().iloc[0]))
    quantity = _quantity(column, meaning.form, said_of_form(name, meaning))
    if task == "regress":
        return _told(quantity, "regression, as asked")
    different, counts = np.unique(quantity.values, return_counts=True)
    found = reason_of_numbers(name, len(different), counts, bool((different != np.rint(different)).any()))
    if found is not None:
        return _told(quantity, *found)
    words = len(meaning.gap_words)
    also = f" and {words} {'other text' if words == 1 else 'other texts'}" if words else ""
    return _labels(column, options.gaps, f"classification: {{name}} holds {{n}} different whole numbers{also}", words)


def no_numbers(name: str, kind: str, example: str) -> TableError:
    """Return the error about a target that is to be a quantity and holds no numbers."""
    return TableError(
        f"The target {name!r} does not hold numbers (its cells are of the kind {kind}, the first is {example[:40]!r}), "
        "and regression predicts numbers. "
        + (
            "Put a column of numbers in its place, such as the days since a date of your choice."
            if kind == "date"
            else "Take another target, or classify it."
        )
    )


def reason_of_numbers(
    name: str, different: int, counts: NDArray[np.intp], has_fractions: bool
) -> tuple[str, tuple[str, ...]] | None:
    """Return why numbers are a quantity, and notices; None if they are labels.

    Parameters
    ----------
    name : str
    different : int
        How many different whole numbers there are.
    counts : array of int
        Rows of each of them.
    has_fractions : bool
    """
    if has_fractions:
        return f"regression: {name!r} holds numbers with fractions", ()
    rare = int(np.count_nonzero(counts < RARE))
    if different < MANY or 2 * rare <= different:
        return None
    notice = Message(
        "{name!r} is taken for a quantity: it holds {n} different whole numbers, and {rare} of them stand in fewer "
        "than {few} rows. Where they are labels, take task='classify'.",
        name=name,
        n=different,
        rare=rare,
        few=RARE,
    )
    why = f"regression: {name!r} holds {different} different whole numbers, most in fewer than {RARE} rows"
    return why, (notice,)


def known_target(table: pd.DataFrame, name: str, classes: NDArray[Any] | None, form: Form) -> Target:
    """Return the target of a table for a trained model with these classes, or None for a quantity.

    Raises
    ------
    TableError
        If the table has no such column, the column is empty, or it holds labels that are not among the classes, or for
        a quantity something that is not a number.
    """
    if classes is not None:
        labels = known_labels(table, name, classes, form.gaps)
        return Target(labels.values, labels.rows, False, form, notices=labels.notices)
    check_columns(table, [name], "is the target")
    return _quantity(table[name], form)


def _labels(column: pd.Series, gaps: tuple[str, ...], why: str = "", words: int = 0) -> Target:
    """Return labels to learn; `words` of them are not counted in `why`."""
    labels = training_labels(column.to_frame(), str(column.name), gaps)
    told = why.format(name=repr(column.name), n=len(np.unique(labels.values)) - words)
    return Target(labels.values, labels.rows, False, Form(gaps=gaps), told, labels.notices)


def _quantity(column: pd.Series, form: Form, notices: tuple[str, ...] = ()) -> Target:
    values = quantity_of(column, form)
    gaps = np.isnan(values)
    notices = (*left_out(column, gaps, gap_words_of(column, form)), *notices)
    return Target(values[~gaps], np.flatnonzero(~gaps), True, form, notices=notices)


def quantity_of(column: pd.Series, form: Form) -> Array:
    """Return a quantity as it stands in a column, with NaN for gaps.

    Raises
    ------
    TableError
        If a cell holds something else than a finite number.
    """
    values, strange = numbers_of(column, "number", form)
    if strange.any():
        first = int(np.flatnonzero(strange)[0])
        raise TableError(
            f"The target {column.name!r} holds {str(column.iloc[first])[:40]!r} in {place_of(column, first)}, where a "
            f"{number_that_fits(values[first])} belongs ({np.count_nonzero(strange)} such in all). Correct it, or "
            "leave the field empty: rows without a value are left out."
        )
    return values


def _told(quantity: Target, why: str, notices: tuple[str, ...] = ()) -> Target:
    """Return a quantity to learn, with the reason why it is one.

    Raises
    ------
    TableError
        If the quantity is the same in every row.
    """
    check_varies(float(quantity.values.min()), float(quantity.values.max()))
    return Target(quantity.values, quantity.rows, True, quantity.form, why, (*quantity.notices, *notices))


def check_varies(least: float, greatest: float) -> None:
    """Raise TableError if a quantity is the same in every row."""
    if least == greatest:
        raise TableError(
            f"The target is {least:g} in every row that has one, so there is nothing to learn. Take another target."
        )
