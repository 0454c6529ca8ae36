"""A history read from the parts of a file equals the stored one."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from deltarule.training.history import COLUMNS, History
from deltarule.training.stored_history import arrays_of, content_of, history_of

COLUMN = np.array([0.5, np.nan, 0.25])
WHOLE = History.of(
    {name: COLUMN + n for n, name in enumerate(COLUMNS)}, {"train_accuracy": COLUMN}, "diverged", 3, "why", ["note"]
)


def parts(history: History) -> tuple[dict[str, Any], dict[str, Any]]:
    content = content_of(history)
    return {**content, "notices": list(content["notices"])}, arrays_of(history)  # as JSON writes them


@pytest.mark.parametrize("history", [WHOLE, History.empty("interrupted")], ids=["three epochs", "none"])
def test_what_is_stored_comes_back(history: History) -> None:
    back = history_of(*parts(history))
    assert content_of(back) == content_of(history)
    assert arrays_of(back).keys() == arrays_of(history).keys()
    for name, array in arrays_of(history).items():
        np.testing.assert_array_equal(arrays_of(back)[name], array)


def test_a_column_that_was_not_recorded_or_that_the_file_does_not_have_is_not_known() -> None:
    content, arrays = parts(replace(WHOLE, penalty=None))
    assert np.isnan(arrays["history/penalty"]).tolist() == [True] * 3
    del arrays["history/penalty"]
    assert np.isnan(history_of(content, arrays).column("penalty")).tolist() == [True] * 3


@pytest.mark.parametrize(
    ("told", "other", "error", "message"),
    [
        ({"best_epoch": 4}, {}, ValueError, "4 as the best of 3 epochs"),
        ({"best_epoch": -1}, {}, ValueError, "-1 as the best of 3 epochs"),
        ({"reason": None}, {}, TypeError, "'None' where a value of type str belongs"),
        ({"notices": [1]}, {}, TypeError, "'1' where a value of type str belongs"),
        ({}, {"scores/train_accuracy": COLUMN[1:]}, ValueError, "columns differ in length"),
    ],
)
def test_parts_that_do_not_fit_are_refused(
    told: dict[str, Any], other: dict[str, Any], error: type[Exception], message: str
) -> None:
    content, arrays = parts(WHOLE)
    with pytest.raises(error, match=message):
        history_of({**content, **told}, {**arrays, **other})
