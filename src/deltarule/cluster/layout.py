"""How a fit is laid out over a cluster, as the parameters of its estimator say."""

from dataclasses import dataclass

import numpy as np

from deltarule.common.errors import SettingsError
from deltarule.training.settings import MINI_BATCH_SOLVERS, Settings

__all__ = ["Layout"]


@dataclass(frozen=True)
class Layout:
    """The parameters of these names, checked.

    Raises
    ------
    SettingsError
        If a number is none from 1 on.
    """

    parallel: str
    shards: int
    rounds_per_epoch: int
    resident: bool
    spans_per_worker: int
    span_rows: int | None

    def __post_init__(self) -> None:
        for name in ("shards", "rounds_per_epoch", "spans_per_worker", "span_rows"):
            value = getattr(self, name)
            is_count = isinstance(value, int | np.integer) and not isinstance(value, bool) and value >= 1
            if not (is_count or (name == "span_rows" and value is None)):
                raise SettingsError(f"{name}={value!r} must be a whole number from 1 on.")

    def way(self, settings: Settings) -> str:
        """Return how a solver goes: "full", "chain" or "average".

        Raises
        ------
        SettingsError
            If `parallel` does not fit the solver.
        """
        is_mini_batch = settings.solver in MINI_BATCH_SOLVERS
        fitting = ("auto", "chain", "average") if is_mini_batch else ("auto", "full")
        if self.parallel not in fitting:
            raise SettingsError(
                f"parallel={self.parallel!r} does not fit solver={settings.solver!r}: take one of "
                f"{', '.join(map(repr, fitting))}."
            )
        return ("chain" if is_mini_batch else "full") if self.parallel == "auto" else self.parallel
