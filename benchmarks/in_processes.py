"""Peers in processes of their own, each on one thread and on all cores, that wait until it is their turn."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from contenders import CORES
from deltarule.common.arrays import Array
from environments import FOLDER, PEERS, Peer
from processes.task import Task
from workloads import Workload

__all__ = ["Process", "running", "written"]


class Process:
    """A peer that waits in its own process; a contender as those of this process are."""

    def __init__(self, peer: Peer, n_threads: int) -> None:
        self.peer, self.name, self.n_threads = peer, peer.name, n_threads
        self.process = subprocess.Popen(
            [str(peer.python), "-m", "processes.worker", peer.module, peer.kind, str(n_threads)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parent,
            env=_environment(n_threads),
        )

    def ask(self, what: str, **more: Any) -> None:
        """Ask for something without waiting."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"do": what} | more) + "\n")
        self.process.stdin.flush()

    def answer(self) -> Any:
        """Wait for the answer."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.name} on {self.n_threads} threads has ended: {self.peer.python}")
        return json.loads(line)

    def steps(self, n: int) -> int:
        """Take about n steps; return how many."""
        self.ask("steps", n=n)
        return int(self.answer()["taken"])

    def theta(self, task: Task, workload: Workload) -> Array:
        """Return the parameters."""
        name = f"{self.name}-{self.n_threads}"
        self.ask("write", name=name)
        self.answer()
        return workload.network.unroll([np.column_stack([b, W.T]) for W, b in task.matrices(name)])

    def end(self) -> None:
        """End the process by ending its input."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


def _environment(n_threads: int) -> dict[str, str]:
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NPROC"), str(n_threads))
    compilers = {"TORCHINDUCTOR_CACHE_DIR": str(FOLDER / "inductor"), "TORCHINDUCTOR_COMPILE_THREADS": "1"}
    xla = {} if n_threads > 1 else {"XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false"}
    return os.environ | threads | compilers | xla


@contextmanager
def running() -> Iterator[list[Process]]:
    """Start every peer that is there, once for each number of threads, and say which are missing."""
    for peer in PEERS:
        if not peer.is_there:
            sys.stdout.write(f"{peer.name} is missing; {peer.command} installs it.\n")
    with ExitStack() as stack:
        processes = []
        for peer in PEERS:
            for n_threads in sorted({1, CORES}):
                if peer.is_there:
                    processes.append(Process(peer, n_threads))
                    stack.callback(processes[-1].end)
        yield processes


@contextmanager
def written(workload: Workload, X: Array, y: Array) -> Iterator[Task]:
    """Write a workload where processes can read it."""
    with tempfile.TemporaryDirectory() as folder:
        task = Task(folder, workload.sizes, workload.hidden, workload.batch)
        thetas = workload.network.roll(workload.first_theta())
        task.write(X, y, [(np.ascontiguousarray(Theta[:, 1:].T), Theta[:, 0].copy()) for Theta in thetas])
        yield task
