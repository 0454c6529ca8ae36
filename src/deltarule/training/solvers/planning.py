"""Makes the plan of a run from the settings: its rule, its batches, and the rates of each step."""

from collections.abc import Sequence

import numpy as np

from deltarule.common.arrays import Array
from deltarule.engines import MiniBatches, Plan
from deltarule.engines.plan import DECAY, DROPOUT, RATE
from deltarule.network.network import Network
from deltarule.training.settings import Settings
from deltarule.training.solvers.mini_batch import SGD, Adam
from deltarule.training.solvers.schedules import flat_cos

__all__ = ["batches_of", "plan_of", "rates_of", "rule_of"]


def rule_of(settings: Settings) -> SGD | Adam:
    """Return the update rule that the settings name."""
    if settings.solver == "sgd":
        return SGD(settings.momentum, settings.nesterovs_momentum)
    return Adam(settings.beta_1, settings.beta_2, settings.epsilon)


def batches_of(settings: Settings, rows: int) -> MiniBatches:
    """Return how the settings cut a training set of `rows` rows into batches."""
    size = 200 if isinstance(settings.batch_size, str) else settings.batch_size
    return MiniBatches(min(size, rows), settings.shuffle)


def plan_of(settings: Settings, network: Network, rows: int) -> Plan:
    """Return the plan of a run on a training set of `rows` rows, without steps; `rates_of` makes their rates.

    Raises
    ------
    SettingsError
        If `dropout` has rates for another number of hidden layers.
    """
    return Plan.of(
        network,
        rule_of(settings),
        batches_of(settings, rows),
        (),
        settings.alpha,
        dropout=_dropout(settings, network),
        max_norm=np.inf if settings.max_grad_norm is None else settings.max_grad_norm,
    )


def rates_of(settings: Settings, network: Network, step_sizes: Array, shares: Array | None = None) -> Array:
    """Return the rates (`Plan.rates`) of steps with these step sizes, at these shares of the run (`shares_done`)."""
    dropout = _dropout(settings, network)
    rates = np.empty((step_sizes.size, DROPOUT + len(dropout)))
    rates[:, RATE] = step_sizes.ravel()
    rates[:, DECAY] = settings.weight_decay
    rates[:, DROPOUT:] = dropout
    if shares is not None:
        falling = flat_cos(shares.ravel())
        if settings.weight_decay_schedule == "flat_cos":
            rates[:, DECAY] *= falling
        if settings.dropout_schedule == "flat_cos":
            rates[:, DROPOUT:] *= falling[:, np.newaxis]
    return rates


def _dropout(settings: Settings, network: Network) -> tuple[float, ...]:
    if isinstance(settings.dropout, Sequence):
        return tuple(settings.dropout)
    return (settings.dropout,) * len(network.hidden_units)
