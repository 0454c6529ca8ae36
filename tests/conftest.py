"""What every test has: arithmetic that leaves the finite numbers is an error, Ctrl-C can be pressed."""

import signal
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from deltarule.blocks import epochs, streaming
from deltarule.training import mini_batch_run

# A shell's background job ignores Ctrl-C, which some tests press.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def strict_arithmetic() -> Iterator[None]:
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        yield


@pytest.fixture
def calls_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls of 1, 4, 16 … epochs, however slow this machine is."""
    monkeypatch.setattr(mini_batch_run, "CALL_SECONDS", np.inf)
    monkeypatch.setattr(mini_batch_run, "CALL_OVERHEAD", np.inf)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own for converted rows."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("DELTARULE_CACHE", str(folder))
    return folder


@pytest.fixture
def small_buffers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Buffers of 200 KB in blocks of 10 KB, so that a few thousand rows take many."""
    monkeypatch.setattr(epochs, "BUFFER_BYTES", 200_000)
    monkeypatch.setattr(streaming, "PART_BYTES", 200_000)
    monkeypatch.setattr(epochs, "BLOCK_BYTES", 10_000)


@pytest.fixture
def runs_may_end_early() -> Iterator[None]:
    """Runs may end before their stopping rule is met, or by Ctrl-C, without a warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.filterwarnings("ignore", "Training interrupted")
        yield
