"""What is measured of a model on a split, as one line of a file: scores, seconds, memory, and on what machine.

Like `splits.py`, this file needs no part of this library.
"""

import json
import os
import platform
import resource
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import Any, Protocol

import numpy as np
from sklearn.metrics import log_loss, roc_auc_score

from splits import Split

__all__ = ["Figure", "Predictor", "append", "machine", "measure", "read", "read_all"]


class Predictor(Protocol):
    """A model of a table: learns from a split, and predicts probabilities (K > 0) or quantities.

    `packages` are those whose versions belong to its figures; `notes` say what was done to the table.
    """

    packages: tuple[str, ...]
    notes: list[str]

    def fit(self, split: Split) -> None:
        """Learn from X and y."""

    def predict(self, split: Split) -> "np.ndarray[Any, Any]":
        """Return (m, K) probabilities, or (m,) quantities, of X_test."""


@dataclass(frozen=True)
class Figure:
    """A line: one model on one split.

    `error`, `log_loss` and `auc` are of classes (the AUC of K > 2 classes is the mean over each against the rest),
    `rmse` is of quantities. `seconds` is the wall time of the fit, `cpu_seconds` what the process computed for it in
    user and system mode: on a busy machine only the second can be compared. `load` is the machine's load average over
    a minute as the fit ended. `memory_mb` is the most that the process held, its libraries and the data included.
    """

    data: str
    split: int
    model: str
    rows: int
    columns: int
    K: int
    error: float | None
    log_loss: float | None
    auc: float | None
    rmse: float | None
    seconds: float
    cpu_seconds: float
    predict_seconds: float
    memory_mb: float
    threads: int
    load: float
    machine: str
    versions: dict[str, str]
    notes: list[str] = field(default_factory=list)

    @property
    def key(self) -> tuple[str, int, str]:
        """What a line is of."""
        return self.data, self.split, self.model


def measure(name: str, split: Split, model: Predictor, threads: int) -> Figure:
    """Fit and predict once in this process."""
    wall, cpu = perf_counter(), _cpu_seconds()
    model.fit(split)
    wall, cpu = perf_counter() - wall, _cpu_seconds() - cpu
    load = os.getloadavg()[0]
    began = perf_counter()
    h = np.asarray(model.predict(split), dtype=np.float64)
    predict_seconds = perf_counter() - began
    scores = _scores(split, h)
    return Figure(
        data=split.name,
        split=split.seed,
        model=name,
        rows=len(split.X),
        columns=split.X.shape[1],
        K=split.K,
        error=scores.get("error"),
        log_loss=scores.get("log_loss"),
        auc=scores.get("auc"),
        rmse=scores.get("rmse"),
        seconds=round(wall, 2),
        cpu_seconds=round(cpu, 2),
        predict_seconds=round(predict_seconds, 3),
        memory_mb=round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        threads=threads,
        load=round(load, 1),
        machine=machine(),
        versions={"python": platform.python_version()} | {package: version(package) for package in model.packages},
        notes=list(model.notes),
    )


def read(path: Path) -> dict[tuple[str, int, str], Figure]:
    """Read a file's lines; where two are of the same model and split, the last one counts."""
    return {figure.key: figure for figure in read_all(path)}


def read_all(path: Path) -> list[Figure]:
    """Read all lines of a file; there are none if there is no file."""
    if not path.exists():
        return []
    return [Figure(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def append(path: Path, figure: Figure) -> None:
    """Add a line."""
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(figure)) + "\n")


def _scores(split: Split, h: "np.ndarray[Any, Any]") -> dict[str, float]:
    y = split.y_test
    if not split.K:
        return {"rmse": float(f"{np.sqrt(np.mean((h - y) ** 2)):.6g}")}
    h = h / h.sum(axis=1, keepdims=True)  # rows of float32 sum to 1 only nearly
    classes = np.arange(split.K)
    auc = roc_auc_score(y, h[:, 1]) if split.K == 2 else roc_auc_score(y, h, multi_class="ovr", labels=classes)
    return {
        "error": round(float(np.mean(h.argmax(axis=1) != y)), 5),
        "log_loss": round(float(log_loss(y, h, labels=classes)), 5),
        "auc": round(float(auc), 5),
    }


def _cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def machine() -> str:
    """Name the cores that this process may use."""
    names = [
        line.split(":", 1)[1].strip()
        for line in (Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else ())
        if line.startswith("model name")
    ]
    return f"{len(os.sched_getaffinity(0))} cores of {names[0] if names else platform.machine()}"
