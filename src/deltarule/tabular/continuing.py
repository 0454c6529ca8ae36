"""Where a fit of several members goes on: the run of a file or of the last call, if it is the same run."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from deltarule.common.errors import InputError, SettingsError
from deltarule.network.data import TrainingSet
from deltarule.tabular.checkpoint import SavedMembers, digest_of_rows, load_members, settings_of_run
from deltarule.tabular.fitting import Job
from deltarule.training.checkpoint import another_run, would_be_lost
from deltarule.training.kept_file import Checkpoint

__all__ = ["check_goes_on", "new_run", "saved_members"]

STOPPED = {
    "epochs": "all members have ended",
    "time": "its time budget was over",
    "interrupted": "interrupted by Ctrl-C",
    "running": "it is running, or was killed",
}
"""Why a run stopped, in words."""


def new_run(estimator: Any, job: Job) -> SavedMembers:
    """Return a run before its first step."""
    return SavedMembers(
        type(estimator).__name__,
        settings_of_run(estimator.get_params(deep=False)),
        job.recipe,
        job.network,
        job.seed,
        len(job.X),
        digest_of_rows(TrainingSet(job.X, job.Y, job.weights), job.watched, job.splits),
    )


def saved_members(
    checkpoint: Checkpoint | None, paused: SavedMembers | None, resume: bool
) -> tuple[SavedMembers | None, str | Path | None]:
    """Return the run that is to go on, and the path if it is that of a file; None if a new one is to begin.

    Raises
    ------
    CheckpointError
        If the file holds a run and `resume` is False: the run would be lost.
    ModelFileError
        If the file is not a checkpoint of members.
    SettingsError
        If `resume` is True, and there is neither a run in memory nor a checkpoint.
    """
    if checkpoint is not None and Path(checkpoint.path).is_file():
        saved = load_members(checkpoint.path)
        if not resume:
            raise would_be_lost(checkpoint.path, saved.epochs, STOPPED.get(saved.stopped, saved.stopped))
        return saved, checkpoint.path
    if resume and paused is None and checkpoint is None:
        raise SettingsError(
            "resume=True goes on with a run that fit began, but there is none here. Fit first, or give the checkpoint "
            "of the run."
        )
    return (paused if resume else None), None


def check_goes_on(saved: SavedMembers, now: SavedMembers, path: str | Path | None) -> None:
    """Raise an error if the run `now` differs from the saved one that it would continue, in memory if `path` is None.

    Raises
    ------
    CheckpointError
        If the file at the path holds another run.
    SettingsError, InputError
        If settings or rows differ from those of a run in memory.
    """
    settings, rows = _changed_settings(saved, now), _changed_rows(saved, now)
    if path is not None and (settings or rows):
        raise another_run(path, settings + rows)
    if settings:
        raise SettingsError(
            f"resume=True goes on with the run that stopped, but {'; '.join(settings)}. Set that back, or fit anew."
        )
    if rows:
        raise InputError(
            f"resume=True goes on with the same examples, but {'; '.join(rows)}. Pass the same X, y, weights and "
            "groups, or fit anew."
        )


def _changed_settings(saved: SavedMembers, now: SavedMembers) -> list[str]:
    """Return in words the settings that differ."""
    if saved.estimator != now.estimator:
        return [f"it is one of a {saved.estimator}, and this is a {now.estimator}"]
    names = [*now.settings, *(name for name in saved.settings if name not in now.settings)]
    differences = [
        f"{name} was {saved.settings.get(name)!r} and is {now.settings.get(name)!r}"
        for name in names
        if saved.settings.get(name) != now.settings.get(name)
    ]
    if not differences and replace(saved.recipe, epochs=0, hidden=()) != replace(now.recipe, epochs=0, hidden=()):
        differences.append(f"its recipe was {saved.recipe} and is {now.recipe}")
    if not differences and saved.network.output_numbers != now.network.output_numbers:
        was, is_now = saved.network.output_numbers, now.network.output_numbers
        differences.append(f"quantiles or delta were {was} and are {is_now}")
    if saved.recipe.hidden != now.recipe.hidden:
        differences.append(f"hidden_layer_sizes was {saved.recipe.hidden} and is {now.recipe.hidden}")
    return differences


def _changed_rows(saved: SavedMembers, now: SavedMembers) -> list[str]:
    """Return in words how the rows differ."""
    if saved.rows != now.rows:
        return [f"its training set has {saved.rows} examples, and this one has {now.rows}"]
    if saved.network.sizes[0] != now.network.sizes[0] or saved.network.K != now.network.K:
        was, is_now = ((one.sizes[0], one.K) for one in (saved.network, now.network))
        return [f"the table made {was[0]} inputs and {was[1]} outputs, and makes {is_now[0]} and {is_now[1]}"]
    if saved.digest != now.digest or saved.network != now.network:
        return ["the examples, their order, columns, targets, weights or groups are others"]
    return []
