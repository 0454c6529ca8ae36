"""The stored form of a history, as parts of a file, which models and checkpoints share."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from deltarule.common.arrays import Array
from deltarule.files.archive import of_type
from deltarule.training.history import COLUMNS, History

__all__ = ["arrays_of", "content_of", "history_of"]


def content_of(history: History) -> dict[str, Any]:
    """Return the history's entries of the file's header."""
    return {name: getattr(history, name) for name in ("stopped", "best_epoch", "reason", "notices")}


def arrays_of(history: History) -> dict[str, Array]:
    """Return the history's arrays by their names in the file."""
    return {
        **{f"history/{name}": history.column(name) for name in COLUMNS},
        **{f"scores/{name}": values for name, values in history.scores.items()},
    }


def history_of(content: Any, arrays: Mapping[str, Array]) -> History:
    """Return the history from its parts in a file; a column that is newer than the file is NaN.

    Raises
    ------
    KeyError, TypeError, ValueError
        If a part is missing, of another type, or of other epochs than the rest.
    """
    nothing = np.full_like(arrays["history/cost"], np.nan)
    columns = {name: arrays.get(f"history/{name}", nothing) for name in COLUMNS}
    scores = {name.removeprefix("scores/"): array for name, array in arrays.items() if name.startswith("scores/")}
    if len({array.shape for array in (*columns.values(), *scores.values())}) != 1 or columns["cost"].ndim != 1:
        raise ValueError("a history of epochs whose columns differ in length")
    stopped, reason = (of_type(str, content[name]) for name in ("stopped", "reason"))
    best_epoch, epochs = of_type(int, content["best_epoch"]), len(columns["cost"])
    if not 0 <= best_epoch <= epochs:
        raise ValueError(f"{best_epoch} as the best of {epochs} epochs")
    notices = [of_type(str, notice) for notice in of_type(list, content["notices"])]
    return History.of(columns, scores, stopped, best_epoch, reason, notices)
