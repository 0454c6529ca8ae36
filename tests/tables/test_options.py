"""What a caller says of a table."""

import pytest

from deltarule.common.errors import SettingsError
from deltarule.tables.options import TableOptions


def test_an_unknown_order_of_dates_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(SettingsError, match=r"dates='year-first' is unknown\. Take one of day-first, month-first"):
        TableOptions(dates="year-first")  # type: ignore[arg-type]


@pytest.mark.parametrize("other", ["keep", "categories"])
def test_a_column_that_is_dropped_and_used_is_refused(other: str) -> None:
    with pytest.raises(SettingsError, match=f"'age' is in drop and in {other}"):
        TableOptions(drop=("age",), **{other: ("age",)})
