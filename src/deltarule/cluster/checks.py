"""What is looked at before a fit begins: whether workers are of one kind, and whether rows fit into their memory."""

import warnings
from collections.abc import Mapping
from typing import Any

from deltarule.cluster.tasks import environment
from deltarule.common.errors import ClusterError

__all__ = ["check_environments", "check_memory"]

FULL = 0.6
"""Dask writes what a worker holds to the disk once this share of its memory is full; at 0.8 it pauses the worker."""


def check_environments(environments: Mapping[str, Mapping[str, str]]) -> None:
    """Refuse workers with another version of this package; warn of others that may give other bits.

    Raises
    ------
    ClusterError
        If a worker has another version of this package or of Python than the client.
    """
    here = environment()
    for address, there in environments.items():
        for name in ("deltarule", "python"):
            ours, theirs = here[name], there[name]
            if name == "python":
                ours, theirs = (one.rpartition(".")[0] for one in (ours, theirs))
            if ours != theirs:
                raise ClusterError(
                    f"The worker {address} has {name} {theirs}, and the client {ours}. Install the same on all."
                )
    for name in ("numpy", "core"):
        there_are = sorted({there[name] for there in environments.values()})
        if len(there_are) > 1:
            cure = " Set DELTARULE_ISA to the least of them on all." if name == "core" else ""
            warnings.warn(
                f"The workers differ in {name} ({', '.join(there_are)}), so the last digits of a result depend on "
                f"which of them computed what.{cure}",
                UserWarning,
                stacklevel=2,
            )


def check_memory(workers: Mapping[str, Mapping[str, Any]], needed: int) -> None:
    """Raise ClusterError if spans of `needed` bytes do not fit into the memory of the workers."""
    limits = [int(worker["memory_limit"]) for worker in workers.values()]
    if all(limits) and needed / len(limits) > FULL * min(limits):
        raise ClusterError(
            f"The rows are {needed / 1e9:.3g} GB as the network takes them, {needed / len(limits) / 1e9:.3g} GB for "
            f"each of {len(limits)} workers, but a worker has {min(limits) / 1e9:.3g} GB, of which rows may fill "
            f"{FULL:.0%}. Take more or larger workers, or fit with resident=False, which reads the rows anew in every "
            "pass."
        )
