"""What every test has: arithmetic that leaves the finite numbers is an error, Ctrl-C can be pressed."""

import signal
from collections.abc import Iterator

import numpy as np
import pytest

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
