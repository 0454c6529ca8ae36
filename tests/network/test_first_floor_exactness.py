"""Parts with parameters of their own: textbook = matrices = an oracle in 60 digits = differences of the cost."""

from typing import Any

import mpmath as mp
import numpy as np
import pytest

import deltarule
from deltarule import Dense, Network
from deltarule.common.arrays import Array
from deltarule.network.curves import Periodic, PiecewiseLinear
from deltarule.network.first_floor import Embedding, Scale
from deltarule.network.parts import Part
from deltarule.network.textbook_floor import contribution_of, error_of, out_of
from first_floors import FLOOR, PARTS, WHOLE, mp_out, rows_for


def drawn(part: Part, seed: int = 0) -> tuple[Array, Array, Array]:
    """Return parameters, rows and δ of what goes out."""
    generator = np.random.default_rng(seed)
    parameters = part.first(generator, None) + 0.2 * generator.standard_normal(part.shape)
    return parameters, rows_for(part, 6, seed), generator.standard_normal((6, part.outputs))


def exact(values: Any) -> list[Any]:
    return [mp.mpf(float(value)) for value in np.ravel(values)]


@pytest.mark.parametrize("part", PARTS, ids=repr)
def test_what_goes_out_has_the_digits_of_an_oracle(part: Part) -> None:
    parameters, X, _ = drawn(part)
    out, _ = part.forward(parameters, X)
    expected = [[float(value) for value in mp_out(part, exact(parameters), exact(x))] for x in X]
    np.testing.assert_allclose(out, expected, rtol=1e-14, atol=1e-14)


@pytest.mark.parametrize("part", PARTS, ids=repr)
def test_gradient_and_error_are_the_differences_of_an_oracle(part: Part) -> None:
    parameters, X, delta = drawn(part)
    _, kept = part.forward(parameters, X)
    D = np.full(part.shape, np.nan)
    delta_part = part.delta(parameters, kept, delta)
    part.gradient(kept, X, delta_part, D)
    error = part.error(parameters, kept, delta_part)
    h = mp.mpf(10) ** -20

    def total(of: list[Any], rows: list[list[Any]]) -> Any:
        outs = [mp_out(part, of, x) for x in rows]
        return sum(mp.fdot(exact(delta[t]), out) for t, out in enumerate(outs))

    theta, rows = exact(parameters), [exact(x) for x in X]
    for p in range(len(theta)):
        up, down = theta.copy(), theta.copy()
        up[p] += h
        down[p] -= h
        expected = float((total(up, rows) - total(down, rows)) / (2 * h))
        assert D.ravel()[p] == pytest.approx(expected, rel=1e-12, abs=1e-13)
    for t in range(len(X)):
        for j in range(part.inputs):
            up, down = rows[t].copy(), rows[t].copy()
            up[j] += h
            down[j] -= h
            one = [mp.fdot(exact(delta[t]), mp_out(part, theta, x)) for x in (up, down)]
            is_category = float(X[t, j]) == round(X[t, j])  # there the oracle jumps
            expected = 0.0 if is_category else float((one[0] - one[1]) / (2 * h))
            assert error[t, j] == pytest.approx(expected, rel=1e-12, abs=1e-13)


@pytest.mark.parametrize("part", PARTS, ids=repr)
def test_the_textbook_computes_the_same_unit_by_unit(part: Part) -> None:
    parameters, X, delta = drawn(part, seed=3)
    a, kept = part.forward(parameters, X)
    D = np.full(part.shape, np.nan)
    part.gradient(kept, X, part.delta(parameters, kept, delta), D)
    error = part.error(parameters, kept, delta)
    total = np.zeros(part.shape)
    for t, x in enumerate(X):
        np.testing.assert_allclose(out_of(part, parameters, x), a[t], rtol=1e-13, atol=1e-14)
        np.testing.assert_allclose(error_of(part, parameters, x, delta[t]), error[t], rtol=1e-13, atol=1e-14)
        total += contribution_of(part, parameters, x, delta[t])
    np.testing.assert_allclose(total, D, rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("part", PARTS, ids=repr)
def test_the_sum_of_one_unit_is_what_the_part_gives_there(part: Part) -> None:
    parameters, X, _ = drawn(part)
    out, _ = part.forward(parameters, X)
    for i in range(part.outputs):
        constant, coefficients, inputs = part.terms(parameters, X[2], i)
        assert constant + coefficients @ inputs == pytest.approx(out[2, i], rel=1e-13, abs=1e-14)


@pytest.mark.parametrize("part", PARTS, ids=repr)
def test_float32_in_is_float32_out_and_near_to_float64(part: Part) -> None:
    parameters, X, delta = drawn(part)
    X = X.astype(np.float32).astype(np.float64)
    wide, _ = part.forward(parameters, X)
    narrow, kept = part.forward(parameters.astype(np.float32), X.astype(np.float32))
    D = np.empty(part.shape, dtype=np.float32)
    part.gradient(kept, X.astype(np.float32), delta.astype(np.float32), D)
    error = part.error(parameters.astype(np.float32), kept, delta.astype(np.float32))
    assert {narrow.dtype, error.dtype} == {np.dtype(np.float32)}
    np.testing.assert_allclose(narrow, wide, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("part", PARTS, ids=repr)
def test_the_gradient_check_passes_for_each_part_alone(part: Part) -> None:
    scale = Scale(part.inputs) if not isinstance(part, Embedding) else None
    parts = [part, Dense(part.outputs, 3, "tanh"), Dense(3, 2)]
    networks = [Network(parts)] + ([] if scale is None else [Network([scale, *parts])])
    for network in networks:  # once with parameters below, so that `error` is asked
        theta = network.first_theta(np.random.default_rng(0))
        theta *= 1 + 0.01 * np.random.default_rng(1).standard_normal(len(theta))
        check = deltarule.check_gradient(network, theta, rows_for(part, 6), np.eye(2)[[0, 1, 1, 0, 1, 0]], lambda_=0.3)
        assert check.passed, check
        assert check.compared == network.n_parameters


def test_the_gradient_check_and_the_textbook_pass_for_all_parts_together() -> None:
    X, generator = rows_for(FLOOR, 8), np.random.default_rng(0)
    theta = WHOLE.first_theta(generator, X) + 0.1 * generator.standard_normal(WHOLE.n_parameters)
    Y, weights = np.eye(3)[generator.integers(0, 3, 8)], generator.random(8) + 0.1
    assert deltarule.check_gradient(WHOLE, theta, X, Y, lambda_=0.4, sample_weight=weights).passed
    trace = deltarule.trace(WHOLE, theta, X, Y, lambda_=0.4, sample_weight=weights)
    J, D = deltarule.cost_and_gradient(WHOLE, theta, X, Y, lambda_=0.4, sample_weight=weights)
    assert trace.J == pytest.approx(J, rel=1e-14)
    np.testing.assert_allclose(WHOLE.unroll(trace.D), D, rtol=1e-11, atol=1e-15)
    np.testing.assert_array_equal(trace.examples[0].z[0], trace.examples[0].a[1])


def test_the_gradient_check_finds_a_wrong_gradient_of_every_segment() -> None:
    X, generator = rows_for(FLOOR, 8), np.random.default_rng(0)
    theta = WHOLE.first_theta(generator, X)
    Y = np.eye(3)[generator.integers(0, 3, 8)]
    for segment in WHOLE.segments:

        def wrong(theta: Array, data: Any, lambda_: float, segment: Any = segment) -> Array:
            D = deltarule.cost_and_gradient(WHOLE, theta, data.X, data.Y, lambda_=lambda_)[1]
            segment.of(D)[...] *= 1.01
            return D

        assert not deltarule.check_gradient(WHOLE, theta, X, Y, gradient=wrong).passed, segment.name


def test_the_gradient_check_leaves_out_what_a_step_would_carry_across_a_knot() -> None:
    part = PiecewiseLinear([[0.0, 1.0, 2.0]], width=2)
    network = Network([Scale(1), part, Dense(2, 1)])
    theta = network.first_theta(np.random.default_rng(0))
    at_a_knot = deltarule.check_gradient(network, theta, [[1.0]], [[1.0]])
    assert (at_a_knot.kinks, at_a_knot.compared) == (1, network.n_parameters - 1)
    between = deltarule.check_gradient(network, theta, [[1.5]], [[1.0]])
    assert (between.kinks, between.passed) == (0, True)


def test_large_frequencies_keep_the_digits_that_the_angle_has() -> None:
    part = Periodic(1, frequencies=2, width=2)
    parameters = part.first(np.random.default_rng(0), None)
    parameters[0, :2] = [300.0, -250.0]
    x = np.array([[3.7]])
    expected = [float(value) for value in mp_out(part, exact(parameters), exact(x))]
    # The angle is about 7000, so its rounding alone is 7000 u.
    np.testing.assert_allclose(part.forward(parameters, x)[0][0], expected, atol=4e4 * 2.0**-53)
