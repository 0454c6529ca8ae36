"""A fitted estimator as the parts of a model file: JSON and arrays, which never name a type or function.

Settings that belong to a machine and not to a model (`engine`, `n_threads`) are left out.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltarule.common.arrays import Array
from deltarule.common.errors import ModelFileError
from deltarule.files.archive import of_type, to_bytes
from deltarule.files.whole import write_whole
from deltarule.network.parts import Unit
from deltarule.training.settings import SETTINGS
from deltarule.training.stored_history import arrays_of, content_of

__all__ = ["FORMAT", "checked_classes", "content_of_classes", "parts_of", "save", "tagged", "untagged"]

FORMAT = 3
"""Format of model files. It is raised when older versions of this library could not read a new file.

1: before the first release. 2: a classifier with its encoder. 3: either estimator, with or without one.
"""

LABELS = (
    "str",
    "bool",
    "object",
    *(f"{sign}int{n}" for sign in ("", "u") for n in (8, 16, 32, 64)),
    "float32",
    "float64",
)
"""The types that `classes_` may have."""


def save(path: str | Path, estimator: Any) -> None:
    """Write a fitted estimator to a model file.

    Raises
    ------
    OutputError
        If the file cannot be written.
    ModelFileError
        If the estimator holds a value that a model file cannot hold.
    """
    content, arrays = parts_of(estimator)
    write_whole(path, to_bytes("model", FORMAT, {"estimator": content}, arrays))


def parts_of(estimator: Any) -> tuple[dict[str, Any], dict[str, Array]]:
    """Return a fitted estimator as JSON content, and its arrays.

    Raises
    ------
    ModelFileError
        If a parameter is neither plain nor made of plain values.
    """
    network, history = estimator.network_, estimator.history_
    names = getattr(estimator, "feature_names_in_", None)
    content: dict[str, Any] = {
        "kind": type(estimator).__name__,
        "parameters": {
            name: tagged(value)
            for name, value in estimator.get_params().items()
            if name not in SETTINGS or SETTINGS[name].belongs_to == "model"
        },
        "features": network.sizes[0],
        "names": None if names is None else names.tolist(),
        "outputs": network.K,
        "output": network.output,
        "t": estimator.t_,
        "history": content_of(history),
    }
    if (classes := getattr(estimator, "classes_", None)) is not None:
        content["classes"] = content_of_classes(classes)
        content["several_labels"] = bool(estimator.several_labels_)
    return content, {"theta": estimator.theta_, **arrays_of(history)}


def content_of_classes(classes: NDArray[Any]) -> dict[str, Any]:
    """Return labels as JSON content, if `checked_classes` will read them back.

    Raises
    ------
    TypeError, ValueError
        If it will not.
    """
    kind = "str" if classes.dtype.kind == "U" else classes.dtype.name
    checked_classes(kind, classes.tolist())  # never write what could not be read
    return {"type": kind, "values": classes.tolist()}


def checked_classes(kind: str, labels: Any) -> NDArray[Any]:
    """Return labels as an array, if it reproduces them exactly and each is larger than the one before.

    Raises
    ------
    TypeError, ValueError
        If the labels are not such.
    """
    _one_of(LABELS, kind)
    if kind == "str":  # each label takes the memory of the longest
        lengths = [len(of_type(str, label)) for label in labels]
        if max(lengths) * len(lengths) > 100 * sum(lengths) + 10_000:
            raise ValueError("labels of which one is far longer than the others")
    classes = np.array(labels, dtype=kind)
    plain = all(isinstance(label, str | bool | int | float) for label in labels)
    if (
        not plain
        or classes.ndim != 1
        or repr(classes.tolist()) != repr(labels)
        or not (classes[:-1] < classes[1:]).all()
    ):
        raise ValueError(f"labels that are not ascending or not of the type {kind}")
    return classes


def tagged(value: Any) -> Any:
    """Return a parameter as JSON in which tuples, mappings and units differ from lists."""
    if isinstance(value, np.generic | np.ndarray):
        value = value.tolist()
    if isinstance(value, list):
        return [tagged(one) for one in value]
    if isinstance(value, tuple):
        return {"tuple": [tagged(one) for one in value]}
    if isinstance(value, dict):
        return {"dict": [[tagged(key), tagged(one)] for key, one in value.items()]}
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, Unit):
        return {"unit": [value.name, *value.numbers]}
    kind = type(value)
    raise ModelFileError(
        f"The model holds {kind.__module__}.{kind.__qualname__}, which a model file does not take. Keep to plain "
        "settings (a whole number as random_state), fit again and save."
    )


def untagged(value: Any) -> Any:
    """Return the parameter that `tagged` wrote.

    Raises
    ------
    TypeError, ValueError
        If the value has a form that `tagged` never writes.
    """
    if isinstance(value, list):
        return [untagged(one) for one in value]
    if isinstance(value, dict):
        ((kind, content),) = value.items()
        if _one_of(("tuple", "dict", "unit"), kind) == "tuple":
            return tuple(untagged(one) for one in of_type(list, content))
        if kind == "unit":
            return Unit(*of_type(list, content))
        return {untagged(key): untagged(one) for key, one in of_type(list, content)}
    return value


def _one_of(choices: Iterable[str], value: Any) -> str:
    if value not in choices:
        raise ValueError(f"{str(value)[:40]!r} where one of {', '.join(choices)} belongs")
    return str(value)
