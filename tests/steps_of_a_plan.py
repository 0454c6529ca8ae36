"""Steps of an engine with the same rates in each, in one line."""

from collections.abc import Sequence
from typing import Any

from deltarule.common.arrays import Array
from deltarule.engines import Engine, MiniBatches, Plan, StepsTaken, TrainingState, UpdateRule
from deltarule.network.data import TrainingSet

__all__ = ["take_steps"]


def take_steps(
    engine: Engine,
    state: TrainingState,
    data: TrainingSet,
    rule: UpdateRule,
    batches: MiniBatches,
    step_sizes: Sequence[float] | Array,
    lambda_: float = 0.0,
    **more: Any,
) -> StepsTaken:
    return engine.steps(state, data, Plan.of(engine.network, rule, batches, step_sizes, lambda_, **more))
