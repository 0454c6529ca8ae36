"""Blocks can be read again, in any order and from another process, and say what does not fit."""

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from deltarule import Blocks
from deltarule.common.errors import InputError, ShapeError

X = np.arange(21.0).reshape(7, 3)
y = np.arange(7) % 2


def load(index: int) -> Any:
    return X[2 * index : 2 * index + 2], y[2 * index : 2 * index + 2]


def test_blocks_of_arrays_put_together_are_the_arrays() -> None:
    blocks = Blocks.from_arrays(X, y, np.ones(7), block_rows=3)
    assert (blocks.lengths, blocks.rows, len(blocks), blocks.n_features) == ((3, 3, 1), 7, 3, 3)
    for n, whole in enumerate((X, y, np.ones(7))):
        np.testing.assert_array_equal(np.concatenate([block[n] for block in blocks]), whole)


def test_blocks_are_read_again_in_any_order() -> None:
    blocks = Blocks.from_arrays(X, y, block_rows=3)
    for index in (2, 0, 2):
        np.testing.assert_array_equal(blocks.read(index)[0], X[3 * index : 3 * index + 3])
    assert blocks.read(0)[2] is None


def test_blocks_of_a_function_are_pickled_as_the_function() -> None:
    blocks = pickle.loads(pickle.dumps(Blocks.from_function(load, [2, 2, 2, 1])))
    np.testing.assert_array_equal(np.concatenate([block[0] for block in blocks]), X)


def test_a_memory_map_is_pickled_as_the_name_of_its_file_and_read_without_a_map(tmp_path: Path) -> None:
    path = tmp_path / "X.npy"
    rows = np.random.default_rng(0).normal(size=(1000, 8))
    np.save(path, rows)
    mapped = np.load(path, mmap_mode="r")
    blocks = Blocks.from_arrays(mapped, np.zeros(1000), block_rows=300)
    pickled = pickle.dumps(blocks)
    assert len(pickled) < rows.nbytes / 4
    again = pickle.loads(pickled)
    np.testing.assert_array_equal(np.concatenate([block[0] for block in again]), rows)
    assert not isinstance(again.read(1)[0], np.memmap)


@pytest.mark.parametrize("part", [slice(10, 900), slice(None, None, 2)])
def test_a_part_of_a_memory_map_keeps_its_rows(part: slice, tmp_path: Path) -> None:
    np.save(tmp_path / "X.npy", np.arange(3000.0).reshape(1000, 3))
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")[part]
    blocks = Blocks.from_arrays(mapped, np.zeros(len(mapped)), block_rows=100)
    np.testing.assert_array_equal(np.concatenate([block[0] for block in blocks]), mapped)


def test_what_was_written_into_a_private_memory_map_is_read(tmp_path: Path) -> None:
    np.save(tmp_path / "X.npy", np.zeros((4, 2)))
    mapped = np.load(tmp_path / "X.npy", mmap_mode="c")
    mapped[1, 1] = 5.0
    assert Blocks.from_arrays(mapped, np.zeros(4)).read(0)[0][1, 1] == 5.0


def test_empty_blocks_are_allowed_where_others_have_rows() -> None:
    assert Blocks.from_function(lambda n: (X[: 2 * (n % 2)], y[: 2 * (n % 2)]), [0, 2, 0]).n_features == 3


def of_wrong_kind(index: int) -> Any:
    return X


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Blocks.from_arrays(X, y[:5]), "X has 7 rows, but y has 5"),
        (lambda: Blocks.from_arrays(X[:, 0], y), r"X has the shape \(7,\)"),
        (lambda: Blocks.from_arrays(X, y, block_rows=0), "block_rows=0 is not a number of rows"),
        (lambda: Blocks.from_function(load, [2, -1]), "are not numbers of rows"),
        (lambda: Blocks.from_function(load, [0, 0]), "The blocks are empty"),
        (lambda: Blocks.from_function(load, [3]), "Block 0 has 3 rows by its length, but its X has the shape"),
        (lambda: Blocks.from_function(of_wrong_kind, [7]), "Block 0 is an ndarray. Return"),
        (lambda: Blocks.from_function(lambda n: (X[:2, : 2 + n], y[:2]), [2, 2]).read(1), "X of block 1"),
    ],
)
def test_blocks_that_do_not_fit_are_refused(make: Any, message: str) -> None:
    with pytest.raises((InputError, ShapeError), match=message):
        make()
