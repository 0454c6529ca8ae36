"""Small data sets to learn on, each drawn from a seed, and points that somebody drew.

    blobs     K round heaps                     ring      a disc inside a ring
    spiral    K arms that wind around           moons     two half-moons that interlock
    xor       four quarters, crosswise alike    bars      4 × 4 pixels with a row or a column lit: eight classes
    line      y = ½ + ¾x, with noise            wave      y = sin 3x, with noise

Inputs are of about unit size, so that no toy needs scaling.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from deltarule.common.arrays import Array

__all__ = ["TOYS", "Kind", "draw"]

Kind: TypeAlias = Literal["blobs", "ring", "spiral", "moons", "xor", "bars", "line", "wave"]


class Drawn(NamedTuple):
    """Rows of a toy: X of shape (n, features), and the number of the class, or the quantity, of each."""

    X: Array
    y: NDArray[np.float64]


@dataclass(frozen=True)
class _Toy:
    """How rows of a toy are drawn, from (generator, class of each row, K, noise), and how many classes it has."""

    draw: Callable[[np.random.Generator, NDArray[np.int64], int, float], Drawn]
    classes: int | None = 2
    may_have_more: bool = False


def draw(kind: Kind, n: int, classes: int, noise: float, seed: int) -> Drawn:
    """Return n rows of a toy, the same for the same arguments.

    Examples
    --------
    >>> draw("spiral", 6, 3, 0.0, 0).y
    array([0., 1., 2., 0., 1., 2.])
    """
    toy = TOYS[kind]
    K = classes if toy.may_have_more else toy.classes or 1
    of_row = np.arange(n) % K
    return toy.draw(np.random.default_rng(seed), of_row, K, noise)


def _blobs(generator: np.random.Generator, y: NDArray[np.int64], K: int, noise: float) -> Drawn:
    angle = 2 * np.pi * y / K + np.pi / 4
    centres = 0.7 * np.column_stack([np.cos(angle), np.sin(angle)])
    return Drawn(centres + (0.1 + noise) * generator.normal(size=(len(y), 2)), y.astype(float))


def _ring(generator: np.random.Generator, y: NDArray[np.int64], _: int, noise: float) -> Drawn:
    angle = 2 * np.pi * generator.random(len(y))
    radius = np.where(y == 0, 0.4 * np.sqrt(generator.random(len(y))), 0.75 + 0.2 * generator.random(len(y)))
    X = radius[:, np.newaxis] * np.column_stack([np.cos(angle), np.sin(angle)])
    return Drawn(X + noise * generator.normal(size=X.shape), y.astype(float))


def _spiral(generator: np.random.Generator, y: NDArray[np.int64], K: int, noise: float) -> Drawn:
    along = (np.arange(len(y)) // K + 0.5) / max(1, -(-len(y) // K))
    angle = 2 * np.pi * y / K + 3.5 * along
    X = along[:, np.newaxis] * np.column_stack([np.cos(angle), np.sin(angle)])
    return Drawn(X + noise * generator.normal(size=X.shape) / 2, y.astype(float))


def _moons(generator: np.random.Generator, y: NDArray[np.int64], _: int, noise: float) -> Drawn:
    angle = np.pi * generator.random(len(y))
    upper = np.column_stack([np.cos(angle) - 0.5, np.sin(angle) - 0.25])
    X = 0.7 * np.where(y[:, np.newaxis] == 0, upper, -upper)
    return Drawn(X + noise * generator.normal(size=X.shape), y.astype(float))


def _xor(generator: np.random.Generator, y: NDArray[np.int64], _: int, noise: float) -> Drawn:
    X = 0.05 + 0.95 * generator.random((len(y), 2))
    side = np.where(generator.random(len(y)) < 0.5, 1.0, -1.0)
    X *= np.column_stack([side, np.where(y == 0, side, -side)])
    return Drawn(X + noise * generator.normal(size=X.shape), y.astype(float))


def _bars(generator: np.random.Generator, y: NDArray[np.int64], _: int, noise: float) -> Drawn:
    images = np.zeros((len(y), 4, 4))
    for image, which in zip(images, y.tolist(), strict=True):
        if which < 4:
            image[which, :] = 1
        else:
            image[:, which - 4] = 1
    return Drawn(images.reshape(len(y), 16) + noise * generator.normal(size=(len(y), 16)), y.astype(float))


def _line(generator: np.random.Generator, y: NDArray[np.int64], _: int, noise: float) -> Drawn:
    x = 2 * generator.random(len(y)) - 1
    return Drawn(x[:, np.newaxis], 0.5 + 0.75 * x + noise * generator.normal(size=len(y)))


def _wave(generator: np.random.Generator, y: NDArray[np.int64], _: int, noise: float) -> Drawn:
    x = 2 * generator.random(len(y)) - 1
    return Drawn(x[:, np.newaxis], np.sin(3 * x) + noise * generator.normal(size=len(y)))


TOYS: dict[str, _Toy] = {
    "blobs": _Toy(_blobs, 3, may_have_more=True),
    "ring": _Toy(_ring),
    "spiral": _Toy(_spiral, 3, may_have_more=True),
    "moons": _Toy(_moons),
    "xor": _Toy(_xor),
    "bars": _Toy(_bars, 8),
    "line": _Toy(_line, None),
    "wave": _Toy(_wave, None),
}
"""The toys by name; `classes` is None for a quantity."""
