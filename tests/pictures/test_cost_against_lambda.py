"""Cost against λ: what is kept, chosen, drawn and tabled. What the costs are: tests/test_cross_validation.py."""

import re

import numpy as np
import pytest
from matplotlib import pyplot

from deltarule import LambdaPath, MLPRegressor, lambda_path
from deltarule.common.errors import InputError
from deltarule.pictures.cost_against_lambda import LAMBDAS

LINE = MLPRegressor(hidden_layer_sizes=(), solver="lbfgs", random_state=0)
X = np.random.default_rng(0).normal(size=(40, 2))
Y = X[:, 0] - X[:, 1]


def path(lambdas: list[float], validation: list[list[float]]) -> LambdaPath:
    costs = np.array(validation)
    return LambdaPath(np.array(lambdas), costs / 2, costs, 0 * costs, 1 - costs, costs.astype(int), "accuracy")


def test_the_grid_is_sorted_and_each_lambda_is_fitted_once() -> None:
    found = lambda_path(LINE, X, Y, lambdas=[10.0, 0.0, 1, 1.0], cv=4)
    assert found.lambdas.tolist() == [0.0, 1.0, 10.0]
    for table in (found.training_cost, found.validation_cost, found.penalty, found.validation_score, found.epochs):
        assert table.shape == (3, 4)
    assert (np.diff(found.training_cost, axis=0) > 0).all()  # a larger λ fits the examples less well
    assert not found.penalty[0].any()


def test_the_chosen_lambda_has_the_least_mean_validation_cost_and_of_equals_is_the_largest() -> None:
    assert path([0.1, 1, 10], [[0.4, 0.4], [0.1, 0.5], [0.2, 0.5]]).best_lambda == 1.0
    assert path([0.1, 1, 10], [[0.25, 0.5], [0.5, 0.25], [1, 1]]).best == 1


def test_means_stand_in_the_middle_of_bands_of_one_standard_error() -> None:
    axes = path([0.1, 1], [[1.0, 3.0], [2.0, 2.0]]).plot()
    lines = {line.get_label(): line for line in axes.lines}
    assert np.asarray(lines["validation"].get_ydata()).tolist() == [2.0, 2.0]
    assert np.asarray(lines["training"].get_ydata()).tolist() == [1.0, 1.0]
    band = axes.collections[1].get_paths()[0].vertices
    at_first = np.asarray(band)[np.asarray(band)[:, 0] == 0.1]
    assert (at_first[:, 1].min(), at_first[:, 1].max()) == (1.0, 3.0)  # s = √2, and √2/√2 = 1
    assert np.asarray(lines["chosen, λ = 1"].get_xdata()).tolist() == [1, 1]
    assert lines["training"].get_linestyle() != lines["validation"].get_linestyle()
    assert lines["training"].get_marker() != lines["validation"].get_marker()


def test_lambda_0_stands_at_the_left_end_of_a_logarithmic_axis() -> None:
    axes = path([0.0, 0.01, 1.0], [[3.0], [2.0], [1.0]]).plot()
    assert axes.get_xscale() == "log"
    pyplot.draw()
    ticks = {label.get_text(): place for label, place in zip(axes.get_xticklabels(), axes.get_xticks(), strict=True)}
    place = np.asarray(axes.lines[1].get_xdata())[0]
    assert ticks["0"] == place < 0.01
    assert ticks["$10^{-2}$"] == pytest.approx(0.01)
    assert ticks["$10^{0}$"] == 1


def test_the_table_has_a_row_for_each_lambda_and_marks_the_chosen_one() -> None:
    html = path([0.0, 0.5], [[0.2, 0.4], [0.1, 0.1]])._repr_html_()
    rows = re.findall(r"<tr>(.*?)</tr>", html)
    assert len(rows) == 3
    cells = [re.findall(r"<t[hd]>(.*?)</t[hd]>", row) for row in rows]
    assert cells[0] == ["λ", "training cost", "validation cost", "validation accuracy"]
    assert cells[1] == ["0", "0.15 ± 0.05", "0.3 ± 0.1", "0.7 ± 0.1"]
    assert cells[2] == ["0.5 (chosen)", "0.05 ± 0", "0.1 ± 0", "0.9 ± 0"]


def test_without_a_grid_it_is_that_of_the_course() -> None:
    assert lambda_path(LINE, X, Y, cv=2).lambdas.tolist() == list(LAMBDAS)


@pytest.mark.parametrize("bad", [-1.0, np.nan, np.inf])
def test_a_lambda_below_0_or_not_finite_is_refused(bad: float) -> None:
    with pytest.raises(InputError, match="strength of the penalty is a finite number, 0 or more"):
        lambda_path(LINE, X, Y, lambdas=[1.0, bad])


def test_an_empty_grid_is_refused() -> None:
    with pytest.raises(InputError, match="lambdas is empty"):
        lambda_path(LINE, X, Y, lambdas=[])
