"""A learning task whose rows are read from the disk: `learning_task` for sources of blocks instead of arrays."""

from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import is_classifier

from deltarule.blocks import epochs
from deltarule.blocks.blocks import Blocks
from deltarule.blocks.cache import converted
from deltarule.blocks.conversion import BeyondRangeError
from deltarule.blocks.layout import Facts, LayoutFile
from deltarule.blocks.sources import Asked, GivenSource, Source, is_source, source_of
from deltarule.blocks.sources.held_out import HeldOut
from deltarule.blocks.stored_rows import StoredRows
from deltarule.common.arrays import Array
from deltarule.common.errors import InputError, SettingsError, ShapeError
from deltarule.estimators.checking import Columns, check_validation_set
from deltarule.estimators.choices import dtypes_of, preferred_dtype
from deltarule.estimators.class_weights import weights_of_classes
from deltarule.estimators.quantities import Quantities
from deltarule.estimators.targets import Labels, Targets
from deltarule.estimators.task import Dataset, LearningTask, holds_out, network_of
from deltarule.network.data import TrainingSet, check_inputs
from deltarule.network.network import Network
from deltarule.training.settings import MINI_BATCH_SOLVERS, Settings

__all__ = ["streamed_task"]


def asked_of(estimator: Any, X: Any, y: Any, sample_weight: Any, columns: Columns | None = None) -> Asked:
    """Return what the arguments of `fit` ask of a source.

    Raises
    ------
    InputError
        If y or the weights are not names of columns, or are given beside `Blocks`.
    """
    if isinstance(X, Blocks | GivenSource):
        if y is not None or sample_weight is not None:
            raise InputError(
                f"{type(X).__name__} hold y and the weights of their rows, but y or sample_weight is given too. Pass "
                "them alone, for example fit(Blocks.from_arrays(X, y, sample_weight))."
            )
        return Asked(is_coded=is_classifier(estimator))
    names = [y] if isinstance(y, str) else y
    if not (isinstance(names, list | tuple) and names and all(isinstance(name, str) for name in names)):
        raise InputError(
            f"X is read block by block, so y is the name of a column of it, or a list of names; y is a "
            f"{type(y).__name__}. Pass for example fit('train/*.parquet', 'target')."
        )
    if sample_weight is not None and not isinstance(sample_weight, str):
        raise InputError(
            f"X is read block by block, so sample_weight is the name of a column of it, not a "
            f"{type(sample_weight).__name__}. Write the weights into a column."
        )
    features = None if columns is None or columns.names is None else tuple(map(str, columns.names))
    return Asked(
        target=names[0] if len(names) == 1 else tuple(names),
        weight=sample_weight,
        is_coded=is_classifier(estimator) and len(names) == 1,
        features=features,
    )


def streamed_task(
    estimator: Any,
    settings: Settings,
    given: tuple[Any, Any, Any],
    held: ExitStack,
    *,
    eval_set: Any = None,
    columns: Columns | None = None,
    targets: Targets | None = None,
    seed: int = 0,
) -> LearningTask:
    """Convert the rows unless they are converted, check them, and return the learning task.

    Parameters
    ----------
    estimator : MLPClassifier or MLPRegressor
        Its parameters are read; nothing is set on it.
    settings : Settings
    given : tuple of X, y and sample_weight
        As `fit` was given them: a source, names of columns.
    held : ExitStack
        What the task opens is closed by it.
    eval_set, columns, targets, seed
        As for `learning_task`.

    Raises
    ------
    ValueError
        If data or parameters do not fit.
    OutputError
        If the rows cannot be converted.
    """
    asked = asked_of(estimator, *given, columns)
    source = source_of(given[0], asked)
    if columns is not None and source.n_features != columns.n:
        raise ShapeError(
            f"X has {source.n_features} features, but {type(estimator).__name__} is expecting {columns.n} features as "
            "input. Pass the columns it was trained on."
        )
    watched: Source | None = None
    if eval_set is None and holds_out(settings):
        if settings.validation_fraction == 0:
            raise SettingsError(
                "validation_fraction=0 leaves early stopping no example to watch. Pass eval_set to fit."
            )
        source, watched = (HeldOut(source, settings.validation_fraction, seed, keeps) for keeps in (False, True))
    file, dtype, kept_dtype = _converted(settings, source, held)
    facts = file.facts
    targets = _targets_of(estimator, file, targets)
    outputs = targets.n_outputs if isinstance(targets, Labels) else facts.n_targets
    network = network_of(estimator, facts.n_features, outputs, targets.output)
    training = _Rows.of(file, network, targets, held)
    validation: Dataset | None = None
    validation_set: TrainingSet | None = None
    names = None if facts.names is None else np.array(facts.names, dtype=object)
    of_task = Columns(facts.n_features, names)
    if eval_set is not None and not (isinstance(eval_set, tuple | list) and len(eval_set) in (1, 2, 3)):
        length = f" of length {len(eval_set)}" if isinstance(eval_set, tuple | list) else ""
        raise InputError(
            f"eval_set is a {type(eval_set).__name__}{length}. Pass one tuple: (source, target) or (source, target, "
            "weight), (blocks,), or arrays (X, y)."
        )
    if eval_set is not None and is_source(eval_set[0]):
        rows, target, weight = (*eval_set, None, None)[:3]
        watched = source_of(rows, asked_of(estimator, rows, target, weight, of_task))
        if watched.n_features != facts.n_features:
            raise ShapeError(f"X of eval_set has {watched.n_features} columns, but X has {facts.n_features}.")
    if watched is not None:
        watched_file = converted(watched, dtype, mixes=False)
        held.callback(watched_file.close)
        to_watch = _Rows.of(watched_file, network, targets, held, is_learnt=False)
        validation_set, validation = to_watch.data, to_watch.dataset
    elif eval_set is not None:
        examples = check_validation_set(estimator, eval_set, of_task, dtype)
        Y = targets.encode(examples.y)
        validation = Dataset(
            examples.X, examples.y, Y, examples.weights, targets.weights_in_cost(examples.y, examples.weights)
        )
        inputs = check_inputs(network, examples.X, dtype)
        validation_set = TrainingSet.of_checked(network, inputs, Y, validation.weights)
    return LearningTask(
        settings=settings,
        network=network,
        targets=targets,
        columns=of_task,
        dtype=dtype,
        kept_dtype=kept_dtype,
        training_set=training.data,
        validation_set=validation_set,
        seed=seed,
        training=training.dataset,
        validation=validation,
    )


def _converted(settings: Settings, source: Source, held: ExitStack) -> tuple[LayoutFile, np.dtype[Any], np.dtype[Any]]:
    """Return the converted rows, and the precision of training and of the stored parameters."""
    dtype = preferred_dtype(settings) or source.dtype
    # Rows that fit one buffer are taken in the order that they have in memory, and so are those of the solvers that go
    # through all rows before each step.
    may_mix = settings.solver in MINI_BATCH_SOLVERS and settings.shuffle
    row_bytes = source.n_features * dtype.itemsize  # at least: only the converted rows say what y and weights take
    while True:
        mixes = may_mix and not epochs.fits_one_buffer(source.rows, row_bytes)
        try:
            file = converted(source, dtype, mixes)
        except BeyondRangeError:
            if settings.dtype != "auto":
                raise
            dtype = source.dtype
            row_bytes = source.n_features * dtype.itemsize
            continue
        facts = file.facts
        row_bytes = sum(facts.row_bytes)
        extremes = np.array([[facts.least, facts.greatest]])
        heaviest = np.array([facts.heaviest]) if facts.is_weighted else None
        needed, kept = dtypes_of(settings, source.dtype, facts.largest, extremes, heaviest)
        lacks_mixing = may_mix and not mixes and not epochs.fits_one_buffer(facts.rows, row_bytes)
        if needed == dtype and not lacks_mixing:
            held.callback(file.close)
            return file, dtype, kept
        file.close()
        row_bytes += source.n_features * (needed.itemsize - dtype.itemsize)
        dtype = needed


def _targets_of(estimator: Any, file: LayoutFile, known: Targets | None) -> Targets:
    facts = file.facts
    if not is_classifier(estimator):
        quantities = Quantities.of(estimator.loss, type(estimator).__name__)
        _check_range(quantities, facts)
        return quantities
    known = known if isinstance(known, Labels) else None
    # Each label several times, because what is asked of y is its labels, and not how often each comes.
    y = np.repeat(_labels(facts), 3) if facts.is_coded else _all_sets(facts)
    labels = Labels.of(y, estimator.output, estimator.label_smoothing, known)
    if estimator.class_weight is None:
        return labels
    if labels.several:
        return labels.weighed(estimator.class_weight, y, None)  # which refuses it
    sums = _sums_of_codes(file)[_code_of(facts, labels.classes)]
    weights = weights_of_classes(estimator.class_weight, labels.classes, sums)
    return replace(labels, class_weights=weights, class_sums=sums)


def _labels(facts: Facts) -> NDArray[Any]:
    """Return the labels in the order of their codes, as NumPy would hold a column of them."""
    values = list(facts.values)
    if len({isinstance(value, str) for value in values}) > 1:
        raise InputError(f"The labels {values[:10]} are texts and numbers mixed. Write all of them in one way.")
    return np.array(values)


def _all_sets(facts: Facts) -> NDArray[Any]:
    """Return examples of several 0/1 labels a row.

    Raises
    ------
    InputError
        If targets are other numbers.
    """
    if not facts.are_binary:
        raise InputError(
            f"y has {facts.n_targets} columns and holds more than 0 and 1: several columns of classes are not "
            "supported. Give one column of labels, or columns of 0 and 1."
        )
    k = facts.n_targets
    return np.vstack([np.zeros(k), np.ones(k), np.eye(k)]).astype(np.int64)


def _check_range(quantities: Quantities, facts: Facts) -> None:
    if quantities.output == "exp" and facts.least < 0:
        raise InputError(
            f"y holds {facts.least:g}, but targets of exp outputs are 0 or more. Take loss='squared_error', or leave "
            "such rows out."
        )


def _code_of(facts: Facts, classes: NDArray[Any]) -> NDArray[np.int64]:
    """Return the code of each class; a class without a code has that behind the last."""
    codes = {value: code for code, value in enumerate(_labels(facts).tolist())}
    return np.array([codes.get(label, len(codes)) for label in classes.tolist()], np.int64)


def _sums_of_codes(file: LayoutFile) -> Array:
    """Return Σ w of each code, added row after row, and 0 for a class without a code."""
    count = len(file.facts.values)
    sums: Array = np.zeros(count + 1)
    for _, targets, weights in file.targets():
        w = np.ones(len(targets)) if weights is None else weights.astype(file.facts.given)
        codes = np.concatenate([np.arange(count + 1), targets[:, 0]])
        sums = np.bincount(codes, np.concatenate([sums, w]), count + 1)
    return sums


@dataclass(frozen=True, eq=False)
class _Rows:
    """A stored training or validation set, for engines and for what asks for a `Dataset`."""

    data: TrainingSet
    dataset: Dataset

    @classmethod
    def of(
        cls, file: LayoutFile, network: Network, targets: Targets, held: ExitStack, is_learnt: bool = True
    ) -> "_Rows":
        rule = _Rule(file.facts, targets, is_learnt)
        data = cls._set(file, network, rule, held, rule.weigh)
        unweighted = (
            data if is_learnt or rule.weigh == rule.of_rows else cls._set(file, network, rule, held, rule.of_rows)
        )
        arrays: Any = (unweighted.X, unweighted.Y, unweighted.Y, unweighted.weights, data.weights)
        return cls(data, Dataset(*arrays))

    @staticmethod
    def _set(file: LayoutFile, network: Network, rule: "_Rule", held: ExitStack, weigh: Any) -> TrainingSet:
        stored = StoredRows(file, rule.encode, weigh, network.K, f"{file.digest}{rule.digest}")
        held.callback(stored.close)
        total = float(file.facts.rows) if weigh is None else _sum_in_order(_weights(file, weigh))
        return stored.training_set(total)


class _Rule:
    """How targets and weights on the disk become Y and weights of the network."""

    def __init__(self, facts: Facts, targets: Targets, is_learnt: bool) -> None:
        self._dtype, self._given = np.dtype(facts.dtype), np.dtype(facts.given)
        self._is_coded = facts.is_coded
        smoothed = targets.smoothed if is_learnt else (lambda Y: Y)
        if facts.is_coded:
            assert isinstance(targets, Labels)
            values = _labels(facts)
            self._table = smoothed(targets.encode(values)).astype(self._dtype)
            self._class_weights = None if targets.class_weights is None else targets.weights_in_cost(values, None)
        else:
            self._smoothed = smoothed
            self._class_weights = None
        of_classes = None if self._class_weights is None else self._class_weights.tolist()
        self.digest = "" if of_classes is None else str(of_classes)
        is_weighted = facts.is_weighted
        self.of_rows = self._of_rows if is_weighted else None
        self.weigh = self.of_rows if self._class_weights is None else self._weigh

    def encode(self, targets: Array) -> Array:
        """Return Y."""
        if self._is_coded:
            return self._table[targets[:, 0]]
        return np.ascontiguousarray(self._smoothed(targets), self._dtype)

    def _of_rows(self, targets: Array, weights: Array) -> Array:
        """Return the weights of the rows alone."""
        del targets
        return weights.astype(self._given).astype(self._dtype)

    def _weigh(self, targets: Array, weights: Array | None) -> Array:
        """Return the weights of the rows times those of their classes, rounded as in memory."""
        assert self._class_weights is not None
        of_rows = self._class_weights[targets[:, 0]]
        if weights is not None:
            of_rows = (weights.astype(self._given) * of_rows).astype(self._given)
        return np.asarray(of_rows.astype(self._dtype))


def _weights(file: LayoutFile, weigh: Any) -> Iterable[Array]:
    return (weigh(targets, weights) for _, targets, weights in file.targets())


def _sum_in_order(pieces: Iterable[Array]) -> float:
    """Return the sum of weights added row after row, as `TrainingSet.m` adds them."""
    total = 0.0
    for piece in pieces:
        total = float(np.add.accumulate(np.concatenate([[total], piece.astype(np.float64)]))[-1])
    return total
