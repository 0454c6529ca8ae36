"""Rows of a user's table, and of a saved model, as a data set of the page."""

import hashlib
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, replace
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from deltarule.common.arrays import Array
from deltarule.common.errors import InputError, TableError
from deltarule.play.dataset import Dataset, split_rows
from deltarule.play.scene import NOT_PLAYED, Scene, Table, settings_of_scene
from deltarule.play.units import written_units
from deltarule.training.settings import SETTINGS

if TYPE_CHECKING:
    import pandas as pd

    from deltarule.tables.encoding import TableEncoder
    from deltarule.tables.model import TableModel

__all__ = [
    "digest_of_file",
    "digest_of_text",
    "guessed_target",
    "model_dataset",
    "read_text",
    "scene_of_model",
    "table_dataset",
]

MOST_TEXT = 8_000_000
"""Most characters of a table that is dropped on the page."""

DRAWN = 200
"""How many rows are drawn for a model that comes without a table."""

BINS = 20


def read_text(name: str, text: str) -> "pd.DataFrame":
    """Return the table that a text holds, by the ending of its name.

    Raises
    ------
    TableError
        If it is too large, or no table.
    """
    from deltarule.tables import read_table

    if len(text) > MOST_TEXT:
        raise TableError(
            f"{name} has {len(text)} characters, more than the {MOST_TEXT} that the page takes. Open it by "
            f"deltarule play {name} instead."
        )
    if "\0" in text:
        raise TableError(f"{name} is no text. Save the table as CSV, or open a Parquet file by deltarule play {name}.")
    suffix = Path(name).suffix.lower()
    suffix = suffix if suffix in (".csv", ".tsv") else ".csv"
    with tempfile.TemporaryDirectory(prefix="deltarule-") as folder:
        path = Path(folder) / f"table{suffix}"
        path.write_text(text, encoding="utf-8", newline="")
        try:
            return read_table(path)
        except TableError as error:
            raise TableError(str(error).replace(str(path), name or "The table")) from error


def digest_of_text(text: str) -> str:
    """Return the SHA-256 by which a scene recognises a table."""
    return hashlib.sha256(text.encode()).hexdigest()


def digest_of_file(path: Path) -> str:
    """Return the SHA-256 of a file, which of a file in UTF-8 is that of its text."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def guessed_target(table: "pd.DataFrame") -> str:
    """Return the column to predict where none was named: the last one."""
    return str(table.columns[-1])


def table_dataset(table: "pd.DataFrame", scene: Scene) -> Dataset:
    """Return the rows of a table, encoded, with the held-out rows that `deltarule train` would take."""
    from deltarule.tables.model import TableModel
    from deltarule.tables.table_run import TableTask, prepare

    assert isinstance(scene.data, Table)
    target = scene.data.target
    prepared = prepare(table, TableTask(target, holdout=scene.split, seed=scene.seed))
    parts = [part for part in (prepared.training, prepared.held_out) if part is not None]
    places = np.concatenate([part.rows for part in parts])
    order = np.argsort(places)
    X, y = (np.concatenate([getattr(part, name) for part in parts])[order] for name in ("X", "y"))
    held = np.concatenate([np.full(len(part.rows), part is prepared.held_out) for part in parts])[order]
    scale, encoder = prepared.scale, prepared.encoder
    classes = None if scale is not None else np.unique(y)
    centre, width = _units_of(encoder)
    return Dataset(
        name=scene.data.name,
        features=tuple(encoder.names),
        X=X,
        y=y if scale is None else scale.standardised(y),
        is_held_out=held,
        classes=classes,
        class_names=() if classes is None else tuple(map(str, classes.tolist())),
        target=target,
        centre=centre,
        width=width,
        mean=0.0 if scale is None else scale.mean,
        deviation=1.0 if scale is None else scale.deviation,
        columns=columns_about(table, encoder, target),
        model=lambda estimator: TableModel(
            encoder, estimator, target, scene.seed, {}, None, scale, prepared.target.form
        ),
        rows=places[order].astype(np.int64) + 1,
        notices=prepared.notices,
    )


def columns_about(table: "pd.DataFrame", encoder: "TableEncoder | None", target: str) -> tuple[Mapping[str, Any], ...]:
    """Return name, kind, gaps, and a histogram or the commonest words of each column."""
    from deltarule.reporting.columns import Numbers, summary_of

    said = []
    for name in table.columns:
        summary = summary_of(str(name), table[name].tolist())
        about: dict[str, Any] = {**asdict(summary), "name": str(name)}
        if encoder is not None:
            about["use"] = "target" if name == target else encoder.kinds.get(name, encoder.dropped.get(name, "unused"))
        if isinstance(summary, Numbers):
            values = np.array([float(v) for v in table[name].tolist() if isinstance(v, Real)], dtype=np.float64)
            values = values[np.isfinite(values)]
            counts, edges = np.histogram(values, BINS) if len(values) else (np.zeros(BINS, int), np.array([0.0, 1.0]))
            about |= {"histogram": counts.tolist(), "low": float(edges[0]), "high": float(edges[-1])}
        said.append({"kind": type(summary).__name__.lower(), **about})
    return tuple(said)


def model_dataset(
    model: Any, table: "pd.DataFrame | None", scene: Scene, name: str, target: str | None = None
) -> Dataset:
    """Return the rows on which a saved model is looked at: those of a table, or else rows that are drawn.

    Raises
    ------
    InputError
        If the model is of a kind that the page does not show.
    """
    table_model, estimator = _parts(model)
    n = estimator.n_features_in_
    encoder = None if table_model is None else table_model.encoder
    scale = None if table_model is None else table_model.scale
    notices: tuple[str, ...]
    if table_model is not None and table is not None:
        examples = table_model.examples_of(table)
        X, rows, notices = examples.X, examples.rows.astype(np.int64) + 1, examples.notices
        y = examples.y if scale is None else scale.standardised(examples.y)
    elif table is not None:
        X, y = _arrays_of(table, estimator, target)
        rows, notices = np.arange(1, len(X) + 1), ()
    else:
        X = np.random.default_rng(scene.seed).normal(size=(DRAWN, n))
        rows = np.arange(1, DRAWN + 1)
        y = estimator.predict(X)
        notices = (
            f"{name} holds no rows. These {DRAWN} are drawn around the middle of its inputs, and their targets are its "
            "own predictions: open it beside its table to see errors.",
        )
    classes = getattr(estimator, "classes_", None)
    held, more = split_rows(None, len(X), scene.split if table is not None else 0.0, scene.seed)
    centre, width = (np.zeros(n), np.ones(n)) if encoder is None else _units_of(encoder)
    names = getattr(estimator, "feature_names_in_", [f"x{j}" for j in range(1, n + 1)])
    return Dataset(
        name=name,
        features=tuple(map(str, names if encoder is None else encoder.names)),
        X=X,
        y=y,
        is_held_out=held,
        classes=classes,
        class_names=() if classes is None else tuple(map(str, classes.tolist())),
        target=(target or "y") if table_model is None else table_model.target,
        centre=centre,
        width=width,
        mean=0.0 if scale is None else scale.mean,
        deviation=1.0 if scale is None else scale.deviation,
        columns=()
        if table is None
        else columns_about(table, encoder, "" if table_model is None else table_model.target),
        model=None if table_model is None else lambda fitted: replace(table_model, estimator=fitted, held_out=None),
        rows=rows,
        notices=(*notices, *more),
    )


def _arrays_of(table: "pd.DataFrame", estimator: Any, target: str | None) -> tuple[Array, Any]:
    """Return X and y of a table whose columns of numbers an estimator takes as they are."""
    from deltarule.tables.reading import check_columns

    chosen = str(table.columns[-1]) if target is None else target
    check_columns(table, [chosen], "is to be predicted")
    names = getattr(estimator, "feature_names_in_", None)
    names = [name for name in table.columns if name != chosen] if names is None else list(names)
    check_columns(table, names, "the model was trained on")
    if len(names) != estimator.n_features_in_:
        raise InputError(
            f"The table has {len(names)} columns besides {chosen!r}; the model takes {estimator.n_features_in_}."
        )
    try:
        X = table[names].to_numpy(np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"A model without an encoder takes numbers only, but the table holds others: {error}."
        ) from error
    y = table[chosen].to_numpy()
    classes = getattr(estimator, "classes_", None)
    if classes is None:
        return X, y.astype(np.float64)
    if unknown := sorted(set(map(str, y.tolist())) - set(map(str, classes.tolist()))):
        raise InputError(
            f"{chosen!r} holds {unknown[0]!r}, which the model does not know. It knows {classes.tolist()[:10]}."
        )
    return X, y


def scene_of_model(model: Any, name: str, split: float) -> tuple[Scene, Array]:
    """Return the scene of a saved model, and its θ."""
    table_model, estimator = _parts(model)
    network = estimator.network_
    usual = settings_of_scene({})
    training = {}
    for one in SETTINGS:
        value = getattr(estimator, one)
        if one not in NOT_PLAYED and one not in ("n_iter_no_change", "dtype") and value != getattr(usual, one):
            training[one] = tuple(value) if isinstance(value, list) else value
    scene = Scene(
        data=Table(name=name, target="y" if table_model is None else table_model.target),
        split=split,
        hidden=network.sizes[1:-1],
        unit=written_units(network.hidden_units) or "tanh",
        output=network.output if network.output in ("sigmoid", "softmax", "identity") else "auto",
        training=training,
        seed=0 if table_model is None else table_model.seed,
    )
    return scene, estimator.theta_


def _parts(model: Any) -> "tuple[TableModel | None, Any]":
    """Return a table model and its estimator, or None and the estimator."""
    from deltarule.estimators.classifier import MLPClassifier
    from deltarule.estimators.regressor import MLPRegressor
    from deltarule.network.parts import Dense
    from deltarule.tables.model import TableModel

    table_model = model if isinstance(model, TableModel) else None
    estimator = model.estimator if isinstance(model, TableModel) else model
    if not isinstance(estimator, MLPClassifier | MLPRegressor) or not hasattr(estimator, "network_"):
        raise InputError(
            f"A {type(model).__name__} cannot be shown: the page takes a fitted MLPClassifier or MLPRegressor, or a "
            "model that `deltarule train` made."
        )
    if getattr(estimator, "several_labels_", False):
        raise InputError(
            "A classifier of several labels a row cannot be shown yet. Open one with a label for each row."
        )
    if any(not isinstance(part, Dense) for part in estimator.network_.parts):
        raise InputError("A network with a first floor cannot be shown yet. Open one of layers of units alone.")
    return table_model, estimator


def _units_of(encoder: "TableEncoder") -> tuple[Array, Array]:
    """Return centre and width of the inputs that an encoder makes."""
    centre, width = np.zeros(len(encoder.names)), np.ones(len(encoder.names))
    centre[: len(encoder.means)], width[: len(encoder.deviations)] = encoder.means, encoder.deviations
    return centre, width
