"""What is exported: a trained network, or several, with its table as one plain value, which every writer takes.

    columns     what a row has: one input of the written file each
    features    how each column of X comes from them: x = (v − mean)/deviation, where v is a value, the mark of a gap,
                the sine or cosine of a part of a date, or what a word counts; estimators of tables bend it to within ±3
    network     its parts, and θ of each member; of `Dense` parts alone Θ⁽¹⁾ … Θ⁽ᴸ⁻¹⁾ with the units that they feed
    answer      probabilities and a label, or a quantity: scale[0] + scale[1] h. Of several members the mean of their
                probabilities, after z of each is calibrated, or of their quantities, cut to the range of training

A network without a table has no columns, and x₁ … x_s₁ as they are for features.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltarule.common.arrays import Array
from deltarule.common.errors import InputError, SettingsError
from deltarule.common.version import __version__
from deltarule.network.network import Network
from deltarule.network.parts import Unit
from deltarule.tables.cells import NUMBERS
from deltarule.tables.dates import PARTS
from deltarule.tabular.calibration import Calibration
from deltarule.tabular.quantities import Quantity
from deltarule.tabular.table_columns import BEND, FAR

__all__ = [
    "PRECISIONS", "Column", "Exported", "Feature", "check_dense", "check_precision", "unlike", "wave_tables",
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
    what : {"value", "gap", "sine", "cosine", "word", "side", "code"}
        v is the cell, with the median in a gap; 1 in a gap, else 0; a wave of a part of a date, 0 in a gap; 1 where the
        cell is the word, else 0; −1 for the first of two words and 1 for the second, else 0; the place of the word
        among `words`, else −1.
    mean, deviation : float
    part : str
        Of a wave: `"month"`, `"weekday"` or `"time"`.
    word : str or None
        None for a gap.
    words : tuple of str or None
        Of a side and of a code.
    is_bent : bool
        Whether x becomes x/√(1 + (x/3)²).
    """

    column: int
    what: str
    mean: float = 0.0
    deviation: float = 1.0
    part: str = ""
    word: str | None = None
    words: tuple[str | None, ...] = ()
    is_bent: bool = False

    def scaled(self, v: Array | float) -> Array:
        """Return x of some v, in float64."""
        with np.errstate(over="ignore"):  # the square of a number far outside, whose x is ±3
            u = (v - self.mean) / self.deviation
            if not self.is_bent:
                return np.asarray(u)
            return np.asarray(np.where(np.abs(u) > FAR, np.sign(u) * BEND, u / np.sqrt(1 + (u / BEND) ** 2)))


@dataclass(frozen=True, eq=False)
class Exported:
    """A trained network, or several of one shape, and how a row becomes their input and their outputs an answer.

    Attributes
    ----------
    columns : tuple of Column
        Empty for a network without a table.
    features : tuple of Feature
        One for each column of X, in its order; empty for a network without a table.
    names : tuple of str
        Of the columns of X.
    network : Network
    thetas : tuple of arrays of shape (n_parameters,)
        θ of each member.
    classes : array or None
        Labels in the order of the probabilities; None for quantities.
    several : bool
        Whether a row has several labels, each with a probability of its own.
    scale : tuple of float, or None
        Mean and deviation of the target that was learnt as (y − mean)/deviation.
    calibration : Temperature, QuadraticScaling, or None
        Of an estimator of tables that tells classes apart: what z of each member goes through before the mean.
    quantity : Quantity or None
        Of an estimator of tables that predicts quantities: their scales, and the range of training.
    target : str
        Name of the column that is predicted; empty where none is known.
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
    network: Network
    thetas: tuple[Array, ...]
    classes: NDArray[Any] | None = None
    several: bool = False
    scale: tuple[float, float] | None = None
    calibration: Calibration | None = None
    quantity: Quantity | None = None
    target: str = ""
    version: str = __version__
    content: Mapping[str, Any] = field(default_factory=dict)
    name: str = "model"

    @property
    def is_committee(self) -> bool:
        """Whether it is an estimator of tables, whose members answer together."""
        return self.calibration is not None or self.quantity is not None

    @property
    def Thetas(self) -> list[Array]:
        """Θ⁽¹⁾ … Θ⁽ᴸ⁻¹⁾ of one network."""
        return self.network.roll(self.thetas[0])

    @property
    def units(self) -> tuple[Unit, ...]:
        """Units of layers 2 … L − 1 of one network."""
        return self.network.hidden_units

    @property
    def output(self) -> str:
        """`"sigmoid"`, `"softmax"`, `"identity"` or `"exp"`."""
        return self.network.output

    @property
    def sizes(self) -> tuple[int, ...]:
        """s₁ … s_L."""
        return self.network.sizes

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


def check_dense(exported: Exported, format: str, why: str) -> None:  # noqa: A002
    """Raise InputError if it is an estimator of tables, whose networks have other parts than `Dense`.

    Parameters
    ----------
    exported : Exported
    format : str
        As it is called in a sentence.
    why : str
        What it lacks.
    """
    if exported.is_committee:
        raise InputError(
            f"{format} does not hold an estimator of tables ({len(exported.thetas)} × {exported.network}): {why} "
            "Export to ONNX or C, which hold all of it."
        )
