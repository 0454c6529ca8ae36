"""Solvers, the rules by which θ moves: on the whole training set at once, or by mini-batches."""

from deltarule.training.solvers.averaging import Averaged, ScheduleFree
from deltarule.training.solvers.full_batch import minimise
from deltarule.training.solvers.mini_batch import SGD, Adam
from deltarule.training.solvers.planning import batches_of, plan_of, rates_of, rule_of
from deltarule.training.solvers.schedules import flat_cos, shares_done, step_sizes

__all__ = [
    "SGD",
    "Adam",
    "Averaged",
    "ScheduleFree",
    "batches_of",
    "flat_cos",
    "minimise",
    "plan_of",
    "rates_of",
    "rule_of",
    "shares_done",
    "step_sizes",
]
