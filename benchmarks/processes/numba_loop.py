"""Numba: a training loop written for one shape. The sizes are constants of the compiled code.

Layers of at most LOOPS weights are loops, larger ones are products of BLAS: 64-32-10 takes 43 µs a step by loops alone
and 8.6 by products (Zen 5), but 4-10-3 takes 1.43 instead of 1.78.
"""

from typing import Any

import numpy as np
from numba import njit

from processes.task import STEP_SIZE, Matrices, Task

__all__ = ["Loop"]

LOOPS = 128
f32 = np.float32
compiled = njit(fastmath=True, error_model="numpy")


class Loop:
    """The loop, and what it works on."""

    def __init__(self, task: Task, threads: int) -> None:
        del threads  # BLAS reads it from the environment
        self.task, self.X, self.y = task, task.X, task.y
        self.theta = task.first_theta()
        self.p, self.q, self.D = (np.zeros_like(self.theta) for _ in range(3))
        self.a = tuple(np.empty((task.batch, s), f32) for s in task.sizes)
        self.order, self.taken, self.at, self.is_shuffled = np.arange(len(self.X)), 0, 0, False
        self.loop = training(task.sizes, task.batch, task.hidden)

    def steps(self, n: int) -> int:
        """Take n steps; an epoch's last batch, where it is smaller, is left out."""
        vectors = self.theta, self.p, self.q, self.D, self.a
        self.at = self.loop(*vectors, self.X, self.y, self.order, self.is_shuffled, self.at, self.taken, n)
        self.taken += n
        return n

    def shuffle(self) -> None:
        """Shuffle each epoch from now on."""
        self.is_shuffled, self.at = True, 0

    def matrices(self) -> Matrices:
        """Return the weights."""
        return self.task.parts(self.theta)


@compiled
def exp(x: Any) -> Any:
    """Return e to the x without a call, so that loops over it are vectorised; after Cephes' `expf`."""
    x = min(max(x, f32(-87)), f32(88))
    n = np.floor(x * f32(1.44269504) + f32(0.5))
    r = x - n * f32(0.693359375) + n * f32(2.12194440e-4)
    power = f32(1.9875691500e-4)
    power = power * r + f32(1.3981999507e-3)
    power = power * r + f32(8.3334519073e-3)
    power = power * r + f32(4.1665795894e-2)
    power = power * r + f32(1.6666665459e-1)
    power = power * r + f32(5.0000001201e-1)
    power = power * r * r + r + f32(1)
    return power * np.int32((np.int32(n) + np.int32(127)) << np.int32(23)).view(np.float32)


@compiled
def shuffled(order: Any, random: Any) -> Any:
    """Shuffle in place by Marsaglia's xorshift; return its state."""
    for i in range(len(order) - 1, 0, -1):
        random ^= random << np.uint64(13)
        random ^= random >> np.uint64(7)
        random ^= random << np.uint64(17)
        other = np.int64(((random >> np.uint64(32)) * np.uint64(i + 1)) >> np.uint64(32))
        order[i], order[other] = order[other], order[i]
    return random


def training(sizes: Any, batch: int, hidden: str) -> Any:
    """Return the function that takes n steps and returns where in the order it has come to."""
    through, s = layer(tuple(sizes), hidden == "tanh", 0, 0), sizes[0]

    @compiled
    def train(
        theta: Any,
        p: Any,
        q: Any,
        D: Any,
        a: Any,
        X: Any,
        y: Any,
        order: Any,
        is_shuffled: Any,
        at: Any,
        taken: int,
        n: int,
    ) -> Any:
        m, random = X.shape[0], np.uint64(taken + 88172645463325252)
        labels = np.empty(batch, y.dtype)
        for t in range(taken + 1, taken + n + 1):
            if at + batch > m:
                at = 0
            if at == 0 and is_shuffled:
                random = shuffled(order, random)
            for i in range(batch):
                row = order[at + i]
                labels[i] = y[row]
                for j in range(s):
                    a[0][i, j] = X[row, j]
            at += batch
            through(theta, D, a, labels)
            factor = f32(STEP_SIZE * np.sqrt(1 - 0.999**t) / (1 - 0.9**t))
            for i in range(theta.size):
                p[i] = f32(0.9) * p[i] + f32(0.1) * D[i]
                q[i] = f32(0.999) * q[i] + f32(0.001) * D[i] * D[i]
                theta[i] -= factor * p[i] / (np.sqrt(q[i]) + f32(1e-8))
        return at

    return train


def layer(sizes: Any, is_tanh: bool, i_layer: int, begin: int) -> Any:
    """Return the function that goes through a layer and those above it, and back: it fills D and leaves δ in a."""
    s, t = sizes[i_layer : i_layer + 2]
    end = begin + s * t
    is_last, by_loops = i_layer == len(sizes) - 2, s * t <= LOOPS
    above = output(t) if is_last else layer(sizes, is_tanh, i_layer + 1, end + t)
    forward, backward, sums = products(s, t)

    @compiled
    def through(theta: Any, D: Any, a: Any, labels: Any) -> None:
        x, z = a[i_layer], a[i_layer + 1]
        W, b = theta[begin:end].reshape(s, t), theta[end : end + t]
        if by_loops:
            forward(x, W, z)
        else:
            np.dot(x, W, z)
        for i in range(z.shape[0]):
            for k in range(t):
                v = z[i, k] + b[k]
                if not is_last:
                    v = f32(1) - f32(2) / (exp(f32(2) * v) + f32(1)) if is_tanh else max(v, f32(0))
                z[i, k] = v
        above(theta, D, a, labels)
        D_W, D_b = D[begin:end].reshape(s, t), D[end : end + t]
        D_b[:] = f32(0)
        for i in range(z.shape[0]):
            for k in range(t):
                D_b[k] += z[i, k]
        if by_loops:
            sums(x, z, D_W)
        else:
            np.dot(x.T, z, D_W)
        if i_layer > 0:
            e = np.empty_like(x)
            if by_loops:
                backward(z, W, e)
            else:
                np.dot(z, W.T, e)
            for i in range(x.shape[0]):
                for j in range(s):
                    slope = f32(1) - x[i, j] * x[i, j] if is_tanh else f32(x[i, j] > f32(0))
                    x[i, j] = e[i, j] * slope

    return through


def output(K: int) -> Any:
    """Return the function that turns z of the last layer into δ of the mean cost."""

    @compiled
    def delta(theta: Any, D: Any, a: Any, labels: Any) -> None:  # noqa: ARG001 - called like a layer
        z = a[-1]
        share = f32(1) / f32(z.shape[0])
        for i in range(z.shape[0]):
            if K == 1:
                z[i, 0] = (f32(1) / (f32(1) + exp(-z[i, 0])) - f32(labels[i])) * share
            else:
                largest, total = z[i, 0], f32(0)
                for k in range(1, K):
                    largest = max(largest, z[i, k])
                for k in range(K):
                    z[i, k] = exp(z[i, k] - largest)
                    total += z[i, k]
                for k in range(K):
                    z[i, k] *= share / total
                z[i, labels[i]] -= share

    return delta


def products(s: int, t: int) -> Any:
    """Return the loops for x W, δ Wᵀ and xᵀ δ."""

    @compiled
    def forward(x: Any, W: Any, z: Any) -> None:
        for i in range(x.shape[0]):
            for k in range(t):
                z[i, k] = f32(0)
            for j in range(s):
                for k in range(t):
                    z[i, k] += x[i, j] * W[j, k]

    @compiled
    def backward(delta: Any, W: Any, e: Any) -> None:
        for i in range(delta.shape[0]):
            for j in range(s):
                v = f32(0)
                for k in range(t):
                    v += delta[i, k] * W[j, k]
                e[i, j] = v

    @compiled
    def sums(x: Any, delta: Any, D: Any) -> None:
        D[:] = f32(0)
        for i in range(x.shape[0]):
            for j in range(s):
                for k in range(t):
                    D[j, k] += x[i, j] * delta[i, k]

    return forward, backward, sums
