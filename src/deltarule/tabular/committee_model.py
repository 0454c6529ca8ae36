"""A model of a table whose networks predict together: an estimator of tables, and the form of the target in a file."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from deltarule.common.arrays import Array
from deltarule.common.version import __version__
from deltarule.estimators.outcomes import Outcome
from deltarule.files.archive import to_bytes
from deltarule.files.whole import write_whole
from deltarule.network.data import TrainingSet
from deltarule.tables.cells import Form
from deltarule.tables.encoding import TableEncoder
from deltarule.tables.model import EncodedExamples, HeldOut, HeldOutQuantity, columns_as_text, frame_of_answers
from deltarule.tables.oddities import Oddities
from deltarule.tables.reading import as_frame
from deltarule.tables.stored import form_content
from deltarule.tables.target_column import known_target
from deltarule.tabular.classifier import TableClassifier
from deltarule.tabular.quantities import Quantity
from deltarule.tabular.regressor import TableRegressor
from deltarule.tabular.stored import FORMAT, parts_of

__all__ = ["CommitteeModel"]


@dataclass(frozen=True, eq=False)
class CommitteeModel:
    """Networks that predict a column of a table together; what `deltarule train` saves.

    Attributes
    ----------
    estimator : TableClassifier or TableRegressor
        Fitted on the columns of the table without target, weights and groups.
    target : str
        Name of the column that it predicts.
    seed : int
        Seed of folds, first weights, the order of the examples and dropout.
    settings : mapping
        Settings that training was given, as JSON can write them.
    held_out : HeldOut, HeldOutQuantity or None
        With `settings["holdout"]` of 0: of the training rows, each as the members say that did not learn from it.
        Otherwise of rows from which no member learnt, as all members say together.
    form : Form
        How a quantity is written in a table; of labels, which words are gaps.
    version : str
        Version of the deltarule that trained it.
    """

    estimator: TableClassifier | TableRegressor
    target: str
    seed: int
    settings: Mapping[str, Any] = field(default_factory=dict)
    held_out: HeldOut | HeldOutQuantity | None = None
    form: Form = field(default_factory=Form)
    version: str = __version__

    @property
    def classes(self) -> NDArray[Any] | None:
        """The labels that the model knows; None for a quantity."""
        return getattr(self.estimator, "classes_", None)

    @property
    def encoder(self) -> TableEncoder:
        """What was learnt of the columns."""
        return self.estimator.columns_.encoder

    @property
    def as_text(self) -> list[str]:
        """Columns to read as they are written; pass them to `read_table`, so that they compare as in training."""
        return columns_as_text(self.encoder, self.target, self.classes, self.form)

    @property
    def quantity(self) -> Quantity:
        """The scale of a quantity; only where the model predicts one."""
        target = self.estimator._target
        assert isinstance(target, Quantity)
        return target

    @property
    def quantiles(self) -> tuple[float, ...]:
        """The quantiles that are predicted of a quantity; () where something else is predicted."""
        target = self.estimator._target
        return target.numbers if isinstance(target, Quantity) and target.loss == "pinball" else ()

    @property
    def thetas(self) -> Array:
        """The parameters of the members, of shape (n_members, n_parameters)."""
        return self.estimator.thetas_

    def predict(self, table: pd.DataFrame) -> tuple[pd.DataFrame, tuple[str, ...]]:
        """Predict every row of a table.

        Returns
        -------
        predictions : DataFrame
            One row for each row of the table, in its order: `predicted_<target>` and, for labels, the probability of
            each, `probability_<label>`; of quantiles a column each, `predicted_<target>_0.1` for example.
        notices : tuple of str
            How the table differs from the training table.

        Raises
        ------
        TableError
            If a column is missing, or holds values of another kind than in training.
        """
        predictions, oddities = self.predict_part(table)
        return predictions, self.encoder.notices_of(oddities)

    def predict_part(self, table: pd.DataFrame) -> tuple[pd.DataFrame, Oddities]:
        """Predict some rows of a table, and say how they differ from the training table, to be added up."""
        X, oddities = self.estimator.columns_.encode_part(as_frame(table))
        predicted, probabilities = self._answers(X)
        return frame_of_answers(self.target, predicted, self.classes, probabilities, self.quantiles), oddities

    def examples_of(self, table: pd.DataFrame) -> EncodedExamples:
        """Return the rows of a table whose target is known, as inputs of the networks.

        Raises
        ------
        TableError
            If a column or the target is missing, or holds values of another kind than in training.
        """
        target = known_target(table, self.target, self.classes, self.form)
        X, oddities = self.estimator.columns_.encode_part(table.iloc[target.rows])
        notices = self.encoder.notices_of(oddities)
        return EncodedExamples(X, target.values, target.rows, (*target.notices, *notices), oddities=oddities)

    def outcome_of(self, examples: EncodedExamples) -> Outcome:
        """Return the predictions of all members together for examples, with the true values."""
        return self.outcome_with(examples, *self._answers(examples.X))

    def outcome_with(self, examples: EncodedExamples, predicted: NDArray[Any], probabilities: Array | None) -> Outcome:
        """Return given predictions for examples, with the true values.

        The cost of a row is the cross-entropy of its probabilities, or half the squared error in deviations of the
        training rows, or the mean of the pinball losses of its quantiles on their scale.
        """
        Y = self.estimator._target.encode(examples.y)
        if self.quantiles:
            rest = (examples.y[:, np.newaxis] - predicted) / self.quantity.deviations
            costs = np.maximum(self.quantiles * rest, (np.array(self.quantiles) - 1) * rest).mean(axis=1)
        elif probabilities is None:
            rest = (predicted - examples.y).reshape(len(Y), -1) / self.quantity.deviations
            costs = np.square(rest).sum(axis=1) / 2
        else:
            of_truth = (Y * probabilities).sum(axis=1)
            costs = -np.log(np.maximum(of_truth, np.finfo(np.float64).tiny))
        data = TrainingSet(examples.X, Y)
        return Outcome(data, examples.y, predicted, probabilities, self.classes, costs, self.quantiles)

    def save(self, path: str | Path) -> None:
        """Write the model to a file; `deltarule.load` restores it bit-identically.

        Raises
        ------
        OutputError
            If the file cannot be written.
        ModelFileError
            If the model holds a value that a model file cannot hold.
        """
        estimator, arrays = parts_of(self.estimator)
        content = {
            "deltarule": self.version,
            "target": self.target,
            "seed": self.seed,
            "settings": dict(self.settings),
            "held_out": None if self.held_out is None else asdict(self.held_out),
            "estimator": estimator,
            "form": form_content(self.form),
        }
        write_whole(path, to_bytes("model", FORMAT, content, arrays))

    def _answers(self, X: Array) -> tuple[NDArray[Any], Array | None]:
        return self.decided(self.estimator._answers_of(self.estimator._outputs_of_inputs(X)))

    def decided(self, answers: Array) -> tuple[NDArray[Any], Array | None]:
        """Return predictions, and the probability of each class (None for quantities), of what the members say."""
        if self.classes is None:
            return answers, None
        return self.classes[answers.argmax(axis=1)], answers
