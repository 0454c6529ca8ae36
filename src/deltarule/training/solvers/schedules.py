"""How long the steps are, and how much of dropout and weight decay acts in each: functions of how far the run is.

    constant     η
    invscaling   η/(t + 1)^power_t                t: examples seen before the epoch (gd: iterations)
    adaptive     η, which the loop divides by 5 when progress ends
    cosine       η/2 (1 + cos πp)                 p: share of the steps of `max_iter` epochs that are done
    one_cycle    from η/25 to η while p < 0.3, then to η/250 000, both along half a cosine
    coslog4      η/2 (1 − cos 2π log₂(1 + 15 p))    four waves, each twice as long as the one before

`warmup` epochs at the start multiply this by a line from 0 to 1; p then counts the steps after them. After
`max_iter` epochs (in `partial_fit`) the last step size stays. Dropout and weight decay may be multiplied by

    flat_cos     1 while p < ½, then ½ (1 + cos π(2p − 1)), down to 0

Sources: Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts", 2017, equation 5; Smith and
Topin, "Super-convergence", 2018, for one cycle; Holzmüller, Grinsztajn and Steinwart, "Better by default", 2024, for
coslog4 and flat_cos.
"""

import numpy as np

from deltarule.common.arrays import Array
from deltarule.training.settings import SPANNING, Settings

__all__ = ["flat_cos", "shares_done", "step_sizes"]

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
    if settings.learning_rate not in SPANNING and not rising:
        return eta
    p = shares_done(settings, epoch, epochs, steps)
    if settings.learning_rate == "cosine":
        eta *= _half_cosine(1.0, 0.0, p)
    elif settings.learning_rate == "one_cycle":
        eta *= np.where(
            p < _RISE, _half_cosine(_FIRST, 1.0, p / _RISE), _half_cosine(1.0, _LAST, (p - _RISE) / (1 - _RISE))
        )
    elif settings.learning_rate == "coslog4":
        eta *= (1 - np.cos(2 * np.pi * np.log2(1 + 15 * p))) / 2
    if rising:
        eta *= np.minimum(1, (_done(epoch, epochs, steps) + 1) / rising)
    return eta


def shares_done(settings: Settings, epoch: int, epochs: int, steps: int) -> Array:
    """Return p, the share of the steps after the warm-up that are done before each step; as for `step_sizes`.

    Examples
    --------
    >>> shares_done(Settings(max_iter=4), 0, 2, 2)
    array([[0.   , 0.125],
           [0.25 , 0.375]])
    """
    rising, last = settings.warmup * steps, settings.max_iter * steps - 1
    done = np.minimum(_done(epoch, epochs, steps), last)
    return np.asarray(np.clip((done - rising) / max(1, last + 1 - rising), 0, 1))


def flat_cos(p: Array) -> Array:
    """Return 1 for the first half of a run, and then half a cosine down to 0.

    Examples
    --------
    >>> flat_cos(np.array([0.0, 0.5, 0.75, 1.0])).round(3)
    array([1. , 1. , 0.5, 0. ])
    """
    return _half_cosine(1.0, 0.0, np.maximum(0, 2 * p - 1))


def _done(epoch: int, epochs: int, steps: int) -> Array:
    return epoch * steps + np.arange(epochs * steps).reshape(epochs, steps)


def _half_cosine(first: float, last: float, share: Array) -> Array:
    return np.asarray(last + (first - last) * (1 + np.cos(np.pi * share)) / 2)
