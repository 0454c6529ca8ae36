"""The learning task: network, training set, validation set and precision of a fit as one value.

`learning_task` makes it from an estimator's parameters and from data, and sets nothing on the estimator. `fit`,
`partial_fit`, `resume` and cross-validation all begin with it.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import ClassifierMixin

from deltarule.blocks.sources import is_source
from deltarule.common.arrays import Array
from deltarule.common.errors import SettingsError
from deltarule.engines import Engine
from deltarule.estimators.checking import (
    CheckedExamples,
    Columns,
    check_examples,
    check_validation_set,
)
from deltarule.estimators.choices import dtypes_of, hidden_layers, preferred_dtype
from deltarule.estimators.quantities import Quantities
from deltarule.estimators.splitting import split_off_validation
from deltarule.estimators.targets import Labels, Targets
from deltarule.network.data import TrainingSet, check_inputs
from deltarule.network.network import Network
from deltarule.network.parts import Unit
from deltarule.training.record import Validation
from deltarule.training.settings import MINI_BATCH_SOLVERS, Settings

__all__ = [
    "Dataset",
    "LearningTask",
    "Rows",
    "Watch",
    "are_stored",
    "holds_out",
    "learning_task",
    "network_of",
    "share_held_out",
    "targets_of",
    "watched_in_memory",
]


class Dataset(NamedTuple):
    """Rows as a user gave them, for scorers, and their targets and weights as the network takes them.

    Where y was a matrix of probabilities, scorers get the label of the most probable class.

    Attributes
    ----------
    X : array or CSR matrix of shape (m, n)
    y : array of shape (m,) or (m, K)
    Y : array of shape (m, K)
        The targets, not smoothed.
    sample_weight : array of shape (m,) or None
        Weights of the rows. None: 1 each.
    weights : array of shape (m,) or None
        Weights in the cost: those of the rows times those of their classes.
    """

    X: Array
    y: NDArray[Any]
    Y: Array
    sample_weight: Array | None
    weights: Array | None

    def take(self, indices: NDArray[np.int64]) -> "Dataset":
        """Return the rows at some indices."""
        sample_weight, weights = (
            None if array is None else array[indices] for array in (self.sample_weight, self.weights)
        )
        return Dataset(self.X[indices], self.y[indices], self.Y[indices], sample_weight, weights)


@dataclass(frozen=True, eq=False)
class LearningTask:
    """What a fit is to learn; made by `learning_task`.

    Attributes
    ----------
    settings : Settings
    network : Network
    targets : Labels or Quantities
    columns : Columns
        Columns of X.
    dtype, kept_dtype : dtype
        Precision of training, and of the θ that a fitted estimator keeps.
    training_set : TrainingSet
        Rows to learn from, in `dtype`, with smoothed targets and with the weights of rows and classes.
    validation_set : TrainingSet or None
        Rows to watch, in `dtype`, with the weights of rows and classes.
    seed : int
        Seed of the early-stopping split.
    training, validation : Dataset, and Dataset or None
        The same rows, for scorers.
    engine : Engine or None
        The engine for rows that are not in memory. None: that of the estimator, or of streams.
    measures : Validation or None
        What to measure after each epoch, where no scorer can see the rows.
    """

    settings: Settings
    network: Network
    targets: Targets
    columns: Columns
    dtype: np.dtype[Any]
    kept_dtype: np.dtype[Any]
    training_set: TrainingSet
    validation_set: TrainingSet | None
    seed: int
    training: Dataset
    validation: Dataset | None
    engine: Engine | None = None
    measures: Validation | None = None


Watch = Callable[[Columns, Targets, Network, "np.dtype[Any]"], tuple[Dataset, TrainingSet]]
"""How a validation set is made for rows of some columns, with their targets, network and precision."""


class Rows(ABC):
    """Rows that are neither arrays nor a source, and make the learning task themselves: those of a cluster."""

    @abstractmethod
    def learning_task(self, estimator: Any, settings: Settings, **more: Any) -> LearningTask:
        """Return the learning task; the further arguments are those of `learning_task`."""


def learning_task(
    estimator: Any,
    settings: Settings,
    X: Any,
    y: Any,
    sample_weight: ArrayLike | None = None,
    *,
    eval_set: Any = None,
    columns: Columns | None = None,
    targets: Targets | None = None,
    may_lack_classes: bool = False,
    seed: int = 0,
    watch: Watch | None = None,
) -> LearningTask:
    """Check parameters and data, and return the learning task.

    Parameters
    ----------
    estimator : MLPClassifier or MLPRegressor
        Its parameters are read; nothing is set on it.
    settings : Settings
        Settings of the estimator, from `settings_of`.
    X, y, sample_weight, eval_set
        As for `fit`.
    columns : Columns, optional
        Columns that X must have, if a run continues. Default: any.
    targets : Labels or Quantities, optional
        Targets that y must fit, if a run continues. Default: those that y describes.
    may_lack_classes : bool, default False
        Whether y may lack some of the classes of `targets`; the sums of class weights then continue.
    seed : int, default 0
        Seed of the early-stopping split.
    watch : callable, optional
        Instead of `eval_set`, where that is a source: columns, targets, network and dtype ↦ the validation set.

    Raises
    ------
    ValueError
        If data or parameters do not fit.
    """
    examples = check_examples(estimator, X, y, columns, preferred_dtype(settings), sample_weight)
    targets = targets_of(estimator, examples, targets, may_lack_classes)
    training = _dataset(examples, targets)
    network = network_of(estimator, examples.columns.n, training.Y.shape[1], targets.output)
    dtype, kept_dtype = dtypes_of(settings, examples.X.dtype, examples.largest, training.Y, training.weights)
    inputs = _inputs(network, examples, dtype)
    validation, validation_inputs, validation_set = None, None, None
    if watch is not None:
        validation, validation_set = watch(examples.columns, targets, network, dtype)
    elif eval_set is not None:
        watched = check_validation_set(estimator, eval_set, examples.columns, dtype)
        validation, validation_inputs = _dataset(watched, targets), _inputs(network, watched, dtype)
    elif holds_out(settings):
        if estimator.scoring is None:  # no scorer needs the rows as they were given
            training = training._replace(X=inputs)
        parts = split_off_validation(len(training.y), settings.validation_fraction, seed, targets.strata(training.Y))
        (training, inputs), (validation, validation_inputs) = (_part(training, inputs, indices) for indices in parts)
    smoothed = targets.smoothed(training.Y)
    if validation is not None and validation_inputs is not None:
        validation_set = TrainingSet.of_checked(network, validation_inputs, validation.Y, validation.weights)
    return LearningTask(
        settings=settings,
        network=network,
        targets=targets,
        columns=examples.columns,
        dtype=dtype,
        kept_dtype=kept_dtype,
        training_set=TrainingSet.of_checked(network, inputs, smoothed, training.weights),
        validation_set=validation_set,
        seed=seed,
        training=training,
        validation=validation,
    )


def are_stored(eval_set: Any) -> bool:
    """Whether rows to watch are a source, with the names of its columns."""
    return isinstance(eval_set, tuple | list) and len(eval_set) in (1, 2, 3) and is_source(eval_set[0])


def holds_out(settings: Settings) -> bool:
    """Whether early stopping holds rows out if there is no `eval_set`."""
    return settings.early_stopping and settings.solver in MINI_BATCH_SOLVERS


def share_held_out(settings: Settings) -> float:
    """Return the share of the rows that early stopping holds out.

    Raises
    ------
    SettingsError
        If it is 0, which the setting allows for fits that hold no rows out.
    """
    if settings.validation_fraction == 0:
        raise SettingsError("validation_fraction=0 leaves early stopping no example to watch. Pass eval_set to fit.")
    return settings.validation_fraction


def watched_in_memory(
    estimator: Any, eval_set: Any, columns: Columns, targets: Targets, network: Network, dtype: np.dtype[Any]
) -> tuple[Dataset, TrainingSet]:
    """Return a validation set of arrays, as it was given and as the network takes it.

    Raises
    ------
    ValueError
        If it does not fit the rows to learn from.
    """
    watched = check_validation_set(estimator, eval_set, columns, dtype)
    data = _dataset(watched, targets)
    return data, TrainingSet.of_checked(network, _inputs(network, watched, dtype), data.Y, data.weights)


def network_of(estimator: Any, features: int, outputs: int, output: str) -> Network:
    """Return the network that an estimator's parameters describe, with given numbers of features and outputs.

    Raises
    ------
    SettingsError
        If the parameters describe no network.
    """
    layers, units = hidden_layers(estimator.hidden_layer_sizes, estimator.activation)
    return _network((features, *layers, outputs), units if isinstance(units, str | Unit) else tuple(units), output)


@lru_cache(maxsize=64)
def _network(sizes: tuple[int, ...], units: Any, output: str) -> Network:
    """Return a network, made once for all fits that take it; making one is a tenth of a fit of one epoch on 150 × 4."""
    return Network(sizes, units, output)


def targets_of(
    estimator: Any,
    examples: CheckedExamples,
    known: Targets | None = None,
    may_lack_classes: bool = False,
) -> Targets:
    """Return the targets that y describes; see `learning_task`."""
    if not isinstance(estimator, ClassifierMixin):
        return Quantities.of(estimator.loss, type(estimator).__name__)
    known = known if isinstance(known, Labels) else None
    labels = Labels.of(
        examples.y, estimator.output, estimator.label_smoothing, known, may_lack_classes, examples.classes
    )
    so_far = known if may_lack_classes else None
    return labels.weighed(estimator.class_weight, examples.y, examples.weights, so_far)


def _dataset(examples: CheckedExamples, targets: Targets) -> Dataset:
    y, weights = targets.hard(examples.y), examples.weights
    return Dataset(examples.X, y, targets.encode(examples.y), weights, targets.weights_in_cost(y, weights))


def _inputs(network: Network, examples: CheckedExamples, dtype: np.dtype[Any]) -> Array:
    """Return X in the precision of training.

    Raises
    ------
    InputError
        If a number is outside the range of `dtype`.
    """
    if examples.inputs.dtype == dtype and examples.largest <= float(np.finfo(dtype).max):
        return examples.inputs
    return check_inputs(network, examples.X, dtype)


def _part(data: Dataset, inputs: Array, indices: NDArray[np.int64]) -> tuple[Dataset, Array]:
    part = data.take(indices)
    return part, part.X if data.X is inputs else inputs[indices]
