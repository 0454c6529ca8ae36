"""How θ moves: on the whole training set at once, or by mini-batches."""

from deltarule.training.solvers.full_batch import minimise
from deltarule.training.solvers.mini_batch import SGD, Adam, batches_of, options_of, rule_of
from deltarule.training.solvers.schedules import step_sizes

__all__ = ["SGD", "Adam", "batches_of", "minimise", "options_of", "rule_of", "step_sizes"]
