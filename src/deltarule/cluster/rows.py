"""Rows on a cluster as a learning task: profiled, encoded, cut into spans and placed on the workers."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from deltarule.blocks.sources import is_dask, is_source
from deltarule.cluster.averaging import Averaging, rows_of_shards
from deltarule.cluster.engine import ClusterEngine
from deltarule.cluster.facts import Facts, encoding_of, targets_of, warn_of_order
from deltarule.cluster.journal import Journal
from deltarule.cluster.layout import Layout
from deltarule.cluster.order import SPAN_BYTES, rows_of_batches
from deltarule.cluster.placing import placed, profiled, row_bytes, sums_of_classes
from deltarule.cluster.protocol import Cluster
from deltarule.cluster.scores import measures_of
from deltarule.cluster.sources import Parts
from deltarule.cluster.spans import Chosen, Encoding, rows_of_leaves
from deltarule.cluster.tasks import Work
from deltarule.common.errors import ShapeError
from deltarule.engines import engine_for
from deltarule.estimators.checking import Columns, check_width
from deltarule.estimators.targets import Labels, Targets
from deltarule.estimators.task import (
    Dataset,
    LearningTask,
    Rows,
    holds_out,
    network_of,
    share_held_out,
    watched_in_memory,
)
from deltarule.network.data import TrainingSet
from deltarule.network.network import Network
from deltarule.training.settings import Settings
from deltarule.training.solvers import plan_of

__all__ = ["ClusterRows"]


@dataclass(eq=False)
class ClusterRows(Rows):
    """X, y and weights of a fit on a cluster.

    Attributes
    ----------
    cluster : Cluster
    parts : Parts
    layout : Layout
    parts_of : callable
        (X, y, weights) of a validation set ↦ its `Parts`.
    held : ExitStack
        Closes what the task opens.
    journal : Journal or None
    seed : int or None
        The seed that was drawn for the fit, if it was given none; the journal keeps it.
    task : LearningTask or None
        The last that was made.
    """

    cluster: Cluster
    parts: Parts
    layout: Layout
    parts_of: Callable[..., Parts]
    held: ExitStack
    journal: Journal | None = None
    seed: int | None = None
    task: LearningTask | None = None

    def learning_task(
        self,
        estimator: Any,
        settings: Settings,
        *,
        eval_set: Any = None,
        columns: Columns | None = None,
        targets: Targets | None = None,
        seed: int = 0,
        **_: Any,
    ) -> LearningTask:
        """Profile the partitions, place the spans, and return the learning task; see `Rows`."""
        way, features, names = self.layout.way(settings), self.parts.form.n_features, self.parts.names
        if columns is not None:
            check_width(estimator, features, columns.n)
        facts = profiled(self.cluster, self.parts)
        dtype, kept_dtype = facts.dtypes(settings, self.parts.is_weighted)
        targets = targets_of(estimator, facts, partial(sums_of_classes, self.cluster, self.parts, facts), targets)
        outputs = targets.n_outputs if isinstance(targets, Labels) else len(facts.least)
        network = network_of(estimator, features, outputs, targets.output)
        if way != "full":
            warn_of_order(facts)
        engine = self._engine(estimator, network, way)
        learnt, plain = (encoding_of(targets, dtype, facts.dtype, is_learnt) for is_learnt in (True, False))
        chosen, watched = _split(settings, seed, eval_set is None)
        training = self._placed(self.parts, facts, learnt, network, chosen, way, settings)
        of_task = Columns(features, None if names is None else np.array(names, dtype=object))
        validation, validation_set, measures = None, None, None
        if watched is not None:
            validation_set = self._placed(self.parts, facts, plain, network, watched, "full", settings)
            measures = measures_of(estimator, engine, validation_set, facts, targets)
        elif eval_set is not None and (is_dask(eval_set[0]) or is_source(eval_set[0])):
            parts = self.parts_of(*eval_set)
            if parts.form != self.parts.form:
                raise ShapeError(f"eval_set has the form {parts.form}, but X and y have {self.parts.form}.")
            of_watched = profiled(self.cluster, parts)
            validation_set = self._placed(parts, of_watched, plain, network, None, "full", settings)
            measures = measures_of(estimator, engine, validation_set, of_watched, targets)
        elif eval_set is not None:
            validation, validation_set = watched_in_memory(estimator, eval_set, of_task, targets, network, dtype)
        if self.journal is not None:
            self.journal.describe(f"{network!r} {settings} {facts.digest}", self.seed)
        arrays: Any = (training.X, training.Y, training.Y, training.weights, training.weights)
        self.task = LearningTask(
            settings=settings,
            network=network,
            targets=targets,
            columns=of_task,
            dtype=dtype,
            kept_dtype=kept_dtype,
            training_set=training,
            validation_set=validation_set,
            seed=seed,
            training=Dataset(*arrays),
            validation=validation,
            engine=engine,
            measures=measures,
        )
        return self.task

    def _engine(self, estimator: Any, network: Network, way: str) -> ClusterEngine:
        threads = estimator.n_threads
        alone = threads or min(int(worker["nthreads"]) for worker in self.cluster.workers.values())
        inner = engine_for(network, estimator.engine, threads)
        self.held.callback(inner.close)
        return ClusterEngine(
            self.cluster,
            inner,
            Work(network, estimator.engine, threads or 1),
            Work(network, estimator.engine, alone),
            Averaging(self.layout.shards, self.layout.rounds_per_epoch) if way == "average" else None,
            self.journal,
        )

    def _placed(
        self,
        parts: Parts,
        facts: Facts,
        encoding: Encoding,
        network: Network,
        chosen: Chosen | None,
        way: str,
        settings: Settings,
    ) -> TrainingSet:
        of_row = row_bytes(network, np.dtype(encoding.dtype), parts.is_weighted or encoding.class_weights is not None)
        rows = sum(facts.lengths(chosen))
        if way == "full":
            most = np.inf if self.layout.resident else SPAN_BYTES // of_row
            span_rows = rows_of_leaves(rows, self.layout.spans_per_worker * len(self.cluster.workers), most)
        else:
            size = plan_of(settings, network, rows).batches.size
            wanted = rows_of_shards(rows, self.layout.shards, size) if way == "average" else self.layout.span_rows
            span_rows = rows_of_batches(of_row, size, wanted)
        return placed(
            self.cluster,
            parts,
            facts,
            encoding,
            network,
            chosen=chosen,
            span_rows=span_rows,
            resident=self.layout.resident,
        )


def _split(settings: Settings, seed: int, may_hold_out: bool) -> tuple[Chosen | None, Chosen | None]:
    """Return which rows are learnt from and which are watched; None and None without a hold-out."""
    if not (may_hold_out and holds_out(settings)):
        return None, None
    share = share_held_out(settings)
    return Chosen(seed, share, keeps=False), Chosen(seed, share, keeps=True)
