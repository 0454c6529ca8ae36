"""Sums over 10 million rows in float32 against float64, and one row of a class against a million of the other.

python torture/start.py many_rows
"""

import warnings

import numpy as np

from deltarule import MLPClassifier
from deltarule.engines import ReferenceEngine
from deltarule.engines.native import NativeEngine
from deltarule.network.data import TrainingSet
from deltarule.network.network import Network
from report import Report

ROWS = 10**7


def sums(report: Report) -> float:
    """Compare J and D of either engine; return the largest relative error of J."""
    generator = np.random.default_rng(0)
    worst = 0.0
    for network, offset in ((Network((4, 1)), 0.0), (Network((4, 3, 2), "tanh", "identity"), 1000.0)):
        X = generator.standard_normal((ROWS, 4), dtype=np.float32)
        Y = (X[:, : network.K] > 0).astype(np.float32) + np.float32(offset)
        weights = generator.uniform(0.5, 1.5, ROWS).astype(np.float32)
        theta = network.first_theta(generator).astype(np.float32)
        wide = TrainingSet(*(array.astype(np.float64) for array in (X, Y, weights)))
        truth, gradient = NativeEngine(network).cost_and_gradient(theta.astype(np.float64), wide, 0.5)
        del wide
        for engine in (NativeEngine(network), ReferenceEngine(network)):
            with report.one(f"{type(engine).__name__}, {network}"):
                J, D = engine.cost_and_gradient(theta, TrainingSet(X, Y, weights), 0.5)
                worst = max(worst, abs(J / truth - 1))
                assert abs(J / truth - 1) < 1e-5, f"J is {J}, in float64 {truth}"
                assert np.abs(D - gradient).max() < 1e-5 * np.abs(gradient).max(), "D differs"
    return worst


def imbalance(report: Report) -> None:
    """Fit a million rows of one class and a single one of another."""
    generator = np.random.default_rng(0)
    X = generator.standard_normal((10**6 + 1, 3)).astype(np.float32)
    y = np.zeros(len(X), int)
    X[-1], y[-1] = 6, 1
    for solver, class_weight in (
        ("adam", None),
        ("sgd", None),
        ("lbfgs", None),
        ("lbfgs", "balanced"),
        ("adam", "balanced"),
    ):
        with report.one(f"1e6 rows to 1, {solver}, class_weight={class_weight}"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = MLPClassifier((4,), solver=solver, max_iter=3, class_weight=class_weight, random_state=0).fit(X, y)
            p = model.predict_proba(X)
            assert np.isfinite(p).all(), "a probability is not finite"
            assert np.isfinite(model.loss_curve_).all(), "a cost is not finite"
            assert len(np.unique(p)) > 1 or solver == "sgd", "all rows have one probability"


def main() -> None:
    """Try both."""
    report = Report("many rows")
    worst = sums(report)
    imbalance(report)
    report.end(f"relative error of J in float32 at most {worst:.1e}")


if __name__ == "__main__":
    main()
