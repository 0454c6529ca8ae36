"""JAX: a jitted scan over many steps, parameters and Adam's vectors as one flat vector each, the order made outside.

Gathering the rows inside the scan is faster than a scan over rows that were put in order before it. On a Zen 5 with
JAX 0.4.31: 8.4 instead of 12.8 µs a step of 64-32-10. Taking the gradient by layer and joining its parts is faster than
differentiating by the flat vector (784-512-512-10: 3.3 instead of 4.6 ms).
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from processes.task import STEP_SIZE, Matrices, Task

__all__ = ["Scan"]

CALL = 5e9
"""Operations of one call of the scan; a step counts 2e5 more than it has. That is 30 to 70 ms, so that the call itself
costs less than 0.3 %."""


class Scan:
    """One scan. Its length is fixed, because another one is compiled anew."""

    def __init__(self, task: Task, threads: int) -> None:
        del threads  # XLA reads it from the environment
        self.task, self.generator, self.is_shuffled = task, np.random.default_rng(0), False
        self.data = jnp.asarray(task.X), jnp.asarray(task.y.astype(np.int32))
        self.m, self.ahead = len(self.data[0]), np.empty(0, np.int32)
        operations = task.batch * 6 * sum(s * t for s, t in task.layers)
        self.length = round(CALL / (operations + 2e5))
        theta = task.first_theta()
        self.carry = jnp.asarray(theta), jnp.zeros_like(theta), jnp.zeros_like(theta), jnp.zeros((), jnp.float32)
        unit = {"relu": jax.nn.relu, "tanh": jnp.tanh}[task.hidden]

        def cost(parameters: Any, x: Any, labels: Any) -> Any:
            for W, b in parameters[:-1]:
                x = unit(x @ W + b)
            W, b = parameters[-1]
            z = x @ W + b
            if task.is_binary:  # −log of the probability of the label
                return jax.nn.softplus(jnp.where(labels == 1, -z[:, 0], z[:, 0])).mean()
            return -jnp.take_along_axis(jax.nn.log_softmax(z), labels[:, None], axis=1).mean()

        def scan(carry: Any, X: Any, y: Any, order: Any) -> Any:
            def step(carry: Any, rows: Any) -> Any:
                theta, p, q, t = carry
                D = jax.grad(cost)(task.parts(theta), X[rows], y[rows])
                D = jnp.concatenate([part.ravel() for pair in D for part in pair])
                t, p, q = t + 1, 0.9 * p + 0.1 * D, 0.999 * q + 0.001 * D * D
                factor = STEP_SIZE * jnp.sqrt(1 - 0.999**t) / (1 - 0.9**t)
                return (theta - factor * p / (jnp.sqrt(q) + 1e-8), p, q, t), None

            return jax.lax.scan(step, carry, order)[0]

        self.scan = jax.jit(scan, donate_argnums=0)

    def steps(self, n: int) -> int:
        """Take n steps, or, once they are shuffled, as many calls of the full length as hold n."""
        length = self.length if self.is_shuffled else n
        calls = -(-n // length)
        for _ in range(calls):
            self.carry = self.scan(self.carry, *self.data, self._order(length))
        self.carry[0].block_until_ready()
        return calls * length

    def shuffle(self) -> None:
        """Shuffle each epoch from now on."""
        self.is_shuffled, self.ahead = True, self.ahead[:0]

    def matrices(self) -> Matrices:
        """Return the weights."""
        return [(np.asarray(W), np.asarray(b)) for W, b in self.task.parts(self.carry[0])]

    def _order(self, n: int) -> Any:
        """Return the rows of n batches; an epoch's last batch, where it is smaller, is left out."""
        kept = self.m // self.task.batch * self.task.batch
        need = n * self.task.batch
        if len(self.ahead) < need:
            epochs = np.tile(np.arange(self.m), (-(-need // kept), 1))
            if self.is_shuffled:
                self.generator.permuted(epochs, axis=1, out=epochs)
            self.ahead = np.concatenate([self.ahead, epochs[:, :kept].ravel().astype(np.int32)])
        rows, self.ahead = self.ahead[:need], self.ahead[need:]
        return rows.reshape(n, self.task.batch)
