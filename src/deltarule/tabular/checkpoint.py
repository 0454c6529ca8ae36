"""A fit of several members on the disk or in memory, which goes on bit-identically.

A run is saved between two rounds. A member that has ended is stored with its best parameters alone; of the others the
file holds the state of the update rule too. How many members and epochs there are is stored as well, because a time
budget decides it by a clock; so are the seconds that the run has taken of the budget.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from deltarule.common.arrays import Array
from deltarule.engines import TrainingState
from deltarule.estimators.stored import tagged, untagged
from deltarule.files.archive import of_type, read_archive, to_bytes
from deltarule.network.data import TrainingSet
from deltarule.network.described import content_of_network, network_from
from deltarule.network.network import Network
from deltarule.tabular.recipe import Recipe
from deltarule.tabular.side_by_side import MemberState
from deltarule.tabular.validation import Splits
from deltarule.training.checkpoint import digest_of
from deltarule.training.kept_file import count_of, put_together

__all__ = ["SavedMembers", "bytes_of", "digest_of_rows", "load_members", "settings_of_run"]

KIND, FORMAT = "checkpoint of members", 1

_FREE = ("random_state", "n_threads", "verbose", "time_budget")
"""Parameters that may differ when a run goes on: the run keeps its own seed, and the others change no step."""

_IN_THE_ROWS = ("class_weight", "categories", "keep", "drop", "gaps", "dates")
_IN_THE_NETWORK = ("hidden_layer_sizes", "quantiles", "delta")
"""Parameters that are compared by what they make of the rows, and of the network."""


@dataclass(frozen=True, eq=False)
class SavedMembers:
    """A fit of several members that can go on.

    Attributes
    ----------
    estimator : str
        Name of its class.
    settings : mapping
        The parameters that must be the same; see `settings_of_run`.
    recipe : Recipe
        With the epochs that a time budget left.
    network : Network
    seed : int
        Of the folds, the first weights, the shuffles and the dropout.
    rows : int
        Number of rows.
    digest : str
        Of everything that members learn from and are measured on.
    members : tuple of MemberState
        As many as a time budget left. Empty: the run has not begun, or has ended and is kept in memory only to know it.
    seconds : float
        Seconds that the run has taken so far.
    notices : tuple of str
        What a time budget left out.
    stopped : str
        `"running"`, or why the last call ended.
    """

    estimator: str
    settings: Mapping[str, Any]
    recipe: Recipe
    network: Network
    seed: int
    rows: int
    digest: str
    members: tuple[MemberState, ...] = ()
    seconds: float = 0.0
    notices: tuple[str, ...] = ()
    stopped: str = "running"

    @property
    def epochs(self) -> int:
        """Epochs of all members together."""
        return sum(one.epochs for one in self.members)


def settings_of_run(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters of an estimator that must be the same where a run goes on."""
    left_out = (*_FREE, *_IN_THE_ROWS, *_IN_THE_NETWORK)
    return {name: value for name, value in parameters.items() if name not in left_out}


def digest_of_rows(data: TrainingSet, watched: TrainingSet | None, splits: Splits) -> str:
    """Return a digest of all rows, and of which rows each member learns from and is measured on."""
    digest = hashlib.blake2b(digest_of(data).encode(), digest_size=16)
    if watched is not None:
        digest.update(digest_of(watched).encode())
    for split in splits.members:
        for rows in (split.training, split.validation):
            numbers = np.ascontiguousarray(rows, dtype=np.int64)
            digest.update(f"{numbers.shape}".encode())
            digest.update(numbers.data)
    return digest.hexdigest()


def bytes_of(run: SavedMembers) -> bytes:
    """Return a run as the bytes of a checkpoint."""
    content = {
        "estimator": run.estimator,
        "settings": {name: tagged(value) for name, value in run.settings.items()},
        "recipe": asdict(run.recipe),
        "network": content_of_network(run.network),
        "seed": run.seed,
        "rows": run.rows,
        "digest": run.digest,
        "seconds": run.seconds,
        "notices": list(run.notices),
        "stopped": run.stopped,
        "members": [
            {
                "ended": one.ended,
                "diverged": one.diverged,
                "best": one.best,
                "best_epoch": one.best_epoch,
                **{name: getattr(one.state, name) for name in ("key", "step", "epoch")},
            }
            for one in run.members
        ],
    }
    arrays: dict[str, Array] = {}
    for n, one in enumerate(run.members):
        arrays[f"{n}/measures"] = np.array([one.costs, one.values], dtype=np.float64)
        arrays[f"{n}/best"] = one.theta
        if not one.ended:
            arrays[f"{n}/theta"] = one.state.theta
            arrays |= {f"{n}/vectors/{k}": vector for k, vector in enumerate(one.state.vectors)}
    return to_bytes(KIND, FORMAT, content, arrays)


def load_members(path: str | Path) -> SavedMembers:
    """Read a checkpoint. No code in the file is run.

    Raises
    ------
    ModelFileError
        If the file is missing, damaged or no checkpoint of members, or its parts do not fit each other.
    """
    header, arrays = read_archive(path, KIND, FORMAT)
    with put_together(path):
        given = of_type(dict, header["recipe"])
        recipe = Recipe(**{**given, "hidden": tuple(of_type(int, units) for units in of_type(list, given["hidden"]))})
        network = network_from(of_type(dict, header["network"]))
        seconds = of_type(float, header["seconds"])
        members = tuple(
            _member(content, n, arrays, network, recipe) for n, content in enumerate(of_type(list, header["members"]))
        )
        if not members or not seconds >= 0 or len({one.theta.dtype for one in members}) > 1:
            raise ValueError(f"{len(members)} members after {seconds} seconds")
        return SavedMembers(
            of_type(str, header["estimator"]),
            {name: untagged(value) for name, value in of_type(dict, header["settings"]).items()},
            recipe,
            network,
            count_of(header["seed"]),
            count_of(header["rows"]),
            of_type(str, header["digest"]),
            members,
            seconds,
            tuple(of_type(str, one) for one in of_type(list, header["notices"])),
            of_type(str, header["stopped"]),
        )


def _member(content: Any, n: int, arrays: Mapping[str, Array], network: Network, recipe: Recipe) -> MemberState:
    ended, diverged = (of_type(bool, content[name]) for name in ("ended", "diverged"))
    best, measures = arrays[f"{n}/best"], arrays[f"{n}/measures"]
    theta = best
    vectors: tuple[Array, ...] = ()
    if not ended:
        theta = arrays[f"{n}/theta"]
        vectors = tuple(arrays[f"{n}/vectors/{k}"] for k in range(len(recipe.rule.init(theta[:0]))))
    of_member: Sequence[Array] = (best, theta, *vectors)
    if any(one.shape != (network.n_parameters,) or one.dtype != best.dtype for one in of_member):
        raise ValueError(f"parameters that are not those of a network {network}")
    best_epoch = count_of(content["best_epoch"])
    if measures.ndim != 2 or len(measures) != 2 or not best_epoch <= measures.shape[1] <= recipe.epochs:
        raise ValueError(f"measures of the shape {measures.shape}, {best_epoch} as the best of {recipe.epochs} epochs")
    key, step, epoch = (count_of(content[name]) for name in ("key", "step", "epoch"))
    state = TrainingState(theta=theta, vectors=vectors, key=key, step=step, epoch=epoch)
    if state.epoch != measures.shape[1]:
        raise ValueError(f"a state after {state.epoch} epochs and measures of {measures.shape[1]}")
    costs, values = (tuple(one.tolist()) for one in measures)
    return MemberState(
        state, best, len(values), of_type(float, content["best"]), best_epoch, costs, values, diverged, ended
    )
