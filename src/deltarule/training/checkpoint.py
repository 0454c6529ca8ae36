"""Checkpoints: a mini-batch run on the disk, from which training continues with bit-identical results.

A checkpoint is an archive of JSON and numbers (`archive.py`) with the state and the history of a run, its network and
settings, and a digest of the training set. `kept_file.py` writes it.
"""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from deltarule.common.errors import CheckpointError
from deltarule.common.messages import Message
from deltarule.engines import TrainingState
from deltarule.files.archive import read_archive, to_bytes
from deltarule.network.data import TrainingSet, is_sparse
from deltarule.network.described import content_of_network, network_from
from deltarule.network.network import Network
from deltarule.training.history import History
from deltarule.training.kept_file import Checkpoint, count_of, held, put_together
from deltarule.training.record import LoopState, RunState
from deltarule.training.settings import SETTINGS, Settings
from deltarule.training.solvers import rule_of
from deltarule.training.stored_history import arrays_of, content_of, history_of

__all__ = [
    "Checkpoint",
    "SavedRun",
    "another_run",
    "changed",
    "check_same_run",
    "digest_of",
    "keeping",
    "load_run",
    "would_be_lost",
]

FORMAT = 2
"""Version of the format: 2 writes non-finite numbers as `archive.py` describes. Format 1 is read too."""


@dataclass(frozen=True, eq=False)
class SavedRun:
    """A run that can continue. A checkpoint holds all of it, an estimator all but history and digest.

    Attributes
    ----------
    run_state : RunState
    history : History
        History of the whole run.
    network : Network
    settings : Settings
    seed : int
        Seed of the hold-out.
    rows : int
        Number of rows of the training set.
    digest : str
        Digest of the training set, or of some of its rows for a run in memory; see `digest_of`. Empty: not known.
    """

    run_state: RunState
    history: History
    network: Network
    settings: Settings
    seed: int
    rows: int
    digest: str


def digest_of(data: TrainingSet, rows: int | None = None) -> str:
    """Return a digest of X, Y and weights of a training set: of all rows, or of about `rows` of them.

    >>> one = TrainingSet(np.zeros((2, 3)), np.ones((2, 1)))
    >>> digest_of(one) == digest_of(TrainingSet(np.zeros((2, 3)), np.zeros((2, 1))))
    False
    """
    known: str | None = getattr(data.X, "digest", None)  # of rows on the disk, where it is kept with them
    if known is not None:
        return known
    digest = hashlib.blake2b(digest_size=16)
    some = slice(None, None, 1 if rows is None else data.rows // rows + 1)
    X: Any = data.X[some]
    of_X = (X.data, X.indices, X.indptr) if is_sparse(X) else (X,)
    for array in (*of_X, data.Y[some], None if data.weights is None else data.weights[some]):
        if array is not None:
            digest.update(f"{array.dtype.str}{array.shape}".encode())
            digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def _bytes_of(run: SavedRun) -> bytes:
    """Return a run as the bytes of a checkpoint."""
    state, loop_state = run.run_state.state, run.run_state.loop_state
    content = {
        "network": content_of_network(run.network),
        "settings": asdict(run.settings),
        "seed": run.seed,
        "rows": run.rows,
        "digest": run.digest,
        "state": {name: getattr(state, name) for name in ("key", "step", "epoch", "position")},
        "memory": {
            name: getattr(loop_state, name)
            for name in ("epochs", "began", "seen", "best", "best_epoch", "idle", "divisor")
        },
        "sound": None if loop_state.last_finite is None else loop_state.last_finite[0],
        "history": content_of(run.history),
    }
    arrays = {
        "theta": state.theta,
        **{f"vectors/{n}": vector for n, vector in enumerate(state.vectors)},
        "costs": np.array(state.costs, dtype=np.float64),
        **arrays_of(run.history),
    }
    if loop_state.best_theta is not None:
        arrays["best"] = loop_state.best_theta
    if loop_state.last_finite is not None:
        arrays["sound"] = loop_state.last_finite[1]
    return to_bytes("checkpoint", FORMAT, content, arrays)


def load_run(path: str | Path) -> SavedRun:
    """Read a checkpoint. No code in the file is run.

    Raises
    ------
    ModelFileError
        If the file is missing, damaged or no checkpoint, or its parts do not fit each other.
    """
    header, arrays = read_archive(path, "checkpoint", FORMAT)
    with put_together(path):
        network = network_from(header["network"])
        settings = Settings(**header["settings"])
        theta = arrays["theta"]
        vectors = tuple(arrays[f"vectors/{n}"] for n in range(len(rule_of(settings).init(theta[:0]))))
        sound = None if header["sound"] is None else (float(header["sound"]), arrays["sound"])
        parameters = [theta, *vectors, *(arrays[name] for name in ("best", "sound") if name in arrays)]
        if any(array.shape != (network.n_parameters,) or array.dtype != theta.dtype for array in parameters):
            raise ValueError(f"parameters that are not those of a network {network}")
        state = TrainingState(
            theta=theta,
            vectors=vectors,
            costs=tuple(arrays["costs"].tolist()),
            **{name: count_of(header["state"][name]) for name in ("key", "step", "epoch", "position")},
        )
        loop_state = LoopState(
            **{name: count_of(header["memory"][name]) for name in ("epochs", "began", "seen", "best_epoch", "idle")},
            best=float(header["memory"]["best"]),
            divisor=float(header["memory"]["divisor"]),
            best_theta=arrays.get("best"),
            last_finite=sound,
        )
        return SavedRun(
            RunState(state, loop_state),
            history_of(header["history"], arrays),
            network,
            settings,
            count_of(header["seed"]),
            count_of(header["rows"]),
            str(header["digest"]),
        )


def changed(saved: SavedRun, now: SavedRun) -> list[str]:
    """Return in words the differences in settings and network that keep a saved run from continuing as `now`."""
    differences = []
    for name, setting in SETTINGS.items():
        was, is_now = getattr(saved.settings, name), getattr(now.settings, name)
        matters = setting.changes_steps or (name == "max_iter" and now.settings.schedule_spans_run)
        if matters and was != is_now:
            differences.append(f"{name} was {was!r} and is {is_now!r}")
    if saved.network != now.network:
        differences.append(f"the network was {_described(saved.network)} and is {_described(now.network)}")
    return differences


def check_same_run(path: str | Path, saved: SavedRun, now: SavedRun) -> None:
    """Raise CheckpointError if the run `now` differs from the saved one that it would continue."""
    differences = changed(saved, now)
    if saved.rows != now.rows:
        differences.append(f"its training set has {saved.rows} examples, and this one has {now.rows}")
    elif saved.digest != now.digest:
        differences.append("the examples, their order, targets or weights are others")
    if differences:
        raise another_run(path, differences)


def another_run(path: str | Path, differences: list[str]) -> CheckpointError:
    """Return the error of a checkpoint that holds another run, with the differences in words."""
    return CheckpointError(
        Message(
            f"{{path}} holds another run: {'; '.join(differences)}. Go on with the same data and settings, or train "
            "anew with another checkpoint.",
            path=path,
        )
    )


def would_be_lost(path: str | Path, epochs: int, ended: str) -> CheckpointError:
    """Return the error of a checkpoint that holds a run, which a new run would overwrite."""
    return CheckpointError(
        Message(
            "{path} holds a run of {epochs} epochs ({ended}), which would be lost. Go on with it by resume=True, or "
            "give another checkpoint, or delete it.",
            path=path,
            epochs=epochs,
            ended=ended,
        )
    )


@contextmanager
def keeping(checkpoint: Checkpoint, first: SavedRun) -> Iterator[Callable[..., None]]:
    """Lock a checkpoint for a run, and yield the function that writes it.

    Parameters
    ----------
    checkpoint : Checkpoint
    first : SavedRun
        The run as it begins, with its history so far.

    Yields
    ------
    keep : callable
        (run_state, history, force) → None; it writes a checkpoint if one is due or `force` is true, and warns if that
        fails. `history` is a function that returns the history of this call.

    Raises
    ------
    OutputError
        If the file cannot be written; this is checked before the run begins.
    CheckpointError
        If another run holds the lock.
    SettingsError
        If the engine has no name, by which the run could find it again, or a part of the network is not one of this
        library.
    """
    content_of_network(first.network)
    with held(checkpoint, first.settings.engine, first.run_state.loop_state.epochs) as file:

        def keep(run_state: RunState, history: Callable[[], History], force: bool = False) -> None:
            epochs = run_state.loop_state.epochs
            if force or file.is_due(epochs):
                whole = history().after(first.history) if first.history.epochs else history()
                file.write(_bytes_of(replace(first, run_state=run_state, history=whole)), epochs)

        yield keep


def _described(network: Network) -> str:
    numbers = f"({', '.join(map(str, network.output_numbers))})" if network.output_numbers else ""
    return f"{network} ({', '.join([*map(str, network.hidden_units), network.output + numbers])})"
