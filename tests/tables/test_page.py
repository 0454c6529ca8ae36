"""docs/tables-in.md says how each kind of cell is read: every example on it is run."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from deltarule.common.errors import TableError
from deltarule.tables import TableEncoder, read_table
from deltarule.tables.options import TableOptions

PAGE = Path(__file__).parents[2] / "docs" / "tables-in.md"
TEXT = PAGE.read_text(encoding="utf-8")


def examples(text: str) -> list[list[str]]:
    """Return the cells of each row of the tables: fields, option, what becomes of them, what is said."""
    return [re.split(r" *\| *", line)[1:-1] for line in text.splitlines() if line.startswith(("| `", "| ("))]


COMMAS, SEMICOLONS = (examples(part) for part in TEXT.split("## In a file with semicolons"))


def options_of(cell: str) -> TableOptions:
    words = cell.strip("`").split()
    given: dict[str, Any] = {}
    for option, value in zip(words[::2], words[1::2], strict=True):
        name = option.removeprefix("--")
        given[name] = value if name == "dates" else (value,)
    return TableOptions(**given)


def becomes(encoder: TableEncoder, table: pd.DataFrame) -> str:
    """Say what became of the column c, as the page says it."""
    if "c" not in encoder.kinds:
        return "dropped"
    kind = encoder.kinds["c"]
    if kind in ("category", "boolean"):
        words = ["gap" if word is None else word or "(empty)" for word in encoder.categories["c"]]
        return f"{'words' if kind == 'category' else 'booleans'} {', '.join(words)}"
    places = {name: n for n, name in enumerate(encoder.names)}
    X = encoder.transform(table)[:, : len(encoder.means)] * encoder.deviations + encoder.means
    values = X[:, places["c"]]
    if kind == "date":
        seconds = np.rint(values * 86400).astype("datetime64[s]")
        said = [str(moment).removesuffix(":00").removesuffix("T00:00") for moment in seconds]
    else:
        said = [f"{round(value, 9):.9g}" for value in values]
    if "c is missing" in places:
        gaps = X[:, places["c is missing"]] > 0.5
        said = ["gap" if gap else text for gap, text in zip(gaps, said, strict=True)]
    return f"{kind}s {', '.join(said)}"


def check(path: Path, separator: str, example: list[str]) -> None:
    fields, option, expected, said = example
    values = [field or "" for field in re.findall(r"`([^`]+)`|\(empty\)", fields)]
    other = [f"{value}{separator}{n % 3}" for n, value in enumerate(values)]
    path.write_text("\n".join([f"c{separator}n", *other, ""]), encoding="utf-8")
    options = options_of(option)
    table = read_table(path, as_text=options.categories)
    if expected == "error":
        with pytest.raises(TableError, match=re.escape(said)):
            TableEncoder.fit(table, options=options)
        return
    encoder = TableEncoder.fit(table, options=options)
    assert becomes(encoder, table) == expected
    notices = [notice for notice in encoder.notices if "'n'" not in notice]
    assert notices == [] if said == "nothing" else said in " ".join(notices)


@pytest.mark.parametrize("example", COMMAS, ids=lambda example: example[0])
def test_a_field_in_a_file_with_commas_is_read_as_the_page_says(tmp_path: Path, example: list[str]) -> None:
    check(tmp_path / "t.csv", ",", example)


@pytest.mark.parametrize("suffix", [".csv", ".tsv"])
@pytest.mark.parametrize("example", SEMICOLONS, ids=lambda example: example[0])
def test_a_field_in_a_file_with_semicolons_or_tabs_is_read_as_the_page_says(
    tmp_path: Path, example: list[str], suffix: str
) -> None:
    check(tmp_path / f"t{suffix}", "\t" if suffix == ".tsv" else ";", example)


def test_the_page_has_an_example_of_each_kind() -> None:
    assert len(COMMAS) > 40
    assert len(SEMICOLONS) == 4
    expected = {example[2].split()[0] for example in COMMAS}
    assert expected == {"numbers", "words", "booleans", "dates", "durations", "dropped", "error"}
