"""Sparse X gives the numbers of dense X, computed from the compressed rows."""

import tracemalloc
from typing import Any

import numpy as np
import pytest
import scipy.sparse

from deltarule import (
    MLPClassifier,
    Network,
    Trace,
    check_gradient,
    cost,
    cost_and_gradient,
    hypothesis,
    trace,
    trace_example,
)
from deltarule.common.errors import InputError, ShapeError
from deltarule.engines import Engine, MiniBatches, NativeEngine, ReferenceEngine, native
from deltarule.network.data import TrainingSet
from deltarule.training.loop import first_state
from deltarule.training.settings import Settings
from deltarule.training.solvers import rule_of
from steps_of_a_plan import take_steps

NETWORK = Network((30, 7, 3), "tanh", "softmax")
GENERATOR = np.random.default_rng(0)
DENSE = GENERATOR.normal(size=(90, 30)) * (GENERATOR.uniform(size=(90, 30)) < 0.1)
Y = np.eye(3)[GENERATOR.integers(3, size=90)]
WEIGHTS = GENERATOR.uniform(0.5, 2, size=90)
THETA = NETWORK.first_theta(GENERATOR)
FORMATS = [
    scipy.sparse.csr_matrix,
    scipy.sparse.csr_array,
    scipy.sparse.csc_array,
    scipy.sparse.coo_matrix,
    scipy.sparse.lil_array,
]
ENGINES: list[type[Any]] = [ReferenceEngine, *([NativeEngine] if native.available() else [])]


@pytest.mark.parametrize("form", FORMATS)
def test_cost_gradient_and_hypothesis_are_those_of_the_same_numbers_dense(form: Any) -> None:
    X = form(DENSE)
    J, D = cost_and_gradient(NETWORK, THETA, X, Y, lambda_=0.3, sample_weight=WEIGHTS)
    J_dense, D_dense = cost_and_gradient(NETWORK, THETA, DENSE, Y, lambda_=0.3, sample_weight=WEIGHTS)
    assert pytest.approx(J_dense, rel=1e-14) == J == cost(NETWORK, THETA, X, Y, lambda_=0.3, sample_weight=WEIGHTS)
    np.testing.assert_allclose(D, D_dense, rtol=1e-12, atol=1e-16)
    np.testing.assert_allclose(hypothesis(NETWORK, THETA, X), hypothesis(NETWORK, THETA, DENSE), rtol=1e-13)


@pytest.mark.parametrize("form", FORMATS)
def test_traces_of_sparse_rows_are_those_of_the_same_numbers_dense(form: Any) -> None:
    sparse, dense = (trace(NETWORK, THETA, X, Y[:4], lambda_=0.3) for X in (form(DENSE[:4]), DENSE[:4]))
    assert sparse.J == dense.J
    for D, D_dense in zip(sparse.D, dense.D, strict=True):
        np.testing.assert_array_equal(D, D_dense)
    for one, other in zip(sparse.examples, dense.examples, strict=True):
        np.testing.assert_array_equal(one.x, other.x)
        np.testing.assert_array_equal(one.h, other.h)
    row: Any = form(DENSE).tocsr()[2]
    np.testing.assert_array_equal(trace_example(NETWORK, THETA, row, Y[2]).x, DENSE[2])


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_fitted_estimator_is_looked_into_with_sparse_rows_as_with_dense_ones(form: Any, dtype: str) -> None:
    labels = Y.argmax(axis=1)
    clf = MLPClassifier((7,), solver="lbfgs", max_iter=10, tol=0.1, dtype=dtype, random_state=0).fit(DENSE, labels)
    X: Any
    X, targets = clf.arrays_of(form(DENSE), labels)
    assert X.format == "csr"
    assert X.dtype == dtype
    np.testing.assert_array_equal(targets, Y)
    check = check_gradient(clf, form(DENSE), labels)
    assert check.passed
    assert check.compared == clf.network_.n_parameters
    few = form(DENSE).tocsr()[[3, 5]]
    one, other = clf.trace(few, labels[[3, 5]]), clf.trace(few.toarray(), labels[[3, 5]])
    assert isinstance(one, Trace)
    assert isinstance(other, Trace)
    np.testing.assert_array_equal(one.D[0], other.D[0])


@pytest.mark.parametrize("Engine_", ENGINES)
@pytest.mark.parametrize("solver", ["adam", "sgd"])
def test_steps_on_sparse_rows_are_those_on_dense_rows(Engine_: type[Engine], solver: str) -> None:
    engine = Engine_(NETWORK)  # type: ignore[call-arg]
    settings = Settings(solver=solver)
    sparse, dense = (TrainingSet.of(NETWORK, X, Y, WEIGHTS) for X in (scipy.sparse.csr_array(DENSE), DENSE))
    state = first_state(settings, THETA, key=5)
    runs = [
        take_steps(engine, state, data, rule_of(settings), MiniBatches(20), np.full(23, 0.01), 0.3)
        for data in (sparse, dense)
    ]
    np.testing.assert_allclose(runs[0].state.theta, runs[1].state.theta, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(runs[0].costs, runs[1].costs, rtol=1e-11)
    np.testing.assert_allclose(
        engine.cost_and_gradient(THETA, sparse, 0.3)[1], engine.cost_and_gradient(THETA, dense, 0.3)[1], rtol=1e-11
    )
    np.testing.assert_allclose(engine.hypothesis(THETA, sparse.X), engine.hypothesis(THETA, dense.X), rtol=1e-12)


@pytest.mark.parametrize("Engine_", ENGINES)
def test_no_dense_copy_of_sparse_rows_is_ever_made(Engine_: type[Engine]) -> None:
    rows, columns = 3000, 20_000
    network = Network((columns, 2, 1))
    X = scipy.sparse.random_array((rows, columns), density=1e-3, format="csr", rng=np.random.default_rng(0))
    theta = np.zeros(network.n_parameters)
    engine = Engine_(network)  # type: ignore[call-arg]
    settings = Settings()
    tracemalloc.start()
    try:
        data = TrainingSet.of(network, X, np.ones((rows, 1)))
        take_steps(
            engine, first_state(settings, theta, key=1), data, rule_of(settings), MiniBatches(200), [1e-3] * 15, 0.0
        )
        engine.cost_and_gradient(theta, data, 0.1)
        engine.hypothesis(theta, data.X)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < rows * columns * 8 / 50


def test_what_cannot_be_in_sparse_x_is_named() -> None:
    with pytest.raises(ShapeError, match="X has 29 columns, but the network 30-7-3 takes 30"):
        hypothesis(NETWORK, THETA, scipy.sparse.csr_array(DENSE[:, 1:]))
    X = scipy.sparse.csr_array(DENSE)
    X.data[[3, 4]] = np.nan
    row, column = np.argwhere(np.isnan(X.toarray()))[0]
    with pytest.raises(InputError, match=rf"X holds nan in row {row}, column {column} \(2 such values in all\)"):
        hypothesis(NETWORK, THETA, X)
