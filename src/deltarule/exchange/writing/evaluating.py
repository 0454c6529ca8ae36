"""What is exported, computed in NumPy: what a written file has to say of a row."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltarule.common.arrays import Array
from deltarule.exchange.writing.exported import Column, Exported, Feature
from deltarule.network.backpropagation import hypothesis
from deltarule.network.network import Network
from deltarule.network.units import OUTPUT_UNITS, logistic
from deltarule.tables.dates import cyclic
from deltarule.tabular.committee import mean_of_members

__all__ = ["answers_of_z", "encoded", "labels_of", "numbers_of_rows", "rows_to_try"]


def encoded(exported: Exported, cells: Any) -> Array:
    """Return X of shape (m, s₁).

    Parameters
    ----------
    exported : Exported
    cells : list of arrays of shape (m,), or array of shape (m, s₁) without a table
        Of each column: float64 with NaN for gaps, or texts with None for gaps.
    """
    if not exported.columns:
        return np.asarray(cells, dtype=np.float64)
    X = np.empty((len(cells[0]), len(exported.features)))
    for n, feature in enumerate(exported.features):
        X[:, n] = feature.scaled(_values(feature, cells[feature.column], exported.columns[feature.column].median))
    return X


def _values(feature: Feature, cells: Any, median: float) -> Array:
    """Return v of each cell, in float64."""
    if feature.what == "word":
        return np.array([word == feature.word for word in cells], dtype=np.float64)
    if feature.what in ("side", "code"):
        counts = np.arange(float(len(feature.words))) if feature.what == "code" else [-1.0, 1.0]
        found = dict(zip(feature.words, counts, strict=True))
        return np.array([found.get(word, -1.0 if feature.what == "code" else 0.0) for word in cells])
    if feature.part:
        return np.asarray(cyclic(cells, feature.part)[:, 0 if feature.what == "sine" else 1])
    holes = np.isnan(cells)
    return np.asarray(holes, dtype=np.float64) if feature.what == "gap" else np.where(holes, median, cells)


def numbers_of_rows(exported: Exported, X: Array) -> Array:
    """Return probabilities of the shape (m, classes), or quantities in units of the target, of shape (m, K)."""
    network = Network(list(exported.network.parts), output="identity")
    members = [hypothesis(network, theta.astype(np.float64), X) for theta in exported.thetas]
    if exported.calibration is not None:
        return OUTPUT_UNITS["softmax"].h(mean_of_members(np.stack(members), exported.calibration))
    if exported.quantity is not None:
        decoded = [exported.quantity.decode(z).reshape(len(z), -1) for z in members]
        return np.asarray(np.mean(decoded, axis=0))
    return answers_of_z(exported, members[0])


def answers_of_z(exported: Exported, z: Array) -> Array:
    """Return what `numbers_of_rows` does, of the weighted inputs of the last layer of one network."""
    if exported.classes is None:
        h = np.exp(z) if exported.output == "exp" else z
        return h if exported.scale is None else exported.scale[0] + exported.scale[1] * h.astype(np.float64)
    if exported.is_binary:
        return logistic(np.hstack([-z, z]))
    if exported.output == "softmax":
        return OUTPUT_UNITS["softmax"].h(z)
    h = logistic(z)
    if exported.several:
        return h
    total = h.sum(axis=1, keepdims=True)
    return np.asarray(np.where(total > 0, h / np.where(total > 0, total, 1), 1 / exported.K))


def labels_of(exported: Exported, numbers: Array) -> NDArray[Any] | None:
    """Return the labels that probabilities say; None for quantities."""
    if exported.classes is None:
        return None
    labels: NDArray[Any] = (
        (numbers > 0.5).astype(np.int64) if exported.several else exported.classes[numbers.argmax(axis=1)]
    )
    return labels


def rows_to_try(exported: Exported) -> Any:
    """Return rows for a self-test, as `encoded` takes them: the middle, a gap in each column, and some besides.

    Each known word of a column is in a row or in the four rows that there are at most.
    """
    if not exported.columns:
        return np.stack(
            [np.zeros(exported.sizes[0]), *np.random.default_rng(0).standard_normal((3, exported.sizes[0]))]
        )
    spread = {one.column: (one.mean, one.deviation) for one in exported.features if one.what == "value"}
    return [_some(column, *spread.get(n, (0.0, 1.0))) for n, column in enumerate(exported.columns)]


def _some(column: Column, mean: float, deviation: float) -> NDArray[Any]:
    if column.is_quantity:
        return np.array([column.median, np.nan, mean + deviation, mean - 0.7 * deviation])
    known = [word for word in column.words if word is not None]
    return np.array([known[0], None, known[-1], known[len(known) // 2]], dtype=object)
