"""Stricter for us than for users: arithmetic that leaves the finite numbers is an error in tests."""

from collections.abc import Iterator

import numpy as np
import pytest


@pytest.fixture(autouse=True)
def strict_arithmetic() -> Iterator[None]:
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        yield
