"""A run of a full-batch solver: the recorder measures every iteration, and Ctrl-C returns the best θ so far.

SciPy's solvers call back after each iteration and cannot be asked for the next one, so this run is no iterator.
"""

from time import perf_counter

import numpy as np

from deltarule.common.arrays import Array
from deltarule.engines import Engine
from deltarule.network.data import TrainingSet
from deltarule.training.divergence import diverged
from deltarule.training.record import Recorder
from deltarule.training.settings import Settings
from deltarule.training.solvers import minimise

__all__ = ["full_batch"]


def full_batch(
    engine: Engine, data: TrainingSet, settings: Settings, theta: Array, record: Recorder
) -> tuple[Array, str]:
    """Minimise J on the whole training set from θ on; return the θ with the lowest J and why the run stopped."""
    best = (np.inf, theta.astype(np.float64))  # the best iterate, which Ctrl-C returns
    verdict = ""

    def objective(at: Array) -> tuple[float, Array]:
        J, D = engine.cost_and_gradient(at, data, settings.alpha)
        if not np.isfinite(J):
            # A line search may try such a point and come back; `watch` ends a method that does not come back.
            return np.inf, np.zeros_like(D)
        return J, D

    def watch(at: Array, J: float, step_size: float) -> bool:
        nonlocal best, verdict
        if not np.isfinite(J):
            was = f"{record.columns['cost'][-1]:g} the iteration before" if record.taken else None
            raise diverged(settings, data.m, f"in iteration {record.taken + 1}", was)
        if best[0] > J:
            best = (J, at)
        seconds = perf_counter() - record.began
        _, verdict = record.take([J], at.astype(data.X.dtype, copy=False), [step_size], [seconds])
        return bool(verdict)

    try:
        converged = minimise(objective, best[1], settings, watch, record.epochs)
    except KeyboardInterrupt:
        return best[1].astype(data.X.dtype, copy=False), "interrupted"
    if not record.taken and not np.isfinite(objective(best[1])[0]):
        raise diverged(settings, data.m, "at the first parameters", None)
    return best[1].astype(data.X.dtype, copy=False), verdict or ("converged" if converged else "max_iter")
