"""The settings of training, at their public address."""

from deltarule.training.settings import CLASSIFIER_SETTINGS, MINI_BATCH_SOLVERS, SETTINGS, Setting, Settings

__all__ = ["CLASSIFIER_SETTINGS", "MINI_BATCH_SOLVERS", "SETTINGS", "Setting", "Settings"]
