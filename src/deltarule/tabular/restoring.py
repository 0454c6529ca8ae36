"""An estimator of tables from the parts of a model file; anybody may have written it, so each value is checked."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from deltarule.common.arrays import Array
from deltarule.estimators.stored import checked_classes, untagged
from deltarule.estimators.targets import Labels
from deltarule.files.archive import of_type
from deltarule.network.described import network_from
from deltarule.tables.stored import finite
from deltarule.tabular.base import BaseTable
from deltarule.tabular.calibration import Calibration
from deltarule.tabular.classifier import TableClassifier
from deltarule.tabular.committee import Committee
from deltarule.tabular.quantities import Quantity
from deltarule.tabular.regressor import TableRegressor
from deltarule.tabular.side_by_side import MemberRecord
from deltarule.tabular.stored import MAPS
from deltarule.tabular.table_columns import TableColumns
from deltarule.tabular.target_coding import Classes

__all__ = ["KINDS", "estimator_from"]

KINDS: Mapping[str, type[BaseTable]] = {"TableClassifier": TableClassifier, "TableRegressor": TableRegressor}


def estimator_from(content: Any, arrays: Mapping[str, Array]) -> BaseTable:
    """Return the fitted estimator of such content.

    Raises
    ------
    Exception
        Whatever content of the wrong kind or shape makes Python, NumPy or this library raise.
    """
    Estimator = KINDS[of_type(str, content["kind"])]
    parameters = {name: untagged(value) for name, value in of_type(dict, content["parameters"]).items()}
    estimator: Any = Estimator(**parameters)
    estimator._check_parameters()
    columns = TableColumns.from_content(of_type(dict, content["columns"]), arrays)
    network = network_from(of_type(dict, content["network"]))
    if Estimator is TableClassifier:
        classes = checked_classes(content["classes"]["type"], content["classes"]["values"])
        target: Any = Classes(Labels(classes, output="softmax"), estimator.objective)
        estimator.classes_, estimator._calibration = classes, _calibration(content["calibration"], len(classes))
    else:
        target = Quantity.from_content(content["quantity"], arrays)
    inputs = columns.n_scaled + len(columns.categories)
    if Estimator is TableRegressor and (estimator.loss, estimator._numbers) != (target.loss, target.numbers):
        raise ValueError(
            f"loss={estimator.loss!r} and quantities of {target.loss} with the numbers {target.numbers[:5]}"
        )
    is_same = (network.K, network.output, network.output_numbers) == (target.K, target.output, target.numbers)
    if network.sizes[0] != inputs or not is_same:
        raise ValueError(f"columns that make {inputs} inputs, a target of {target.K} outputs, and a network {network}")
    thetas = arrays["thetas"]
    n, limit = len(thetas), float(np.finfo(np.float32).max)
    finite(thetas.ravel(), n * network.n_parameters, -limit, limit)
    if n < 1 or thetas.shape != (n, network.n_parameters):
        raise ValueError(f"parameters of the shape {thetas.shape}, and a network {network}")
    features = of_type(int, content["features"])
    if (names := content["names"]) is not None:
        if len(of_type(list, names)) != features or not set(columns.used) <= set(names):
            raise ValueError(f"{len(names)} names of columns, {features} columns, and {len(columns.used)} used ones")
        estimator.feature_names_in_ = np.array([of_type(str, name) for name in names], dtype=object)
    elif not set(columns.used) <= {f"x{i}" for i in range(features)}:
        raise ValueError(f"columns without names, {features} of them, and used ones {columns.used[:5]}")
    estimator.n_features_in_, estimator.columns_, estimator.network_ = features, columns, network
    estimator.notices_ = tuple(of_type(str, one) for one in of_type(list, content["notices"]))
    estimator.stopped_ = of_type(str, content["stopped"])
    estimator.members_ = _records(of_type(list, content["best_epochs"]), arrays)
    if sum(one.best_epoch > 0 for one in estimator.members_) != n:
        raise ValueError(f"{len(estimator.members_)} members, and the parameters of {n}")
    importances = arrays["importances"]
    if importances.shape != (features, 3) or np.isinf(importances).any():
        raise ValueError(f"importances of the shape {importances.shape}, and {features} columns")
    estimator.n_members_, estimator._importances = n, importances
    estimator._target, estimator._committee = target, Committee(network, thetas)
    return estimator  # type: ignore[no-any-return]


def _calibration(content: Any, K: int) -> Calibration:
    given = dict(of_type(dict, content))
    kind = of_type(str, given.pop("kind"))
    if kind != ("quadratic" if K == 2 else "temperature"):
        raise ValueError(f"a map {kind[:40]!r} for {K} classes")
    numbers = {name: of_type(float, value) for name, value in given.items()}
    if not np.isfinite(list(numbers.values())).all():
        raise ValueError(f"a map with the numbers {numbers}")
    made: Calibration = MAPS[kind](**numbers)
    return made


def _records(best_epochs: list[Any], arrays: Mapping[str, Array]) -> tuple[MemberRecord, ...]:
    records = []
    for n, best_epoch in enumerate(best_epochs):
        of_epochs = arrays[f"members/{n}"]
        if of_epochs.ndim != 2 or len(of_epochs) != 2 or not 0 <= of_type(int, best_epoch) <= of_epochs.shape[1]:
            raise ValueError(f"measures of the shape {of_epochs.shape}, and {best_epoch} as the best epoch")
        records.append(MemberRecord(best_epoch, *(tuple(one.tolist()) for one in of_epochs)))
    return tuple(records)
