"""Training sets and settings at the edge of the numbers, and what a fit may leave of them."""

import warnings
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from deltarule import MLPClassifier, MLPRegressor
from deltarule.common.arrays import Array
from deltarule.common.errors import DivergedError
from deltarule.training.settings import MINI_BATCH_SOLVERS

__all__ = ["ENGINES", "ESTIMATORS", "SOLVERS", "Case", "cases", "may_stop_early", "outcome"]

ENGINES = ("native", "reference")
SOLVERS = ("adam", "sgd", "lbfgs", "cg", "gd")
ESTIMATORS = ("classifier", "regressor", "poisson")


class Case(NamedTuple):
    """X, labels, settings and weights with a name."""

    name: str
    X: Array
    y: Array
    settings: dict[str, Any]
    weights: Array | None = None


def cases() -> Iterator[Case]:
    """Return the cases; of 40 rows, but for those about few rows and the rare class."""
    generator = np.random.default_rng(0)
    X = generator.standard_normal((40, 3))
    y = (X[:, 0] > 0).astype(int)
    yield Case("plain", X, y, {})
    for scale in (1e30, 1e-30, 1e150, 1e200, 1e300, 1e-300, 1e-310):
        yield Case(f"X times {scale:g}", X * scale, y, {})
    yield Case("X times 1e30 in float32", (X * 1e30).astype(np.float32), y, {})
    yield Case("subnormals of float32", (X * 1e-40).astype(np.float32), y, {})
    yield Case("columns of 1, 1e30 and 1e-30", X * [1, 1e30, 1e-30], y, {})
    yield Case("constant columns", np.ones((40, 3)), y, {})
    yield Case("constant columns of 1e30", np.full((40, 3), 1e30), y, {})
    yield Case("two rows, 20 times each", np.repeat(X[:2], 20, axis=0), np.repeat([0, 1], 20), {})
    yield Case("one row with both labels", np.repeat(X[:1], 40, axis=0), y, {})
    yield Case("m = 1", X[:1], y[:1], {})
    yield Case("m = 2", X[:2], np.array([0, 1]), {})
    for alpha in (1e12, 1e300):
        yield Case(f"alpha {alpha:g}", X, y, {"alpha": alpha})
    for eta in (1e3, 1e10, 1e300, 1e-300):
        yield Case(f"learning_rate_init {eta:g}", X, y, {"learning_rate_init": eta})
    yield Case("epsilon 1e-300", X, y, {"epsilon": 1e-300})
    yield Case("no memory in adam", X, y, {"beta_1": 0.0, "beta_2": 0.0})
    yield Case("weights 1e30 and 1e-30", X, y, {}, np.where(np.arange(40) % 2, 1e-30, 1e30))
    for weight in (1e-300, 1e-42, 1e300):
        yield Case(f"weights {weight:g}", X, y, {}, np.full(40, weight))
    yield Case("weights 0 but for one", X, y, {}, np.eye(40)[3])


def outcome(case: Case, estimator: str, **settings: Any) -> str:
    """Fit and predict; return "finite", "refused" or "diverged", or raise AssertionError that says what is NaN."""
    settings = {"hidden_layer_sizes": (4,), "max_iter": 30, "random_state": 0, **case.settings, **settings}
    model = MLPClassifier(**settings) if estimator == "classifier" else MLPRegressor(**settings)
    target = {"classifier": case.y, "regressor": case.X[:, 0], "poisson": np.abs(case.X[:, 0])}[estimator]
    if estimator == "poisson":
        model.set_params(loss="poisson")
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.fit(case.X, target, sample_weight=case.weights)
            h = model.predict_proba(case.X) if estimator == "classifier" else model.predict(case.X)
    except DivergedError as error:
        named = ("learning_rate_init=", "scale the inputs", "Scale the inputs", "alpha")
        if not any(cause in str(error) for cause in named):
            raise AssertionError(f"a cause is not named: {error}") from error
        return "diverged"
    except ValueError as error:
        # One class, too few rows to hold some out, or none left that counts; partly in scikit-learn's words.
        if len(case.X) > 2 and not (case.name == "weights 0 but for one" and model.early_stopping):
            raise AssertionError(f"refused: {error}") from error
        return "refused"
    curve = np.array(model.loss_curve_)
    assert np.isfinite(model.theta_).all(), "theta is not finite"
    if (
        model.history_.stopped == "diverged"
    ):  # the mean of an epoch may be infinite before a cost is; the reason is told
        assert not np.isnan(curve[:-1]).any(), "a cost before the divergence is NaN"
    else:
        assert np.isfinite(curve).all(), "a cost is not finite"
    assert np.isfinite(h).all(), "a prediction is not finite"
    return "diverged" if model.history_.stopped == "diverged" else "finite"


def may_stop_early(solver: str) -> tuple[bool, ...]:
    """Return the values of early_stopping that differ for a solver."""
    return (False, True) if solver in MINI_BATCH_SOLVERS else (False,)
