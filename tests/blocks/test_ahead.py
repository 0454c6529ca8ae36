"""One item is made ahead in another thread: in order, with its errors in their place, and no thread left behind."""

import threading
from collections.abc import Iterator

import pytest

from deltarule.blocks.ahead import ahead


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("deltarule-ahead")]


def test_an_error_comes_where_its_item_would_come() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise ValueError("of the second")

    made = ahead(items())
    assert next(made) == 1
    with pytest.raises(ValueError, match="of the second"):
        next(made)
    assert not threads()


def test_one_item_is_made_ahead_and_no_more() -> None:
    started: list[int] = []

    def items() -> Iterator[int]:
        for n in range(5):
            started.append(n)
            yield n

    for n in ahead(items()):
        assert started[-1] <= n + 1
    assert started == [0, 1, 2, 3, 4]


def test_an_iteration_that_is_given_up_leaves_no_thread() -> None:
    made = ahead(iter(range(100)))
    assert next(made) == 0
    assert threads()
    made.close()  # type: ignore[attr-defined]
    assert not threads()
