"""Sums over leaves in a fixed binary tree."""

import numpy as np
import pytest

from deltarule.common.arrays import Array
from deltarule.network.summation import TreeSum


def total(leaves: list[Array]) -> Array:
    tree = TreeSum()
    for leaf in leaves:
        tree.add(leaf)
    return tree.result()


@pytest.mark.parametrize("count", [1, 2, 3, 5, 8, 13])
def test_order_is_that_of_the_binary_counter(count: int) -> None:
    names = [np.array(str(n), dtype=object) for n in range(count)]

    class Name:
        def __init__(self, text: str) -> None:
            self.text = text

        def __add__(self, other: "Name") -> "Name":
            return Name(f"({self.text}+{other.text})")

    tree = TreeSum()
    for name in names:
        tree.add(Name(str(name)))  # type: ignore[arg-type]
    expected = {
        1: "0",
        2: "(0+1)",
        3: "((0+1)+2)",
        5: "(((0+1)+(2+3))+4)",
        8: "(((0+1)+(2+3))+((4+5)+(6+7)))",
        13: "((((0+1)+(2+3))+((4+5)+(6+7)))+(((8+9)+(10+11))+12))",
    }
    assert tree.result().text == expected[count]  # type: ignore[attr-defined]


def test_error_grows_with_the_logarithm_of_the_number_of_leaves() -> None:
    leaves = [np.array([0.1])] * 2**16
    assert total(leaves)[0] == pytest.approx(2**16 * 0.1, rel=2e-16)


def test_leaves_are_left_as_they_are() -> None:
    leaves = [np.array([float(n)]) for n in range(5)]
    total(leaves)
    assert [leaf[0] for leaf in leaves] == [0, 1, 2, 3, 4]
