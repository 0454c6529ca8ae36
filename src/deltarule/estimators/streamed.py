"""A learning task whose rows are read from the disk: `learning_task` for sources of blocks instead of arrays."""

from contextlib import ExitStack
from typing import Any

import numpy as np

from deltarule.blocks import epochs
from deltarule.blocks.blocks import Blocks
from deltarule.blocks.cache import converted
from deltarule.blocks.conversion import BeyondRangeError
from deltarule.blocks.layout import LayoutFile
from deltarule.blocks.sources import GivenSource, Source, source_of
from deltarule.blocks.sources.held_out import ChosenRows
from deltarule.common.errors import InputError, ShapeError
from deltarule.estimators.asked import asked_of
from deltarule.estimators.checking import Columns, check_width
from deltarule.estimators.choices import dtypes_of, preferred_dtype
from deltarule.estimators.streamed_sets import RowsOnDisk
from deltarule.estimators.streamed_targets import targets_of
from deltarule.estimators.targets import Labels, Targets
from deltarule.estimators.task import (
    Dataset,
    LearningTask,
    are_stored,
    holds_out,
    network_of,
    share_held_out,
    watched_in_memory,
)
from deltarule.network.data import TrainingSet
from deltarule.network.network import Network
from deltarule.training.settings import MINI_BATCH_SOLVERS, Settings

__all__ = ["streamed_task", "watched_on_disk"]


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
    if columns is not None:
        check_width(estimator, source.n_features, columns.n)
    watched: Source | None = None
    if eval_set is None and holds_out(settings):
        share = share_held_out(settings)
        source, watched = (ChosenRows(source, share, seed, keeps) for keeps in (False, True))
    file, dtype, kept_dtype = _converted(settings, source, held)
    facts = file.facts
    targets = targets_of(estimator, file, targets)
    outputs = targets.n_outputs if isinstance(targets, Labels) else facts.n_targets
    network = network_of(estimator, facts.n_features, outputs, targets.output)
    training = RowsOnDisk.of(file, network, targets, held)
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
    if are_stored(eval_set):
        watched = _source_to_watch(estimator, eval_set, of_task)
    if watched is not None:
        validation, validation_set = _watched(watched, dtype, network, targets, held)
    elif eval_set is not None:
        validation, validation_set = watched_in_memory(estimator, eval_set, of_task, targets, network, dtype)
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


def watched_on_disk(
    estimator: Any,
    eval_set: Any,
    held: ExitStack,
    columns: Columns,
    targets: Targets,
    network: Network,
    dtype: np.dtype[Any],
) -> tuple[Dataset, TrainingSet]:
    """Return a validation set that is a source, beside rows to learn from that are arrays.

    Raises
    ------
    ValueError
        If it does not fit the rows to learn from.
    OutputError
        If the rows cannot be converted.
    """
    return _watched(_source_to_watch(estimator, eval_set, columns), dtype, network, targets, held)


def _source_to_watch(estimator: Any, eval_set: Any, columns: Columns) -> Source:
    rows, target, weight = (*eval_set, None, None)[:3]
    if target is None and not isinstance(rows, Blocks | GivenSource):
        raise InputError(
            "eval_set holds a source, but not the name of its target. Pass one tuple, and no list of them: (source, "
            "target) or (source, target, weight), or (blocks,)."
        )
    source = source_of(rows, asked_of(estimator, rows, target, weight, columns))
    if source.n_features != columns.n:
        raise ShapeError(f"X of eval_set has {source.n_features} columns, but X has {columns.n}.")
    return source


def _watched(
    source: Source, dtype: np.dtype[Any], network: Network, targets: Targets, held: ExitStack
) -> tuple[Dataset, TrainingSet]:
    file = converted(source, dtype, mixes=False)
    held.callback(file.close)
    rows = RowsOnDisk.of(file, network, targets, held, is_learnt=False)
    return rows.dataset, rows.data


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
