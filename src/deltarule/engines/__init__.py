"""Engines do the arithmetic of training: one protocol, and the engines that implement it."""

from deltarule.engines.native import NativeEngine
from deltarule.engines.plan import Factors, MiniBatches, Plan, UpdateRule, tabular_factors
from deltarule.engines.protocol import Engine, Member, StepsTaken, TrainingState
from deltarule.engines.reference import ReferenceEngine
from deltarule.engines.registry import EngineMaker, engine_for, engine_names, register_engine

__all__ = [
    "Engine",
    "EngineMaker",
    "Factors",
    "Member",
    "MiniBatches",
    "NativeEngine",
    "Plan",
    "ReferenceEngine",
    "StepsTaken",
    "TrainingState",
    "UpdateRule",
    "engine_for",
    "engine_names",
    "register_engine",
    "tabular_factors",
]
