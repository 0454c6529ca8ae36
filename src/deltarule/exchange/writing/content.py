"""What a file says of its model beside the numbers of θ, as JSON: enough to make the model again with the same bits.

deltarule        version that wrote it
format           of this description
estimator        what a model file says of it, but its history: kind, parameters, features, names, outputs, output,
classes, several_labels
hidden           [name, numbers …] of the units of each hidden layer
sizes            s₁ … s_L
table            null, or of a model of a table: target, seed, settings, scale, form, and encoder, which is what
`TableEncoder.to_content` gives, with its arrays as lists

Of an estimator of tables:

table_estimator  what a model file says of it
arrays           its arrays but θ, by name: {"shape": [..], "values": [..]} with null for NaN
committee_model  of a model of the command line: target, seed, settings, form, deltarule
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from deltarule.common.arrays import Array
from deltarule.common.version import __version__
from deltarule.estimators.classifier import MLPClassifier
from deltarule.estimators.regressor import MLPRegressor
from deltarule.estimators.stored import checked_classes, parts_of, untagged
from deltarule.files.archive import of_type
from deltarule.network.described import network_from
from deltarule.network.network import Network
from deltarule.network.parts import Unit
from deltarule.tables.encoding import TableEncoder
from deltarule.tables.model import TableModel
from deltarule.tables.stored import checked_form, form_content
from deltarule.tables.target_column import TargetScale
from deltarule.tabular.base import BaseTable
from deltarule.tabular.checking import DTYPES
from deltarule.tabular.committee_model import CommitteeModel
from deltarule.tabular.restoring import estimator_from
from deltarule.tabular.stored import parts_of as parts_of_table_estimator

__all__ = [
    "committee_model_of", "content_of", "content_of_committee_model", "content_of_table_estimator", "model_of",
    "network_of", "table_estimator_of",
]  # fmt: skip

_FORMAT = 1
_FORMAT_OF_TABLES = 2
"""The format of the description; it rises when older readers could not read one. 2 has an estimator of tables."""

_ARRAYS = ("medians", "means", "deviations")


def content_of(estimator: MLPClassifier | MLPRegressor, model: TableModel | None) -> dict[str, Any]:
    """Return the description of a fitted estimator, or of the model of a table whose it is.

    Raises
    ------
    ModelFileError
        If a parameter is neither plain nor made of plain values.
    """
    told, _ = parts_of(estimator)
    network = estimator.network_
    return {
        "deltarule": __version__ if model is None else model.version,
        "format": _FORMAT,
        "estimator": {name: value for name, value in told.items() if name != "history"},
        "hidden": [[unit.name, *unit.numbers] for unit in network.hidden_units],
        "sizes": list(network.sizes),
        "table": None if model is None else _table(model),
    }


def content_of_table_estimator(estimator: BaseTable) -> dict[str, Any]:
    """Return the description of a fitted estimator of tables.

    Raises
    ------
    ModelFileError
        If a parameter is neither plain nor made of plain values.
    """
    told, arrays = parts_of_table_estimator(estimator)
    plain = {
        name: {
            "shape": list(array.shape),
            "values": [None if value != value else value for value in array.ravel().tolist()],  # NaN is none of JSON
        }
        for name, array in arrays.items()
        if name != "thetas"
    }
    return {"deltarule": __version__, "format": _FORMAT_OF_TABLES, "table_estimator": told, "arrays": plain}


def content_of_committee_model(model: CommitteeModel) -> dict[str, Any]:
    """Return what a file says of a model of a table beside its estimator of tables."""
    return {
        "deltarule": model.version,
        "target": model.target,
        "seed": model.seed,
        "settings": dict(model.settings),
        "form": form_content(model.form),
    }


def committee_model_of(content: Any, estimator: Any) -> CommitteeModel:
    """Return the model of a table that `content_of_committee_model` described; its held-out scores are not known.

    Raises
    ------
    KeyError, TypeError, ValueError
        If a part is missing, of another type or beyond its range.
    """
    told = of_type(dict, content)
    return CommitteeModel(
        estimator,
        target=of_type(str, told["target"]),
        seed=of_type(int, told["seed"]),
        settings=of_type(dict, told["settings"]),
        form=checked_form(told["form"]),
        version=of_type(str, told["deltarule"]),
    )


def network_of(content: Any) -> Network:
    """Return the network of a description.

    Raises
    ------
    KeyError, TypeError, ValueError, SettingsError
        If it describes none.
    """
    if of_type(int, content["format"]) > _FORMAT_OF_TABLES:
        raise ValueError(
            f"a description of format {content['format']}, and this version reads up to {_FORMAT_OF_TABLES}"
        )
    if "table_estimator" in content:
        return network_from(of_type(dict, content["table_estimator"]["network"]))
    hidden = [Unit(*of_type(list, unit)) for unit in of_type(list, content["hidden"])]
    return Network(
        [of_type(int, size) for size in of_type(list, content["sizes"])], hidden, content["estimator"]["output"]
    )


def table_estimator_of(content: Any, thetas: Array) -> BaseTable:
    """Return the estimator of tables that a description and θ of each member are of.

    Raises
    ------
    KeyError, TypeError, ValueError, DeltaruleError
        If a part is missing, of another type or beyond its range, or parts do not fit each other.
    """
    told = of_type(dict, content["table_estimator"])
    arrays = {name: _array(one) for name, one in of_type(dict, content["arrays"]).items()}
    dtype = told["parameters"]["dtype"]
    if dtype not in DTYPES:
        raise ValueError(f"{str(dtype)[:40]!r} where one of {', '.join(DTYPES)} belongs")
    return estimator_from(told, {**arrays, "thetas": thetas.astype(dtype)})


def _array(content: Any) -> Array:
    values = [np.nan if one is None else of_type(float, one) for one in of_type(list, content["values"])]
    return np.array(values, dtype=np.float64).reshape([of_type(int, n) for n in of_type(list, content["shape"])])


def model_of(content: Any, Thetas: Sequence[Array]) -> TableModel | MLPClassifier | MLPRegressor:
    """Return the model that a description and Θ⁽¹⁾ … Θ⁽ᴸ⁻¹⁾ are of; its history is not known.

    Raises
    ------
    KeyError, TypeError, ValueError
        If a part is missing, of another type or beyond its range, or parts do not fit each other.
    """
    network, told = network_of(content), content["estimator"]
    theta = network.unroll(Thetas)
    if not np.isfinite(theta).all():
        raise ValueError("weights that are not finite")
    parameters = {name: untagged(value) for name, value in of_type(dict, told["parameters"]).items()}
    t = of_type(int, told["t"])
    estimator: MLPClassifier | MLPRegressor
    if told["kind"] == "MLPClassifier":
        classes = checked_classes(told["classes"]["type"], told["classes"]["values"])
        several = of_type(bool, told["several_labels"])
        estimator = MLPClassifier.from_parts(network, theta, classes=classes, several_labels=several, t=t, **parameters)
    else:
        estimator = MLPRegressor.from_parts(network, theta, t=t, **parameters)
    if (names := told["names"]) is not None:
        if len(of_type(list, names)) != network.sizes[0]:
            raise ValueError(f"{len(names)} names of columns, and a network {network}")
        estimator.feature_names_in_ = np.array([of_type(str, name) for name in names], dtype=object)
    return estimator if content["table"] is None else _model_of_table(content, estimator)


def _table(model: TableModel) -> dict[str, Any]:
    encoder, arrays = model.encoder.to_content()
    return {
        "target": model.target,
        "seed": model.seed,
        "settings": dict(model.settings),
        "scale": None if model.scale is None else asdict(model.scale),
        "form": form_content(model.form),
        "encoder": {**encoder, **{name: arrays[name].tolist() for name in _ARRAYS}},
    }


def _model_of_table(content: Mapping[str, Any], estimator: MLPClassifier | MLPRegressor) -> TableModel:
    told = of_type(dict, content["table"])
    arrays = {name: np.array([of_type(float, one) for one in of_type(list, told["encoder"][name])]) for name in _ARRAYS}
    encoder = TableEncoder.from_content(told["encoder"], arrays)
    if len(encoder.names) != estimator.n_features_in_:
        raise ValueError(
            f"an encoder that makes {len(encoder.names)} columns, and a network that takes {estimator.n_features_in_}"
        )
    return TableModel(
        encoder=encoder,
        estimator=estimator,
        target=of_type(str, told["target"]),
        seed=of_type(int, told["seed"]),
        settings=of_type(dict, told["settings"]),
        scale=None if told["scale"] is None else TargetScale.from_content(told["scale"]),
        form=checked_form(told["form"]),
        version=of_type(str, content["deltarule"]),
    )
