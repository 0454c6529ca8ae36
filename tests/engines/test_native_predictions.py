"""Predictions of rows that nobody has looked at: the core converts them, and says whether they were finite."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from deltarule import MLPClassifier, MLPRegressor, Network
from deltarule.common.arrays import Array
from deltarule.engines import ReferenceEngine, native
from deltarule.engines.native import NativeEngine
from deltarule.errors import InputError
from deltarule.network.first_floor import Scale
from deltarule.network.parts import Dense
from oracles import training_set

pytestmark = pytest.mark.skipif(not native.available(), reason="the compiled core was not built")
# Inputs around the lanes and panels of every instruction set and both precisions.
WIDTHS = (1, 2, 3, 7, 8, 15, 16, 17, 31, 33, 64, 70)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_rows_of_the_other_dtype_predict_the_bits_of_the_converted_rows(isa: str, dtype: type) -> None:
    other = np.float64 if dtype is np.float32 else np.float32
    for width in WIDTHS:
        network = Network((width, 9, 3), "tanh", "softmax")
        theta, data = training_set(network, 131, dtype)
        X = (data.X * 1.1).astype(other)
        engine = NativeEngine(network, 2)
        h = engine.hypothesis_if_finite(theta, X)
        assert h is not None
        assert h.dtype == dtype
        np.testing.assert_array_equal(h, engine.hypothesis(theta, X.astype(dtype)), strict=True)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("hidden", [7, 8, 16, 33])
def test_rows_that_are_read_where_they_are_have_the_bits_of_rows_that_are_copied(
    isa: str, dtype: type, hidden: int
) -> None:
    # Rows of whole pages are copied first. One column less is read in place, and a column of zeros changes no bit.
    page = 4096 // np.dtype(dtype).itemsize
    network, narrower = Network((page, hidden, 2), "tanh"), Network((page - 1, hidden, 2), "tanh")
    theta, data = training_set(network, 530, dtype)  # sums take 512 rows at a time
    X = data.X.copy()
    X[:, -1] = 0
    of_last_column = np.zeros(len(theta), bool)
    of_last_column[page : hidden * (page + 1) : page + 1] = True
    engine, other = NativeEngine(network, 2), NativeEngine(narrower, 2)
    copied, in_place = replace(data, X=X), replace(data, X=np.ascontiguousarray(X[:, :-1]))
    h = engine.hypothesis(theta, X)
    np.testing.assert_array_equal(other.hypothesis(theta[~of_last_column], in_place.X), h)
    sums = engine.sums(theta, copied)
    np.testing.assert_array_equal(other.sums(theta[~of_last_column], in_place), sums[np.append(True, ~of_last_column)])
    assert np.ptp(h) > 0.1
    assert np.count_nonzero(sums) > 0.9 * len(sums) - hidden


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_rows_that_begin_anywhere_in_memory_have_the_same_bits(isa: str, dtype: type) -> None:
    for width, hidden in ((4, 5), (4, 7), (8, 9), (8, 20), (16, 9), (16, 17), (32, 17), (32, 40), (5, 17)):
        network = Network((width, hidden, 2), "relu", "identity")
        theta, data = training_set(network, 530, dtype)
        memory: Array = np.empty(data.X.size + 17, dtype)
        first = (64 - memory.ctypes.data % 64) % 64 // memory.itemsize  # of a cache line
        engine = NativeEngine(network, 1)
        found = []
        for place in (first, first + 1):
            X = memory[place : place + data.X.size].reshape(data.X.shape)
            X[:] = data.X
            found.append((engine.hypothesis(theta, X), engine.sums(theta, replace(data, X=X))))
        np.testing.assert_array_equal(found[1][0], found[0][0])
        np.testing.assert_array_equal(found[1][1], found[0][1])


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_one_number_that_is_not_finite_is_found_wherever_it_stands(isa: str, bad: float) -> None:
    for width in WIDTHS:
        network = Network((width, 4, 2), "relu", "identity")
        theta, data = training_set(network, 71)
        engine = NativeEngine(network, 2)
        for row in range(0, 71, 5):
            X = data.X.copy()
            X[row, (7 * row) % width] = bad
            for dtype in (np.float32, np.float64):
                assert engine.hypothesis_if_finite(theta, X.astype(dtype)) is None, (width, row)
        assert engine.hypothesis_if_finite(theta, data.X) is not None  # nothing is remembered of the rows before


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_number_beyond_float32_is_refused_by_a_network_in_float32() -> None:
    X = np.arange(8, dtype=np.float32).reshape(4, 2)
    reg = MLPRegressor(hidden_layer_sizes=(3,), max_iter=2).fit(X, X[:, 0])
    wide = X.astype(np.float64)
    np.testing.assert_array_equal(reg.predict(wide), reg.predict(X))
    wide[2, 1] = 1e39
    with pytest.raises(InputError, match=r"X holds inf|X holds 1e\+39 in row 2, column 1"):
        reg.predict(wide)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_rows_in_any_order_of_memory_predict_the_same_bits() -> None:
    X = np.random.default_rng(0).standard_normal((50, 6))
    reg = MLPRegressor(hidden_layer_sizes=(3,), max_iter=2).fit(X, X[:, 0])
    expected = reg.predict(X)
    unaligned = np.frombuffer(b"." + X.tobytes(), dtype=np.uint8)[1:].view(X.dtype).reshape(X.shape)
    frozen = X.copy()
    frozen.flags.writeable = False
    for same in (np.asfortranarray(X), np.repeat(X, 2, axis=1)[:, ::2], X[::-1][::-1], unaligned, frozen, X.tolist()):
        np.testing.assert_array_equal(reg.predict(same), expected)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_parameters_that_are_not_aligned_or_of_the_other_byte_order_predict_the_same_bits() -> None:
    X = np.random.default_rng(0).standard_normal((20, 3))
    clf = MLPClassifier((3,), max_iter=2).fit(X, X[:, 0] > 0)
    expected, theta = clf.predict_proba(X), clf.theta_
    unaligned = np.frombuffer(b"." + theta.tobytes(), dtype=np.uint8)[1:].view(theta.dtype)
    for same in (unaligned, theta.astype(theta.dtype.newbyteorder()), np.repeat(theta, 2)[::2]):
        clf.theta_ = same
        np.testing.assert_array_equal(clf.predict_proba(X), expected)


def test_a_network_with_a_first_floor_leaves_the_check_to_its_caller() -> None:
    network = Network([Scale(2), Dense(2, 3)], output="sigmoid")
    engine = NativeEngine(network)
    theta = network.first_theta(np.random.default_rng(0))
    X: Any = np.zeros((2, network.sizes[0]))
    assert engine.hypothesis_if_finite(theta, X) is None
    core = engine._core_for(theta.dtype)
    with pytest.raises(ValueError, match="without a first floor"):
        core.hypothesis_into(theta, X, np.empty((2, network.K)), True)
    with pytest.raises(TypeError, match="X has the format 'f', but must be float64"):
        core.hypothesis_into(theta, X.astype(np.float32), np.empty((2, network.K)))


@pytest.mark.parametrize("K", [1, 2, 3, 4])
def test_few_outputs_of_a_row_depend_on_no_other_row(isa: str, K: int) -> None:
    for width in (1, 7, 16, 33, 70):
        network = Network((5, width, K), "relu", "identity")
        theta, data = training_set(network, 37, np.float32)
        X = data.X.copy()
        engine = NativeEngine(network, 2)
        together = engine.hypothesis(theta, X)
        X[::3] = 1e38  # their z overflows
        with_others = engine.hypothesis(theta, X)
        for row in (1, 2, 31, 35):
            alone = engine.hypothesis(theta, X[row : row + 1])
            np.testing.assert_array_equal(alone[0], with_others[row])
            np.testing.assert_array_equal(alone[0], together[row])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_one_row_and_two_have_the_bits_that_they_have_among_many(isa: str, dtype: type) -> None:
    rng = np.random.default_rng(3)
    for inputs, width, K in (
        (1, 1, 1),
        (3, 2, 2),
        (4, 3, 3),
        (5, 7, 4),
        (8, 9, 7),
        (15, 16, 8),
        (17, 31, 9),
        (22, 36, 20),
        (33, 34, 17),
        (70, 65, 40),
    ):
        network = Network((inputs, width, K), "gelu", "identity")
        theta, data = training_set(network, 20, dtype)
        engine = NativeEngine(network, 2)
        for _ in range(2):
            few = (slice(0, 1), slice(7, 9), slice(19, 20))
            # Before anything has read these parameters.
            alone = [engine.hypothesis(theta, data.X[rows]) for rows in few]
            together = engine.hypothesis(theta, data.X)
            for rows, h in zip(few, alone, strict=True):
                np.testing.assert_array_equal(h, together[rows], str(network))
                np.testing.assert_array_equal(engine.hypothesis(theta, data.X[rows]), h)
            theta += rng.normal(size=theta.shape).astype(dtype)  # few rows and many must use the present parameters


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_unit_that_overflows_spoils_no_other_unit(isa: str, dtype: type) -> None:
    # Inputs of these widths stand beside each other in a vector: none may be multiplied by the zeros of its neighbours.
    atol = 30 * float(np.finfo(dtype).eps)
    for inputs, width in ((8, 17), (19, 18), (21, 20), (23, 24)):
        network = Network((3, inputs, width, 2), ("relu", "tanh"), "identity")
        theta, data = training_set(network, 20, dtype)
        thetas = network.roll(theta)
        engine, judge = NativeEngine(network, 1), ReferenceEngine(network)
        for unit in range(inputs):
            kept = thetas[0][unit].copy()
            thetas[0][unit] = np.finfo(dtype).max
            with np.errstate(over="ignore"):
                expected = judge.hypothesis(theta, abs(data.X) + 1)
            assert np.isfinite(expected).all()
            for rows in (slice(0, 1), slice(0, 20)):
                h = engine.hypothesis(theta, abs(data.X[rows]) + 1)
                np.testing.assert_allclose(h, expected[rows], rtol=0, atol=atol, err_msg=str(unit))
            thetas[0][unit] = kept


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_an_infinite_weight_gives_an_infinite_answer(isa: str, dtype: type) -> None:
    for inputs, width in ((9, 1), (11, 2), (15, 4), (38, 1), (38, 17), (23, 20)):
        network = Network((inputs, width), output="identity")
        theta, data = training_set(network, 20, dtype)
        X, engine = abs(data.X) + 1, NativeEngine(network, 1)
        for k in range(inputs):
            changed = theta.copy()
            network.roll(changed)[0][-1, 1 + k] = np.inf
            for rows in (slice(0, 1), slice(0, 20)):
                h = engine.hypothesis(changed, X[rows])
                assert (h[:, -1] == np.inf).all(), (inputs, width, k)
                assert np.isfinite(h[:, :-1]).all(), (inputs, width, k)


def test_few_rows_read_theta_wherever_it_lies_in_memory(isa: str) -> None:
    network = Network((19, 23, 5), "relu", "softmax")
    theta, data = training_set(network, 2, np.float32)
    expected = NativeEngine(network).hypothesis(theta, data.X)
    memory = np.empty(theta.size + 16, np.float32)
    for at in range(16):
        memory[at : at + theta.size] = theta
        moved = memory[at : at + theta.size]
        np.testing.assert_array_equal(NativeEngine(network).hypothesis(moved, data.X), expected)
