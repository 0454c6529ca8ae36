"""What a peer in a process of its own is told: the data, the first weights, and how it is to be learnt.

The files of this folder run where this library is not installed, so they need NumPy and their peer only.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

__all__ = ["STEP_SIZE", "Contender", "Matrices", "Task", "adam_factor"]

STEP_SIZE = 1e-3

Floats = np.ndarray[Any, np.dtype[Any]]
Matrices = list[tuple[Floats, Floats]]
"""For each layer W of shape (s_l, s_{l+1}) and b of shape (s_{l+1},), so that z = a W + b."""


class Contender(Protocol):
    """One library on one workload: see `contenders.py`."""

    def steps(self, n: int) -> int:
        """Take about n steps; return how many. Before `shuffle` they are exactly n, of rows in their order."""

    def shuffle(self) -> None:
        """Shuffle each epoch from now on."""

    def matrices(self) -> Matrices:
        """Return the weights."""


@dataclass(frozen=True)
class Task:
    """A folder with X, labels and first weights as files, and what else there is to know."""

    folder: str
    sizes: Sequence[int]
    hidden: str
    batch: int

    def write(self, X: Floats, y: Floats, first: Matrices) -> None:
        """Write the files."""
        folder = Path(self.folder)
        np.save(folder / "X.npy", X)
        np.save(folder / "y.npy", y)
        self.write_matrices("first", first)
        (folder / "task.json").write_text(json.dumps(asdict(self)), encoding="utf-8")

    @classmethod
    def read(cls, folder: str) -> "Task":
        """Read what `write` has written."""
        return cls(**json.loads((Path(folder) / "task.json").read_text(encoding="utf-8")))

    @property
    def X(self) -> Floats:
        """X of shape (m, s_1), float32."""
        X: Floats = np.load(Path(self.folder) / "X.npy")
        return X

    @property
    def y(self) -> Floats:
        """Labels 0 … K − 1, or 0 and 1 where there is one output."""
        y: Floats = np.load(Path(self.folder) / "y.npy")
        return y

    @property
    def is_binary(self) -> bool:
        """Whether there is one output, a sigmoid."""
        return self.sizes[-1] == 1

    @property
    def layers(self) -> list[tuple[int, int]]:
        """Inputs and outputs of each layer."""
        return list(zip(self.sizes[:-1], self.sizes[1:], strict=True))

    def first_theta(self) -> Floats:
        """Return the first weights as one vector."""
        theta: Floats = np.concatenate([part.ravel() for pair in self.matrices() for part in pair])
        return theta

    def parts(self, theta: Any) -> list[tuple[Any, Any]]:
        """Return W and b of each layer out of one vector, of whatever library it is."""
        found, begin = [], 0
        for s, t in self.layers:
            W, b = theta[begin : begin + s * t], theta[begin + s * t : begin + (s + 1) * t]
            found.append((W.reshape(s, t), b))
            begin += (s + 1) * t
        return found

    def matrices(self, name: str = "first") -> Matrices:
        """Read the first weights, or those that somebody has written."""
        with np.load(Path(self.folder) / f"{name}.npz") as file:
            return [(file[f"W{i}"], file[f"b{i}"]) for i in range(len(self.layers))]

    def write_matrices(self, name: str, matrices: Matrices) -> None:
        """Write weights."""
        arrays = {
            f"{letter}{i}": each for i, pair in enumerate(matrices) for letter, each in zip("Wb", pair, strict=True)
        }
        np.savez(Path(self.folder) / f"{name}.npz", **arrays)  # type: ignore[arg-type]


def adam_factor(t: int) -> float:
    """Return what Adam's step t multiplies p / √q with."""
    return STEP_SIZE * float(np.sqrt(1 - 0.999**t) / (1 - 0.9**t))
