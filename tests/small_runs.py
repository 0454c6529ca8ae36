"""Training of a small network on a few rows, for the tests of the loop."""

import sys
from collections.abc import Callable, Iterable
from types import FrameType
from typing import Any, TypeVar

from deltarule import Network
from deltarule.common.arrays import Array
from deltarule.engines import Plan, ReferenceEngine, StepsTaken, TrainingState
from deltarule.network.data import TrainingSet
from deltarule.training.loop import Result, first_state, train
from deltarule.training.record import RunState
from deltarule.training.settings import Settings
from oracles import problem

T = TypeVar("T")

NETWORK = Network((3, 4, 2), "tanh", "softmax")
SOLVERS = ["sgd", "adam", "gd", "cg", "lbfgs"]


def parts(m: int = 30, seed: int = 0) -> tuple[Array, TrainingSet]:
    theta, X, Y, _ = problem(NETWORK, m, seed)
    return theta, TrainingSet.of(NETWORK, X, Y)


def run(settings: Settings, start: RunState | None = None, **more: Any) -> Result:
    theta, data = parts()
    engine = more.pop("engine", ReferenceEngine(NETWORK))
    return train(engine, data, settings, start or RunState(first_state(settings, theta, 5)), **more)


class Counting(ReferenceEngine):
    """Counts the calls and notes the length of each."""

    def __init__(self, network: Network) -> None:
        super().__init__(network)
        self.lengths: list[int] = []

    def steps(self, state: TrainingState, data: TrainingSet, plan: Plan) -> StepsTaken:
        self.lengths.append(len(plan))
        return super().steps(state, data, plan)


def struck_in_line(number: int, functions: Iterable[Any], do: Callable[[], T]) -> tuple[T, bool]:
    """Return what `do` returns with Ctrl-C before a line of some functions, and whether there is such a line."""
    codes = {function.__code__ for function in functions}
    lines = 0

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal lines
        if frame.f_code not in codes:
            return None
        lines += event == "line"
        if event == "line" and lines == number:
            sys.settrace(None)
            raise KeyboardInterrupt
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        return do(), lines >= number
    finally:
        sys.settrace(before)
