"""The trace holds every value of the algorithm, and they satisfy the equations."""

import numpy as np
import pytest

from deltarule import Network, trace, trace_example
from deltarule.common.errors import ShapeError
from deltarule.explain import explain
from deltarule.network.units import HIDDEN_UNITS, OUTPUT_UNITS
from oracles import problem

NETWORK = Network((3, 4, 3, 2), ("logistic", "tanh"), "softmax")


def test_values_of_one_example_satisfy_the_equations() -> None:
    theta, X, Y, _ = problem(NETWORK, 1)
    example = trace_example(NETWORK, theta, X[0], Y[0])
    thetas = NETWORK.roll(theta)
    assert [len(z) for z in example.z] == [4, 3, 2]
    assert [len(a) for a in example.a] == [3, 4, 3, 2]
    for n, Theta in enumerate(thetas):
        np.testing.assert_allclose(example.z[n], Theta @ np.concatenate([[1], example.a[n]]), rtol=1e-14)  # (1)
        np.testing.assert_array_equal(  # (5)
            example.contributions[n], np.outer(example.delta[n], np.concatenate([[1], example.a[n]]))
        )
    for n, name in enumerate(NETWORK.hidden):
        unit = HIDDEN_UNITS[name]
        np.testing.assert_array_equal(example.a[n + 1], unit.g(example.z[n]))
        slope = unit.derivative(example.z[n], example.a[n + 1])
        np.testing.assert_allclose(  # (4)
            example.delta[n], thetas[n + 1][:, 1:].T @ example.delta[n + 1] * slope, rtol=1e-13
        )
    np.testing.assert_allclose(example.delta[-1], example.h - Y[0], atol=1e-15)  # (3)
    np.testing.assert_allclose(example.h, OUTPUT_UNITS["softmax"].h(example.z[-1][np.newaxis])[0])


def test_values_of_a_set_are_those_of_its_examples() -> None:
    theta, X, Y, weights = problem(NETWORK, 5, weighted=True)
    whole = trace(NETWORK, theta, X, Y, lambda_=0.5, sample_weight=weights)
    assert weights is not None
    m = weights.sum()
    for n, Theta in enumerate(NETWORK.roll(theta)):
        Delta = sum(w * e.contributions[n] for w, e in zip(weights, whole.examples, strict=True))
        np.testing.assert_allclose(whole.Delta[n], Delta, rtol=1e-13)
        np.testing.assert_allclose(whole.D[n][:, 0], Delta[:, 0] / m, rtol=1e-13)  # (6), j = 0
        np.testing.assert_allclose(whole.D[n][:, 1:], (Delta + 0.5 * Theta)[:, 1:] / m, rtol=1e-12)
    costs = [e.cost for e in whole.examples]
    assert whole.data_cost == pytest.approx(np.average(costs, weights=weights), rel=1e-14)
    assert whole.J == whole.data_cost + whole.penalty
    squares = sum((Theta[:, 1:] ** 2).sum() for Theta in NETWORK.roll(theta))
    assert whole.penalty == pytest.approx(0.5 / (2 * m) * squares, rel=1e-14)


def test_an_example_that_does_not_fit_is_refused() -> None:
    theta, X, Y, _ = problem(NETWORK, 1)
    with pytest.raises(ShapeError, match="X has 2 columns, but the network 3-4-3-2 takes 3"):
        trace_example(NETWORK, theta, X[0, :2], Y[0])


def test_a_trace_knows_its_network_its_m_and_its_penalty() -> None:
    theta, X, Y, _ = problem(NETWORK, 3)
    result = trace(NETWORK, theta, X, Y, lambda_=0.5, sample_weight=[1.0, 2.0, 0.5])
    assert (result.network, result.m, result.lambda_) == (NETWORK, 3.5, 0.5)


@pytest.mark.parametrize("form", ["html", "markdown"])
def test_traces_have_the_forms_of_their_explanation_for_notebooks(form: str) -> None:
    theta, X, Y, _ = problem(NETWORK, 2)
    for result in (trace(NETWORK, theta, X, Y), trace_example(NETWORK, theta, X[0], Y[0])):
        assert getattr(result, f"_repr_{form}_")() == explain(result, form=form)
