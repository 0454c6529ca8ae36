"""Schedules: step sizes as functions of the settings and of the progress of a run, without state.

    constant     η
    invscaling   η/(t + 1)^power_t                t: examples seen before the epoch (gd: iterations)
    adaptive     η, which the loop divides by 5 when progress ends
    cosine       η/2 (1 + cos πp)                 p: share of the steps of `max_iter` epochs that are done
    one_cycle    from η/25 to η while p < 0.3, then to η/250 000, both along half a cosine

`warmup` epochs at the start multiply this by a line from 0 to 1; p then counts the steps after them. After
`max_iter` epochs (in `partial_fit`) the last step size stays.

Sources: Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts", 2017, equation 5; Smith and
Topin, "Super-convergence", 2018, for one cycle.
"""

import numpy as np

from deltarule.common.arrays import Array
from deltarule.training.settings import Settings

__all__ = ["step_sizes"]

_RISE = 0.3
_FIRST, _LAST = 1 / 25, 1 / 250_000


def step_sizes(settings: Settings, epoch: int, epochs: int, steps: int, rows: int = 0, seen: int = 0) -> Array:
    """Return η of each step, before the divisions by `adaptive`.

    Parameters
    ----------
    settings : Settings
    epoch : int
        Number of the first epoch, from 0, counted from where the schedule began.
    epochs, steps, rows : int
        Numbers of epochs, of steps per epoch, and of examples per epoch.
    seen : int
        Number of examples processed before.

    Returns
    -------
    eta : array of shape (epochs, steps), float64

    Examples
    --------
    >>> step_sizes(Settings(learning_rate_init=0.1, learning_rate="cosine", max_iter=4), 0, 4, 1).ravel().round(3)
    array([0.1  , 0.085, 0.05 , 0.015])
    """
    eta = np.full((epochs, steps), settings.learning_rate_init)
    if settings.learning_rate == "invscaling" and settings.solver != "adam":  # as in scikit-learn
        eta /= (seen + rows * np.arange(epochs)[:, np.newaxis] + 1.0) ** settings.power_t
    rising = settings.warmup * steps
    if settings.learning_rate not in ("cosine", "one_cycle") and not rising:
        return eta
    done = epoch * steps + np.arange(epochs * steps).reshape(epochs, steps)
    last = settings.max_iter * steps - 1
    p = np.clip((np.minimum(done, last) - rising) / max(1, last + 1 - rising), 0, 1)
    if settings.learning_rate == "cosine":
        eta *= _half_cosine(1.0, 0.0, p)
    elif settings.learning_rate == "one_cycle":
        eta *= np.where(
            p < _RISE, _half_cosine(_FIRST, 1.0, p / _RISE), _half_cosine(1.0, _LAST, (p - _RISE) / (1 - _RISE))
        )
    if rising:
        eta *= np.minimum(1, (done + 1) / rising)
    return eta


def _half_cosine(first: float, last: float, share: Array) -> Array:
    return np.asarray(last + (first - last) * (1 + np.cos(np.pi * share)) / 2)
