"""A fitted estimator of tables as the parts of a model file."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from deltarule.common.arrays import Array
from deltarule.estimators.stored import content_of_classes, tagged
from deltarule.files.archive import to_bytes
from deltarule.files.whole import write_whole
from deltarule.network.described import content_of_network
from deltarule.tabular.calibration import QuadraticScaling, Temperature

__all__ = ["FORMAT", "MAPS", "parts_of", "save"]

MACHINE = ("engine", "n_threads", "verbose")
"""Parameters that belong to a machine and not to a model."""

FORMAT = 4
"""Format of model files with an estimator of tables, which versions that read up to format 3 do not know."""

MAPS: Mapping[str, Any] = {"temperature": Temperature, "quadratic": QuadraticScaling}


def save(path: str | Path, estimator: Any) -> None:
    """Write a fitted estimator to a model file.

    Raises
    ------
    OutputError
        If the file cannot be written.
    ModelFileError
        If the estimator holds a value that a model file cannot hold, such as a generator as `random_state`.
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
    names = getattr(estimator, "feature_names_in_", None)
    columns, arrays = estimator.columns_.to_content()
    content: dict[str, Any] = {
        "kind": type(estimator).__name__,
        "parameters": {name: tagged(value) for name, value in estimator.get_params().items() if name not in MACHINE},
        "features": estimator.n_features_in_,
        "names": None if names is None else names.tolist(),
        "columns": columns,
        "network": content_of_network(estimator.network_),
        "notices": list(estimator.notices_),
        "stopped": estimator.stopped_,
        "best_epochs": [one.best_epoch for one in estimator.members_],
    }
    arrays["thetas"], arrays["importances"] = estimator._committee.thetas, estimator._importances
    for n, one in enumerate(estimator.members_):
        arrays[f"members/{n}"] = np.array([one.costs, one.values], dtype=np.float64)
    if hasattr(estimator, "classes_"):
        content["classes"] = content_of_classes(estimator.classes_)
        kind = next(name for name, of in MAPS.items() if isinstance(estimator._calibration, of))
        content["calibration"] = {"kind": kind, **asdict(estimator._calibration)}
    else:
        content["quantity"], scale = estimator._target.to_content()
        arrays |= scale
    return content, arrays
