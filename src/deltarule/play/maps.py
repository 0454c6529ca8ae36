"""What a network answers over a plane of two features, as bytes to be painted; and where its units are saturated.

A map is a grid: row 0 lies lowest, column 0 leftmost. Features besides the two of the axes are held at an example's
values, or at the means of the training rows. A network of one feature has maps of one row. What is painted is computed
in float32.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deltarule.common.arrays import Array
from deltarule.common.errors import InputError
from deltarule.network.parts import Dense
from deltarule.pictures.layer_values import is_saturated
from deltarule.play.dataset import Dataset
from deltarule.play.snapshot import Snapshot

__all__ = [
    "grid_of",
    "map_of",
    "painted",
    "saturation",
    "strongest_edges",
    "thumbnails",
]

MARGIN = 0.1
"""Share of the range of a feature by which a map reaches beyond it."""

MOST_PICTURES = 600
"""Most units that have a picture; layers with units beyond this number have none."""

KEPT_GRIDS = 8
"""Grids of a data set that are kept: a run asks for the same two in each frame."""


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


def painted(values: Array, low: float | None = None, high: float | None = None) -> Painted:
    """Return values as bytes, over their own range if none is given.

    >>> painted(np.array([0.0, 0.5, 1.0])).bytes
    array([  0, 128, 255], dtype=uint8)
    """
    values = _finite(values)
    low = float(values.min()) if low is None else low
    high = float(values.max()) if high is None else high
    return Painted(_bytes(values, np.array(low), np.array(high)), low, high)


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
    kept, key = dataset.grids, (features, held_at, size)
    if (found := kept.get(key)) is None:
        found = kept[key] = _new_grid(dataset, features, held_at, size)
        while len(kept) > KEPT_GRIDS:
            kept.pop(next(iter(kept)), None)
    return found


def map_of(snapshot: Snapshot, what: str, unit: tuple[int, int], grid: Grid) -> tuple[Painted, str]:
    """Return a map as bytes of shape (planes, rows, columns), and what it is a map of.

    Raises
    ------
    InputError
        If there is no such unit.
    """
    network, painter, theta = snapshot.problem.network, snapshot.problem.painter, snapshot.coarse_theta
    if what == "unit":
        layer, i = unit
        if not (1 <= layer <= network.L and 1 <= i <= network.sizes[layer - 1]):
            raise InputError(f"There is no unit {i} in layer {layer}: the layers of {network} are 1 to {network.L}.")
        a = painter.h(theta, grid.X) if layer == network.L else painter.activations(theta, grid.X)[layer - 1]
        return painted(a[:, i - 1].reshape(1, *grid.shape)), f"unit {layer},{i}"
    h = painter.h(theta, grid.X)
    if not snapshot.opening.dataset.is_classes:
        dataset = snapshot.opening.dataset
        return painted((dataset.mean + dataset.deviation * h.astype(np.float64)).T.reshape(-1, *grid.shape)), what
    h = np.hstack([1 - h, h]) if network.K == 1 else h
    shares = np.ascontiguousarray(h.T)  # the largest of each column is found ten times faster than that of each row
    if what == "classes":
        return painted(shares.reshape(-1, *grid.shape), 0.0, 1.0), what
    confidence = painted(shares.max(axis=0), 1 / len(shares) if network.output == "softmax" else 0.0, 1.0)
    planes = np.stack([h.argmax(axis=1).astype(np.uint8), confidence.bytes])
    return Painted(planes.reshape(2, *grid.shape), confidence.low, confidence.high), what


def thumbnails(snapshot: Snapshot, edge: int) -> tuple[NDArray[np.uint8], tuple[tuple[float, float], ...]]:
    """Return a picture of each unit of layers 2 to L, and their ranges.

    With two features it is a map; with one, a line of values; with more, how a is spread over the training rows: shares
    of rows from the smallest to the largest a, the highest share as 255.
    """
    dataset, problem = snapshot.opening.dataset, snapshot.problem
    n = dataset.X.shape[1]
    if n <= 2:
        grid = grid_of(dataset, (1, n), 0, edge)
        a = problem.painter.activations(snapshot.coarse_theta, grid.X)[1:]
    else:
        *below, z = snapshot.looked_at[1]
        a = [*below[1:], problem.network.output_unit.h(z)]
    values = _finite(np.ascontiguousarray(np.hstack(a).T[:MOST_PICTURES]))  # (units, points)
    low, high = (ends(axis=1).astype(np.float64) for ends in (values.min, values.max))
    pictures = _bytes(values, low[:, np.newaxis], high[:, np.newaxis])
    ranges = tuple(zip(low.tolist(), high.tolist(), strict=True))
    if n <= 2:
        return pictures.reshape(-1, *grid.shape), ranges
    units = np.arange(len(pictures))[:, np.newaxis]
    places = units * edge + pictures.astype(np.intp) * edge // 256
    counts = np.bincount(places.ravel(), minlength=len(pictures) * edge).reshape(-1, 1, edge)
    return np.rint(255 * counts / counts.max(axis=2, keepdims=True)).astype(np.uint8), ranges


def saturation(snapshot: Snapshot) -> Array:
    """Return for each unit of layers 2 to L the share of training rows for which it is saturated; 0 for outputs."""
    network = snapshot.problem.network
    with np.errstate(over="ignore", invalid="ignore"):
        shares = [
            np.zeros(part.outputs) if part.unit is None else is_saturated(part.unit, values).mean(axis=0)
            for part, values in zip(network.parts, snapshot.looked_at[0], strict=True)
        ]
    return np.concatenate(shares)


def strongest_edges(snapshot: Snapshot, most: int) -> tuple[NDArray[np.int32], Array, int]:
    """Return the edges through which most flows, mean |Θ_ij a_j| over training rows, with Θ_ij; and how many are left.

    Edges are (l, i, j); j = 0 is the bias unit, whose a is 1.
    """
    network = snapshot.problem.network
    places = [n for n, part in enumerate(network.parts) if isinstance(part, Dense)]  # other parts have no edges
    rolled = network.roll(snapshot.theta)
    thetas = [rolled[n] for n in places]
    flows = [
        np.abs(Theta) * np.concatenate([[1.0], np.abs(snapshot.looked_at[1][n]).mean(axis=0)])
        for n, Theta in zip(places, thetas, strict=True)
    ]
    flat = np.concatenate([flow.ravel() for flow in flows])
    most = min(most, len(flat))
    chosen = np.arange(most) if most == len(flat) else np.sort(np.argpartition(-flat, most - 1)[:most])
    starts = np.cumsum([0, *(flow.size for flow in flows)])
    layer = np.searchsorted(starts, chosen, side="right") - 1
    width = np.array([flow.shape[1] for flow in flows])[layer]
    i, j = np.divmod(chosen - starts[layer], width)
    weights = np.concatenate([Theta.ravel() for Theta in thetas])[chosen]
    edges = np.column_stack([np.array(places)[layer] + 1, i + 1, j]).astype(np.int32)
    return edges, np.column_stack([weights, flat[chosen]]), len(flat) - most


def _new_grid(dataset: Dataset, features: tuple[int, int], held_at: int, size: int) -> Grid:
    n = dataset.X.shape[1]
    base = dataset.X[dataset.training].mean(axis=0) if held_at == 0 else dataset.X[held_at - 1]
    across, up = (0, 0) if n == 1 else (features[0] - 1, features[1] - 1)
    base = np.where(np.isin(np.arange(n), dataset.codes), np.rint(base), base)
    x, y = (_along(dataset, feature, size) for feature in (across, up))
    rows = 1 if across == up else size
    X = np.tile(base, (rows * size, 1))
    X[:, across] = np.tile(x, rows)
    if rows > 1:
        X[:, up] = np.repeat(y, size)
    ends = [*(dataset.centre[across] + dataset.width[across] * x[[0, -1]])]
    ends += [*(dataset.centre[up] + dataset.width[up] * y[[0, -1]])]
    with np.errstate(over="ignore"):
        X = X.astype(np.float32)
    return Grid(X, (rows, size), (float(ends[0]), float(ends[1]), float(ends[2]), float(ends[3])))


def _along(dataset: Dataset, feature: int, size: int) -> Array:
    """Return the values of a feature along an axis; those that stand for words are the whole numbers that there are."""
    values = dataset.X[:, feature]
    along = np.linspace(*_span(values), size)
    return np.clip(np.rint(along), values.min(), values.max()) if feature in dataset.codes else along


def _span(values: Array) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    margin = MARGIN * (high - low) or 0.5
    return low - margin, high + margin


def _finite(values: Array) -> Array:
    """Return values with 0 for NaN, and none so large that the difference of two overflows."""
    largest = values.dtype.type(np.finfo(values.dtype).max / 4)
    if not np.isfinite(values).all():
        values = np.nan_to_num(values, nan=0.0, posinf=largest, neginf=-largest)
    return np.clip(values, -largest, largest)


def _bytes(values: Array, low: Array, high: Array) -> NDArray[np.uint8]:
    """Return (values − low)/(high − low) as bytes, from 0 to 255; 0 where the range is empty."""
    low, high = low.astype(values.dtype), high.astype(values.dtype)
    width = high - low
    share = (np.clip(values, low, high) - low) / np.where(width > 0, width, 1)
    return np.rint(255 * share).astype(np.uint8)
