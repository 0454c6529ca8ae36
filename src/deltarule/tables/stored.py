"""What an encoder learnt, as parts of a file and back; each value is checked, as anybody may have written the file."""

from collections.abc import Collection, Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from deltarule.common.arrays import Array
from deltarule.files.archive import of_type
from deltarule.tables.cells import KINDS, NUMBERS, USUAL_GAPS, Form
from deltarule.tables.dates import DATE_FORMS, PARTS
from deltarule.tables.numbers import DECIMALS, THOUSANDS, NumberForm

__all__ = ["checked_form", "checked_parts", "different", "finite", "form_content", "one_of"]


def form_content(form: Form) -> dict[str, Any]:
    """Return a form as JSON content."""
    return asdict(form)


def checked_parts(
    content: Any, arrays: Mapping[str, Array], dropped: Collection[str], low: float, high: float, narrow: float
) -> dict[str, Any]:
    """Return the checked arguments of a TableEncoder.

    Content without `forms` is from 0.1.0, where words that usually mean a gap were gaps.

    Parameters
    ----------
    content, arrays
        As `TableEncoder.to_content` returns them, or as read from a file.
    dropped : collection of str
        Reasons why a column may be dropped.
    low, high, narrow : float
        Smallest and largest median and mean; smallest deviation.

    Raises
    ------
    KeyError, TypeError, ValueError
        If a part is missing, of another type or beyond its range, or parts do not fit each other.
    """
    kinds = {of_type(str, name): one_of(KINDS, kind) for name, kind in of_type(dict, content["kinds"]).items()}
    numbers = {name: kind for name, kind in kinds.items() if kind in NUMBERS}
    words = [name for name in kinds if name not in numbers]
    gaps = tuple(one_of(numbers, name) for name in different(content["gaps"]))
    categories = {
        name: tuple(None if value is None else of_type(str, value) for value in different(values))
        for name, values in of_type(dict, content["categories"]).items()
    }
    if list(categories) != words:
        raise ValueError(f"categories of {list(categories)[:5]}, and columns of words {words[:5]}")
    forms = {one_of(kinds, name): checked_form(form) for name, form in of_type(dict, content.get("forms", {})).items()}
    if "forms" not in content:
        forms = {name: Form(gaps=tuple(sorted(USUAL_GAPS))) for name in words}
    if with_parts := [name for name, form in forms.items() if form.parts and kinds[name] != "date"]:
        raise ValueError(f"parts of a date in {with_parts[:5]}, which are no dates")
    reasons = {
        of_type(str, name): one_of(dropped, why) for name, why in of_type(dict, content.get("dropped", {})).items()
    }
    if both := reasons.keys() & kinds.keys():
        raise ValueError(f"columns {sorted(both)[:5]} both used and dropped")
    width = len(numbers) + len(gaps)
    return {
        "kinds": kinds,
        "medians": finite(arrays["medians"], len(numbers), low, high),
        "gaps": gaps,
        "means": finite(arrays["means"], width, low, high),
        "deviations": finite(arrays["deviations"], width, narrow, np.inf),
        "categories": categories,
        "notices": tuple(of_type(str, notice) for notice in of_type(list, content["notices"])),
        "forms": forms,
        "dropped": reasons,
    }


def checked_form(content: Any) -> Form:
    """Return the form that `form_content` wrote, checked."""
    number = of_type(dict, of_type(dict, content)["number"])
    decimal, thousands = one_of(DECIMALS, number["decimal"]), one_of(THOUSANDS, number["thousands"])
    if decimal == thousands:
        raise ValueError(f"the mark {decimal!r} before decimals and between thousands")
    parts = tuple(one_of(PARTS, part) for part in different(content["parts"]))
    gaps = tuple(of_type(str, word) for word in different(content["gaps"]))
    form = NumberForm(decimal, thousands, of_type(str, number["unit"]))
    return Form(form, one_of(DATE_FORMS, content["date"]), parts, gaps, of_type(bool, content["digits"]))


def one_of(choices: Collection[str], value: Any) -> str:
    """Return a value that must be one of some texts."""
    if not isinstance(value, str) or value not in choices:
        raise ValueError(f"{str(value)[:40]!r} where one of {', '.join(list(choices)[:20])} belongs")
    return value


def different(values: Any) -> list[Any]:
    """Return a list whose values must differ."""
    if len(set(of_type(list, values))) < len(values):
        raise ValueError("the same value twice")
    return list(values)


def finite(array: Array, n: int, low: float, high: float) -> Array:
    """Return an array that must have n numbers in [low, high]."""
    wide = array.astype(np.float64)
    if array.shape != (n,) or not (np.isfinite(wide) & (wide >= low) & (wide <= high)).all():
        raise ValueError(f"an array of shape {array.shape} where {n} finite numbers belong, from {low:g} to {high:g}")
    return array
