"""X of more than 2^31 elements: J, D and h of its rows are those of the rows by themselves, wherever they stand.

X is a file with holes, mapped into memory: 8.6 GB of address space, and on disk only the rows that are not zero. Where
the system does not allow it, nothing is tried and the line says so.

python torture/start.py large_indices
"""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from deltarule.engines import MiniBatches, Plan, TrainingState
from deltarule.engines.native import NativeEngine
from deltarule.network.data import TrainingSet
from deltarule.network.network import Network
from deltarule.training.solvers import SGD
from report import Report

COLUMNS = 2**16
ROWS = 2**15 + 64  # 2^31 elements and 64 rows more
MARKED = [0, 1, 2**14 - 1, 2**14, 2**15 - 1, 2**15, 2**15 + 63]
"""Rows that are not zero: on both sides of 2^30 and 2^31 elements, and the last."""


def main() -> None:
    """Compare each marked row, and the sums over all."""
    report = Report("more than 2^31 elements")
    folder = Path(tempfile.mkdtemp())
    path = folder / "X"
    try:
        with path.open("wb") as file:
            file.truncate(4 * ROWS * COLUMNS)
        X = np.memmap(path, np.float32, "r+", shape=(ROWS, COLUMNS))
        generator = np.random.default_rng(0)
        for row in MARKED:
            X[row] = generator.standard_normal(COLUMNS) / 256
        network = Network((COLUMNS, 3), output="softmax")
        theta = network.first_theta(generator).astype(np.float32)
        Y = np.eye(3, dtype=np.float32)[np.arange(ROWS) % 3]
        engine = NativeEngine(network)

        def expect(what: str, found: Any, truth: Any, rtol: float) -> None:
            with report.one(what):
                np.testing.assert_allclose(found, truth, rtol=rtol, atol=1e-7)

        few = np.array(X[MARKED])
        h, h_few = engine.hypothesis(theta, X), engine.hypothesis(theta, few)
        for n, row in enumerate(MARKED):
            expect(f"h of row {row}", h[row], h_few[n], 0)
        others = np.delete(np.arange(ROWS), MARKED)
        zero = engine.hypothesis(theta, np.zeros((1, COLUMNS), np.float32))
        expect("h of rows of zeros", h[others], np.repeat(zero, len(others), axis=0), 0)
        J, D = engine.cost_and_gradient(theta, TrainingSet(X, Y), 0.0)
        J_few, D_few = engine.cost_and_gradient(theta, TrainingSet(few, Y[MARKED]), 0.0)
        zeros = Y[others].mean(axis=0, dtype=np.float64)
        J_zero = -float(zeros @ np.log(zero[0].astype(np.float64)))
        expect("J", J * ROWS, J_few * len(MARKED) + J_zero * len(others), 1e-6)
        expect("D", network.roll(D * ROWS)[0][:, 1:], network.roll(D_few * len(MARKED))[0][:, 1:], 1e-5)
        # The last batch of an epoch in order, with a step so long that its row is seen in theta.
        rule = SGD(0.0, nesterov=False)
        state = TrainingState(theta=theta, vectors=rule.init(theta), key=0, position=ROWS - 1)
        run = engine.steps(
            state, TrainingSet(X, Y), Plan.of(engine.network, rule, MiniBatches(ROWS - 1, shuffle=False), [1.0], 0.0)
        )
        alone = TrainingState(theta=theta, vectors=rule.init(theta), key=0)
        truth = engine.steps(
            alone, TrainingSet(few[-1:], Y[-1:]), Plan.of(engine.network, rule, MiniBatches(1), [1.0], 0.0)
        )
        expect("a step on the last row", run.state.theta, truth.state.theta, 1e-6)
    except OSError as error:
        report.end(f"not tried: {error}")
    finally:
        path.unlink(missing_ok=True)
        folder.rmdir()
    report.end(f"{ROWS * COLUMNS:,} elements, {X.nbytes / 1e9:.1f} GB")


if __name__ == "__main__":
    main()
