"""The reader of model files: one file holds everything needed to predict, and no code.

The file is an archive of JSON and numbers (`archive.py`), which never names a type or function. Its contents are
checked, and then passed to an encoder and an estimator that are made here. Estimators and table models write themselves
(`estimators/stored.py`, `tables/model.py`).
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from deltarule.common.arrays import Array
from deltarule.common.errors import ModelFileError
from deltarule.common.version import __version__
from deltarule.estimators.classifier import MLPClassifier
from deltarule.estimators.regressor import MLPRegressor
from deltarule.estimators.stored import FORMAT, checked_classes, untagged
from deltarule.estimators.task import network_of
from deltarule.files.archive import of_type, read_archive
from deltarule.tables.cells import Form
from deltarule.tables.encoding import TableEncoder
from deltarule.tables.model import HeldOut, HeldOutQuantity, TableModel
from deltarule.tables.stored import checked_form
from deltarule.tables.target_column import TargetScale
from deltarule.tabular.base import BaseTable
from deltarule.tabular.classifier import TableClassifier
from deltarule.tabular.committee_model import CommitteeModel
from deltarule.tabular.regressor import TableRegressor
from deltarule.tabular.restoring import estimator_from
from deltarule.tabular.stored import FORMAT as NEWEST
from deltarule.training.stored_history import history_of

__all__ = ["load", "load_table_model"]

KINDS = {"MLPClassifier": MLPClassifier, "MLPRegressor": MLPRegressor}


def load(
    path: str | Path,
) -> CommitteeModel | TableModel | MLPClassifier | MLPRegressor | TableClassifier | TableRegressor:
    """Read a model from a file. Nothing that the file says is run.

    Parameters
    ----------
    path : path
        A file written by `deltarule train`, or by `save` of a model or estimator.

    Returns
    -------
    model : CommitteeModel, TableModel, MLPClassifier, MLPRegressor, TableClassifier or TableRegressor
        The saved model; `deltarule train` saves a `CommitteeModel`, or with `--network` a `TableModel`, which predict
        tables.

    Raises
    ------
    ModelFileError
        If the file is missing, cut short, damaged, not a model, or of a newer format, or if its parts do not fit each
        other.
    """
    header, arrays = read_archive(path, "model", NEWEST)
    if header["format"] < FORMAT and "estimator" not in header:
        header = _as_format_3(header)
    try:
        if header["format"] > FORMAT:
            of_tables = estimator_from(of_type(dict, header["estimator"]), arrays)
            return _committee_model(header, of_tables) if "target" in header else of_tables
        estimator = _estimator(header["estimator"], arrays)
        return estimator if "encoder" not in header else _table_model(header, arrays, estimator)
    except MemoryError:
        raise
    except Exception as error:  # whatever parts of the wrong kind or shape make Python, NumPy or this library raise
        raise ModelFileError(
            f"{path} cannot be put together ({type(error).__name__}: {str(error)[:300]}). It was made with deltarule "
            f"{header.get('deltarule')}; this is deltarule {__version__}. Train it again here."
        ) from error


def load_table_model(path: str | Path) -> TableModel | CommitteeModel:
    """Read a model of a table from a file.

    Raises
    ------
    ModelFileError
        As in `load`, or if the file holds an estimator alone.
    """
    model = load(path)
    if isinstance(model, BaseTable):
        raise ModelFileError(
            f"{path} holds a {type(model).__name__}, which was saved in Python and predicts frames there: "
            "deltarule.load(path).predict(frame). The command line takes a file that `deltarule train` made."
        )
    if not isinstance(model, TableModel | CommitteeModel):
        raise ModelFileError(
            f"{path} holds a {type(model).__name__} without an encoder of tables: it was saved in Python and takes "
            "arrays. Read it there by deltarule.load, or give a file that `deltarule train` made."
        )
    return model


def _committee_model(header: Mapping[str, Any], estimator: Any) -> CommitteeModel:
    held_out, target = header["held_out"], of_type(str, header["target"])
    if target in estimator.columns_.used:
        raise ValueError(f"the target {target[:40]!r} among the columns that it is predicted from")
    return CommitteeModel(
        estimator=estimator,
        target=target,
        seed=of_type(int, header["seed"]),
        settings=of_type(dict, header["settings"]),
        held_out=None if held_out is None else _held_out(held_out, isinstance(estimator, TableRegressor)),
        form=checked_form(header["form"]),
        version=of_type(str, header["deltarule"]),
    )


def _as_format_3(header: dict[str, Any]) -> dict[str, Any]:
    """Return a header of format 2, which held a classifier and its encoder, as one of format 3."""
    old = dict(header)
    classifier = old.pop("classifier", None)
    estimator = {"kind": "MLPClassifier", "names": None, **classifier} if isinstance(classifier, dict) else classifier
    return {**old, "estimator": estimator}


def _table_model(
    header: Mapping[str, Any], arrays: Mapping[str, Array], estimator: MLPClassifier | MLPRegressor
) -> TableModel:
    encoder = TableEncoder.from_content(header["encoder"], arrays)
    if len(encoder.names) != estimator.n_features_in_:
        raise ValueError(
            f"an encoder that makes {len(encoder.names)} columns, and a network that takes {estimator.n_features_in_}"
        )
    is_quantity = isinstance(estimator, MLPRegressor)
    scale, held_out = header.get("scale"), header["held_out"]
    if (scale is not None) != is_quantity or (is_quantity and estimator.network_.K != 1):
        raise ValueError(f"a {type(estimator).__name__} of {estimator.network_.K} outputs, and a scale of {scale!r}")
    return TableModel(
        encoder=encoder,
        estimator=estimator,
        target=of_type(str, header["target"]),
        seed=of_type(int, header["seed"]),
        settings=of_type(dict, header["settings"]),
        held_out=None if held_out is None else _held_out(held_out, is_quantity),
        scale=None if scale is None else TargetScale.from_content(scale),
        form=checked_form(header["form"]) if "form" in header else Form(),
        version=of_type(str, header["deltarule"]),
    )


def _estimator(content: Any, arrays: Mapping[str, Array]) -> MLPClassifier | MLPRegressor:
    kind = of_type(str, content["kind"])
    if kind not in KINDS:
        raise ValueError(f"{kind[:40]!r} where one of {', '.join(KINDS)} belongs")
    Estimator: Any = KINDS[kind]
    parameters = {name: untagged(value) for name, value in of_type(dict, content["parameters"]).items()}
    features, outputs = of_type(int, content["features"]), of_type(int, content["outputs"])
    network = network_of(Estimator(**parameters), features, outputs, of_type(str, content["output"]))
    theta = arrays["theta"]
    if theta.shape != (network.n_parameters,) or not np.isfinite(theta).all():
        raise ValueError(f"an array of shape {theta.shape} where {network.n_parameters} finite numbers belong")
    if kind == "MLPClassifier":
        parameters["classes"] = checked_classes(content["classes"]["type"], content["classes"]["values"])
        parameters["several_labels"] = of_type(bool, content["several_labels"])
    estimator = Estimator.from_parts(
        network, theta, history=history_of(content["history"], arrays), t=of_type(int, content["t"]), **parameters
    )
    if (names := content["names"]) is not None:
        if len(of_type(list, names)) != features:
            raise ValueError(f"{len(names)} names of columns, and a network {network}")
        estimator.feature_names_in_ = np.array([of_type(str, name) for name in names], dtype=object)
    return estimator  # type: ignore[no-any-return]


def _held_out(content: Any, is_quantity: bool) -> HeldOut | HeldOutQuantity:
    rows, kind = of_type(int, content["rows"]), HeldOutQuantity if is_quantity else HeldOut
    return kind(rows, **{name: of_type(float, value) for name, value in content.items() if name != "rows"})
