"""Any number of workers and partitions gives the bits of one machine with the rows in memory."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

da = pytest.importorskip("dask.array")
distributed = pytest.importorskip("distributed")

from sklearn.metrics import f1_score  # noqa: E402

from deltarule import MLPClassifier, MLPRegressor  # noqa: E402
from deltarule.cluster import DaskMLPClassifier, DaskMLPRegressor  # noqa: E402
from deltarule.common.arrays import Array  # noqa: E402
from deltarule.common.errors import SettingsError  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

M = 7 * 8192 - 5
RNG = np.random.default_rng(0)
X = RNG.normal(size=(M, 4))
Y = RNG.normal(size=(M, 3))
LABELS = np.array(["low", "mid", "top"])[np.digitize(X[:, 0] * X[:, 1] + 0.3 * Y[:, 0], [-0.3, 0.3])]
WEIGHTS = RNG.random(M)
UNEVEN = (1, 0, 9000, 8192, 0, 3, M - 17_196)
"""Rows of seven partitions: one has one row, two have none."""


def bounds(partitions: int) -> tuple[int, ...]:
    return UNEVEN if partitions == 7 else tuple(np.diff(np.linspace(0, M, partitions + 1).astype(int)).tolist())


def on_cluster(array: Array, partitions: int) -> Any:
    return da.from_array(array, chunks=(bounds(partitions), *array.shape[1:]))


@pytest.fixture(scope="module", params=[(1, 7), (3, 12), (8, 7)], ids=str)
def workers(request: pytest.FixtureRequest) -> Iterator[tuple[Any, int]]:
    """A client of some workers, and how many partitions to make."""
    number, partitions = request.param
    with distributed.Client(
        processes=False, n_workers=number, threads_per_worker=1, dashboard_address=":0", memory_limit=0
    ) as made:
        yield made, partitions


@pytest.mark.parametrize(("dtype", "weighted"), [("float64", True), ("float32", False)])
def test_cost_and_gradient_are_those_of_one_machine(workers: tuple[Any, int], dtype: str, weighted: bool) -> None:
    client, partitions = workers
    partitions = 64 if partitions == 12 else partitions
    # One step of gradient descent from θ₀ is θ₀ − η D, and the curve holds J.
    settings: dict[str, Any] = {"solver": "gd", "max_iter": 1, "alpha": 3.0, "random_state": 1, "tol": 0.0}
    weights = WEIGHTS.astype(dtype) if weighted else None
    alone = MLPRegressor(hidden_layer_sizes=(5,), **settings).fit(X.astype(dtype), Y, weights)
    given = None if weights is None else on_cluster(weights, partitions)
    there = DaskMLPRegressor(hidden_layer_sizes=(5,), client=client, **settings)
    there.fit(on_cluster(X.astype(dtype), partitions), on_cluster(Y, partitions), given)
    np.testing.assert_array_equal(there.theta_, alone.theta_)
    assert there.loss_curve_ == alone.loss_curve_
    assert there.theta_.dtype == dtype


@pytest.mark.parametrize("settings", [{"solver": "lbfgs"}, {"solver": "cg", "class_weight": "balanced"}])
def test_whole_fits_are_those_of_one_machine(workers: tuple[Any, int], settings: dict[str, Any]) -> None:
    client, partitions = workers
    few: dict[str, Any] = {"hidden_layer_sizes": (4,), "max_iter": 4, "random_state": 1, "label_smoothing": 0.1}
    settings = few | settings
    alone = MLPClassifier(**settings).fit(X, LABELS, WEIGHTS)
    there = DaskMLPClassifier(**settings, client=client)
    there.fit(*(on_cluster(array, partitions) for array in (X, LABELS, WEIGHTS)))
    np.testing.assert_array_equal(there.theta_, alone.theta_)
    assert there.loss_curve_ == alone.loss_curve_
    assert there.n_iter_ == alone.n_iter_
    assert there.classes_.tolist() == ["low", "mid", "top"]
    assert there.n_passes_ >= there.n_iter_
    assert 0 <= there.overhead_ <= 1
    assert sum(one["rows"] for one in there.placement_.values()) == M


def test_x_y_and_weights_that_are_cut_differently_are_one_machine(client: Any) -> None:
    settings: dict[str, Any] = {"solver": "lbfgs", "max_iter": 3, "random_state": 1}
    alone = MLPClassifier((4,), **settings).fit(X, LABELS, WEIGHTS)
    cut = on_cluster(X, 7), on_cluster(LABELS, 3), on_cluster(WEIGHTS, 12)
    np.testing.assert_array_equal(DaskMLPClassifier((4,), **settings, client=client).fit(*cut).theta_, alone.theta_)


def test_gradient_descent_with_a_line_search_is_that_of_one_machine(client: Any) -> None:
    settings: dict[str, Any] = {"solver": "gd", "learning_rate": "adaptive", "max_iter": 10, "random_state": 1}
    alone = MLPClassifier((4,), **settings).fit(X, LABELS == "top")
    there = DaskMLPClassifier((4,), **settings, client=client).fit(on_cluster(X, 12), on_cluster(LABELS == "top", 12))
    np.testing.assert_array_equal(there.theta_, alone.theta_)


def chained(client: Any, partitions: int, **more: Any) -> Any:
    settings: dict[str, Any] = {"hidden_layer_sizes": (4,), "max_iter": 3, "random_state": 1, "dropout": 0.2, **more}
    there = DaskMLPClassifier(**settings, client=client, span_rows=10_000)
    return there.fit(on_cluster(X, partitions), on_cluster(LABELS, partitions), on_cluster(WEIGHTS, partitions))


CHAINED: dict[str, Array] = {}


def test_chain_does_not_depend_on_workers_and_partitions(workers: tuple[Any, int]) -> None:
    theta = chained(*workers).theta_
    np.testing.assert_array_equal(theta, CHAINED.setdefault("theta", theta))


def test_chain_without_shuffling_is_one_machine(client: Any) -> None:
    settings: dict[str, Any] = {"hidden_layer_sizes": (4,), "max_iter": 3, "random_state": 1, "shuffle": False}
    alone = MLPClassifier(**settings, dropout=0.2).fit(X, LABELS, WEIGHTS)
    there = chained(client, 7, shuffle=False)
    np.testing.assert_array_equal(there.theta_, alone.theta_)
    assert there.loss_curve_ == alone.loss_curve_


def test_chain_over_rows_of_one_span_is_one_machine(client: Any) -> None:
    settings: dict[str, Any] = {"hidden_layer_sizes": (4,), "max_iter": 3, "random_state": 1, "solver": "sgd"}
    alone = MLPRegressor(**settings).fit(X, Y)
    there = DaskMLPRegressor(**settings, client=client).fit(on_cluster(X, 12), on_cluster(Y, 12))
    np.testing.assert_array_equal(there.theta_, alone.theta_)
    assert there.loss_curve_ == alone.loss_curve_


AVERAGED: dict[str, Array] = {}


def test_average_depends_on_shards_and_not_on_workers(workers: tuple[Any, int]) -> None:
    client, partitions = workers
    settings: dict[str, Any] = {"hidden_layer_sizes": (4,), "max_iter": 2, "random_state": 1, "parallel": "average"}
    there = DaskMLPClassifier(**settings, shards=4, rounds_per_epoch=3, client=client)
    there.fit(on_cluster(X, partitions), on_cluster(LABELS, partitions))
    np.testing.assert_array_equal(there.theta_, AVERAGED.setdefault("theta", there.theta_))
    assert there.loss_curve_[1] < there.loss_curve_[0]


def test_one_shard_that_is_averaged_with_nothing_is_one_machine(client: Any) -> None:
    settings: dict[str, Any] = {"hidden_layer_sizes": (4,), "max_iter": 2, "random_state": 1}
    alone = MLPClassifier(**settings).fit(X, LABELS)
    there = DaskMLPClassifier(**settings, parallel="average", shards=1, rounds_per_epoch=3, client=client)
    there.fit(on_cluster(X, 7), on_cluster(LABELS, 7))
    np.testing.assert_array_equal(there.theta_, alone.theta_)
    assert there.loss_curve_ == alone.loss_curve_


def test_rows_that_are_read_anew_in_every_pass_give_the_same_bits(client: Any) -> None:
    settings: dict[str, Any] = {"hidden_layer_sizes": (4,), "solver": "lbfgs", "max_iter": 3, "random_state": 1}
    alone = MLPClassifier(**settings).fit(X, LABELS)
    there = DaskMLPClassifier(**settings, resident=False, client=client).fit(on_cluster(X, 7), on_cluster(LABELS, 7))
    np.testing.assert_array_equal(there.theta_, alone.theta_)
    assert {one["bytes"] for one in there.placement_.values()} == {0}


def test_a_validation_set_on_the_cluster_has_the_cost_of_one_in_memory(client: Any) -> None:
    settings: dict[str, Any] = {"hidden_layer_sizes": (4,), "solver": "lbfgs", "max_iter": 3, "random_state": 1}
    few = slice(0, 9000)
    for one, other, y in ((MLPClassifier, DaskMLPClassifier, LABELS), (MLPRegressor, DaskMLPRegressor, Y)):
        alone = one(**settings).fit(X, y, eval_set=(X[few], y[few], WEIGHTS[few]))
        watched = tuple(da.from_array(array[few], chunks=(4000, *array.shape[1:])) for array in (X, y, WEIGHTS))
        there = other(**settings, client=client).fit(on_cluster(X, 7), on_cluster(y, 7), eval_set=watched)
        assert there.validation_loss_curve_ == alone.validation_loss_curve_
        name = next(iter(alone.scores_))
        np.testing.assert_allclose(there.scores_[name], alone.scores_[name], rtol=1e-12)


def test_a_validation_set_in_this_process_may_have_scorers(client: Any) -> None:
    settings: dict[str, Any] = {"hidden_layer_sizes": (4,), "max_iter": 2, "random_state": 1, "scoring": ["f1_macro"]}
    watched = X[:900], LABELS[:900], WEIGHTS[:900]
    there = DaskMLPClassifier(**settings, client=client)
    there.fit(on_cluster(X, 7), on_cluster(LABELS, 7), eval_set=watched)
    alone = there.to_local()
    assert there.scores_["validation_f1_macro"][-1] == pytest.approx(
        f1_score(watched[1], alone.predict(watched[0]), average="macro", sample_weight=watched[2])
    )
    with pytest.raises(SettingsError, match="takes rows in memory"):
        there.fit(on_cluster(X, 7), on_cluster(LABELS, 7), eval_set=(on_cluster(X, 7), on_cluster(LABELS, 7)))


def test_the_hold_out_of_early_stopping_does_not_depend_on_partitions(client: Any) -> None:
    fits = [chained(client, partitions, early_stopping=True) for partitions in (7, 12)]
    np.testing.assert_array_equal(fits[0].theta_, fits[1].theta_)
    assert fits[0].validation_scores_ == fits[1].validation_scores_
    assert fits[0].validation_scores_[-1] > 0.4


def test_averages_of_averages_are_not_taken(client: Any) -> None:
    # A library that divides each partition's sum by its rows weighs the rows of a short one more.
    short, labels = X[:129], LABELS[:129]
    settings: dict[str, Any] = {"hidden_layer_sizes": (), "solver": "gd", "max_iter": 1, "random_state": 1}
    alone = MLPClassifier(**settings).fit(short, labels)
    chunks = (128, 1)
    there = DaskMLPClassifier(**settings, client=client)
    there.fit(da.from_array(short, chunks=(chunks, 4)), da.from_array(labels, chunks=(chunks,)))
    assert there.loss_curve_ == alone.loss_curve_
