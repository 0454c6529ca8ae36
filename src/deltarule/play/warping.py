"""The plane of two inputs as two units see it: its grid, carried through the network, and the examples among it."""

import numpy as np
from numpy.typing import NDArray

from deltarule.common.errors import InputError
from deltarule.play.answers import Warped
from deltarule.play.maps import grid_of
from deltarule.play.requests import Warp
from deltarule.play.snapshot import Snapshot

__all__ = ["warped"]

MARGIN = 0.1
"""Share of half the range by which the picture reaches beyond what is in it."""

MOST_LINES, MOST_POINTS, MOST_ROWS = 33, 129, 300
"""Lines each way, points of a line, and examples that are carried through."""


def warped(snapshot: Snapshot, request: Warp) -> Warped:
    """Return lines of a grid over two features, and examples, as the activations of two units.

    Raises
    ------
    InputError
        If there are no such units, features or lines.
    """
    network, dataset = snapshot.problem.network, snapshot.opening.dataset
    layer, units = request.layer, request.units
    if not 2 <= layer <= network.L or not all(1 <= unit <= network.sizes[layer - 1] for unit in units):
        raise InputError(
            f"There are no units {units[0]} and {units[1]} in layer {layer} of {network}: layers of units are 2 to "
            f"{network.L}, and units count from 1."
        )
    for name, value, most in (("lines", request.lines, MOST_LINES), ("points", request.points, MOST_POINTS)):
        if not 2 <= value <= most:
            raise InputError(f"warp.{name} is {value}, but must be 2 to {most}.")
    columns = [unit - 1 for unit in units]

    def seen(X: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(snapshot.problem.painter.activations(snapshot.theta, X)[layer - 1][:, columns])

    corners = grid_of(dataset, request.features, request.held_at, 2).X.astype(np.float64)
    coarse, fine = np.linspace(0, 1, request.lines), np.linspace(0, 1, request.points)

    def carried(right: NDArray[np.float64], upwards: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what the units make of places of the plane, given as shares of its two sides."""
        X = corners[0] + right[:, np.newaxis] * (corners[1] - corners[0])
        if len(corners) > 2:
            X = X + upwards[:, np.newaxis] * (corners[2] - corners[0])
        return seen(X)

    if len(corners) == 2:  # of one feature the plane is a line
        across, up = carried(fine, fine)[np.newaxis], np.empty((0, request.points, 2))
    else:
        held, along = np.repeat(coarse, len(fine)), np.tile(fine, len(coarse))
        across = carried(along, held).reshape(len(coarse), len(fine), 2)
        up = carried(held, along).reshape(len(coarse), len(fine), 2)
    rows = np.unique(np.linspace(0, len(dataset.X) - 1, MOST_ROWS).round().astype(np.int64))
    at = seen(dataset.X[rows])
    return Warped(
        revision=snapshot.revision,
        generation=snapshot.generation,
        layer=layer,
        units=units,
        extent=_extent(np.concatenate([across.reshape(-1, 2), up.reshape(-1, 2), at])),
        across=across.astype(np.float32),
        up=up.astype(np.float32),
        rows=(rows + 1).astype(np.int32),
        at=at,
        Y=dataset.numbers[rows],
    )


def _extent(places: NDArray[np.float64]) -> tuple[float, float, float, float]:
    """Return x₀, x₁, y₀, y₁ of all places, with a margin."""
    places = np.nan_to_num(places, nan=0.0, posinf=1e300, neginf=-1e300)
    low, high = places.min(axis=0), places.max(axis=0)
    margin = np.where(high > low, MARGIN * (high / 2 - low / 2), 0.5)  # halves: the width may overflow
    return (
        float(low[0] - margin[0]),
        float(high[0] + margin[0]),
        float(low[1] - margin[1]),
        float(high[1] + margin[1]),
    )
