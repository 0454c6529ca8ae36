"""Class weights: how much the examples of each class count in the cost."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltarule.common.arrays import Array
from deltarule.common.errors import SettingsError
from deltarule.common.messages import Message

__all__ = ["sums_of_classes", "weights_of_classes"]


def sums_of_classes(classes: NDArray[Any], y: NDArray[Any], weights: Array | None) -> Array:
    """Return the sum of the weights of the examples of each class."""
    return np.bincount(np.searchsorted(classes, y), weights, len(classes)).astype(np.float64)


def weights_of_classes(class_weight: Any, classes: NDArray[Any], sums: Array) -> Array:
    """Return the weight of an example of each class.

    Parameters
    ----------
    class_weight : mapping from label to float, or "balanced"
        `"balanced"`: Σ/(K Σ_k), where Σ_k is the sum of class k and Σ the total; all classes then have the same sum,
        and the total stays Σ. A class without examples gets 1.
    classes : array of shape (K,)
    sums : array of shape (K,)

    Raises
    ------
    SettingsError
        If a label is not among the classes, or all examples would weigh 0.

    Examples
    --------
    >>> weights_of_classes("balanced", np.array(["a", "b"]), np.array([3.0, 1.0]))
    array([0.66666667, 2.        ])
    """
    if not isinstance(class_weight, Mapping):
        return np.where(sums > 0, sums.sum() / np.where(sums > 0, len(classes) * sums, 1), 1.0)
    labels = classes.tolist()
    if unknown := [label for label in class_weight if label not in labels]:
        raise SettingsError(
            Message(
                "class_weight has a weight for {label!r}, which is none of the classes: {known}. Write the labels as "
                "they stand in y.",
                label=unknown[0],
                known=", ".join(map(repr, labels[:10])),
            )
        )
    weights = np.array([class_weight.get(label, 1.0) for label in labels], dtype=np.float64)
    if not weights[sums > 0].any():
        raise SettingsError(
            Message(
                "class_weight={given!r} gives every example the weight 0. Give at least one class more.",
                given=class_weight,
            )
        )
    return weights
