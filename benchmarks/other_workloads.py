"""F: full-batch L-BFGS. N: sparse text. P: predictions. Rows: what a row costs. The product against PyTorch's."""

import resource
import subprocess
import sys
import warnings
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from scipy.sparse import random_array
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier as SklearnMLP

import deltarule
from contenders import CORES
from deltarule import MLPClassifier, Network
from deltarule.common.arrays import Array
from deltarule.engines import MiniBatches, NativeEngine, Plan, TrainingState
from deltarule.network.data import TrainingSet
from deltarule.training.solvers import Adam
from timing import least_in_turn, product_rate, seconds, seconds_each

__all__ = ["RowCost", "full_batch", "predictions", "product_against_pytorch", "row_costs", "sparse_text"]


def full_batch(rounds: int) -> dict[str, float]:
    """F: seconds an iteration of L-BFGS, 5 000 × 400-25-10, sigmoids, λ = 1, 100 iterations from the same weights."""
    generator = np.random.default_rng(3)
    X = generator.standard_normal((5_000, 400), dtype=np.float32)
    labels = (X @ generator.standard_normal((400, 10), dtype=np.float32)).argmax(axis=1)
    Y = np.eye(10, dtype=int)[labels]
    network = Network((400, 25, 10))
    thetas = network.roll(network.first_theta(np.random.default_rng(0)).astype(np.float32))
    J: dict[str, float] = {}

    def ours() -> float:
        clf = MLPClassifier((25,), "logistic", solver="lbfgs", alpha=1.0, max_iter=1, tol=0.0, warm_start=True)
        clf.fit(X, Y)
        for view, Theta in zip(clf.network_.roll(clf.theta_), thetas, strict=True):
            view[:] = Theta
        clf.max_iter = 100
        took = seconds(lambda: clf.fit(X, Y))
        J["deltarule"] = deltarule.cost(network, clf.theta_.astype(np.float64), X, Y, lambda_=1.0)
        return took / clf.n_iter_

    def sklearns() -> float:
        clf = SklearnMLP((25,), "logistic", solver="lbfgs", alpha=1.0, max_iter=1, tol=0.0, warm_start=True)
        clf.fit(X, Y)
        clf.coefs_ = [np.ascontiguousarray(Theta[:, 1:].T) for Theta in thetas]
        clf.intercepts_ = [Theta[:, 0].copy() for Theta in thetas]
        clf.max_iter = 100
        took = seconds(lambda: clf.fit(X, Y))
        pairs = zip(clf.coefs_, clf.intercepts_, strict=True)
        theta = network.unroll([np.column_stack([b, W.T]) for W, b in pairs])
        J["scikit-learn"] = deltarule.cost(network, theta.astype(np.float64), X, Y, lambda_=1.0)
        return took / int(clf.n_iter_)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        least = least_in_turn({"deltarule": ours, "scikit-learn": sklearns}, rounds)
    # The two start alike and round differently; 100 iterations later they have come as far.
    assert abs(J["deltarule"] - J["scikit-learn"]) <= 0.05 * J["scikit-learn"], J
    return least


def sparse_text(rounds: int) -> dict[str, float]:
    """N: seconds of 3 epochs over 8 000 × 30 000 compressed rows, 0.3 % of them not 0; 100 hidden units, batch 200."""
    generator = np.random.default_rng(2)
    X = random_array((8_000, 30_000), density=0.003, format="csr", rng=generator)
    y = generator.integers(0, 2, 8_000)

    def work(kind: type[MLPClassifier] | type[SklearnMLP]) -> float:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            return seconds(lambda: kind((100,), max_iter=3, random_state=0).fit(X, y))

    return least_in_turn(
        {"deltarule": partial(work, MLPClassifier), "scikit-learn": partial(work, SklearnMLP)}, rounds=rounds
    )


def predictions(rows: int, rounds: int) -> dict[str, float]:
    """P: seconds of `predict_proba` on some rows with 64-32-10; PyTorch's is the bare module."""
    import torch

    generator = np.random.default_rng(1)
    X = generator.standard_normal((2_000, 64), dtype=np.float32)
    y = (X @ generator.standard_normal((64, 10), dtype=np.float32)).argmax(axis=1)
    ours, sklearns = MLPClassifier((32,), max_iter=3), SklearnMLP((32,), max_iter=3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        ours.fit(X, y)
        sklearns.fit(X, y)
    sklearns.coefs_ = [np.ascontiguousarray(W) for W in ours.coefs_]
    sklearns.intercepts_ = ours.intercepts_
    layers: list[Any] = []
    for W, b in zip(ours.coefs_, ours.intercepts_, strict=True):
        linear = torch.nn.Linear(*W.shape)
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(W.T.copy()))
            linear.bias.copy_(torch.from_numpy(b.copy()))
        layers += [linear, torch.nn.ReLU()]
    module = torch.nn.Sequential(*layers[:-1], torch.nn.Softmax(dim=1))
    queries = np.ascontiguousarray(X[np.arange(rows) % len(X)])
    tensor = torch.from_numpy(queries)

    def bare() -> Array:
        with torch.inference_mode():
            return np.asarray(module(tensor))

    np.testing.assert_allclose(ours.predict_proba(queries), bare(), atol=1e-5)
    np.testing.assert_allclose(ours.predict_proba(queries), sklearns.predict_proba(queries), atol=1e-5)
    calls = {
        "deltarule": lambda: ours.predict_proba(queries),
        "scikit-learn": lambda: sklearns.predict_proba(queries),
        "PyTorch": bare,
    }
    repeats = max(1, 2_000 // rows)
    return least_in_turn({name: partial(seconds_each, call, repeats) for name, call in calls.items()}, rounds)


def product_against_pytorch(rounds: int) -> dict[int, float]:
    """Rate of the library's product of 1024³ as a share of PyTorch's, by number of threads."""
    import torch

    A = torch.from_numpy(np.random.default_rng(0).standard_normal((1024, 1024), dtype=np.float32))
    out = torch.empty_like(A)
    shares = {}
    for n_threads in sorted({1, CORES}):
        torch.set_num_threads(n_threads)
        least = least_in_turn(
            {
                "ours": partial(lambda n: 1 / product_rate(n), n_threads),
                "PyTorch": lambda: seconds(lambda: torch.matmul(A, A, out=out)) / (2 * 1024**3),
            },
            rounds,
        )
        shares[n_threads] = least["PyTorch"] / least["ours"]
    torch.set_num_threads(CORES)
    return shares


@dataclass(frozen=True)
class RowCost:
    """One process that trains 64-32-10 on some rows."""

    rows: int
    n_threads: int
    nanoseconds: float
    data_megabytes: float
    more_megabytes: float


def row_costs() -> list[RowCost]:
    """Nanoseconds a row of an epoch, and memory beside the data's own, at 10³ … 10⁶ rows."""
    found = []
    for n_threads in sorted({1, CORES}):
        for rows in (10**3, 10**4, 10**5, 10**6):
            command = [sys.executable, __file__, str(rows), str(n_threads)]
            printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
            found.append(RowCost(rows, n_threads, *(float(word) for word in printed)))
    return found


def _one_row_cost(rows: int, n_threads: int) -> tuple[float, float, float]:
    network, rule = Network((64, 32, 10), "relu", "softmax"), Adam()
    generator = np.random.default_rng(0)
    X = generator.standard_normal((rows, 64), dtype=np.float32)
    Y: Array = np.zeros((rows, 10), dtype=np.float32)
    Y[np.arange(rows), generator.integers(0, 10, rows)] = 1
    data = TrainingSet(X, Y)
    theta = network.first_theta(generator).astype(np.float32)
    state = TrainingState(theta=theta, vectors=rule.init(theta), key=1)
    engine, batches = NativeEngine(network, n_threads), MiniBatches(32)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    least = np.inf
    epochs = max(1, 20_000 // rows)
    for _ in range(7):
        steps = np.full(epochs * batches.steps_of_an_epoch(rows), 1e-3)
        took = seconds(lambda: engine.steps(state, data, Plan.of(engine.network, rule, batches, steps, 0.0)))  # noqa: B023 - called at once
        least = min(least, took / (epochs * rows))
    more = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    return least * 1e9, (X.nbytes + Y.nbytes) / 2**20, more / 2**10


if __name__ == "__main__":
    sys.stdout.write(" ".join(str(value) for value in _one_row_cost(int(sys.argv[1]), int(sys.argv[2]))))
