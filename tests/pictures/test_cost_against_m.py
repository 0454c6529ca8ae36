"""Cost against m: which rows are fitted, and what is drawn."""

import numpy as np
import pytest

from deltarule import MLPRegressor, size_path
from deltarule.common.errors import InputError

LINE = MLPRegressor(hidden_layer_sizes=(), solver="lbfgs", random_state=0, alpha=0.0)
GENERATOR = np.random.default_rng(0)
X = GENERATOR.normal(size=(60, 5))
Y = X @ np.arange(5.0) + GENERATOR.normal(size=60)


def test_more_examples_raise_the_training_cost_and_lower_the_validation_cost() -> None:
    path = size_path(LINE, X, Y, sizes=[8, 48])
    assert path.sizes.tolist() == [8, 48]
    assert path.training_cost.shape == (2, 5)
    assert path.training_cost[0].mean() < path.training_cost[1].mean()
    assert path.validation_cost[0].mean() > path.validation_cost[1].mean()
    assert path.score_name == "R²"


def test_shares_are_of_the_rows_that_a_fold_leaves() -> None:
    assert size_path(LINE, X, Y, sizes=[0.25, 1.0], cv=4).sizes.tolist() == [11, 45]


def test_the_seed_draws_the_rows_of_a_part_and_changes_nothing_where_all_are_in() -> None:
    first, again, other = (size_path(LINE, X, Y, sizes=[10, 48], seed=seed) for seed in (0, 0, 1))
    assert np.array_equal(first.training_cost, again.training_cost)
    assert (first.training_cost[0] != other.training_cost[0]).all()
    assert np.array_equal(first.training_cost[1], other.training_cost[1])


def test_both_costs_are_drawn_against_m() -> None:
    path = size_path(LINE, X, Y, sizes=[8, 48])
    axes = path.plot()
    training, validation = axes.lines
    assert np.asarray(training.get_xdata()).tolist() == [8, 48]
    np.testing.assert_allclose(np.asarray(training.get_ydata()), path.training_cost.mean(axis=1))
    np.testing.assert_allclose(np.asarray(validation.get_ydata()), path.validation_cost.mean(axis=1))


@pytest.mark.parametrize("sizes", [[0.0, 0.5], [1.5], [1], [49], [0.01]])
def test_sizes_that_do_not_fit_are_refused(sizes: list[float]) -> None:
    with pytest.raises(InputError, match="a fold leaves 48 rows to learn from"):
        size_path(LINE, X, Y, sizes=sizes)


def test_an_empty_list_of_sizes_is_refused() -> None:
    with pytest.raises(InputError, match="is no list of sizes"):
        size_path(LINE, X, Y, sizes=[])
