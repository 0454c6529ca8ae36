"""What a network answers over a plane of two features, as bytes to be painted; and where its units are saturated.

A map is a grid: row 0 lies lowest, column 0 leftmost. Features besides the two of the axes are held at an example's
values, or at the means of the training rows. A network of one feature has maps of one row.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deltarule.common.arrays import Array
from deltarule.common.errors import InputError
from deltarule.network.backpropagation import forward
from deltarule.network.network import Network
from deltarule.pictures.layer_values import is_saturated
from deltarule.play.dataset import Dataset
from deltarule.play.snapshot import Snapshot

__all__ = [
    "activations",
    "grid_of",
    "map_of",
    "painted",
    "saturation",
    "strongest_edges",
    "thumbnails",
]

MARGIN = 0.1
"""Share of the range of a feature by which a map reaches beyond it."""

SOME_ROWS = 1000
"""Training rows over which units are looked at."""

MOST_PICTURES = 600
"""Units that have a picture; those of layers beyond have none."""


@dataclass(frozen=True, eq=False)
class Grid:
    """Inputs of the network on a grid, and what the grid spans in the units of the features: x₀, x₁, y₀, y₁."""

    X: Array
    shape: tuple[int, int]
    extent: tuple[float, float, float, float]


@dataclass(frozen=True, eq=False)
class Painted:
    """Values as bytes: value = low + byte/255 · (high − low)."""

    bytes: NDArray[np.uint8]
    low: float
    high: float


def activations(network: Network, theta: Array, X: Array) -> list[Array]:
    """Return a⁽¹⁾ … a⁽ᴸ⁾ of some rows."""
    with np.errstate(over="ignore", invalid="ignore"):
        _, a = forward(network, network.roll(theta), X)
        return [*a[:-1], network.output_unit.h(a[-1])]


def painted(values: Array, low: float | None = None, high: float | None = None) -> Painted:
    """Return values as bytes, over their own range if none is given.

    >>> painted(np.array([0.0, 0.5, 1.0])).bytes
    array([  0, 128, 255], dtype=uint8)
    """
    values = np.nan_to_num(values, nan=0.0, posinf=1e300, neginf=-1e300)
    low = float(values.min()) if low is None else low
    high = float(values.max()) if high is None else high
    width = high - low
    if not width > 0:
        return Painted(np.zeros(values.shape, np.uint8), low, high)
    share = (np.clip(values, low, high) / 2 - low / 2) / (high / 2 - low / 2)  # halves: the width may overflow
    return Painted(np.rint(255 * share).astype(np.uint8), low, high)


def grid_of(dataset: Dataset, features: tuple[int, int], held_at: int, size: int) -> Grid:
    """Return a grid over two features, counted from 1; `held_at` is the number of an example, or 0 for means.

    Raises
    ------
    InputError
        If there is no such feature or example.
    """
    n = dataset.X.shape[1]
    for feature in features if n > 1 else ():
        if not 1 <= feature <= n:
            raise InputError(f"There is no feature {feature}: the features are 1 to {n}.")
    if not 0 <= held_at <= len(dataset.X):
        raise InputError(f"There is no example {held_at}: the examples are 1 to {len(dataset.X)}, and 0 takes means.")
    base = dataset.X[dataset.training].mean(axis=0) if held_at == 0 else dataset.X[held_at - 1]
    across, up = (0, 0) if n == 1 else (features[0] - 1, features[1] - 1)
    x = np.linspace(*_span(dataset.X[:, across]), size)
    y = np.linspace(*_span(dataset.X[:, up]), size)
    rows = 1 if across == up else size
    X = np.tile(base, (rows * size, 1))
    X[:, across] = np.tile(x, rows)
    if rows > 1:
        X[:, up] = np.repeat(y, size)
    ends = [*(dataset.centre[across] + dataset.width[across] * x[[0, -1]])]
    ends += [*(dataset.centre[up] + dataset.width[up] * y[[0, -1]])]
    return Grid(X, (rows, size), (float(ends[0]), float(ends[1]), float(ends[2]), float(ends[3])))


def map_of(snapshot: Snapshot, what: str, unit: tuple[int, int], grid: Grid) -> tuple[Painted, str]:
    """Return a map as bytes of shape (planes, rows, columns), and what it is a map of.

    Raises
    ------
    InputError
        If there is no such unit.
    """
    network = snapshot.problem.network
    a = activations(network, snapshot.theta, grid.X)
    if what == "unit":
        layer, i = unit
        if not (1 <= layer <= network.L and 1 <= i <= network.sizes[layer - 1]):
            raise InputError(f"There is no unit {i} in layer {layer}: the layers of {network} are 1 to {network.L}.")
        return painted(a[layer - 1][:, i - 1].reshape(1, *grid.shape)), f"unit {layer},{i}"
    h = a[-1]
    if not snapshot.opening.dataset.is_classes:
        dataset = snapshot.opening.dataset
        return painted((dataset.mean + dataset.deviation * h).T.reshape(-1, *grid.shape)), what
    shares = np.column_stack([1 - h, h]) if h.shape[1] == 1 else h
    if what == "classes":
        return painted(shares.T.reshape(-1, *grid.shape), 0.0, 1.0), what
    confidence = painted(shares.max(axis=1), 1 / shares.shape[1] if network.output == "softmax" else 0.0, 1.0)
    planes = np.stack([shares.argmax(axis=1).astype(np.uint8), confidence.bytes])
    return Painted(planes.reshape(2, *grid.shape), confidence.low, confidence.high), what


def thumbnails(snapshot: Snapshot, edge: int) -> tuple[NDArray[np.uint8], tuple[tuple[float, float], ...]]:
    """Return a picture of each unit of layers 2 to L, and their ranges.

    With two features it is a map; with one, a line of values; with more, how a is spread over the training rows: shares
    of rows from the smallest to the largest a, the highest share as 255.
    """
    dataset, network = snapshot.opening.dataset, snapshot.problem.network
    n = dataset.X.shape[1]
    if n <= 2:
        grid = grid_of(dataset, (1, n), 0, edge)
        columns = np.hstack(activations(network, snapshot.theta, grid.X)[1:]).T[:MOST_PICTURES]
        pictures = [painted(column) for column in columns]
        bytes_ = np.stack([one.bytes for one in pictures]).reshape(-1, *grid.shape)
        return bytes_, tuple((one.low, one.high) for one in pictures)
    rows = dataset.X[dataset.training[:SOME_ROWS]]
    columns = np.hstack(activations(network, snapshot.theta, rows)[1:]).T[:MOST_PICTURES]
    spread, ranges = np.zeros((len(columns), 1, edge), np.uint8), []
    for picture, column in zip(spread, columns, strict=True):
        column = np.nan_to_num(column, nan=0.0, posinf=1e300, neginf=-1e300)
        low, high = float(column.min()), float(column.max())
        place = painted(column).bytes.astype(int) * edge // 256
        counts = np.bincount(place, minlength=edge)
        picture[0] = np.rint(255 * counts / counts.max())
        ranges.append((low, high))
    return spread, tuple(ranges)


def saturation(snapshot: Snapshot) -> Array:
    """Return for each unit of layers 2 to L the share of training rows for which it is saturated; 0 for outputs."""
    dataset, network = snapshot.opening.dataset, snapshot.problem.network
    rows = dataset.X[dataset.training[:SOME_ROWS]]
    with np.errstate(over="ignore", invalid="ignore"):
        kept, _ = forward(network, network.roll(snapshot.theta), rows)
        shares = [
            np.zeros(part.outputs) if part.unit is None else is_saturated(part.unit, values).mean(axis=0)
            for part, values in zip(network.parts, kept, strict=True)
        ]
    return np.concatenate(shares)


def strongest_edges(snapshot: Snapshot, most: int) -> tuple[NDArray[np.int32], Array, int]:
    """Return the edges through which most flows, mean |Θ_ij a_j| over training rows, with Θ_ij; and how many are left.

    Edges are (l, i, j); j = 0 is the bias unit, whose a is 1.
    """
    dataset, network = snapshot.opening.dataset, snapshot.problem.network
    thetas = network.roll(snapshot.theta)
    a = activations(network, snapshot.theta, dataset.X[dataset.training[:SOME_ROWS]])
    flows = [
        np.abs(Theta) * np.concatenate([[1.0], np.abs(below).mean(axis=0)])
        for Theta, below in zip(thetas, a, strict=False)
    ]
    flat = np.concatenate([flow.ravel() for flow in flows])
    most = min(most, len(flat))
    chosen = np.sort(np.argpartition(-flat, most - 1)[:most]) if most else np.empty(0, np.intp)
    starts = np.cumsum([0, *(flow.size for flow in flows)])
    layer = np.searchsorted(starts, chosen, side="right") - 1
    width = np.array([flow.shape[1] for flow in flows])[layer]
    i, j = np.divmod(chosen - starts[layer], width)
    weights = np.array([thetas[n][row, column] for n, row, column in zip(layer, i, j, strict=True)])
    edges = np.column_stack([layer + 1, i + 1, j]).astype(np.int32)
    return edges, np.column_stack([weights, flat[chosen]]).reshape(-1, 2), len(flat) - most


def _span(values: Array) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    margin = MARGIN * (high - low) or 0.5
    return low - margin, high + margin
