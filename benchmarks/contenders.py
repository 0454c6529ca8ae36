"""Who runs in this process: this library and scikit-learn. The other peers run in their own: see `in_processes.py`.

Each contender is made for a workload with its data and first weights in place. `steps(n)` takes about n mini-batch
steps and returns how many it took; `theta()` gives the parameters in this library's order.
"""

import warnings
from typing import Any, Protocol

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier as SklearnMLP

from deltarule.common.arrays import Array
from deltarule.engines import MiniBatches, NativeEngine, Plan, TrainingState
from deltarule.engines.native import usable_cores
from deltarule.network.data import TrainingSet
from deltarule.training.solvers import Adam
from processes.task import STEP_SIZE
from workloads import Workload

__all__ = ["CONTENDERS", "Contender"]

CORES = usable_cores()


class Contender(Protocol):
    """One library on one workload."""

    name: str

    def steps(self, n: int) -> int:
        """Take about n steps; return how many."""


class Deltarule:
    """The compiled engine of this library."""

    name = "deltarule"

    def __init__(self, workload: Workload, X: Array, y: Array, shuffle: bool, n_threads: int = CORES) -> None:
        theta, rule = workload.first_theta(), Adam()
        self.engine = NativeEngine(workload.network, n_threads)
        self.data = TrainingSet.of(workload.network, X, workload.targets(y))
        self.state, self.rule = TrainingState(theta=theta, vectors=rule.init(theta), key=1), rule
        self.batches = MiniBatches(workload.batch, shuffle)

    def steps(self, n: int) -> int:
        """Take n steps."""
        run = self.engine.steps(
            self.state, self.data, Plan.of(self.engine.network, self.rule, self.batches, np.full(n, STEP_SIZE), 0.0)
        )
        self.state = run.state
        return len(run.costs)

    def theta(self) -> Array:
        """Return the parameters."""
        return self.state.theta


class ScikitLearn:
    """MLPClassifier on float32, whole epochs."""

    name = "scikit-learn"

    def __init__(self, workload: Workload, X: Array, y: Array, shuffle: bool) -> None:
        self.X, self.y, self.network = X, y, workload.network
        self.per_epoch = -(-len(X) // workload.batch)
        self.clf = SklearnMLP(
            workload.sizes[1:-1],
            workload.hidden,
            alpha=0.0,
            batch_size=workload.batch,
            shuffle=shuffle,
            max_iter=1,
            tol=0.0,
            n_iter_no_change=10**9,
            warm_start=True,
            random_state=0,
        )
        few = np.concatenate([np.flatnonzero(y == k)[:1] for k in range(workload.n_classes)])
        self._fit(X[few], y[few])
        thetas = workload.network.roll(workload.first_theta())
        self.clf.coefs_ = [np.ascontiguousarray(Theta[:, 1:].T) for Theta in thetas]
        self.clf.intercepts_ = [Theta[:, 0].copy() for Theta in thetas]

    def _fit(self, X: Array, y: Array) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            warnings.filterwarnings("ignore", "Got `batch_size`")  # of the few rows that make the classes known
            self.clf.fit(X, y)

    def steps(self, n: int) -> int:
        """Take the steps of as many epochs as n steps fill."""
        self.clf.max_iter = max(1, round(n / self.per_epoch))
        self._fit(self.X, self.y)
        return int(self.clf.max_iter) * self.per_epoch

    def theta(self) -> Array:
        """Return the parameters."""
        pairs = zip(self.clf.coefs_, self.clf.intercepts_, strict=True)
        return self.network.unroll([np.column_stack([b, W.T]) for W, b in pairs])


CONTENDERS: tuple[Any, ...] = (Deltarule, ScikitLearn)
