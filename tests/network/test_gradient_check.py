"""The gradient check passes right gradients and fails wrong ones."""

import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from deltarule import MLPClassifier, Network, Unit, check_gradient
from deltarule.common.arrays import Array
from deltarule.common.errors import InputError
from deltarule.network.backpropagation import total_cost_and_gradient
from deltarule.network.data import TrainingSet
from deltarule.network.units import HIDDEN_UNITS, OUTPUT_UNITS
from oracles import NUMBERED, problem


@pytest.mark.parametrize("output", list(OUTPUT_UNITS))
@pytest.mark.parametrize("hidden", [*HIDDEN_UNITS, *NUMBERED], ids=str)
@pytest.mark.parametrize("lambda_", [0.0, 1.0])
def test_every_unit_passes_below_1e_9(hidden: str | Unit, output: str, lambda_: float) -> None:
    network = Network((4, 5, 5, 3), hidden, output)
    theta, X, Y, weights = problem(network, 8, seed=1, weighted=True)
    check = check_gradient(network, theta, X, Y, lambda_=lambda_, sample_weight=weights)
    assert check.passed
    assert check.gap < 1e-9
    assert check.directional_gap < 1e-9
    assert check.compared + check.kinks == network.n_parameters


def test_a_wrong_parameter_is_found_and_named() -> None:
    network = Network((3, 4, 2), "tanh")
    theta, X, Y, _ = problem(network, 6)

    def wrong(theta: Array, data: TrainingSet, lambda_: float) -> Array:
        D = total_cost_and_gradient(network, theta, data, lambda_)[1]
        network.roll(D)[1][1, 3] *= 1.001
        return D

    check = check_gradient(network, theta, X, Y, gradient=wrong)
    assert not check.passed
    assert check.worst == (2, 2, 3)
    assert check.worst_gradient == pytest.approx(1.001 * check.worst_difference, rel=1e-6)
    assert check.layer_gaps[1] > 1e-5 > 1e-9 > check.layer_gaps[0]
    assert "FAILED" in str(check)
    assert "Θ(2)[2,3]" in str(check)


@pytest.mark.parametrize("factor", [0.0, 1e-12, -1e-12, -1.0, 1 + 1e-3, 1e12])
@pytest.mark.parametrize("output", list(OUTPUT_UNITS))
def test_a_gradient_of_the_wrong_length_or_sign_fails(output: str, factor: float) -> None:
    network = Network((3, 4, 2), "tanh", output)
    theta, X, Y, _ = problem(network, 6)

    def wrong(theta: Array, data: TrainingSet, lambda_: float) -> Array:
        return factor * total_cost_and_gradient(network, theta, data, lambda_)[1]

    check = check_gradient(network, theta, X, Y, lambda_=0.1, gradient=wrong)
    assert not check.passed
    assert check.gap == pytest.approx(abs(factor - 1) / (abs(factor) + 1), rel=1e-6)
    assert check.directional_gap == pytest.approx(check.gap, rel=1e-6)
    assert check.resolution < 1e-9


def test_a_gradient_of_exactly_zero_passes_at_a_stationary_point_and_any_other_fails() -> None:
    network = Network((2, 3, 1), "tanh")
    X = np.array([[0.5, -1.0], [-0.5, 1.0], [2.0, 0.25], [-2.0, -0.25]])
    theta, Y = np.zeros(network.n_parameters), np.array([[1.0], [0.0], [0.0], [1.0]])
    right = check_gradient(network, theta, X, Y, lambda_=0.1)
    assert right.passed
    assert right.worst_gradient == 0.0
    assert not total_cost_and_gradient(network, theta, TrainingSet(X, Y), 0.1)[1].any()
    assert not check_gradient(network, theta, X, Y, lambda_=0.1, gradient=lambda *_: np.full(theta.shape, 1e-9)).passed


def test_a_penalty_on_the_bias_column_is_found() -> None:
    network = Network((3, 2))
    theta, X, Y, _ = problem(network, 6)

    def wrong(theta: Array, data: TrainingSet, lambda_: float) -> Array:
        return total_cost_and_gradient(network, theta, data, 0.0)[1] + lambda_ / data.m * theta

    assert not check_gradient(network, theta, X, Y, lambda_=0.1, gradient=wrong).passed


@pytest.mark.parametrize("hidden", ["relu", "elu"])
def test_a_parameter_on_a_kink_is_left_out_and_counted(hidden: str) -> None:
    network = Network((1, 2, 1), hidden)
    theta = network.unroll([np.array([[0.0, 1.0], [1.0, 1.0]]), np.array([[0.1, 0.5, -0.5]])])
    check = check_gradient(network, theta, [[0.0]], [[1.0]])  # z of the first unit is 0, on its kink
    assert check.kinks == 1  # the bias; the weight is multiplied by x = 0
    assert check.compared == network.n_parameters - 1
    assert check.gap < 1e-9
    assert "kink" in str(check)


def test_a_step_across_a_kink_nearby_is_made_smaller() -> None:
    network = Network((1, 1, 1), "relu")
    theta = np.array([1e-4, 1.0, 0.1, 0.5])  # z = 1e-4: the first step would cross
    check = check_gradient(network, theta, [[0.0]], [[1.0]])
    assert check.kinks == 0
    assert check.compared == 4
    assert check.gap < 1e-9


def test_a_large_network_is_checked_on_a_seeded_sample() -> None:
    network = Network((30, 40, 5), "tanh", "softmax")
    theta, X, Y, _ = problem(network, 4)
    one, same, other = (check_gradient(network, theta, X, Y, parameters=25, seed=seed) for seed in (1, 1, 2))
    assert (one.compared, one.n_parameters) == (25, network.n_parameters)
    assert one.worst == same.worst
    assert one.worst_gradient == same.worst_gradient
    assert other.worst != one.worst
    assert one.passed


def test_the_check_prints_as_a_small_table() -> None:
    network = Network((2, 3, 1))
    theta, X, Y, _ = problem(network, 4)
    text = str(check_gradient(network, theta, X, Y))
    assert text.startswith("Gradient check: passed")
    assert "13 of 13 parameters" in text
    assert len(text.splitlines()) < 12


def test_the_table_shows_the_limits_that_the_check_went_by_and_what_it_could_not_compare() -> None:
    network = Network((3, 4, 2), "tanh")
    check = check_gradient(network, *problem(network, 6)[:3], parameters=1)
    flat = replace(check, gap=2.4e-9, resolution=3.2e-9, directional_gap=np.nan)
    assert flat.passed
    assert "2.40e-09  (at most 3.2e-09)" in str(flat)
    assert re.search(r"along a direction +every step crosses a kink of g", str(flat))
    assert str(flat).count("none compared") == 1


@pytest.mark.parametrize("parameters", [0, -1, 2.5, "all"])
def test_how_many_parameters_to_compare_is_a_whole_number_from_1_on(parameters: Any) -> None:
    network = Network((3, 4, 2), "tanh")
    theta, X, Y, _ = problem(network, 6)
    with pytest.raises(InputError, match=f"parameters={parameters!r} is not how many .* from 1 on"):
        check_gradient(network, theta, X, Y, parameters=parameters)


def test_what_is_no_network_and_no_estimator_is_refused_with_what_to_give() -> None:
    pipeline = make_pipeline(StandardScaler(), MLPClassifier())
    with pytest.raises(InputError, match=r"not a Pipeline\. Of a pipeline, give the last step and X as the steps"):
        check_gradient(pipeline, [[0.0]], [0])


def test_a_gradient_that_is_not_finite_fails_wherever_it_is() -> None:
    network = Network((30, 40, 5), "tanh", "softmax")
    theta, X, Y, _ = problem(network, 4)

    def wrong(theta: Array, data: TrainingSet, lambda_: float) -> Array:
        D = total_cost_and_gradient(network, theta, data, lambda_)[1]
        D[37] = np.nan
        return D

    check = check_gradient(network, theta, X, Y, parameters=20, gradient=wrong)
    assert not check.passed
    assert check.worst == (1, 2, 6)


@pytest.mark.parametrize("scale", [1e-3, 10.0, 100.0])
@pytest.mark.parametrize("hidden", ["tanh", "logistic", "relu"])
def test_inputs_far_from_unit_variance_pass_too(hidden: str, scale: float) -> None:
    network = Network((4, 5, 2), hidden, "softmax")
    theta, X, Y, _ = problem(network, 10, seed=2)
    assert check_gradient(network, theta, scale * X, Y).passed


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("output", ["sigmoid", "identity"])
def test_a_right_gradient_passes_near_a_minimum_and_a_wrong_one_does_not(output: str, seed: int) -> None:
    from deltarule.engines import ReferenceEngine
    from deltarule.training.loop import first_state, train
    from deltarule.training.record import RunState
    from deltarule.training.settings import Settings

    network = Network((3, 4, 1), "tanh", output)
    theta, X, Y, _ = problem(network, 60, seed=seed)
    data = TrainingSet.of(network, X, 100 * Y if output == "identity" else Y)
    settings = Settings(solver="lbfgs", alpha=0.1, max_iter=2000)
    theta = train(ReferenceEngine(network), data, settings, RunState(first_state(settings, theta, 0))).theta
    check = check_gradient(network, theta, data.X, data.Y, lambda_=0.1)
    assert check.passed
    assert check.resolution < 1e-3

    def without_penalty(theta: Array, data: TrainingSet, lambda_: float) -> Array:
        return total_cost_and_gradient(network, theta, data, 0.0)[1]

    assert not check_gradient(network, theta, data.X, data.Y, lambda_=0.1, gradient=without_penalty).passed


@pytest.mark.parametrize("seed", range(8))
def test_at_a_minimum_a_gradient_passes_where_it_is_as_near_to_the_differences_as_they_may_be_to_the_truth(
    seed: int,
) -> None:
    network = Network((3, 1))  # J is convex, and Newton's steps end where D is only rounding
    theta, X, Y, _ = problem(network, 40, seed=seed)
    data = TrainingSet.of(network, X, Y)
    rows = np.column_stack([np.ones(len(X)), X])
    for _ in range(12):
        D = total_cost_and_gradient(network, theta, data, 1.0)[1]
        h = 1 / (1 + np.exp(-rows @ theta))
        curvature = (rows.T * (h * (1 - h))) @ rows / data.m + np.diag([0, 1, 1, 1]) / data.m
        theta = theta - np.linalg.solve(curvature, D)
    assert np.abs(total_cost_and_gradient(network, theta, data, 1.0)[1]).max() < 1e-15
    right = check_gradient(network, theta, X, Y, lambda_=1.0)
    assert right.passed
    assert "so flat here that its rounding hides the rest" in str(right)
    for size in (1e-10, -1e-10):
        assert not check_gradient(network, theta, X, Y, lambda_=1.0, gradient=lambda *_, D=size: np.full(4, D)).passed


def test_the_form_in_a_notebook_says_what_the_text_says() -> None:
    network = Network((3, 4, 2), "relu", "softmax")
    theta, X, Y, _ = problem(network, 6)
    check = check_gradient(network, theta, X, Y)
    root = ET.fromstring(check._repr_html_())
    rows = [" ".join(" ".join(cell.itertext()) for cell in row) for row in root.iter("tr")]
    verdict, *lines = str(check).splitlines()
    assert [" ".join(row.split()) for row in rows] == [" ".join(line.split()) for line in lines]
    assert root.findtext("p/b") == verdict == "Gradient check: passed"


def test_both_forms_take_their_arguments_by_place_and_by_name() -> None:
    X, y = np.random.default_rng(0).normal(size=(12, 3)), np.arange(12) % 3
    clf = MLPClassifier((4,), solver="gd", max_iter=1, tol=1e9, alpha=0.5, random_state=0).fit(X, y)
    network, theta, Y = clf.network_, clf.theta_, clf.encode(y)
    by_place = check_gradient(network, theta, X, Y, lambda_=0.5)
    same = [
        check_gradient(network=network, theta=theta, X=X, Y=Y, lambda_=0.5),
        check_gradient(network, theta, X=X, Y=Y, lambda_=0.5),
        check_gradient(clf, X, y),
        check_gradient(clf, X=X, y=y),
        check_gradient(clf, X, y=y),
        check_gradient(estimator=clf, X=X, y=y),
        check_gradient(clf, X, y, lambda_=0.5),
    ]
    assert by_place.passed
    assert [check.gap for check in same] == [by_place.gap] * len(same)


def test_arguments_of_both_forms_or_of_none_are_refused_with_what_the_form_takes() -> None:
    X, y = np.random.default_rng(0).normal(size=(12, 3)), np.arange(12) % 3
    clf = MLPClassifier((4,), solver="gd", max_iter=1, tol=1e9, random_state=0).fit(X, y)
    network, theta, Y = clf.network_, clf.theta_, clf.encode(y)
    mixed: Any = check_gradient
    of_estimator = r"of an estimator takes estimator, X, y, each once, but \d came by place and .* by name"
    of_network = r"of a network takes network, theta, X, Y, each once, but \d came by place and .* by name"
    cases: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
        ((clf,), {"theta": theta, "X": X, "Y": Y}),
        ((clf, X), {"Y": Y}),
        ((clf, X), {"X": X}),
        ((clf, theta, X, Y), {}),
        ((clf, X, y), {"y": y}),
        ((), {"network": clf, "X": X, "y": y}),
        ((clf,), {}),
    ]
    for args, kwargs in cases:
        with pytest.raises(InputError, match=of_estimator):
            mixed(*args, **kwargs)
    cases = [
        ((network, theta, X), {"y": y}),
        ((network, theta, X), {}),
        ((network, X), {"y": y}),
        ((network, theta, X, Y), {"estimator": clf}),
        ((), {"estimator": network, "X": X, "y": y}),
    ]
    for args, kwargs in cases:
        with pytest.raises(InputError, match=of_network):
            mixed(*args, **kwargs)
    with pytest.raises(InputError, match="not a NoneType"):
        mixed(X=X, y=y)
