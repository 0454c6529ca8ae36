"""Dask clusters in this process, and one of two processes; nothing of them is left after a module."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

pytest.importorskip("distributed")
pytest.importorskip("dask.array")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # What Dask itself says, on valid input and without a fault of ours.
    for item in items:
        if "/cluster/" in str(item.path):
            for text in QUIET:
                item.add_marker(pytest.mark.filterwarnings(text))


QUIET: list[str] = []


@pytest.fixture(scope="session")
def client() -> Iterator[Any]:
    """A client of two workers in this process."""
    from distributed import Client

    with Client(processes=False, n_workers=2, threads_per_worker=1, dashboard_address=":0", memory_limit=0) as made:
        yield made


@pytest.fixture
def left_alone() -> Iterator[None]:
    with np.errstate(all="warn"):
        yield
