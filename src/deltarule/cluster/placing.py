"""From partitions to a training set on the workers: their profiles, sums of weights, and spans."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from deltarule.cluster.checks import check_memory
from deltarule.cluster.facts import Facts
from deltarule.cluster.parts import class_sums, profile_of
from deltarule.cluster.placed import placed_set
from deltarule.cluster.protocol import Call, Cluster, Placed
from deltarule.cluster.sources import Parts
from deltarule.cluster.spans import Chosen, Encoding, pieces_of, span_of
from deltarule.cluster.tasks import weight_sums
from deltarule.common.arrays import Array
from deltarule.common.errors import SettingsError
from deltarule.network.data import TrainingSet
from deltarule.network.network import Network

__all__ = ["placed", "profiled", "row_bytes", "sums_of_classes"]


def profiled(cluster: Cluster, parts: Parts) -> Facts:
    """Return what is known of all partitions, from one pass over them."""
    calls = [Call("profile", one.number, partial(profile_of, one.function), one.arguments) for one in parts.calls()]
    found = cluster.map(calls)
    for one in found:
        if isinstance(one, Exception):
            raise one
    return Facts.of(found)


def sums_of_classes(cluster: Cluster, parts: Parts, facts: Facts, classes: Sequence[Any]) -> Array:
    """Return Σ w of the rows of each class, added row after row as in memory."""
    if not parts.is_weighted:
        of_label: dict[Any, int] = dict.fromkeys(classes, 0)
        for one in facts.profiles:
            for label, rows in zip(one.labels, one.counts, strict=True):
                of_label[label] += rows
        return np.array([of_label[label] for label in classes], np.float64)
    task = partial(class_sums, tuple(classes), facts.dtype.name)
    now: Any = Call("classes", 0, partial(np.zeros, len(classes)))
    for part in parts.calls(facts.digests):
        now = Call("classes", part.number + 1, task, (now, part))
    total: Array = cluster.map([now])[0]
    return total


def row_bytes(network: Network, dtype: np.dtype[Any], is_weighted: bool) -> int:
    """Return the bytes of a row of a span."""
    return (network.sizes[0] + network.K + is_weighted) * dtype.itemsize


def placed(
    cluster: Cluster,
    parts: Parts,
    facts: Facts,
    encoding: Encoding,
    network: Network,
    *,
    chosen: Chosen | None,
    span_rows: int,
    resident: bool,
) -> TrainingSet:
    """Return rows of partitions as a training set on the workers.

    Parameters
    ----------
    cluster, parts, facts, encoding, network
    chosen : Chosen or None
        None: all rows.
    span_rows : int
        Rows of each span; of the last perhaps fewer.
    resident : bool

    Raises
    ------
    SettingsError
        If no row is chosen.
    ClusterError
        If the spans do not fit into the memory of the workers.
    """
    firsts = facts.firsts
    lengths = facts.lengths(chosen)
    rows, dtype = sum(lengths), np.dtype(encoding.dtype)
    if not rows:
        raise SettingsError(
            f"validation_fraction={chosen.share if chosen else 0:g} of {facts.rows} rows leaves no row to "
            f"{'watch' if chosen and chosen.keeps else 'learn from'}. Change it, or pass eval_set to fit."
        )
    is_weighted = parts.is_weighted or encoding.class_weights is not None
    if resident:
        check_memory(cluster.workers, rows * row_bytes(network, dtype, is_weighted))
    calls, places = [], []
    made = parts.calls(facts.digests)
    for n, pieces in enumerate(pieces_of(lengths, span_rows)):
        task = partial(span_of, encoding, chosen, tuple(firsts[piece.part] for piece in pieces), pieces)
        calls.append(Call("span", n, task, tuple(made[piece.part] for piece in pieces)))
        first, last = pieces[0].part, pieces[-1].part
        of_parts = f"partition {first}" if first == last else f"partitions {first} to {last}"
        places.append(f"rows {n * span_rows} to {min(rows, (n + 1) * span_rows) - 1} ({of_parts})")
    spans = cluster.place(calls, places, resident=resident)
    m = _sum_of_weights(cluster, spans) if is_weighted else None
    kind = "" if chosen is None else f" {chosen}"
    digest = f"{facts.digest} {encoding.table.tolist()} {encoding.class_weights} {encoding.factor}{kind}"
    return placed_set(spans, span_rows, (rows, network.sizes[0], network.K), dtype, m, digest)


def _sum_of_weights(cluster: Cluster, spans: Placed) -> float:
    now: Any = Call("weights", 0, partial(np.zeros, 1))
    for n, (node, owner) in enumerate(zip(spans.nodes, spans.owners, strict=True)):
        now = Call("weights", n + 1, weight_sums, (now, node), owner)
    return float(cluster.map([now])[0][0])
