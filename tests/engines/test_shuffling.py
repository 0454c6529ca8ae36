"""The order of an epoch's rows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deltarule.engines import shuffling
from deltarule.engines.compiled import core
from deltarule.engines.shuffling import new_key, row_order

MASK = 2**64 - 1


def by_hand(key: int, epoch: int, rows: int) -> list[int]:
    """Return the order by the definition at the head of shuffling.py, in Python's integers."""
    gamma = 0x9E3779B97F4A7C15

    def mix(x: int) -> int:
        x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & MASK
        return x ^ (x >> 31)

    base = mix((key + (epoch + 1) * gamma) & MASK)
    order = list(range(rows))
    for i in range(rows - 1, 0, -1):
        j = (mix((base + (i + 1) * gamma) & MASK) * (i + 1)) >> 64
        order[i], order[j] = order[j], order[i]
    return order


@given(st.integers(0, MASK), st.integers(0, 10**6), st.integers(0, 60))
def test_order_is_the_one_that_the_definition_gives(key: int, epoch: int, rows: int) -> None:
    assert row_order(key, epoch, rows).tolist() == by_hand(key, epoch, rows)


def test_every_row_comes_once_in_every_epoch() -> None:
    for epoch in range(5):
        assert sorted(row_order(3, epoch, 1000).tolist()) == list(range(1000))


def test_epochs_and_keys_differ() -> None:
    orders = {tuple(row_order(key, epoch, 20).tolist()) for key in range(5) for epoch in range(5)}
    assert len(orders) == 25


def test_every_order_of_four_rows_is_as_likely() -> None:
    counts: dict[tuple[int, ...], int] = {}
    for epoch in range(4800):
        order = tuple(row_order(11, epoch, 4).tolist())
        counts[order] = counts.get(order, 0) + 1
    chi2 = sum((count - 200) ** 2 / 200 for count in counts.values())
    assert len(counts) == 24
    assert chi2 < 50  # 23 degrees of freedom: exceeded once in 1 000


def test_without_shuffling_rows_keep_their_order() -> None:
    assert row_order(3, 9, 6, shuffle=False).tolist() == [0, 1, 2, 3, 4, 5]


def test_keys_come_from_the_generator() -> None:
    keys = [new_key(np.random.default_rng(seed)) for seed in (0, 0, 1)]
    assert keys[0] == keys[1] != keys[2]
    assert 0 <= keys[0] <= MASK


@pytest.mark.parametrize("rows", [0, 1])
def test_no_row_and_one_row_have_one_order(rows: int) -> None:
    assert row_order(1, 0, rows).tolist() == list(range(rows))


@pytest.mark.skipif(core is None, reason="the compiled core was not built")
def test_with_the_core_no_loop_of_python_goes_over_the_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(shuffling, "_by_definition")
    assert len(row_order(3, 1, 1_000_000)) == 1_000_000


def test_with_and_without_the_core_the_order_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    given = [(MASK, 0, 1000), (5, 7, 4097), (0, 10**6, 2)]
    orders = [row_order(*one) for one in given]
    monkeypatch.setattr(shuffling, "core", None)
    for one, order in zip(given, orders, strict=True):
        assert order.dtype == np.int64
        np.testing.assert_array_equal(row_order(*one), order)
