"""One network of several that predict a table together, with its first floor, as something to watch.

A member is opened as it is: the parts of its first floor come before its layers of units, and train with them. Its
inputs are what the model makes of the columns; words with a vector of their own come in as whole numbers.
"""

from typing import TYPE_CHECKING, Any

import numpy as np

from deltarule.common.arrays import Array
from deltarule.common.errors import InputError
from deltarule.network.backpropagation import hypothesis
from deltarule.network.network import Network
from deltarule.network.parts import Dense
from deltarule.play.dataset import Dataset, split_rows
from deltarule.play.scene import Scene, Table

if TYPE_CHECKING:
    from deltarule.tabular.committee_model import CommitteeModel

__all__ = ["check_member", "committee_of", "member_dataset", "network_of_member", "scene_of_members"]

DRAWN = 200
"""Rows that are drawn for a model that comes without a table."""


def committee_of(model: Any, target: str | None) -> "CommitteeModel | None":
    """Return a model whose networks predict together; None if it is of another kind, or not fitted."""
    try:
        from deltarule.tabular.classifier import TableClassifier
        from deltarule.tabular.committee_model import CommitteeModel
        from deltarule.tabular.regressor import TableRegressor
    except ImportError:  # without pandas there are no tables
        return None
    if isinstance(model, TableClassifier | TableRegressor) and hasattr(model, "thetas_"):
        return CommitteeModel(model, "y" if target is None else target, 0)
    return model if isinstance(model, CommitteeModel) else None


def check_member(model: "CommitteeModel", member: int | None) -> int:
    """Return the number of a member, from 1: the first one if none is named.

    Raises
    ------
    InputError
        If there is no such member, or the page does not show what they learn.
    """
    count = len(model.thetas)
    number = 1 if member is None else member
    if not 1 <= number <= count:
        raise InputError(f"There is no member {number}: the model has {count}, from 1 to {count}.")
    output = model.estimator.network_.output
    if output not in ("softmax", "identity"):
        raise InputError(
            f"Members with outputs of the kind {output!r} cannot be shown yet. Open a classifier, or a regressor with "
            "loss='squared_error'."
        )
    if output == "identity" and not model.quantity.is_flat:
        raise InputError("A regressor of several quantities cannot be shown yet. Open one of a single quantity.")
    return number


def network_of_member(model: "CommitteeModel", number: int) -> tuple[Network, Array]:
    """Return network and θ of a member."""
    return model.estimator.network_, np.array(model.thetas[number - 1], dtype=np.float64)


def scene_of_members(model: "CommitteeModel", name: str, split: float) -> Scene:
    """Return the scene of a model, whichever of its members is watched."""
    network = model.estimator.network_
    hidden = tuple(part.outputs for part in network.parts[:-1] if isinstance(part, Dense))
    units = tuple(part.unit.name for part in network.parts[:-1] if part.unit is not None)
    return Scene(
        data=Table(name=name, target=model.target),
        split=split,
        hidden=hidden,
        unit=units[0] if units else "identity",
        output="softmax" if network.output == "softmax" else "identity",
        seed=model.seed,
    )


def member_dataset(model: "CommitteeModel", number: int, table: Any, scene: Scene, name: str) -> Dataset:
    """Return the rows on which a member is looked at: those of a table, or else rows that are drawn."""
    columns, classes = model.estimator.columns_, model.classes
    notices: tuple[str, ...]
    if table is not None:
        examples = model.examples_of(table)
        X, y, rows, notices = examples.X, examples.y, examples.rows.astype(np.int64) + 1, examples.notices
    else:
        X = _drawn(columns.n_scaled, columns.categories, scene.seed)
        network, theta = network_of_member(model, number)
        h = hypothesis(network, theta, X)
        y = h[:, 0] if classes is None else classes[h.argmax(axis=1)]
        rows = np.arange(1, DRAWN + 1)
        notices = (
            f"{name} holds no rows. These {DRAWN} are drawn, and their targets are what this member predicts: open it "
            "beside its table to see errors.",
        )
    mean, deviation = 0.0, 1.0
    if classes is None:
        mean, deviation = float(model.quantity.means[0]), float(model.quantity.deviations[0])
        y = (y - mean) / deviation if table is not None else y
    held, more = split_rows(None, len(X), scene.split if table is not None else 0.0, scene.seed)
    count = len(model.thetas)
    which = f"This is member {number} of {count} that predict together; choose another by its number."
    return Dataset(
        name=name,
        features=tuple(columns.names),
        X=X,
        y=y,
        is_held_out=held,
        classes=classes,
        class_names=() if classes is None else tuple(map(str, classes.tolist())),
        target=model.target,
        mean=mean,
        deviation=deviation,
        rows=rows,
        codes=tuple(range(columns.n_scaled, X.shape[1])),
        notices=((which,) if count > 1 else ()) + (*notices, *more),
    )


def _drawn(numbers: int, categories: tuple[int, ...], seed: int) -> Array:
    generator = np.random.default_rng(seed)
    codes = [generator.integers(size, size=DRAWN) for size in categories]
    return np.column_stack([generator.normal(size=(DRAWN, numbers)), *codes]).astype(np.float64)
