"""What a target is taken for, and how a quantity is standardised."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from deltarule.common.errors import SettingsError, TableError
from deltarule.tables.options import TableOptions
from deltarule.tables.target_column import TargetScale, Task, known_target, training_target


def target(values: Any, task: Task = "auto", **options: Any) -> Any:
    return training_target(pd.DataFrame({"y": values}), "y", task, TableOptions(**options))


@pytest.mark.parametrize(
    ("values", "is_quantity", "why"),
    [
        (["a", "b", "a"], False, "classification: 'y' holds 2 different texts"),
        ([True, False, True], False, "classification: 'y' holds 2 different booleans"),
        (["true", "false", "true"], False, "classification: 'y' holds 2 different booleans"),
        ([1, 2, 1], False, "classification: 'y' holds 2 different whole numbers"),
        ([1.0, 2.0, np.nan], False, "classification: 'y' holds 2 different whole numbers"),
        (["01", "02", "01"], False, "classification: 'y' holds 2 different texts"),
        ([0.5, 1.5, 0.5], True, "regression: 'y' holds numbers with fractions"),
        (["1,50", "2,25", "3,00"], True, "regression: 'y' holds numbers with fractions"),
        (list(range(19)), False, "classification: 'y' holds 19 different whole numbers"),
        (list(range(20)), True, "regression: 'y' holds 20 different whole numbers, most in fewer than 10 rows"),
        (list(range(26)) * 10, False, "classification: 'y' holds 26 different whole numbers"),
    ],
)
def test_what_the_values_say(values: list[Any], is_quantity: bool, why: str) -> None:
    found = target(values)
    assert (found.is_quantity, found.why) == (is_quantity, why)


def test_many_rare_whole_numbers_are_a_quantity_with_a_notice_that_says_what_to_do_else() -> None:
    prices = np.random.default_rng(0).integers(100, 900, 1000)
    found = target(prices)
    assert found.is_quantity
    assert "Where they are labels, take task='classify'." in found.notices[0]
    np.testing.assert_array_equal(found.values, prices)


def test_what_is_asked_for_is_done() -> None:
    assert target([1, 2, 1], "regress").values.tolist() == [1.0, 2.0, 1.0]
    assert target([1.5, 2.5, 1.5], "classify").values.tolist() == ["1.5", "2.5", "1.5"]
    with pytest.raises(SettingsError, match=r"task='guess' is unknown\. Take one of auto, classify, regress"):
        target([1], "guess")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("values", "task", "complaint"),
    [
        (["a", "b"], "regress", "does not hold numbers .* the first is 'a'"),
        (["2024-01-31", "2024-02-01"], "regress", "Put a column of numbers in its place, such as the days"),
        ([2.5, 2.5], "auto", r"The target is 2\.5 in every row that has one, so there is nothing to learn"),
        ([1, 1], "auto", "is 1 in every row that has one"),
        ([np.nan, np.nan], "regress", "is empty in all 2 rows"),
        ([1.5, np.inf], "auto", "holds 'inf' in row 1, where a finite number belongs"),
        ([1.5, 1e200], "regress", r"holds '1e\+200' in row 1"),
    ],
)
def test_a_target_that_does_not_fit_is_refused(values: list[Any], task: Task, complaint: str) -> None:
    with pytest.raises(TableError, match=complaint):
        target(values, task)


def test_rows_without_a_value_are_left_out_and_said_also_those_that_the_options_call_gaps() -> None:
    found = target(["1.5", "-9", "2.5", None], gaps=("-9",))
    assert (found.values.tolist(), found.rows.tolist()) == ([1.5, 2.5], [0, 2])
    assert "2 rows have no value in the target 'y' and are left out ('-9' in 1, first: row 1)." in found.notices
    assert target(["a", "?", "b"], gaps=("?",)).values.tolist() == ["a", "b"]


def test_a_quantity_is_read_later_as_it_was_written_in_training() -> None:
    form = target(["1.000,50", "2.000,25", "3,75"]).form
    assert known_target(pd.DataFrame({"y": ["4.000,5"]}), "y", None, form).values.tolist() == [4000.5]


@pytest.mark.parametrize("offset", [0.0, 1e9])
def test_a_standardised_quantity_has_mean_0_and_deviation_1(offset: float) -> None:
    y = np.random.default_rng(0).normal(3, 2, 500) + offset
    scale = TargetScale.of(y)
    z = scale.standardised(y)
    assert (z.mean(), z.std()) == (pytest.approx(0, abs=1e-7), pytest.approx(1, rel=1e-7))
    np.testing.assert_allclose(scale.mean + scale.deviation * z, y, rtol=1e-14)


def test_a_quantity_whose_squares_are_subnormal_has_a_scale() -> None:
    assert TargetScale.of(np.array([1e-200, 3e-200])).deviation == pytest.approx(1e-200)


@pytest.mark.parametrize("content", [{"mean": 0.0, "deviation": 0.0}, {"mean": np.inf, "deviation": 1.0}])
def test_a_scale_that_is_none_is_refused(content: Any) -> None:
    with pytest.raises(ValueError, match="a target of mean"):
        TargetScale.from_content(content)
