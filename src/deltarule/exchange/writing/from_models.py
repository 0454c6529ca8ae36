"""What is exported of a fitted estimator, of a model of a table, and of an estimator of tables."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltarule.common.errors import InputError
from deltarule.estimators.classifier import MLPClassifier
from deltarule.estimators.regressor import MLPRegressor
from deltarule.exchange.writing.content import content_of, content_of_committee_model, content_of_table_estimator
from deltarule.exchange.writing.exported import Column, Exported, Feature
from deltarule.tables.cells import NUMBERS
from deltarule.tables.encoding import TableEncoder
from deltarule.tables.model import TableModel
from deltarule.tabular.base import BaseTable
from deltarule.tabular.classifier import TableClassifier
from deltarule.tabular.committee_model import CommitteeModel
from deltarule.tabular.regressor import TableRegressor
from deltarule.tabular.table_columns import TableColumns

__all__ = ["exported_of", "parts_of"]


def parts_of(model: Any) -> tuple[MLPClassifier | MLPRegressor | BaseTable, TableModel | None]:
    """Return the fitted estimator of a model, and the model if it is one network of a table.

    Raises
    ------
    InputError
        If it is no model of this library, or is not fitted.
    """
    of_table = model if isinstance(model, TableModel) else None
    estimator = model.estimator if isinstance(model, TableModel | CommitteeModel) else model
    if not isinstance(estimator, MLPClassifier | MLPRegressor | BaseTable):
        raise InputError(
            f"A {type(model).__name__} cannot be exported. Give a fitted MLPClassifier or MLPRegressor, a model of a "
            "table, or a fitted TableClassifier or TableRegressor."
        )
    if not hasattr(estimator, "network_"):
        raise InputError(f"This {type(estimator).__name__} is not fitted, so there is nothing to export. Fit it first.")
    return estimator, of_table


def exported_of(model: Any) -> Exported:
    """Return what is exported of a fitted estimator, a model of a table, or an estimator of tables.

    Raises
    ------
    InputError
        If it is no model of this library, is not fitted, or has labels that no file can name.
    """
    estimator, of_table = parts_of(model)
    if isinstance(estimator, BaseTable):
        exported = _of_tables(estimator)
        if not isinstance(model, CommitteeModel):
            return exported
        content = {**exported.content, "committee_model": content_of_committee_model(model)}
        return replace(exported, target=model.target, version=model.version, content=content)
    network = estimator.network_
    names = getattr(estimator, "feature_names_in_", None)
    exported = Exported(
        columns=(),
        features=(),
        names=tuple(map(str, names if names is not None else (f"x{n + 1}" for n in range(network.sizes[0])))),
        network=network,
        thetas=(estimator.theta_.copy(),),
        classes=_classes(estimator.classes_, estimator.several_labels_)
        if isinstance(estimator, MLPClassifier)
        else None,
        several=isinstance(estimator, MLPClassifier) and estimator.several_labels_,
        content=content_of(estimator, of_table),
    )
    if of_table is None:
        return exported
    encoder, scale = of_table.encoder, of_table.scale
    columns = _columns(encoder)
    return replace(
        exported,
        columns=columns,
        features=_features(encoder, columns),
        names=tuple(encoder.names),
        scale=None if scale is None else (scale.mean, scale.deviation),
        target=of_table.target,
        version=of_table.version,
    )


def _of_tables(estimator: BaseTable) -> Exported:
    """Return what is exported of a fitted estimator of tables."""
    columns = _columns(estimator.columns_.encoder)
    is_classifier = isinstance(estimator, TableClassifier)
    return Exported(
        columns=columns,
        features=_table_features(estimator.columns_, columns),
        names=tuple(estimator.columns_.names),
        network=estimator.network_,
        thetas=tuple(estimator.thetas_),
        classes=_classes(estimator.classes_, False) if is_classifier else None,
        calibration=estimator.calibration_ if is_classifier else None,
        quantity=estimator.quantity_ if isinstance(estimator, TableRegressor) else None,
        content=content_of_table_estimator(estimator),
    )


def _classes(classes: NDArray[Any], several: bool) -> NDArray[Any]:
    """Return the labels; texts as texts, whatever array they are in.

    Raises
    ------
    InputError
        If there is only one, or they are of several types or not finite.
    """
    if len(classes) == 1 and not several:
        raise InputError(f"The model knows the label {classes.tolist()[0]!r} alone, so there is nothing to export.")
    if classes.dtype.kind == "O":
        if not all(isinstance(label, str) for label in classes):
            raise InputError("The labels are objects of several types. Train again with labels of one type.")
        return classes.astype(str)
    if classes.dtype.kind == "f" and not np.isfinite(classes).all():
        raise InputError("A label is not a finite number, which no file can name. Train again without such labels.")
    return classes


def _columns(encoder: TableEncoder) -> tuple[Column, ...]:
    medians = iter(encoder.medians.tolist())
    return tuple(
        Column(name, kind, median=next(medians))
        if kind in NUMBERS
        else Column(name, kind, words=encoder.categories[name])
        for name, kind in encoder.kinds.items()
    )


def _features(encoder: TableEncoder, columns: tuple[Column, ...]) -> tuple[Feature, ...]:
    """Return the features in the order in which `TableEncoder.encode` makes them."""
    place = {column.name: n for n, column in enumerate(columns)}
    scaled = [(place[column.name], "value") for column in columns if column.is_quantity]
    scaled += [(place[name], "gap") for name in encoder.gaps]
    return (
        *(
            Feature(column, what, float(mean), float(deviation))
            for (column, what), mean, deviation in zip(scaled, encoder.means, encoder.deviations, strict=True)
        ),
        *_waves(encoder, place),
        *(Feature(n, "word", word=word) for n, column in enumerate(columns) for word in column.words),
    )


def _table_features(table: TableColumns, columns: tuple[Column, ...]) -> tuple[Feature, ...]:
    """Return the features in the order in which `TableColumns.encode` makes them."""
    encoder, place = table.encoder, {column.name: n for n, column in enumerate(columns)}
    made: list[Feature] = [Feature(place[name], "value") for name in (*table.numbers, *table.pairs)]
    made += [Feature(place[name], "gap") for name in encoder.gaps]
    made += _waves(encoder, place)
    for name in table.marked:
        words = encoder.categories[name]
        if len(words) == 2 and None not in words:
            made.append(Feature(place[name], "side", words=words))
        else:
            made += [Feature(place[name], "word", word=word) for word in words]
    scaled = [
        replace(feature, mean=float(centre), deviation=float(spread), is_bent=True)
        for feature, centre, spread in zip(made, table.centres, table.spreads, strict=True)
    ]
    return (*scaled, *(Feature(place[name], "code", words=encoder.categories[name]) for name in table.looked_up))


def _waves(encoder: TableEncoder, place: Mapping[str, int]) -> tuple[Feature, ...]:
    return tuple(
        Feature(place[name], wave, part=part)
        for name, form in encoder.forms.items()
        for part in form.parts
        for wave in ("sine", "cosine")
    )
