"""Who does the arithmetic: one protocol, and the engines that keep it."""

from deltarule.engines.protocol import Engine, MiniBatches, Run, TrainingState, UpdateRule
from deltarule.engines.reference import ReferenceEngine

__all__ = ["Engine", "MiniBatches", "ReferenceEngine", "Run", "TrainingState", "UpdateRule"]
