"""Stricter for us than for users: arithmetic that leaves the finite numbers is an error in tests."""

import signal
from collections.abc import Iterator

import numpy as np
import pytest

# A shell's background job ignores Ctrl-C, which some tests press.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def strict_arithmetic() -> Iterator[None]:
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        yield
