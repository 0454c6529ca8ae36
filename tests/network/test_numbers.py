"""Extreme numbers give a finite result or an error that names the cause, never a silent NaN."""

import numpy as np
import pytest

from deltarule import MLPClassifier
from deltarule.common.errors import DivergedError
from deltarule.engines import engine_for
from deltarule.network.data import TrainingSet
from deltarule.network.network import Network
from extremes import ESTIMATORS, Case, cases, outcome

X = np.random.default_rng(0).standard_normal((40, 3))
Y = (X[:, 0] > 0).astype(int)


@pytest.mark.parametrize("case", [*cases()], ids=lambda case: case.name)
@pytest.mark.parametrize("engine", ["native", "reference"])
def test_a_fit_is_finite_or_says_why_not(case: Case, engine: str) -> None:
    for estimator in ESTIMATORS:
        for solver, early_stopping in (("adam", False), ("sgd", True), ("lbfgs", False)):
            outcome(case, estimator, engine=engine, solver=solver, early_stopping=early_stopping, max_iter=10)


@pytest.mark.parametrize("solver", ["sgd", "gd"])
def test_a_penalty_that_makes_steps_grow_is_named_with_what_fits(solver: str) -> None:
    with pytest.raises(DivergedError, match=r"and alpha=1e\+12: .* whose product is below 40, the number of examples"):
        MLPClassifier((4,), solver=solver, alpha=1e12, learning_rate_init=0.1).fit(X, Y)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_penalty_at_the_bound_does_not_make_steps_grow() -> None:
    model = MLPClassifier((), solver="gd", alpha=80.0, learning_rate_init=0.9, max_iter=300, random_state=0, tol=1e-3)
    assert np.isfinite(model.fit(X, Y).loss_)


def test_parameters_that_are_no_numbers_are_never_the_best() -> None:
    # One step of 1e300 overflows float32. Answers of NaN are taken for the first class, and scored as such.
    with pytest.raises(DivergedError, match="learning_rate_init=1e\\+300"):
        MLPClassifier((4,), learning_rate_init=1e300, early_stopping=True, random_state=0).fit(X, Y)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("weight", [1e-300, 1e300])
def test_weights_beyond_float32_are_trained_in_float64(weight: float) -> None:
    fits = [
        MLPClassifier((4,), max_iter=5, alpha=0.0, dtype=dtype, random_state=0).fit(X, Y, sample_weight=w)
        for dtype, w in (("auto", np.full(40, weight)), ("float64", np.ones(40)))
    ]
    np.testing.assert_allclose(fits[0].theta_, fits[1].theta_, rtol=1e-9)


@pytest.mark.parametrize("engine", ["native", "reference"])
def test_float32_sums_over_a_million_rows_are_those_of_float64(engine: str) -> None:
    network = Network((1, 1), output="identity")
    rows = TrainingSet(np.full((10**6, 1), 0.1, np.float32), np.full((10**6, 1), 1000.0, np.float32))
    theta = np.array([0.3, 0.7], np.float32)
    J, _ = engine_for(network, engine).cost_and_gradient(theta, rows, 0.0)
    h = np.float32(0.3) + np.float32(0.7) * np.float32(0.1)
    assert pytest.approx((float(h) - 1000) ** 2 / 2, rel=3e-7) == J
