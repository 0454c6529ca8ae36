"""What members say of training rows that they did not learn from."""

from collections.abc import Callable

import numpy as np

from deltarule.common.arrays import Array
from deltarule.tabular.fitting import TrainedMembers

__all__ = ["held_out_predictions"]


def held_out_predictions(trained: TrainedMembers, answers_of: Callable[[Array], Array]) -> Array:
    """Return for each training row the mean answer of the members that watched it, NaN where none did.

    Parameters
    ----------
    trained : TrainedMembers
    answers_of : callable
        z of shape (1, m, K) ↦ what a member says of each of the m rows.

    Returns
    -------
    array of shape (m_given, …)
        Also of rows that were given with the weight 0, which are NaN.
    """
    job = trained.job
    m = len(job.X)
    places = np.arange(m) if job.kept is None else np.flatnonzero(job.kept)
    shape = answers_of(np.zeros((1, 1, job.target.K))).shape[1:]
    found = np.full((m if job.kept is None else len(job.kept), *shape), np.nan)
    if job.watched is not None:
        return found
    splits = (split for split, one in zip(job.splits.members, trained.members, strict=True) if one.best_epoch)
    watching = [split.validation for split in splits if len(split.validation)]
    sums, times = np.zeros((m, *shape)), np.zeros(m)
    for rows, one in zip(watching, trained.watched, strict=True):
        sums[rows] += answers_of(one.z.astype(np.float64)[np.newaxis])
        times[rows] += 1
    seen = np.flatnonzero(times)
    found[places[seen]] = sums[seen] / times[seen].reshape(-1, *[1] * len(shape))
    return found
