"""PyTorch: an eager module with fused Adam, and one compiled function of a whole step with Adam in it."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

import torch

from processes.task import STEP_SIZE, Matrices, Task, adam_factor

__all__ = ["Compiled", "Eager"]


class _Steps:
    """What both have in common: data, weights as `torch.nn.Linear` has them, and batches."""

    def __init__(self, task: Task, threads: int) -> None:
        torch.set_num_threads(threads)
        self.task = task
        self.X, y = torch.from_numpy(task.X), torch.from_numpy(task.y)
        self.y = y[:, None].to(torch.float32) if task.is_binary else y.to(torch.int64)
        self.parameters: list[Any] = []
        for W, b in task.matrices():
            self.parameters += [torch.from_numpy(W.T.copy()), torch.from_numpy(b.copy())]
        self.batches = self._batches(False)

    def shuffle(self) -> None:
        """Shuffle each epoch from now on."""
        self.batches = self._batches(True)

    def _batches(self, is_shuffled: bool) -> Iterator[Any]:
        """Yield the rows of batches; an epoch's last one, where it is smaller, is left out."""
        m = len(self.X)
        while True:
            order = torch.randperm(m) if is_shuffled else torch.arange(m)
            kept = m // self.task.batch * self.task.batch
            yield from order[:kept].split(self.task.batch)

    def cost(self, parameters: Any, x: Any, labels: Any) -> Any:
        """Return J of a batch."""
        unit = {"relu": torch.relu, "tanh": torch.tanh}[self.task.hidden]
        for i in range(0, len(parameters) - 2, 2):
            x = unit(torch.nn.functional.linear(x, parameters[i], parameters[i + 1]))
        z = torch.nn.functional.linear(x, parameters[-2], parameters[-1])
        if self.task.is_binary:
            return torch.nn.functional.binary_cross_entropy_with_logits(z, labels)
        return torch.nn.functional.cross_entropy(z, labels)

    def matrices(self) -> Matrices:
        """Return the weights."""
        arrays = [each.detach().numpy() for each in self.parameters]
        return [(W.T, b) for W, b in zip(arrays[::2], arrays[1::2], strict=True)]


class Eager(_Steps):
    """Autograd and fused Adam."""

    def __init__(self, task: Task, threads: int) -> None:
        super().__init__(task, threads)
        for each in self.parameters:
            each.requires_grad_()
        self.optimizer = torch.optim.Adam(self.parameters, lr=STEP_SIZE, fused=True)

    def steps(self, n: int) -> int:
        """Take n steps."""
        for rows in islice(self.batches, n):
            self.optimizer.zero_grad(set_to_none=True)
            self.cost(self.parameters, self.X[rows], self.y[rows]).backward()
            self.optimizer.step()
        return n


class Compiled(_Steps):
    """`torch.compile` of gathering, gradient and Adam as one graph.

    With the optimiser's own `step()` inside, the graph breaks at `backward()`, and a step of 4-10-3 takes 175 instead
    of 47 µs (Zen 5). `cpp_wrapper` brings that to 40 µs, and 784-100-10 from 545 to 524; `max-autotune` brings nothing.
    """

    def __init__(self, task: Task, threads: int) -> None:
        super().__init__(task, threads)
        self.p, self.q = ([torch.zeros_like(each) for each in self.parameters] for _ in range(2))
        self.taken = 0

        def step(theta: Any, p: Any, q: Any, X: Any, y: Any, rows: Any, factor: Any) -> None:
            D = torch.func.grad(self.cost)(theta, X[rows], y[rows])
            for each, d, first, second in zip(theta, D, p, q, strict=True):
                first.mul_(0.9).add_(d, alpha=0.1)
                second.mul_(0.999).addcmul_(d, d, value=0.001)
                each.sub_(factor * first / (second.sqrt() + 1e-8))

        torch.compiler.reset()
        self.step = torch.compile(step, fullgraph=True, dynamic=False, options={"cpp_wrapper": True})

    @torch.no_grad()
    def steps(self, n: int) -> int:
        """Take n steps."""
        for rows in islice(self.batches, n):
            self.taken += 1
            factor = torch.tensor(adam_factor(self.taken))
            self.step(self.parameters, self.p, self.q, self.X, self.y, rows, factor)
        return n
