"""The target column of a table: labels to learn, labels to compare with, and the choice of held-out rows.

A row without a label can be neither learnt nor judged: training and evaluation leave it out, with a notice. Prediction
ignores the target, so it keeps every row. Only a missing value means no label: None, NA and the like are words.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from deltarule.common.arrays import text_array
from deltarule.common.errors import InputError, TableError
from deltarule.tables.cells import asked_gaps, counts_of, is_gap
from deltarule.tables.notices import alike
from deltarule.tables.numbers import learn_number_form
from deltarule.tables.reading import check_columns, is_number, name_some, place_of

__all__ = [
    "LabelledRows", "check_labels", "doubts_of", "hold_out", "known_labels", "left_out", "plain_labels",
    "said_of_left_out", "training_labels",
]  # fmt: skip

MANY = 20
"""With more classes than this, fractions count as a quantity, and labels must recur in other rows."""


@dataclass(frozen=True, eq=False)
class LabelledRows:
    """The labels of a table.

    Attributes
    ----------
    values : array of shape (m,)
        int64, bool or str, without gaps.
    rows : array of shape (m,)
        Positions of the labelled rows in the table, ascending.
    notices : tuple of str
    """

    values: NDArray[Any]
    rows: NDArray[np.intp]
    notices: tuple[str, ...]


def training_labels(table: pd.DataFrame, target: str, gaps: Sequence[str] = ()) -> LabelledRows:
    """Return the labels to learn; of the words in `gaps`, a row has no label.

    Whole numbers become int64 labels and booleans bool; everything else is text as it is written, such as 01 and 02.

    Raises
    ------
    TableError
        If the table has no such column, the column is empty, has one label only, or holds a quantity: fractions with
        more than 20 different values, or a different value in more than half of the rows.

    Examples
    --------
    >>> training_labels(pd.DataFrame({"y": [1.0, 2.0, None, 1.0]}), "y").values
    array([1, 2, 1])
    """
    filled, rows, notices = _filled(table, target, gaps)
    values = plain_labels(filled)
    classes, counts = np.unique(values, return_counts=True)
    check_labels(target, classes, counts, pd.api.types.is_float_dtype(filled.dtype))
    return LabelledRows(values, rows, (*notices, *doubts_of(target, classes, counts)))


def check_labels(target: str, classes: NDArray[Any], counts: NDArray[np.intp], are_floats: bool) -> None:
    """Raise TableError if different values, each with its number of rows, are no labels; see `training_labels`.

    `are_floats` says whether the column has a dtype of floats.
    """
    rows = int(counts.sum())
    if len(classes) < 2:
        raise TableError(
            f"The target {target!r} is {name_some(classes)} in every row that has one. "
            "A classifier needs rows of two labels or more."
        )
    fractions = are_floats and classes.dtype.kind == "U"
    if len(classes) > MANY and (fractions or _are_fractions(classes) or 2 * len(classes) > rows):
        numbers = any(is_number(str(value)) for value in classes)
        raise TableError(
            f"The target {target!r} has {len(classes)} different values in {rows} rows "
            f"({name_some(classes, 3)}): it looks like {'a quantity' if numbers else 'a name, a text or a date'}, and "
            "the classifier needs labels that come back. Take another target"
            + (", or predict it as a number: --task regress." if numbers else ".")
        )


def known_labels(table: pd.DataFrame, target: str, classes: NDArray[Any], gaps: Sequence[str] = ()) -> LabelledRows:
    """Return the labels of a table in the terms of a trained model; of the words in `gaps`, a row has no label.

    Labels are compared as they are written, except that 3 in one file equals 3.0 in another.

    Raises
    ------
    TableError
        If the table has no such column, the column is empty, or it holds labels that are not among the classes.

    Examples
    --------
    >>> known_labels(pd.DataFrame({"y": ["2", "1"]}), "y", np.array([1, 2])).values
    array([2, 1])
    """
    filled, rows, notices = _filled(table, target, gaps)
    written = _as_written(filled)
    known = _as_written(pd.Series(classes))
    if classes.dtype.kind == "b":  # true in a file is True
        written = np.char.capitalize(written)
    places = pd.Index(known).get_indexer(pd.Index(written))
    unknown = np.flatnonzero(places < 0)
    if len(unknown):
        raise TableError(
            f"The target {target!r} holds labels that the model was not trained on: "
            f"{name_some(pd.unique(pd.Series(written[unknown])))} ({len(unknown)} of {len(written)} rows, the first in "
            f"{place_of(filled, int(unknown[0]))}). "
            f"It knows {name_some(classes, 8)}. "
            + (
                f"{_and(like)} differ in case or blanks only: write them alike."
                if (like := next((group for group in alike([*known, *np.unique(written[unknown])])), None))
                else "Take these rows out, or train again with them."
            )
        )
    return LabelledRows(np.asarray(classes)[places], rows, notices)


def hold_out(y: NDArray[Any], share: float, seed: int) -> tuple[NDArray[np.intp], NDArray[np.intp], tuple[str, ...]]:
    """Split rows at random so that each class has its share in both parts.

    Parameters
    ----------
    y : array of shape (m,)
    share : float
        Share of the rows to hold out, in [0, 1).
    seed : int

    Returns
    -------
    training, held_out : arrays of int
        Positions, ascending; every position is in one of them, and every class has a row in `training`.
    notices : tuple of str
        A sentence that names the classes without a held-out row.

    Examples
    --------
    >>> hold_out(np.array(["a", "b", "a", "b", "a", "a"]), 0.5, seed=0)[1]
    array([2, 3, 4])
    """
    generator = np.random.default_rng(seed)
    classes, numbers = np.unique(y, return_inverse=True)
    # Sort rows by class, at random within a class, and take every (1/share)th: shares are right to within one row.
    order = np.lexsort((generator.random(len(y)), numbers))
    steps = np.floor(share * np.arange(len(y) + 1) + generator.random())
    chosen = order[np.diff(steps) > 0]
    held = np.zeros(len(y), dtype=bool)
    held[chosen] = True
    for n in range(len(classes)):
        of_class = numbers == n
        if held[of_class].all():
            held[np.flatnonzero(of_class)[0]] = False
    absent = [classes[n] for n in range(len(classes)) if not held[numbers == n].any()]
    notices = []
    if absent and share > 0:
        notices.append(
            f"No row of {name_some(absent)} is held out: there are too few to split. Figures on the held-out rows say "
            "nothing about these labels."
        )
    return np.flatnonzero(~held), np.flatnonzero(held), tuple(notices)


def left_out(column: pd.Series, gaps: NDArray[np.bool_], words: Mapping[str, int]) -> tuple[str, ...]:
    """Return a notice of the rows without a value in the target, and of the words that stand for gaps.

    Raises
    ------
    TableError
        If no row has a value.
    """
    count = int(np.count_nonzero(gaps))
    first = place_of(column, int(np.flatnonzero(gaps)[0])) if count else ""
    return said_of_left_out(str(column.name), count, len(column), first, words)


def said_of_left_out(name: str, count: int, rows: int, first: str, words: Mapping[str, int]) -> tuple[str, ...]:
    """Return a notice that `count` of the rows have no value in the target, the first of them at `first`.

    Raises
    ------
    TableError
        If no row has a value.
    """
    if count == rows:
        raise TableError(
            f"The target {name!r} is empty in {'the row' if rows == 1 else f'all {rows} rows'}. "
            "Fill in the values that are known."
        )
    if not count:
        return ()
    said = "".join(f"{word!r} in {n}, " for word, n in list(words.items())[:4] if word)
    return (
        f"{count} {'row has' if count == 1 else 'rows have'} no value in the target {name!r} and "
        f"{'is' if count == 1 else 'are'} left out ({said}first: {first}).",
    )


def _filled(
    table: pd.DataFrame, target: str, asked: Sequence[str]
) -> tuple[pd.Series, NDArray[np.intp], tuple[str, ...]]:
    check_columns(table, [target], "is the target")
    column = table[target]
    named = asked_gaps(column, asked)
    gaps = column.isna().to_numpy() | named
    words = counts_of(column[named]) if asked else {}
    return column[~gaps], np.flatnonzero(~gaps), left_out(column, gaps, words)


def doubts_of(target: str, classes: NDArray[Any], counts: NDArray[np.intp]) -> list[str]:
    """Return notices of labels that may be gaps, and of labels that may be the same."""
    if classes.dtype.kind != "U":
        return []
    rows = dict(zip(classes.tolist(), counts.tolist(), strict=True))
    notices = []
    if gaps := {name: n for name, n in rows.items() if is_gap(name)}:
        said = ", ".join(f"{word!r} in {n} {'row' if n == 1 else 'rows'}" for word, n in gaps.items())
        notices.append(
            f"The target {target!r} holds {said}, which is a label here; leave these fields empty if they are gaps."
        )
    by_number: dict[int, list[str]] = {}
    for word in filter(str.isdecimal, rows):
        by_number.setdefault(int(word), []).append(word)
    for group in by_number.values():
        if len(group) > 1:
            named = ", ".join(f"{word!r} ({rows[word]} rows)" for word in group)
            notices.append(
                f"The target {target!r} has labels that are the same number, and count as different: {named}."
            )
    for group in alike(rows):
        named = ", ".join(f"{word!r} ({rows[word]} rows)" for word in group)
        notices.append(
            f"The target {target!r} has labels that differ in case, blanks or invisible marks only, and count as "
            f"different: {named}."
        )
    return notices


def _are_fractions(classes: NDArray[Any]) -> bool:
    """Whether labels are texts of numbers with decimals, in any form."""
    if classes.dtype.kind != "U":
        return False
    found = learn_number_form(dict.fromkeys(classes.tolist(), 1))
    values = found.form.numbers(classes.tolist())
    return found.rows == len(classes) and bool((values != np.rint(values)).any())


def _and(words: Sequence[str]) -> str:
    return " and ".join(map(repr, map(str, words)))


def plain_labels(filled: pd.Series) -> NDArray[Any]:
    """Return labels as int64 if all are whole numbers, as bool if all are booleans, else as they are written."""
    inferred = pd.api.types.infer_dtype(filled)
    if inferred == "string" and filled.isin(["True", "False"]).all():
        return filled.eq("True").to_numpy(dtype=bool)
    if inferred == "boolean":
        return filled.to_numpy(dtype=bool)
    if inferred in ("integer", "floating", "mixed-integer-float"):
        with suppress(OverflowError):  # a whole number of more than 308 digits stays a text
            numbers = filled.to_numpy(dtype=np.float64)
            if (numbers == np.rint(numbers)).all() and (np.abs(numbers) <= 2**53).all():
                return numbers.astype(np.int64)
    return _as_written(filled)


def _as_written(filled: pd.Series) -> NDArray[Any]:
    try:
        return text_array(str(_whole(value)) for value in filled)
    except InputError as error:
        raise TableError(str(error)) from None


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value
