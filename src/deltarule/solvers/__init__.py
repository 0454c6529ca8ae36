"""How θ moves: on the whole training set at once, or by mini-batches."""

from deltarule.solvers.full_batch import minimise
from deltarule.solvers.mini_batch import SGD, Adam, batches_of, rule_of, step_size_of_epoch

__all__ = ["SGD", "Adam", "batches_of", "minimise", "rule_of", "step_size_of_epoch"]
