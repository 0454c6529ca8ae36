"""An encoder taken apart into plain data and put together again."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from deltarule.tables import TableEncoder
from deltarule.tables.options import TableOptions

TABLE = pd.DataFrame(
    {
        "size": [1.0, 2.0, np.nan, 4.0],
        "price": ["1.234,50 €", "3,25 €", "?", "7 €"],
        "day": ["31/01/2024", "02/03/2024", "05/06/2024", "07/08/2024"],
        "colour": ["red", None, "blue", "none"],
        "old": [True, False, True, True],
        "took": pd.to_timedelta(["1h", "2h", "24h", None]),
        "same": 1,
    }
)
ENCODER = TableEncoder.fit(TABLE, options=TableOptions(gaps=("none",)))


def as_in_a_file(encoder: TableEncoder) -> tuple[dict[str, Any], dict[str, Any]]:
    content, arrays = encoder.to_content()
    return json.loads(json.dumps(content)), arrays


def test_an_encoder_comes_back_from_json_and_arrays_as_it_was() -> None:
    again = TableEncoder.from_content(*as_in_a_file(ENCODER))
    assert again.forms == ENCODER.forms
    assert again.forms["price"].number.unit == "€"
    assert again.dropped == ENCODER.dropped == {"same": "constant"}
    assert again.notices == ENCODER.notices
    assert again.names == ENCODER.names
    assert np.array_equal(again.transform(TABLE), ENCODER.transform(TABLE))


def test_an_encoder_of_a_model_file_of_0_1_0_reads_words_for_gaps_as_gaps() -> None:
    content, arrays = as_in_a_file(TableEncoder.fit(TABLE[["colour", "size"]]))
    del content["forms"], content["dropped"]
    old = TableEncoder.from_content(content, arrays)
    new = pd.DataFrame({"colour": [None, "NA", "red"], "size": 1.0})
    assert np.array_equal(old.transform(new)[0], old.transform(new)[1])


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content["kinds"].update(size="word"),
        lambda content: content["kinds"].update(size=3),
        lambda content: content.pop("gaps"),
        lambda content: content.update(gaps=["colour"]),
        lambda content: content.update(gaps=["size", "size"]),
        lambda content: content["categories"].update(old=[1]),
        lambda content: content.update(notices=[1]),
        lambda content: content["forms"].update(other=content["forms"]["price"]),
        lambda content: content["forms"]["price"]["number"].update(decimal=";"),
        lambda content: content["forms"]["price"]["number"].update(thousands=","),
        lambda content: content["forms"]["price"]["number"].update(unit=None),
        lambda content: content["forms"]["day"].update(date="soon"),
        lambda content: content["forms"]["day"].update(parts=["month", "month"]),
        lambda content: content["forms"]["price"].update(parts=["month"]),
        lambda content: content["forms"]["price"].update(gaps=["a", "a"]),
        lambda content: content["dropped"].update(same="tired"),
        lambda content: content["dropped"].update(size="constant"),
    ],
)
def test_no_part_of_a_wrong_kind_gets_through(change: Callable[[dict[str, Any]], object]) -> None:
    content, arrays = as_in_a_file(ENCODER)
    change(content)
    with pytest.raises((KeyError, TypeError, ValueError)):
        TableEncoder.from_content(content, arrays)


@pytest.mark.parametrize(("name", "bad"), [("medians", np.inf), ("means", 1e200), ("deviations", 0.0)])
def test_no_number_beyond_its_range_gets_through(name: str, bad: float) -> None:
    content, arrays = as_in_a_file(ENCODER)
    for wrong in (np.full_like(arrays[name], bad), arrays[name][1:]):
        with pytest.raises(ValueError, match="finite numbers belong"):
            TableEncoder.from_content(content, {**arrays, name: wrong})
