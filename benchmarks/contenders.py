"""Who runs it: this library and its peers, each as its own documentation says is fast, on the same threads.

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
from workloads import Workload

__all__ = ["CONTENDERS", "Contender"]

CORES = usable_cores()
STEP_SIZE = 1e-3


class Contender(Protocol):
    """One library on one workload."""

    name: str

    def steps(self, n: int) -> int:
        """Take about n steps; return how many."""

    def theta(self) -> Array:
        """Return the parameters."""


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


class PyTorch:
    """An eager module with fused Adam."""

    name = "PyTorch"

    def __init__(self, workload: Workload, X: Array, y: Array, shuffle: bool) -> None:
        import torch

        torch.set_num_threads(CORES)
        self.torch, self.batch, self.shuffle, self.network = torch, workload.batch, shuffle, workload.network
        self.X = torch.from_numpy(X)
        self.y = torch.from_numpy(workload.targets(y) if workload.is_binary else y)
        unit = {"relu": torch.nn.ReLU, "tanh": torch.nn.Tanh}[workload.hidden]
        layers: list[Any] = []
        for Theta in workload.network.roll(workload.first_theta()):
            linear = torch.nn.Linear(Theta.shape[1] - 1, Theta.shape[0])
            with torch.no_grad():
                linear.weight.copy_(torch.from_numpy(Theta[:, 1:].copy()))
                linear.bias.copy_(torch.from_numpy(Theta[:, 0].copy()))
            layers += [linear, unit()]
        self.model = torch.nn.Sequential(*layers[:-1])
        self.loss = torch.nn.BCEWithLogitsLoss() if workload.is_binary else torch.nn.CrossEntropyLoss()
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=STEP_SIZE, fused=True)
        self.order: Any = iter(())

    def _batches(self) -> Any:
        while True:
            m = len(self.X)
            order = self.torch.randperm(m) if self.shuffle else self.torch.arange(m)
            yield from order.split(self.batch)

    def steps(self, n: int) -> int:
        """Take n steps."""
        for _, rows in zip(range(n), self._batches(), strict=False):
            self.optimizer.zero_grad(set_to_none=True)
            self.loss(self.model(self.X[rows]), self.y[rows]).backward()
            self.optimizer.step()
        return n

    def theta(self) -> Array:
        """Return the parameters."""
        linears = [layer for layer in self.model if hasattr(layer, "weight")]
        matrices = [
            np.column_stack([linear.bias.detach().numpy(), linear.weight.detach().numpy()]) for linear in linears
        ]
        return self.network.unroll(matrices)


class Jax:
    """A jitted scan over the epoch."""

    name = "JAX"

    def __init__(self, workload: Workload, X: Array, y: Array, shuffle: bool) -> None:
        import jax
        import jax.numpy as jnp

        self.jax, self.batch, self.shuffle, self.network = jax, workload.batch, shuffle, workload.network
        self.X, self.y = jnp.asarray(X), jnp.asarray(y)
        thetas = workload.network.roll(workload.first_theta())
        parameters = [(jnp.asarray(Theta[:, 1:].T.copy()), jnp.asarray(Theta[:, 0].copy())) for Theta in thetas]
        p, q = (jax.tree.map(jnp.zeros_like, parameters) for _ in range(2))
        self.carry = (parameters, p, q, jnp.zeros((), jnp.float32))
        self.generator = np.random.default_rng(0)
        unit = {"relu": jax.nn.relu, "tanh": jnp.tanh}[workload.hidden]

        def cost(parameters: Any, x: Any, labels: Any) -> Any:
            for W, b in parameters[:-1]:
                x = unit(x @ W + b)
            W, b = parameters[-1]
            z = x @ W + b
            if workload.is_binary:  # −log of the probability of the label
                return jax.nn.softplus(jnp.where(labels == 1, -z[:, 0], z[:, 0])).mean()
            log_h = jax.nn.log_softmax(z)
            return -jnp.take_along_axis(log_h, labels[:, None], axis=1).mean()

        def step(carry: Any, rows: Any) -> Any:
            parameters, p, q, t = carry
            J, D = jax.value_and_grad(cost)(parameters, self.X[rows], self.y[rows])
            t = t + 1
            p = jax.tree.map(lambda p, d: 0.9 * p + 0.1 * d, p, D)
            q = jax.tree.map(lambda q, d: 0.999 * q + 0.001 * d * d, q, D)
            factor = STEP_SIZE * jnp.sqrt(1 - 0.999**t) / (1 - 0.9**t)
            parameters = jax.tree.map(lambda theta, p, q: theta - factor * p / (jnp.sqrt(q) + 1e-8), parameters, p, q)
            return (parameters, p, q, t), J

        self.scan = jax.jit(lambda carry, order: jax.lax.scan(step, carry, order), donate_argnums=0)

    def steps(self, n: int) -> int:
        """Take n steps, a call an epoch; its last batch, where it is smaller, is left out: a scan has one shape."""
        per_epoch, m = len(self.X) // self.batch, len(self.X)
        for done in range(0, n, per_epoch):
            order = self.generator.permutation(m) if self.shuffle else np.arange(m)
            batches = order[: per_epoch * self.batch].reshape(per_epoch, self.batch)[: n - done]
            self.carry, costs = self.scan(self.carry, batches.astype(np.int32))
        self.jax.block_until_ready(costs)
        return n

    def theta(self) -> Array:
        """Return the parameters."""
        matrices = [np.column_stack([np.asarray(b), np.asarray(W).T]) for W, b in self.carry[0]]
        return self.network.unroll(matrices)


CONTENDERS: tuple[Any, ...] = (Deltarule, ScikitLearn, PyTorch, Jax)
