"""What is exported: a trained network with its table as one plain value, which every writer takes.

    columns     what a row has: one input of the written file each
    features    how each column of X comes from them: x = (v − mean)/deviation, where v is a value, the mark of a gap,
                the sine or cosine of a part of a date, or the mark of a word
    Thetas      Θ⁽¹⁾ … Θ⁽ᴸ⁻¹⁾ with the units that they feed
    answer      probabilities and a label, or a quantity: scale[0] + scale[1] h

A network without a table has no columns, and x₁ … x_s₁ as they are for features.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltarule.common.arrays import Array
from deltarule.common.errors import InputError, SettingsError
from deltarule.common.version import __version__
from deltarule.estimators.classifier import MLPClassifier
from deltarule.estimators.regressor import MLPRegressor
from deltarule.exchange.writing.content import content_of
from deltarule.network.parts import Dense, Unit
from deltarule.tables.cells import NUMBERS
from deltarule.tables.dates import PARTS
from deltarule.tables.encoding import TableEncoder
from deltarule.tables.model import TableModel

__all__ = [
    "PRECISIONS", "Column", "Exported", "check_precision", "exported_of", "parts_of", "unlike",
    "wave_tables",
]  # fmt: skip

PRECISIONS = ("float64", "float32")


@dataclass(frozen=True)
class Column:
    """A column of the table.

    Attributes
    ----------
    name : str
    kind : {"number", "date", "duration", "category", "boolean"}
        Dates are days since 1970-01-01 (UTC) and durations are days, both with fractions.
    median : float
        Of numbers, dates and durations: what a gap becomes.
    words : tuple of str or None
        Of categories and booleans: the words that have a feature; None for a gap.
    """

    name: str
    kind: str
    median: float = 0.0
    words: tuple[str | None, ...] = ()

    @property
    def is_quantity(self) -> bool:
        """Whether a cell is a number."""
        return self.kind in NUMBERS


@dataclass(frozen=True)
class Feature:
    """How a column of X comes from a column of the table: x = (v − mean)/deviation.

    Attributes
    ----------
    column : int
        Place in `Exported.columns`.
    what : {"value", "gap", "sine", "cosine", "word"}
        v is the cell, with the median in a gap; 1 in a gap, else 0; a wave of a part of a date, 0 in a gap; 1 where the
        cell is the word, else 0.
    mean, deviation : float
    part : str
        Of a wave: `"month"`, `"weekday"` or `"time"`.
    word : str or None
        None for a gap.
    """

    column: int
    what: str
    mean: float = 0.0
    deviation: float = 1.0
    part: str = ""
    word: str | None = None


@dataclass(frozen=True, eq=False)
class Exported:
    """A trained network, and how a row becomes its input and its output an answer.

    Attributes
    ----------
    columns : tuple of Column
        Empty for a network without a table.
    features : tuple of Feature
        One for each column of X, in its order; empty for a network without a table.
    names : tuple of str
        Of the columns of X.
    Thetas : tuple of arrays of shape (s_{l+1}, s_l + 1)
    units : tuple of Unit
        Of layers 2 … L − 1.
    output : str
        `"sigmoid"`, `"softmax"`, `"identity"` or `"exp"`.
    classes : array or None
        Labels in the order of the probabilities; None for quantities.
    several : bool
        Whether a row has several labels, each with a probability of its own.
    scale : tuple of float, or None
        Mean and deviation of the target that was learnt as (y − mean)/deviation.
    target : str
        Name of the column that is predicted; empty without a table.
    version : str
        Of deltarule.
    content : mapping
        What else it takes to make the model again, as JSON can write it (`content.py`).
    name : str
        Of the file, without its suffix.
    """

    columns: tuple[Column, ...]
    features: tuple[Feature, ...]
    names: tuple[str, ...]
    Thetas: tuple[Array, ...]
    units: tuple[Unit, ...]
    output: str
    classes: NDArray[Any] | None = None
    several: bool = False
    scale: tuple[float, float] | None = None
    target: str = ""
    version: str = __version__
    content: Mapping[str, Any] = field(default_factory=dict)
    name: str = "model"

    @property
    def sizes(self) -> tuple[int, ...]:
        """s₁ … s_L."""
        return (self.Thetas[0].shape[1] - 1, *(Theta.shape[0] for Theta in self.Thetas))

    @property
    def K(self) -> int:
        """Number of outputs of the network, s_L."""
        return self.sizes[-1]

    @property
    def is_binary(self) -> bool:
        """Whether one output tells two classes apart."""
        return self.classes is not None and not self.several and self.K == 1

    @property
    def answers(self) -> int:
        """How many probabilities or quantities there are for a row."""
        return 2 if self.is_binary else self.K


def parts_of(model: Any) -> tuple[MLPClassifier | MLPRegressor, TableModel | None]:
    """Return the fitted estimator of a model, and the model if it is one of a table.

    Raises
    ------
    InputError
        If it is no model of this library, or is not fitted.
    """
    of_table = model if isinstance(model, TableModel) else None
    estimator = model if of_table is None else of_table.estimator
    if not isinstance(estimator, MLPClassifier | MLPRegressor):
        raise InputError(
            f"A {type(model).__name__} cannot be exported. Give a fitted MLPClassifier or MLPRegressor, or a model of "
            "a table."
        )
    if not hasattr(estimator, "theta_"):
        raise InputError(f"This {type(estimator).__name__} is not fitted, so there is nothing to export. Fit it first.")
    return estimator, of_table


def exported_of(model: Any) -> Exported:
    """Return what is exported of a fitted estimator or a model of a table.

    Raises
    ------
    InputError
        If it is no model of this library, is not fitted, or has parts that no writer knows.
    """
    estimator, of_table = parts_of(model)
    network = estimator.network_
    if not all(isinstance(part, Dense) for part in network.parts):
        raise InputError(f"{network!r} has other parts than Dense, which no format can hold. Export a dense network.")
    names = getattr(estimator, "feature_names_in_", None)
    exported = Exported(
        columns=(),
        features=(),
        names=tuple(map(str, names if names is not None else (f"x{n + 1}" for n in range(network.sizes[0])))),
        Thetas=tuple(Theta.copy() for Theta in network.roll(estimator.theta_)),
        units=network.hidden_units,
        output=network.output,
        classes=_classes(estimator) if isinstance(estimator, MLPClassifier) else None,
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


def _classes(estimator: MLPClassifier) -> NDArray[Any]:
    """Return the labels; texts as texts, whatever array they are in.

    Raises
    ------
    InputError
        If there is only one, or they are of several types or not finite.
    """
    classes = estimator.classes_
    if len(classes) == 1 and not estimator.several_labels_:
        raise InputError(f"The model knows the label {classes.tolist()[0]!r} alone, so there is nothing to export.")
    if classes.dtype.kind == "O":
        if not all(isinstance(label, str) for label in classes):
            raise InputError("The labels are objects of several types. Train again with labels of one type.")
        return classes.astype(str)
    if classes.dtype.kind == "f" and not np.isfinite(classes).all():
        raise InputError("A label is not a finite number, which no file can name. Train again without such labels.")
    return classes


def unlike(wanted: str, taken: Any) -> str:
    """Return a name with as many marks behind it as it takes to be none of those that are taken.

    >>> unlike("label", {"label", "label_"})
    'label__'
    """
    return next(name for n in count() if (name := wanted + n * "_") not in taken)


def wave_tables(part: str) -> tuple[Array, Array]:
    """Return sine and cosine of every month, or of every weekday, as the encoder computes them.

    >>> wave_tables("month")[0].round(3)
    array([ 0.   ,  0.5  ,  0.866,  1.   ,  0.866,  0.5  ,  0.   , -0.5  ,
           -0.866, -1.   , -0.866, -0.5  ])
    """
    turns = 2 * np.pi * np.arange(float(PARTS[part])) / PARTS[part]
    return np.sin(turns), np.cos(turns)


def check_precision(precision: str) -> None:
    """Raise SettingsError unless a precision is known."""
    if precision not in PRECISIONS:
        raise SettingsError(f"precision={precision!r} is unknown. Take one of {', '.join(PRECISIONS)}.")


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
        *(
            Feature(place[name], wave, part=part)
            for name, form in encoder.forms.items()
            for part in form.parts
            for wave in ("sine", "cosine")
        ),
        *(Feature(n, "word", word=word) for n, column in enumerate(columns) for word in column.words),
    )
