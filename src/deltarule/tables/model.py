"""A model of a table: an encoder, an estimator fitted on its output, and the form of the target."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from deltarule.common.arrays import Array
from deltarule.common.version import __version__
from deltarule.estimators.classifier import MLPClassifier
from deltarule.estimators.outcomes import Outcome, answers_of, outcome_of
from deltarule.estimators.regressor import MLPRegressor
from deltarule.estimators.stored import FORMAT, parts_of
from deltarule.files.archive import to_bytes
from deltarule.files.parquet import check_pyarrow, write_parquet
from deltarule.files.patterns import check_not_read
from deltarule.files.whole import check_writable, write_whole
from deltarule.tables.cells import Form
from deltarule.tables.encoding import TableEncoder
from deltarule.tables.numbers import PLAIN
from deltarule.tables.oddities import Oddities
from deltarule.tables.reading import as_frame
from deltarule.tables.stored import form_content
from deltarule.tables.target_column import TargetScale, known_target

__all__ = [
    "EncodedExamples",
    "HeldOut",
    "HeldOutQuantity",
    "TableModel",
    "columns_as_text",
    "frame_of_answers",
    "measured",
]


@dataclass(frozen=True)
class HeldOut:
    """Figures on held-out rows: how many there are, the share of right labels, the mean cost without penalty."""

    rows: int
    accuracy: float
    cost: float


@dataclass(frozen=True)
class HeldOutQuantity:
    """Figures on held-out rows: how many there are, R², both errors in units of the target, the mean cost.

    The cost is that of the network: half the squared error of the standardised target.
    """

    rows: int
    r2: float
    rmse: float
    mae: float
    cost: float


@dataclass(frozen=True, eq=False)
class EncodedExamples:
    """Rows of a table whose target is known, as an estimator takes them.

    Attributes
    ----------
    X : array of shape (m, s₁)
    y : array of shape (m,)
        Labels, or the quantity in its own units.
    rows : array of shape (m,)
        Positions in the table.
    notices : tuple of str
    weights : array of shape (m,), optional
    oddities : Oddities
        How the rows differ from the training table, to be added up over parts of a table.
    """

    X: Array
    y: NDArray[Any]
    rows: NDArray[np.intp]
    notices: tuple[str, ...] = ()
    weights: Array | None = None
    oddities: Oddities = field(default_factory=Oddities)


@dataclass(frozen=True, eq=False)
class TableModel:
    """A trained network with everything needed to use it on tables.

    Attributes
    ----------
    encoder : TableEncoder
    estimator : MLPClassifier or MLPRegressor
        Fitted on X of the encoder; a regressor on the standardised target.
    target : str
        Name of the column that it predicts.
    seed : int
        Seed of the hold-out, the first weights and the order of the examples.
    settings : mapping
        Settings that training was given, as JSON can write them.
    held_out : HeldOut, HeldOutQuantity or None
    scale : TargetScale or None
        How the quantity is standardised; None for labels.
    form : Form
        How a quantity is written in a table; of labels, which words are gaps.
    version : str
        Version of the deltarule that trained it.
    """

    encoder: TableEncoder
    estimator: MLPClassifier | MLPRegressor
    target: str
    seed: int
    settings: Mapping[str, Any] = field(default_factory=dict)
    held_out: HeldOut | HeldOutQuantity | None = None
    scale: TargetScale | None = None
    form: Form = field(default_factory=Form)
    version: str = __version__

    @property
    def classes(self) -> NDArray[Any] | None:
        """The labels that the model knows; None for a quantity."""
        return getattr(self.estimator, "classes_", None)

    @property
    def as_text(self) -> list[str]:
        """Columns to read as they are written; pass them to `read_table`, so that they compare as in training."""
        return columns_as_text(self.encoder, self.target, self.classes, self.form)

    def predict(self, table: pd.DataFrame) -> tuple[pd.DataFrame, tuple[str, ...]]:
        """Predict every row of a table.

        Returns
        -------
        predictions : DataFrame
            One row for each row of the table, in its order: `predicted_<target>` and, for labels, the probability of
            each, `probability_<label>`.
        notices : tuple of str
            How the table differs from the training table.

        Raises
        ------
        TableError
            If a column is missing, or holds values of another kind than in training.
        """
        predictions, oddities = self.predict_part(as_frame(table))
        return predictions, self.encoder.notices_of(oddities)

    def predict_part(self, table: pd.DataFrame) -> tuple[pd.DataFrame, Oddities]:
        """Predict some rows of a table, and say how they differ from the training table, to be added up."""
        X, oddities = self.encoder.encode_part(table)
        predicted, probabilities = answers_of(self.estimator, X)
        if self.scale is not None:
            predicted = self.scale.mean + self.scale.deviation * predicted
        return frame_of_answers(self.target, predicted, self.classes, probabilities), oddities

    def predict_to_parquet(self, source: Any, path: str | Path) -> tuple[int, tuple[str, ...]]:
        """Write the predictions for a table that may be larger than the memory to a file of Parquet, part by part.

        Parameters
        ----------
        source : path, list of paths, LazyFrame of polars, dataset of Arrow or relation of DuckDB
        path : str or Path
            The file has the columns that `predict` returns. It gets its name when it is whole.

        Returns
        -------
        rows : int
        notices : tuple of str
            How the table differs from the training table.

        Raises
        ------
        TableError
            If a column is missing, or holds values of another kind than in training.
        OutputError
            If the file cannot be written.
        """
        from deltarule.tables.streamed.predicting import predicted_parts

        check_pyarrow()
        check_writable(path)
        check_not_read(path, source)
        met = Oddities()

        def parts() -> Iterator[dict[str, NDArray[Any]]]:
            for predictions, oddities in predicted_parts(self, source):
                met.add(oddities)
                yield {str(name): column.to_numpy() for name, column in predictions.items()}

        rows = write_parquet(path, parts())
        return rows, self.encoder.notices_of(met)

    def examples_of(self, table: pd.DataFrame) -> EncodedExamples:
        """Return the rows of a table whose target is known.

        Raises
        ------
        TableError
            If a column or the target is missing, or holds values of another kind than in training.
        """
        target = known_target(table, self.target, self.classes, self.form)
        X, oddities = self.encoder.encode_part(table.iloc[target.rows])
        notices = self.encoder.notices_of(oddities)
        return EncodedExamples(X, target.values, target.rows, (*target.notices, *notices), oddities=oddities)

    def outcome_of(self, examples: EncodedExamples) -> Outcome:
        """Return the predictions for examples, in units of the target, with the true values."""
        if self.scale is None:
            return outcome_of(self.estimator, examples.X, examples.y)
        outcome = outcome_of(self.estimator, examples.X, self.scale.standardised(examples.y))
        return outcome.in_units(examples.y, self.scale.mean, self.scale.deviation)

    def save(self, path: str | Path) -> None:
        """Write the model to a file; `deltarule.load` restores it bit-identically.

        Raises
        ------
        OutputError
            If the file cannot be written.
        ModelFileError
            If the model holds a value that a model file cannot hold, such as a generator as `random_state`.
        """
        estimator, arrays = parts_of(self.estimator)
        encoder, more = self.encoder.to_content()
        content = {
            "deltarule": self.version,
            "target": self.target,
            "seed": self.seed,
            "settings": dict(self.settings),
            "held_out": None if self.held_out is None else asdict(self.held_out),
            "encoder": encoder,
            "estimator": estimator,
            "scale": None if self.scale is None else asdict(self.scale),
            "form": form_content(self.form),
        }
        write_whole(path, to_bytes("model", FORMAT, content, {**arrays, **more}))


def measured(outcome: Outcome) -> HeldOut | HeldOutQuantity:
    """Return the figures of an outcome, each row counted once.

    The cost is the mean of (2), without penalty. Of several quantiles R² and errors are those of the one nearest to the
    median.
    """
    cost = float(outcome.costs.mean())
    if outcome.classes is not None:
        return HeldOut(outcome.rows, float(np.mean(outcome.predicted == outcome.y)), cost)
    y, rest = outcome.y - outcome.y.mean(), outcome.central - outcome.y
    spread, squares = float(np.square(y).sum()), float(np.square(rest).sum())
    r2 = 1 - squares / spread if spread > 0 else float("nan")
    return HeldOutQuantity(outcome.rows, r2, (squares / outcome.rows) ** 0.5, float(np.abs(rest).mean()), cost)


def columns_as_text(encoder: TableEncoder, target: str, classes: NDArray[Any] | None, form: Form) -> list[str]:
    """Return the columns to read as they are written, so that they compare as in training."""
    is_text = (
        classes is not None
        and classes.dtype.kind in "OU"
        and not all(_is_as_numbers_are_written(str(name)) for name in classes)
    )
    return encoder.as_text + ([target] if is_text or form.number != PLAIN else [])


def frame_of_answers(
    target: str,
    predicted: NDArray[Any],
    classes: NDArray[Any] | None,
    probabilities: Array | None,
    quantiles: Sequence[float] = (),
) -> pd.DataFrame:
    """Return `predicted_<target>` and, for labels, the probability of each, `probability_<label>`.

    Of quantiles each has a column, `predicted_<target>_0.1` for example.

    >>> frame_of_answers("price", np.array([[1.0, 2.0]]), None, None, (0.1, 0.5)).columns.tolist()
    ['predicted_price_0.1', 'predicted_price_0.5']
    """
    if quantiles:
        names = [f"predicted_{target}_{one}" for one in quantiles]
        return pd.DataFrame(predicted, columns=names)
    columns: dict[str, NDArray[Any]] = {}
    if classes is not None and probabilities is not None:
        names = [f"probability_{name}" for name in classes.tolist()]
        columns = dict(zip(names, probabilities.T, strict=True))
    return pd.DataFrame({f"predicted_{target}": predicted, **columns})


def _is_as_numbers_are_written(label: str) -> bool:
    """Whether a table would read a label as a number that is written the same: 2 and 1.5, but not 01."""
    try:
        number = float(label)
    except ValueError:
        return False
    return label == (str(int(number)) if number.is_integer() else str(number))
